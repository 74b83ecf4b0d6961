//! Hears everything and does nothing, so that what is left to measure is the call.
//!
//! Takes in every row of the tape; gives out nothing.

use std::hint::black_box;

use backplane_sdk::prelude::*;

/// The strategy.
pub struct NoOp;

impl Strategy for NoOp {
    fn descriptor() -> Descriptor {
        Descriptor::new("no_op", env!("CARGO_PKG_VERSION")).subscribe(Schema::Mbo)
    }

    fn new(_: &Params) -> Result<Self, String> {
        Ok(NoOp)
    }

    fn on_market(&mut self, event: &MarketEvent, _: &mut Context) {
        black_box(event);
    }
}
