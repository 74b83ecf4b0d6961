//! Own orders that arrive: what they take at once and what of them rests.
//!
//! Takes in new and replaced orders at the moment when they land; gives out acceptance or rejection, one fill for each
//! price level that is taken from, and a place in the queue for what is left.

use backplane_sdk::book::Level;
use backplane_sdk::types::{OrderId, OrderStatus, Price, Quantity, Reason, Timestamp};

use super::own::OwnOrder;
use super::rules::Taken;
use super::{Arrival, Exchange, View};
use crate::record::FillReason;
use crate::request::{FillContext, NewOrder, Rest, is_valid_price, is_valid_quantity};

impl Exchange {
    /// A new order lands.
    #[inline]
    pub(super) fn submit(&mut self, view: &View<'_>, new: &NewOrder, at: i64) {
        let arrival = Arrival {
            at,
            first: OrderStatus::New,
            displayed: Quantity::ZERO,
        };
        self.arrive(view, new, arrival);
    }

    /// An order arrives at the book, new or triggered; `true` where some of it rests then.
    pub(super) fn arrive(&mut self, view: &View<'_>, new: &NewOrder, arrival: Arrival) -> bool {
        let at = arrival.at;
        let order = OwnOrder::new(new, self.matched, at);
        let (levels, may_cross) = self.reachable(view, &order, new.limit);
        let offered: Quantity = sum(&levels);
        let meets_own = self.may_meet_own(&order, new.limit);
        let is_new = arrival.first == OrderStatus::New;
        let refusal = if new.post_only && (offered.0 > 0 || meets_own) {
            Some(Reason::PostOnlyWouldCross)
        } else if new.limit.is_none() && offered.is_zero() {
            Some(Reason::NoLiquidity)
        } else if is_new && new.rest == Rest::Rests && self.is_full() {
            Some(Reason::TooManyOrders)
        } else {
            None
        };
        if let Some(reason) = refusal {
            self.levels = levels;
            self.refuse_arrival(&order, arrival, reason);
            return false;
        }
        self.update(&order, arrival.first, Reason::None, at);
        let enough = match (new.rest, meets_own) {
            (Rest::Kills, true) => self.offered_before_own(&order, new.limit, &levels),
            _ => offered,
        };
        let killed = new.rest == Rest::Kills && enough < new.quantity;
        let (after, ends) = if killed {
            (order, false)
        } else if meets_own {
            self.take_past_own(view, order, new.limit, &levels, at)
        } else {
            (self.take(view, order, &levels, at), false)
        };
        self.levels = levels;
        if after.leaves.is_zero() {
            return false;
        }
        let reason = match new.rest {
            _ if ends => Reason::SelfTrade,
            Rest::Rests => {
                self.rest(view, after, arrival, may_cross);
                return true;
            }
            Rest::Cancels => Reason::ImmediateOrCancel,
            Rest::Kills => Reason::FillOrKill,
        };
        self.update(&after, OrderStatus::Canceled, reason, at);
        false
    }

    /// An order that arrives is not accepted; one that was a stop was accepted before, and is cancelled.
    fn refuse_arrival(&mut self, order: &OwnOrder, arrival: Arrival, reason: Reason) {
        let status = if arrival.first == OrderStatus::New {
            OrderStatus::Rejected
        } else {
            self.update(order, arrival.first, Reason::None, arrival.at);
            OrderStatus::Canceled
        };
        self.update(order, status, reason, arrival.at);
    }

    /// How many orders are open.
    #[inline]
    pub(super) const fn open_orders(&self) -> usize {
        self.own.len() + self.stops.len()
    }

    /// Whether no more orders may be open.
    #[inline]
    pub(super) const fn is_full(&self) -> bool {
        self.open_orders() >= self.rules.open_orders_max
    }

