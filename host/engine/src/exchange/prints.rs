//! Own orders that rest, on a tape of orders of which only the prints are believed: which of them fill them.
//!
//! Takes in one row of the tape; gives out the fills that it means for resting orders, and keeps for each order what
//! stands ahead of it. Orders that came first leave the queue by what becomes of them, a print takes what stands ahead,
//! and what it leaves is ours. Whom a print executed is not looked at.
//!
//! The rows of one time are one match event: cancels among them go before its prints and adds. An exchange that prevents
//! self-matches takes an order out of the book first, and matches what is left. Where an added order crosses the tape's
//! own book and stays there, nothing is matched now (before an opening, in an auction), and it fills nobody.

use backplane_sdk::types::{Action, InstrumentId, OrderId, Price, Quantity, Side};

use super::own::OwnOrder;
use super::queue::{Defect, Matching};
use super::{Exchange, View};
use crate::row::signal;
use crate::rows::Rows;

impl Exchange {
    /// As [`Exchange::match_every_row`] where what stands ahead is counted, for the rows from `start` to before `end`;
    /// less far where the limit comes nearer.
    pub(super) fn match_prints(&mut self, view: &View<'_>, start: usize, mut end: usize) {
        let rows = view.rows;
        let mut place = start;
        // Cancels before this place were heard with the first print or add of their match event.
        let mut cancelled = start;
        while place < end {
            if self.may_fill(rows, place) {
                if is_first(rows, place) && place >= cancelled {
                    cancelled = self.cancel_first(rows, place, end);
                }
                let is_heard = place < cancelled && rows.action[place] == Action::Cancel.code();
                if !is_heard && self.match_order_row(view, place) {
                    end = end.min(rows.event_after(place, self.limit));
                }
            }
            if self.taken.may_be_at(rows.price[place]) || rows.clears(place) {
                self.taken.hear(rows, place);
            }
            place += 1;
        }
        self.matched = view.first + end as u64;
    }

    /// Whether a row may mean something for resting orders: a change of a level where one stands, an added order or a
    /// print that one meets. Cheap, and never wrongly `false`.
    #[inline]
    fn may_fill(&self, rows: &Rows, place: usize) -> bool {
        let Some(side) = Side::from_code(rows.side[place]) else {
            return false;
        };
        let (same, other) = self.own.both_sides(rows.instrument[place].into(), side);
        let price = Price(rows.price[place]);
        let first = match rows.action[place] {
            b'A' | b'T' => other.first(),
            b'F' => same.first(),
            _ => return same.iter().any(|x| x.price == price),
        };
        first.is_some_and(|x| x.side.crosses(x.price, price))
    }

    /// Hears the cancels of a match event, from one of its rows on; gives the place after the event.
    fn cancel_first(&mut self, rows: &Rows, place: usize, end: usize) -> usize {
        let at = rows.ts_event[place];
        let mut next = place;
        while next < end && rows.ts_event[next] == at {
            if rows.action[next] == Action::Cancel.code() {
                self.leave(rows, next, rows.size[next].into());
            }
            next += 1;
        }
        next
    }

    /// Does what a row means for the resting orders of its instrument; `true` where it filled one.
    fn match_order_row(&mut self, view: &View<'_>, place: usize) -> bool {
        let rows = view.rows;
        let Some(side) = Side::from_code(rows.side[place]) else {
            return false;
        };
        self.settle_debts(rows.ts_event[place]);
        match Action::from_code(rows.action[place]) {
            Some(Action::Trade) => self.print(view, place, side.opposite()),
            Some(Action::Fill) if rows.has(place, signal::TRADE) => self.print(view, place, side),
            Some(Action::Cancel) => {
                self.leave(rows, place, rows.size[place].into());
                false
            }
            Some(Action::Modify) if rows.has(place, signal::BOOK) => {
                let instrument = InstrumentId(rows.instrument[place].into());
                let truth = view.truth(instrument, view.first + place as u64);
                let before = truth.size_at(side, Price(rows.price[place])).0;
                let grown = i64::from(rows.level_size[place]) - before;
                let left = match self.rules.queue.defect {
                    Some(Defect::IncreaseKeepsPlace) => -grown,
                    _ => i64::from(rows.size[place]) - grown,
                };
                self.leave(rows, place, left);
                false
            }
            Some(Action::Add) => !rests_crossed(view, place, side) && self.match_row(view, place),
            _ => false,
        }
    }

