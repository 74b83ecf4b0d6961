//! The exchange's book at the moment when a request lands.
//!
//! Takes in the strategies' book and the rows that they have not heard yet but the exchange has processed; gives out
//! what rests at the exchange. The strategies are behind by microseconds, so the rows between are few, and no second book
//! has to be kept.

use backplane_sdk::book::{Level, LevelBook};
use backplane_sdk::types::{Action, InstrumentId, Price, Quantity, Side};

use crate::record::BestLevels;
use crate::row::{Row, signal};

/// The exchange's book of one instrument.
#[derive(Clone, Copy)]
pub(super) struct Truth<'a> {
    book: &'a LevelBook,
    /// The rows between, since the last that emptied the book.
    pending: &'a [Row],
    instrument: u16,
    /// Whether a row between emptied the book.
    cleared: bool,
}

impl<'a> Truth<'a> {
    pub(super) fn new(
        book: &'a LevelBook,
        pending: &'a [Row],
        instrument: InstrumentId,
    ) -> Truth<'a> {
        let instrument = instrument.0 as u16;
        let clears = |row: &Row| row.instrument == instrument && row.action == Action::Clear.code();
        let last_clear = pending.iter().rposition(clears);
        Truth {
            book,
            pending: last_clear.map_or(pending, |x| &pending[x + 1..]),
            instrument,
            cleared: last_clear.is_some(),
        }
    }

    /// The rows between that change a level of one side.
    fn changes(&self, side: Side) -> impl DoubleEndedIterator<Item = &'a Row> {
        let (instrument, side) = (self.instrument, side.code());
        self.pending
            .iter()
            .filter(move |x| x.instrument == instrument && x.side == side && x.has(signal::BOOK))
    }

    /// What rests at a price.
    pub(super) fn size_at(&self, side: Side, price: Price) -> Quantity {
        let last = self.changes(side).rfind(|x| x.price == price.0);
        match last {
            Some(row) => Quantity(row.level_size.into()),
            None if self.cleared => Quantity::ZERO,
            None => self.book.size_at(side, price),
        }
    }

    /// Whether an order on `side` limited to `limit` might meet one on the other side. Cheap, and never wrongly `false`.
    pub(super) fn may_cross(&self, side: Side, limit: Price) -> bool {
        let other = side.opposite();
        let crosses = |price: Price| side.crosses(limit, price);
        if !self.cleared && self.book.best(other).is_some_and(|x| crosses(x.price)) {
            return true;
        }
        self.changes(other)
            .any(|x| x.level_size > 0 && crosses(Price(x.price)))
    }

    /// The levels of a side that an order of the other side limited to `limit` can meet, best first.
    pub(super) fn levels_within(&self, side: Side, limit: Option<Price>, levels: &mut Vec<Level>) {
        levels.clear();
        let within = |price: Price| limit.is_none_or(|x| side.opposite().crosses(x, price));
        let mut changed: Vec<Level> = Vec::new();
        for row in self.changes(side).rev() {
            let price = Price(row.price);
            if within(price) && !changed.iter().any(|x| x.price == price) {
                changed.push(Level {
                    price,
                    size: Quantity(row.level_size.into()),
                });
            }
        }
        if !self.cleared {
            let known = self.book.levels(side).iter().copied();
            let known = known.take_while(|x| within(x.price));
            levels.extend(known.filter(|x| !changed.iter().any(|y| y.price == x.price)));
        }
        if !changed.is_empty() {
            levels.extend(changed.into_iter().filter(|x| x.size.0 > 0));
            levels.sort_unstable_by_key(|x| match side {
                Side::Buy => -i128::from(x.price.0),
                Side::Sell => i128::from(x.price.0),
            });
        }
    }

    /// The best level of one side.
    pub(super) fn best(&self, side: Side) -> Option<Level> {
        let is_gone = |price: Price| {
            let last = self.changes(side).rfind(|x| x.price == price.0);
            last.is_some_and(|x| x.level_size == 0)
        };
        let known = if self.cleared {
            None
        } else {
            let mut levels = self.book.levels(side).iter().map(|x| x.price);
            levels.find(|x| !is_gone(*x))
        };
        let is_better = |price: Price| known.is_none_or(|x| side.is_better(price, x));
        let made = self.changes(side).filter(|x| x.level_size > 0);
        let made = made.map(|x| Price(x.price)).filter(|x| is_better(*x));
        let better = made
            .filter(|x| !is_gone(*x))
            .reduce(|a, b| if side.is_better(b, a) { b } else { a });
        better.or(known).map(|price| Level {
            price,
            size: self.size_at(side, price),
        })
    }

    /// The best level of each side.
    pub(super) fn best_levels(&self) -> BestLevels {
        BestLevels {
            bid: self.best(Side::Buy),
            ask: self.best(Side::Sell),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn equals_a_book_that_heard_every_row(
            changes in prop::collection::vec((0u8..8, 90i64..110, 0u32..4, any::<bool>()), 0..60),
            heard in 0usize..60,
            limit in 90i64..110,
        ) {
            let mut rows = Vec::new();
            for (kind, price, size, sell) in changes {
                let side = if sell { Side::Sell } else { Side::Buy };
                let clear = kind == 0;
                rows.push(Row {
                    price,
                    level_size: size,
                    instrument: u16::from(kind == 1),
                    action: if clear { b'R' } else { b'A' },
                    side: if clear { b'N' } else { side.code() },
                    signals: signal::BOOK,
                    rank: 255,
                    ..Row::default()
                });
            }
            let heard = heard.min(rows.len());
            let mut book = LevelBook::new();
            let mut whole = LevelBook::new();
            for (number, row) in rows.iter().enumerate().filter(|x| x.1.instrument == 0) {
                for (book, hears) in [(&mut book, number < heard), (&mut whole, true)] {
                    match Side::from_code(row.side) {
                        _ if !hears => {}
                        Some(side) => {
                            book.set(side, Price(row.price), Quantity(row.level_size.into()));
                        }
                        None => book.clear(),
                    }
                }
            }
            let truth = Truth::new(&book, &rows[heard..], InstrumentId(0));
            let mut levels = Vec::new();
            for side in Side::BOTH {
                prop_assert_eq!(truth.best(side), whole.best(side));
                prop_assert_eq!(truth.size_at(side, Price(limit)), whole.size_at(side, Price(limit)));
                truth.levels_within(side, None, &mut levels);
                prop_assert_eq!(&levels[..], whole.levels(side));
                let taker = side.opposite();
                truth.levels_within(side, Some(Price(limit)), &mut levels);
                let reachable = whole.levels(side).iter().filter(|x| taker.crosses(Price(limit), x.price));
                prop_assert_eq!(&levels, &reachable.copied().collect::<Vec<_>>());
                prop_assert!(levels.is_empty() || truth.may_cross(taker, Price(limit)));
            }
        }
    }
}
