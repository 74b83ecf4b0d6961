//! The descriptor of a plugin, read from its JSON (`docs/abi.md`, "Descriptor").
//!
//! Takes in text that a plugin gave; gives out a [`Descriptor`] in which every name, range and default can be relied on.
//! Fields that this version does not know are ignored, so that a newer plugin loads.

use std::collections::BTreeSet;

use backplane_sdk::descriptor::{Descriptor, Schema, Subscription};
use backplane_sdk::params::{Param, Range, Value};
use serde::Deserialize;
use serde_json::{Number, Value as Json};

/// The most bytes of a descriptor.
pub const DESCRIPTOR_BYTES_MAX: usize = 64 * 1024;
/// The most bytes of a name: of the strategy, a parameter or a metric.
pub const NAME_BYTES_MAX: usize = 64;
/// The most bytes of a version or a symbol.
pub const LABEL_BYTES_MAX: usize = 64;
/// The most bytes of a parameter's help.
pub const HELP_BYTES_MAX: usize = 1_024;
/// The most subscriptions, parameters or metrics.
pub const ENTRIES_MAX: usize = 256;
/// The most symbols of a subscription.
pub const SYMBOLS_MAX: usize = 4_096;

#[derive(Deserialize)]
struct RawDescriptor {
    name: String,
    version: String,
    subscriptions: Vec<RawSubscription>,
    params: Vec<RawParam>,
    metrics: Vec<String>,
}

#[derive(Deserialize)]
struct RawSubscription {
    schema: String,
    symbols: Vec<String>,
}

#[derive(Deserialize)]
struct RawParam {
    id: String,
    kind: String,
    default: Json,
    min: Option<Json>,
    max: Option<Json>,
    help: String,
}

/// Reads a descriptor.
///
/// # Errors
/// Says in one line what cannot be used, and what would be allowed.
pub fn parse(json: &str) -> Result<Descriptor, String> {
    if json.len() > DESCRIPTOR_BYTES_MAX {
        return Err(format!(
            "it has {} bytes, but at most {DESCRIPTOR_BYTES_MAX} are allowed",
            json.len()
        ));
    }
    let raw: RawDescriptor =
        serde_json::from_str(json).map_err(|x| format!("it is not valid: {x}"))?;
    check_name("strategy", &raw.name)?;
    check_text("the version", &raw.version, LABEL_BYTES_MAX)?;
    check_count("subscriptions", raw.subscriptions.len(), ENTRIES_MAX)?;
    check_count("parameters", raw.params.len(), ENTRIES_MAX)?;
    check_count("metrics", raw.metrics.len(), ENTRIES_MAX)?;
    for metric in &raw.metrics {
        check_name("metric", metric)?;
    }
    check_unique("metric", raw.metrics.iter().map(String::as_str))?;
    check_unique("parameter", raw.params.iter().map(|x| x.id.as_str()))?;
    let subscriptions = raw.subscriptions.into_iter().map(subscription);
    Ok(Descriptor {
        name: raw.name,
        version: raw.version,
        subscriptions: subscriptions.collect::<Result<_, _>>()?,
        params: raw
            .params
            .into_iter()
            .map(param)
            .collect::<Result<_, _>>()?,
        metrics: raw.metrics,
    })
}

/// Whether a name is one that a strategy, parameter or metric may have: 1 to 64 of `a`-`z`, `0`-`9`, `_`, `-`.
pub fn is_name(name: &str) -> bool {
    let is_letter = |x: u8| x.is_ascii_lowercase() || x.is_ascii_digit() || x == b'_' || x == b'-';
    (1..=NAME_BYTES_MAX).contains(&name.len()) && name.bytes().all(is_letter)
}

fn subscription(raw: RawSubscription) -> Result<Subscription, String> {
    let schema = Schema::from_name(&raw.schema).ok_or_else(|| {
        let known: Vec<&str> = Schema::ALL.iter().map(|x| x.name()).collect();
        format!(
            "the schema `{}` is not known; there are: {}",
            raw.schema,
            known.join(", ")
        )
    })?;
    check_count("symbols", raw.symbols.len(), SYMBOLS_MAX)?;
    for symbol in &raw.symbols {
        check_text("a symbol", symbol, LABEL_BYTES_MAX)?;
    }
    Ok(Subscription {
        schema,
        symbols: raw.symbols,
    })
}

