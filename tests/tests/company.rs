//! Strategies that run side by side: none of them may change what another does or meets.
//!
//! Takes in random markets, played through strategies alone and in company, in batches of any size, with and without
//! records; gives out digests, which must be equal. A run goes on in blocks whose ends depend on all strategies, so that
//! every block may end somewhere else in company than alone.

use backplane_engine::RunConfig;
use backplane_engine::guest::{Guest, InProcess};
use backplane_engine::record::{Recorder, Unrecorded};
use backplane_engine::schedule::{Event, Occasion, Recurring, Schedule};
use backplane_sdk::Strategy;
use backplane_sdk::prelude::*;
use backplane_tests::rows::{Rows, levels, play_by, resolve};
use proptest::prelude::*;

use crate::oracle::{Delays, Effects, flow, scripted};

/// Quotes at the best prices, anew on every change of a best price or size, and hears of every trade.
struct Quoter {
    orders: [Option<OrderId>; 2],
    heard: u64,
}

impl Strategy for Quoter {
    fn descriptor() -> Descriptor {
        Descriptor::new("quoter", "1.0.0")
            .subscribe(Schema::Bbo)
            .subscribe(Schema::Trades)
    }

    fn new(_: &Params) -> Result<Quoter, String> {
        Ok(Quoter {
            orders: [None; 2],
            heard: 0,
        })
    }

    fn on_market(&mut self, event: &MarketEvent, ctx: &mut Context) {
        self.heard += 1;
        let MarketEvent::Bbo(bbo) = event else { return };
        for (side, price) in [(Side::Buy, bbo.bid_price), (Side::Sell, bbo.ask_price)] {
            let order = &mut self.orders[side.index()];
            if let Some(old) = order.take().filter(|x| ctx.open_order(*x).is_some()) {
                ctx.cancel(old);
            }
            if price.is_defined() {
                let quote = Order::limit(bbo.instrument, side, price, Quantity(2));
                *order = Some(ctx.submit(quote.post_only()));
            }
        }
        // What was heard is in the digest.
        ctx.set_timer(TimerId(self.heard), ctx.now() + Nanos(40));
    }
}

/// Takes the other side's best price at every seventh message.
struct Taker<const ORDERS: bool> {
    heard: u64,
}

impl<const ORDERS: bool> Strategy for Taker<ORDERS> {
    fn descriptor() -> Descriptor {
        let schema = if ORDERS { Schema::Mbo } else { Schema::Mbp };
        Descriptor::new("taker", "1.0.0").subscribe(schema)
    }

    fn new(_: &Params) -> Result<Self, String> {
        Ok(Taker { heard: 0 })
    }

    fn on_market(&mut self, event: &MarketEvent, ctx: &mut Context) {
        self.heard += 1;
        if self.heard.is_multiple_of(7) {
            let side = Side::BOTH[(self.heard / 7 % 2) as usize];
            let best = ctx.book(event.instrument()).best(side.opposite());
            if let Some(level) = best {
                let order = Order::limit(event.instrument(), side, level.price, Quantity(3));
                ctx.submit(order);
            }
        }
    }
}

fn guest<S: Strategy>() -> Box<dyn Guest> {
    let params = Params::defaults(&S::descriptor().params);
    Box::new(InProcess::<S>::new(&params).unwrap())
}

/// One of the strategies, by number.
fn strategy(number: usize, seed: u64, shows_levels: bool) -> Box<dyn Guest> {
    match number {
        0 => guest::<Quoter>(),
        1 if shows_levels => guest::<Taker<false>>(),
        1 => guest::<Taker<true>>(),
        _ => scripted(seed + number as u64),
    }
}

/// A market's happenings: funding again and again, a dividend and a split.
fn happenings(every: i64) -> Schedule {
    let instrument = InstrumentId(0);
    let event = |at, occasion| Event {
        at: Timestamp(at),
        instrument,
        occasion,
    };
    let recurring = Recurring {
        first: Timestamp(0),
        every: Nanos(every),
        instrument,
        occasion: Occasion::Funding { rate: 40_000_000 },
    };
    let events = vec![
        event(1_000 + 7 * every, Occasion::Dividend { amount: Price(3) }),
        event(1_000 + 9 * every, Occasion::Split { new: 2, old: 1 }),
    ];
    Schedule::new(events, vec![recurring])
}

fn digests(
    mut source: Rows,
    guests: Vec<Box<dyn Guest>>,
    (delays, schedule): (Delays, &Schedule),
    recorder: &mut dyn Recorder,
) -> Vec<[u8; 32]> {
    let config = RunConfig {
        latency: delays.latency(),
        schedule: schedule.clone(),
        ..RunConfig::default()
    };
    let summary = play_by(&mut source, guests, config, Vec::new(), recorder);
    let instances = summary.unwrap().instances;
    instances.into_iter().map(|x| x.digest).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_strategy_changes_what_another_does_or_meets(
        seed in 1u64..u64::from(u32::MAX),
        feed in 0i64..80,
        entry in 0i64..80,
        response in 0i64..80,
        steps in 20usize..250,
        batches in (1usize..60, 1usize..60),
        shows_levels in any::<bool>(),
        every in prop::option::of(20i64..2_000),
    ) {
        let schedule = every.map(happenings).unwrap_or_default();
        let delays = (Delays { feed, entry, response }, &schedule);
        let rows = resolve(&flow::random(seed, steps), 1);
        let source = |batch| match shows_levels {
            true => Rows::of_levels(levels(&rows, 1), batch),
            false => Rows::new(rows.clone(), batch),
        };
        let all = (0..4).map(|x| strategy(x, seed, shows_levels)).collect();
        let together = digests(source(batches.0), all, delays, &mut Effects::default());
        for (number, expected) in together.iter().enumerate() {
            let one = vec![strategy(number, seed, shows_levels)];
            let alone = digests(source(batches.1), one, delays, &mut Unrecorded);
            prop_assert_eq!(&alone[0], expected, "strategy {}", number);
        }
    }
}
