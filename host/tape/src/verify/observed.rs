//! What a tape shows that is no mistake of the tape, but may be one of its source.
//!
//! Takes in rows and the book after each event; gives out how often books were crossed and locked, how long nothing came,
//! where something was lost, how sequence numbers ran and how the clocks stood, each with its first and last time.

use std::fmt;

use backplane_sdk::types::{Flags, Timestamp};
use serde::Serialize;

use super::rebuild::Best;
use crate::row::Row;
use crate::statistics::Crossed;

/// How often something was seen, and the exchange's time of the first and the last of them.
pub type Seen = Crossed;

/// What was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Observed {
    /// Live events that end with the best bid above the best ask; before an opening auction that is no mistake.
    pub crossed: Seen,
    /// Live events that end with the best bid at the best ask.
    pub locked: Seen,
    /// Snapshots that end with a crossed or locked book.
    pub crossed_in_snapshots: Seen,
    /// Times from which the source says that its book may be wrong, because something was lost.
    pub gaps: Seen,
    /// Rows within such times.
    pub doubtful_rows: u64,
    /// Cancels, modifications and fills of orders that the tape does not add.
    pub unknown_orders: Seen,
    /// Events whose sequence number is that of the event before of the same instrument and kind.
    pub sequences_repeated: Seen,
    /// Events whose sequence number is below that of the event before of the same instrument and kind.
    pub sequences_backwards: Seen,
    /// Events that were received before they happened: the local clock is behind.
    pub received_early: Seen,
    /// The least time from exchange to receipt, in nanoseconds; snapshots do not count.
    pub feed_delay_min: Option<i64>,
    /// The longest time without a row, in nanoseconds, and the receive time at which it began.
    pub silence: Option<(i64, i64)>,
}

/// The state of one instrument that observing needs.
#[derive(Debug, Default)]
pub(super) struct Watch {
    is_doubtful: bool,
    /// The sequence numbers of the latest event of book changes, and of the latest of prints alone.
    sequences: [Option<u32>; 2],
    /// Whether the open event has changed the book.
    has_book: bool,
}

impl Observed {
    /// Notes a row; `received` is the receive time of the row before.
    pub(super) fn row(
        &mut self,
        row: &Row,
        received: Option<i64>,
        is_unknown: bool,
        watch: &mut Watch,
    ) {
        if let Some(silence) = received.map(|before| (row.ts_recv.saturating_sub(before), before))
            && silence.0 > self.silence.map_or(0, |longest| longest.0)
        {
            self.silence = Some(silence);
        }
        let is_doubtful = row.flags & Flags::MAYBE_BAD_BOOK != 0;
        if is_doubtful && !watch.is_doubtful {
            self.gaps.count(row.ts_event);
        }
        watch.is_doubtful = is_doubtful;
        self.doubtful_rows = self.doubtful_rows.saturating_add(u64::from(is_doubtful));
        if is_unknown {
            self.unknown_orders.count(row.ts_event);
        }
        watch.has_book |= row.action != b'T';
        if row.flags & Flags::SNAPSHOT == 0 {
            let delay = row.ts_recv.saturating_sub(row.ts_event);
            self.feed_delay_min = Some(self.feed_delay_min.map_or(delay, |least| least.min(delay)));
            if delay < 0 && row.is_last() {
                self.received_early.count(row.ts_event);
            }
        }
    }

    /// Notes the end of an event at its last row, and the best prices after it.
    pub(super) fn end(&mut self, row: &Row, best: [Best; 2], watch: &mut Watch) {
        let kind = usize::from(!std::mem::take(&mut watch.has_book));
        let before = watch.sequences[kind].replace(row.sequence);
        // Numbers of 0 are none; snapshots may bear those of the orders in them.
        if let Some(before) = before
            && before != 0
            && row.sequence != 0
            && row.flags & Flags::SNAPSHOT == 0
        {
            // Tapes hold the lowest bits of longer numbers: half of all numbers are behind, half ahead.
            match row.sequence.wrapping_sub(before).cast_signed() {
                0 => self.sequences_repeated.count(row.ts_event),
                ..0 => self.sequences_backwards.count(row.ts_event),
                _ => {}
            }
        }
        let [Some((bid, _)), Some((ask, _))] = best else {
            return;
        };
        if bid < ask {
            return;
        }
        match (row.flags & Flags::SNAPSHOT != 0, bid == ask) {
            (true, _) => self.crossed_in_snapshots.count(row.ts_event),
            (false, true) => self.locked.count(row.ts_event),
            (false, false) => self.crossed.count(row.ts_event),
        }
    }

