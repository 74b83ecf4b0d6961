//! The limits of a run, held against what a strategy asks for before it goes on its way.
//!
//! Takes in requests, and the news and executions that the strategy hears; gives out the same requests, or refusals that
//! take their way through the latencies like every answer. It stands between the strategy and the exchange, as a broker's
//! checks do, and knows what was sent and what was heard. A strategy has no say in it.

use std::collections::{BTreeMap, VecDeque};

use backplane_sdk::abi::{Message, MessageBody};
use backplane_sdk::types::{
    InstrumentId, Money, OrderEvent, OrderId, OrderStatus, OrderUpdate, Price, Quantity, Reason,
    Side, Timestamp,
};

use crate::limits::{AfterLoss, Kill, RiskLimits};
use crate::request::{NewOrder, Refused, RequestBody, Rest};

/// An order that was sent and of whose end nothing was heard.
#[derive(Clone, Copy, Debug)]
struct OpenOrder {
    instrument: InstrumentId,
    side: Side,
    /// The largest whole quantity that it has or may get.
    quantity: i64,
    filled: i64,
    /// The modifications of it that are on their way.
    changes: u32,
}

/// How far the end has come of a strategy that lost too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// It did not lose too much.
    Trades,
    /// Its orders are being cancelled.
    Cancels,
    /// Its positions are being closed.
    Flattens,
    /// It had too little margin: its orders are being cancelled, and then its positions closed. Then it trades on.
    Liquidates {
        /// Whether its positions are being closed.
        closes: bool,
    },
    /// There is nothing left to do.
    Ended,
}

/// What must be done for a strategy that lost too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// Nothing now.
    None,
    /// Its positions are to be closed.
    Flatten,
    /// It is to be stopped.
    Stop(Kill),
}

/// What the market and the account show of an order's instrument.
#[derive(Clone, Copy, Debug, Default)]
pub struct Situation {
    /// The strategy's time.
    pub now: i64,
    /// The position that the strategy heard of.
    pub position: Quantity,
    /// The price from which a limit's distance is measured; `None` where there is none.
    pub reference: Option<Price>,
    /// Whether the account has too little for the order.
    pub lacks_margin: bool,
}

/// The limits of one strategy instance, and what they are held against.
#[derive(Debug)]
pub struct Risk {
    limits: RiskLimits,
    open: BTreeMap<OrderId, OpenOrder>,
    /// When the last orders and modifications were sent, as many as a window may hold.
    sent: VecDeque<i64>,
    refused: BTreeMap<Reason, u64>,
    phase: Phase,
    kill: Option<Kill>,
    liquidations: u64,
    /// The orders that were sent to close positions.
    closing: u64,
}

impl Risk {
    /// Holds a strategy to its limits.
    pub const fn new(limits: RiskLimits) -> Risk {
        Risk {
            limits,
            open: BTreeMap::new(),
            sent: VecDeque::new(),
            refused: BTreeMap::new(),
            phase: Phase::Trades,
            kill: None,
            liquidations: 0,
            closing: 0,
        }
    }

    /// The limits.
    pub const fn limits(&self) -> &RiskLimits {
        &self.limits
    }

    /// How often each reason refused an order or a modification.
    pub fn refused(&self) -> Vec<(Reason, u64)> {
        self.refused.iter().map(|x| (*x.0, *x.1)).collect()
    }

    /// What became of a strategy that lost too much.
    pub const fn kill(&self) -> Option<Kill> {
        self.kill
    }

    /// How often it had too little margin.
    pub const fn liquidations(&self) -> u64 {
        self.liquidations
    }

    /// The instrument, side and whole quantity of an order that is open.
    pub fn order(&self, order_id: OrderId) -> Option<(InstrumentId, Side, i64)> {
        let order = self.open.get(&order_id);
        order.map(|x| (x.instrument, x.side, x.quantity))
    }

