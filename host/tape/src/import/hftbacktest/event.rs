//! The numbers of hftbacktest's events, and decimals out of its floats.
//!
//! Takes in the fields of a row; gives out what kind of event it is, whose side, and exact integers. Source of the
//! numbers: the constants of hftbacktest 2 (`DEPTH_EVENT` and those after it).

/// A change of a level.
pub(super) const DEPTH: u8 = 1;
/// A trade.
pub(super) const TRADE: u8 = 2;
/// Levels from the best through a price are gone.
pub(super) const DEPTH_CLEAR: u8 = 3;
/// A level of a snapshot.
pub(super) const DEPTH_SNAPSHOT: u8 = 4;
/// A new best level.
pub(super) const DEPTH_BBO: u8 = 5;
/// An order is added.
pub(super) const ADD_ORDER: u8 = 10;
/// An order is cancelled.
pub(super) const CANCEL_ORDER: u8 = 11;
/// An order is modified.
pub(super) const MODIFY_ORDER: u8 = 12;
/// A resting order is executed.
pub(super) const FILL: u8 = 13;

/// The row stands in the order of the local clock.
pub(super) const LOCAL: u64 = 1 << 30;
/// The row is of the buy side.
pub(super) const BUY: u64 = 1 << 29;
/// The row is of the sell side.
pub(super) const SELL: u64 = 1 << 28;

/// The most decimals that a price or quantity may have.
const DECIMALS_MAX: u32 = 9;
/// Floats below this hold every whole number.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// A float as a whole number of 1e-9: the decimal number of the fewest decimals that is this float.
pub(super) fn billionths(value: f64) -> Option<i64> {
    if !value.is_finite() {
        return None;
    }
    let mut scale = 1.0;
    for decimals in 0..=DECIMALS_MAX {
        let scaled = (value * scale).round();
        if scaled.abs() >= WHOLE_MAX {
            break;
        }
        if scaled / scale == value {
            return (scaled as i64).checked_mul(10_i64.pow(DECIMALS_MAX - decimals));
        }
        scale *= 10.0;
    }
    let scaled = (value * 1e9).round();
    (scaled.abs() < i64::MAX as f64).then_some(scaled as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_become_the_decimals_that_were_meant() {
        for (value, expected) in [
            (0.1 + 0.2, Some(300_000_000)),
            (61_234.7, Some(61_234_700_000_000)),
            (123_456_789.001, Some(123_456_789_001_000_000)),
            (0.000_000_001, Some(1)),
            (-2.5, Some(-2_500_000_000)),
            (0.0, Some(0)),
            (1e18, None),
            (f64::NAN, None),
            (f64::INFINITY, None),
        ] {
            assert_eq!(billionths(value), expected, "{value}");
        }
    }
}
