//! Rows in order, with both of their times, and a window over them.
//!
//! Takes in a tape's columns from a [`RowSource`]; gives out a [`Window`] of rows that reaches from where the strategies
//! are to where the exchange is. Memory is bounded by the batch and by the latencies, whatever the tape's length.

use backplane_sdk::types::Flags;

use crate::delay::Delay;
use crate::error::SourceError;
use crate::row::{Columns, signal};
use crate::rows::Rows;

/// Gives a tape's rows, batch by batch.
pub trait RowSource {
    /// Appends the next rows to `batch` with [`RowBatch::extend`]; `false` at the end of the tape.
    ///
    /// # Errors
    /// Says which file could not be read, where, and what to do.
    fn next(&mut self, batch: &mut RowBatch) -> Result<bool, SourceError>;

    /// Whether the tape shows price levels only (schema `mbp`), and no orders.
    fn shows_levels(&self) -> bool {
        false
    }
}

/// The most nanoseconds (4.3 s) that a row may take to be heard; times further apart are damaged ones.
const FEED_LATENCY_MAX: i64 = u32::MAX as i64;

/// Times are looked through so many at once: one that must be corrected makes no more of them slow.
const TIMES_AT_ONCE: usize = 512;

/// How the replay makes both times of a row.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    /// The fixed feed latency, or that of the present event; `None` where the recorded one is taken.
    fixed: Option<i64>,
    /// What draws the feed latency of each event; `None` where none is drawn.
    drawn: Option<DrawnFeed>,
    exchange: i64,
    local: i64,
    /// See [`crate::summary::RunSummary::exchange_time_corrections`].
    pub exchange_time_corrections: u64,
    /// See [`crate::summary::RunSummary::negative_latency_corrections`].
    pub negative_latency_corrections: u64,
    /// See [`crate::summary::RunSummary::late_corrections`].
    pub late_corrections: u64,
}

/// Draws how long each atomic event takes to be heard. Events never overtake one another, and are heard at once.
#[derive(Clone, Debug)]
struct DrawnFeed {
    delay: Delay,
    key: u64,
    /// The number of events that have begun.
    events: u64,
    /// The latency of the present event; `None` between two.
    present: Option<i64>,
    last: i64,
}

impl DrawnFeed {
    const fn new(delay: Delay, key: u64) -> DrawnFeed {
        DrawnFeed {
            delay,
            key,
            events: 0,
            present: None,
            last: i64::MIN,
        }
    }

    /// When a row is heard that happened at exchange time `happened`.
    fn hears(&mut self, happened: i64, signals: u8) -> i64 {
        let latency = self.present.unwrap_or_else(|| {
            self.events += 1;
            self.delay.of(happened, self.key, self.events)
        });
        let is_last = signals & signal::LAST != 0;
        self.present = (!is_last).then_some(latency);
        self.last = self.last.max(happened.saturating_add(latency));
        self.last
    }
}

impl Clock {
    /// A clock before the first row. With a delay, whose draws have the key beside it, the recorded times of arrival are
    /// not used.
    pub fn new(delay: Option<(Delay, u64)>) -> Clock {
        let drawn = delay.as_ref().filter(|x| matches!(x.0, Delay::Drawn(_)));
        Clock {
            drawn: drawn.map(|(delay, key)| DrawnFeed::new(delay.clone(), *key)),
            fixed: delay.map(|x| x.0.minimum().0),
            exchange: i64::MIN,
            local: i64::MIN,
            ..Clock::default()
        }
    }

    /// Makes the times of some rows and appends them.
    fn read_all(&mut self, columns: &Columns<'_>, count: usize, rows: &mut Rows) {
        for first in (0..count).step_by(TIMES_AT_ONCE) {
            let end = count.min(first + TIMES_AT_ONCE);
            let (happened, received) =
                (&columns.ts_event[first..end], &columns.ts_recv[first..end]);
            if self.drawn.is_none() && self.takes(happened, received) {
                rows.ts_event.extend_from_slice(happened);
                match self.fixed {
                    Some(latency) => {
                        let heard = happened.iter().map(|x| x.saturating_add(latency));
                        rows.ts_recv.extend(heard);
                    }
                    None => rows.ts_recv.extend_from_slice(received),
                }
                continue;
            }
            let times = happened
                .iter()
                .zip(received)
                .zip(&columns.flags[first..end]);
            for (place, ((happened, received), flags)) in times.enumerate() {
                let live = flags & Flags::SNAPSHOT == 0;
                let (happened, mut heard) = self.read(*happened, *received, live);
                if let Some(drawn) = &mut self.drawn {
                    heard = drawn.hears(happened, columns.signals[first + place]);
                }
                rows.ts_event.push(happened);
                rows.ts_recv.push(heard);
            }
        }
    }

