//! The market maker: one bid and one ask of each instrument, where the model wants them.
//!
//! Takes in changes of the best prices; gives out post-only quotes of `size`, moved when the model's price is another
//! tick. A quote never crosses the market, and a side rests while a fill of it could bring the inventory beyond
//! `inventory_max`.

use backplane_sdk::prelude::*;

use crate::model::{Model, Variance};

/// A second, in nanoseconds.
const SECOND: f64 = 1e9;

/// The words of eight bytes that a market takes in a saved state.
const MARKET_WORDS: usize = 10;

/// What is kept of an instrument.
struct Market {
    tick: i64,
    variance: Variance,
    /// The quote of each side, with its price.
    quotes: [Option<(OrderId, Price)>; 2],
}

/// The strategy.
pub struct AvellanedaStoikov {
    model: Model,
    half_life: f64,
    size: Quantity,
    inventory_max: f64,
    start: Timestamp,
    markets: Vec<Market>,
}

impl AvellanedaStoikov {
    /// Where the model wants the quote of a side, rounded away from the market; none where it must rest.
    fn wanted(&self, bbo: &Bbo, side: Side, inventory: f64) -> Option<Price> {
        let market = &self.markets[bbo.instrument.index()];
        let tick = market.tick as f64;
        let mid = bbo.bid_price.midway(bbo.ask_price).0 as f64 / tick;
        let (bid, ask) = self
            .model
            .quotes(mid, inventory, market.variance.per_second());
        let after = inventory + side.signed(Quantity(1)).as_f64();
        if after.abs() > self.inventory_max && after.abs() > inventory.abs() {
            return None;
        }
        let price = match side {
            Side::Buy => Price(market.tick)
                .times(bid.floor() as i64)
                .min(bbo.bid_price),
            Side::Sell => Price(market.tick)
                .times(ask.ceil() as i64)
                .max(bbo.ask_price),
        };
        (price.0 > 0 && price.is_defined()).then_some(price)
    }

    fn quote(&mut self, bbo: &Bbo, side: Side, ctx: &mut Context) {
        let instrument = bbo.instrument;
        let inventory = ctx.position(instrument).as_f64() / self.size.as_f64();
        let wanted = self.wanted(bbo, side, inventory);
        let quote = &mut self.markets[instrument.index()].quotes[side.index()];
        let open = quote.filter(|x| ctx.open_order(x.0).is_some());
        if open.map(|x| x.1) == wanted {
            return;
        }
        if let Some((order_id, _)) = open {
            ctx.cancel(order_id);
        }
        *quote = wanted.map(|price| {
            let order = Order::limit(instrument, side, price, self.size).post_only();
            (ctx.submit(order), price)
        });
    }
}

impl Strategy for AvellanedaStoikov {
    fn descriptor() -> Descriptor {
        Descriptor::new("avellaneda_stoikov", env!("CARGO_PKG_VERSION"))
            .subscribe(Schema::BboPrice)
            .param(Param::float(
                "gamma",
                0.05,
                1e-6..=10.0,
                "risk aversion, per tick and quote",
            ))
            .param(Param::float(
                "kappa",
                1.0,
                1e-3..=100.0,
                "decay of the fill rate, per tick from the mid",
            ))
            .param(Param::float(
                "horizon",
                10.0,
                0.0..=86_400.0,
                "time over which inventory is a risk, in seconds",
            ))
            .param(Param::float(
                "half_life",
                60.0,
                0.1..=86_400.0,
                "memory of the variance, in seconds",
            ))
            .param(Param::integer(
                "size",
                1,
                1..=1_000_000,
                "quantity of each quote, in quantity units",
            ))
            .param(Param::integer(
                "inventory_max",
                10,
                1..=1_000_000,
                "the largest inventory, in quotes",
            ))
    }

    fn new(params: &Params) -> Result<Self, String> {
        Ok(AvellanedaStoikov {
            model: Model {
                gamma: params.float("gamma"),
                kappa: params.float("kappa"),
                horizon: params.float("horizon"),
            },
            half_life: params.float("half_life"),
            size: Quantity(params.integer("size")),
            inventory_max: params.integer("inventory_max") as f64,
            start: Timestamp(0),
            markets: Vec::new(),
        })
    }

    fn on_start(&mut self, ctx: &mut Context) {
        self.start = ctx.now();
        let market = |x: &Instrument| Market {
            tick: x.tick.0,
            variance: Variance::new(self.half_life),
            quotes: [None; 2],
        };
        self.markets = ctx.instruments().iter().map(market).collect();
    }

    fn state_version() -> u32 {
        1
    }

