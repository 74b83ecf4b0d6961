//! Answers: news of orders and executions, on their way to the strategy.
//!
//! Takes in what became of an order, and when; gives out messages with their times of arrival. An answer brings the limit
//! of the present block nearer: what the strategy may send on hearing it must not land in the past.

use backplane_sdk::abi::Message;
use backplane_sdk::types::{
    Fill, InstrumentId, Liquidity, OrderId, OrderStatus, OrderUpdate, Price, Quantity, Reason,
    Timestamp,
};

use super::own::OwnOrder;
use super::stops::StopOrder;
use super::{Exchange, Execution, View};
use crate::record::FillReason;
use crate::request::{FillContext, Refused};

impl Exchange {
    pub(super) fn refuse(&mut self, refused: &Refused, at: i64) {
        let update = OrderUpdate {
            instrument: refused.instrument,
            order_id: refused.order_id,
            side: refused.side,
            status: OrderStatus::Rejected,
            reason: refused.reason,
            price: refused.price,
            quantity: refused.quantity,
            leaves: Quantity::ZERO,
            ts_event: Timestamp(at),
            ts_recv: Timestamp(at),
        };
        self.answer(at, update);
    }

    pub(super) fn refuse_modify(&mut self, order_id: OrderId, reason: Reason, at: i64) {
        let status = OrderStatus::ReplaceRejected;
        let waiting = self.stops.get(order_id).map(StopOrder::told);
        match self.whole(order_id).or(waiting) {
            Some(order) => self.update(&order, status, reason, at),
            None => self.answer(at, not_open(order_id, status, at)),
        }
    }

    /// Answers with news of an order.
    pub(super) fn update(
        &mut self,
        order: &OwnOrder,
        status: OrderStatus,
        reason: Reason,
        at: i64,
    ) {
        if matches!(status, OrderStatus::Canceled | OrderStatus::Expired) {
            self.rules.fees.order_ends(order.order_id);
        }
        self.answer(at, order.news(status, reason, Timestamp(at)));
    }

    /// Sends news of an order on its way.
    #[inline]
    pub(super) fn answer(&mut self, at: i64, update: OrderUpdate) {
        let mut message = Message::from(&update);
        message.ts_recv = self.due(at);
        self.answers.push_back(message);
    }

    /// Executes `quantity` of an order that does not rest, or does no longer, and sends the fill on its way. `order` is
    /// as it is afterwards.
    pub(super) fn fill(
        &mut self,
        view: &View<'_>,
        order: &OwnOrder,
        price: Price,
        quantity: Quantity,
        at: i64,
        context: FillContext,
    ) {
        let due = self.due(at);
        let liquidity = match context.reason {
            FillReason::Taker => Liquidity::Taker,
            _ => Liquidity::Maker,
        };
        let fee = self.rules.fees.fee(&Execution {
            instrument: order.instrument,
            order_id: order.order_id,
            side: order.side,
            liquidity,
            price,
            quantity,
            leaves: order.leaves,
            notional: view.contracts[order.instrument.index()].size(price, quantity),
            at: Timestamp(at),
        });
        let fill = Fill {
            instrument: order.instrument,
            order_id: order.order_id,
            side: order.side,
            price,
            quantity,
            leaves: order.leaves,
            fee,
            liquidity,
            ts_event: Timestamp(at),
            ts_recv: Timestamp(due),
        };
        self.answers.push_back(Message::from(&fill));
        self.fill_contexts.push_back(context);
    }

    /// When an answer that is given now arrives. The block must not go beyond what the strategy may send on hearing it.
    pub(super) fn due(&mut self, at: i64) -> i64 {
        let due = self.rules.response.arrives(at, 0);
        self.limit = self.limit.min(due.saturating_add(self.rules.entry_min));
        due
    }
}

impl OwnOrder {
    /// News of the order.
    #[inline]
    pub(super) fn news(&self, status: OrderStatus, reason: Reason, at: Timestamp) -> OrderUpdate {
        let ends = matches!(
            status,
            OrderStatus::Canceled | OrderStatus::Expired | OrderStatus::Rejected
        );
        OrderUpdate {
            instrument: self.instrument,
            order_id: self.order_id,
            side: Some(self.side),
            status,
            reason,
            price: self.price,
            quantity: self.quantity,
            leaves: if ends { Quantity::ZERO } else { self.leaves },
            ts_event: at,
            ts_recv: at,
        }
    }
}

/// The answer to a request about an order that is not open.
pub(super) fn not_open(order_id: OrderId, status: OrderStatus, at: i64) -> OrderUpdate {
    OrderUpdate {
        instrument: InstrumentId(u32::MAX),
        order_id,
        side: None,
        status,
        reason: Reason::UnknownOrder,
        price: Price::UNDEFINED,
        quantity: Quantity::ZERO,
        leaves: Quantity::ZERO,
        ts_event: Timestamp(at),
        ts_recv: Timestamp(at),
    }
}