    /// The instruments of open orders.
    pub fn instruments(&self) -> impl Iterator<Item = InstrumentId> + '_ {
        self.open.values().map(|x| x.instrument)
    }

    /// What may yet be bought and sold of an instrument by open orders.
    pub fn open_quantities(&self, instrument: InstrumentId) -> [i64; 2] {
        let mut quantities = [0i64; 2];
        for order in self.open.values().filter(|x| x.instrument == instrument) {
            let sum = &mut quantities[order.side.index()];
            *sum = sum.saturating_add(order.quantity - order.filled);
        }
        quantities
    }

    /// It has too little margin; `true` where that is new, so that all its orders are to be cancelled.
    pub fn liquidate(&mut self) -> bool {
        let is_new = self.phase == Phase::Trades;
        if is_new {
            self.phase = Phase::Liquidates { closes: false };
            self.liquidations += 1;
        }
        is_new
    }

    /// Why nothing may be sent now.
    fn check_phase(&self) -> Result<(), Reason> {
        match self.phase {
            Phase::Trades => Ok(()),
            Phase::Liquidates { .. } => Err(Reason::Liquidation),
            Phase::Cancels | Phase::Flattens | Phase::Ended => Err(Reason::KillSwitch),
        }
    }

    /// The request as it may go on its way: itself, or a refusal.
    pub fn screen(&mut self, request: RequestBody, situation: &Situation) -> RequestBody {
        let (checked, refusal) = match &request {
            RequestBody::Submit(order) => (self.check_new(order, situation), Some(order)),
            RequestBody::SubmitSpecial(special) => {
                let order = &special.order;
                (self.check_new(order, situation), Some(order))
            }
            RequestBody::Modify {
                order_id,
                price,
                quantity,
                ..
            } => {
                let checked = self.check_change(*order_id, *price, *quantity, situation);
                (checked, None)
            }
            _ => return request,
        };
        let Err(reason) = checked else {
            if self.limits.order_rate_max.is_some() {
                self.sent.push_back(situation.now);
            }
            return request;
        };
        *self.refused.entry(reason).or_default() += 1;
        // The refusal is an answer too, and others may be on their way.
        if let RequestBody::Modify { order_id, .. } = &request
            && let Some(open) = self.open.get_mut(order_id)
        {
            open.changes += 1;
        }
        match (refusal, &request) {
            (Some(order), _) => RequestBody::Refuse(Refused {
                order_id: order.order_id,
                instrument: order.instrument,
                side: Some(order.side),
                price: order.limit.unwrap_or(Price::UNDEFINED),
                quantity: order.quantity,
                reason,
            }),
            (None, RequestBody::Modify { order_id, .. }) => RequestBody::RefuseModify {
                order_id: *order_id,
                reason,
            },
            _ => request,
        }
    }

    /// Checks a new order and takes it for sent where nothing is wrong.
    fn check_new(&mut self, order: &NewOrder, situation: &Situation) -> Result<(), Reason> {
        let limits = self.limits;
        self.check_phase()?;
        if limits.order_size_max.is_some_and(|x| order.quantity > x) {
            return Err(Reason::RiskOrderSize);
        }
        if limits.open_orders_max.is_some_and(|x| self.open.len() >= x) {
            return Err(Reason::RiskOpenOrders);
        }
        self.check_collar(order.side, order.limit, situation)?;
        let (instrument, side) = (order.instrument, order.side);
        self.check_position(instrument, side, order.quantity.0, situation)?;
        check_margin(situation)?;
        self.check_rate(situation)?;
        self.note(order);
        Ok(())
    }

    fn note(&mut self, order: &NewOrder) {
        let open = OpenOrder {
            instrument: order.instrument,
            side: order.side,
            quantity: order.quantity.0,
            filled: 0,
            changes: 0,
        };
        self.open.insert(order.order_id, open);
    }

    /// As [`Risk::check_new`] for a modification. One of an order that is not known to be open is refused by the exchange.
    fn check_change(
        &mut self,
        order_id: OrderId,
        price: Price,
        quantity: Quantity,
        situation: &Situation,
    ) -> Result<(), Reason> {
        self.check_phase()?;
        let Some(open) = self.open.get(&order_id).copied() else {
            return Ok(());
        };
        if self.limits.order_size_max.is_some_and(|x| quantity > x) {
            return Err(Reason::RiskOrderSize);
        }
        let limit = price.is_defined().then_some(price);
        self.check_collar(open.side, limit, situation)?;
        let more = quantity.0.saturating_sub(open.quantity);
        if more > 0 {
            self.check_position(open.instrument, open.side, more, situation)?;
            check_margin(situation)?;
        }
        self.check_rate(situation)?;
        if let Some(open) = self.open.get_mut(&order_id) {
            open.quantity = open.quantity.max(quantity.0);
            open.changes += 1;
        }
        Ok(())
    }

    fn check_collar(
        &self,
        side: Side,
        limit: Option<Price>,
        situation: &Situation,
    ) -> Result<(), Reason> {
        match (self.limits.price_collar, limit) {
            (Some(collar), Some(limit)) if !collar.allows(side, limit, situation.reference) => {
                Err(Reason::RiskPriceCollar)
            }
            _ => Ok(()),
        }
    }

    /// Checks the position with all that is open on a side filled, and `more`.
    fn check_position(
        &self,
        instrument: InstrumentId,
        side: Side,
        more: i64,
        situation: &Situation,
    ) -> Result<(), Reason> {
        let Some(limit) = self.limits.position_max else {
            return Ok(());
        };
        let alike = self.open.values();
        let alike = alike.filter(|x| x.instrument == instrument && x.side == side);
        let open: i128 = alike.map(|x| i128::from(x.quantity - x.filled)).sum();
        let position = i128::from(side.signed(situation.position).0);
        if position + open + i128::from(more) > i128::from(limit.0) {
            return Err(Reason::RiskPosition);
        }
        Ok(())
    }

    fn check_rate(&mut self, situation: &Situation) -> Result<(), Reason> {
        let Some(rate) = self.limits.order_rate_max else {
            return Ok(());
        };
        let since = situation.now.saturating_sub(rate.window.0);
        while self.sent.front().is_some_and(|x| *x <= since) {
            self.sent.pop_front();
        }
        if self.sent.len() >= rate.orders as usize {
            return Err(Reason::RiskOrderRate);
        }
        Ok(())
    }

    /// The strategy is about to hear an answer.
    pub fn hear(&mut self, message: &Message) {
        match message.body() {
            Some(MessageBody::Order(OrderEvent::Fill(fill))) => {
                if fill.leaves.is_zero() {
                    self.open.remove(&fill.order_id);
                } else if let Some(open) = self.open.get_mut(&fill.order_id) {
                    open.filled += fill.quantity.0;
                }
            }
            Some(MessageBody::Order(OrderEvent::Update(update))) => self.hear_update(&update),
            _ => {}
        }
    }

    fn hear_update(&mut self, update: &OrderUpdate) {
        if update.ends_order() {
            self.open.remove(&update.order_id);
            return;
        }
        let answers_change = matches!(
            update.status,
            OrderStatus::Replaced | OrderStatus::ReplaceRejected
        );
        if answers_change && let Some(open) = self.open.get_mut(&update.order_id) {
            open.changes = open.changes.saturating_sub(1);
            // What is still on its way may make it larger than it is.
            if open.changes == 0 {
                open.quantity = update.quantity.0;
            }
        }
    }

    /// The strategy's gain since the beginning is valued at `gain`; `true` where it lost too much just now, so that all
    /// its orders are to be cancelled.
    pub fn value(&mut self, gain: Money, at: Timestamp) -> bool {
        let Some(limit) = self.limits.loss_max else {
            return false;
        };
        let loss = Money(gain.0.saturating_neg());
        if self.phase != Phase::Trades || loss < limit.loss {
            return false;
        }
        self.phase = Phase::Cancels;
        self.kill = Some(Kill { at, loss, limit });
        true
    }

    /// What must be done for a strategy that lost too much, and holds positions or not. `may_retry` says whether orders
    /// that found nothing may be sent again.
    pub fn duty(&mut self, holds: bool, may_retry: bool) -> Duty {
        if !self.open.is_empty() {
            return Duty::None;
        }
        if let Phase::Liquidates { closes } = self.phase {
            return self.liquidation(holds, !closes || may_retry);
        }
        let Some(kill) = self.kill else {
            return Duty::None;
        };
        let flattens = kill.limit.flatten && holds;
        match self.phase {
            Phase::Cancels if flattens => {
                self.phase = Phase::Flattens;
                Duty::Flatten
            }
            Phase::Flattens if flattens => {
                if may_retry {
                    Duty::Flatten
                } else {
                    Duty::None
                }
            }
            Phase::Cancels | Phase::Flattens => {
                self.phase = Phase::Ended;
                match kill.limit.then {
                    AfterLoss::Stop => Duty::Stop(kill),
                    AfterLoss::Refuse => Duty::None,
                }
            }
            Phase::Trades | Phase::Ended | Phase::Liquidates { .. } => Duty::None,
        }
    }

    fn liquidation(&mut self, holds: bool, closes: bool) -> Duty {
        if !holds {
            self.phase = Phase::Trades;
            return Duty::None;
        }
        if !closes {
            return Duty::None;
        }
        self.phase = Phase::Liquidates { closes: true };
        Duty::Flatten
    }

    /// A market order that closes a position. Its number counts down from the highest, so that it is none of the
    /// strategy's.
    pub fn close(&mut self, instrument: InstrumentId, position: Quantity) -> NewOrder {
        self.closing += 1;
        let order = NewOrder {
            order_id: OrderId(u64::MAX - self.closing),
            instrument,
            side: if position.0 > 0 {
                Side::Sell
            } else {
                Side::Buy
            },
            limit: None,
            quantity: Quantity(position.0.saturating_abs()),
            rest: Rest::Cancels,
            post_only: false,
        };
        self.note(&order);
        order
    }
}

const fn check_margin(situation: &Situation) -> Result<(), Reason> {
    match situation.lacks_margin {
        true => Err(Reason::InsufficientMargin),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests;
