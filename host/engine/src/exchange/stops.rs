//! Stops: orders that wait outside the book until the market trades at their price or beyond.
//!
//! Takes in stops as they land and the tape's trades; gives out market and limit orders, each at the end of the event whose
//! trade triggered it. Only the tape's prints count, at the exchange's time; own executions print nothing. A trailing
//! stop follows the best trade price: a sell keeps `max(stop, trade - trail)`, a buy `min(stop, trade + trail)`.

use std::cmp::Reverse;
use std::ops::Range;

use backplane_sdk::types::{InstrumentId, OrderId, OrderStatus, Price, Quantity, Reason, Side};

use super::answers::not_open;
use super::own::OwnOrder;
use super::{Arrival, Exchange, View};
use crate::request::{NewOrder, Stop, is_valid_price, is_valid_quantity};
use crate::row::signal;
use crate::rows::Rows;

/// A stop that waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct StopOrder {
    /// What it becomes.
    pub(super) order: NewOrder,
    /// How much is shown at a time of what it becomes; zero where all of it is.
    pub(super) displayed: Quantity,
    /// What it waits for; a trailing stop's price is undefined until there is a trade.
    pub(super) stop: Stop,
}

impl StopOrder {
    /// Whether a trade at a price triggers it.
    fn is_triggered(&self, price: Price) -> bool {
        self.stop.price.is_defined()
            && match self.order.side {
                Side::Buy => price >= self.stop.price,
                Side::Sell => price <= self.stop.price,
            }
    }

    /// Where a trade at a price moves it; `None` where it stays.
    fn moved(&self, price: Price) -> Option<Price> {
        let trail = self.stop.trail.0;
        if trail == 0 {
            return None;
        }
        let follows = match self.order.side {
            Side::Buy => Price(price.0.saturating_add(trail)),
            Side::Sell => Price(price.0.saturating_sub(trail)),
        };
        let is_nearer = !self.stop.price.is_defined()
            || match self.order.side {
                Side::Buy => follows < self.stop.price,
                Side::Sell => follows > self.stop.price,
            };
        is_nearer.then_some(follows)
    }

    /// The order as news of it tell.
    pub(super) fn told(&self) -> OwnOrder {
        OwnOrder::new(&self.order, 0, 0)
    }
}

/// The stops of one strategy that wait.
#[derive(Debug, Default)]
pub(super) struct Stops {
    /// In the order in which they arrived.
    orders: Vec<StopOrder>,
    /// Those of `orders` that trades of the present event triggered, in the order in which they go.
    triggered: Vec<StopOrder>,
}

impl Stops {
    #[inline]
    pub(super) const fn is_empty(&self) -> bool {
        self.orders.is_empty()
    }

    pub(super) const fn len(&self) -> usize {
        self.orders.len()
    }

    pub(super) fn get(&self, order_id: OrderId) -> Option<&StopOrder> {
        self.orders.iter().find(|x| x.order.order_id == order_id)
    }

    pub(super) fn remove(&mut self, order_id: OrderId) -> Option<StopOrder> {
        let mut orders = self.orders.iter();
        let place = orders.position(|x| x.order.order_id == order_id)?;
        Some(self.orders.remove(place))
    }

    /// The lowest number of those of an instrument, or of all.
    pub(super) fn first(&self, instrument: Option<InstrumentId>) -> Option<OrderId> {
        let concerned = |x: &&StopOrder| instrument.is_none_or(|y| x.order.instrument == y);
        let numbers = self.orders.iter().filter(concerned);
        numbers.map(|x| x.order.order_id).min()
    }

    /// Whether a trade means something for a stop.
    fn are_touched(&self, rows: &Rows, place: usize) -> bool {
        let (instrument, price) = (rows.instrument[place], Price(rows.price[place]));
        let mut orders = self.orders.iter();
        orders.any(|x| {
            x.order.instrument.0 == u32::from(instrument)
                && (x.is_triggered(price) || x.moved(price).is_some())
        })
    }

    /// The trades of an event move stops and trigger them. Of those that one trade triggers, the one that the market
    /// reached first goes first, then the one that arrived first.
    fn hear(&mut self, rows: &Rows, places: Range<usize>) {
        for place in places.filter(|x| rows.has(*x, signal::TRADE)) {
            let (instrument, price) = (rows.instrument[place], Price(rows.price[place]));
            let already = self.triggered.len();
            for stop in &mut self.orders {
                if stop.order.instrument.0 != u32::from(instrument) {
                    continue;
                }
                if stop.is_triggered(price) {
                    self.triggered.push(*stop);
                } else if let Some(moved) = stop.moved(price) {
                    stop.stop.price = moved;
                }
            }
            let triggered = &mut self.triggered[already..];
            triggered.sort_by_key(|x| Reverse(x.stop.price.0.abs_diff(price.0)));
            let left = |x: &StopOrder| {
                triggered
                    .iter()
                    .all(|y| y.order.order_id != x.order.order_id)
            };
            self.orders.retain(left);
        }
    }
}

