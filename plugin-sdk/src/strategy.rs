//! The trait that an author implements.
//!
//! Takes in what a strategy hears, one callback a kind; gives out nothing: what a strategy wants, it asks of its
//! [`Context`].

use crate::context::Context;
use crate::descriptor::Descriptor;
use crate::params::Params;
use crate::types::{MarketEvent, OrderEvent, TimerId};

/// A trading strategy. It is a pure function of the ordered messages that it hears: it must not read clocks, files,
/// sockets or random numbers from outside, so that a run can be repeated to the bit. Transcendental functions come from
/// [`crate::math`], which gives the same bits on every carrier.
pub trait Strategy: Sized + 'static {
    /// Name, version, subscriptions, parameters and recorded series.
    fn descriptor() -> Descriptor;

    /// Makes an instance from its parameters.
    ///
    /// # Errors
    /// Says why the parameters do not make sense together; each by itself is within its range already.
    fn new(params: &Params) -> Result<Self, String>;

    /// The run starts: instruments are known, books are empty, nothing was traded yet.
    fn on_start(&mut self, ctx: &mut Context<'_>) {
        let _ = ctx;
    }

    /// A subscribed market message arrives. The book holds it already.
    fn on_market(&mut self, event: &MarketEvent, ctx: &mut Context<'_>);

    /// News of an own order arrives. Position and open orders hold it already.
    fn on_order(&mut self, event: &OrderEvent, ctx: &mut Context<'_>) {
        let _ = (event, ctx);
    }

    /// A timer is due.
    fn on_timer(&mut self, timer: TimerId, ctx: &mut Context<'_>) {
        let _ = (timer, ctx);
    }

    /// The run ends. Orders given here come too late to be matched.
    fn on_stop(&mut self, ctx: &mut Context<'_>) {
        let _ = ctx;
    }

    /// The version of the bytes that [`Strategy::save`] gives; raise it when their meaning changes.
    fn state_version() -> u32 {
        0
    }

    /// The strategy's own state as bytes, so that a later version can take over while a run goes on, and a run that was
    /// killed can be taken up again. Position, open orders and recent trades are saved beside it and need no care.
    fn save(&self) -> Vec<u8> {
        Vec::new()
    }

    /// Takes over saved bytes, of this version or an older one, in an instance that was made with `new` and whose
    /// `on_start` is not called. A strategy whose fields follow from its parameters has nothing to do here but to agree.
    ///
    /// # Errors
    /// Says why the bytes cannot be used; the strategy is then not replaced. Without an implementation only a strategy
    /// without fields can be: what others know would be lost in silence.
    fn load(&mut self, version: u32, bytes: &[u8]) -> Result<(), String> {
        let is_stateless = size_of::<Self>() == 0 && bytes.is_empty();
        if is_stateless && version == Self::state_version() {
            return Ok(());
        }
        Err(format!(
            "state of version {version} ({} bytes) cannot be loaded: the strategy does not implement `load`",
            bytes.len()
        ))
    }
}
