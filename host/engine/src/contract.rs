//! What a position is worth.
//!
//! Takes in a price and a quantity; gives out a value in the account's currency, in exact integers. Everything that is
//! booked is booked by this one function, so that `equity = cash + value(position)` holds for every kind of contract.

use backplane_sdk::types::{Money, Price, Quantity};

/// How the value of a contract follows from its price.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ContractKind {
    /// `quantity * price * multiplier`, in the currency of the price: shares, futures, coins.
    #[default]
    Linear,
    /// `-quantity * multiplier / price`, in the coin that is priced: a contract is worth a fixed amount of the price's
    /// currency and is paid in the coin (BitMEX XBTUSD, Deribit BTC-PERPETUAL). The sign makes a long position gain when the
    /// price rises: bought at `a` and sold at `b` it earns `quantity * multiplier * (1 / a - 1 / b)`.
    Inverse,
    /// `quantity * price * multiplier`, in a third currency in which `multiplier` is given: the price is taken as a mere
    /// number (BitMEX ETHUSD, paid in bitcoin; CME's dollar Nikkei).
    Quanto,
}

impl ContractKind {
    /// Every kind.
    pub const ALL: [ContractKind; 3] = [
        ContractKind::Linear,
        ContractKind::Inverse,
        ContractKind::Quanto,
    ];

    /// The kind in one word, as run files and results show it.
    pub const fn text(self) -> &'static str {
        match self {
            ContractKind::Linear => "linear",
            ContractKind::Inverse => "inverse",
            ContractKind::Quanto => "quanto",
        }
    }

    /// The kind of a word.
    pub fn from_text(text: &str) -> Option<ContractKind> {
        Self::ALL.into_iter().find(|x| x.text() == text)
    }
}

/// A conversion rate of one, in units of 1e-9.
pub const RATE_ONE: i64 = 1_000_000_000;

/// What a position in an instrument is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contract {
    /// How the value follows from the price.
    pub kind: ContractKind,
    /// In units of 1e-9: what one quantity unit is worth when the price is one, in the currency that the kind names.
    pub multiplier: i64,
    /// What one unit of the instrument's currency is worth in the account's, in units of 1e-9.
    pub rate: i64,
}

impl Contract {
    /// A linear contract in the account's currency.
    pub const fn linear(multiplier: i64) -> Contract {
        Contract {
            kind: ContractKind::Linear,
            multiplier,
            rate: RATE_ONE,
        }
    }

    /// The value of `quantity` at `price` in the account's currency; negative values are owed.
    ///
    /// Each step is rounded to 1e-9. Products of linear and quanto contracts are rounded towards negative infinity, as
    /// [`Money::notional`] does; the quotient of an inverse contract and every conversion are rounded to the nearest,
    /// halves away from zero. A price that is not above zero gives an inverse contract no value. Saturates.
    #[inline]
    pub fn value(&self, price: Price, quantity: Quantity) -> Money {
        let value = match self.kind {
            ContractKind::Linear | ContractKind::Quanto => {
                Money::notional(price, quantity, self.multiplier)
            }
            ContractKind::Inverse => self.inverse(price, quantity),
        };
        self.convert(value)
    }

    /// The size of what `quantity` at `price` is worth, in the account's currency.
    #[inline]
    pub fn size(&self, price: Price, quantity: Quantity) -> Money {
        Money(self.value(price, quantity).0.saturating_abs())
    }

    /// An amount of the instrument's currency in the account's.
    #[inline]
    pub fn convert(&self, amount: Money) -> Money {
        if self.rate == RATE_ONE {
            return amount;
        }
        let rate = i128::from(self.rate);
        match amount.0.checked_mul(rate) {
            Some(product) => Money(nearest(product, RATE_ONE.into())),
            None => Money((amount.0 / i128::from(RATE_ONE)).saturating_mul(rate)),
        }
    }

    fn inverse(&self, price: Price, quantity: Quantity) -> Money {
        if price.0 <= 0 || !price.is_defined() {
            return Money::ZERO;
        }
        let worth = i128::from(quantity.0) * i128::from(self.multiplier);
        match worth.checked_mul(Money::SCALE) {
            Some(product) => Money(-nearest(product, price.0.into())),
            None => Money((-worth / i128::from(price.0)).saturating_mul(Money::SCALE)),
        }
    }
}

