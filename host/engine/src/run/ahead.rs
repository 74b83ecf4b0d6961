//! Batches: guests that keep books of their own hear many messages in one call, ahead of the market.
//!
//! Takes in the loaded rows; gives out, for one guest at a time, the messages that it is sure to hear next. Market data
//! comes from outside and nobody changes it, so a guest may hear of rows that the market has not taken over yet, up to
//! the first moment at which an answer or a timer might come between. It stops at the first message on which it asks for
//! something; what it asked for waits until the market is there too. So a run goes the same way whatever the size of a
//! batch: books, exchanges and records never run ahead.
//!
//! Messages are made from a market of their own, which is ahead of the strategies'. It is kept only where a guest takes
//! batches ([`takes_batches`]).

use std::collections::VecDeque;

use backplane_sdk::abi::{
    Command, Message,
    v1::{command_kind, kind},
};
use backplane_sdk::descriptor::Schema;
use backplane_sdk::types::{Flags, InstrumentId};

use super::Run;
use super::seat::Seat;
use crate::error::RunError;
use crate::fault::Fault;
use crate::guest::{Guest, Replies};
use crate::market::Market;
use crate::record::InstanceId;
use crate::router::{Changes, Router, SCHEMAS, hears};
use crate::row::signal;
use crate::rows::Rows;

/// The most messages that are made ahead.
const AHEAD_MAX: usize = 1_024;

/// A message that guests with batches are about to hear.
#[derive(Clone, Copy, Debug)]
struct Coming {
    /// The number of its row.
    row: u64,
    /// In which schema it is told: a bit of [`hears`].
    told: u8,
    message: Message,
}

/// A guest that takes batches.
#[derive(Debug)]
struct Batch {
    /// Whose batch it is.
    place: usize,
    /// The most messages of one call.
    most: usize,
    /// For each instrument, the schemas (bits of [`hears`]) that it hears.
    schemas: Vec<u8>,
    /// How many messages of the last call the market has yet to come to.
    left: usize,
    /// How many it has come to.
    done: usize,
    /// What the guest gave.
    replies: Replies,
}

/// What is ahead of the market.
pub(super) struct Ahead {
    batches: Vec<Batch>,
    market: Market,
    changes: Changes,
    /// The number of rows that the market ahead holds.
    rows: u64,
    /// The number of the row before which nobody hears of a row that the market ahead does not hold.
    quiet: u64,
    coming: VecDeque<Coming>,
    /// The messages of the next call.
    messages: Vec<Message>,
}

/// Whether a guest that keeps books of its own hears in batches: where one call may deliver several messages, or where it
/// hears every change of a level and not only the last of an event. Otherwise it hears like those that read lent books.
pub(super) fn takes_batches(guest: &dyn Guest) -> bool {
    let subscriptions = &guest.descriptor().subscriptions;
    let hears = |is_meant: fn(Schema) -> bool| subscriptions.iter().any(|x| is_meant(x.schema));
    // A bar may close at any trade, and is no row of the tape: who hears bars hears everything singly.
    let is_single = guest.batch_max() == 1 || hears(|x| matches!(x, Schema::Ohlcv(_)));
    guest.keeps_books() && (!is_single || hears(|x| x == Schema::Mbp))
}

impl Ahead {
    /// Nothing is ahead yet. `batched` says of each seat whether it takes batches.
    pub(super) fn new(
        seats: &[Seat],
        batched: &[bool],
        router: &Router,
        instruments: usize,
    ) -> Ahead {
        let batch = |(place, seat): (usize, &Seat)| {
            let instance = InstanceId(place as u32);
            let instruments = (0..instruments as u32).map(InstrumentId);
            Batch {
                place,
                // A bar may close at any trade, and is no row of the tape.
                most: if router.hears_bars(instance) {
                    1
                } else {
                    seat.batch_max()
                },
                schemas: instruments.map(|x| router.schemas(instance, x)).collect(),
                left: 0,
                done: 0,
                replies: Replies::default(),
            }
        };
        let numbered = seats.iter().enumerate();
        let batches: Vec<Batch> = numbered
            .filter(|(place, _)| batched[*place])
            .map(batch)
            .collect();
        Ahead {
            market: Market::new(if batches.is_empty() { 0 } else { instruments }),
            batches,
            changes: Changes::new(instruments),
            rows: 0,
            quiet: 0,
            coming: VecDeque::new(),
            messages: Vec::new(),
        }
    }

