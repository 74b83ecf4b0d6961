//! A book as a strategy sees it: two slices of price levels, best first.
//!
//! Takes in borrowed levels; gives out the best prices and what is derived from them. Nothing is copied.

use crate::types::{Price, Quantity, Side};

/// What rests at one price on one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    all(feature = "native", not(target_family = "wasm")),
    derive(abi_stable::StableAbi)
)]
#[repr(C)]
pub struct Level {
    /// The price, in units of 1e-9.
    pub price: Price,
    /// The sum of the orders' sizes, in quantity units.
    pub size: Quantity,
}

/// A book seen at one moment: contiguous levels, best first. The schema that a strategy subscribes to decides how deep
/// it is: all levels with `mbo` and `mbp`, one with `bbo`, none with `trades` and bars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BookView<'a> {
    bids: &'a [Level],
    asks: &'a [Level],
}

impl<'a> BookView<'a> {
    /// A view of the given levels, which are best first.
    pub const fn new(bids: &'a [Level], asks: &'a [Level]) -> BookView<'a> {
        BookView { bids, asks }
    }

    /// The bids, highest price first.
    pub const fn bids(&self) -> &'a [Level] {
        self.bids
    }

    /// The asks, lowest price first.
    pub const fn asks(&self) -> &'a [Level] {
        self.asks
    }

    /// The levels of one side, best first.
    pub const fn levels(&self, side: Side) -> &'a [Level] {
        match side {
            Side::Buy => self.bids,
            Side::Sell => self.asks,
        }
    }

    /// The best level of one side.
    pub fn best(&self, side: Side) -> Option<Level> {
        self.levels(side).first().copied()
    }

    /// The highest bid.
    pub fn best_bid(&self) -> Option<Level> {
        self.best(Side::Buy)
    }

    /// The lowest ask.
    pub fn best_ask(&self) -> Option<Level> {
        self.best(Side::Sell)
    }

    /// Half-way between best bid and best ask, rounded down to 1e-9; `None` while a side is empty.
    pub fn mid(&self) -> Option<Price> {
        Some(self.best_bid()?.price.midway(self.best_ask()?.price))
    }

    /// Best ask minus best bid; `None` while a side is empty.
    pub fn spread(&self) -> Option<Price> {
        Some(self.best_ask()?.price.minus(self.best_bid()?.price))
    }

    /// The mid weighted by the opposite sizes, in the quote currency:
    /// `(bid * ask_size + ask * bid_size) / (bid_size + ask_size)` (the weighted mid-price of Stoikov, "The
    /// micro-price", 2018). `None` while a side is empty.
    pub fn weighted_mid(&self) -> Option<f64> {
        let (bid, ask) = (self.best_bid()?, self.best_ask()?);
        let (bid_size, ask_size) = (bid.size.as_f64(), ask.size.as_f64());
        let weighted = bid.price.as_f64() * ask_size + ask.price.as_f64() * bid_size;
        Some(weighted / (bid_size + ask_size))
    }

    /// `(bid_size - ask_size) / (bid_size + ask_size)` over the best `depth` levels of each side, from -1 to 1;
    /// `None` while there is nothing to compare.
    pub fn imbalance(&self, depth: usize) -> Option<f64> {
        let sum =
            |levels: &[Level]| -> f64 { levels.iter().take(depth).map(|x| x.size.as_f64()).sum() };
        let (bids, asks) = (sum(self.bids), sum(self.asks));
        let all = bids + asks;
        (all > 0.0).then(|| (bids - asks) / all)
    }

    /// What rests at a price; zero where nothing does. Searches the side.
    pub fn size_at(&self, side: Side, price: Price) -> Quantity {
        let levels = self.levels(side);
        let place = levels.partition_point(|level| side.is_better(level.price, price));
        match levels.get(place) {
            Some(level) if level.price == price => level.size,
            _ => Quantity::ZERO,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(price: i64, size: i64) -> Level {
        Level {
            price: Price(price),
            size: Quantity(size),
        }
    }

    #[test]
    fn derives_the_usual_figures_from_the_best_levels() {
        let bids = [level(99_000_000_000, 30), level(98_000_000_000, 5)];
        let asks = [level(101_000_000_000, 10)];
        let book = BookView::new(&bids, &asks);
        assert_eq!(book.mid(), Some(Price(100_000_000_000)));
        assert_eq!(book.spread(), Some(Price(2_000_000_000)));
        assert_eq!(book.weighted_mid(), Some(100.5));
        assert_eq!(book.imbalance(1), Some(0.5));
        assert_eq!(book.size_at(Side::Buy, Price(98_000_000_000)), Quantity(5));
        assert_eq!(
            book.size_at(Side::Buy, Price(97_000_000_000)),
            Quantity::ZERO
        );
    }

    #[test]
    fn an_empty_side_gives_no_figures() {
        let bids = [level(99, 30)];
        let book = BookView::new(&bids, &[]);
        assert_eq!(book.mid(), None);
        assert_eq!(book.spread(), None);
        assert_eq!(book.weighted_mid(), None);
        assert_eq!(BookView::default().imbalance(5), None);
    }
}
