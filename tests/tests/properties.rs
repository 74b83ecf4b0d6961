//! What must hold of every run, whatever the market, the orders, the latencies and the rules.
//!
//! Takes in random markets and random orders of any kind, on tapes of orders and of price levels; looks at the records
//! alone, in the order in which they were made.

use std::collections::BTreeMap;

use backplane_engine::RunConfig;
use backplane_engine::exchange::{Fee, FeePlan, FeePlans, Fees, OrderRules, SelfTrade, Taken};
use backplane_engine::record::{
    CommandRecord, EquityRecord, FillReason, FillRecord, LogRecord, MetricRecord, OrderRecord,
    RecordError, Recorder,
};
use backplane_sdk::abi::CommandBody;
use backplane_sdk::types::{Money, Nanos, OrderStatus, Price, Side};
use backplane_tests::rows::{Rows, levels, play_by, resolve};
use proptest::prelude::*;

use crate::oracle::{Delays, flow, special};

/// An order as the records tell of it.
#[derive(Clone, Copy, Debug, Default)]
struct Told {
    /// When it was accepted, at the exchange.
    accepted: i64,
    limit: Option<i64>,
    quantity: i64,
    filled: i64,
    is_open: bool,
    is_iceberg: bool,
    /// A stop that was not triggered.
    waits: bool,
    /// Counts the news by which it took its place.
    place: u64,
}

/// Looks at every record, and counts those of fills by reason.
#[derive(Default)]
struct Inspector {
    orders: BTreeMap<u64, Told>,
    sides: BTreeMap<u64, Side>,
    position: i64,
    cash: i128,
    news: u64,
    fills: [usize; 4],
}

impl Inspector {
    fn order(&mut self, id: u64) -> &mut Told {
        self.orders.entry(id).or_default()
    }

    /// A resting order is filled after those that stood at its price before it.
    fn is_first_in(&self, id: u64, side: Side) -> bool {
        let mine = self.orders[&id];
        let rests = |x: &Told| x.is_open && !x.waits;
        let others = self.orders.iter().filter(|x| *x.0 != id && rests(x.1));
        let mut others = others.filter(|x| self.sides.get(x.0) == Some(&side));
        mine.is_iceberg
            || others.all(|(_, x)| x.limit != mine.limit || x.is_iceberg || x.place > mine.place)
    }

    fn check_price(&self, record: &FillRecord) {
        let (fill, best) = (&record.fill, &record.best);
        let limit = self.orders[&fill.order_id.0].limit;
        if let Some(limit) = limit {
            let within = match fill.side {
                Side::Buy => fill.price.0 <= limit,
                Side::Sell => fill.price.0 >= limit,
            };
            assert!(within, "{record:?} beyond {limit}");
        }
        if record.reason != FillReason::Taker {
            assert_eq!(Some(fill.price.0), limit, "a maker's own price");
            return;
        }
        let other = match fill.side {
            Side::Buy => best.ask,
            Side::Sell => best.bid,
        };
        let other = other.expect("nobody takes from an empty side").price;
        let is_allowed = match fill.side {
            Side::Buy => fill.price >= other,
            Side::Sell => fill.price <= other,
        };
        assert!(is_allowed, "{record:?}: better than the book");
    }
}

impl Recorder for Inspector {
    fn command(&mut self, record: &CommandRecord) -> Result<(), RecordError> {
        let command = &record.command;
        if let Some(CommandBody::Submit { order_id }) = command.body() {
            let is_iceberg = command.displayed > 0;
            let order = self.order(order_id.0);
            order.is_iceberg = is_iceberg;
            order.waits = matches!(command.order_type, b'3' | b'4' | b'P');
            order.quantity = command.quantity;
            let limit = Price(command.price);
            order.limit = (limit.is_defined() && limit.0 != 0).then_some(limit.0);
            if let Some(side) = Side::from_code(command.side) {
                self.sides.insert(order_id.0, side);
            }
        }
        Ok(())
    }

    fn order(&mut self, record: &OrderRecord) -> Result<(), RecordError> {
        let update = &record.update;
        self.news += 1;
        let news = self.news;
        let order = Inspector::order(self, update.order_id.0);
        match update.status {
            OrderStatus::New | OrderStatus::Triggered => {
                order.is_open = true;
                order.waits &= update.status != OrderStatus::Triggered;
                order.place = news;
                order.accepted = update.ts_event.0;
            }
            OrderStatus::Replaced => {
                let limit = update.price.is_defined().then_some(update.price.0);
                let keeps = limit == order.limit && update.quantity.0 <= order.quantity;
                order.limit = limit;
                order.quantity = update.quantity.0;
                if !keeps {
                    order.place = news;
                }
                assert_eq!(update.leaves.0, order.quantity - order.filled, "{update:?}");
            }
            _ if update.ends_order() => order.is_open = false,
            _ => {}
        }
        Ok(())
    }

