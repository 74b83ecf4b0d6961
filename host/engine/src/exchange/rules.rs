//! How an exchange behaves.
//!
//! Takes in a run's settings; gives out what decides where the tape leaves it open.

use backplane_sdk::types::{Nanos, Timestamp};

use super::{FeePlans, QueueRules};
use crate::delay::Way;
use crate::schedule::Schedule;

/// How one exchange behaves.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The way of answers to the strategy.
    pub response: Way<1>,
    /// Nanoseconds from the exchange to the strategy, at least.
    pub response_min: i64,
    /// Nanoseconds from the strategy to the exchange, at least.
    pub entry_min: i64,
    /// What executions cost.
    pub fees: FeePlans,
    /// What happens to instruments at set times.
    pub schedule: Schedule,
    /// The most orders that may be open.
    pub open_orders_max: usize,
    /// Whether the tape shows price levels only, and no orders.
    pub shows_levels: bool,
    /// How the queue at a price is kept.
    pub queue: QueueRules,
    /// What a user may choose about orders.
    pub orders: OrderRules,
}

/// What a user may choose about orders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OrderRules {
    /// What happens where an own order would trade with another of the same strategy.
    pub self_trade: SelfTrade,
    /// What becomes of liquidity that own orders took.
    pub taken: Taken,
    /// When sessions end: so long after the beginning of each UTC day, less than a day.
    pub session_end: Nanos,
}

/// What happens where an own order would trade with another of the same strategy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SelfTrade {
    /// Nothing: the two pass through one another, each trading with the tape alone.
    #[default]
    Off,
    /// The order that arrives is cancelled when it meets one that rests.
    CancelNewest,
    /// The order that rests is cancelled, and the one that arrives goes on.
    CancelOldest,
    /// Both are cancelled.
    CancelBoth,
}

/// What becomes of liquidity that own orders took and the tape goes on showing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Taken {
    /// It stays taken until the tape refreshes it.
    #[default]
    Stays,
    /// It can be taken again at once.
    Returns,
}

const DAY: Nanos = Nanos::from_secs(86_400);

impl OrderRules {
    /// The first end of a session after a time at the exchange.
    pub(super) fn session_end_after(&self, at: i64) -> i64 {
        let since = Timestamp(at.saturating_sub(self.session_end.0)).floor(DAY);
        since.0.saturating_add(DAY.0 + self.session_end.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_once_a_day_and_never_in_the_moment_itself() {
        let day = DAY.0;
        let end = |session_end: i64, at: i64| {
            let rules = OrderRules {
                session_end: Nanos(session_end),
                ..OrderRules::default()
            };
            rules.session_end_after(at)
        };
        assert_eq!(end(0, 5 * day), 6 * day);
        assert_eq!(end(0, 6 * day - 1), 6 * day);
        assert_eq!(end(0, 6 * day), 7 * day);
        assert_eq!(end(100, 5 * day), 5 * day + 100);
        assert_eq!(end(100, 5 * day + 99), 5 * day + 100);
        assert_eq!(end(100, 5 * day + 100), 6 * day + 100);
    }
}
