//! One running instance of a strategy, driven by messages.
//!
//! Takes in [`Message`]s and the books of the moment; gives out commands and log lines. Every carrier and the testing
//! harness drive strategies through this type, so that they behave alike.

use crate::abi::{Command, Message, MessageBody, ParamValue};
use crate::books::Books;
use crate::context::Context;
use crate::params::Params;
use crate::snapshot;
use crate::state::{LogLine, State};
use crate::strategy::Strategy;

/// One running instance of a strategy.
pub struct Instance<S> {
    strategy: S,
    state: State,
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
    /// call.
    #[inline]
    pub fn hear(&mut self, message: &Message, books: Books<'_>) {
        self.state.commands.clear();
        self.state.logs.clear();
        let Some(body) = self.state.hear(message) else {
            return;
        };
        let ctx = &mut Context::new(&mut self.state, books);
        match body {
            MessageBody::Market(event) => self.strategy.on_market(&event, ctx),
            MessageBody::Order(event) => self.strategy.on_order(&event, ctx),
            MessageBody::Timer(timer) => self.strategy.on_timer(timer, ctx),
            MessageBody::Start { .. } => self.strategy.on_start(ctx),
            MessageBody::Stop => self.strategy.on_stop(ctx),
            MessageBody::Definition { .. } | MessageBody::Symbol(_) => {}
        }
    }

    /// What the strategy asked for in the last call, in order.
    pub fn commands(&self) -> &[Command] {
        &self.state.commands
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
        let (known, own) = snapshot::load(bytes)?;
        if known.positions.len() != self.state.positions.len() {
            return Err(format!(
                "the saved state knows {} instruments, but the run has {}",
                known.positions.len(),
                self.state.positions.len()
            ));
        }
        self.strategy.load(version, own)?;
        known.restore(&mut self.state);
        self.state.set_depths();
        Ok(())
    }
}