    fn fill(&mut self, record: &FillRecord) -> Result<(), RecordError> {
        let fill = &record.fill;
        self.fills[record.reason as usize] += 1;
        self.check_price(record);
        if record.reason != FillReason::Taker {
            assert!(self.is_first_in(fill.order_id.0, fill.side), "{record:?}");
        }
        let order = Inspector::order(self, fill.order_id.0);
        assert!(order.is_open, "nothing is filled that is not open");
        assert!(fill.ts_event.0 >= order.accepted, "no fill before arrival");
        assert!(fill.quantity.0 > 0);
        order.filled += fill.quantity.0;
        assert_eq!(order.filled + fill.leaves.0, order.quantity, "{record:?}");
        order.is_open = fill.leaves.0 > 0;
        let signed = fill.side.signed(fill.quantity).0;
        self.position += signed;
        self.cash -= i128::from(signed) * i128::from(fill.price.0) + fill.fee.0;
        assert_eq!(record.position.0, self.position, "the sum of fills");
        assert_eq!(record.cash.0, self.cash);
        Ok(())
    }

    fn equity(&mut self, record: &EquityRecord) -> Result<(), RecordError> {
        let value = i128::from(record.price.0) * i128::from(record.position.0);
        assert_eq!(record.equity.0, record.cash.0 + value);
        Ok(())
    }

    fn metric(&mut self, _: &MetricRecord) -> Result<(), RecordError> {
        Ok(())
    }

    fn log(&mut self, _: &LogRecord<'_>) -> Result<(), RecordError> {
        Ok(())
    }
}

const RULES: [SelfTrade; 4] = [
    SelfTrade::Off,
    SelfTrade::CancelNewest,
    SelfTrade::CancelOldest,
    SelfTrade::CancelBoth,
];

fn inspect(seed: u64, steps: usize, shows_levels: bool, config: RunConfig) -> Inspector {
    let rows = resolve(&flow::random(seed, steps), 1);
    let mut source = match shows_levels {
        true => Rows::of_levels(levels(&rows, 1), 17),
        false => Rows::new(rows, 17),
    };
    let mut inspector = Inspector::default();
    let guests = vec![special(seed)];
    play_by(&mut source, guests, config, Vec::new(), &mut inspector).unwrap();
    inspector
}

fn config(delays: Delays, orders: OrderRules) -> RunConfig {
    let fee = |rate, per_unit| Fee {
        rate,
        per_unit: Money(per_unit),
    };
    RunConfig {
        latency: delays.latency(),
        fees: FeePlans::new(FeePlan::Rates(Fees {
            maker: fee(-200_000_000, 3),
            taker: fee(300_000_000, 7),
        })),
        orders,
        ..RunConfig::default()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(800))]

    #[test]
    fn quantities_prices_places_and_accounts_hold_in_every_run(
        seed in 1u64..u64::from(u32::MAX),
        feed in 0i64..80,
        entry in 0i64..80,
        response in 0i64..80,
        steps in 20usize..250,
        shows_levels in any::<bool>(),
        self_trade in 0usize..4,
        returns in any::<bool>(),
    ) {
        let orders = OrderRules {
            self_trade: RULES[self_trade],
            taken: if returns { Taken::Returns } else { Taken::Stays },
            session_end: Nanos(5_000),
        };
        inspect(seed, steps, shows_levels, config(Delays { feed, entry, response }, orders));
    }
}

#[test]
fn the_inspected_runs_hold_fills_of_every_kind() {
    let delays = Delays {
        feed: 10,
        entry: 25,
        response: 15,
    };
    for shows_levels in [true, false] {
        let mut fills = [0; 4];
        for seed in 1..100 {
            let config = config(delays, OrderRules::default());
            let found = inspect(seed, 200, shows_levels, config).fills;
            fills.iter_mut().zip(found).for_each(|(sum, x)| *sum += x);
        }
        assert!(fills.iter().all(|x| *x > 30), "{fills:?}");
    }
}
