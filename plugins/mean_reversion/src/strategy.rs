//! Bets that the price comes back to its mean, with resting orders.
//!
//! Takes in changes of the best prices; gives out limit orders. The z-score of the mid over the last `window` changes says
//! how far the price is from its mean: beyond `entry` it bids or offers for the way back, within `exit` it closes.

use std::collections::VecDeque;

use backplane_sdk::prelude::*;

/// The strategy: the last mids, one list an instrument.
pub struct MeanReversion {
    window: usize,
    entry: f64,
    exit: f64,
    size: Quantity,
    mids: Vec<VecDeque<f64>>,
}

impl Strategy for MeanReversion {
    fn descriptor() -> Descriptor {
        Descriptor::new("mean_reversion", env!("CARGO_PKG_VERSION"))
            .subscribe(Schema::BboPrice)
            .param(Param::integer(
                "window",
                100,
                2..=10_000,
                "mids to look back on",
            ))
            .param(Param::float(
                "entry",
                2.0,
                0.1..=10.0,
                "z-score to enter at",
            ))
            .param(Param::float("exit", 0.5, 0.0..=10.0, "z-score to leave at"))
            .param(Param::integer("size", 1, 1..=1_000_000, "position to hold"))
            .metric("z_score")
    }

    fn new(params: &Params) -> Result<Self, String> {
        let (entry, exit) = (params.float("entry"), params.float("exit"));
        if exit >= entry {
            return Err(format!("`exit` ({exit}) must be below `entry` ({entry})"));
        }
        Ok(MeanReversion {
            window: params.integer("window") as usize,
            entry,
            exit,
            size: Quantity(params.integer("size")),
            mids: Vec::new(),
        })
    }

    fn on_start(&mut self, ctx: &mut Context) {
        self.mids = vec![VecDeque::new(); ctx.instruments().len()];
    }

    fn on_market(&mut self, event: &MarketEvent, ctx: &mut Context) {
        let MarketEvent::Bbo(bbo) = event else { return };
        let (instrument, book) = (bbo.instrument, ctx.book(bbo.instrument));
        let Some(mid) = book.mid() else { return };
        let mids = &mut self.mids[instrument.index()];
        mids.push_back(mid.as_f64());
        if mids.len() < self.window {
            return;
        }
        let z = z_score(mids);
        mids.pop_front();
        ctx.metric(0, z);
        let position = ctx.position(instrument);
        let target = match z {
            z if z > self.entry => -self.size,
            z if z < -self.entry => self.size,
            z if z.abs() < self.exit => Quantity::ZERO,
            _ => position,
        };
        ctx.cancel_all(Some(instrument));
        let change = target - position;
        let (side, price) = match change.0 {
            0 => return,
            1.. => (Side::Buy, bbo.bid_price),
            _ => (Side::Sell, bbo.ask_price),
        };
        ctx.submit(Order::limit(instrument, side, price, change.abs()).post_only());
    }

    fn save(&self) -> Vec<u8> {
        let mut saver = Saver::new();
        let lists = self.mids.iter();
        lists.for_each(|x| saver.floats(x.iter().copied()));
        saver.finish()
    }

    fn load(&mut self, _: u32, bytes: &[u8]) -> Result<(), String> {
        let (mut saved, mut mids) = (Saved::new(bytes), Vec::new());
        while !saved.is_empty() {
            mids.push(saved.floats()?);
        }
        self.mids = mids;
        Ok(())
    }
}

/// How many standard deviations the last value is from the mean; 0 where all are equal.
fn z_score(values: &VecDeque<f64>) -> f64 {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / count;
    let last = values.back().copied().unwrap_or(mean);
    if variance > 0.0 {
        (last - mean) / math::sqrt(variance)
    } else {
        0.0
    }
}
