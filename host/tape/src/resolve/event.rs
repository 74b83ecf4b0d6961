//! The messages of atomic events that are not whole yet.
//!
//! Takes in messages in tape order; gives out the same messages once every event among them has ended, each with what
//! its whole event holds. Events of several instruments may interleave.

use backplane_sdk::types::Action;

use crate::message::SourceMessage;

/// Messages that may wait for the end of their events: a snapshot of a large book is one event.
pub(super) const MESSAGES_MAX: usize = 1 << 20;

/// What is known of a whole event.
#[derive(Clone, Copy, Debug)]
pub(super) struct Event {
    /// The place of its first message in the queue.
    pub(super) first_message: usize,
    /// The place of its last message in the queue.
    pub(super) last_message: usize,
    /// Whether its first message is part of a snapshot.
    pub(super) is_snapshot: bool,
    /// Whether no earlier event of the same instrument waits in the queue.
    pub(super) is_first: bool,
    /// Whether it holds a trade print.
    pub(super) has_trade: bool,
    /// Whether it holds a fill.
    pub(super) has_fill: bool,
    /// Its adds that are in the book just so.
    pub(super) confirmed: usize,
    /// Whether a message of it says something that is not in the book.
    pub(super) differs: bool,
}

/// Where an instrument stands in the queue.
#[derive(Clone, Copy, Debug, Default)]
struct Standing {
    /// Its event that has not ended.
    open: Option<usize>,
    /// Whether an event of it was begun since the queue was last empty.
    seen: bool,
}

/// The queue of messages whose events are not all whole.
#[derive(Debug, Default)]
pub(super) struct EventQueue {
    messages: Vec<(SourceMessage, usize)>,
    events: Vec<Event>,
    instruments: Vec<Standing>,
    open: usize,
}

impl EventQueue {
    /// An empty queue for so many instruments.
    pub(super) fn new(instruments: usize) -> EventQueue {
        EventQueue {
            instruments: vec![Standing::default(); instruments],
            ..EventQueue::default()
        }
    }

    /// Takes in a message; it ends its event where it says so.
    pub(super) fn push(&mut self, message: SourceMessage) -> Result<(), String> {
        let place = self.messages.len();
        if place >= MESSAGES_MAX {
            return Err(format!(
                "an event has not ended after {MESSAGES_MAX} messages"
            ));
        }
        let number = match self.instruments[usize::from(message.instrument)].open {
            Some(number) => number,
            None => self.begin(&message, place),
        };
        let event = &mut self.events[number];
        event.last_message = place;
        event.has_trade |= message.action == Action::Trade;
        event.has_fill |= message.action == Action::Fill;
        self.messages.push((message, number));
        if message.flags.is_last() {
            self.close(message.instrument);
        }
        Ok(())
    }

    fn begin(&mut self, message: &SourceMessage, place: usize) -> usize {
        let number = self.events.len();
        let standing = &mut self.instruments[usize::from(message.instrument)];
        self.events.push(Event {
            first_message: place,
            last_message: place,
            is_snapshot: message.flags.is_snapshot(),
            is_first: !standing.seen,
            has_trade: false,
            has_fill: false,
            confirmed: 0,
            differs: false,
        });
        *standing = Standing {
            open: Some(number),
            seen: true,
        };
        self.open += 1;
        number
    }

    /// Whether the message shows that a snapshot has ended which did not say so itself.
    pub(super) fn ends_snapshot(&self, message: &SourceMessage) -> bool {
        self.instruments[usize::from(message.instrument)]
            .open
            .is_some_and(|number| self.events[number].is_snapshot && !message.flags.is_snapshot())
    }

    /// Ends the open event of an instrument.
    pub(super) fn close(&mut self, instrument: u16) {
        if self.instruments[usize::from(instrument)]
            .open
            .take()
            .is_some()
        {
            self.open -= 1;
        }
    }

    /// Ends all open events; gives their number.
    pub(super) fn close_all(&mut self) -> u64 {
        let open = std::mem::take(&mut self.open);
        for standing in &mut self.instruments {
            standing.open = None;
        }
        open as u64
    }

    /// Whether no message waits.
    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Whether there are messages and all their events have ended.
    pub(super) fn is_whole(&self) -> bool {
        self.open == 0 && !self.messages.is_empty()
    }

    /// The messages and the numbers of their events.
    pub(super) fn messages(&self) -> &[(SourceMessage, usize)] {
        &self.messages
    }

    /// The events, by number.
    pub(super) fn events(&self) -> &[Event] {
        &self.events
    }

    /// Compares each message of a snapshot with the book: `is_known` says whether an order rests just so.
    pub(super) fn compare_snapshots(&mut self, mut is_known: impl FnMut(&SourceMessage) -> bool) {
        if !self.events.iter().any(|event| event.is_snapshot) {
            return;
        }
        for (message, number) in &self.messages {
            let event = &mut self.events[*number];
            if !event.is_snapshot || message.action == Action::Clear {
                continue;
            }
            if message.action == Action::Add && is_known(message) {
                event.confirmed += 1;
            } else {
                event.differs = true;
            }
        }
    }

    /// Forgets the messages.
    pub(super) fn clear(&mut self) {
        for (message, _) in &self.messages {
            self.instruments[usize::from(message.instrument)] = Standing::default();
        }
        self.messages.clear();
        self.events.clear();
    }
}
