//! How a strategy over features hears: the host computes rows as messages pass.
//!
//! Takes in messages; gives out commands, or a fault. Market features come from outside and nobody changes them, so for
//! a strategy that reads them alone the rows of all messages at hand are asked about in one call; what it wishes waits
//! until the market is there too. Every other strategy is asked about each row when it comes.

use std::collections::VecDeque;

use backplane_engine::guest::{Fault, Replies};
use backplane_sdk::abi::{Command, CommandBody, Message, MessageBody, v1::kind};
use backplane_sdk::by_number::ByNumber;
use backplane_sdk::features::{FeatureFeed, FeatureSpec};
use backplane_sdk::types::{
    InstrumentId, Nanos, Order, OrderEvent, OrderId, Quantity, Side, TimerId, Timestamp,
};
use serde_bytes::Bytes;

use super::protocol::{Answer, Heard, Raised, Request, Wished};
use super::session::{Session, take_lines};

/// The timer of the market's close: no strategy sets one of this number.
const CLOSE: TimerId = TimerId(u64::MAX);
/// Nanoseconds of a day.
const DAY: Nanos = Nanos::from_secs(86_400);

/// An open order of the instance.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    pub(super) instrument: InstrumentId,
    pub(super) side: Side,
    pub(super) leaves: Quantity,
}

/// A message whose row the strategy was asked about, and what it wishes.
#[derive(Debug)]
pub(super) struct Plan {
    /// The number of the market message, from 0.
    pub(super) message: u64,
    pub(super) instrument: InstrumentId,
    pub(super) target: Option<i64>,
    pub(super) orders: Vec<Command>,
    pub(super) raised: Option<Raised>,
}

/// Rows that the strategy has not been asked about yet.
#[derive(Default)]
struct Rows {
    values: Vec<u8>,
    instruments: Vec<u8>,
    times: Vec<u8>,
    /// The message of each.
    messages: Vec<(u64, InstrumentId)>,
}

impl Rows {
    fn clear(&mut self) {
        self.values.clear();
        self.instruments.clear();
        self.times.clear();
        self.messages.clear();
    }
}

/// What is kept between two calls of a strategy over features.
pub(super) struct FeatureHearing {
    pub(super) feed: FeatureFeed,
    market_only: bool,
    close: Option<Nanos>,
    /// The most rows of one call.
    batch: usize,
    /// How many market messages were heard, and how many the features hold, which may be ahead.
    pub(super) heard: u64,
    pub(super) taken: u64,
    pub(super) plans: VecDeque<Plan>,
    rows: Rows,
    pub(super) positions: Vec<i64>,
    pub(super) open: ByNumber<Open>,
    pub(super) last_order_id: u64,
    /// The fault on the message after those that were heard.
    pub(super) fault: Option<Fault>,
}

impl FeatureHearing {
    pub(super) fn new(
        spec: FeatureSpec,
        market_only: bool,
        close: Option<Nanos>,
        batch: usize,
    ) -> FeatureHearing {
        FeatureHearing {
            feed: FeatureFeed::new(spec),
            market_only,
            close,
            batch: batch.max(1),
            heard: 0,
            taken: 0,
            plans: VecDeque::new(),
            rows: Rows::default(),
            positions: Vec::new(),
            open: ByNumber::default(),
            last_order_id: 0,
            fault: None,
        }
    }

    pub(super) fn hear(
        &mut self,
        session: &mut Session,
        messages: &[Message],
        replies: &mut Replies,
    ) -> Result<usize, Fault> {
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
        let is_market = messages.first().is_some_and(|x| is_market(x.kind));
        if !is_market {
            let Some(message) = messages.first() else {
                return Ok(0);
            };
            self.hear_private(session, message, replies)?;
            return Ok(1);
        }
        if self.market_only {
            self.look_ahead(session, messages, replies)?;
        }
        for (place, message) in messages.iter().enumerate() {
            let before = replies.commands.len();
            let heard = match self.market_only {
                true => self.come_to_plan(session, replies),
                false => self.ask_about(session, message, replies),
            };
            match heard {
                Err(fault) if place == 0 => return Err(fault),
                Err(fault) => {
                    self.fault = Some(fault);
                    return Ok(place);
                }
                Ok(()) => self.heard += 1,
            }
            if replies.commands.len() > before {
                let given = replies.commands[before..].iter_mut();
                given.for_each(|x| *x = x.given_on(place));
                return Ok(place + 1);
            }
        }
        Ok(messages.len())
    }

