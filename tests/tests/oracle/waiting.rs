//! The oracle's orders that wait: stops for a trade, all that end by themselves for their time.

use std::collections::BTreeMap;

use backplane_engine::exchange::OrderRules;
use backplane_sdk::types::{Order, OrderStatus, OrderType, Price, Reason, Side, TimeInForce};

use super::arriving::Coming;
use super::matching::Exchange;

const DAY: i64 = 86_400_000_000_000;

/// What waits.
#[derive(Default)]
pub(super) struct Waiting {
    /// In the order of their arrival, with the price that triggers each.
    stops: Vec<(u64, Order, Option<i64>)>,
    triggered: Vec<(u64, Order)>,
    last: Option<i64>,
    /// When each order ends by itself, and why.
    ends: BTreeMap<u64, (i64, Reason)>,
}

pub(super) fn is_stop(order: &Order) -> bool {
    matches!(
        order.order_type,
        OrderType::Stop | OrderType::StopLimit | OrderType::TrailingStop
    )
}

fn is_reached(side: Side, stop: Option<i64>, price: i64) -> bool {
    stop.is_some_and(|x| match side {
        Side::Buy => price >= x,
        Side::Sell => price <= x,
    })
}

/// The stop price after a trade.
fn follow(order: &Order, stop: Option<i64>, price: i64) -> Option<i64> {
    if order.order_type != OrderType::TrailingStop {
        return stop;
    }
    let distance = order.trail.0;
    Some(match order.side {
        Side::Buy => stop.unwrap_or(i64::MAX).min(price + distance),
        Side::Sell => stop.unwrap_or(i64::MIN).max(price - distance),
    })
}

impl Waiting {
    pub(super) fn ids(&self) -> Vec<u64> {
        self.stops.iter().map(|x| x.0).collect()
    }

    pub(super) fn remove(&mut self, id: u64) -> Option<(u64, Order, Option<i64>)> {
        let place = self.stops.iter().position(|x| x.0 == id)?;
        Some(self.stops.remove(place))
    }

    /// The market trades: stops go, the nearest to where the market was first, or follow.
    pub(super) fn trade(&mut self, price: i64) {
        self.last = Some(price);
        let (mut gone, stay): (Vec<_>, Vec<_>) = std::mem::take(&mut self.stops)
            .into_iter()
            .partition(|x| is_reached(x.1.side, x.2, price));
        gone.sort_by_key(|x| -(x.2.unwrap() - price).abs());
        let gone = gone.into_iter().map(|x| (x.0, x.1));
        self.triggered.extend(gone);
        let stay = stay.into_iter();
        self.stops = stay
            .map(|(id, order, stop)| (id, order, follow(&order, stop, price)))
            .collect();
    }

    /// Notes when an order that arrives ends by itself; `false` where that is over.
    pub(super) fn note_expiry(
        &mut self,
        rules: &OrderRules,
        id: u64,
        order: &Order,
        at: i64,
    ) -> bool {
        let session_end = rules.session_end.0;
        let end = match order.time_in_force {
            TimeInForce::Gtd => (order.expire_at.0, Reason::ExpiryReached),
            TimeInForce::Day => {
                let ends = (0..).map(|day| day * DAY + session_end);
                (
                    ends.into_iter().find(|x| *x > at).unwrap(),
                    Reason::EndOfSession,
                )
            }
            _ => return true,
        };
        self.ends.insert(id, end);
        end.0 > at
    }

    pub(super) fn next_expiry(&self) -> i64 {
        self.ends.values().map(|x| x.0).min().unwrap_or(i64::MAX)
    }
}

impl Exchange<'_> {
    pub(super) fn submit_stop(&mut self, at: i64, id: u64, order: &Order) {
        let stop = order.stop_price.is_defined().then_some(order.stop_price.0);
        if !self.waiting.note_expiry(&self.rules, id, order, at) {
            return self.tell(id, OrderStatus::Rejected, Reason::InvalidExpiry, 0, at);
        }
        let last = self.waiting.last;
        if last.is_some_and(|x| is_reached(order.side, stop, x)) {
            return self.tell(id, OrderStatus::Rejected, Reason::StopWouldTrigger, 0, at);
        }
        let stop = last.map_or(stop, |x| follow(order, stop, x));
        self.waiting.stops.push((id, *order, stop));
        self.tell(id, OrderStatus::New, Reason::None, order.quantity.0, at);
    }

    pub(super) fn modify_stop(&mut self, at: i64, id: u64, change: (i64, i64, Option<i64>)) {
        let found = self.waiting.stops.iter().position(|x| x.0 == id);
        let Some(place) = found else {
            let (status, reason) = (OrderStatus::ReplaceRejected, Reason::UnknownOrder);
            return self.tell(id, status, reason, 0, at);
        };
        let (price, quantity, stop_price) = change;
        let (_, before, stop) = self.waiting.stops[place];
        let stop = stop_price.or(stop);
        let last = self.waiting.last;
        let has_limit = before.order_type == OrderType::StopLimit;
        let refusal = if has_limit != Price(price).is_defined() {
            Some(Reason::InvalidPrice)
        } else if last.is_some_and(|x| is_reached(before.side, stop, x)) {
            Some(Reason::StopWouldTrigger)
        } else {
            None
        };
        if let Some(reason) = refusal {
            let leaves = before.quantity.0;
            return self.tell(id, OrderStatus::ReplaceRejected, reason, leaves, at);
        }
        let mut order = before;
        order.price = Price(price);
        order.quantity.0 = quantity;
        let stop = last.map_or(stop, |x| follow(&order, stop, x));
        self.waiting.stops[place] = (id, order, stop);
        self.tell(id, OrderStatus::Replaced, Reason::None, quantity, at);
    }

    /// An event is over: the stops that it triggered go.
    pub(super) fn trigger(&mut self, at: i64) {
        for (id, order) in std::mem::take(&mut self.waiting.triggered) {
            let status = OrderStatus::Triggered;
            self.arrive(id, &order, &Coming { at, status });
        }
    }

    /// The orders whose time has come end, if they are still open.
    pub(super) fn expire(&mut self, now: i64) {
        let over: Vec<_> = self.waiting.ends.iter().filter(|x| x.1.0 <= now).collect();
        let over: Vec<_> = over.into_iter().map(|x| (*x.0, x.1.1)).collect();
        for (id, reason) in over {
            self.waiting.ends.remove(&id);
            if self.remove_own(id) {
                self.tell(id, OrderStatus::Expired, reason, 0, now);
            }
        }
    }
}