    /// Whether [`Clock::read`] would leave all of these times as they are; then the clock goes on to the last of them.
    /// Whatever is wrong makes a number negative, so that one look at all signs together is enough.
    fn takes(&mut self, happened: &[i64], received: &[i64]) -> bool {
        let Some((first, last)) = happened.first().zip(received.first()) else {
            return true;
        };
        let behind =
            first.wrapping_sub(self.exchange.max(0)) | last.wrapping_sub(self.local.max(0));
        let signs = |all: i64, pair: &[i64]| all | pair[0] | pair[1].wrapping_sub(pair[0]);
        let happened_signs = happened.windows(2).fold(behind | *first, signs);
        let received_signs = received.windows(2).fold(*last, signs);
        let pairs = happened.iter().zip(received);
        let allowed = if self.fixed.is_some() {
            FEED_LATENCY_MAX
        } else {
            0
        };
        let latency_signs = pairs.fold(0, |all, (happened, received)| {
            let latency = received.wrapping_sub(*happened);
            all | latency.wrapping_add(allowed) | FEED_LATENCY_MAX.wrapping_sub(latency)
        });
        let is_whole = self.fixed.is_some() || received_signs >= 0;
        if happened_signs < 0 || latency_signs < 0 || !is_whole {
            return false;
        }
        self.exchange = happened.last().map_or(self.exchange, |x| *x);
        if self.fixed.is_none() {
            self.local = received.last().map_or(self.local, |x| *x);
        }
        true
    }

    /// Both times of a row. Neither is less than that of the row before, and no row is heard before it happened. A row
    /// that is said to have happened long after it was received does not take the clock along, so that one damaged time
    /// does not ruin the rest of the tape.
    fn read(&mut self, ts_event: i64, ts_recv: i64, live: bool) -> (i64, i64) {
        let happened = ts_event.min(ts_recv.saturating_add(FEED_LATENCY_MAX));
        if happened < self.exchange {
            self.exchange_time_corrections += u64::from(live);
        }
        self.exchange = self.exchange.max(happened);
        if let Some(latency) = self.fixed {
            return (self.exchange, self.exchange.saturating_add(latency));
        }
        if ts_recv < self.exchange {
            self.negative_latency_corrections += u64::from(live);
        }
        self.local = self.local.max(ts_recv).max(self.exchange);
        if self.local.saturating_sub(self.exchange) > FEED_LATENCY_MAX {
            self.late_corrections += u64::from(live);
            self.exchange = self.local - FEED_LATENCY_MAX;
        }
        (self.exchange, self.local)
    }
}

/// Rows, and the clock that makes their times.
#[derive(Clone, Debug, Default)]
pub struct RowBatch {
    rows: Rows,
    clock: Clock,
    /// The signals of the row before.
    before: u8,
}

impl RowBatch {
    /// An empty batch whose rows take their times from `clock`.
    pub fn new(clock: Clock) -> RowBatch {
        RowBatch {
            clock,
            before: signal::LAST,
            ..RowBatch::default()
        }
    }

    /// The rows so far.
    pub const fn rows(&self) -> &Rows {
        &self.rows
    }

    /// Appends the rows of a tape's columns.
    pub fn extend(&mut self, columns: &Columns<'_>) {
        let count = columns.len();
        self.clock.read_all(columns, count, &mut self.rows);
        self.before = self.rows.extend(columns, count, self.before);
    }
}

/// A window over the rows of a tape, from the first that the strategies have not heard to the last that is loaded. Rows
/// are numbered from 0 over the whole tape.
pub struct Window {
    batch: RowBatch,
    first: u64,
    ended: bool,
    /// When the last row that was ever loaded is heard.
    last_heard: Option<i64>,
    /// The exchange time of the last loaded row that begins an event.
    known_until: i64,
}

impl Window {
    /// An empty window.
    pub fn new(clock: Clock) -> Window {
        Window {
            batch: RowBatch::new(clock),
            first: 0,
            ended: false,
            last_heard: None,
            known_until: i64::MIN,
        }
    }