fn param(raw: RawParam) -> Result<Param, String> {
    check_name("parameter", &raw.id)?;
    if raw.help.len() > HELP_BYTES_MAX || raw.help.contains(char::is_control) {
        return Err(format!(
            "the help of parameter `{}` must be one line of at most {HELP_BYTES_MAX} bytes",
            raw.id
        ));
    }
    let (range, default) = match raw.kind.as_str() {
        "integer" => {
            let (min, max) = (integer(&raw, &raw.min)?, integer(&raw, &raw.max)?);
            let default = integer(&raw, &Some(raw.default.clone()))?;
            (Range::Integer { min, max }, Value::Integer(default))
        }
        "float" => {
            let (min, max) = (float(&raw, &raw.min)?, float(&raw, &raw.max)?);
            let default = float(&raw, &Some(raw.default.clone()))?;
            (Range::Float { min, max }, Value::Float(default))
        }
        "boolean" => {
            let default = raw.default.as_bool();
            let default = default.ok_or_else(|| wrong(&raw.id, "a default of true or false"))?;
            (Range::Boolean, Value::Boolean(default))
        }
        other => {
            return Err(format!(
                "parameter `{}` is of kind `{other}`, but there are integer, float, boolean",
                raw.id
            ));
        }
    };
    let param = Param {
        id: raw.id,
        help: raw.help,
        range,
        default,
    };
    param
        .check(default)
        .map_err(|x| format!("the default is not in the range: {x}"))?;
    Ok(param)
}

fn integer(raw: &RawParam, value: &Option<Json>) -> Result<i64, String> {
    let value = value.as_ref().and_then(Json::as_i64);
    value.ok_or_else(|| wrong(&raw.id, "whole numbers as default, min and max"))
}

fn float(raw: &RawParam, value: &Option<Json>) -> Result<f64, String> {
    let number = value.as_ref().and_then(Json::as_number);
    let value = number.and_then(Number::as_f64).filter(|x| x.is_finite());
    value.ok_or_else(|| wrong(&raw.id, "finite numbers as default, min and max"))
}

fn wrong(id: &str, needs: &str) -> String {
    format!("parameter `{id}` needs {needs}")
}

fn check_name(what: &str, name: &str) -> Result<(), String> {
    if is_name(name) {
        return Ok(());
    }
    Err(format!(
        "the {what} name `{}` must be 1 to {NAME_BYTES_MAX} of a-z, 0-9, _ and -",
        name.chars().take(NAME_BYTES_MAX).collect::<String>()
    ))
}

fn check_text(what: &str, text: &str, most: usize) -> Result<(), String> {
    if (1..=most).contains(&text.len()) && !text.contains(char::is_control) {
        return Ok(());
    }
    Err(format!("{what} must be one line of 1 to {most} bytes"))
}

fn check_count(what: &str, count: usize, most: usize) -> Result<(), String> {
    if count <= most {
        return Ok(());
    }
    Err(format!(
        "it declares {count} {what}, but at most {most} are allowed"
    ))
}

