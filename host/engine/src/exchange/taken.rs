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
#[derive(Debug)]
pub(super) struct TakenLiquidity {
    /// The levels in the order of their keys: an auction may leave hundreds.
    levels: Vec<TakenLevel>,
    /// The range of the levels' prices.
    lowest: i64,
    highest: i64,
}

impl Default for TakenLiquidity {
    fn default() -> TakenLiquidity {
        TakenLiquidity {
            levels: Vec::new(),
            lowest: i64::MAX,
            highest: i64::MIN,
        }
    }
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
        self.lowest = self.lowest.min(price.0);
        self.highest = self.highest.max(price.0);
    }

    /// Forgets a level of which nothing is taken any more.
    fn settle(&mut self, place: usize) {
        if self.levels[place].taken.0 > 0 {
            return;
        }
        let price = self.levels.remove(place).key.2;
        if price == self.lowest || price == self.highest {
            self.find_range();
        }
    }

    fn clear(&mut self, instrument: u16) {
        self.levels.retain(|x| x.key.0 != u32::from(instrument));
        self.find_range();
    }

    /// Whether something may be taken at a price, of any instrument and side. Cheap, and never wrongly `false`.
    #[inline]
    pub(super) const fn may_be_at(&self, price: i64) -> bool {
        self.lowest <= price && price <= self.highest
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

    fn find_range(&mut self) {
        let prices = self.levels.iter().map(|x| x.key.2);
        self.lowest = prices.clone().min().unwrap_or(i64::MAX);
        self.highest = prices.max().unwrap_or(i64::MIN);
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
