//! Small markets that a test tells message by message, so that every fill can be told by hand.
//!
//! Takes in what happens at a market; gives out its messages, and what became of orders in short.

use backplane_engine::record::FillReason;
use backplane_sdk::types::Action::{self, Add};
use backplane_sdk::types::Side::{self, Buy, Sell};
use backplane_sdk::types::{InstrumentId, Order, Price, Quantity};
use backplane_tape::SourceMessage;

use crate::oracle::scripted::Deed;
use crate::oracle::{Delays, Effect};
use crate::price_levels::message;

/// A nanosecond for everything.
pub(crate) const DELAYS: Delays = Delays {
    feed: 1,
    entry: 1,
    response: 1,
};

/// A market that begins with 10 bid at 99 (order 1) and 10 asked at 102 (order 2).
pub(crate) struct Market(pub(crate) Vec<SourceMessage>);

impl Market {
    pub(crate) fn new() -> Market {
        let market = Market(Vec::new());
        market
            .says(1_000, Add, Buy, 1, 99, 10)
            .says(1_000, Add, Sell, 2, 102, 10)
    }

    /// An event of one message.
    pub(crate) fn says(
        mut self,
        at: i64,
        action: Action,
        side: Side,
        order_id: u64,
        price: i64,
        size: u32,
    ) -> Market {
        let number = self.0.len() as u32;
        let what = (action, side, order_id, price, size);
        self.0.push(message(at, number, what, true));
        self
    }

    /// An order is executed: the print, then the fill that takes it out of the book.
    pub(crate) fn executes(
        mut self,
        at: i64,
        aggressor: Side,
        order_id: u64,
        price: i64,
        size: u32,
    ) -> Market {
        let number = self.0.len() as u32;
        let print = (Action::Trade, aggressor, 0, price, size);
        self.0.push(message(at, number, print, false));
        self.says(
            at,
            Action::Fill,
            aggressor.opposite(),
            order_id,
            price,
            size,
        )
    }
}

/// An order at a time after 2,001 nanoseconds; it lands one later.
pub(crate) fn limit(at: i64, side: Side, price: i64, quantity: i64) -> (i64, Deed) {
    let order = Order::limit(InstrumentId(0), side, Price(price), Quantity(quantity));
    (at, Deed::Submit(order))
}

/// A fill in short: order, quantity, why, and the time of the row.
pub(crate) type Got = (u64, i64, FillReason, i64);

pub(crate) fn fills(effects: &[Effect]) -> Vec<Got> {
    let fills = effects.iter().filter_map(|x| match x {
        Effect::Fill {
            order_id,
            quantity,
            reason,
            at,
            ..
        } => Some((*order_id, *quantity, *reason, *at - DELAYS.response)),
        Effect::Update { .. } => None,
    });
    fills.collect()
}
