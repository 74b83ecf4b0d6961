//! What an execution costs.
//!
//! Takes in a fill's value, quantity and liquidity; gives out the fee, negative for a rebate.

use backplane_sdk::types::{Liquidity, Money, Quantity};

/// The fees of one kind of liquidity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fee {
    /// A share of the traded value, in units of 1e-9 (one basis point is 100,000).
    pub rate: i64,
    /// An amount per quantity unit.
    pub per_unit: Money,
}

/// The fees of a run. Negative amounts are rebates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fees {
    /// For orders that rested.
    pub maker: Fee,
    /// For orders that took liquidity.
    pub taker: Fee,
}

impl Fees {
    /// The fee of an execution of `quantity` units with the unsigned value `notional`:
    /// `notional * rate + quantity * per_unit`, the first part rounded to the nearest 1e-9, halves up.
    pub fn of(&self, liquidity: Liquidity, notional: Money, quantity: Quantity) -> Money {
        let fee = match liquidity {
            Liquidity::Maker => self.maker,
            Liquidity::Taker => self.taker,
        };
        if fee == Fee::default() {
            return Money::ZERO;
        }
        let share = notional.0.saturating_mul(fee.rate.into());
        let share = share
            .saturating_add(Money::SCALE / 2)
            .div_euclid(Money::SCALE);
        let units = fee.per_unit.0.saturating_mul(quantity.0.into());
        Money(share.saturating_add(units))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_value_and_amounts_per_unit_add_up() {
        let fees = Fees {
            maker: Fee {
                rate: -100_000,
                per_unit: Money::ZERO,
            },
            taker: Fee {
                rate: 300_000,
                per_unit: Money(1_000_000),
            },
        };
        let value = Money::from_units(10_000);
        let taker = fees.of(Liquidity::Taker, value, Quantity(100));
        assert_eq!(taker.to_string(), "3.1");
        let maker = fees.of(Liquidity::Maker, value, Quantity(100));
        assert_eq!(maker.to_string(), "-1");
        assert_eq!(fees.of(Liquidity::Taker, Money(1), Quantity(0)), Money(0));
    }
}
