//! Amounts of money as integers.
//!
//! Takes in prices, quantities and multipliers; gives out exact amounts in units of 1e-9 of a currency (Parquet
//! `Decimal128(38, 9)`).

use core::fmt;
use core::iter::Sum;
use core::ops::{Add, AddAssign, Neg, Sub, SubAssign};

use super::{Price, Quantity};

/// An amount of money in units of 1e-9 of its currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Money(pub i128);

impl Money {
    /// Units of [`Money`] in one unit of its currency.
    pub const SCALE: i128 = 1_000_000_000;
    /// No money.
    pub const ZERO: Money = Money(0);

    /// A whole number of units of the currency.
    pub const fn from_units(units: i64) -> Money {
        Money(units as i128 * Self::SCALE)
    }

    /// The value of `quantity` at `price` in a linear contract: `quantity * price * multiplier`, where `multiplier` is
    /// in units of 1e-9 and says what one quantity unit is worth when the price is one. What is finer than 1e-9 is
    /// rounded towards negative infinity, always alike, so that equal trades cancel to exactly zero. Saturates.
    pub const fn notional(price: Price, quantity: Quantity, multiplier: i64) -> Money {
        let per_unit = price.0 as i128 * multiplier as i128;
        match per_unit.checked_mul(quantity.0 as i128) {
            Some(product) => Money(product.div_euclid(Self::SCALE)),
            None => Money(
                per_unit
                    .div_euclid(Self::SCALE)
                    .saturating_mul(quantity.0 as i128),
            ),
        }
    }

    /// The amount as a float in the currency, for analytics and strategies.
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / Self::SCALE as f64
    }
}

impl Add for Money {
    type Output = Money;

    fn add(self, other: Money) -> Money {
        Money(self.0.saturating_add(other.0))
    }
}

impl Sub for Money {
    type Output = Money;

    fn sub(self, other: Money) -> Money {
        Money(self.0.saturating_sub(other.0))
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Money) {
        *self = *self + other;
    }
}

impl SubAssign for Money {
    fn sub_assign(&mut self, other: Money) {
        *self = *self - other;
    }
}

impl Neg for Money {
    type Output = Money;

    fn neg(self) -> Money {
        Money(self.0.saturating_neg())
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Money>>(iter: I) -> Money {
        iter.fold(Money::ZERO, Add::add)
    }
}

/// Writes the amount as a decimal without trailing zeros (`-12.5`).
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_decimal(f, self.0)
    }
}

/// Writes a number in units of 1e-9 as the shortest decimal.
pub(super) fn write_decimal(f: &mut fmt::Formatter<'_>, nanos: i128) -> fmt::Result {
    let sign = if nanos < 0 { "-" } else { "" };
    let magnitude = nanos.unsigned_abs();
    let whole = magnitude / 1_000_000_000;
    let mut fraction = magnitude % 1_000_000_000;
    if fraction == 0 {
        return write!(f, "{sign}{whole}");
    }
    let mut digits = 9;
    while fraction.is_multiple_of(10) {
        fraction /= 10;
        digits -= 1;
    }
    write!(f, "{sign}{whole}.{fraction:0digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notional_is_exact_and_cancels() {
        let price = Price(5_794_123_456_789);
        let bought = Money::notional(price, Quantity(300), 1_000_000_000);
        assert_eq!(bought.to_string(), "1738237.0370367");
        let es = Money::notional(Price(4_800_250_000_000), Quantity(-2), 50_000_000_000);
        assert_eq!(es, Money::from_units(-480_025));
    }

    #[test]
    fn notional_saturates_at_the_extremes() {
        let price = Price(i64::MAX);
        let amount = Money::notional(price, Quantity(i64::MAX), i64::MAX);
        assert!(amount > Money::ZERO);
    }
}
