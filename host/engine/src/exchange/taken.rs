//! Liquidity that a strategy took and the tape still shows.
//!
//! Takes in what own orders took at which price, and the rows that change those levels; gives out how much of a level is
//! gone for this strategy. What we took stood at the front of the queue: the tape's executions eat it first, its cancels
//! are taken to come from behind it, and no more of it is left than the tape still shows of that age.

use backplane_sdk::types::{Action, InstrumentId, Price, Quantity, Side};

use crate::row::{Row, signal};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct TakenLevel {
    instrument: InstrumentId,
    side: Side,
    price: Price,
    taken: Quantity,
    /// What rested there when we took it and has not left the tape since; we cannot have taken more than that.
    old: Quantity,
    /// The number of tape rows before we took it: orders of a higher priority number are new.
    place: u64,
    /// What the tape shows there now.
    shown: Quantity,
}

/// Liquidity that a strategy took and the tape still shows.
#[derive(Debug, Default)]
pub(super) struct TakenLiquidity {
    levels: Vec<TakenLevel>,
}

impl TakenLiquidity {
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.levels.is_empty()
    }

    /// How much of what the tape shows at a price is gone.
    pub(super) fn at(&self, instrument: InstrumentId, side: Side, price: Price) -> Quantity {
        let level = self.levels.iter().find(|x| x.is(instrument, side, price));
        level.map_or(Quantity::ZERO, |x| x.taken)
    }

    /// Notes that `quantity` of the `shown` at a price was taken after `place` tape rows.
    pub(super) fn take(
        &mut self,
        (instrument, side, price): (InstrumentId, Side, Price),
        quantity: Quantity,
        shown: Quantity,
        place: u64,
    ) {
        let found = self
            .levels
            .iter_mut()
            .find(|x| x.is(instrument, side, price));
        match found {
            Some(level) => {
                level.taken += quantity;
                level.old = shown;
                level.shown = shown;
                level.place = place;
            }
            None => self.levels.push(TakenLevel {
                instrument,
                side,
                price,
                taken: quantity,
                old: shown,
                place,
                shown,
            }),
        }
    }

    /// The tape went on by a row.
    pub(super) fn hear(&mut self, row: &Row) {
        if !row.has(signal::BOOK) {
            return;
        }
        let instrument = InstrumentId(row.instrument.into());
        if row.action == Action::Clear.code() {
            self.levels.retain(|x| x.instrument != instrument);
            return;
        }
        let Some(side) = Side::from_code(row.side) else {
            return;
        };
        let found = self
            .levels
            .iter()
            .position(|x| x.is(instrument, side, Price(row.price)));
        let Some(place) = found else { return };
        let level = &mut self.levels[place];
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
        if level.taken.0 <= 0 {
            self.levels.swap_remove(place);
        }
    }
}

impl TakenLevel {
    fn is(&self, instrument: InstrumentId, side: Side, price: Price) -> bool {
        self.instrument == instrument && self.side == side && self.price == price
    }
}
