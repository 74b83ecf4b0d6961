//! Parameters that a strategy declares and a run sets.
//!
//! Takes in declarations (id, range, default) and the values of a run; gives out checked values by id.

use crate::abi::ParamValue;

/// The value of a parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// A whole number.
    Integer(i64),
    /// A number.
    Float(f64),
    /// Yes or no.
    Boolean(bool),
}

impl core::fmt::Display for Value {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Value::Integer(x) => x.fmt(f),
            Value::Float(x) => x.fmt(f),
            Value::Boolean(x) => x.fmt(f),
        }
    }
}

/// What values a parameter may have. Bounds are inclusive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Range {
    /// Whole numbers.
    Integer {
        /// The lowest.
        min: i64,
        /// The highest.
        max: i64,
    },
    /// Numbers; never NaN.
    Float {
        /// The lowest.
        min: f64,
        /// The highest.
        max: f64,
    },
    /// Yes or no.
    Boolean,
}

/// One declared parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// How a run names it.
    pub id: String,
    /// What it does, in one sentence.
    pub help: String,
    /// What it may be.
    pub range: Range,
    /// What it is when the run does not say.
    pub default: Value,
}

impl Param {
    /// A whole number from `range`.
    pub fn integer(
        id: &str,
        default: i64,
        range: core::ops::RangeInclusive<i64>,
        help: &str,
    ) -> Param {
        Param {
            id: id.into(),
            help: help.into(),
            range: Range::Integer {
                min: *range.start(),
                max: *range.end(),
            },
            default: Value::Integer(default),
        }
    }

    /// A number from `range`.
    pub fn float(
        id: &str,
        default: f64,
        range: core::ops::RangeInclusive<f64>,
        help: &str,
    ) -> Param {
        Param {
            id: id.into(),
            help: help.into(),
            range: Range::Float {
                min: *range.start(),
                max: *range.end(),
            },
            default: Value::Float(default),
        }
    }

    /// Yes or no.
    pub fn boolean(id: &str, default: bool, help: &str) -> Param {
        Param {
            id: id.into(),
            help: help.into(),
            range: Range::Boolean,
            default: Value::Boolean(default),
        }
    }

    /// Checks a value against the range.
    ///
    /// # Errors
    /// Says which parameter, which value, and what would be allowed.
    pub fn check(&self, value: Value) -> Result<(), String> {
        let id = &self.id;
        match (self.range, value) {
            (Range::Integer { min, max }, Value::Integer(x)) if (min..=max).contains(&x) => Ok(()),
            (Range::Float { min, max }, Value::Float(x)) if (min..=max).contains(&x) => Ok(()),
            (Range::Boolean, Value::Boolean(_)) => Ok(()),
            (Range::Integer { min, max }, _) => Err(format!(
                "parameter `{id}` is {value}, but must be a whole number from {min} to {max}"
            )),
            (Range::Float { min, max }, _) => Err(format!(
                "parameter `{id}` is {value}, but must be a number from {min} to {max}"
            )),
            (Range::Boolean, _) => Err(format!(
                "parameter `{id}` is {value}, but must be true or false"
            )),
        }
    }

    /// Reads a value as a user writes it (`200`, `0.5`, `true`) and checks it.
    ///
    /// # Errors
    /// Says which parameter, which text, and what would be allowed.
    pub fn parse(&self, text: &str) -> Result<Value, String> {
        let parsed = match self.range {
            Range::Integer { .. } => text.parse().ok().map(Value::Integer),
            Range::Float { .. } => text.parse().ok().map(Value::Float),
            Range::Boolean => text.parse().ok().map(Value::Boolean),
        };
        let Some(value) = parsed else {
            let kind = match self.range {
                Range::Integer { .. } => "a whole number",
                Range::Float { .. } => "a number",
                Range::Boolean => "true or false",
            };
            let id = &self.id;
            return Err(format!("parameter `{id}` is `{text}`, but must be {kind}"));
        };
        self.check(value).map(|()| value)
    }
}

/// The parameters of one instance: what was declared and what each is set to.
#[derive(Clone, Debug, PartialEq)]
pub struct Params {
    declared: Vec<Param>,
    values: Vec<Value>,
}

impl Params {
    /// Every declared parameter at its default.
    pub fn defaults(declared: &[Param]) -> Params {
        Params {
            declared: declared.to_vec(),
            values: declared.iter().map(|x| x.default).collect(),
        }
    }

    /// The same parameters with one set.
    ///
    /// # Errors
    /// Says that no such parameter is declared, or why the value is not allowed.
    pub fn with(mut self, id: &str, value: Value) -> Result<Params, String> {
        let place = self.place(id).ok_or_else(|| self.unknown(id))?;
        self.declared[place].check(value)?;
        self.values[place] = value;
        Ok(self)
    }

    /// As [`Params::with`], from the text that a user writes.
    ///
    /// # Errors
    /// Says that no such parameter is declared, or why the value is not allowed.
    pub fn with_text(self, id: &str, text: &str) -> Result<Params, String> {
        let place = self.place(id).ok_or_else(|| self.unknown(id))?;
        let value = self.declared[place].parse(text)?;
        self.with(id, value)
    }

