//! Loaded rows, column by column.
//!
//! Takes in columns with both times of each row made; gives out single rows, and answers the questions that are asked of
//! many rows at once from the one or two columns that they need. Columns stay columns: to make rows of them would cost
//! more than a replay does with most rows.

use std::ops::Range;

use backplane_sdk::types::Action;

use crate::row::{Columns, Detail, Row, signal};

/// So many rows are looked through one by one before a search.
const ROWS_NEAR: usize = 32;

/// Loaded rows, column by column; the columns' meaning is that of [`Row`]'s fields.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    pub(crate) ts_event: Vec<i64>,
    pub(crate) ts_recv: Vec<i64>,
    pub(crate) price: Vec<i64>,
    pub(crate) size: Vec<u32>,
    pub(crate) level_size: Vec<u32>,
    pub(crate) priority: Vec<u32>,
    pub(crate) instrument: Vec<u16>,
    pub(crate) action: Vec<u8>,
    pub(crate) side: Vec<u8>,
    pub(crate) flags: Vec<u8>,
    pub(crate) signals: Vec<u8>,
    pub(crate) rank: Vec<u8>,
    details: Vec<Detail>,
    /// The number of rows up to and with the last that empties a book.
    cleared: usize,
}

impl Rows {
    /// The number of rows.
    #[inline]
    pub const fn len(&self) -> usize {
        self.ts_event.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The row of a place, which must be less than [`Rows::len`].
    #[inline]
    pub fn row(&self, place: usize) -> Row {
        Row {
            ts_event: self.ts_event[place],
            ts_recv: self.ts_recv[place],
            price: self.price[place],
            size: self.size[place],
            level_size: self.level_size[place],
            priority: self.priority[place],
            instrument: self.instrument[place],
            action: self.action[place],
            side: self.side[place],
            flags: self.flags[place],
            signals: self.signals[place],
            rank: self.rank[place],
        }
    }

    /// The rows one by one.
    pub fn iter(&self) -> impl Iterator<Item = Row> + '_ {
        (0..self.len()).map(|place| self.row(place))
    }

    /// Whether a row has any of these bits of [`signal`].
    #[inline]
    pub fn has(&self, place: usize, signals: u8) -> bool {
        self.signals[place] & signals != 0
    }

    /// What only subscribers of single orders need of a row; zeros where the source gave none.
    pub fn detail(&self, place: usize) -> Detail {
        self.details.get(place).copied().unwrap_or_default()
    }

    /// Whether a row from `from` on empties a book.
    #[inline]
    pub const fn clears(&self, from: usize) -> bool {
        self.cleared > from
    }

    /// The first of some rows that has any of these bits of [`signal`]. Eight rows are asked at once.
    #[inline]
    pub fn next_with(&self, places: Range<usize>, signals: u8) -> Option<usize> {
        let wide = u64::from_le_bytes([signals; 8]);
        let (words, rest) = self.signals[places.clone()].as_chunks();
        for (number, word) in words.iter().enumerate() {
            let found = u64::from_le_bytes(*word) & wide;
            if found != 0 {
                return Some(places.start + 8 * number + found.trailing_zeros() as usize / 8);
            }
        }
        let found = rest.iter().position(|x| x & signals != 0)?;
        Some(places.end - rest.len() + found)
    }

    /// The last row before `end` that begins an event.
    #[inline]
    pub fn last_start(&self, places: Range<usize>) -> Option<usize> {
        let signals = &self.signals[places.clone()];
        let place = signals.iter().rposition(|x| x & signal::START != 0)?;
        Some(places.start + place)
    }

    /// The first row from `from` on that begins an event after exchange time `until`; the end if none does.
    pub fn event_after(&self, from: usize, until: i64) -> usize {
        let begins = |x: &usize| self.ts_event[*x] > until && self.has(*x, signal::START);
        let near = self.len().min(from + ROWS_NEAR);
        if let Some(place) = (from..near).find(begins) {
            return place;
        }
        // Blocks are short against what is loaded: the search widens from the front.
        let times = &self.ts_event[near..];
        let mut reach = ROWS_NEAR;
        while reach < times.len() && times[reach] <= until {
            reach *= 2;
        }
        let far = &times[..reach.min(times.len())];
        let later = near + far.partition_point(|x| *x <= until);
        (later..self.len()).find(begins).unwrap_or(self.len())
    }

