//! Own orders that rest: which of the tape's executions fill them.
//!
//! Takes in one row of the tape; gives out the fills that it means for resting orders. Three rows can fill: an execution
//! (at our price if it reaches behind us, or through our price), a hidden trade through our price, and an incoming order
//! that is priced at ours or through it. What a row brings is shared among own orders in the order of price, then time,
//! and never given twice.

use backplane_sdk::types::{Action, InstrumentId, Price, Quantity, Side};

use super::own::OwnOrder;
use super::rules::Taken;
use super::{Exchange, View};
use crate::record::FillReason;
use crate::request::FillContext;
use crate::row::{Row, signal};

/// Whether and why a row fills an order.
type Hit = fn(&OwnOrder, &Row) -> Option<FillReason>;

impl Exchange {
    /// Fills what a row fills; `true` where it filled something.
    pub(super) fn match_row(&mut self, view: &View<'_>, place: usize) -> bool {
        let rows = view.rows;
        let instrument = usize::from(rows.instrument[place]);
        let Some(side) = Side::from_code(rows.side[place]) else {
            return false;
        };
        if !self.own.trades(instrument) {
            return false;
        }
        let row = &rows.row(place);
        // The side on which own orders would be filled by this row, and why one at its price would be.
        let (own_side, hit): (Side, Hit) = match Action::from_code(row.action) {
            Some(Action::Fill) => (side, execution),
            Some(Action::Trade) if row.has(signal::HIDDEN) => (side.opposite(), hidden_trade),
            Some(Action::Add) => (side.opposite(), incoming_order),
            _ => return false,
        };
        let best = self.own.side(instrument, own_side).first();
        if best.is_none_or(|order| hit(order, row).is_none()) {
            return false;
        }
        self.share(view, row, place, own_side, hit);
        true
    }

    /// Shares a row's quantity among the own orders that it hits.
    fn share(&mut self, view: &View<'_>, row: &Row, place: usize, side: Side, hit: Hit) {
        let instrument = InstrumentId(row.instrument.into());
        let number = view.first + place as u64;
        let best = view.truth(instrument, number).best_levels();
        let mut left = Quantity(row.size.into());
        while left.0 > 0 {
            let Some(order) = self.own.side(instrument.index(), side).first().copied() else {
                break;
            };
            let Some(reason) = hit(&order, row) else {
                break;
            };
            let quantity = left.min(order.leaves);
            left -= quantity;
            let after = self.execute(view, &order, quantity, place);
            let context = FillContext {
                reason,
                queue_ahead: order.queue_ahead,
                arrived: order.arrived,
                best,
            };
            self.fill(view, &after, order.price, quantity, row.ts_event, context);
        }
        if row.action == Action::Add.code() {
            self.note_crossed(instrument, row, left, number);
        }
    }

    /// An incoming order that filled ours rests in the tape all the same: what we got of it is taken, and what is left
    /// of ours is locked against it.
    fn note_crossed(&mut self, instrument: InstrumentId, row: &Row, left: Quantity, number: u64) {
        let Some(side) = Side::from_code(row.side) else {
            return;
        };
        let (shown, price) = (Quantity(row.level_size.into()), Price(row.price));
        let got = Quantity(row.size.into()) - left;
        let level = (instrument, side, price);
        if self.rules.orders.taken == Taken::Stays {
            self.taken.take(level, got, shown, number + 1);
        }
        let own = self.own.side(instrument.index(), side.opposite()).first();
        let is_locked = own.is_some_and(|x| side.opposite().crosses(x.price, price));
        if is_locked && !self.locked.contains(&instrument) {
            self.locked.push(instrument);
        }
    }
}

/// A resting order of the tape is executed, on our side.
fn execution(order: &OwnOrder, row: &Row) -> Option<FillReason> {
    let price = Price(row.price);
    if order.price == price {
        let is_behind = u64::from(row.priority) > order.place;
        return is_behind.then_some(FillReason::QueueReached);
    }
    let through = order.side.is_better(order.price, price);
    through.then_some(FillReason::TradedThrough)
}

/// A trade against an order that nobody saw. Displayed orders go first at the same price, so only a worse price tells.
fn hidden_trade(order: &OwnOrder, row: &Row) -> Option<FillReason> {
    let through = order.side.is_better(order.price, Price(row.price));
    through.then_some(FillReason::TradedThrough)
}

/// An order is added on the other side at our price or through it: it would have met ours first.
fn incoming_order(order: &OwnOrder, row: &Row) -> Option<FillReason> {
    let meets = order.side.crosses(order.price, Price(row.price));
    meets.then_some(FillReason::Crossed)
}
