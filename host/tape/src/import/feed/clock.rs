//! How the recording machine's clock stands to the exchange's.
//!
//! Takes in both times of each update; gives out how long updates took to be heard, and how many seem to have been heard
//! before they happened, which no feed can do: there the local clock is behind.

use super::decimal::Decimal;

/// What both clocks show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Clocks {
    /// Updates whose both times are known.
    pub(super) updates: u64,
    /// Updates that were received before they happened.
    pub(super) early: u64,
    /// The least time from exchange to receipt, in nanoseconds.
    pub(super) least: Option<i64>,
}

impl Clocks {
    /// Notes an update, received with the offset that is asked for.
    pub(super) fn note(&mut self, ts_event: i64, ts_recv: i64) {
        let delay = ts_recv.saturating_sub(ts_event);
        self.updates = self.updates.saturating_add(1);
        self.early = self.early.saturating_add(u64::from(delay < 0));
        self.least = Some(self.least.map_or(delay, |least| least.min(delay)));
    }

    /// What the user should know, where updates were received before they happened.
    pub(super) fn note_text(&self, offset: i64) -> Option<String> {
        let least = self.least.filter(|least| *least < 0)?;
        let needed = offset.saturating_sub(least);
        // Rounded up, so that the offset is short and enough.
        let needed_us = needed.saturating_add(999) / 1_000;
        Some(format!(
            "{} of {} updates were received before they happened, by up to {} s: the local clock is behind the \
             exchange's. A replay lets them be heard when they happened; `--clock-offset {needed_us}us` sets the clock \
             right by the fastest of them",
            self.early,
            self.updates,
            Decimal::from(least.saturating_neg()),
        ))
    }
}