    /// Whether nothing was seen that may be a mistake of the source: no crossed book, gap, unknown order, sequence number
    /// that repeats or falls, and nothing that was received before it happened. Locked books and silence are none.
    pub const fn is_clean(&self) -> bool {
        self.crossed.events == 0
            && self.crossed_in_snapshots.events == 0
            && self.gaps.events == 0
            && self.unknown_orders.events == 0
            && self.sequences_repeated.events == 0
            && self.sequences_backwards.events == 0
            && self.received_early.events == 0
    }

    /// Events that end with the best bid at or above the best ask.
    pub(super) const fn crossed_or_locked(&self) -> u64 {
        let live = self.crossed.events.saturating_add(self.locked.events);
        live.saturating_add(self.crossed_in_snapshots.events)
    }
}

impl fmt::Display for Observed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (seen, what) in [
            (self.crossed, "events end with a crossed book"),
            (self.locked, "events end with a locked book"),
            (
                self.crossed_in_snapshots,
                "snapshots end with a crossed or locked book",
            ),
            (self.gaps, "gaps, from which the book is doubtful"),
            (
                self.unknown_orders,
                "rows are of orders that the tape does not add",
            ),
            (
                self.sequences_repeated,
                "events repeat the sequence number of the one before",
            ),
            (
                self.sequences_backwards,
                "events have a lower sequence number than the one before",
            ),
            (
                self.received_early,
                "events were received before they happened: the local clock is behind",
            ),
        ] {
            if let (Some(first), Some(last)) = (seen.first, seen.last) {
                let (first, last) = (Timestamp(first), Timestamp(last));
                writeln!(f, "  {} {what}, {first} to {last}", seen.events)?;
            }
        }
        if let Some((nanos, from)) = self.silence {
            writeln!(
                f,
                "  the longest silence is {} us, from {}",
                nanos / 1_000,
                Timestamp(from)
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signals::Signals;

    fn row(time: i64, sequence: u32, flags: u8) -> Row {
        Row {
            ts_event: time,
            ts_recv: time + 5,
            action: b'A',
            sequence,
            flags,
            signals: Signals::LAST,
            ..Row::default()
        }
    }

    #[test]
    fn each_thing_is_seen_with_its_first_and_last_time() {
        let mut seen = Observed::default();
        let mut watch = Watch::default();
        let mut received = None;
        let bad = Flags::MAYBE_BAD_BOOK;
        for (time, sequence, flags, best) in [
            (10, 5, 0, [Some((3, 1)), Some((4, 1))]),
            (20, 5, 0, [Some((4, 1)), Some((4, 1))]),
            (30, 4, bad, [Some((5, 1)), Some((4, 1))]),
            (40, 6, bad, [Some((6, 1)), Some((4, 1))]),
            (900, 7, 0, [None, Some((4, 1))]),
            (910, 8, bad | Flags::SNAPSHOT, [Some((6, 1)), Some((4, 1))]),
        ] {
            let row = row(time, sequence, flags);
            seen.row(&row, received, time == 20, &mut watch);
            seen.end(&row, best, &mut watch);
            received = Some(row.ts_recv);
        }
        let at = |events, first, last| Seen {
            events,
            first: Some(first),
            last: Some(last),
        };
        assert_eq!(seen.locked, at(1, 20, 20));
        assert_eq!(seen.crossed, at(2, 30, 40));
        assert_eq!(seen.crossed_in_snapshots, at(1, 910, 910));
        assert_eq!(seen.gaps, at(2, 30, 910));
        assert_eq!(seen.doubtful_rows, 3);
        assert_eq!(seen.unknown_orders, at(1, 20, 20));
        assert_eq!(seen.sequences_repeated, at(1, 20, 20));
        assert_eq!(seen.sequences_backwards, at(1, 30, 30));
        assert_eq!(seen.silence, Some((860, 45)));
        assert_eq!(
            (seen.feed_delay_min, seen.received_early.events),
            (Some(5), 0)
        );
        assert!(seen.to_string().contains("2 gaps"));
        assert!(!seen.is_clean() && Observed::default().is_clean());
    }
}