    /// The start, then each market: tick, variance, quotes. Numbers are little-endian.
    fn save(&self) -> Vec<u8> {
        let mut bytes = self.start.0.to_le_bytes().to_vec();
        for market in &self.markets {
            bytes.extend(market.tick.to_le_bytes());
            for number in market.variance.numbers() {
                bytes.extend(number.to_le_bytes());
            }
            for quote in market.quotes {
                let (order_id, price) = quote.unwrap_or((OrderId(0), Price::UNDEFINED));
                bytes.extend(order_id.0.to_le_bytes());
                bytes.extend(price.0.to_le_bytes());
            }
        }
        bytes
    }

    fn load(&mut self, version: u32, bytes: &[u8]) -> Result<(), String> {
        let (words, rest) = bytes.as_chunks::<8>();
        let [start, words @ ..] = words else {
            return Err("the saved state is empty".into());
        };
        if version != 1 || !rest.is_empty() || !words.len().is_multiple_of(MARKET_WORDS) {
            return Err(format!(
                "a state of version {version} with {} bytes cannot be read",
                bytes.len()
            ));
        }
        let market = |words: &[[u8; 8]]| {
            let integer = |at: usize| i64::from_le_bytes(words[at]);
            let number = |at: usize| f64::from_le_bytes(words[at]);
            let quote = |at: usize| {
                let order_id = OrderId(integer(at) as u64);
                (order_id.0 != 0).then(|| (order_id, Price(integer(at + 1))))
            };
            Market {
                tick: integer(0),
                variance: Variance::of([number(1), number(2), number(3), number(4), number(5)]),
                quotes: [quote(6), quote(8)],
            }
        };
        self.start = Timestamp(i64::from_le_bytes(*start));
        self.markets = words.chunks_exact(MARKET_WORDS).map(market).collect();
        Ok(())
    }

    fn on_market(&mut self, event: &MarketEvent, ctx: &mut Context) {
        let MarketEvent::Bbo(bbo) = event else { return };
        // A book that is empty or crossed has no mid.
        if !bbo.bid_price.is_defined()
            || !bbo.ask_price.is_defined()
            || bbo.bid_price >= bbo.ask_price
        {
            return;
        }
        let market = &mut self.markets[bbo.instrument.index()];
        let mid = bbo.bid_price.midway(bbo.ask_price).0 as f64 / market.tick as f64;
        market
            .variance
            .note(mid, (ctx.now().0 - self.start.0) as f64 / SECOND);
        for side in Side::BOTH {
            self.quote(bbo, side, ctx);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use backplane_sdk::testing::Harness;

    fn prices(harness: &Harness<AvellanedaStoikov>) -> Vec<(Side, Price)> {
        let orders = harness.orders();
        orders.iter().map(|x| (x.1.side, x.1.price)).collect()
    }

    #[test]
    fn it_quotes_both_sides_and_leans_against_its_inventory() {
        let mut harness = Harness::<AvellanedaStoikov>::new(&[("gamma", "0.5")]).unwrap();
        harness.bbo(579.0, 579.1);
        let quotes = prices(&harness);
        let sides: Vec<Side> = quotes.iter().map(|x| x.0).collect();
        assert_eq!(sides, Side::BOTH);
        assert!(quotes[0].1 <= Price::from_f64(579.0) && quotes[1].1 >= Price::from_f64(579.1));
        harness.bbo(579.0, 579.1);
        assert_eq!(
            harness.orders().len(),
            0,
            "the quotes stand where they are wanted"
        );
        harness.advance(Nanos::from_millis(500));
        harness.bbo(579.1, 579.2);
        assert_eq!(harness.orders().len(), 2, "they follow the market");
    }

    #[test]
    fn a_saved_state_goes_on_where_it_was() {
        let params = Params::defaults(&AvellanedaStoikov::descriptor().params);
        let mut first = AvellanedaStoikov::new(&params).unwrap();
        let mut variance = Variance::new(60.0);
        variance.note(100.0, 0.0);
        variance.note(101.5, 0.25);
        let quotes = [Some((OrderId(7), Price(5))), None];
        first.markets = vec![Market {
            tick: 25,
            variance,
            quotes,
        }];
        let bytes = first.save();
        let mut second = AvellanedaStoikov::new(&params).unwrap();
        second.load(1, &bytes).unwrap();
        assert_eq!(second.save(), bytes);
        assert!(second.load(1, &bytes[1..]).is_err() && second.load(2, &bytes).is_err());
        assert_eq!(second.save(), bytes, "what is refused changes nothing");
    }
}