    /// Whether anybody takes batches.
    #[inline]
    pub(super) const fn is_used(&self) -> bool {
        !self.batches.is_empty()
    }

    /// Makes the messages of the rows from the one of number `first` on, as far as they are loaded and there is room.
    /// Places are numbers less `offset`.
    fn fill(&mut self, router: &Router, rows: &Rows, first: u64, offset: u64) {
        self.follow(rows, first, offset);
        // It may be ahead of `first`: what it holds is neither applied nor told twice.
        let mut place = (self.rows - offset) as usize;
        while self.coming.len() < AHEAD_MAX {
            // What was searched in vain is not searched again: those who hear bars alone never find anything.
            let from = place.max(self.quiet.saturating_sub(offset) as usize);
            let Some(next) = router.next_concerning(rows, from..rows.len()) else {
                self.quiet = offset + rows.len() as u64;
                break;
            };
            self.market.apply_all(rows, place..next + 1);
            self.make(router, rows, next, offset);
            place = next + 1;
        }
        self.rows = offset + place as u64;
    }

    /// Makes the messages of the row of a place.
    fn make(&mut self, router: &Router, rows: &Rows, place: usize, offset: u64) {
        router.note(&mut self.changes, rows, place);
        let told = router.told(&self.changes, rows, place);
        let book = &self.market.books()[usize::from(rows.instrument[place])];
        let row = offset + place as u64;
        let within = router.change_within(&self.changes, rows, place);
        self.coming.extend(within.map(|message| Coming {
            row,
            told: hears::MBP,
            message,
        }));
        for schema in SCHEMAS.into_iter().filter(|x| told & x != 0) {
            self.coming.push_back(Coming {
                row,
                told: told & schema,
                message: router.message(told & schema, &self.changes, rows, place, book),
            });
        }
        router.finish(&mut self.changes, rows, place);
    }

    /// The market ahead is not to fall behind: it takes over the rows before the one of number `until`, of which nobody
    /// hears.
    fn follow(&mut self, rows: &Rows, until: u64, offset: u64) {
        if self.rows < until {
            let places = (self.rows - offset) as usize..(until - offset) as usize;
            self.market.apply_all(rows, places);
            self.rows = until;
        }
    }

    /// Gathers what a guest hears next: its messages among those that come, up to local time `until`.
    fn gather(&mut self, batch: usize, until: i64) {
        let batch = &self.batches[batch];
        self.messages.clear();
        for coming in &self.coming {
            let message = &coming.message;
            let is_first = self.messages.is_empty();
            if self.messages.len() == batch.most || !is_first && message.ts_recv > until {
                break;
            }
            if batch.schemas[message.instrument as usize] & coming.told != 0 {
                self.messages.push(*message);
            }
        }
    }
}

