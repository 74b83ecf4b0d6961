//! The oracle's own orders as they arrive: what they take, what of them rests, what ends them.

use std::collections::BTreeMap;

use backplane_engine::exchange::{SelfTrade, Taken};
use backplane_engine::record::FillReason;
use backplane_sdk::types::{Order, OrderStatus, Price, Reason, Side, TimeInForce};

use super::matching::{Entry, Exchange, Own};
use super::scripted::Deed;
use super::waiting::is_stop;

/// How an order comes to the book.
pub(super) struct Coming {
    pub(super) at: i64,
    pub(super) status: OrderStatus,
}

fn is_within(side: Side, limit: Option<i64>, price: i64) -> bool {
    limit.is_none_or(|x| match side {
        Side::Buy => price <= x,
        Side::Sell => price >= x,
    })
}

impl Exchange<'_> {
    pub(super) fn land(&mut self, at: i64, id: u64, deed: Deed) {
        match deed {
            Deed::Submit(order) if is_stop(&order) => self.submit_stop(at, id, &order),
            Deed::Submit(order) => self.submit(at, id, &order),
            Deed::Cancel { order_id } => {
                let (status, reason) = if self.remove_own(order_id) {
                    (OrderStatus::Canceled, Reason::None)
                } else {
                    (OrderStatus::CancelRejected, Reason::UnknownOrder)
                };
                self.tell(order_id, status, reason, 0, at);
            }
            Deed::CancelAll => {
                let mut ids: Vec<u64> = self.own_ids();
                ids.extend(self.waiting.ids());
                ids.sort_unstable();
                for order_id in ids {
                    self.remove_own(order_id);
                    self.tell(order_id, OrderStatus::Canceled, Reason::None, 0, at);
                }
            }
            Deed::Modify {
                order_id,
                price,
                quantity,
            } => self.modify(at, order_id, (price, quantity, None)),
            Deed::ModifyStop {
                order_id,
                stop_price,
                price,
                quantity,
            } => self.modify(at, order_id, (price, quantity, Some(stop_price))),
        }
    }

    /// Takes an own order out, wherever it is; whether there was one.
    pub(super) fn remove_own(&mut self, id: u64) -> bool {
        self.pull(id).is_some() || self.waiting.remove(id).is_some()
    }

    fn own_ids(&self) -> Vec<u64> {
        let levels = self.sides.iter().flat_map(BTreeMap::values);
        let entries = levels.flat_map(|x| &x.queue);
        entries
            .filter_map(|x| match x {
                Entry::Own(own) => Some(own.id),
                Entry::Tape { .. } => None,
            })
            .collect()
    }

    /// Takes an own order out of its queue; gives its side, price, place and what it was.
    fn pull(&mut self, id: u64) -> Option<(Side, i64, usize, Own)> {
        for side in Side::BOTH {
            for price in self.prices(side) {
                let level = self.levels(side).get_mut(&price)?;
                let place = level
                    .queue
                    .iter()
                    .position(|x| matches!(x, Entry::Own(own) if own.id == id));
                if let Some(place) = place
                    && let Entry::Own(own) = level.queue.remove(place)
                {
                    if level.queue.is_empty() {
                        self.levels(side).remove(&price);
                    }
                    return Some((side, price, place, own));
                }
            }
        }
        None
    }

    /// What an order can meet within its limit: prices, best first, of the tape's orders and of own ones.
    fn reach(&self, side: Side, limit: Option<i64>) -> Vec<i64> {
        let prices = self.prices(side.opposite()).into_iter();
        prices.filter(|x| is_within(side, limit, *x)).collect()
    }

    /// What the tape offers at a price of the other side.
    fn offered_at(&self, side: Side, price: i64) -> i64 {
        let level = self.sides[side.opposite().index()].get(&price);
        level.map_or(0, |x| (x.shown() - x.taken).max(0))
    }

    /// The own orders at a price of the other side, where self-trades are prevented.
    fn own_at(&self, side: Side, price: i64) -> Vec<u64> {
        if self.rules.self_trade == SelfTrade::Off {
            return Vec::new();
        }
        let level = self.sides[side.opposite().index()].get(&price);
        let entries = level.map_or(&[][..], |x| &x.queue[..]).iter();
        entries
            .filter_map(|x| match x {
                Entry::Own(own) => Some(own.id),
                Entry::Tape { .. } => None,
            })
            .collect()
    }

    fn submit(&mut self, at: i64, id: u64, order: &Order) {
        if !self.waiting.note_expiry(&self.rules, id, order, at) {
            return self.tell(id, OrderStatus::Rejected, Reason::InvalidExpiry, 0, at);
        }
        let status = OrderStatus::New;
        self.arrive(id, order, &Coming { at, status });
    }

    /// An order meets the book, new or triggered.
    pub(super) fn arrive(&mut self, id: u64, order: &Order, coming: &Coming) {
        let (at, side) = (coming.at, order.side);
        let limit = order.price.is_defined().then_some(order.price.0);
        let reach = self.reach(side, limit);
        let offers = |x: &Exchange<'_>| reach.iter().map(|p| x.offered_at(side, *p)).sum::<i64>();
        let meets_own = reach.iter().any(|x| !self.own_at(side, *x).is_empty());
        let own = Own {
            id,
            quantity: order.quantity.0,
            leaves: order.quantity.0,
            shown: 0,
            displayed: order.displayed.0,
            queue_ahead: 0,
            post_only: order.post_only,
        };
        let refusal = if order.post_only && (offers(self) > 0 || meets_own) {
            Some(Reason::PostOnlyWouldCross)
        } else if limit.is_none() && offers(self) == 0 {
            Some(Reason::NoLiquidity)
        } else {
            None
        };
        let is_new = coming.status == OrderStatus::New;
        if let Some(reason) = refusal {
            if is_new {
                return self.tell(id, OrderStatus::Rejected, reason, 0, at);
            }
            self.tell(id, coming.status, Reason::None, own.leaves, at);
            return self.tell(id, OrderStatus::Canceled, reason, 0, at);
        }
        self.tell(id, coming.status, Reason::None, own.leaves, at);
        if order.time_in_force == TimeInForce::Fok && self.reachable(side, &reach) < own.quantity {
            return self.tell(id, OrderStatus::Canceled, Reason::FillOrKill, 0, at);
        }
        let (own, ends) = self.take(at, side, own, &reach);
        let rests =
            !matches!(order.time_in_force, TimeInForce::Ioc | TimeInForce::Fok) && limit.is_some();
        if ends {
            self.tell(id, OrderStatus::Canceled, Reason::SelfTrade, 0, at);
        } else if own.leaves > 0 && rests {
            self.rest(side, order.price.0, own);
        } else if own.leaves > 0 {
            self.tell(id, OrderStatus::Canceled, Reason::ImmediateOrCancel, 0, at);
        }
    }

    /// How much an order gets at these prices before an own order ends it.
    fn reachable(&self, side: Side, reach: &[i64]) -> i64 {
        let passes = matches!(
            self.rules.self_trade,
            SelfTrade::Off | SelfTrade::CancelOldest
        );
        let free = reach
            .iter()
            .take_while(|x| passes || self.own_at(side, **x).is_empty());
        free.map(|x| self.offered_at(side, *x)).sum()
    }

    /// Price by price: own orders there are met first, then the tape's. The order as it is then, and whether an own
    /// order ended it.
    fn take(&mut self, at: i64, side: Side, mut own: Own, reach: &[i64]) -> (Own, bool) {
        for price in reach {
            for met in self.own_at(side, *price) {
                if own.leaves == 0 {
                    break;
                }
                if self.rules.self_trade != SelfTrade::CancelNewest {
                    self.pull(met);
                    self.tell(met, OrderStatus::Canceled, Reason::SelfTrade, 0, at);
                }
                if self.rules.self_trade != SelfTrade::CancelOldest {
                    return (own, true);
                }
            }
            let quantity = own.leaves.min(self.offered_at(side, *price));
            if quantity == 0 {
                continue;
            }
            own.leaves -= quantity;
            self.filled(&own, side, *price, quantity, at, FillReason::Taker);
            if self.rules.taken == Taken::Stays {
                let arrivals = self.arrivals;
                let level = self.levels(side.opposite()).entry(*price).or_default();
                level.taken += quantity;
                level.taken_until = arrivals;
            }
        }
        (own, false)
    }

    fn rest(&mut self, side: Side, price: i64, own: Own) {
        let level = self.levels(side).entry(price).or_default();
        let queue_ahead = level.shown();
        let shown = match own.displayed {
            0 => own.leaves,
            displayed => displayed.min(own.leaves),
        };
        level.queue.push(Entry::Own(Own {
            queue_ahead,
            shown,
            ..own
        }));
    }

    fn modify(&mut self, at: i64, id: u64, change: (i64, i64, Option<i64>)) {
        let Some((side, old_price, place, own)) = self.pull(id) else {
            return self.modify_stop(at, id, change);
        };
        let (price, quantity, stop_price) = change;
        let filled = own.quantity - own.leaves;
        let changed = Own {
            quantity,
            leaves: quantity - filled,
            queue_ahead: 0,
            ..own
        };
        let keeps_place = price == old_price && quantity <= own.quantity;
        let reach = if keeps_place {
            Vec::new()
        } else {
            self.reach(side, Some(price))
        };
        let meets = |x: &i64| self.offered_at(side, *x) > 0 || !self.own_at(side, *x).is_empty();
        let refusal = if stop_price.is_some() {
            Some(Reason::InvalidStopPrice)
        } else if !Price(price).is_defined() {
            Some(Reason::InvalidPrice)
        } else if changed.leaves <= 0 {
            Some(Reason::InvalidQuantity)
        } else if own.post_only && reach.iter().any(meets) {
            Some(Reason::PostOnlyWouldCross)
        } else {
            None
        };
        if let Some(reason) = refusal {
            let level = self.levels(side).entry(old_price).or_default();
            level.queue.insert(place, Entry::Own(own));
            return self.tell(id, OrderStatus::ReplaceRejected, reason, own.leaves, at);
        }
        self.tell(id, OrderStatus::Replaced, Reason::None, changed.leaves, at);
        if keeps_place {
            let level = self.levels(side).entry(price).or_default();
            let stays = Own {
                queue_ahead: own.queue_ahead,
                shown: own.shown.min(changed.leaves),
                ..changed
            };
            level.queue.insert(place, Entry::Own(stays));
            return;
        }
        let (after, ends) = self.take(at, side, changed, &reach);
        if ends {
            self.tell(id, OrderStatus::Canceled, Reason::SelfTrade, 0, at);
        } else if after.leaves > 0 {
            self.rest(side, price, after);
        }
    }
}