    /// Loads the next rows of the source and forgets those before `keep`; `false` where there are no more.
    ///
    /// # Errors
    /// What the source says.
    pub fn load(&mut self, source: &mut dyn RowSource, keep: u64) -> Result<bool, SourceError> {
        if self.ended {
            return Ok(false);
        }
        let rows = &mut self.batch.rows;
        let forgotten = keep.saturating_sub(self.first).min(rows.len() as u64);
        rows.forget(forgotten as usize);
        self.first += forgotten;
        self.ended = !source.next(&mut self.batch)?;
        let rows = &self.batch.rows;
        self.last_heard = rows.ts_recv.last().copied().or(self.last_heard);
        let starts = rows.last_start(0..rows.len());
        self.known_until = starts.map_or(self.known_until, |place| rows.ts_event[place]);
        Ok(!self.ended)
    }

    /// Loads rows until one begins an event after exchange time `until`, or the tape ends.
    ///
    /// # Errors
    /// What the source says.
    pub fn reach(
        &mut self,
        source: &mut dyn RowSource,
        until: i64,
        keep: u64,
    ) -> Result<(), SourceError> {
        while !self.ended && self.known_until <= until {
            self.load(source, keep)?;
        }
        Ok(())
    }

    /// The rows.
    #[inline]
    pub const fn rows(&self) -> &Rows {
        &self.batch.rows
    }

    /// The place within [`Window::rows`] of the row of a number, which must not be forgotten yet.
    #[inline]
    pub const fn place(&self, number: u64) -> usize {
        (number - self.first) as usize
    }

    /// When the tape's last row is heard; `None` as long as the end of the tape was not reached.
    pub const fn last_heard(&self) -> Option<i64> {
        if self.ended { self.last_heard } else { None }
    }

    /// The number of the first row.
    #[inline]
    pub const fn first(&self) -> u64 {
        self.first
    }

    /// The number of the row after the last.
    pub fn end(&self) -> u64 {
        self.first + self.batch.rows.len() as u64
    }

