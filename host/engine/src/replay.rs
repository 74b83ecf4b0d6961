//! Rows in order, with both of their times, and a window over them.
//!
//! Takes in a tape's columns from a [`RowSource`]; gives out a [`Window`] of rows that reaches from where the strategies
//! are to where the exchange is. Memory is bounded by the batch and by the latencies, whatever the tape's length.

use backplane_sdk::types::Flags;

use crate::error::SourceError;
use crate::row::{Columns, Detail, Row, signal};

/// Gives a tape's rows, batch by batch.
pub trait RowSource {
    /// Appends the next rows to `batch` with [`RowBatch::extend`]; `false` at the end of the tape.
    ///
    /// # Errors
    /// Says which file could not be read, where, and what to do.
    fn next(&mut self, batch: &mut RowBatch) -> Result<bool, SourceError>;
}

/// The most nanoseconds between a row's two times that a row can hold.
const FEED_LATENCY_MAX: i64 = u32::MAX as i64;

/// How the replay makes both times of a row.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    /// The fixed feed latency; `None` where the recorded one is taken.
    fixed: Option<i64>,
    exchange: i64,
    local: i64,
    /// See [`crate::summary::RunSummary::exchange_time_corrections`].
    pub exchange_time_corrections: u64,
    /// See [`crate::summary::RunSummary::negative_latency_corrections`].
    pub negative_latency_corrections: u64,
    /// See [`crate::summary::RunSummary::late_corrections`].
    pub late_corrections: u64,
}

impl Clock {
    /// A clock before the first row. With a fixed latency (nanoseconds) the recorded times of arrival are not used.
    pub fn new(fixed: Option<i64>) -> Clock {
        Clock {
            fixed,
            exchange: i64::MIN,
            local: i64::MIN,
            ..Clock::default()
        }
    }

    /// The exchange's time of a row and its feed latency. Neither of the row's times is less than that of the row
    /// before, and no row is heard before it happened. A row that is said to have happened long after it was received
    /// does not take the clock along, so that one damaged time does not ruin the rest of the tape.
    #[inline]
    fn read(&mut self, ts_event: i64, ts_recv: i64, live: bool) -> (i64, u32) {
        let happened = ts_event.min(ts_recv.saturating_add(FEED_LATENCY_MAX));
        if happened < self.exchange {
            self.exchange_time_corrections += u64::from(live);
        } else {
            self.exchange = happened;
        }
        if let Some(latency) = self.fixed {
            return (self.exchange, latency as u32);
        }
        if ts_recv < self.exchange && live {
            self.negative_latency_corrections += 1;
        }
        self.local = self.local.max(ts_recv).max(self.exchange);
        let latency = self.local.saturating_sub(self.exchange);
        if latency > FEED_LATENCY_MAX {
            self.late_corrections += u64::from(live);
            self.exchange = self.local - FEED_LATENCY_MAX;
            return (self.exchange, u32::MAX);
        }
        (self.exchange, latency as u32)
    }
}

/// Rows with their details, and the places of those that the exchange must look at.
#[derive(Clone, Debug, Default)]
pub struct RowBatch {
    rows: Vec<Row>,
    details: Vec<Detail>,
    matches: Vec<u32>,
    clock: Clock,
    /// Whether the next row begins an atomic event.
    boundary: bool,
}

impl RowBatch {
    /// An empty batch whose rows take their times from `clock`.
    pub fn new(clock: Clock) -> RowBatch {
        RowBatch {
            clock,
            boundary: true,
            ..RowBatch::default()
        }
    }

    /// Appends the rows of a tape's columns.
    pub fn extend(&mut self, columns: &Columns<'_>) {
        let count = columns.len();
        let Columns {
            ts_event, ts_recv, ..
        } = columns;
        // Slices of one length let the compiler leave out the bounds checks below.
        let (ts_event, ts_recv) = (&ts_event[..count], &ts_recv[..count]);
        let (price, size) = (&columns.price[..count], &columns.size[..count]);
        let (level_size, priority) = (&columns.level_size[..count], &columns.priority[..count]);
        let (instrument, action) = (&columns.instrument[..count], &columns.action[..count]);
        let (side, flags) = (&columns.side[..count], &columns.flags[..count]);
        let (signals, rank) = (&columns.signals[..count], &columns.rank[..count]);
        let mut clock = self.clock;
        let mut boundary = self.boundary;
        let matches = &mut self.matches;
        let first = self.rows.len();
        // The iterator's length is known, so that room is made once and not asked for at each row.
        self.rows.extend((0..count).map(|i| {
            let live = flags[i] & Flags::SNAPSHOT == 0;
            let (exchange, feed_latency) = clock.read(ts_event[i], ts_recv[i], live);
            let known = signals[i] & !signal::START;
            if known & signal::MATCH != 0 {
                matches.push((first + i) as u32);
            }
            let starts = if boundary { signal::START } else { 0 };
            boundary = known & signal::LAST != 0;
            Row {
                ts_event: exchange,
                price: price[i],
                feed_latency,
                size: size[i],
                level_size: level_size[i],
                priority: priority[i],
                instrument: instrument[i],
                action: action[i],
                side: side[i],
                flags: flags[i],
                signals: known | starts,
                rank: rank[i],
            }
        }));
        self.clock = clock;
        self.boundary = boundary;
        self.extend_details(columns, count);
    }

