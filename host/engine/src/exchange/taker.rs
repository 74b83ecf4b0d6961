//! Own orders that arrive: what they take at once and what of them rests.
//!
//! Takes in new and replaced orders at the moment when they land; gives out acceptance or rejection, one fill for each
//! price level that is taken from, and a place in the queue for what is left.

use backplane_sdk::book::Level;
use backplane_sdk::types::{OrderId, OrderStatus, Price, Quantity, Reason, Timestamp};

use super::own::OwnOrder;
use super::{Exchange, View, not_open};
use crate::record::FillReason;
use crate::request::{FillContext, NewOrder, Rest, is_valid_price, is_valid_quantity};

impl Exchange {
    /// A new order lands.
    pub(super) fn submit(&mut self, view: &View<'_>, new: &NewOrder, at: i64) {
        let order = OwnOrder {
            order_id: new.order_id,
            instrument: new.instrument,
            side: new.side,
            price: new.limit.unwrap_or(Price::UNDEFINED),
            quantity: new.quantity,
            leaves: new.quantity,
            place: self.matched,
            queue_ahead: Quantity::ZERO,
            ahead: Quantity::ZERO,
            arrived: Timestamp(at),
            post_only: new.post_only,
        };
        let (levels, may_cross) = self.reachable(view, &order, new.limit);
        let offered: Quantity = sum(&levels);
        let refusal = if new.post_only && offered.0 > 0 {
            Some(Reason::PostOnlyWouldCross)
        } else if new.limit.is_none() && offered.is_zero() {
            Some(Reason::NoLiquidity)
        } else if self.own.len() >= self.rules.open_orders_max && new.rest == Rest::Rests {
            Some(Reason::TooManyOrders)
        } else {
            None
        };
        if let Some(reason) = refusal {
            self.update(&order, OrderStatus::Rejected, reason, at);
            self.levels = levels;
            return;
        }
        self.update(&order, OrderStatus::New, Reason::None, at);
        let killed = new.rest == Rest::Kills && offered < new.quantity;
        let after = if killed {
            order
        } else {
            self.take(view, order, &levels, at)
        };
        self.levels = levels;
        if after.leaves.is_zero() {
            return;
        }
        match new.rest {
            Rest::Rests => self.rest(view, after, at, may_cross),
            Rest::Cancels => {
                self.update(&after, OrderStatus::Canceled, Reason::ImmediateOrCancel, at);
            }
            Rest::Kills => self.update(&after, OrderStatus::Canceled, Reason::FillOrKill, at),
        }
    }

    /// A new price and whole quantity land. The same price with less left keeps the place in the queue; everything else
    /// is a new arrival.
    pub(super) fn modify(
        &mut self,
        view: &View<'_>,
        order_id: OrderId,
        price: Price,
        quantity: Quantity,
        at: i64,
    ) {
        let Some(order) = self.own.get(order_id).copied() else {
            self.answer(at, not_open(order_id, OrderStatus::ReplaceRejected, at));
            return;
        };
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
        let instrument = &view.instruments[order.instrument.index()];
        let refusal = if !is_valid_price(price, instrument.tick) {
            Some(Reason::InvalidPrice)
        } else if changed.leaves.0 <= 0 || !is_valid_quantity(quantity) {
            Some(Reason::InvalidQuantity)
        } else if order.post_only && sum(&levels).0 > 0 {
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
            self.own.replace(&changed);
            self.update(&changed, OrderStatus::Replaced, Reason::None, at);
            return;
        }
        self.own.remove(order_id);
        self.update(&changed, OrderStatus::Replaced, Reason::None, at);
        let after = self.take(view, changed, &levels, at);
        self.levels = levels;
        if !after.leaves.is_zero() {
            self.rest(view, after, at, may_cross);
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
    fn take(
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
            self.taken.take(level, quantity, shown, self.matched);
        }
        order
    }

    /// Rests what is left of an order, behind all that the tape shows at its price.
    fn rest(&mut self, view: &View<'_>, order: OwnOrder, at: i64, may_cross: bool) {
        let truth = view.truth(order.instrument, self.matched);
        if may_cross {
            let other = truth.best(order.side.opposite());
            let is_locked = other.is_some_and(|x| order.side.crosses(order.price, x.price));
            if is_locked && !self.locked.contains(&order.instrument) {
                self.locked.push(order.instrument);
            }
        }
        let ahead = truth.size_at(order.side, order.price);
        self.own.insert(OwnOrder {
            place: self.matched,
            queue_ahead: ahead,
            ahead,
            arrived: Timestamp(at),
            ..order
        });
    }
}

fn sum(levels: &[Level]) -> Quantity {
    levels.iter().fold(Quantity::ZERO, |all, level| {
        all + Quantity(level.size.0.max(0))
    })
}