/// A quotient rounded to the nearest whole number, halves away from zero. The divisor is above zero.
const fn nearest(dividend: i128, divisor: i128) -> i128 {
    let size = dividend.unsigned_abs();
    let divisor = divisor.unsigned_abs();
    let half = size % divisor >= divisor - divisor / 2;
    let quotient = (size / divisor + half as u128) as i128;
    if dividend < 0 { -quotient } else { quotient }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn contract(kind: ContractKind, multiplier: i64, rate: i64) -> Contract {
        Contract {
            kind,
            multiplier,
            rate,
        }
    }

    #[test]
    fn an_inverse_contract_earns_what_its_venue_says() {
        // By the formula: 50,000 contracts of one dollar bought at 3,000 and sold at 3,100 earn 0.5376 bitcoin.
        let contract = contract(ContractKind::Inverse, 1_000_000_000, RATE_ONE);
        let value =
            |price: i64, quantity| contract.value(Price(price * 1_000_000_000), Quantity(quantity));
        let earned = -(value(3_000, 50_000) + value(3_100, -50_000));
        assert_eq!(earned.to_string(), "0.537634409");
        assert!(value(3_100, 50_000) > value(3_000, 50_000));
    }

    #[test]
    fn a_quanto_contract_is_paid_in_its_own_currency_and_converted() {
        // A microbitcoin for each dollar of the price, a bitcoin worth 60,000.5 dollars.
        let contract = contract(ContractKind::Quanto, 1_000, 60_000_500_000_000);
        let value = contract.value(Price(2_500_000_000_000), Quantity(4));
        assert_eq!(value.to_string(), "600.005");
    }

    #[test]
    fn what_cannot_be_priced_or_held_has_an_end() {
        let inverse = contract(ContractKind::Inverse, i64::MAX, i64::MAX);
        assert_eq!(inverse.value(Price(0), Quantity(1)), Money::ZERO);
        assert_eq!(inverse.value(Price(-5), Quantity(1)), Money::ZERO);
        assert_eq!(inverse.value(Price::UNDEFINED, Quantity(1)), Money::ZERO);
        assert!(inverse.value(Price(1), Quantity(i64::MAX)) < Money::ZERO);
        let linear = contract(ContractKind::Linear, i64::MAX, i64::MAX);
        assert!(linear.value(Price(i64::MAX), Quantity(i64::MAX)) > Money::ZERO);
    }

    #[test]
    fn halves_go_away_from_zero() {
        for (dividend, divisor, expected) in [
            (5, 2, 3),
            (-5, 2, -3),
            (4, 3, 1),
            (5, 3, 2),
            (7, 7, 1),
            (3, 7, 0),
            (4, 7, 1),
        ] {
            assert_eq!(
                nearest(dividend, divisor),
                expected,
                "{dividend} / {divisor}"
            );
        }
    }

    proptest! {
        #[test]
        fn an_inverse_value_is_the_nearest_and_equal_trades_cancel(
            price in 1i64..1 << 55,
            quantity in -1i64 << 40..1 << 40,
            multiplier in 1i64..1 << 45,
        ) {
            let contract = contract(ContractKind::Inverse, multiplier, RATE_ONE);
            let value = |quantity| contract.value(Price(price), Quantity(quantity)).0;
            prop_assert_eq!(value(quantity) + value(-quantity), 0);
            // |value + quantity * multiplier * 1e9 / price| <= 1/2, times 2 * price.
            let exact = i128::from(quantity) * i128::from(multiplier) * Money::SCALE;
            let error = value(quantity) * i128::from(price) + exact;
            prop_assert!(2 * error.abs() <= i128::from(price));
        }

        #[test]
        fn linear_and_quanto_values_are_notional_and_the_nearest_conversion_of_it(
            price in -1i64 << 40..1 << 50,
            quantity in -1i64 << 20..1 << 20,
            multiplier in 1i64..1 << 36,
            rate in 1i64..1 << 42,
        ) {
            for kind in [ContractKind::Linear, ContractKind::Quanto] {
                let one = contract(kind, multiplier, RATE_ONE);
                let notional = Money::notional(Price(price), Quantity(quantity), multiplier);
                prop_assert_eq!(one.value(Price(price), Quantity(quantity)), notional);
                let other = contract(kind, multiplier, rate);
                let value = other.value(Price(price), Quantity(quantity)).0;
                let error = value * Money::SCALE - notional.0 * i128::from(rate);
                prop_assert!(2 * error.abs() <= Money::SCALE);
            }
        }
    }
}