    /// The parameters with their values, in the order of their declaration.
    pub fn iter(&self) -> impl Iterator<Item = (&Param, Value)> {
        self.declared.iter().zip(self.values.iter().copied())
    }

    /// A whole number.
    ///
    /// # Panics
    /// Where no parameter of this id and kind is declared: a mistake in the strategy, which stops it.
    pub fn integer(&self, id: &str) -> i64 {
        match self.value(id) {
            Some(Value::Integer(x)) => x,
            _ => panic!("the strategy reads an integer parameter `{id}` that it does not declare"),
        }
    }

    /// A number.
    ///
    /// # Panics
    /// Where no parameter of this id and kind is declared: a mistake in the strategy, which stops it.
    pub fn float(&self, id: &str) -> f64 {
        match self.value(id) {
            Some(Value::Float(x)) => x,
            _ => panic!("the strategy reads a float parameter `{id}` that it does not declare"),
        }
    }

    /// Yes or no.
    ///
    /// # Panics
    /// Where no parameter of this id and kind is declared: a mistake in the strategy, which stops it.
    pub fn boolean(&self, id: &str) -> bool {
        match self.value(id) {
            Some(Value::Boolean(x)) => x,
            _ => panic!("the strategy reads a boolean parameter `{id}` that it does not declare"),
        }
    }

    /// The values as they cross the plugin boundary.
    pub fn to_abi(&self) -> Vec<ParamValue> {
        let pack = |value: &Value| match *value {
            Value::Integer(x) => (1, x as u64),
            Value::Float(x) => (2, x.to_bits()),
            Value::Boolean(x) => (3, u64::from(x)),
        };
        let values = self.values.iter().map(pack);
        let values = values.map(|(kind, bits)| ParamValue {
            kind,
            reserved: 0,
            bits,
        });
        values.collect()
    }

    /// The values as they crossed the plugin boundary.
    ///
    /// # Errors
    /// Says what does not fit the declaration.
    pub fn from_abi(declared: &[Param], values: &[ParamValue]) -> Result<Params, String> {
        if declared.len() != values.len() {
            return Err(format!(
                "{} parameter values were given for {} declared parameters",
                values.len(),
                declared.len()
            ));
        }
        let unpack = |value: &ParamValue| match value.kind {
            1 => Ok(Value::Integer(value.bits as i64)),
            2 => Ok(Value::Float(f64::from_bits(value.bits))),
            3 => Ok(Value::Boolean(value.bits != 0)),
            kind => Err(format!("a parameter value has the unknown kind {kind}")),
        };
        let values: Vec<Value> = values.iter().map(unpack).collect::<Result<_, _>>()?;
        for (param, value) in declared.iter().zip(&values) {
            param.check(*value)?;
        }
        Ok(Params {
            declared: declared.to_vec(),
            values,
        })
    }

    fn place(&self, id: &str) -> Option<usize> {
        self.declared.iter().position(|x| x.id == id)
    }

    fn value(&self, id: &str) -> Option<Value> {
        self.place(id).map(|place| self.values[place])
    }

    fn unknown(&self, id: &str) -> String {
        let known: Vec<&str> = self.declared.iter().map(|x| x.id.as_str()).collect();
        match known.is_empty() {
            true => format!("there is no parameter `{id}`: the strategy declares none"),
            false => format!(
                "there is no parameter `{id}`; there are: {}",
                known.join(", ")
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared() -> Vec<Param> {
        vec![
            Param::integer("window", 50, 2..=1_000, "trades looked back on"),
            Param::float("entry", 2.0, 0.1..=10.0, "z-score at which to enter"),
            Param::boolean("short", true, "whether to sell short"),
        ]
    }

    #[test]
    fn values_outside_their_range_are_refused_with_what_is_allowed() {
        let params = Params::defaults(&declared());
        let error = params.clone().with_text("window", "1").unwrap_err();
        assert_eq!(
            error,
            "parameter `window` is 1, but must be a whole number from 2 to 1000"
        );
        let error = params.clone().with_text("entry", "NaN").unwrap_err();
        assert_eq!(
            error,
            "parameter `entry` is NaN, but must be a number from 0.1 to 10"
        );
        let error = params.clone().with_text("short", "maybe").unwrap_err();
        assert_eq!(
            error,
            "parameter `short` is `maybe`, but must be true or false"
        );
        let error = params.with_text("windw", "5").unwrap_err();
        assert_eq!(
            error,
            "there is no parameter `windw`; there are: window, entry, short"
        );
    }

    #[test]
    fn values_cross_the_boundary_unchanged() {
        let params = Params::defaults(&declared())
            .with("entry", Value::Float(0.30000000000000004))
            .unwrap();
        assert_eq!(
            Params::from_abi(&declared(), &params.to_abi()).unwrap(),
            params
        );
        assert!(Params::from_abi(&declared(), &params.to_abi()[1..]).is_err());
    }
}
