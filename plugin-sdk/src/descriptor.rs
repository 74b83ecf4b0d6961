//! What a strategy says about itself before it runs.
//!
//! Takes in an author's declarations; gives out the descriptor, as a value and as the JSON of `docs/abi.md`.

use crate::params::{Param, Range, Value};
use crate::types::Interval;

/// A kind of market data that can be subscribed to; the names are Databento's where it has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Schema {
    /// Every order-level message, and the whole book.
    Mbo,
    /// Every atomic event that changes a price level, and the whole book.
    Mbp,
    /// Every atomic event after which the best bid or ask has another price or size, and the best levels.
    Bbo,
    /// As [`Schema::Bbo`], but only where a best price changed. The cheapest way to follow the market.
    BboPrice,
    /// Every trade print.
    Trades,
    /// Bars of trades.
    Ohlcv(Interval),
    /// Changes of trading status.
    Status,
}

impl Schema {
    /// Every schema.
    pub const ALL: [Schema; 10] = [
        Schema::Mbo,
        Schema::Mbp,
        Schema::Bbo,
        Schema::BboPrice,
        Schema::Trades,
        Schema::Ohlcv(Interval::Second),
        Schema::Ohlcv(Interval::Minute),
        Schema::Ohlcv(Interval::Hour),
        Schema::Ohlcv(Interval::Day),
        Schema::Status,
    ];

    /// The schema's name.
    pub const fn name(self) -> &'static str {
        match self {
            Schema::Mbo => "mbo",
            Schema::Mbp => "mbp",
            Schema::Bbo => "bbo",
            Schema::BboPrice => "bbo-price",
            Schema::Trades => "trades",
            Schema::Ohlcv(Interval::Second) => "ohlcv-1s",
            Schema::Ohlcv(Interval::Minute) => "ohlcv-1m",
            Schema::Ohlcv(Interval::Hour) => "ohlcv-1h",
            Schema::Ohlcv(Interval::Day) => "ohlcv-1d",
            Schema::Status => "status",
        }
    }

    /// The schema of a name.
    pub fn from_name(name: &str) -> Option<Schema> {
        Self::ALL.into_iter().find(|x| x.name() == name)
    }
}

/// One subscription: a schema, for all instruments of the tape or for some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// What to hear.
    pub schema: Schema,
    /// The symbols to hear it of; all where the list is empty.
    pub symbols: Vec<String>,
}

/// What a strategy says about itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Descriptor {
    /// The name by which runs call it.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it hears.
    pub subscriptions: Vec<Subscription>,
    /// What a run may set.
    pub params: Vec<Param>,
    /// The names of the series that it records; [`crate::Context::metric`] takes the place in this list.
    pub metrics: Vec<String>,
}

impl Descriptor {
    /// A descriptor without subscriptions, parameters and metrics.
    pub fn new(name: &str, version: &str) -> Descriptor {
        Descriptor {
            name: name.into(),
            version: version.into(),
            subscriptions: Vec::new(),
            params: Vec::new(),
            metrics: Vec::new(),
        }
    }

    /// Subscribes to a schema for all instruments.
    pub fn subscribe(mut self, schema: Schema) -> Descriptor {
        self.subscriptions.push(Subscription {
            schema,
            symbols: Vec::new(),
        });
        self
    }

    /// Subscribes to a schema for the named instruments only.
    pub fn subscribe_to(mut self, schema: Schema, symbols: &[&str]) -> Descriptor {
        self.subscriptions.push(Subscription {
            schema,
            symbols: symbols.iter().map(|x| (*x).to_owned()).collect(),
        });
        self
    }

    /// Declares a parameter.
    pub fn param(mut self, param: Param) -> Descriptor {
        self.params.push(param);
        self
    }

    /// Declares a series that the strategy records.
    pub fn metric(mut self, name: &str) -> Descriptor {
        self.metrics.push(name.into());
        self
    }

    /// Whether a schema is subscribed to for an instrument.
    pub fn hears(&self, schema: Schema, symbol: &str) -> bool {
        self.subscriptions.iter().any(|x| {
            x.schema == schema && (x.symbols.is_empty() || x.symbols.iter().any(|s| s == symbol))
        })
    }

    /// The descriptor as JSON.
    pub fn to_json(&self) -> String {
        let subscriptions = self.subscriptions.iter().map(|x| {
            let symbols = x.symbols.iter().map(|s| quote(s));
            format!(
                r#"{{"schema":{},"symbols":{}}}"#,
                quote(x.schema.name()),
                list(symbols)
            )
        });
        format!(
            r#"{{"name":{},"version":{},"subscriptions":{},"params":{},"metrics":{}}}"#,
            quote(&self.name),
            quote(&self.version),
            list(subscriptions),
            list(self.params.iter().map(param_json)),
            list(self.metrics.iter().map(|x| quote(x))),
        )
    }
}

fn param_json(param: &Param) -> String {
    let default = value_json(param.default);
    let (kind, bounds) = match param.range {
        Range::Integer { min, max } => {
            ("integer", Some((Value::Integer(min), Value::Integer(max))))
        }
        Range::Float { min, max } => ("float", Some((Value::Float(min), Value::Float(max)))),
        Range::Boolean => ("boolean", None),
    };
    let bounds = bounds.map_or(String::new(), |(min, max)| {
        format!(r#","min":{},"max":{}"#, value_json(min), value_json(max))
    });
    format!(
        r#"{{"id":{},"kind":"{kind}","default":{default}{bounds},"help":{}}}"#,
        quote(&param.id),
        quote(&param.help)
    )
}

/// A value as JSON; floats that JSON cannot say become the largest of their sign.
fn value_json(value: Value) -> String {
    match value {
        Value::Float(x) => format!("{:?}", x.clamp(f64::MIN, f64::MAX)),
        other => other.to_string(),
    }
}

fn list(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    format!("[{}]", items.join(","))
}

fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            control if control < ' ' => quoted.push_str(&format!("\\u{:04x}", control as u32)),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_names_everything_that_was_declared() {
        let descriptor = Descriptor::new("say \"hi\"", "1.2.3")
            .subscribe(Schema::BboPrice)
            .subscribe_to(Schema::Ohlcv(Interval::Minute), &["ESH4"])
            .param(Param::integer("window", 50, 2..=1_000, "back\\look"))
            .param(Param::float("entry", 2.0, 0.1..=f64::INFINITY, "z"))
            .param(Param::boolean("short", true, "line\nbreak"))
            .metric("z");
        let expected = concat!(
            r#"{"name":"say \"hi\"","version":"1.2.3","subscriptions":["#,
            r#"{"schema":"bbo-price","symbols":[]},{"schema":"ohlcv-1m","symbols":["ESH4"]}],"params":["#,
            r#"{"id":"window","kind":"integer","default":50,"min":2,"max":1000,"help":"back\\look"},"#,
            r#"{"id":"entry","kind":"float","default":2.0,"min":0.1,"max":1.7976931348623157e308,"help":"z"},"#,
            r#"{"id":"short","kind":"boolean","default":true,"help":"line\u000abreak"}],"metrics":["z"]}"#,
        );
        assert_eq!(descriptor.to_json(), expected);
    }

    #[test]
    fn every_schema_has_a_name_of_its_own() {
        for schema in Schema::ALL {
            assert_eq!(Schema::from_name(schema.name()), Some(schema));
        }
        assert_eq!(Schema::from_name("mbp-1"), None);
    }
}
