//! What is estimated of the queue on a tape of price levels, for the models that need more than a bound.
//!
//! Takes in the trades and changes of levels where own orders rest; gives out what stands ahead of each. Every estimate
//! begins with what the level showed when its order took its place.

use backplane_sdk::book::Level;
use backplane_sdk::types::{InstrumentId, OrderId, Price, Quantity, Side};

use super::own::OwnOrder;
use super::probability::{PARTS, ahead_after};
use super::queue::LevelModel;
use super::{Exchange, View};
use crate::random::{Random, key};
use crate::request::QUANTITY_MAX;
use crate::row::signal;

/// Units of 1e-9 in one.
const NANO: u64 = 1_000_000_000;
/// So many estimates are kept before those of orders that are gone are looked for.
const KEPT: usize = 64;
/// The most sizes that are remembered behind an order.
const SIZES_MAX: usize = 4_096;

/// What is estimated for one order.
#[derive(Clone, Debug)]
struct Estimate {
    order_id: OrderId,
    /// The place and the price that the estimate is of: an order that takes another begins anew.
    place: u64,
    price: Price,
    /// What stands ahead, in parts of a unit.
    ahead: i64,
    /// What the level showed last.
    shown: i64,
    /// What was traded there since.
    traded: i64,
    /// How many trades met the order.
    met: u64,
    /// The sizes by which the level grew behind the order, oldest first.
    sizes: Vec<i64>,
}

/// The estimates of one strategy's orders.
#[derive(Debug, Default)]
pub(super) struct Estimates {
    list: Vec<Estimate>,
    /// The orders that a row concerns; its memory is used again.
    orders: Vec<OwnOrder>,
}

impl Estimate {
    /// What is known when an order takes its place.
    const fn new(order: &OwnOrder) -> Estimate {
        Estimate {
            order_id: order.order_id,
            place: order.place,
            price: order.price,
            ahead: order.queue_ahead.0 * PARTS,
            shown: order.queue_ahead.0,
            traded: 0,
            met: 0,
            sizes: Vec::new(),
        }
    }

    /// What stands ahead in whole units, halves down: a trade of so much more fills.
    const fn whole(&self) -> Quantity {
        Quantity((self.ahead + PARTS / 2 - 1) / PARTS)
    }

    /// The level shows `shown` now. What it lost beyond what was traded was cancelled; the model says where.
    fn change(&mut self, model: &LevelModel, shown: i64) {
        let cancelled = self.shown - shown - self.traded;
        if cancelled > 0 {
            let all_ahead = (self.ahead - cancelled * PARTS).max(0);
            self.ahead = match model {
                LevelModel::AllAhead => all_ahead,
                LevelModel::SizeMatch if self.matched(cancelled) => self.ahead,
                LevelModel::SizeMatch => all_ahead,
                _ => ahead_after(model, self.ahead, self.shown, cancelled).unwrap_or(self.ahead),
            };
        } else if shown > self.shown
            && matches!(model, LevelModel::SizeMatch)
            && self.sizes.len() < SIZES_MAX
        {
            self.sizes.push(-cancelled);
        }
        self.traded = 0;
        self.shown = shown;
        self.ahead = self.ahead.min(shown * PARTS);
    }

    /// Whether the level once grew by just so much behind the order; the latest time is forgotten.
    fn matched(&mut self, size: i64) -> bool {
        let latest = self.sizes.iter().rposition(|x| *x == size);
        if let Some(place) = latest {
            self.sizes.remove(place);
        }
        latest.is_some()
    }
}

impl Estimates {
    /// The estimate of an order, as it begins if there is none of its place.
    fn of(&mut self, order: &OwnOrder) -> &mut Estimate {
        let known = self.list.iter().position(|x| x.order_id == order.order_id);
        let place = known.unwrap_or(self.list.len());
        if known.is_none() {
            self.list.push(Estimate::new(order));
        }
        let estimate = &mut self.list[place];
        if (estimate.place, estimate.price) != (order.place, order.price) {
            *estimate = Estimate::new(order);
        }
        estimate
    }
}

impl Exchange {
    /// As [`Exchange::share_trade`] where what stands ahead is estimated.
    pub(super) fn share_estimated(&mut self, view: &View<'_>, place: usize, side: Side) -> bool {
        let row = &view.rows.row(place);
        let price = Price(row.price);
        if row.has(signal::HIDDEN) {
            return self.share_trade(view, row, place, side);
        }
        let mut orders = std::mem::take(&mut self.estimates.orders);
        orders.clear();
        let here = self.own.side(row.instrument.into(), side).iter();
        orders.extend(here.filter(|x| x.price == price));
        if let LevelModel::Touch { probability } = self.rules.queue.model {
            for order in &mut orders {
                order.ahead = self.draw(order, probability);
                self.own.replace(order);
            }
        }
        let filled = self.share_trade(view, row, place, side);
        for before in &orders {
            // The next part of an iceberg takes a place of its own, and its estimate begins there.
            let after = self.own.get(before.order_id).copied();
            if let Some(after) = after.filter(|x| x.place == before.place) {
                let estimate = self.estimates.of(before);
                estimate.traded += i64::from(row.size);
                let gone = (before.ahead - after.ahead).0;
                estimate.ahead = match after.leaves < before.leaves {
                    true => 0,
                    false => (estimate.ahead - gone * PARTS).max(0),
                };
                let ahead = estimate.whole();
                self.own.replace(&OwnOrder { ahead, ..after });
            }
        }
        self.estimates.orders = orders;
        self.forget_estimates();
        filled
    }

    /// What a trade finds ahead of an order: nothing, with a probability in units of 1e-9, or all.
    fn draw(&mut self, order: &OwnOrder, probability: u64) -> Quantity {
        let estimate = self.estimates.of(order);
        estimate.met += 1;
        let key = key(&[
            self.rules.queue.seed,
            order.order_id.0,
            order.place,
            estimate.met,
        ]);
        let hits = Random::new(key).below(NANO) < probability;
        if hits { Quantity::ZERO } else { QUANTITY_MAX }
    }

    /// A level where own orders stand shows another size.
    pub(super) fn estimate_change(&mut self, instrument: InstrumentId, side: Side, level: Level) {
        let model = &self.rules.queue.model;
        for order in self.own.side_mut(instrument, side) {
            if order.price == level.price {
                let estimate = self.estimates.of(order);
                estimate.change(model, level.size.0);
                order.ahead = estimate.whole();
            }
        }
    }

    /// Forgets estimates of orders that are gone, where there are many.
    fn forget_estimates(&mut self) {
        if self.estimates.list.len() > KEPT.max(2 * self.own.len()) {
            let own = &self.own;
            self.estimates
                .list
                .retain(|x| own.get(x.order_id).is_some());
        }
    }
}
