//! Decimal numbers as integers that never were floats.
//!
//! Takes in the text of a number, as CSV and JSON write it; gives out its exact value in units of 1e-18.

use std::fmt;

/// Units of [`Decimal`] in one.
const ONE: i128 = 1_000_000_000_000_000_000;
/// Decimal places of [`Decimal`].
const PLACES: i32 = 18;
/// Characters in a number.
const CHARACTERS_MAX: usize = 64;

/// A number in units of 1e-18.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Decimal(pub(crate) i128);

impl Decimal {
    /// One.
    pub(crate) const ONE: Decimal = Decimal(ONE);
    /// 1e-9, the unit of prices.
    pub(crate) const NANO: Decimal = Decimal(1_000_000_000);

    /// Reads digits with an optional sign, point and exponent; none where it is no number, has more than 18 decimal
    /// places that are not zero, or is above 1e20.
    pub(crate) fn parse(text: &[u8]) -> Option<Decimal> {
        if text.len() > CHARACTERS_MAX {
            return None;
        }
        let (is_negative, text) = match text.split_first() {
            Some((b'-', rest)) => (true, rest),
            Some((b'+', rest)) => (false, rest),
            _ => (false, text),
        };
        let (mantissa, exponent) = match text.iter().position(|byte| matches!(byte, b'e' | b'E')) {
            Some(place) => (text.get(..place)?, exponent(text.get(place + 1..)?)?),
            None => (text, 0),
        };
        let mut value: i128 = 0;
        let mut places = -exponent;
        let (mut has_digits, mut has_point) = (false, false);
        for byte in mantissa {
            match byte {
                b'0'..=b'9' => {
                    value = value
                        .checked_mul(10)?
                        .checked_add(i128::from(byte - b'0'))?;
                    places += i32::from(has_point);
                    has_digits = true;
                }
                b'.' if !has_point => has_point = true,
                _ => return None,
            }
        }
        let value = has_digits.then(|| scaled(value, PLACES - places))??;
        Some(Decimal(if is_negative { -value } else { value }))
    }

    /// The number in units of 1e-9; none where it is finer, or does not fit.
    pub(crate) fn nanos(self) -> Option<i64> {
        if self.0 % Decimal::NANO.0 != 0 {
            return None;
        }
        i64::try_from(self.0 / Decimal::NANO.0).ok()
    }
}

/// A number of units of 1e-9.
impl From<i64> for Decimal {
    fn from(nanos: i64) -> Decimal {
        Decimal(i128::from(nanos) * Decimal::NANO.0)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, rest) = (
            self.0.unsigned_abs() / ONE as u128,
            self.0.unsigned_abs() % ONE as u128,
        );
        if rest == 0 {
            return f.pad(&format!("{sign}{whole}"));
        }
        let places = format!("{rest:018}");
        f.pad(&format!("{sign}{whole}.{}", places.trim_end_matches('0')))
    }
}

/// `value` times ten to the power of `by`; none where that loses digits or does not fit.
fn scaled(value: i128, by: i32) -> Option<i128> {
    if value == 0 {
        return Some(0);
    }
    let power = 10_i128.checked_pow(by.unsigned_abs())?;
    match by {
        0.. => value.checked_mul(power),
        _ => (value % power == 0).then_some(value / power),
    }
}

/// The exponent of a number.
fn exponent(text: &[u8]) -> Option<i32> {
    let text = std::str::from_utf8(text).ok()?;
    text.parse().ok().filter(|value: &i32| value.abs() <= 99)
}

/// The greatest common divisor; that of zero and a number is the number.
pub(crate) const fn greatest_common_divisor(mut one: i128, mut other: i128) -> i128 {
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one.abs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_keep_every_digit() {
        for (text, value) in [
            ("61800.20", Some("61800.2")),
            ("0.00001306", Some("0.00001306")),
            ("-1", Some("-1")),
            ("1e-8", Some("0.00000001")),
            ("1.5E+3", Some("1500")),
            ("0.00000000000000000000", Some("0")),
            ("0.0000000000000000010", Some("0.000000000000000001")),
            ("0.0000000000000000001", None),
            (".5", Some("0.5")),
            ("5.", Some("5")),
            ("", None),
            (".", None),
            ("1.2.3", None),
            ("1e", None),
            ("1e999999999", None),
            ("NaN", None),
            ("999999999999999999999999999999", None),
        ] {
            let found = Decimal::parse(text.as_bytes()).map(|value| value.to_string());
            assert_eq!(found.as_deref(), value, "{text}");
        }
    }

    #[test]
    fn prices_are_units_of_a_billionth() {
        assert_eq!(
            Decimal::parse(b"1.000000001").and_then(Decimal::nanos),
            Some(1_000_000_001)
        );
        assert_eq!(
            Decimal::parse(b"1.0000000001").and_then(Decimal::nanos),
            None
        );
        assert_eq!(
            Decimal::parse(b"9999999999999").and_then(Decimal::nanos),
            None
        );
        assert_eq!(
            Decimal::from(1_500_000_000),
            Decimal::parse(b"1.5").unwrap()
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_written_is_read(value in -(10_i128.pow(38))..10_i128.pow(38)) {
            let value = Decimal(value);
            prop_assert_eq!(Decimal::parse(value.to_string().as_bytes()), Some(value));
        }

        #[test]
        fn any_bytes_are_a_number_or_none(text in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = Decimal::parse(&text);
        }
    }
}
