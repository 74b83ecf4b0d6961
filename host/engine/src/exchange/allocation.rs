//! Pro-rata matching: a trade is shared among all that rest at its price by their sizes.
//!
//! Takes in a trade; gives out the fills that it means for resting orders. Some of it may go first in, first out before
//! that, as in CME's split of both. An order's share is rounded down, and what is left over by the rounding goes to those
//! who stand ahead: what others were given is not known, so that none of it is taken for ours.
//!
//! With `q` traded at a price, `f` the share that goes first in, first out, `S` what the tape shows there before the trade
//! and `L` what is open of the own orders there: `floor(q * f)` goes by the queue, and of the rest `r` each own order gets
//! `floor(r * leaves / (S + sum of L - what went by the queue))`.
//! (CME Group, Supported Matching Algorithms: Pro-Rata, and Split FIFO and Pro-Rata of the configurable algorithm.)

use backplane_sdk::types::{InstrumentId, Price, Quantity, Side};

use super::own::OwnOrder;
use super::{Exchange, View};
use crate::record::FillReason;
use crate::request::FillContext;
use crate::row::{Row, signal};

/// One, in units of 1e-9.
const ONE: i128 = 1_000_000_000;

/// An own order at a trade's price, and what it gets.
struct Share {
    before: OwnOrder,
    after: OwnOrder,
    gets: Quantity,
}

impl Share {
    fn take(&mut self, quantity: Quantity) {
        self.gets += quantity;
        self.after.leaves -= quantity;
    }
}

impl Exchange {
    /// Shares a trade among the own orders of a side; `first` of it, in units of 1e-9, goes first in, first out.
    pub(super) fn share_by_size(
        &mut self,
        view: &View<'_>,
        row: &Row,
        place: usize,
        (side, first): (Side, u64),
    ) -> bool {
        let instrument = InstrumentId(row.instrument.into());
        let (price, number) = (Price(row.price), view.first + place as u64);
        let mut left = Quantity(row.size.into());
        let mut filled = false;
        while let Some(order) = self.own.side(instrument.index(), side).first().copied()
            && side.is_better(order.price, price)
            && left.0 > 0
        {
            let quantity = left.min(order.leaves);
            left -= quantity;
            self.fill_resting(view, place, &order, (quantity, FillReason::TradedThrough));
            filled = true;
        }
        if row.has(signal::HIDDEN) {
            return filled;
        }
        let here = self.own.side(instrument.index(), side).iter();
        let share = |order: &OwnOrder| Share {
            before: *order,
            after: *order,
            gets: Quantity::ZERO,
        };
        let here = here.filter(|x| x.price == price);
        let mut shares: Vec<Share> = here.map(share).collect();
        let shown = view.truth(instrument, number).size_at(side, price);
        allocate(&mut shares, left, shown, first);
        for share in shares {
            self.own.replace(&OwnOrder {
                ahead: share.after.ahead,
                ..share.before
            });
            if share.gets.0 > 0 {
                let order = OwnOrder {
                    ahead: share.after.ahead,
                    ..share.before
                };
                self.fill_resting(view, place, &order, (share.gets, FillReason::QueueReached));
                filled = true;
            }
        }
        filled
    }

    fn fill_resting(
        &mut self,
        view: &View<'_>,
        place: usize,
        order: &OwnOrder,
        (quantity, reason): (Quantity, FillReason),
    ) {
        let row = view.rows.row(place);
        let truth = view.truth(order.instrument, view.first + place as u64);
        let context = FillContext {
            reason,
            queue_ahead: order.queue_ahead,
            arrived: order.arrived,
            best: truth.best_levels(),
        };
        let after = self.execute(view, order, quantity, place);
        self.fill(view, &after, order.price, quantity, row.ts_event, context);
    }
}

/// Shares what was traded at one price among own orders, in the order of their arrival, and `shown` of the tape's.
fn allocate(shares: &mut [Share], traded: Quantity, shown: Quantity, first: u64) {
    let by_queue = (i128::from(traded.0) * i128::from(first) / ONE) as i64;
    let mut queue_left = Quantity(by_queue);
    let mut gone = Quantity::ZERO;
    for share in shares.iter_mut() {
        let ahead = (share.after.ahead - gone).max(Quantity::ZERO);
        let before = queue_left.min(ahead);
        queue_left -= before;
        gone += before;
        let gets = queue_left.min(share.after.leaves);
        queue_left -= gets;
        share.take(gets);
    }
    // What the own orders left of the first part went to those behind them.
    let open: i64 = shares.iter().map(|x| x.before.leaves.0).sum();
    let total = i128::from(shown.0 + open - by_queue);
    let rest = i128::from(traded.0 - by_queue);
    let part = |quantity: Quantity| match total > rest {
        true => Quantity((rest * i128::from(quantity.0.max(0)) / total) as i64),
        false => quantity,
    };
    for share in shares {
        let ahead = (share.after.ahead - gone).max(Quantity::ZERO);
        share.after.ahead = ahead - part(ahead);
        let gets = part(share.after.leaves).min(share.after.leaves);
        share.take(gets);
    }
}
