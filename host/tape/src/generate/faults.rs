//! Faults of recordings, on purpose: so that tests meet what real feeds do.
//!
//! Takes in the messages of a sound market; gives out the same messages with faults in them at places that the seed
//! chooses: whole events that are missing, books that are crossed for a while, events that come late, and a local clock
//! that jumps. The opening snapshot is never touched.

use std::collections::VecDeque;
use std::fmt;

use backplane_sdk::types::{Action, Flags, Price, Side, Timestamp};

use super::random::Random;
use crate::message::SourceMessage;

/// Events that a gap swallows.
pub const GAP_EVENTS: u32 = 100;
/// Events for which a book stays crossed.
pub const CROSSED_EVENTS: u32 = 10;
/// By how much a late event is stamped too early, in nanoseconds.
pub const LATE_NANOS: i64 = 1_000_000_000;
/// By how much the local clock is ahead after a jump, in nanoseconds.
pub const JUMP_NANOS: i64 = 2_000_000_000;
/// Events for which the local clock stays ahead.
pub const JUMP_EVENTS: u32 = 50;
/// Kinds of faults of one tape, each so often at most.
pub const FAULTS_MAX: u32 = 10_000;
/// The stream of random numbers from which the places are drawn.
const STREAM: u64 = 1 << 33;
/// The first number of orders that cross books; the generator's own stay below.
const ORDER_ID_FIRST: u64 = 1 << 63;

/// How often each fault occurs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Runs of [`GAP_EVENTS`] events are missing.
    pub gaps: u32,
    /// An order crosses the book and stays for [`CROSSED_EVENTS`] events.
    pub crossed: u32,
    /// An event bears times [`LATE_NANOS`] before those of the event before it.
    pub late: u32,
    /// The local clock is [`JUMP_NANOS`] ahead for [`JUMP_EVENTS`] events, then falls back.
    pub jumps: u32,
}

impl Faults {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        *self == Faults::default()
    }
}

/// Writes what there is: `3 gaps, 1 crossed`.
impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = [
            (self.gaps, "gaps"),
            (self.crossed, "crossed"),
            (self.late, "late"),
            (self.jumps, "jumps"),
        ];
        let said: Vec<String> = counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, name)| format!("{count} {name}"))
            .collect();
        f.write_str(&said.join(", "))
    }
}

/// What happens at an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    Gap,
    Crossed,
    Late,
    Jump,
}

/// A market with faults.
pub struct Faulty<I> {
    messages: I,
    /// Where faults begin, by the number of the message, the earliest first.
    places: VecDeque<(u64, Fault)>,
    /// Live messages so far.
    live: u64,
    /// Whether the next message begins an event.
    at_start: bool,
    /// Events that are still to be swallowed, and events for which the clock is still ahead.
    swallowed: u32,
    ahead: u32,
    /// How far the present event's times are moved.
    late: bool,
    /// What is handed out before the next message.
    waiting: VecDeque<SourceMessage>,
    /// Orders that cross a book, with the events after which they go.
    crossing: Vec<(u32, SourceMessage)>,
    next_order: u64,
}

impl<I: Iterator<Item = SourceMessage>> Faulty<I> {
    /// Puts faults at places that the seed chooses among so many live messages.
    pub fn new(messages: I, faults: Faults, seed: u64, count: u64) -> Faulty<I> {
        let mut random = Random::new(seed, STREAM);
        let mut places = Vec::new();
        for (times, fault) in [
            (faults.gaps, Fault::Gap),
            (faults.crossed, Fault::Crossed),
            (faults.late, Fault::Late),
            (faults.jumps, Fault::Jump),
        ] {
            for _ in 0..times.min(FAULTS_MAX) {
                let share = u64::from(random.below(1 << 20));
                places.push((
                    (count >> 20) * share + (((count & 0xF_FFFF) * share) >> 20),
                    fault,
                ));
            }
        }
        places.sort_unstable();
        Faulty {
            messages,
            places: places.into(),
            live: 0,
            at_start: true,
            swallowed: 0,
            ahead: 0,
            late: false,
            waiting: VecDeque::new(),
            crossing: Vec::new(),
            next_order: ORDER_ID_FIRST,
        }
    }

    /// Begins an event: the faults whose turn it is begin with it.
    fn begin(&mut self, message: &SourceMessage) {
        self.swallowed = self.swallowed.saturating_sub(1);
        self.ahead = self.ahead.saturating_sub(1);
        self.late = false;
        for (events, _) in &mut self.crossing {
            *events = events.saturating_sub(1);
        }
        while self
            .places
            .front()
            .is_some_and(|(place, _)| *place <= self.live)
        {
            match self.places.pop_front() {
                Some((_, Fault::Gap)) => self.swallowed = GAP_EVENTS,
                Some((_, Fault::Late)) => self.late = true,
                Some((_, Fault::Jump)) => self.ahead = JUMP_EVENTS,
                Some((_, Fault::Crossed)) => self.cross(message),
                None => {}
            }
        }
        let (gone, stay) = std::mem::take(&mut self.crossing)
            .into_iter()
            .partition(|(events, _)| *events == 0);
        self.crossing = stay;
        let gone: Vec<(u32, SourceMessage)> = gone;
        self.waiting
            .extend(gone.into_iter().map(|(_, order)| SourceMessage {
                action: Action::Cancel,
                ts_event: message.ts_event,
                ts_recv: message.ts_recv,
                ..order
            }));
    }

