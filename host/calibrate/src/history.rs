//! What became of each real order, told by the tape.
//!
//! Takes in a recording; gives out, for each order that was added while the tape ran, what its owner did with it and
//! what the exchange executed of it. The two are kept apart: the first is what a ghost follows, the second is what it is
//! compared with.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, DefaultHasher};

use backplane_sdk::types::{Action, Flags, Side};
use backplane_tape::{Row, Signals};

use crate::recording::{Event, Recording};

/// What an owner, or the exchange in an owner's name, did with a real order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// All that was left was cancelled.
    Cancel,
    /// The order's size changed by so much at its price; a size that grew goes to the end of the queue.
    Resize {
        /// The new size less the old one.
        by: i64,
    },
    /// The order went to the end of the queue of a price, and its size changed by so much.
    Replace {
        /// The price.
        price: i64,
        /// The new size less the old one.
        by: i64,
    },
    /// A hidden rest is shown while the match event goes on that executes what was shown. An exchange shows a slice
    /// behind all that is shown already, and the next when it is gone; they are one here.
    Refill {
        /// How much: what was executed of the rest, and what is shown of it in the end.
        size: i64,
        /// What was shown before.
        shown: i64,
    },
}

/// A deed, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The row before which a ghost does the same.
    pub row: usize,
    /// What is done.
    pub deed: Deed,
}

/// Something of an order was executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Execution {
    /// When, at the exchange.
    pub at: i64,
    /// How much.
    pub quantity: i64,
}

/// What is special about an order, seen in the tape before anything is simulated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// What was executed was shown again in the same match event.
    pub is_refilled: bool,
    /// It was cancelled, in part or whole, in a match event that executed others at its price.
    pub is_self_match: bool,
    /// It was changed in a match event in which its own side aggressed.
    pub modified_to_cross: bool,
    /// Its number was used before, or an order of its side, price and size left in the match event that added it.
    pub is_relisted: bool,
    /// Its owner made it smaller.
    pub is_decreased: bool,
    /// Its owner made it larger.
    pub is_increased: bool,
    /// It went to another price, or to the end of the queue.
    pub is_moved: bool,
}

/// One real order.
#[derive(Clone, Debug)]
pub struct RealOrder {
    /// The exchange's number.
    pub order_id: u64,
    /// The number of the instrument.
    pub instrument: u16,
    /// The side.
    pub side: Side,
    /// The price at which it was added, in units of 1e-9.
    pub price: i64,
    /// The size with which it was added.
    pub size: i64,
    /// The row that added it.
    pub row: usize,
    /// When, at the exchange.
    pub entered: i64,
    /// The row that took the last of it out of the book; none where it rests at the tape's end.
    pub ended: Option<usize>,
    /// What became of it by somebody's will.
    pub steps: Vec<Step>,
    /// What was executed of it.
    pub executions: Vec<Execution>,
    /// What is special about it.
    pub marks: Marks,
}

/// The real orders of a tape.
#[derive(Debug, Default)]
pub struct History {
    /// In the order of their entry.
    pub orders: Vec<RealOrder>,
    /// Orders that were there before the tape began, or of a snapshot: they have no ghosts.
    pub older: u64,
    /// What was executed of hidden rests and cannot be told to be of one order.
    pub unattributed: i64,
}

/// An order that rests while the tape is read.
#[derive(Clone, Copy, Debug)]
struct Resting {
    /// Its place among the orders; none for one that has no ghost.
    order: Option<usize>,
    remaining: i64,
}

type ByOrder<T> = HashMap<(u16, u64), T, BuildHasherDefault<DefaultHasher>>;

struct Reader<'a> {
    recording: &'a Recording,
    history: History,
    /// Never walked, only asked.
    resting: ByOrder<Resting>,
    /// The last life of each number; never walked, only asked.
    known: ByOrder<Option<usize>>,
    /// The last event in which something of each order was executed, and its number.
    executed_in: Vec<usize>,
    /// What was shown of each order before that event.
    shown: Vec<i64>,
    /// What the present match event printed, executed and refilled at each price.
    matches: BTreeMap<(u16, usize, i64), Matched>,
}

/// What a match event did at one price.
#[derive(Clone, Copy, Debug, Default)]
struct Matched {
    printed: i64,
    executed: i64,
    refilled: Option<usize>,
    /// The order that was executed last.
    last: Option<usize>,
}

impl History {
    /// Reads the histories of all orders.
    pub fn read(recording: &Recording) -> History {
        let mut reader = Reader {
            recording,
            history: History::default(),
            resting: ByOrder::default(),
            known: ByOrder::default(),
            executed_in: Vec::new(),
            shown: Vec::new(),
            matches: BTreeMap::new(),
        };
        for event in recording.events() {
            for print in recording.prints(*event) {
                let key = (print.instrument, print.side.index(), print.price);
                reader.matches.entry(key).or_default().printed += i64::from(print.size);
            }
            for row in event.first..event.end {
                reader.read(row);
            }
            reader.attribute(recording.times[event.first]);
        }
        reader.history
    }
}

