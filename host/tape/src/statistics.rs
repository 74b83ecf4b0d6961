//! What a tape's footer says about its rows and about how they came to be.
//!
//! Takes in rows and the resolver's counts; gives out [`Statistics`].

use backplane_sdk::types::Action;
use serde::{Deserialize, Serialize};

use crate::format::ACTION_STATUS;
use crate::row::Row;

/// Everything counted while a tape was written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statistics {
    /// What the rows themselves show.
    pub rows: RowStatistics,
    /// Crossed books at the end of events.
    pub crossed: Crossed,
    /// What was noticed while resolving.
    pub resolution: Resolution,
    /// What exchanges published beside the market itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub published: Vec<Published>,
}

/// A statistic that an exchange published: a settlement price, the open interest..
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// The place of the instrument in the tape's list.
    pub instrument: u16,
    /// Databento's name of the kind: `settlement_price`, `open_interest`..
    pub name: String,
    /// When it was heard, nanoseconds since the Unix epoch.
    pub ts_recv: i64,
    /// The price, in units of 1e-9, where the kind has one.
    pub price: Option<i64>,
    /// The quantity, where the kind has one.
    pub quantity: Option<i64>,
}

/// What the rows themselves show.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowStatistics {
    /// All rows.
    pub rows: u64,
    /// Atomic events.
    pub events: u64,
    /// Adds.
    pub adds: u64,
    /// Cancels.
    pub cancels: u64,
    /// Modifications.
    pub modifies: u64,
    /// Clears.
    pub clears: u64,
    /// Trade prints.
    pub trades: u64,
    /// Fills.
    pub fills: u64,
    /// Changes of trading status.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub statuses: u64,
    /// Rows whose `ts_event` is before an earlier row's of the same tape.
    pub event_time_backwards: u64,
    /// The lowest `ts_event`, nanoseconds since the Unix epoch; none without rows.
    pub ts_event_first: Option<i64>,
    /// The highest `ts_event`, nanoseconds since the Unix epoch; none without rows.
    pub ts_event_last: Option<i64>,
    /// The first `ts_recv`, nanoseconds since the Unix epoch; none without rows.
    pub ts_recv_first: Option<i64>,
    /// The last `ts_recv`, nanoseconds since the Unix epoch; none without rows.
    pub ts_recv_last: Option<i64>,
    /// The largest `ts_recv` minus highest `ts_event` so far, in nanoseconds; snapshot rows do not count.
    pub feed_delay_max: Option<i64>,
}

// The shape is serde's.
#[allow(clippy::trivially_copy_pass_by_ref)]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl RowStatistics {
    /// Counts one row.
    pub fn count(&mut self, row: &Row) {
        self.rows = self.rows.saturating_add(1);
        self.events = self.events.saturating_add(u64::from(row.is_last()));
        let counter = match Action::from_code(row.action) {
            Some(Action::Add) => Some(&mut self.adds),
            Some(Action::Cancel) => Some(&mut self.cancels),
            Some(Action::Modify) => Some(&mut self.modifies),
            Some(Action::Clear) => Some(&mut self.clears),
            Some(Action::Trade) => Some(&mut self.trades),
            Some(Action::Fill) => Some(&mut self.fills),
            None if row.action == ACTION_STATUS => Some(&mut self.statuses),
            None => None,
        };
        if let Some(counter) = counter {
            *counter = counter.saturating_add(1);
        }
        self.count_times(row);
    }

    fn count_times(&mut self, row: &Row) {
        if self.ts_event_last.is_some_and(|last| row.ts_event < last) {
            self.event_time_backwards = self.event_time_backwards.saturating_add(1);
        }
        let lowest = self
            .ts_event_first
            .unwrap_or(row.ts_event)
            .min(row.ts_event);
        let highest = self.ts_event_last.unwrap_or(row.ts_event).max(row.ts_event);
        self.ts_event_first = Some(lowest);
        self.ts_event_last = Some(highest);
        self.ts_recv_first = self.ts_recv_first.or(Some(row.ts_recv));
        self.ts_recv_last = Some(row.ts_recv);
        if row.flags & backplane_sdk::types::Flags::SNAPSHOT == 0 {
            let delay = row.ts_recv.saturating_sub(highest);
            self.feed_delay_max = Some(self.feed_delay_max.map_or(delay, |most| most.max(delay)));
        }
    }
}

/// Events that left the best bid at or above the best ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crossed {
    /// How many.
    pub events: u64,
    /// `ts_event` of the first, nanoseconds since the Unix epoch.
    pub first: Option<i64>,
    /// `ts_event` of the last, nanoseconds since the Unix epoch.
    pub last: Option<i64>,
}

impl Crossed {
    /// Counts one event.
    pub fn count(&mut self, ts_event: i64) {
        self.events = self.events.saturating_add(1);
        self.first = self.first.or(Some(ts_event));
        self.last = Some(ts_event);
    }
}

/// What was noticed while messages became rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolution {
    /// Messages taken in, with those that an importer adds to keep a source's window.
    pub messages: u64,
    /// Cancels of orders that nobody added and that no level accounts for: dropped.
    pub unknown_cancels: u64,
    /// Modifications of such orders: dropped.
    pub unknown_modifies: u64,
    /// Fills of such orders: dropped.
    pub unknown_fills: u64,
    /// Messages on unknown orders that took size from a level which is known.
    pub unknown_on_known_levels: u64,
    /// Fills at another price than the order rests at (an aggressor's own fill, an auction): no rows, the cancel that
    /// follows stays a cancel.
    pub fills_elsewhere: u64,
    /// Fills after which the order was neither cancelled nor modified in the same event: no rows.
    pub fills_unconfirmed: u64,
    /// Fills of more than the order showed: the row says what it showed.
    pub fills_clipped: u64,
    /// Cancels or fills of more than was left: clamped.
    pub over_cancels: u64,
    /// Adds of an order that is in the book: taken as a cancel and an add.
    pub duplicate_adds: u64,
    /// Messages without a price, size or side that their action needs: dropped.
    pub malformed: u64,
    /// Orders that came back with their hidden rest after they were filled.
    pub refills: u64,
    /// Orders of a later snapshot that the book knew already, all equal: no rows.
    pub snapshot_orders_confirmed: u64,
    /// Later snapshots that were not equal to the book and replaced it.
    pub snapshots_replacing: u64,
    /// Messages whose `ts_recv` was before the previous one's and was raised to it.
    pub receive_times_raised: u64,
    /// Events that the source left open at its end.
    pub unfinished_events: u64,
    /// Levels that the source's first book gave.
    pub levels_seeded: u64,
    /// Levels that came into the source's window with what rested there before.
    pub levels_revealed: u64,
    /// Levels that were pushed out of the source's window.
    pub levels_dropped: u64,
}