    fn extend_details(&mut self, columns: &Columns<'_>, count: usize) {
        if columns.order_id.len() < count || columns.sequence.len() < count {
            return;
        }
        let pairs = columns.order_id[..count].iter().zip(columns.sequence);
        let details = pairs.map(|(order_id, sequence)| Detail {
            order_id: *order_id,
            sequence: *sequence,
        });
        self.details.extend(details);
    }

    /// Forgets the first `count` rows.
    fn forget(&mut self, count: usize) {
        self.rows.drain(..count);
        let details = count.min(self.details.len());
        self.details.drain(..details);
        let first = self.matches.partition_point(|x| (*x as usize) < count);
        self.matches.drain(..first);
        for place in &mut self.matches {
            *place -= count as u32;
        }
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
}

impl Window {
    /// An empty window.
    pub fn new(clock: Clock) -> Window {
        Window {
            batch: RowBatch::new(clock),
            first: 0,
            ended: false,
            last_heard: None,
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
        let forgotten = keep
            .saturating_sub(self.first)
            .min(self.batch.rows.len() as u64);
        self.batch.forget(forgotten as usize);
        self.first += forgotten;
        self.ended = !source.next(&mut self.batch)?;
        self.last_heard = self.batch.rows.last().map(Row::local).or(self.last_heard);
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
        while !self.ended && !self.reaches(until) {
            self.load(source, keep)?;
        }
        Ok(())
    }

    fn reaches(&self, until: i64) -> bool {
        let later = self.batch.rows.iter().rev();
        later
            .take_while(|row| row.ts_event > until)
            .any(|row| row.has(signal::START))
    }

    /// The rows.
    #[inline]
    pub fn rows(&self) -> &[Row] {
        &self.batch.rows
    }

    /// The rows from this number on, which must not be forgotten yet.
    #[inline]
    pub fn rows_from(&self, number: u64) -> &[Row] {
        &self.batch.rows[(number - self.first) as usize..]
    }

    /// The row of a number, where it is loaded and not forgotten yet.
    #[inline]
    pub fn get(&self, number: u64) -> Option<&Row> {
        self.batch.rows.get((number - self.first) as usize)
    }

    /// The places within [`Window::rows`] of the rows that the exchange must look at.
    pub fn matches(&self) -> &[u32] {
        &self.batch.matches
    }

    /// What only subscribers of single orders need of a row; zeros where the source gave none.
    pub fn detail(&self, number: u64) -> Detail {
        let place = (number - self.first) as usize;
        self.batch.details.get(place).copied().unwrap_or_default()
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

    #[test]
    fn no_row_goes_back_in_time_or_is_heard_before_it_happened() {
        let mut clock = Clock::new(None);
        assert_eq!(clock.read(100, 150, true), (100, 50));
        assert_eq!(clock.read(90, 160, true), (100, 60));
        assert_eq!(clock.read(200, 150, true), (200, 0));
        assert_eq!(
            clock.read(200, 9_000_000_000, true),
            (4_705_032_705, u32::MAX)
        );
        assert_eq!(clock.exchange_time_corrections, 1);
        assert_eq!(clock.negative_latency_corrections, 1);
        assert_eq!(clock.late_corrections, 1);
    }

    #[test]
    fn a_time_in_the_far_future_does_not_take_the_clock_along() {
        let mut clock = Clock::new(None);
        assert_eq!(clock.read(100, 150, true), (100, 50));
        let (happened, _) = clock.read(i64::MAX, 200, true);
        assert_eq!(happened, 200 + FEED_LATENCY_MAX);
        let later = 200 + 2 * FEED_LATENCY_MAX;
        assert_eq!(clock.read(later, later, true), (later, 0));
        assert_eq!(clock.negative_latency_corrections, 1);
    }

    #[test]
    fn a_fixed_latency_replaces_the_recorded_one() {
        let mut clock = Clock::new(Some(7));
        assert_eq!(clock.read(100, 5_000, true), (100, 7));
        assert_eq!(clock.read(99, 5_000, true), (100, 7));
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
        assert_eq!(window.matches(), [1, 4]);
        window.reach(&mut source, 3, 2).unwrap();
        assert_eq!((window.first(), window.end()), (2, 6));
        assert_eq!(window.matches(), [2]);
        assert!(window.rows()[1].has(signal::START));
        assert!(!window.rows()[2].has(signal::START));
        window.reach(&mut source, 100, 6).unwrap();
        assert_eq!((window.first(), window.end()), (6, 6));
    }
}