    /// What was corrected so far.
    pub const fn clock(&self) -> &Clock {
        &self.batch.clock
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delay::LatencyModel;
    use crate::random::Random;
    use backplane_sdk::types::{Nanos, Timestamp};
    use proptest::prelude::*;

    #[test]
    fn no_row_goes_back_in_time_or_is_heard_before_it_happened() {
        let mut clock = Clock::new(None);
        assert_eq!(clock.read(100, 150, true), (100, 150));
        assert_eq!(clock.read(90, 160, true), (100, 160));
        assert_eq!(clock.read(200, 150, true), (200, 200));
        assert_eq!(
            clock.read(200, 9_000_000_000, true),
            (4_705_032_705, 9_000_000_000)
        );
        assert_eq!(clock.exchange_time_corrections, 1);
        assert_eq!(clock.negative_latency_corrections, 1);
        assert_eq!(clock.late_corrections, 1);
    }

    #[test]
    fn a_time_in_the_far_future_does_not_take_the_clock_along() {
        let mut clock = Clock::new(None);
        assert_eq!(clock.read(100, 150, true), (100, 150));
        let (happened, _) = clock.read(i64::MAX, 200, true);
        assert_eq!(happened, 200 + FEED_LATENCY_MAX);
        let later = 200 + 2 * FEED_LATENCY_MAX;
        assert_eq!(clock.read(later, later, true), (later, later));
        assert_eq!(clock.negative_latency_corrections, 1);
    }

    #[test]
    fn a_fixed_latency_replaces_the_recorded_one() {
        let mut clock = Clock::new(Some((Delay::Fixed(Nanos(7)), 0)));
        assert_eq!(clock.read(100, 5_000, true), (100, 107));
        assert_eq!(clock.read(99, 5_000, true), (100, 107));
    }

    /// From 100 to 199 nanoseconds.
    #[derive(Debug)]
    struct Hundreds;

    impl LatencyModel for Hundreds {
        fn minimum(&self) -> Nanos {
            Nanos(100)
        }

        fn draw(&self, _: Timestamp, random: &mut Random) -> Nanos {
            Nanos(100 + random.below(100) as i64)
        }
    }

    #[test]
    fn a_drawn_latency_is_one_for_each_event_and_no_event_overtakes() {
        let times: Vec<i64> = (0..600).map(|x| x / 3 * 40).collect();
        let signals: Vec<u8> = (0..600u32)
            .map(|x| if x % 3 == 2 { signal::LAST } else { 0 })
            .collect();
        let columns = Columns {
            ts_event: &times,
            ts_recv: &times,
            flags: &[0; 600],
            signals: &signals,
            ..Columns::default()
        };
        let mut rows = Rows::default();
        let mut clock = Clock::new(Some((Delay::drawn(Hundreds), 5)));
        clock.read_all(&columns, 600, &mut rows);
        assert_eq!(rows.ts_event, times);
        assert!(rows.ts_recv.is_sorted());
        let mut different = 0;
        for (heard, happened) in rows.ts_recv.chunks(3).zip(times.chunks(3)) {
            assert!(heard.iter().all(|x| *x == heard[0]), "{heard:?}");
            assert!((100..200).contains(&(heard[0] - happened[0])));
            different += usize::from(heard[0] - happened[0] != 150);
        }
        assert!(different > 150);
    }

    proptest! {
        #[test]
        fn times_that_are_taken_as_they_are_equal_those_read_one_by_one(
            steps in prop::collection::vec((-3i64..40, -3i64..60, 0u8..40), 1..1_400),
            fixed in prop::option::of(0i64..100),
            start in -200i64..2_000,
        ) {
            let (mut happened, mut received) = (Vec::new(), Vec::new());
            let mut now = start;
            for (step, latency, kind) in steps {
                // Most chunks are to be whole: what goes wrong is rare.
                let wild = if kind == 0 { i64::MAX / 2 } else { 0 };
                now += if kind < 3 { step } else { step.abs() };
                happened.push(now.saturating_add(if latency < 0 { wild } else { 0 }));
                let heard = now + latency.max(if kind < 5 { -3 } else { 0 });
                let before = received.last().copied().filter(|_| kind != 4);
                received.push(before.unwrap_or(i64::MIN).max(heard));
            }
            let flags = vec![0; happened.len()];
            let columns = Columns {
                ts_event: &happened,
                ts_recv: &received,
                flags: &flags,
                ..Columns::default()
            };
            let delay = fixed.map(|x| (Delay::Fixed(Nanos(x)), 0));
            let (mut many, mut rows) = (Clock::new(delay.clone()), Rows::default());
            many.read_all(&columns, happened.len(), &mut rows);
            let mut single = Clock::new(delay);
            for (place, (happened, received)) in happened.iter().zip(&received).enumerate() {
                let expected = single.read(*happened, *received, true);
                prop_assert_eq!((rows.ts_event[place], rows.ts_recv[place]), expected);
            }
            let counts = |x: &Clock| {
                let negative = x.negative_latency_corrections;
                (x.exchange_time_corrections, negative, x.late_corrections)
            };
            prop_assert_eq!(counts(&many), counts(&single));
        }
    }

    fn columns<'a>(times: &'a [i64], signals: &'a [u8], zeros: &'a [u32]) -> Columns<'a> {
        const BYTES: [u8; 8] = [0; 8];
        const SHORTS: [u16; 8] = [0; 8];
        Columns {
            ts_event: times,
            ts_recv: times,
            price: times,
            size: zeros,
            level_size: zeros,
            priority: zeros,
            instrument: &SHORTS,
            action: &BYTES,
            side: &BYTES,
            flags: &BYTES,
            signals,
            rank: &BYTES,
            order_id: &[],
            sequence: &[],
        }
    }

    struct Batches(Vec<Vec<(i64, u8)>>);

    impl RowSource for Batches {
        fn next(&mut self, batch: &mut RowBatch) -> Result<bool, SourceError> {
            if self.0.is_empty() {
                return Ok(false);
            }
            let rows = self.0.remove(0);
            let times: Vec<i64> = rows.iter().map(|x| x.0).collect();
            let signals: Vec<u8> = rows.iter().map(|x| x.1).collect();
            batch.extend(&columns(&times, &signals, &vec![0; rows.len()]));
            Ok(true)
        }
    }

    #[test]
    fn the_window_reads_ahead_and_forgets_what_was_heard() {
        const LAST: u8 = signal::LAST;
        const MATCH: u8 = signal::MATCH;
        let mut source = Batches(vec![
            vec![(1, LAST), (2, MATCH), (2, LAST)],
            vec![(3, 0), (9, MATCH | LAST)],
            vec![(10, LAST)],
        ]);
        let mut window = Window::new(Clock::new(None));
        window.reach(&mut source, 2, 0).unwrap();
        assert_eq!(
            (window.first(), window.end()),
            (0, 5),
            "row 9 begins no event"
        );
        window.reach(&mut source, 3, 2).unwrap();
        assert_eq!((window.first(), window.end()), (2, 6));
        assert!(window.rows().has(1, signal::START));
        assert!(!window.rows().has(2, signal::START));
        window.reach(&mut source, 100, 6).unwrap();
        assert_eq!((window.first(), window.end()), (6, 6));
    }
}
