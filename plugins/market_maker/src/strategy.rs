//! Quotes at the best prices.
//!
//! Takes in changes of the best prices; gives out one post-only bid and one post-only ask of `size` for each instrument.
//! When a side's best price moves, its quote is cancelled and sent anew there; when a quote is filled, the next change
//! brings a new one. A side rests while a fill of it could bring the position beyond `position_max`. With `ON_SIZE` the
//! strategy hears of every change of a best price or size, and quotes anew on each.

use backplane_sdk::prelude::*;

/// An order of ours and the best level at which it was sent.
#[derive(Clone, Copy)]
struct Quote {
    order_id: OrderId,
    level: Level,
}

/// The strategy: for each instrument the quotes of both sides.
pub struct MarketMaker<const ON_SIZE: bool> {
    size: Quantity,
    position_max: Quantity,
    quotes: Vec<[Option<Quote>; 2]>,
}

impl<const ON_SIZE: bool> MarketMaker<ON_SIZE> {
    /// Quotes a side whose best level is `level` now.
    fn quote(&mut self, instrument: InstrumentId, side: Side, level: Level, ctx: &mut Context) {
        let old = self.quotes[instrument.index()][side.index()];
        let open = old.filter(|x| ctx.open_order(x.order_id).is_some());
        let is_fresh = open.is_some_and(|x| {
            x.level.price == level.price && (!ON_SIZE || x.level.size == level.size)
        });
        if is_fresh {
            return;
        }
        if let Some(quote) = open {
            ctx.cancel(quote.order_id);
        }
        let filled = ctx.position(instrument) + side.signed(self.size);
        let is_wanted = level.price.is_defined() && side.signed(filled) <= self.position_max;
        self.quotes[instrument.index()][side.index()] = is_wanted.then(|| Quote {
            order_id: ctx
                .submit(Order::limit(instrument, side, level.price, self.size).post_only()),
            level,
        });
    }
}

impl<const ON_SIZE: bool> Strategy for MarketMaker<ON_SIZE> {
    fn descriptor() -> Descriptor {
        let schema = if ON_SIZE {
            Schema::Bbo
        } else {
            Schema::BboPrice
        };
        Descriptor::new("market_maker", env!("CARGO_PKG_VERSION"))
            .subscribe(schema)
            .param(Param::integer(
                "size",
                1,
                1..=1_000_000,
                "quantity of each quote, in quantity units",
            ))
            .param(Param::integer(
                "position_max",
                10,
                1..=1_000_000_000,
                "the largest position to hold, in quantity units",
            ))
    }

    fn new(params: &Params) -> Result<Self, String> {
        Ok(MarketMaker {
            size: Quantity(params.integer("size")),
            position_max: Quantity(params.integer("position_max")),
            quotes: Vec::new(),
        })
    }

    fn on_start(&mut self, ctx: &mut Context) {
        self.quotes = vec![[None; 2]; ctx.instruments().len()];
    }

    fn on_market(&mut self, event: &MarketEvent, ctx: &mut Context) {
        let MarketEvent::Bbo(bbo) = event else { return };
        let (price, size) = (bbo.bid_price, bbo.bid_size);
        self.quote(bbo.instrument, Side::Buy, Level { price, size }, ctx);
        let (price, size) = (bbo.ask_price, bbo.ask_size);
        self.quote(bbo.instrument, Side::Sell, Level { price, size }, ctx);
    }

    fn save(&self) -> Vec<u8> {
        let mut saver = Saver::new();
        for quote in self.quotes.iter().flatten() {
            // No order has the number 0.
            saver.integer(quote.map_or(0, |x| x.order_id.0 as i64));
            saver.integer(quote.map_or(0, |x| x.level.price.0));
            saver.integer(quote.map_or(0, |x| x.level.size.0));
        }
        saver.finish()
    }

    fn load(&mut self, _: u32, bytes: &[u8]) -> Result<(), String> {
        let (mut saved, mut quotes) = (Saved::new(bytes), Vec::new());
        let mut quote = || -> Result<Option<Quote>, String> {
            let order_id = OrderId(saved.integer()? as u64);
            let (price, size) = (Price(saved.integer()?), Quantity(saved.integer()?));
            let level = Level { price, size };
            Ok((order_id.0 > 0).then_some(Quote { order_id, level }))
        };
        for _ in 0..bytes.len() / 48 {
            quotes.push([quote()?, quote()?]);
        }
        saved.end()?;
        self.quotes = quotes;
        Ok(())
    }
}