    /// Appends columns but for the times, of which there must be one more each for every row already. `before` is the
    /// signals of the row before; gives those of the last.
    pub(crate) fn extend(&mut self, columns: &Columns<'_>, count: usize, before: u8) -> u8 {
        let known = self.signals.len();
        self.price.extend_from_slice(&columns.price[..count]);
        self.size.extend_from_slice(&columns.size[..count]);
        let (level_size, priority) = (&columns.level_size[..count], &columns.priority[..count]);
        self.level_size.extend_from_slice(level_size);
        self.priority.extend_from_slice(priority);
        let instrument = &columns.instrument[..count];
        self.instrument.extend_from_slice(instrument);
        let actions = &columns.action[..count];
        self.action.extend_from_slice(actions);
        self.side.extend_from_slice(&columns.side[..count]);
        self.flags.extend_from_slice(&columns.flags[..count]);
        self.rank.extend_from_slice(&columns.rank[..count]);
        self.find_clear(known, actions);
        if columns.order_id.len() >= count && columns.sequence.len() >= count {
            let pairs = columns.order_id[..count].iter().zip(columns.sequence);
            let details = pairs.map(|(order_id, sequence)| Detail {
                order_id: *order_id,
                sequence: *sequence,
            });
            self.details.extend(details);
        }
        self.extend_signals(&columns.signals[..count], before)
    }

    /// Appends signals, and with them where events begin: behind every row that ends one.
    fn extend_signals(&mut self, signals: &[u8], before: u8) -> u8 {
        let starts = |before: u8, own: u8| own & !signal::START | (before & signal::LAST) << 1;
        let Some((first, last)) = signals.first().zip(signals.last()) else {
            return before;
        };
        self.signals.push(starts(before, *first));
        let pairs = signals.iter().zip(&signals[1..]);
        self.signals
            .extend(pairs.map(|(before, own)| starts(*before, *own)));
        *last
    }

    /// Notes the last of the appended rows that empties a book.
    fn find_clear(&mut self, known: usize, actions: &[u8]) {
        let clears = |action: &u8| *action == Action::Clear.code();
        if actions.iter().fold(false, |any, x| any | clears(x)) {
            let last = actions.iter().rposition(clears);
            self.cleared = known + last.map_or(0, |x| x + 1);
        }
    }

    /// Forgets the first `count` rows.
    pub(crate) fn forget(&mut self, count: usize) {
        self.ts_event.drain(..count);
        self.ts_recv.drain(..count);
        self.price.drain(..count);
        self.size.drain(..count);
        self.level_size.drain(..count);
        self.priority.drain(..count);
        self.instrument.drain(..count);
        self.action.drain(..count);
        self.side.drain(..count);
        self.flags.drain(..count);
        self.signals.drain(..count);
        self.rank.drain(..count);
        self.details.drain(..count.min(self.details.len()));
        self.cleared = self.cleared.saturating_sub(count);
    }

    /// Appends one row as it is.
    #[cfg(test)]
    pub(crate) fn push(&mut self, row: &Row) {
        self.ts_event.push(row.ts_event);
        self.ts_recv.push(row.ts_recv);
        self.price.push(row.price);
        self.size.push(row.size);
        self.level_size.push(row.level_size);
        self.priority.push(row.priority);
        self.instrument.push(row.instrument);
        self.find_clear(self.action.len(), &[row.action]);
        self.action.push(row.action);
        self.side.push(row.side);
        self.flags.push(row.flags);
        self.signals.push(row.signals);
        self.rank.push(row.rank);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rows(events: &[(i64, u8)]) -> Rows {
        let mut rows = Rows::default();
        for (ts_event, signals) in events {
            rows.push(&Row {
                ts_event: *ts_event,
                signals: *signals,
                ..Row::default()
            });
        }
        rows
    }

    proptest! {
        #[test]
        fn searches_find_what_a_walk_finds(
            mut events in prop::collection::vec((0i64..60, any::<u8>()), 1..200),
            from in 0usize..200,
            until in 0i64..60,
            asked in any::<u8>(),
        ) {
            events.sort_by_key(|x| x.0);
            let rows = rows(&events);
            let from = from.min(rows.len());
            let walk = |right: &dyn Fn(&(i64, u8)) -> bool| {
                events[from..].iter().position(right).map(|x| from + x)
            };
            let with = walk(&|x| x.1 & asked != 0);
            prop_assert_eq!(rows.next_with(from..rows.len(), asked), with);
            let after = walk(&|x| x.0 > until && x.1 & signal::START != 0);
            prop_assert_eq!(rows.event_after(from, until), after.unwrap_or(rows.len()));
        }
    }
}