impl Reader<'_> {
    fn read(&mut self, place: usize) {
        let row = &self.recording.rows[place];
        if row.action == Action::Clear.code() {
            // What comes back was there before.
            self.resting.retain(|key, _| key.0 != row.instrument);
            return;
        }
        let Some(side) = Side::from_code(row.side).filter(|_| row.order_id != 0) else {
            return;
        };
        match Action::from_code(row.action) {
            Some(Action::Add) => self.add(place, row, side),
            Some(Action::Cancel) => self.cancel(place, row),
            Some(Action::Modify) => self.modify(place, row),
            Some(Action::Fill) => self.execute(place, row),
            _ => {}
        }
    }

    fn add(&mut self, place: usize, row: &Row, side: Side) {
        let key = (row.instrument, row.order_id);
        let size = i64::from(row.size);
        let before = self.known.get(&key).copied();
        let resting = Resting {
            order: before.flatten(),
            remaining: size,
        };
        if let Some(number) = before.flatten()
            && let Some(ended) = self.history.orders[number].ended
        {
            let previous = self.recording.rows[ended];
            if previous.action == Action::Cancel.code() && ended + 1 == place {
                self.replace(number, place, row, i64::from(previous.size));
                self.resting.insert(key, resting);
                return;
            }
            let event = self.recording.event_of(place);
            if previous.action == Action::Fill.code() && ended >= event.first {
                self.refill(number, place, row);
                self.resting.insert(key, resting);
                return;
            }
        }
        let is_new = row.flags & Flags::SNAPSHOT == 0;
        let moves = place > 0 && {
            let previous = &self.recording.rows[place - 1];
            previous.order_id == row.order_id && previous.action == Action::Cancel.code()
        };
        if !is_new || (before == Some(None) && moves) {
            self.history.older += u64::from(!is_new);
            self.known.insert(key, None);
            self.resting.insert(
                key,
                Resting {
                    order: None,
                    ..resting
                },
            );
            return;
        }
        let number = self.history.orders.len();
        self.history.orders.push(RealOrder {
            order_id: row.order_id,
            instrument: row.instrument,
            side,
            price: row.price,
            size,
            row: place,
            entered: self.recording.times[place],
            ended: None,
            steps: Vec::new(),
            executions: Vec::new(),
            marks: Marks {
                is_relisted: before.is_some() || self.has_left(place, row),
                ..Marks::default()
            },
        });
        self.executed_in.push(usize::MAX);
        self.shown.push(size);
        self.known.insert(key, Some(number));
        let order = Some(number);
        self.resting.insert(key, Resting { order, ..resting });
    }

    /// Whether an order of the row's side, price and size was cancelled earlier in its match event.
    fn has_left(&self, place: usize, row: &Row) -> bool {
        let event = self.recording.event_of(place);
        let before = self.recording.rows[event.first..place].iter();
        let left = |x: &Row| (x.instrument, x.side, x.price, x.size, x.remaining);
        let same = (row.instrument, row.side, row.price, row.size, 0);
        let mut cancels = before.filter(|x| x.action == Action::Cancel.code() && x.order_id != 0);
        cancels.any(|x| left(x) == same)
    }

    /// An order that was taken out of the book came back in the next row: it moved.
    fn replace(&mut self, number: usize, place: usize, row: &Row, before: i64) {
        let order = &mut self.history.orders[number];
        order.ended = None;
        order.marks.is_moved = true;
        let Some(step) = order.steps.last_mut() else {
            return;
        };
        // The ghost moves with the row that takes the order out; the new place is that of the row that adds it.
        step.row = place;
        step.deed = Deed::Replace {
            price: row.price,
            by: i64::from(row.size) - before,
        };
    }

    /// A slice of a hidden rest is shown.
    fn refill(&mut self, number: usize, place: usize, row: &Row) {
        let event = self.recording.event_of(place);
        let order = &mut self.history.orders[number];
        order.ended = None;
        order.marks.is_refilled = true;
        order.steps.push(Step {
            row: order.first_row_in(event, place),
            deed: Deed::Refill {
                size: row.size.into(),
                shown: self.shown[number],
            },
        });
        self.note_refill(number, row);
    }

    fn note_refill(&mut self, number: usize, row: &Row) {
        if let Some(side) = Side::from_code(row.side) {
            let key = (row.instrument, side.index(), row.price);
            self.matches.entry(key).or_default().refilled = Some(number);
        }
    }

    fn cancel(&mut self, place: usize, row: &Row) {
        let key = (row.instrument, row.order_id);
        let Some(number) = self.reduce(place, row, key) else {
            return;
        };
        let event = self.recording.event_of(place);
        let is_executed = self.executed_in[number] == event.first;
        let prints = self.recording.prints(event);
        let order = &mut self.history.orders[number];
        let here = |x: &&crate::recording::Print| x.instrument == row.instrument;
        let meets = prints
            .iter()
            .filter(here)
            .any(|x| x.side == order.side && x.price == row.price);
        let aggresses = prints.iter().filter(here).any(|x| x.side != order.side);
        order.marks.is_self_match |= meets && !is_executed;
        order.marks.modified_to_cross |= aggresses;
        order.marks.is_decreased |= row.remaining > 0;
        // A cancel that carries no fill goes first in its match event, but not before its order came or changed.
        order.steps.push(Step {
            row: match is_executed {
                true => place,
                false => order.first_row_in(event, place),
            },
            deed: match row.remaining {
                0 => Deed::Cancel,
                _ => Deed::Resize {
                    by: -i64::from(row.size),
                },
            },
        });
    }

    fn modify(&mut self, place: usize, row: &Row) {
        let key = (row.instrument, row.order_id);
        let Some(resting) = self.resting.get_mut(&key) else {
            return;
        };
        let by = i64::from(row.size) - resting.remaining;
        resting.remaining = row.size.into();
        let Some(number) = resting
            .order
            .filter(|_| row.signals(Signals::BOOK) && by > 0)
        else {
            return;
        };
        let event = self.recording.event_of(place);
        let is_refill = self.executed_in[number] == event.first;
        let order = &mut self.history.orders[number];
        order.marks.is_refilled |= is_refill;
        order.marks.is_increased |= !is_refill;
        order.steps.push(match is_refill {
            true => Step {
                row: order.first_row_in(event, place),
                deed: Deed::Refill {
                    size: by,
                    shown: self.shown[number],
                },
            },
            false => Step {
                row: place,
                deed: Deed::Resize { by },
            },
        });
        if is_refill {
            self.note_refill(number, row);
        }
    }

    fn execute(&mut self, place: usize, row: &Row) {
        let side = Side::from_code(row.side).map_or(0, Side::index);
        let at = (row.instrument, side, row.price);
        let key = (row.instrument, row.order_id);
        let number = self.reduce(place, row, key);
        let matched = self.matches.entry(at).or_default();
        matched.executed += i64::from(row.size);
        matched.last = number;
        let Some(number) = number else {
            return;
        };
        let event = self.recording.event_of(place).first;
        if self.executed_in[number] != event {
            self.executed_in[number] = event;
            self.shown[number] = i64::from(row.remaining) + i64::from(row.size);
        }
        let at = self.recording.times[place];
        self.history.orders[number].execute(at, row.size.into());
    }

    /// Takes a row's size out of its order; gives the order's number where it has a ghost.
    fn reduce(&mut self, place: usize, row: &Row, key: (u16, u64)) -> Option<usize> {
        let resting = self.resting.get_mut(&key)?;
        resting.remaining = row.remaining.into();
        let number = resting.order;
        if row.remaining == 0 {
            self.resting.remove(&key);
            if let Some(number) = number {
                self.history.orders[number].ended = Some(place);
            }
        }
        number
    }

    /// What a match event printed at a price beyond what it executed of shown orders is of the order that it refilled, or
    /// else of the one that it executed last.
    fn attribute(&mut self, at: i64) {
        while let Some((_, matched)) = self.matches.pop_first() {
            let hidden = matched.printed - matched.executed;
            if hidden <= 0 || matched.executed == 0 {
                continue;
            }
            // A hidden rest is executed behind all that was shown.
            let Some(number) = matched.refilled.or(matched.last) else {
                self.history.unattributed += hidden;
                continue;
            };
            let order = &mut self.history.orders[number];
            order.execute(at, hidden);
            order.marks.is_refilled = true;
            // The new size less what was left of the old one: more was executed than was shown.
            match order.steps.last_mut().map(|x| &mut x.deed) {
                Some(Deed::Refill { size, .. }) if matched.refilled == Some(number) => {
                    *size += hidden
                }
                _ => {}
            }
        }
    }
}

impl RealOrder {
    /// The row before which a ghost follows what is done first in a match event, but not before its order came or
    /// changed.
    fn first_row_in(&self, event: Event, place: usize) -> usize {
        let last = self.steps.last().map_or(self.row + 1, |x| x.row + 1);
        event.first.max(last).min(place)
    }

    fn execute(&mut self, at: i64, quantity: i64) {
        match self.executions.last_mut().filter(|x| x.at == at) {
            Some(last) => last.quantity += quantity,
            None => self.executions.push(Execution { at, quantity }),
        }
    }
}

impl Deed {
    /// By how much it changes what is open; a cancel ends the order.
    pub const fn change(self) -> i64 {
        match self {
            Deed::Cancel => 0,
            Deed::Resize { by } | Deed::Replace { by, .. } => by,
            Deed::Refill { size, .. } => size,
        }
    }
}
