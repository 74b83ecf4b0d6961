//! The market maker that quotes anew on every change of a best price or size.
//!
//! Takes in changes of the best prices and their sizes; gives out what the `market_maker` plugin gives out, many times
//! as often.

#[path = "../../../../plugins/market_maker/src/strategy.rs"]
mod market_maker;

use backplane_sdk::prelude::*;
use market_maker::MarketMaker;

/// The strategy.
pub struct QuoteOnSize(MarketMaker<true>);

impl Strategy for QuoteOnSize {
    fn descriptor() -> Descriptor {
        let mut descriptor = MarketMaker::<true>::descriptor();
        descriptor.name = "quote_on_size".into();
        descriptor
    }

    fn new(params: &Params) -> Result<Self, String> {
        MarketMaker::new(params).map(QuoteOnSize)
    }

    fn on_start(&mut self, ctx: &mut Context) {
        self.0.on_start(ctx);
    }

    fn on_market(&mut self, event: &MarketEvent, ctx: &mut Context) {
        self.0.on_market(event, ctx);
    }
}