    /// So much of an order leaves its place: less stands ahead of the own orders behind it.
    fn leave(&mut self, rows: &Rows, place: usize, size: i64) {
        let Some(side) = Side::from_code(rows.side[place]) else {
            return;
        };
        let (price, priority) = (Price(rows.price[place]), u64::from(rows.priority[place]));
        let instrument = InstrumentId(rows.instrument[place].into());
        for order in self.own.side_mut(instrument, side) {
            if order.price == price && priority <= order.place {
                order.ahead = (order.ahead - Quantity(size)).max(Quantity::ZERO);
            }
        }
    }
}

impl Exchange {
    /// Whether a modification leaves an order at its place: it does at the same price with no more than before.
    pub(super) fn keeps_place(&self, order: &OwnOrder, price: Price, quantity: Quantity) -> bool {
        let is_larger = match self.rules.queue.defect {
            Some(Defect::DecreaseLosesPlace) => quantity != order.quantity,
            Some(Defect::IncreaseKeepsPlace) => false,
            _ => quantity > order.quantity,
        };
        price == order.price && !is_larger
    }

    /// Shares a print among the own orders of a side; `true` where it filled one.
    fn print(&mut self, view: &View<'_>, place: usize, side: Side) -> bool {
        let row = &view.rows.row(place);
        if let Matching::ProRata { first } = self.rules.queue.matching {
            return self.share_by_size(view, row, place, (side, first));
        }
        if self.rules.queue.defect != Some(Defect::NoConsumptionWithinEvent) {
            return self.share_trade(view, row, place, side);
        }
        let before = self.own.side(row.instrument.into(), side).to_vec();
        let filled = self.share_trade(view, row, place, side);
        self.debts.at = row.ts_event;
        for order in before {
            if let Some(after) = self.own.get(order.order_id).copied() {
                let owed = (order.order_id, order.ahead - after.ahead);
                self.debts.owed.push(owed);
                let ahead = order.ahead;
                self.own.replace(&OwnOrder { ahead, ..after });
            }
        }
        filled
    }

    /// What is owed for an event before the time `at` is taken from what stands ahead.
    fn settle_debts(&mut self, at: i64) {
        if self.debts.at == at {
            return;
        }
        for (order_id, owed) in std::mem::take(&mut self.debts.owed) {
            if let Some(order) = self.own.get(order_id).copied() {
                let ahead = (order.ahead - owed).max(Quantity::ZERO);
                self.own.replace(&OwnOrder { ahead, ..order });
            }
        }
    }
}

/// What prints of one match event took from what stands ahead of own orders, not taken from it yet.
#[derive(Debug, Default)]
pub(super) struct Debts {
    owed: Vec<(OrderId, Quantity)>,
    /// The time of the event.
    at: i64,
}

/// Whether the cancels of its match event go before a row: a trade print, an add.
fn is_first(rows: &Rows, place: usize) -> bool {
    rows.has(place, signal::TRADE) || rows.action[place] == Action::Add.code()
}

/// Whether an added order crosses the tape's own book when its match event is over.
fn rests_crossed(view: &View<'_>, place: usize, side: Side) -> bool {
    let rows = view.rows;
    let at = rows.ts_event[place];
    let more = rows.ts_event[place..].iter().take_while(|x| **x == at);
    let after = view.first + (place + more.count()) as u64;
    let instrument = InstrumentId(rows.instrument[place].into());
    let met = view.truth(instrument, after).best(side.opposite());
    met.is_some_and(|x| side.crosses(Price(rows.price[place]), x.price))
}
