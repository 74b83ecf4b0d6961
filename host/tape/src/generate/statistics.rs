//! The figures of a market's profile.
//!
//! Takes in the counts of a [`MarketProfile`](super::MarketProfile); gives out shares and means.

use super::profile::{Counts, SPREADS, WINDOW};

/// What a market is like. Shares are fractions of one; a figure of which nothing was counted is zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MarketStatistics {
    /// How many messages were counted.
    pub messages: u64,
    /// How many atomic events were counted.
    pub events: u64,
    /// The share of new orders among the messages.
    pub add_share: f64,
    /// The share of cancels that no trade caused.
    pub cancel_share: f64,
    /// The share of modifications that no trade caused.
    pub modify_share: f64,
    /// The share of trade prints.
    pub trade_share: f64,
    /// The share of fills, one for each resting order that a trade meets.
    pub fill_share: f64,
    /// How many events change a best price, per message.
    pub best_changes_per_message: f64,
    /// The mean spread after an event, in ticks.
    pub mean_spread_ticks: f64,
    /// The shares of events that leave a spread of 1, 2, 3.. ticks; the last counts all wider ones.
    pub spread_shares: [f64; SPREADS],
    /// The mean number of orders at a best price.
    pub mean_best_orders: f64,
    /// The mean size at a best price, in quantity units.
    pub mean_best_size: f64,
    /// The mean size of a trade print, in quantity units.
    pub mean_trade_size: f64,
    /// Messages in a second and instrument.
    pub messages_per_second: f64,
    /// The Fano factor of an instrument's events in windows of 100 ms: variance over mean of their number, 1 where
    /// events come independently of each other.
    pub clustering: f64,
}

impl MarketStatistics {
    pub(super) fn of(counts: &Counts) -> MarketStatistics {
        let messages =
            counts.adds + counts.cancels + counts.modifies + counts.trades + counts.fills;
        let share = |count: u64| ratio(count, messages);
        MarketStatistics {
            messages,
            events: counts.events,
            add_share: share(counts.adds),
            cancel_share: share(counts.cancels),
            modify_share: share(counts.modifies),
            trade_share: share(counts.trades),
            fill_share: share(counts.fills),
            best_changes_per_message: share(counts.best_changes),
            mean_spread_ticks: ratio(counts.spread_ticks, counts.quotes),
            spread_shares: counts.spreads.map(|count| ratio(count, counts.quotes)),
            mean_best_orders: ratio(counts.queue_orders, counts.quotes * 2),
            mean_best_size: ratio(counts.queue_size, counts.quotes * 2),
            mean_trade_size: ratio(counts.traded_size, counts.trades),
            messages_per_second: ratio(messages, counts.nanos) * 1e9,
            clustering: fano(counts),
        }
    }

    /// The figures by name, in the order in which they are shown.
    pub fn rows(&self) -> [(&'static str, f64); 14] {
        let wide = self.spread_shares[2..].iter().sum();
        [
            ("add share", self.add_share),
            ("cancel share", self.cancel_share),
            ("modify share", self.modify_share),
            ("trade share", self.trade_share),
            ("fill share", self.fill_share),
            (
                "best-price changes a message",
                self.best_changes_per_message,
            ),
            ("mean spread, ticks", self.mean_spread_ticks),
            ("spread of 1 tick, share", self.spread_shares[0]),
            ("spread of 2 ticks, share", self.spread_shares[1]),
            ("spread of 3 ticks or more, share", wide),
            ("orders at a best price, mean", self.mean_best_orders),
            ("size at a best price, mean", self.mean_best_size),
            ("size of a trade, mean", self.mean_trade_size),
            ("clustering in 100 ms, Fano factor", self.clustering),
        ]
    }
}

/// Variance over mean of the number of events in all windows, empty ones included.
fn fano(counts: &Counts) -> f64 {
    let windows = counts.nanos as f64 / WINDOW.0 as f64;
    if windows < 2.0 || counts.events == 0 {
        return 0.0;
    }
    let mean = counts.events as f64 / windows;
    (counts.window_squares as f64 / windows - mean * mean) / mean
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_counted_is_zero_and_not_a_division_by_it() {
        let statistics = MarketStatistics::of(&Counts::default());
        assert!(statistics.rows().iter().all(|(_, value)| *value == 0.0));
    }
}
