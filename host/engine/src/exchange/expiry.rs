//! Orders that end by themselves: good till a date, or with the session.
//!
//! Takes in orders with the time at which each ends; gives out those that end. An order is gone before anything happens
//! at its time: it ends after all that the tape says of the nanosecond before, and after what lands then.

use std::collections::BTreeSet;

use backplane_sdk::types::{OrderId, OrderStatus, Reason};

use super::Exchange;
use crate::request::Expiry;

/// So many entries may be of orders that ended otherwise, beside twice as many as there are open orders.
const STALE_MAX: usize = 64;

/// The orders that end by themselves.
#[derive(Debug)]
pub(super) struct Expiries {
    /// When, which order, and whether it is a day order. Orders that ended otherwise are forgotten later.
    entries: BTreeSet<(i64, OrderId, bool)>,
    /// The last nanosecond of the first.
    last_moment: i64,
}

impl Default for Expiries {
    fn default() -> Expiries {
        Expiries {
            entries: BTreeSet::new(),
            last_moment: i64::MAX,
        }
    }
}

impl Expiries {
    /// The last nanosecond of the order that ends first, which may have ended otherwise; `i64::MAX` where none does.
    #[inline]
    pub(super) const fn last_moment(&self) -> i64 {
        self.last_moment
    }

    fn find_next(&mut self) {
        let first = self.entries.first();
        self.last_moment = first.map_or(i64::MAX, |x| x.0.saturating_sub(1));
    }

    /// Takes the first order that ends no later than `at`: its number, and why it ends.
    fn take(&mut self, at: i64) -> Option<(OrderId, Reason)> {
        let first = *self.entries.first().filter(|x| x.0 <= at)?;
        self.entries.remove(&first);
        self.find_next();
        let reason = if first.2 {
            Reason::EndOfSession
        } else {
            Reason::ExpiryReached
        };
        Some((first.1, reason))
    }
}

impl Exchange {
    /// When an order that arrives at `at` ends by itself; `None` where that time has passed.
    pub(super) fn expires_at(&self, expiry: Expiry, at: i64) -> Option<i64> {
        match expiry {
            Expiry::Session => Some(self.rules.orders.session_end_after(at)),
            Expiry::At(expires) => (expires > at).then_some(expires),
        }
    }

    /// Notes when an order that is open ends by itself.
    pub(super) fn note_expiry(&mut self, order_id: OrderId, expiry: Expiry, expires: i64) {
        let open = self.open_orders();
        let entries = &mut self.expiries.entries;
        let is_day = expiry == Expiry::Session;
        entries.insert((expires, order_id, is_day));
        if entries.len() > STALE_MAX + 2 * open {
            let (own, stops) = (&self.own, &self.stops);
            let is_open = |id: OrderId| own.get(id).is_some() || stops.get(id).is_some();
            entries.retain(|x| is_open(x.1));
        }
        self.expiries.find_next();
    }

    /// The last nanosecond of the order that ends first; `i64::MAX` where none does before the tape ends.
    #[inline]
    pub(super) fn next_expiry(&self) -> i64 {
        let last_moment = self.expiries.last_moment();
        if last_moment >= self.entry_closes {
            return i64::MAX;
        }
        last_moment
    }

    /// Ends the orders whose last nanosecond is over.
    #[cold]
    pub(super) fn expire(&mut self, last_moment: i64) {
        let at = last_moment.saturating_add(1);
        while let Some((order_id, reason)) = self.expiries.take(at) {
            if let Some(order) = self.end(order_id) {
                self.update(&order, OrderStatus::Expired, reason, at);
            }
        }
    }
}
