//! What rests at the source's own prices, where they are rounded.
//!
//! Takes in the source's levels, each with the tick that it is rounded to; gives out what rests at that tick: the sum of all
//! levels that share it. A level that changes or goes takes nothing away from the others.

use std::collections::BTreeMap;

use backplane_sdk::types::Side;

use super::decimal::Decimal;

/// The levels of an instrument that rest, by tick and the source's price.
#[derive(Clone, Debug, Default)]
pub(super) struct Resting {
    sides: [BTreeMap<(i64, Decimal), Decimal>; 2],
}

impl Resting {
    /// Forgets everything: the book begins anew.
    pub(super) fn clear(&mut self) {
        self.sides.iter_mut().for_each(BTreeMap::clear);
    }

    /// Sets what rests at a source's price; gives what rests at the tick that it is rounded to.
    pub(super) fn set(&mut self, side: Side, tick: i64, price: Decimal, size: Decimal) -> Decimal {
        let levels = &mut self.sides[side.index()];
        // A size below zero is refused by whoever makes lots of it.
        if size.0 == 0 {
            levels.remove(&(tick, price));
        } else {
            levels.insert((tick, price), size);
        }
        let lowest = Decimal(i128::MIN);
        let highest = Decimal(i128::MAX);
        let shared = levels.range((tick, lowest)..=(tick, highest));
        Decimal(shared.fold(0, |sum, (_, size)| sum.saturating_add(size.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_that_share_a_tick_are_added_and_leave_one_by_one() {
        let decimal = |text: &str| Decimal::parse(text.as_bytes()).unwrap();
        let mut resting = Resting::default();
        let mut set =
            |side, price: &str, size: &str| resting.set(side, 100, decimal(price), decimal(size));
        assert_eq!(set(Side::Buy, "0.99", "2"), decimal("2"));
        assert_eq!(set(Side::Buy, "1.01", "0.5"), decimal("2.5"));
        assert_eq!(set(Side::Sell, "1.01", "9"), decimal("9"));
        assert_eq!(set(Side::Buy, "0.99", "1"), decimal("1.5"));
        assert_eq!(set(Side::Buy, "0.99", "0"), decimal("0.5"));
        assert_eq!(set(Side::Buy, "0.99", "0"), decimal("0.5"));
        resting.clear();
        assert_eq!(
            resting.set(Side::Buy, 100, decimal("1.01"), decimal("0")),
            decimal("0")
        );
    }
}
