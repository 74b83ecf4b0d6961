//! Self-trade prevention: what happens where an own order would trade with another of the same strategy.
//!
//! Takes in an order that arrives and what it can take of the tape; gives out what is left of it, and ends orders by the
//! rule that the run chose. Nothing tells how much of a level stands before our own order there, so that our own counts as
//! the first at its price: an order that arrives takes what is better than it, and then meets it.

use backplane_sdk::book::Level;
use backplane_sdk::types::{OrderStatus, Price, Quantity, Reason};

use super::own::OwnOrder;
use super::rules::SelfTrade;
use super::{Exchange, View};

impl Exchange {
    /// The own order that one which arrives would meet first.
    fn own_met(&self, order: &OwnOrder, limit: Option<Price>) -> Option<OwnOrder> {
        let (instrument, other) = (order.instrument.index(), order.side.opposite());
        let first = self.own.side(instrument, other).first().copied()?;
        let meets = limit.is_none_or(|x| order.side.crosses(x, first.price));
        meets.then_some(first)
    }

    /// Whether an order that arrives may meet an own order, by the rule of the run.
    #[inline]
    pub(super) fn may_meet_own(&self, order: &OwnOrder, limit: Option<Price>) -> bool {
        self.rules.orders.self_trade != SelfTrade::Off && self.own_met(order, limit).is_some()
    }

    /// How much of what the levels offer an order can take before own orders end it.
    #[cold]
    pub(super) fn offered_before_own(
        &self,
        order: &OwnOrder,
        limit: Option<Price>,
        levels: &[Level],
    ) -> Quantity {
        let all = self.own_met(order, limit);
        let all = all.filter(|_| self.rules.orders.self_trade != SelfTrade::CancelOldest);
        let before = all.map_or(levels.len(), |own| better_than(levels, &own));
        super::taker::sum(&levels[..before])
    }

    /// As [`Exchange::take`] for an order that may meet own orders: gives it as it is afterwards, and whether it ends.
    #[cold]
    pub(super) fn take_past_own(
        &mut self,
        view: &View<'_>,
        mut order: OwnOrder,
        limit: Option<Price>,
        levels: &[Level],
        at: i64,
    ) -> (OwnOrder, bool) {
        let mut done = 0;
        while let Some(own) = self.own_met(&order, limit) {
            let before = better_than(levels, &own).max(done);
            order = self.take(view, order, &levels[done..before], at);
            done = before;
            if order.leaves.is_zero() {
                return (order, false);
            }
            let rule = self.rules.orders.self_trade;
            if rule != SelfTrade::CancelNewest
                && let Some((own, _)) = self.take_out(own.order_id)
            {
                self.update(&own, OrderStatus::Canceled, Reason::SelfTrade, at);
            }
            if rule != SelfTrade::CancelOldest {
                return (order, true);
            }
        }
        (self.take(view, order, &levels[done..], at), false)
    }
}

/// How many of the levels, best first, are better for the other side than an own order there.
fn better_than(levels: &[Level], own: &OwnOrder) -> usize {
    levels.partition_point(|x| own.side.is_better(x.price, own.price))
}
