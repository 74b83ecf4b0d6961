//! Prices as integers.
//!
//! Takes in and gives out `i64` in units of 1e-9 of the quote currency (Databento's fixed-point price).

use core::fmt;

/// A price in units of 1e-9 of the quote currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    all(feature = "native", not(target_family = "wasm")),
    derive(abi_stable::StableAbi)
)]
#[repr(transparent)]
pub struct Price(pub i64);

impl Price {
    /// Units of [`Price`] in one unit of the quote currency.
    pub const SCALE: i64 = 1_000_000_000;
    /// No price: Databento's `UNDEF_PRICE`, found where a side of a book is empty.
    pub const UNDEFINED: Price = Price(i64::MAX);

    /// The price as a float in the quote currency. Exact to about 15 digits; for strategies, never for the engine.
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / Self::SCALE as f64
    }

    /// The nearest price to `value` (in the quote currency); halves go away from zero, what does not fit saturates,
    /// NaN is [`Price::UNDEFINED`].
    pub fn from_f64(value: f64) -> Price {
        if value.is_nan() {
            return Price::UNDEFINED;
        }
        Price(libm::round(value * Self::SCALE as f64) as i64)
    }

    /// Whether this is a price at all.
    pub const fn is_defined(self) -> bool {
        self.0 != Self::UNDEFINED.0
    }

    /// Whether the price is a whole number of ticks. A tick of zero or less allows every price.
    pub const fn is_on_tick(self, tick: Price) -> bool {
        tick.0 <= 0 || self.0 % tick.0 == 0
    }

    /// The highest price on a tick that is not above this one.
    pub const fn floor_to_tick(self, tick: Price) -> Price {
        if tick.0 <= 0 {
            return self;
        }
        Price(self.0.div_euclid(tick.0).saturating_mul(tick.0))
    }

    /// The lowest price on a tick that is not below this one.
    pub const fn ceil_to_tick(self, tick: Price) -> Price {
        let floor = self.floor_to_tick(tick);
        if floor.0 == self.0 {
            return self;
        }
        floor.plus(tick)
    }

    /// This price moved up by `step` (which may be negative), saturating.
    pub const fn plus(self, step: Price) -> Price {
        Price(self.0.saturating_add(step.0))
    }

    /// This price moved down by `step` (which may be negative), saturating.
    pub const fn minus(self, step: Price) -> Price {
        Price(self.0.saturating_sub(step.0))
    }

    /// Half-way between this price and another, rounded down to 1e-9.
    pub const fn midway(self, other: Price) -> Price {
        let sum = self.0 as i128 + other.0 as i128;
        Price(sum.div_euclid(2) as i64)
    }

    /// `count` times this price (for example so many ticks), saturating.
    pub const fn times(self, count: i64) -> Price {
        Price(self.0.saturating_mul(count))
    }
}

/// Writes the price as a decimal without trailing zeros (`579.4`); `undefined` where there is none.
impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_defined() {
            return f.write_str("undefined");
        }
        super::money::write_decimal(f, self.0 as i128)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_as_the_shortest_decimal() {
        for (value, text) in [
            (579_400_000_000, "579.4"),
            (-1, "-0.000000001"),
            (0, "0"),
            (1_000_000_000, "1"),
            (i64::MAX, "undefined"),
        ] {
            assert_eq!(Price(value).to_string(), text);
        }
    }

    #[test]
    fn rounds_to_ticks_on_both_sides_of_zero() {
        let tick = Price(250);
        assert_eq!(Price(999).floor_to_tick(tick), Price(750));
        assert_eq!(Price(999).ceil_to_tick(tick), Price(1_000));
        assert_eq!(Price(-1).floor_to_tick(tick), Price(-250));
        assert_eq!(Price(-1).ceil_to_tick(tick), Price(0));
        assert_eq!(Price(500).ceil_to_tick(tick), Price(500));
    }

    #[test]
    fn floats_become_the_nearest_price() {
        assert_eq!(Price::from_f64(579.4), Price(579_400_000_000));
        assert_eq!(Price::from_f64(f64::NAN), Price::UNDEFINED);
        assert_eq!(Price::from_f64(f64::INFINITY), Price(i64::MAX));
        assert_eq!(Price::from_f64(-1e300), Price(i64::MIN));
    }
}
