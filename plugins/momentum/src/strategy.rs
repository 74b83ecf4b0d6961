//! Follows the trend of one-second bars.
//!
//! Takes in bars; gives out market orders. Over the last `lookback` bars the return of the close is compared with
//! `threshold`: above it the strategy holds `size` long, below its negative `size` short, in between it keeps what it has.
//! It decides anew only when its last order is done.

use std::collections::VecDeque;

use backplane_sdk::prelude::*;

/// The strategy: closes of the last bars, one list an instrument.
pub struct Momentum {
    lookback: usize,
    threshold: f64,
    size: Quantity,
    closes: Vec<VecDeque<f64>>,
}

impl Strategy for Momentum {
    fn descriptor() -> Descriptor {
        Descriptor::new("momentum", env!("CARGO_PKG_VERSION"))
            .subscribe(Schema::Ohlcv(Interval::Second))
            .param(Param::integer(
                "lookback",
                60,
                1..=100_000,
                "bars to look back",
            ))
            .param(Param::float(
                "threshold",
                5.0,
                0.0..=10_000.0,
                "return to act on, in basis points",
            ))
            .param(Param::integer(
                "size",
                1,
                1..=1_000_000,
                "position to hold, in quantity units",
            ))
            .metric("return_bp")
    }

    fn new(params: &Params) -> Result<Self, String> {
        Ok(Momentum {
            lookback: params.integer("lookback") as usize,
            threshold: params.float("threshold"),
            size: Quantity(params.integer("size")),
            closes: Vec::new(),
        })
    }

    fn on_start(&mut self, ctx: &mut Context) {
        self.closes = vec![VecDeque::new(); ctx.instruments().len()];
    }

    fn on_market(&mut self, event: &MarketEvent, ctx: &mut Context) {
        let MarketEvent::Bar(bar) = event else { return };
        let closes = &mut self.closes[bar.instrument.index()];
        closes.push_back(bar.close.as_f64());
        if closes.len() <= self.lookback {
            return;
        }
        let Some(past) = closes.pop_front() else {
            return;
        };
        let return_bp = (bar.close.as_f64() / past - 1.0) * 10_000.0;
        ctx.metric(0, return_bp);
        let target = if return_bp > self.threshold {
            self.size
        } else if return_bp < -self.threshold {
            -self.size
        } else {
            return;
        };
        let change = target - ctx.position(bar.instrument);
        let is_busy = ctx
            .open_orders()
            .iter()
            .any(|x| x.instrument == bar.instrument);
        if is_busy || change.is_zero() {
            return;
        }
        let side = if change > Quantity::ZERO {
            Side::Buy
        } else {
            Side::Sell
        };
        ctx.submit(Order::market(bar.instrument, side, change.abs()));
    }

    fn save(&self) -> Vec<u8> {
        let mut saver = Saver::new();
        let lists = self.closes.iter();
        lists.for_each(|x| saver.floats(x.iter().copied()));
        saver.finish()
    }

    fn load(&mut self, _: u32, bytes: &[u8]) -> Result<(), String> {
        let (mut saved, mut closes) = (Saved::new(bytes), Vec::new());
        while !saved.is_empty() {
            closes.push(saved.floats()?);
        }
        self.closes = closes;
        Ok(())
    }
}