    /// Takes messages into the features that are not there yet, and asks about their rows.
    fn look_ahead(
        &mut self,
        session: &mut Session,
        messages: &[Message],
        replies: &mut Replies,
    ) -> Result<(), Fault> {
        let known = (self.taken - self.heard) as usize;
        self.rows.clear();
        for message in messages.iter().skip(known) {
            self.take(message);
            if self.rows.messages.len() == self.batch {
                self.ask_ahead(session, replies)?;
            }
        }
        if !self.rows.messages.is_empty() {
            self.ask_ahead(session, replies)?;
        }
        Ok(())
    }

    /// Takes a market message into the features; whether it gives a row.
    fn take(&mut self, message: &Message) -> bool {
        let number = self.taken;
        self.taken += 1;
        let Some(row) = self.feed.hear(message) else {
            return false;
        };
        let rows = &mut self.rows;
        for value in row.values {
            rows.values.extend_from_slice(&value.to_le_bytes());
        }
        let instrument = row.instrument.0;
        rows.instruments
            .extend_from_slice(&instrument.to_le_bytes());
        rows.times.extend_from_slice(&row.at.0.to_le_bytes());
        rows.messages.push((number, row.instrument));
        true
    }

    /// Asks about the rows at hand and notes what is wished.
    fn ask_ahead(&mut self, session: &mut Session, replies: &mut Replies) -> Result<(), Fault> {
        if self.plans.back().is_some_and(|x| x.raised.is_some()) {
            // Nothing is asked of a strategy that will have raised something.
            return Ok(());
        }
        let answer = session.demand(&self.rows.request(0), replies)?;
        let Answer::Wished(Wished(count, targets, orders, lines, raised)) = answer else {
            return Err(session.fail_by_nonsense());
        };
        take_lines(lines, replies);
        let (targets, rest) = targets.as_chunks::<8>();
        let is_whole = raised.is_some() || count == self.rows.messages.len();
        let is_within = count <= self.rows.messages.len();
        if !rest.is_empty() || targets.len() != count || !is_whole || !is_within {
            return Err(session.fail_by_nonsense());
        }
        let mut orders = orders.into_iter().peekable();
        for (place, (message, instrument)) in self.rows.messages.iter().enumerate() {
            let mut plan = Plan {
                message: *message,
                instrument: *instrument,
                target: None,
                orders: Vec::new(),
                raised: None,
            };
            if place == count {
                plan.raised = raised;
                self.plans.push_back(plan);
                break;
            }
            let target = f64::from_le_bytes(targets[place]);
            plan.target = (!target.is_nan()).then_some(target as i64);
            while let Some((_, commands)) = orders.next_if(|x| x.0 == place) {
                session.take_commands(&commands, &mut plan.orders)?;
            }
            if plan.target.is_some() || !plan.orders.is_empty() {
                self.plans.push_back(plan);
            }
        }
        self.rows.clear();
        Ok(())
    }

    /// The market has come to the next message: what was wished for its row is done.
    fn come_to_plan(&mut self, session: &mut Session, replies: &mut Replies) -> Result<(), Fault> {
        while let Some(plan) = self.plans.front()
            && plan.message == self.heard
        {
            let Some(plan) = self.plans.pop_front() else {
                break;
            };
            if let Some(raised) = plan.raised {
                return Err(session.fail_by(raised, replies));
            }
            self.carry_out(plan.instrument, plan.target, plan.orders, replies)?;
        }
        Ok(())
    }

    /// Takes the next message into the features and asks about its row, where it gives one.
    fn ask_about(
        &mut self,
        session: &mut Session,
        message: &Message,
        replies: &mut Replies,
    ) -> Result<(), Fault> {
        self.rows.clear();
        if !self.take(message) {
            return Ok(());
        }
        let answer = session.demand(&self.rows.request(message.ts_recv), replies)?;
        self.take_heard(session, answer, replies)
    }

    fn take_heard(
        &mut self,
        session: &mut Session,
        answer: Answer,
        replies: &mut Replies,
    ) -> Result<(), Fault> {
        let Answer::Heard(Heard(_, commands, lines, raised)) = answer else {
            return Err(session.fail_by_nonsense());
        };
        take_lines(lines, replies);
        if let Some(raised) = raised {
            return Err(session.fail_by(raised, replies));
        }
        session.take_commands(&commands, &mut replies.commands)
    }

