//! Orders from their submission to their end.
//!
//! Takes in commands, news and executions of each instance in the order in which they came; gives out each order once it
//! has ended, with its times, what was executed of it and what the market was like. Only open orders are held.

use backplane_engine::contract::Contract;
use backplane_engine::record::{CommandRecord, FillRecord, InstanceId, OrderRecord};
use backplane_sdk::abi::{Command, CommandBody};
use backplane_sdk::by_number::ByNumber;
use backplane_sdk::types::{
    InstrumentId, Liquidity, Money, OrderId, OrderStatus, Price, Quantity, Reason, Timestamp,
};

use super::quotes::Quotes;

/// When an order was sent, and the best bid and ask that its strategy saw then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    /// When, in the strategy's time.
    pub(crate) at: Timestamp,
    /// The best bid and ask.
    pub(crate) best: [Option<Price>; 2],
}

/// How an order ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum End {
    /// It was executed whole.
    Filled,
    /// It was cancelled.
    Canceled,
    /// It was not accepted.
    Rejected,
    /// Its time, or the tape, ended.
    Expired,
    /// No news of its end was heard.
    #[default]
    Open,
}

/// An order that has ended.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    /// Whose it was.
    pub(crate) instance: InstanceId,
    /// The command with which it was submitted.
    pub(crate) command: Command,
    /// Its submission.
    pub(crate) sent: Sent,
    /// When the exchange accepted it.
    pub(crate) arrived: Option<Timestamp>,
    /// When the strategy heard of that.
    pub(crate) acknowledged: Option<Timestamp>,
    /// When it was executed first, at the exchange.
    pub(crate) first_fill: Option<Timestamp>,
    /// When it ended, at the exchange.
    pub(crate) ended: Option<Timestamp>,
    /// How it ended.
    pub(crate) end: End,
    /// Why.
    pub(crate) reason: Reason,
    /// Its last limit price.
    pub(crate) price: Price,
    /// Its last whole quantity.
    pub(crate) quantity: Quantity,
    /// What was executed.
    pub(crate) filled: Quantity,
    /// The number of executions.
    pub(crate) fills: u64,
    /// The number of accepted modifications.
    pub(crate) modifications: u64,
    /// The size of what was executed.
    pub(crate) turnover: Money,
    /// The fees.
    pub(crate) fees: Money,
    /// What stood ahead when it took its place in the queue, where it was executed as maker.
    pub(crate) queue_ahead: Option<Quantity>,
    /// The best bid and ask when it ended.
    pub(crate) end_best: [Option<Price>; 2],
    /// Later orders of the same number whose refusal is still to come.
    duplicates: u32,
}

/// The open orders of all instances.
#[derive(Debug)]
pub(super) struct Lifecycles {
    contracts: Vec<Contract>,
    open: Vec<ByNumber<Ended>>,
}

impl Lifecycles {
    /// No orders, in instruments with these contracts.
    pub(super) fn new(contracts: Vec<Contract>) -> Lifecycles {
        Lifecycles {
            contracts,
            open: Vec::new(),
        }
    }

    /// A command was given. Of a number that is used twice the first order counts.
    pub(super) fn command(&mut self, record: &CommandRecord) {
        let Some(CommandBody::Submit { order_id }) = record.command.body() else {
            return;
        };
        let instance = record.instance.index();
        if self.open.len() <= instance {
            self.open.resize_with(instance + 1, ByNumber::default);
        }
        if let Some(known) = self.open[instance].get_mut(order_id.0) {
            known.duplicates += 1;
            return;
        }
        let best = [record.local.bid, record.local.ask];
        let order = Ended {
            instance: record.instance,
            command: record.command,
            sent: Sent {
                at: record.at,
                best: best.map(|x| x.map(|x| x.price)),
            },
            arrived: None,
            acknowledged: None,
            first_fill: None,
            ended: None,
            end: End::Open,
            reason: Reason::None,
            price: Price(record.command.price),
            quantity: Quantity(record.command.quantity),
            filled: Quantity::ZERO,
            fills: 0,
            modifications: 0,
            turnover: Money::ZERO,
            fees: Money::ZERO,
            queue_ahead: None,
            end_best: [None; 2],
            duplicates: 0,
        };
        self.open[instance].insert(order_id.0, order);
    }

    /// When an open order was sent.
    pub(super) fn sent(&self, instance: InstanceId, order_id: OrderId) -> Option<Sent> {
        let order = self.open.get(instance.index())?.get(order_id.0);
        order.map(|x| x.sent)
    }

    /// News of an order was heard; gives the order where it ended.
    pub(super) fn news(&mut self, record: &OrderRecord, quotes: &Quotes) -> Option<Ended> {
        let update = &record.update;
        let open = self.open.get_mut(record.instance.index())?;
        let order = open.get_mut(update.order_id.0)?;
        let end = match update.status {
            OrderStatus::New => {
                order.arrived = order.arrived.or(Some(update.ts_event));
                order.acknowledged = order.acknowledged.or(Some(update.ts_recv));
                return None;
            }
            OrderStatus::Replaced => {
                order.modifications += 1;
                order.price = update.price;
                order.quantity = update.quantity;
                return None;
            }
            OrderStatus::Canceled => End::Canceled,
            OrderStatus::Rejected
                if update.reason == Reason::DuplicateOrder && order.duplicates > 0 =>
            {
                order.duplicates -= 1;
                return None;
            }
            OrderStatus::Rejected => End::Rejected,
            OrderStatus::Expired => End::Expired,
            _ => return None,
        };
        let mut order = open.remove(update.order_id.0)?;
        order.end = end;
        order.reason = update.reason;
        order.ended = Some(update.ts_event);
        order.end_best = quotes.best(update.instrument);
        Some(order)
    }

    /// An execution was heard; gives the order where it was the last.
    pub(super) fn fill(&mut self, record: &FillRecord, quotes: &Quotes) -> Option<Ended> {
        let fill = &record.fill;
        let open = self.open.get_mut(record.instance.index())?;
        let order = open.get_mut(fill.order_id.0)?;
        order.arrived = order.arrived.or(Some(record.arrived));
        order.first_fill = order.first_fill.or(Some(fill.ts_event));
        order.filled += fill.quantity;
        order.fills += 1;
        order.fees += fill.fee;
        if let Some(contract) = self.contracts.get(fill.instrument.index()) {
            order.turnover += contract.size(fill.price, fill.quantity);
        }
        if fill.liquidity == Liquidity::Maker {
            order.queue_ahead = order.queue_ahead.or(Some(record.queue_ahead));
        }
        if fill.leaves > Quantity::ZERO {
            return None;
        }
        let mut order = open.remove(fill.order_id.0)?;
        order.end = End::Filled;
        order.ended = Some(fill.ts_event);
        order.end_best = quotes.best(fill.instrument);
        Some(order)
    }

    /// The orders of whose end nothing was heard.
    pub(super) fn end(&mut self) -> Vec<Ended> {
        let all = std::mem::take(&mut self.open);
        let rest = |x: ByNumber<Ended>| x.iter().cloned().collect::<Vec<_>>();
        all.into_iter().flat_map(rest).collect()
    }
}

impl Ended {
    /// The instrument, where the order named one.
    pub(crate) fn instrument(&self) -> InstrumentId {
        InstrumentId(self.command.instrument)
    }
}
