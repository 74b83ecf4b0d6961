//! One atomic event, seen as prints and levels.
//!
//! Takes in the order-level rows of an event; when it ends, changes the levels and gives out the price-level rows.

use backplane_sdk::book::Ladder;
use backplane_sdk::types::{Action, Flags, Price, Quantity, Side};

use crate::row::Row;
use crate::signals::Signals;

/// What an event has shown so far. Its buffers are used again for the next one.
#[derive(Debug, Default)]
pub(super) struct Event {
    prints: Vec<Row>,
    /// The row that emptied the book, where one did.
    clear: Option<Row>,
    /// Every change of a level since the event began or the book was emptied.
    changes: Vec<Change>,
}

/// A level that a row changed.
#[derive(Clone, Copy, Debug)]
struct Change {
    side: Side,
    price: i64,
    /// What rests there after the row.
    size: u32,
    /// The row's place among the event's changes.
    place: usize,
    /// Whether the level is larger than before the event.
    is_larger: bool,
    flags: u8,
    sequence: u32,
}

impl Event {
    /// Notes what an order-level row shows to those who see no orders.
    pub(super) fn note(&mut self, row: &Row) {
        if row.signals(Signals::TRADE) {
            self.print(row);
        }
        if row.action == Action::Clear.code() {
            self.clear = Some(*row);
            self.changes.clear();
        } else if row.signals(Signals::BOOK)
            && let Some(side) = Side::from_code(row.side)
        {
            self.changes.push(Change {
                side,
                price: row.price,
                size: row.level_size,
                place: self.changes.len(),
                is_larger: false,
                flags: row.flags & !Flags::LAST,
                sequence: row.sequence,
            });
        }
    }

    /// The changes and prints so far.
    pub(super) fn len(&self) -> usize {
        self.changes.len().saturating_add(self.prints.len())
    }

    /// The prices of a side that were changed so far.
    pub(super) fn changed(&self, side: Side) -> impl Iterator<Item = Price> + '_ {
        let changes = self.changes.iter();
        changes
            .filter(move |change| change.side == side)
            .map(|change| Price(change.price))
    }

    /// Adds a print to the one before it, where price and aggressor are the same; or else begins a new one.
    fn print(&mut self, row: &Row) {
        let side = match Side::from_code(row.side) {
            Some(resting) if row.action == Action::Fill.code() => resting.opposite().code(),
            _ => row.side,
        };
        let print = Row {
            action: Action::Trade.code(),
            side,
            flags: row.flags & !Flags::LAST,
            signals: Signals::TRADE | Signals::MATCH | row.signals & Signals::HIDDEN,
            rank: 0,
            level_size: 0,
            priority: 0,
            order_id: 0,
            remaining: 0,
            ..*row
        };
        let same = |last: &&mut Row| {
            (last.price, last.side, last.signals) == (print.price, print.side, print.signals)
        };
        if let Some(last) = self.prints.last_mut().filter(same)
            && let Some(size) = last.size.checked_add(print.size)
        {
            *last = Row { size, ..print };
            return;
        }
        self.prints.push(print);
    }

    /// Ends the event at its last order-level row: changes the levels and appends the rows that say so.
    pub(super) fn close(&mut self, last: &Row, ladders: &mut [Ladder; 2], rows: &mut Vec<Row>) {
        rows.append(&mut self.prints);
        if let Some(clear) = self.clear.take() {
            ladders.iter_mut().for_each(Ladder::clear);
            rows.push(clear);
        }
        self.settle(ladders);
        for change in self.changes.drain(..) {
            rows.push(change.apply(&mut ladders[change.side.index()]));
        }
        for row in rows.iter_mut() {
            row.ts_event = last.ts_event;
            row.ts_recv = last.ts_recv;
            row.instrument = last.instrument;
            row.flags &= !Flags::LAST;
            row.signals &= !Signals::LAST & !Signals::BBO & !Signals::BBO_PRICE;
        }
        if let Some(row) = rows.last_mut() {
            row.flags |= Flags::LAST;
            row.signals |= last.signals & (Signals::LAST | Signals::BBO | Signals::BBO_PRICE);
        }
    }

    /// Leaves of each level's changes the last one, and none where the level is as it was before the event. Levels that
    /// shrank come first, so that the book is not crossed on the way; among themselves they keep the order of the rows.
    fn settle(&mut self, ladders: &[Ladder; 2]) {
        let level = |change: &Change| (change.side.index(), change.price);
        self.changes
            .sort_unstable_by_key(|change| (level(change), change.place));
        self.changes.dedup_by(|later, earlier| {
            let is_same = level(later) == level(earlier);
            if is_same {
                *earlier = *later;
            }
            is_same
        });
        self.changes.retain_mut(|change| {
            let before = ladders[change.side.index()].size_at(Price(change.price)).0;
            change.is_larger = i64::from(change.size) > before;
            i64::from(change.size) != before
        });
        self.changes
            .sort_unstable_by_key(|change| (change.is_larger, change.place));
    }
}

impl Change {
    /// Sets the level; gives the row that says so, as yet without instrument and times.
    fn apply(&self, ladder: &mut Ladder) -> Row {
        let size = Quantity(i64::from(self.size));
        let done = ladder.set(Price(self.price), size);
        let is_new_best = done.created && done.rank == 0;
        let difference = (size.0 - done.previous.0).unsigned_abs();
        let action = match self.is_larger {
            true => Action::Add,
            false => Action::Cancel,
        };
        Row {
            action: action.code(),
            side: self.side.code(),
            flags: self.flags,
            signals: Signals::BOOK | if is_new_best { Signals::MATCH } else { 0 },
            rank: u8::try_from(done.rank).unwrap_or(u8::MAX),
            price: self.price,
            size: u32::try_from(difference).unwrap_or(u32::MAX),
            level_size: self.size,
            sequence: self.sequence,
            ..Row::default()
        }
    }
}
