//! Icebergs: orders of which only a part is shown.
//!
//! Takes in how much of an order is shown at a time; gives out the next part when one is executed. What is shown stands
//! in the queue like any order; each further part takes its place at the back, behind all that the tape shows there at
//! that moment. What is not shown has no place in any queue: it is reached as soon as the market trades through its
//! price, because a better price goes first, shown or not.

use backplane_sdk::types::{OrderId, Quantity, Timestamp};

use super::own::OwnOrder;
use super::{Exchange, View};
use crate::row::Row;

/// What of an iceberg is not shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reserve {
    order_id: OrderId,
    /// How much is shown at a time.
    displayed: Quantity,
    hidden: Quantity,
}

/// The reserves of the icebergs that rest; there are few.
#[derive(Debug, Default)]
pub(super) struct Icebergs {
    reserves: Vec<Reserve>,
}

impl Icebergs {
    fn get(&mut self, order_id: OrderId) -> Option<&mut Reserve> {
        self.reserves.iter_mut().find(|x| x.order_id == order_id)
    }

    /// Forgets an iceberg; gives how much of it was shown at a time, and what was not shown.
    fn remove(&mut self, order_id: OrderId) -> (Quantity, Quantity) {
        let found = self.reserves.iter().position(|x| x.order_id == order_id);
        let reserve = found.map(|place| self.reserves.swap_remove(place));
        reserve.map_or((Quantity::ZERO, Quantity::ZERO), |x| {
            (x.displayed, x.hidden)
        })
    }
}

impl Exchange {
    /// An order that rests, with all that is open of it.
    #[inline]
    pub(super) fn whole(&mut self, order_id: OrderId) -> Option<OwnOrder> {
        let mut order = *self.own.get(order_id)?;
        if order.is_iceberg {
            let reserve = self.icebergs.get(order_id);
            order.leaves += reserve.map_or(Quantity::ZERO, |x| x.hidden);
        }
        Some(order)
    }

    /// Takes an order out of the book; gives it with all that was open of it, and how much is shown of it at a time,
    /// zero where that is all.
    #[inline]
    pub(super) fn take_out(&mut self, order_id: OrderId) -> Option<(OwnOrder, Quantity)> {
        let mut order = self.own.remove(order_id)?;
        if !order.is_iceberg {
            return Some((order, Quantity::ZERO));
        }
        let (displayed, hidden) = self.icebergs.remove(order_id);
        order.leaves += hidden;
        Some((order, displayed))
    }

    /// Puts the part of an iceberg that is shown first into the order, and keeps the rest.
    #[cold]
    pub(super) fn hide(&mut self, order: &mut OwnOrder, displayed: Quantity) {
        let shown = order.leaves.min(displayed);
        self.icebergs.reserves.push(Reserve {
            order_id: order.order_id,
            displayed,
            hidden: order.leaves - shown,
        });
        order.leaves = shown;
        order.is_iceberg = true;
    }

    /// A resting order of which `changed` is open from now on, no more than before, keeps its place: what is not shown
    /// goes first.
    #[inline]
    pub(super) fn shrink(&mut self, changed: &OwnOrder) {
        if !changed.is_iceberg {
            self.own.replace(changed);
            return;
        }
        let before = self.own.get(changed.order_id).map(|x| x.leaves);
        let shown = before.unwrap_or_default().min(changed.leaves);
        if let Some(reserve) = self.icebergs.get(changed.order_id) {
            reserve.hidden = changed.leaves - shown;
        }
        self.own.replace(&OwnOrder {
            leaves: shown,
            ..*changed
        });
    }

    /// Executes `quantity` of what is shown of a resting order, by the row of a place. Gives the order as it is then,
    /// with all that is open of it.
    #[inline]
    pub(super) fn execute(
        &mut self,
        view: &View<'_>,
        order: &OwnOrder,
        quantity: Quantity,
        place: usize,
    ) -> OwnOrder {
        let after = self.own.reduce(order, quantity);
        if order.is_iceberg {
            return self.refill(view, after, &view.rows.row(place), place);
        }
        after
    }

    /// Shows the next part of an iceberg where the last is gone.
    #[cold]
    fn refill(&mut self, view: &View<'_>, after: OwnOrder, row: &Row, place: usize) -> OwnOrder {
        let Some(reserve) = self.icebergs.get(after.order_id) else {
            return after;
        };
        let open = after.leaves + reserve.hidden;
        if after.leaves.is_zero() && reserve.hidden.0 > 0 {
            let shown = reserve.hidden.min(reserve.displayed);
            reserve.hidden -= shown;
            let number = view.first + place as u64 + 1;
            let ahead = view
                .truth(after.instrument, number)
                .size_at(after.side, after.price);
            self.own.insert(OwnOrder {
                leaves: shown,
                place: number,
                queue_ahead: ahead,
                ahead,
                arrived: Timestamp(row.ts_event),
                ..after
            });
        } else if open.is_zero() {
            self.icebergs.remove(after.order_id);
        }
        OwnOrder {
            leaves: open,
            ..after
        }
    }
}
