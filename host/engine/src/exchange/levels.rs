//! Own orders that rest, on a tape of price levels: which of its trades fill them, and what stands ahead of them.
//!
//! Takes in one row of the tape; gives out the fills that it means for resting orders, and keeps for each order how much
//! of its level stands ahead. Nothing tells which order of a level a cancellation took. Unless the rules say otherwise the
//! model is the most careful one, `RiskAverse` of hftbacktest: a cancellation comes from behind as long as anything stands
//! there, and only what is left of the level bounds what stands ahead. The other models are in `estimate.rs`.

use backplane_sdk::book::Level;
use backplane_sdk::types::{Action, InstrumentId, Price, Quantity, Side};

use super::own::OwnOrder;
use super::queue::Matching;
use super::{Exchange, View};
use crate::record::FillReason;
use crate::request::{FillContext, QUANTITY_MAX};
use crate::row::{Row, signal};
use crate::rows::Rows;

impl Exchange {
    /// As [`Exchange::match_every_row`] for a tape of price levels.
    pub(super) fn match_levels(&mut self, view: &View<'_>, start: usize, mut end: usize) {
        let rows = view.rows;
        let mut place = start;
        while place < end {
            if self.may_meet(rows, place) && self.match_level(view, place) {
                end = end.min(rows.event_after(place, self.limit));
            }
            if self.taken.may_be_at(rows.price[place]) || rows.clears(place) {
                self.taken.hear_level(rows, place);
            }
            place += 1;
        }
        self.matched = view.first + end as u64;
    }

    /// Whether a row may mean something for resting orders: a change of a level where one stands, a trade or a growing
    /// level that one meets. Cheap, and never wrongly `false`.
    #[inline]
    fn may_meet(&self, rows: &Rows, place: usize) -> bool {
        let Some(side) = Side::from_code(rows.side[place]) else {
            return false;
        };
        let (same, other) = self.own.both_sides(rows.instrument[place].into(), side);
        let price = Price(rows.price[place]);
        let meets = |x: &OwnOrder| side.opposite().crosses(x.price, price);
        let is_change = rows.has(place, signal::BOOK);
        other.first().is_some_and(meets) || is_change && same.iter().any(|x| x.price == price)
    }

    /// Does what a row means for the resting orders of its instrument; `true` where it filled one.
    fn match_level(&mut self, view: &View<'_>, place: usize) -> bool {
        let rows = view.rows;
        let instrument = InstrumentId(rows.instrument[place].into());
        let Some(side) = Side::from_code(rows.side[place]) else {
            return false;
        };
        let action = rows.action[place];
        let estimates = self.rules.queue.model.estimates();
        if action == Action::Trade.code() {
            let side = side.opposite();
            return match self.rules.queue.matching {
                Matching::ProRata { first } => {
                    self.share_by_size(view, &rows.row(place), place, (side, first))
                }
                _ if estimates => self.share_estimated(view, place, side),
                _ => self.share_trade(view, &rows.row(place), place, side),
            };
        }
        let price = Price(rows.price[place]);
        let size = Quantity(rows.level_size[place].into());
        if estimates {
            self.estimate_change(instrument, side, Level { price, size });
        } else {
            for order in self.own.side_mut(instrument, side) {
                if order.price == price {
                    order.ahead = order.ahead.min(size);
                }
            }
        }
        action == Action::Add.code() && self.match_row(view, place)
    }

    /// Shares a trade's quantity among the own orders of a side: those at better prices first, then those at its price,
    /// each when what stands ahead of it is gone.
    pub(super) fn share_trade(
        &mut self,
        view: &View<'_>,
        row: &Row,
        place: usize,
        side: Side,
    ) -> bool {
        let instrument = InstrumentId(row.instrument.into());
        let price = Price(row.price);
        let mut left = Quantity(row.size.into());
        // What of the trade the tape's own orders at this price had.
        let mut gone = Quantity::ZERO;
        let mut number = 0;
        let mut filled = false;
        while let Some(order) = self.own.side(instrument.index(), side).get(number).copied() {
            let reason = if side.is_better(order.price, price) {
                FillReason::TradedThrough
            } else if order.price == price && !row.has(signal::HIDDEN) {
                FillReason::QueueReached
            } else {
                break;
            };
            // Such an order waits for another trade, and takes nothing from those behind it.
            if order.ahead == QUANTITY_MAX && reason == FillReason::QueueReached {
                number += 1;
                continue;
            }
            let mut waiting = order;
            if reason == FillReason::QueueReached {
                let before = left.min((order.ahead - gone).max(Quantity::ZERO));
                left -= before;
                gone += before;
                waiting.ahead = (order.ahead - gone).max(Quantity::ZERO);
            }
            let quantity = left.min(order.leaves);
            self.own.replace(&waiting);
            if quantity.0 > 0 {
                filled = true;
                left -= quantity;
                let best = view.truth(instrument, view.first + place as u64);
                let context = FillContext {
                    reason,
                    queue_ahead: order.queue_ahead,
                    arrived: order.arrived,
                    best: best.best_levels(),
                };
                let after = self.execute(view, &waiting, quantity, place);
                self.fill(view, &after, order.price, quantity, row.ts_event, context);
                number += usize::from(quantity < waiting.leaves);
            } else {
                number += 1;
            }
        }
        filled
    }
}