impl Exchange {
    /// A stop lands; `true` where it waits from now on.
    pub(super) fn submit_stop(&mut self, view: &View<'_>, stop: StopOrder, at: i64) -> bool {
        let mut stop = stop;
        let last = self.last_trade(view, stop.order.instrument);
        let refusal = if last.is_some_and(|x| stop.is_triggered(x)) {
            Some(Reason::StopWouldTrigger)
        } else if self.open_orders() >= self.rules.open_orders_max {
            Some(Reason::TooManyOrders)
        } else {
            None
        };
        if let Some(reason) = refusal {
            self.update(&stop.told(), OrderStatus::Rejected, reason, at);
            return false;
        }
        if let Some(moved) = last.and_then(|x| stop.moved(x)) {
            stop.stop.price = moved;
        }
        self.stops.orders.push(stop);
        self.update(&stop.told(), OrderStatus::New, Reason::None, at);
        true
    }

    /// A modification lands of an order that does not rest: it may be a stop that waits.
    #[cold]
    pub(super) fn modify_stop(
        &mut self,
        view: &View<'_>,
        order_id: OrderId,
        (price, quantity, stop_price): (Price, Quantity, Price),
        at: i64,
    ) {
        let Some(before) = self.stops.get(order_id).copied() else {
            self.answer(at, not_open(order_id, OrderStatus::ReplaceRejected, at));
            return;
        };
        let mut changed = before;
        changed.order.quantity = quantity;
        if before.order.limit.is_some() {
            changed.order.limit = Some(price);
        }
        if stop_price.is_defined() {
            changed.stop.price = stop_price;
        }
        let grid = &view.grids[before.order.instrument.index()];
        let is_price = match before.order.limit {
            Some(_) => is_valid_price(price, grid),
            None => !price.is_defined(),
        };
        let last = self.last_trade(view, before.order.instrument);
        let refusal = if !is_price {
            Some(Reason::InvalidPrice)
        } else if !is_valid_quantity(quantity, grid) {
            Some(Reason::InvalidQuantity)
        } else if stop_price.is_defined() && !is_valid_price(stop_price, grid) {
            Some(Reason::InvalidStopPrice)
        } else if last.is_some_and(|x| changed.is_triggered(x)) {
            Some(Reason::StopWouldTrigger)
        } else {
            None
        };
        if let Some(reason) = refusal {
            let status = OrderStatus::ReplaceRejected;
            self.update(&before.told(), status, reason, at);
            return;
        }
        if let Some(moved) = last.and_then(|x| changed.moved(x)) {
            changed.stop.price = moved;
        }
        for stop in &mut self.stops.orders {
            if stop.order.order_id == order_id {
                *stop = changed;
            }
        }
        self.update(&changed.told(), OrderStatus::Replaced, Reason::None, at);
    }

    /// As [`Exchange::match_until`] where stops wait: event by event where a trade means something for one.
    #[cold]
    pub(super) fn match_and_trigger(&mut self, view: &View<'_>, until: i64) {
        while !self.stops.is_empty() {
            let until = until.min(self.limit);
            let start = view.place(self.matched);
            let end = view.rows.event_after(start, until);
            let Some(event) = self.next_touching(view.rows, start..end) else {
                break;
            };
            self.match_to(view, until, event.end);
            if view.place(self.matched) < event.end {
                return;
            }
            let at = view.rows.ts_event[event.end - 1];
            self.stops.hear(view.rows, event);
            for stop in std::mem::take(&mut self.stops.triggered) {
                self.trigger(view, &stop, at);
            }
        }
        self.match_to(view, until.min(self.limit), usize::MAX);
    }

    /// The places of the next event of which a trade means something for a stop, from the first such trade on.
    fn next_touching(&self, rows: &Rows, places: Range<usize>) -> Option<Range<usize>> {
        let mut next = places.start;
        while let Some(place) = rows.next_with(next..places.end, signal::TRADE) {
            if self.stops.are_touched(rows, place) {
                let after = rows.next_with(place + 1..places.end, signal::START);
                return Some(place..after.unwrap_or(places.end));
            }
            next = place + 1;
        }
        None
    }

    /// A stop becomes the order for which it waited.
    fn trigger(&mut self, view: &View<'_>, stop: &StopOrder, at: i64) {
        let arrival = Arrival {
            at,
            first: OrderStatus::Triggered,
            displayed: stop.displayed,
        };
        self.arrive(view, &stop.order, arrival);
    }

    /// The last trade's price of an instrument at the exchange; `None` before the first.
    pub(super) fn last_trade(&self, view: &View<'_>, instrument: InstrumentId) -> Option<Price> {
        let rows = view.rows;
        let traded = |x: &usize| {
            rows.has(*x, signal::TRADE) && u32::from(rows.instrument[*x]) == instrument.0
        };
        let (heard, matched) = (view.place(view.heard), view.place(self.matched));
        let last = (heard..matched.max(heard)).rfind(traded);
        let known = view.last_trades.get(instrument.index()).copied();
        let last = last.map(|place| Price(rows.price[place])).or(known);
        last.filter(|x| x.is_defined())
    }
}
