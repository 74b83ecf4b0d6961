//! A book as it is some rows later.
//!
//! Takes in a book and the rows that it does not hold yet; gives out what rests where after them. So that the exchange's
//! book is known where the strategies' book is kept, and no second book has to be: the strategies are behind by
//! microseconds, so the rows between are few.

use std::ops::Range;

use backplane_sdk::book::{Level, LevelBook};
use backplane_sdk::types::{Action, InstrumentId, Price, Quantity, Side};

use crate::record::BestLevels;
use crate::row::signal;
use crate::rows::Rows;

/// The book of one instrument, some rows later.
#[derive(Clone, Copy)]
pub struct LaterBook<'a> {
    book: &'a LevelBook,
    rows: &'a Rows,
    /// The places of the rows between, since the last that emptied the book.
    first: usize,
    end: usize,
    instrument: u16,
    /// Whether a row between emptied the book.
    cleared: bool,
}

impl<'a> LaterBook<'a> {
    /// The book after the rows of these places, which may be of any instrument.
    #[inline]
    pub fn new(
        book: &'a LevelBook,
        rows: &'a Rows,
        places: Range<usize>,
        instrument: InstrumentId,
    ) -> LaterBook<'a> {
        let mut later = LaterBook {
            book,
            rows,
            first: places.start,
            end: places.end,
            instrument: instrument.0 as u16,
            cleared: false,
        };
        if rows.clears(places.start) {
            later.find_clear();
        }
        later
    }

    #[cold]
    fn find_clear(&mut self) {
        let is_clear = |place: &usize| {
            let clears = self.rows.action[*place] == Action::Clear.code();
            clears && self.rows.instrument[*place] == self.instrument
        };
        if let Some(place) = (self.first..self.end).rfind(is_clear) {
            self.first = place + 1;
            self.cleared = true;
        }
    }

    /// The rows between that change a level of one side: their prices and what rests there afterwards.
    #[inline]
    fn changes(&self, side: Side) -> impl DoubleEndedIterator<Item = Level> + use<'a> {
        let (rows, instrument, side) = (self.rows, self.instrument, side.code());
        let places = (self.first..self.end).filter(move |place| {
            rows.side[*place] == side
                && rows.instrument[*place] == instrument
                && rows.has(*place, signal::BOOK)
        });
        places.map(move |place| Level {
            price: Price(rows.price[place]),
            size: Quantity(rows.level_size[place].into()),
        })
    }

    /// What rests at a price.
    pub fn size_at(&self, side: Side, price: Price) -> Quantity {
        let last = self.changes(side).rfind(|x| x.price == price);
        match last {
            Some(level) => level.size,
            None if self.cleared => Quantity::ZERO,
            None => self.book.size_at(side, price),
        }
    }

    /// Whether an order on `side` limited to `limit` might meet one on the other side. Cheap, and never wrongly `false`.
    pub fn may_cross(&self, side: Side, limit: Price) -> bool {
        let other = side.opposite();
        let crosses = |price: Price| side.crosses(limit, price);
        if !self.cleared && self.book.best(other).is_some_and(|x| crosses(x.price)) {
            return true;
        }
        self.changes(other)
            .any(|x| x.size.0 > 0 && crosses(x.price))
    }

    /// The levels of a side that an order of the other side limited to `limit` can meet, best first.
    pub fn levels_within(&self, side: Side, limit: Option<Price>, levels: &mut Vec<Level>) {
        levels.clear();
        let within = |price: Price| limit.is_none_or(|x| side.opposite().crosses(x, price));
        for change in self.changes(side).rev() {
            if within(change.price) && !levels.iter().any(|x| x.price == change.price) {
                levels.push(change);
            }
        }
        let changed = levels.len();
        if !self.cleared {
            let known = self.book.levels(side).iter();
            for level in known.take_while(|x| within(x.price)) {
                if !levels[..changed].iter().any(|x| x.price == level.price) {
                    levels.push(*level);
                }
            }
        }
        if changed > 0 {
            levels.retain(|x| x.size.0 > 0);
            levels.sort_unstable_by_key(|x| match side {
                Side::Buy => -i128::from(x.price.0),
                Side::Sell => i128::from(x.price.0),
            });
        }
    }

    /// The best level of one side.
    pub fn best(&self, side: Side) -> Option<Level> {
        let [bid, ask] = self.best_of_both();
        match side {
            Side::Buy => bid,
            Side::Sell => ask,
        }
    }

    /// The best level of each side.
    pub fn best_levels(&self) -> BestLevels {
        let [bid, ask] = self.best_of_both();
        BestLevels { bid, ask }
    }

    fn best_of_both(&self) -> [Option<Level>; 2] {
        let mut best = Side::BOTH.map(|side| self.book.best(side));
        if self.cleared || best.contains(&None) {
            return Side::BOTH.map(|side| self.changed_best(side));
        }
        // Most changes leave the best level the best, with another size.
        let mut is_sure = [true; 2];
        let rows = self.rows;
        for place in self.first..self.end {
            if rows.instrument[place] != self.instrument || !rows.has(place, signal::BOOK) {
                continue;
            }
            let Some(side) = Side::from_code(rows.side[place]) else {
                continue;
            };
            let (price, size) = (Price(rows.price[place]), rows.level_size[place]);
            let Some(level) = &mut best[side.index()] else {
                continue;
            };
            if price == level.price {
                level.size = Quantity(size.into());
            } else if side.is_better(price, level.price) && size > 0 {
                is_sure[side.index()] = false;
            }
        }
        Side::BOTH.map(|side| {
            let level = best[side.index()].filter(|x| is_sure[side.index()] && x.size.0 > 0);
            level.or_else(|| self.changed_best(side))
        })
    }

    /// The best level of a side that changes made or removed: the best price of all that were named is tried, then the
    /// next, until something rests there. Few of those better than the best are gone again.
    fn changed_best(&self, side: Side) -> Option<Level> {
        let better = |a: Price, b: Price| if side.is_better(b, a) { b } else { a };
        let mut tried: Option<Price> = None;
        loop {
            let is_left = |price: Price| tried.is_none_or(|x| side.is_better(x, price));
            let made = self.changes(side).filter(|x| x.size.0 > 0);
            let made = made.map(|x| x.price).filter(|x| is_left(*x));
            let mut known = self.book.levels(side).iter().map(|x| x.price);
            let known = known.find(|x| is_left(*x) && !self.cleared);
            let price = made.chain(known).reduce(better)?;
            let size = self.size_at(side, price);
            if size.0 > 0 {
                return Some(Level { price, size });
            }
            tried = Some(price);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::Row;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn equals_a_book_that_heard_every_row(
            changes in prop::collection::vec((0u8..8, 90i64..110, 0u32..4, any::<bool>()), 0..60),
            heard in 0usize..60,
            limit in 90i64..110,
        ) {
            let mut rows = Rows::default();
            for (kind, price, size, sell) in changes {
                let side = if sell { Side::Sell } else { Side::Buy };
                let clear = kind == 0;
                rows.push(&Row {
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
            let later = LaterBook::new(&book, &rows, heard..rows.len(), InstrumentId(0));
            let mut levels = Vec::new();
            for side in Side::BOTH {
                prop_assert_eq!(later.best(side), whole.best(side));
                prop_assert_eq!(later.size_at(side, Price(limit)), whole.size_at(side, Price(limit)));
                later.levels_within(side, None, &mut levels);
                prop_assert_eq!(&levels[..], whole.levels(side));
                let taker = side.opposite();
                later.levels_within(side, Some(Price(limit)), &mut levels);
                let reachable = whole.levels(side).iter().filter(|x| taker.crosses(Price(limit), x.price));
                prop_assert_eq!(&levels, &reachable.copied().collect::<Vec<_>>());
                prop_assert!(levels.is_empty() || later.may_cross(taker, Price(limit)));
            }
        }
    }
}