    /// A new price and whole quantity land. The same price with less left keeps the place in the queue; everything else
    /// is a new arrival.
    pub(super) fn modify(
        &mut self,
        view: &View<'_>,
        order_id: OrderId,
        change: (Price, Quantity, Price),
        at: i64,
    ) {
        let Some(order) = self.whole(order_id) else {
            self.modify_stop(view, order_id, change, at);
            return;
        };
        let (price, quantity, stop_price) = change;
        let filled = order.quantity - order.leaves;
        let changed = OwnOrder {
            price,
            quantity,
            leaves: quantity - filled,
            ..order
        };
        let keeps_place = self.keeps_place(&order, price, quantity);
        let (levels, may_cross) = if keeps_place {
            (self.no_levels(), false)
        } else {
            self.reachable(view, &changed, Some(price))
        };
        let meets_own = !keeps_place && self.may_meet_own(&changed, Some(price));
        let grid = &view.grids[order.instrument.index()];
        let refusal = if stop_price.is_defined() {
            Some(Reason::InvalidStopPrice)
        } else if !is_valid_price(price, grid) {
            Some(Reason::InvalidPrice)
        } else if changed.leaves.0 <= 0 || !is_valid_quantity(quantity, grid) {
            Some(Reason::InvalidQuantity)
        } else if order.post_only && (sum(&levels).0 > 0 || meets_own) {
            Some(Reason::PostOnlyWouldCross)
        } else {
            None
        };
        if let Some(reason) = refusal {
            self.levels = levels;
            self.update(&order, OrderStatus::ReplaceRejected, reason, at);
            return;
        }
        if keeps_place {
            self.levels = levels;
            self.shrink(&changed);
            self.update(&changed, OrderStatus::Replaced, Reason::None, at);
            return;
        }
        let displayed = self.take_out(order_id).map_or(Quantity::ZERO, |x| x.1);
        self.update(&changed, OrderStatus::Replaced, Reason::None, at);
        let (after, ends) = if meets_own {
            self.take_past_own(view, changed, Some(price), &levels, at)
        } else {
            (self.take(view, changed, &levels, at), false)
        };
        self.levels = levels;
        if ends {
            self.update(&after, OrderStatus::Canceled, Reason::SelfTrade, at);
        } else if !after.leaves.is_zero() {
            let arrival = Arrival {
                at,
                first: OrderStatus::Replaced,
                displayed,
            };
            self.rest(view, after, arrival, may_cross);
        }
    }

    /// What an order can take when it lands: the other side's levels within its limit, less what was taken before; and
    /// whether its limit might meet the other side's best price.
    fn reachable(
        &mut self,
        view: &View<'_>,
        order: &OwnOrder,
        limit: Option<Price>,
    ) -> (Vec<Level>, bool) {
        let mut levels = self.no_levels();
        let truth = view.truth(order.instrument, self.matched);
        if limit.is_some_and(|x| !truth.may_cross(order.side, x)) {
            return (levels, false);
        }
        let other = order.side.opposite();
        truth.levels_within(other, limit, &mut levels);
        if !self.taken.is_empty() {
            for level in &mut levels {
                level.size -= self.taken.at(order.instrument, other, level.price);
            }
        }
        (levels, true)
    }

    /// An empty list, whose memory is used again and again.
    fn no_levels(&mut self) -> Vec<Level> {
        let mut levels = std::mem::take(&mut self.levels);
        levels.clear();
        levels
    }

    /// Takes from levels, best first, one fill each. Gives the order as it is afterwards.
    pub(super) fn take(
        &mut self,
        view: &View<'_>,
        mut order: OwnOrder,
        levels: &[Level],
        at: i64,
    ) -> OwnOrder {
        if levels.is_empty() {
            return order;
        }
        let truth = view.truth(order.instrument, self.matched);
        for level in levels.iter().filter(|x| x.size.0 > 0) {
            let quantity = order.leaves.min(level.size);
            if quantity.is_zero() {
                break;
            }
            let context = FillContext {
                reason: FillReason::Taker,
                queue_ahead: Quantity::ZERO,
                arrived: Timestamp(at),
                best: truth.best_levels(),
            };
            order.leaves -= quantity;
            self.fill(view, &order, level.price, quantity, at, context);
            let other = order.side.opposite();
            let shown = truth.size_at(other, level.price);
            let level = (order.instrument, other, level.price);
            if self.rules.orders.taken == Taken::Stays {
                self.taken.take(level, quantity, shown, self.matched);
            }
        }
        order
    }

    /// Rests what is left of an order, behind all that the tape shows at its price.
    fn rest(&mut self, view: &View<'_>, order: OwnOrder, arrival: Arrival, may_cross: bool) {
        let truth = view.truth(order.instrument, self.matched);
        if may_cross {
            let other = truth.best(order.side.opposite());
            let is_locked = other.is_some_and(|x| order.side.crosses(order.price, x.price));
            if is_locked && !self.locked.contains(&order.instrument) {
                self.locked.push(order.instrument);
            }
        }
        let ahead = truth.size_at(order.side, order.price);
        let mut order = OwnOrder {
            place: self.matched,
            queue_ahead: ahead,
            ahead,
            arrived: Timestamp(arrival.at),
            ..order
        };
        if arrival.displayed.0 > 0 {
            self.hide(&mut order, arrival.displayed);
        }
        self.own.insert(order);
    }
}

pub(super) fn sum(levels: &[Level]) -> Quantity {
    levels.iter().fold(Quantity::ZERO, |all, level| {
        all + Quantity(level.size.0.max(0))
    })
}
