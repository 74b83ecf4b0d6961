//! Numbers and price levels in JSON, which venues write as texts or as numbers.
//!
//! Takes in JSON; gives out exact decimals. No number is ever a float on the way.

use std::fmt;

use serde::de::{Error, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::import::feed::Decimal;

/// A number, with or without quotation marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number(pub(super) Decimal);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Number, D::Error> {
        let text = <&RawValue>::deserialize(deserializer)?.get();
        let bare = text
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'));
        let number = Decimal::parse(bare.unwrap_or(text).as_bytes());
        number
            .map(Number)
            .ok_or_else(|| D::Error::custom(format!("{text} is no number")))
    }
}

/// A whole number, with or without quotation marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Whole(pub(super) i64);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Whole, D::Error> {
        let text = <&RawValue>::deserialize(deserializer)?.get();
        let number = text.trim_matches('"').parse();
        number
            .map(Whole)
            .map_err(|_| D::Error::custom(format!("{text} is no whole number")))
    }
}

/// A price level as `[price, size, ..]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Level {
    pub(super) price: Decimal,
    pub(super) size: Decimal,
}

impl<'de> Deserialize<'de> for Level {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Level, D::Error> {
        struct Pair;
        impl<'de> Visitor<'de> for Pair {
            type Value = Level;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of price and size")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Level, A::Error> {
                let missing = |what: &str| A::Error::custom(format!("a level has no {what}"));
                let Number(price) = list.next_element()?.ok_or_else(|| missing("price"))?;
                let Number(size) = list.next_element()?.ok_or_else(|| missing("size"))?;
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Level { price, size })
            }
        }
        deserializer.deserialize_seq(Pair)
    }
}

/// What serde says of an error, without its place: the line is short and named.
pub(super) fn why(error: &serde_json::Error) -> String {
    format!("its JSON cannot be read: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_texts_or_numbers() {
        let levels: Vec<Level> =
            serde_json::from_str(r#"[["61800.20","0.014"],[7.943, 12, "0", 1]]"#).unwrap();
        let decimal = |text: &str| Decimal::parse(text.as_bytes()).unwrap();
        assert_eq!(levels[0].size, decimal("0.014"));
        assert_eq!(
            (levels[1].price, levels[1].size),
            (decimal("7.943"), decimal("12"))
        );
        for text in [r#"[["1"]]"#, r#"[["x","1"]]"#, r#"[1]"#, r#"[[{},"1"]]"#] {
            assert!(serde_json::from_str::<Vec<Level>>(text).is_err(), "{text}");
        }
        assert_eq!(
            serde_json::from_str::<Whole>("\"1652459225464\"").unwrap(),
            Whole(1_652_459_225_464)
        );
    }
}
