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
mod step;

use backplane_sdk::book::Level;
use backplane_sdk::types::{Action, Flags, Side};

use crate::error::TapeError;
use crate::message::{SourceMessage, StatusMessage};
use crate::row::Row;
use crate::signals::Signals;
use crate::statistics::{Crossed, Resolution};
use book::Book;
use event::{Event, EventQueue, MESSAGES_MAX};
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
    /// The rows of the events that have ended and are not handed out yet.
    rows: Vec<Row>,
    /// How many rows were handed out before those.
    rows_before: u64,
    /// Changes of trading status that wait for open events to end.
    statuses: Vec<StatusMessage>,
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
            statuses: Vec::new(),
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
            return Err(self.wrong(format!(
                "instrument {} is not one of {}",
                message.instrument,
                self.books.len()
            )));
        }
        if message.ts_recv.0 < self.ts_recv {
            message.ts_recv.0 = self.ts_recv;
            self.resolution.receive_times_raised =
                self.resolution.receive_times_raised.saturating_add(1);
        }
        self.ts_recv = message.ts_recv.0;
        if self.queue.ends_snapshot(&message) {
            self.queue.close(message.instrument);
            self.process_if_whole()?;
        }
        self.queue.push(message).map_err(|why| self.wrong(why))?;
        self.process_if_whole()?;
        Ok(&self.rows)
    }

    /// Takes in a change of trading status; gives out its row, or keeps it until all open events have ended.
    ///
    /// # Errors
    /// As for [`Resolver::push`].
    pub fn status(&mut self, message: &StatusMessage) -> Result<&[Row], TapeError> {
        self.begin();
        self.resolution.messages = self.resolution.messages.saturating_add(1);
        if usize::from(message.instrument) >= self.books.len() {
            let why = format!("instrument {} is not there", message.instrument);
            return Err(self.wrong(why));
        }
        if self.statuses.len() >= MESSAGES_MAX {
            let why = format!("an event has not ended after {MESSAGES_MAX} changes of status");
            return Err(self.wrong(why));
        }
        self.statuses.push(*message);
        if self.queue.is_empty() {
            self.emit_statuses();
        }
        Ok(&self.rows)
    }

    fn emit_statuses(&mut self) {
        for message in self.statuses.drain(..) {
            let row = message.row(self.ts_recv);
            self.ts_recv = row.ts_recv;
            self.rows.push(row);
        }
    }

    /// Ends the open event of an instrument where the source says so without a message.
    ///
    /// # Errors
    /// As for [`Resolver::push`].
    pub fn end_event(&mut self, instrument: u16) -> Result<&[Row], TapeError> {
        self.begin();
        if usize::from(instrument) < self.books.len() {
            self.queue.close(instrument);
        }
        self.process_if_whole()?;
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
        self.process_if_whole()?;
        Ok(&self.rows)
    }

    /// What was noticed so far.
    pub const fn resolution(&self) -> &Resolution {
        &self.resolution
    }

    /// For importers, to add what they noticed.
    pub(crate) const fn resolution_mut(&mut self) -> &mut Resolution {
        &mut self.resolution
    }

    /// The crossed books so far.
    pub const fn crossed(&self) -> Crossed {
        self.crossed
    }

    /// The levels of an instrument's side after the last finished event, best first.
    pub fn levels(&self, instrument: u16, side: Side) -> &[Level] {
        self.books
            .get(usize::from(instrument))
            .map_or(&[], |book| book.levels(side))
    }

    /// The side of an order and what is left of it after the last finished event; none where it is not in the book.
    pub fn order(&self, instrument: u16, order_id: u64) -> Option<(Side, u32)> {
        let book = self.books.get(usize::from(instrument))?;
        let order = book.order(order_id)?;
        Some((order.side, order.remaining))
    }

    /// Forgets the rows that were handed out.
    fn begin(&mut self) {
        self.rows_before = self.rows_before.saturating_add(self.rows.len() as u64);
        self.rows.clear();
    }

    fn wrong(&self, why: String) -> TapeError {
        TapeError::Message {
            message: self.resolution.messages,
            why,
        }
    }

    /// Resolves all that is queued, once every event in it is whole.
    fn process_if_whole(&mut self) -> Result<(), TapeError> {
        if !self.queue.is_whole() {
            return Ok(());
        }
        let mut queue = std::mem::take(&mut self.queue);
        let books = &self.books;
        queue.compare_snapshots(|message| {
            books[usize::from(message.instrument)]
                .order(message.order_id)
                .is_some_and(|order| {
                    Some(order.side) == message.side
                        && order.price == message.price
                        && order.remaining == message.size
                })
        });
        if self.conventions.fills == FillConvention::Announces {
            self.executions.prepare(&queue);
        }
        let result =
            queue
                .messages()
                .iter()
                .enumerate()
                .try_for_each(|(place, (message, number))| {
                    self.step(place, message, *number, queue.events()[*number])
                });
        queue.clear();
        self.queue = queue;
        result?;
        self.emit_statuses();
        Ok(())
    }

    fn step(
        &mut self,
        place: usize,
        message: &SourceMessage,
        number: usize,
        event: Event,
    ) -> Result<(), TapeError> {
        if place == event.first_message {
            self.open_event(message, event)?;
        }
        if !self.books[usize::from(message.instrument)].skips_event {
            self.resolve(message, number, event)?;
        }
        if place == event.last_message {
            self.close_event(message.instrument);
        }
        Ok(())
    }

    /// Decides, at the first message of a snapshot, whether the snapshot says anything new.
    fn open_event(&mut self, message: &SourceMessage, event: Event) -> Result<(), TapeError> {
        let book = &mut self.books[usize::from(message.instrument)];
        if !event.is_snapshot || book.is_empty() {
            return Ok(());
        }
        if event.is_first && !event.differs && event.confirmed == book.orders() {
            book.skips_event = true;
            let confirmed = &mut self.resolution.snapshot_orders_confirmed;
            *confirmed = confirmed.saturating_add(event.confirmed as u64);
            return Ok(());
        }
        self.resolution.snapshots_replacing = self.resolution.snapshots_replacing.saturating_add(1);
        match message.action {
            Action::Clear => Ok(()),
            _ => self.clear(message),
        }
    }

    /// Marks the event's last row.
    fn close_event(&mut self, instrument: u16) {
        let book = &mut self.books[usize::from(instrument)];
        book.skips_event = false;
        if let Some(row) = book
            .last_row
            .take()
            .and_then(|place| self.rows.get_mut(place))
        {
            row.flags |= Flags::LAST;
            row.signals |= Signals::LAST | book.best_changes();
            if book.is_crossed() {
                self.crossed.count(row.ts_event);
            }
        }
    }
}

#[cfg(test)]
mod tests;