    /// A bid far above all offers.
    fn cross(&mut self, message: &SourceMessage) {
        if !message.price.is_defined() {
            return;
        }
        let order = SourceMessage {
            order_id: self.next_order,
            action: Action::Add,
            side: Some(Side::Buy),
            price: Price(message.price.0.saturating_mul(2)),
            size: 1,
            flags: Flags(Flags::LAST),
            ..*message
        };
        self.next_order += 1;
        self.waiting.push_back(order);
        self.crossing.push((CROSSED_EVENTS, order));
    }

    fn moved(&self, message: SourceMessage) -> SourceMessage {
        let by = |time: Timestamp, nanos: i64| Timestamp(time.0.saturating_add(nanos));
        let late = if self.late { -LATE_NANOS } else { 0 };
        let jump = if self.ahead > 0 { JUMP_NANOS } else { 0 };
        SourceMessage {
            ts_event: by(message.ts_event, late),
            ts_recv: by(message.ts_recv, late + jump),
            ..message
        }
    }
}

impl<I: Iterator<Item = SourceMessage>> Iterator for Faulty<I> {
    type Item = SourceMessage;

    fn next(&mut self) -> Option<SourceMessage> {
        loop {
            if let Some(message) = self.waiting.pop_front() {
                return Some(message);
            }
            let message = self.messages.next()?;
            if message.flags.is_snapshot() {
                return Some(message);
            }
            if std::mem::replace(&mut self.at_start, message.flags.is_last()) {
                self.begin(&message);
            }
            self.live += 1;
            if self.swallowed > 0 {
                continue;
            }
            let message = self.moved(message);
            if self.waiting.is_empty() {
                return Some(message);
            }
            self.waiting.push_back(message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::{Generator, GeneratorConfig};
    use crate::resolve::{Conventions, FillConvention, Resolver, UnknownOrders};

    fn config() -> GeneratorConfig {
        GeneratorConfig {
            messages: 20_000,
            instruments: 2,
            ..GeneratorConfig::default()
        }
    }

    fn faulty(faults: Faults) -> impl Iterator<Item = SourceMessage> {
        Faulty::new(Generator::new(config()).unwrap(), faults, 7, 20_000)
    }

    /// What the resolver notices.
    fn resolved(faults: Faults) -> Resolver {
        let conventions = Conventions {
            fills: FillConvention::TakesOut,
            unknown_orders: UnknownOrders::Drop,
        };
        let mut resolver = Resolver::new(2, conventions);
        for message in faulty(faults) {
            resolver.push(&message).unwrap();
        }
        resolver.finish().unwrap();
        resolver
    }

    #[test]
    fn a_market_without_faults_is_left_as_it_is() {
        let sound = Generator::new(config()).unwrap();
        assert!(faulty(Faults::default()).eq(sound));
        let found = resolved(Faults::default());
        assert_eq!(found.crossed().events, 0);
        assert_eq!(found.resolution().receive_times_raised, 0);
    }

    #[test]
    fn every_fault_is_noticed_and_by_its_own_count() {
        let gaps = resolved(Faults {
            gaps: 3,
            ..Faults::default()
        });
        let unknown = gaps.resolution().unknown_cancels + gaps.resolution().unknown_modifies;
        assert!(unknown > 0, "{:?}", gaps.resolution());
        let crossed = resolved(Faults {
            crossed: 2,
            ..Faults::default()
        });
        assert!((2..=2 * u64::from(CROSSED_EVENTS) + 2).contains(&crossed.crossed().events));
        assert_eq!(crossed.resolution().unknown_cancels, 0);
        let late = resolved(Faults {
            late: 4,
            ..Faults::default()
        });
        assert!(late.resolution().receive_times_raised >= 4);
        assert_eq!(late.resolution().unknown_cancels, 0);
        let jumps = resolved(Faults {
            jumps: 1,
            ..Faults::default()
        });
        assert!(jumps.resolution().receive_times_raised > u64::from(JUMP_EVENTS));
    }

    #[test]
    fn the_same_seed_gives_the_same_faults() {
        let faults = Faults {
            gaps: 2,
            crossed: 2,
            late: 2,
            jumps: 2,
        };
        assert!(faulty(faults).eq(faulty(faults)));
        assert_eq!(faults.to_string(), "2 gaps, 2 crossed, 2 late, 2 jumps");
    }
}