fn check_unique<'a>(what: &str, names: impl Iterator<Item = &'a str>) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(format!("the {what} `{name}` is declared twice"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn error_of(change: impl Fn(String) -> String) -> String {
        let descriptor = Descriptor::new("good", "1.0.0")
            .subscribe(Schema::Mbo)
            .param(Param::integer("size", 5, 1..=10, "how much"))
            .metric("z");
        let changed = change(descriptor.to_json());
        assert_ne!(changed, descriptor.to_json(), "the test changes something");
        parse(&changed).unwrap_err()
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let cases = [
            (
                "\"mbo\"",
                "\"mbo-5\"",
                "the schema `mbo-5` is not known; there are: mbo, mbp,",
            ),
            (
                "\"good\"",
                "\"\"",
                "the strategy name `` must be 1 to 64 of a-z",
            ),
            ("\"good\"", "\"Good\"", "the strategy name `Good` must be"),
            (
                "\"1.0.0\"",
                "\"\"",
                "the version must be one line of 1 to 64 bytes",
            ),
            (
                "\"default\":5",
                "\"default\":11",
                "parameter `size` is 11, but must be a whole number from 1 to 10",
            ),
            (
                "\"default\":5",
                "\"default\":5.5",
                "parameter `size` needs whole numbers",
            ),
            (
                "\"default\":5",
                "\"default\":99999999999999999999",
                "parameter `size` needs whole numbers",
            ),
            (",\"max\":10", "", "parameter `size` needs whole numbers"),
            (
                "\"integer\"",
                "\"int\"",
                "parameter `size` is of kind `int`",
            ),
            (
                "[\"z\"]",
                "[\"z\",\"z\"]",
                "the metric `z` is declared twice",
            ),
            (
                "how much",
                "how\\nmuch",
                "the help of parameter `size` must be one line",
            ),
            ("\"version\"", "\"versions\"", "missing field `version`"),
        ];
        for (from, to, expected) in cases {
            let error = error_of(|json| json.replacen(from, to, 1));
            assert!(error.contains(expected), "{error}");
            assert!(!error.contains('\n') && error.len() < 300, "{error}");
        }
    }

    #[test]
    fn counts_and_lengths_are_bounded() {
        let many = |what: &str| {
            (0..300)
                .map(|x| format!("\"{what}{x}\""))
                .collect::<Vec<_>>()
                .join(",")
        };
        let error = error_of(|json| json.replace("[\"z\"]", &format!("[{}]", many("m"))));
        assert_eq!(
            error,
            "it declares 300 metrics, but at most 256 are allowed"
        );
        let error = error_of(|json| json.replace("how much", &"x".repeat(2_000)));
        assert!(error.contains("at most 1024 bytes"), "{error}");
        let error = error_of(|json| json.replace("how much", &"x".repeat(70_000)));
        assert!(error.contains("at most 65536 are allowed"), "{error}");
        let error = parse(&"[".repeat(60_000)).unwrap_err();
        assert!(error.starts_with("it is not valid"), "{error}");
    }

    #[test]
    fn fields_of_a_later_version_are_ignored() {
        let json = Descriptor::new("good", "1.0.0").to_json();
        let later = json.replacen('{', r#"{"author":{"name":"A"},"#, 1);
        assert_eq!(parse(&later).unwrap(), parse(&json).unwrap());
    }

    fn any_param(id: usize) -> impl Strategy<Value = Param> {
        let id = format!("p-{id}_x");
        let help = "[^\\p{Cc}]{0,40}";
        let ordered = |a: f64, b: f64, c: f64| {
            let mut all = [a, b, c];
            all.sort_by(f64::total_cmp);
            all
        };
        let float =
            proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL | proptest::num::f64::ZERO;
        prop_oneof![
            (any::<[i64; 3]>(), help).prop_map({
                let id = id.clone();
                move |(mut x, help)| {
                    x.sort_unstable();
                    Param::integer(&id, x[1], x[0]..=x[2], &help)
                }
            }),
            ([float, float, float], help).prop_map({
                let id = id.clone();
                move |([a, b, c], help)| {
                    let x = ordered(a, b, c);
                    Param::float(&id, x[1], x[0]..=x[2], &help)
                }
            }),
            (any::<bool>(), help).prop_map(move |(x, help)| Param::boolean(&id, x, &help)),
        ]
    }

    fn any_descriptor() -> impl Strategy<Value = Descriptor> {
        let schema = proptest::sample::select(Schema::ALL.to_vec());
        let symbols = proptest::collection::vec("[^\\p{Cc}]{1,12}", 0..4);
        let subscription =
            (schema, symbols).prop_map(|(schema, symbols)| Subscription { schema, symbols });
        let params = (any_param(0), any_param(1), any_param(2));
        (
            "[a-z0-9_-]{1,64}",
            "[^\\p{Cc}]{1,12}",
            proptest::collection::vec(subscription, 0..5),
            params.prop_map(|(a, b, c)| vec![a, b, c]),
            proptest::collection::btree_set("[a-z0-9_-]{1,20}", 0..5),
        )
            .prop_map(
                |(name, version, subscriptions, params, metrics)| Descriptor {
                    name,
                    version,
                    subscriptions,
                    params,
                    metrics: metrics.into_iter().collect(),
                },
            )
    }

    proptest! {
        #[test]
        fn a_descriptor_is_the_same_after_its_way_through_json(descriptor in any_descriptor()) {
            prop_assert_eq!(parse(&descriptor.to_json()), Ok(descriptor));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in ".{0,200}") {
            let _ = parse(&text);
        }
    }
}