impl Run<'_> {
    /// The market ahead takes over the rows that the market has, where nobody hears of them.
    #[inline]
    pub(super) fn follow(&mut self) {
        if self.ahead.is_used() {
            let (rows, offset) = (self.window.rows(), self.window.first());
            self.ahead.follow(rows, self.heard, offset);
        }
    }

    /// Those who take batches hear of the last row that the market took over.
    pub(super) fn hear_ahead(&mut self) -> Result<(), RunError> {
        let number = self.heard - 1;
        if self.ahead.coming.is_empty() {
            let (rows, offset) = (self.window.rows(), self.window.first());
            self.ahead.fill(&self.router, rows, number, offset);
        }
        while let Some(coming) = self.ahead.coming.front().copied()
            && coming.row == number
        {
            let instrument = coming.message.instrument as usize;
            for batch in 0..self.ahead.batches.len() {
                if self.ahead.batches[batch].schemas[instrument] & coming.told != 0 {
                    self.come_to(batch, &coming.message)?;
                }
            }
            self.ahead.coming.pop_front();
        }
        Ok(())
    }

    /// The market has come to a message of a guest that takes batches: what it asked for then is done now.
    fn come_to(&mut self, batch: usize, message: &Message) -> Result<(), RunError> {
        let place = self.ahead.batches[batch].place;
        if !self.seats[place].runs() {
            return Ok(());
        }
        if self.ahead.batches[batch].left == 0 {
            if self.traces {
                let number = self.seats[place].messages + 1;
                self.watcher
                    .before(InstanceId(place as u32), number, message);
            }
            let until = self.sure_until(place);
            self.ahead.gather(batch, until);
            if let Err(fault) = self.call(batch) {
                self.seats[place].fell_among(self.ahead.messages.len());
                self.seats[place].come_to(message);
                let logs = &mut self.ahead.batches[batch].replies.logs;
                self.replies.logs.append(logs);
                return self.do_what_is_asked(place, message, Err(fault));
            }
        }
        self.seats[place].come_to(message);
        let batch = &mut self.ahead.batches[batch];
        batch.left -= 1;
        let asked = batch.asked_now();
        batch.done += 1;
        let asked = batch.replies.commands.drain(..asked);
        self.replies.commands.extend(asked);
        if batch.left == 0 {
            self.replies.logs.append(&mut batch.replies.logs);
        }
        if self.replies.is_empty() {
            return Ok(());
        }
        self.do_what_is_asked(place, message, Ok(()))
    }

    /// Lets a guest hear what was gathered for it.
    fn call(&mut self, batch: usize) -> Result<(), Box<Fault>> {
        let (batch, messages) = (&mut self.ahead.batches[batch], &self.ahead.messages);
        batch.replies.clear();
        let books = self.market.books();
        let heard = self.seats[batch.place].hear_batch(messages, books, &mut batch.replies)?;
        batch.check(heard, messages)?;
        (batch.left, batch.done) = (heard, 0);
        Ok(())
    }

    /// The local time up to which a seat is sure to hear nothing but the market.
    fn sure_until(&mut self, place: usize) -> i64 {
        self.wake(place);
        self.note_due(place);
        let due = &self.dues[place];
        let mut unknown = due.unknown;
        if due.rests && !self.counts_queues {
            // Nothing becomes of resting orders before a row that can fill one.
            let rows = self.window.rows();
            let from = self.window.place(self.heard);
            let found = rows.next_with(from..rows.len(), signal::MATCH);
            let happens = found
                .or(rows.len().checked_sub(1))
                .map(|x| rows.ts_event[x]);
            let response = self.config.latency.response.minimum().0;
            let happens = happens.map_or(i64::MIN, |x| x.min(self.calendar.next()));
            unknown = unknown.max(happens.saturating_add(response));
        }
        due.known.min(unknown).min(self.unwatched_until(place))
    }
}

impl Batch {
    /// Checks what a guest says of a call.
    fn check(&self, heard: usize, messages: &[Message]) -> Result<(), Box<Fault>> {
        let fault = |why: String| Err(Box::new(Fault::new(why)));
        let Some(last) = heard.checked_sub(1).and_then(|x| messages.get(x)) else {
            let given = messages.len();
            return fault(format!("it says that it heard {heard} messages of {given}"));
        };
        let is_within = |x: &&Command| x.kind == command_kind::METRIC;
        let metrics = self.replies.commands.iter().take_while(is_within);
        let mut before = 0;
        for metric in metrics.clone() {
            if metric.quantity < before || metric.quantity >= heard as i64 {
                return fault(format!(
                    "it gave a metric for message {} of {heard}",
                    metric.quantity
                ));
            }
            before = metric.quantity;
        }
        let is_asked = metrics.count() < self.replies.commands.len();
        if is_asked && last.kind == kind::LEVEL && !Flags(last.flags).is_last() {
            return fault("it asked for something within an event".into());
        }
        Ok(())
    }

    /// How many of the commands were given on the message that the market has come to.
    fn asked_now(&self) -> usize {
        let commands = &self.replies.commands;
        if self.left == 0 {
            return commands.len();
        }
        let done = self.done as i64;
        let is_now = |x: &&Command| x.kind == command_kind::METRIC && x.quantity <= done;
        commands.iter().take_while(is_now).count()
    }
}
