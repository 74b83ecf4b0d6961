//! Liquidity that a strategy took and the tape still shows.
//!
//! Takes in what own orders took at which price, and the rows that change those levels; gives out how much of a level is
//! gone for this strategy. What we took stood at the front of the queue: the tape's executions eat it first, its cancels
//! are taken to come from behind it, and no more of it is left than the tape still shows of that age.

use backplane_sdk::types::{Action, InstrumentId, Price, Quantity, Side};

use crate::row::{Row, signal};
use crate::rows::Rows;

/// Instrument, side and price of a level, in an order in which they can be searched.
type Key = (u32, usize, i64);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct TakenLevel {
    key: Key,
    taken: Quantity,
    /// What rested there when we took it and has not left the tape since; we cannot have taken more than that.
    old: Quantity,
    /// The number of tape rows before we took it: orders of a higher priority number are new.
    place: u64,
    /// What the tape shows there now.
    shown: Quantity,
}

fn key(rows: &Rows, place: usize, side: Side) -> Key {
    let instrument = rows.instrument[place];
    (instrument.into(), side.index(), rows.price[place])
}

/// Liquidity that a strategy took and the tape still shows.
#[derive(Debug, Default)]
pub(super) struct TakenLiquidity {
    /// The levels in the order of their keys: an auction may leave hundreds.
    levels: Vec<TakenLevel>,
    /// A bit for each of the levels' prices, by [`mark`]: most rows are at none of them.
    marks: [u64; MARK_WORDS],
}

/// The words of bits in which prices are marked.
const MARK_WORDS: usize = 16;

/// Where the bit of a price is: its word and its place there.
const fn mark(price: i64) -> (usize, u64) {
    // Prices are multiples of their tick: the highest bits of a product spread them.
    let spread = (price as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 54;
    ((spread / 64) as usize, 1 << (spread % 64))
}

impl TakenLiquidity {
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.levels.is_empty()
    }

    /// How much of what the tape shows at a price is gone.
    pub(super) fn at(&self, instrument: InstrumentId, side: Side, price: Price) -> Quantity {
        let found = self.find((instrument.0, side.index(), price.0));
        found.map_or(Quantity::ZERO, |place| self.levels[place].taken)
    }

    fn find(&self, key: Key) -> Result<usize, usize> {
        self.levels.binary_search_by_key(&key, |x| x.key)
    }

    /// Notes that `quantity` of the `shown` at a price was taken after `place` tape rows.
    pub(super) fn take(
        &mut self,
        (instrument, side, price): (InstrumentId, Side, Price),
        quantity: Quantity,
        shown: Quantity,
        place: u64,
    ) {
        let key = (instrument.0, side.index(), price.0);
        match self.find(key) {
            Ok(found) => {
                let level = &mut self.levels[found];
                level.taken += quantity;
                level.old = shown;
                level.shown = shown;
                level.place = place;
            }
            Err(found) => {
                let level = TakenLevel {
                    key,
                    taken: quantity,
                    old: shown,
                    place,
                    shown,
                };
                self.levels.insert(found, level);
            }
        }
        self.set_mark(price.0);
    }

    const fn set_mark(&mut self, price: i64) {
        let (word, bit) = mark(price);
        self.marks[word] |= bit;
    }

    /// Forgets a level of which nothing is taken any more.
    fn settle(&mut self, place: usize) {
        if self.levels[place].taken.0 > 0 {
            return;
        }
        self.levels.remove(place);
        self.set_marks();
    }

    fn clear(&mut self, instrument: u16) {
        self.levels.retain(|x| x.key.0 != u32::from(instrument));
        self.set_marks();
    }

    /// Whether something may be taken at a price, of any instrument and side. Cheap, and never wrongly `false`.
    #[inline]
    pub(super) const fn may_be_at(&self, price: i64) -> bool {
        let (word, bit) = mark(price);
        self.marks[word] & bit != 0
    }

    /// The tape went on by the row of a place, which empties a book or is at a price where something may be taken.
    pub(super) fn hear(&mut self, rows: &Rows, place: usize) {
        if !rows.has(place, signal::BOOK) {
            return;
        }
        if rows.action[place] == Action::Clear.code() {
            self.clear(rows.instrument[place]);
        } else if let Some(side) = Side::from_code(rows.side[place])
            && let Ok(found) = self.find(key(rows, place, side))
        {
            self.change(found, &rows.row(place));
        }
    }

    fn set_marks(&mut self) {
        self.marks = [0; MARK_WORDS];
        for place in 0..self.levels.len() {
            self.set_mark(self.levels[place].key.2);
        }
    }

    /// As [`TakenLiquidity::hear`] on a tape of price levels: a trade eats what stood at the front, which we took, and
    /// a change of the level only bounds what is left, as whatever is cancelled stood behind it. A hidden trade took
    /// nothing that the level shows.
    pub(super) fn hear_level(&mut self, rows: &Rows, place: usize) {
        let action = rows.action[place];
        if action == Action::Clear.code() {
            self.clear(rows.instrument[place]);
            return;
        }
        let Some(side) = Side::from_code(rows.side[place]) else {
            return;
        };
        let is_trade = action == Action::Trade.code();
        let side = if is_trade { side.opposite() } else { side };
        let Ok(found) = self.find(key(rows, place, side)) else {
            return;
        };
        let level = &mut self.levels[found];
        if !is_trade {
            level.taken = level.taken.min(Quantity(rows.level_size[place].into()));
        } else if !rows.has(place, signal::HIDDEN) {
            level.taken -= Quantity(rows.size[place].into());
        }
        self.settle(found);
    }

    fn change(&mut self, found: usize, row: &Row) {
        let level = &mut self.levels[found];
        let (size, shown) = (Quantity(row.size.into()), Quantity(row.level_size.into()));
        let left = match Action::from_code(row.action) {
            Some(Action::Cancel | Action::Fill) => size,
            // The order goes to the back with a new size: what it had before leaves its old place.
            Some(Action::Modify) => level.shown + size - shown,
            _ => Quantity::ZERO,
        };
        if u64::from(row.priority) <= level.place {
            level.old -= left;
            if row.action == Action::Fill.code() {
                level.taken -= size;
            }
        }
        level.shown = shown;
        level.old = level.old.min(shown);
        level.taken = level.taken.min(level.old);
        self.settle(found);
    }
}
