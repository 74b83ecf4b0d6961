//! Exact numbers in JSON.
//!
//! Takes in and gives out prices and money as decimal strings (`"-12.5"`), because a JSON number is a float to most
//! readers. Used as `#[serde(with = "exact::money")]`.

/// A decimal string with at most nine decimals as a number of units of 1e-9; `None` where it is not one.
pub(crate) fn parse_nanos(text: &str) -> Option<i128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |x: &str| x.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) || fraction.len() > 9 {
        return None;
    }
    let whole: i128 = whole.parse().ok()?;
    let fraction: i128 = format!("{fraction:0<9}").parse().ok()?;
    let magnitude = whole.checked_mul(1_000_000_000)?.checked_add(fraction)?;
    Some(if negative { -magnitude } else { magnitude })
}

/// [`Money`](backplane_sdk::types::Money) as a decimal string.
pub(crate) mod money {
    use backplane_sdk::types::Money;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(value: &Money, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(value)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Money, D::Error> {
        let text = String::deserialize(from)?;
        let nanos = super::parse_nanos(&text);
        nanos
            .map(Money)
            .ok_or_else(|| D::Error::custom(format!("`{text}` is not an amount of money")))
    }
}

/// [`Price`](backplane_sdk::types::Price) as a decimal string.
pub(crate) mod price {
    use backplane_sdk::types::Price;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(value: &Price, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(value)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Price, D::Error> {
        let text = String::deserialize(from)?;
        if text == "undefined" {
            return Ok(Price::UNDEFINED);
        }
        let nanos = super::parse_nanos(&text).and_then(|x| i64::try_from(x).ok());
        nanos
            .map(Price)
            .ok_or_else(|| D::Error::custom(format!("`{text}` is not a price")))
    }
}

#[cfg(test)]
mod tests {
    use super::parse_nanos;
    use backplane_sdk::types::Money;

    #[test]
    fn decimal_strings_are_read_back_exactly() {
        for nanos in [
            0,
            1,
            -1,
            1_500_000_000,
            -12_500_000_000,
            i128::from(i64::MAX) * 7,
        ] {
            assert_eq!(parse_nanos(&Money(nanos).to_string()), Some(nanos));
        }
    }

    #[test]
    fn refuses_what_is_not_a_decimal() {
        for text in ["", "-", ".5", "1e3", "1.0000000001", "--1", "1,5"] {
            assert_eq!(parse_nanos(text), None, "{text}");
        }
    }
}