    /// Sends what is missing for a target, and orders; gives them their numbers.
    fn carry_out(
        &mut self,
        instrument: InstrumentId,
        target: Option<i64>,
        orders: Vec<Command>,
        replies: &mut Replies,
    ) -> Result<(), Fault> {
        if let Some(target) = target {
            let coming: i128 = self
                .open
                .iter()
                .filter(|x| x.instrument == instrument)
                .map(|x| i128::from(x.side.signed(x.leaves).0))
                .sum();
            let position = self.positions.get(instrument.index());
            let held = i128::from(position.copied().unwrap_or_default()) + coming;
            let missing = i128::from(target) - held;
            let side = if missing > 0 { Side::Buy } else { Side::Sell };
            let missing = i64::try_from(missing.abs()).map_err(|_| {
                let away = missing.abs();
                Fault::new(format!(
                    "the target position {target} is {away} away, more than an order may have"
                ))
            })?;
            let missing = Quantity(missing);
            if !missing.is_zero() {
                let order = Order::market(instrument, side, missing);
                let command = Command::submit(OrderId(0), &order);
                self.submit(command, replies);
            }
        }
        for command in orders {
            self.submit(command, replies);
        }
        Ok(())
    }

    fn submit(&mut self, mut command: Command, replies: &mut Replies) {
        self.last_order_id += 1;
        command.id = self.last_order_id;
        if let Some(side) = Side::from_code(command.side) {
            let open = Open {
                instrument: InstrumentId(command.instrument),
                side,
                leaves: Quantity(command.quantity),
            };
            self.open.insert(command.id, open);
        }
        replies.commands.push(command);
    }

    fn hear_private(
        &mut self,
        session: &mut Session,
        message: &Message,
        replies: &mut Replies,
    ) -> Result<(), Fault> {
        match message.body() {
            Some(MessageBody::Definition { .. }) => {
                self.positions.push(0);
            }
            Some(MessageBody::Order(event)) => self.note(&event),
            Some(MessageBody::Timer(CLOSE)) => {
                self.set_close(Timestamp(message.ts_recv), replies);
                return self.close(session, message.ts_recv, replies);
            }
            Some(MessageBody::Start { .. }) => {
                self.set_close(Timestamp(message.ts_recv), replies);
            }
            Some(MessageBody::Stop) => {
                self.close(session, message.ts_recv, replies)?;
                // What is wished now comes too late.
                replies.commands.clear();
            }
            _ => {}
        }
        let is_order_news = matches!(message.kind, kind::ORDER_UPDATE | kind::FILL);
        if self.market_only && is_order_news {
            return Ok(());
        }
        let bytes = message.to_bytes();
        let answer = session.demand(&Request::Hear(Bytes::new(&bytes)), replies)?;
        self.take_heard(session, answer, replies)
    }

    fn note(&mut self, event: &OrderEvent) {
        match event {
            OrderEvent::Update(update) if update.ends_order() => {
                self.open.forget(update.order_id.0);
            }
            OrderEvent::Update(_) => {}
            OrderEvent::Fill(fill) => {
                if let Some(position) = self.positions.get_mut(fill.instrument.index()) {
                    *position += fill.side.signed(fill.quantity).0;
                }
                if fill.leaves.is_zero() {
                    self.open.forget(fill.order_id.0);
                } else if let Some(open) = self.open.get_mut(fill.order_id.0) {
                    open.leaves = fill.leaves;
                }
            }
        }
    }

    /// Sets the timer of the next close after `now`.
    fn set_close(&self, now: Timestamp, replies: &mut Replies) {
        let Some(close) = self.close else { return };
        let mut at = now.floor(DAY) + close;
        if at <= now {
            at = at + DAY;
        }
        let command = Command::new(CommandBody::SetTimer { timer: CLOSE, at });
        replies.commands.push(command);
    }

    fn close(
        &mut self,
        session: &mut Session,
        now: i64,
        replies: &mut Replies,
    ) -> Result<(), Fault> {
        let answer = session.demand(&Request::Close(now), replies)?;
        let Answer::Wished(Wished(_, targets, orders, lines, raised)) = answer else {
            return Err(session.fail_by_nonsense());
        };
        take_lines(lines, replies);
        if let Some(raised) = raised {
            return Err(session.fail_by(raised, replies));
        }
        let target = targets
            .first_chunk()
            .map_or(f64::NAN, |x| f64::from_le_bytes(*x));
        let mut commands = Vec::new();
        for (_, bytes) in &orders {
            session.take_commands(bytes, &mut commands)?;
        }
        if !self.market_only {
            replies.commands.extend(commands);
            return Ok(());
        }
        if !target.is_nan() {
            for place in 0..self.positions.len() as u32 {
                let target = Some(target as i64);
                self.carry_out(InstrumentId(place), target, Vec::new(), replies)?;
            }
        }
        commands.into_iter().for_each(|x| self.submit(x, replies));
        Ok(())
    }
}

impl Rows {
    fn request(&self, heard: i64) -> Request<'_> {
        Request::Rows((
            Bytes::new(&self.values),
            Bytes::new(&self.instruments),
            Bytes::new(&self.times),
            heard,
        ))
    }
}

/// Whether a message comes from the market, which nobody changes.
const fn is_market(code: u8) -> bool {
    code <= kind::STATUS
}
