//! One running instance of a strategy, driven by messages.
//!
//! Takes in [`Message`]s and the books of the moment; gives out commands and log lines. Every carrier and the testing
//! harness drive strategies through this type, so that they behave alike.

use crate::abi::{
    Command, Message, MessageBody, ParamValue,
    v1::{command_kind, kind},
};
use crate::books::Books;
use crate::context::Context;
use crate::params::Params;
use crate::snapshot;
use crate::state::{LogLine, State};
use crate::strategy::Strategy;
use crate::types::{InstrumentId, MarketEvent, OrderEvent, Timestamp};

/// One running instance of a strategy.
#[repr(C)]
pub struct Instance<S> {
    state: State,
    strategy: S,
}

impl<S: Strategy> Instance<S> {
    /// Makes an instance. `keeps_books` says that no books will be lent, so that it must keep its own.
    ///
    /// # Errors
    /// What the strategy's `new` says.
    pub fn new(params: &Params, keeps_books: bool) -> Result<Instance<S>, String> {
        Ok(Instance {
            strategy: S::new(params)?,
            state: State::new(S::descriptor(), keeps_books),
        })
    }

    /// As [`Instance::new`], from parameter values as they cross the plugin boundary.
    ///
    /// # Errors
    /// What does not fit the declared parameters, or what the strategy's `new` says.
    pub fn from_abi(values: &[ParamValue], keeps_books: bool) -> Result<Instance<S>, String> {
        let params = Params::from_abi(&S::descriptor().params, values)?;
        Instance::new(&params, keeps_books)
    }

    /// Hears one message. What the strategy asks for is in [`Instance::commands`] and [`Instance::logs`] until the next
    /// call. A message that this version does not know is skipped.
    #[inline]
    pub fn hear(&mut self, message: &Message, books: Books<'_>) {
        self.state.forget_replies();
        // Each kind is unpacked where it is heard: one value of all kinds would be copied several times.
        let known = match message.kind {
            kind::BBO => self.hear_bbo(message, books),
            kind::MBO => self.hear_mbo(message, books),
            kind::LEVEL => self.hear_level(message, books),
            kind::TRADE => self.hear_trade(message, books),
            kind::ORDER_UPDATE => self.hear_update(message, books),
            kind::FILL => self.hear_fill(message, books),
            _ => self.hear_other(message, books),
        };
        debug_assert!(known.is_none() || self.state.now.0 == message.ts_recv);
    }

    #[inline]
    fn hear_bbo(&mut self, message: &Message, books: Books<'_>) -> Option<()> {
        let bbo = message.bbo();
        self.state.now = bbo.ts_recv;
        self.state.hear_bbo(&bbo);
        self.tell(&MarketEvent::Bbo(bbo), books);
        Some(())
    }

    #[inline]
    fn hear_mbo(&mut self, message: &Message, books: Books<'_>) -> Option<()> {
        let mbo = message.mbo()?;
        self.state.now = mbo.ts_recv;
        self.state.hear_mbo(&mbo);
        self.tell(&MarketEvent::Mbo(mbo), books);
        Some(())
    }

    #[inline]
    fn hear_level(&mut self, message: &Message, books: Books<'_>) -> Option<()> {
        let level = message.level();
        self.state.now = level.ts_recv;
        self.state.hear_level(&level);
        // Strategies are told of level changes only when the atomic event is over.
        if level.flags.is_last() {
            self.tell(&MarketEvent::Level(level), books);
        }
        Some(())
    }

    #[inline]
    fn hear_trade(&mut self, message: &Message, books: Books<'_>) -> Option<()> {
        let trade = message.trade();
        self.state.now = trade.ts_recv;
        self.state.hear_trade(&trade);
        self.tell(&MarketEvent::Trade(trade), books);
        Some(())
    }

    #[inline]
    fn hear_update(&mut self, message: &Message, books: Books<'_>) -> Option<()> {
        let update = message.update()?;
        self.state.now = update.ts_recv;
        self.state.hear_update(&update);
        let ctx = &mut Context::new(&mut self.state, books);
        self.strategy.on_order(&OrderEvent::Update(update), ctx);
        Some(())
    }

    #[inline]
    fn hear_fill(&mut self, message: &Message, books: Books<'_>) -> Option<()> {
        let fill = message.fill()?;
        self.state.now = fill.ts_recv;
        self.state.hear_fill(&fill);
        let ctx = &mut Context::new(&mut self.state, books);
        self.strategy.on_order(&OrderEvent::Fill(fill), ctx);
        Some(())
    }

    /// Hears what is rare.
    fn hear_other(&mut self, message: &Message, books: Books<'_>) -> Option<()> {
        let body = message.body()?;
        self.state.now = Timestamp(message.ts_recv);
        let ctx = &mut Context::new(&mut self.state, books);
        match body {
            MessageBody::Market(event) => self.strategy.on_market(&event, ctx),
            MessageBody::Order(event) => self.strategy.on_order(&event, ctx),
            MessageBody::Timer(timer) => self.strategy.on_timer(timer, ctx),
            MessageBody::Start { seed } => {
                self.state.start(seed);
                let ctx = &mut Context::new(&mut self.state, books);
                self.strategy.on_start(ctx);
            }
            MessageBody::Stop => self.strategy.on_stop(ctx),
            MessageBody::Definition { .. } | MessageBody::Symbol(_) => {
                self.state.define(InstrumentId(message.instrument), &body);
            }
        }
        Some(())
    }

    #[inline]
    fn tell(&mut self, event: &MarketEvent, books: Books<'_>) {
        let ctx = &mut Context::new(&mut self.state, books);
        self.strategy.on_market(event, ctx);
    }

    /// What the strategy asked for in the last call, in order.
    pub fn commands(&self) -> &[Command] {
        &self.state.commands
    }

    /// Whether the strategy asked for anything but metrics in the last call, which ends a batch.
    pub fn asks(&self) -> bool {
        let is_metric = |x: &Command| x.kind == command_kind::METRIC;
        !self.state.commands.iter().all(is_metric)
    }

    /// What the strategy logged in the last call, in order.
    pub fn logs(&self) -> &[LogLine] {
        &self.state.logs
    }

    /// What the instance knows.
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// The strategy itself.
    pub const fn strategy(&self) -> &S {
        &self.strategy
    }

    /// A context outside of a call, for the testing harness.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) const fn context<'a>(&'a mut self, books: Books<'a>) -> Context<'a> {
        Context::new(&mut self.state, books)
    }

    /// The instance's state: what it knows from its messages, then the strategy's own bytes.
    pub fn save(&self) -> Vec<u8> {
        snapshot::save(&self.state, &self.strategy.save())
    }

    /// Takes over a saved state. The instruments must have been defined as they were when it was saved.
    ///
    /// # Errors
    /// Says why the bytes cannot be used; the instance is then as it was before.
    pub fn load(&mut self, version: u32, bytes: &[u8]) -> Result<(), String> {
        if version > S::state_version() {
            return Err(format!(
                "the state is of version {version}, but this strategy knows none beyond {}",
                S::state_version()
            ));
        }
        let (known, own) = snapshot::load(bytes)?;
        if known.positions.len() != self.state.positions.len() {
            return Err(format!(
                "the saved state knows {} instruments, but the run has {}",
                known.positions.len(),
                self.state.positions.len()
            ));
        }
        self.state.set_depths();
        let is_missing = known.books.is_empty() && self.state.books.is_some();
        if is_missing && self.state.sees_books() {
            return Err(
                "the saved state has no books, because they were lent to the instance, but this one keeps its own"
                    .into(),
            );
        }
        self.strategy.load(version, own)?;
        known.restore(&mut self.state);
        Ok(())
    }
}
