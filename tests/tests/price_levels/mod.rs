//! The exchange simulation on tapes of price levels: held against rules that are applied row by row, and against what it
//! says of the same market on a tape of orders.

mod cases;
mod laws;
mod market;
mod orders;
mod queues;
mod rules;

use std::collections::BTreeMap;

use backplane_engine::RunConfig;
use backplane_engine::exchange::{LevelModel, OrderRules, QueueRules, Taken};
use backplane_engine::record::FillReason;
use backplane_sdk::types::{Action, InstrumentId, Order, OrderStatus, Price, Quantity, Side};
use backplane_tape::{Row, SourceMessage};
use backplane_tests::rows::{Rows, levels, resolve};
use proptest::prelude::*;

use crate::oracle::flow::{self, Random};
use crate::oracle::scripted::Deed;
use crate::oracle::{Delays, Effect, answers_after, answers_by, scripted, side};
use crate::planned::{on_levels, on_orders, planned};
use laws::Law;
use market::Cancels;
pub(crate) use market::message;

/// A random market in price-level rows; halfway its book is cleared and another one begins.
fn level_rows(seed: u64, steps: usize) -> Vec<Row> {
    let before = flow::random(seed, steps / 2);
    let last = before[before.len() - 1];
    let clear = (Action::Clear, Side::Buy, 0, 0, 0);
    let clear = message(last.ts_event.0, last.sequence + 1, clear, true);
    let after = flow::random(seed + 1, steps - steps / 2);
    let later = |mut x: SourceMessage| {
        x.ts_event.0 += last.ts_event.0;
        x.ts_recv.0 += last.ts_event.0;
        x.order_id += 1_000_000;
        x
    };
    let messages = before.into_iter().chain([clear]);
    let messages: Vec<_> = messages.chain(after.into_iter().map(later)).collect();
    levels(&resolve(&messages, 1), 1)
}

/// Random orders that never rest, at random times.
fn aggressive_plan(seed: u64) -> Vec<(i64, Deed)> {
    let mut random = Random(seed ^ 0xA66);
    let mut now = 2_100;
    let mut plan = Vec::new();
    for _ in 0..40 {
        now += random.below(120) as i64;
        let (side, quantity) = (side(random.below(2)), 1 + random.below(12) as i64);
        let price = Price(97 + random.below(7) as i64);
        let limit = Order::limit(InstrumentId(0), side, price, Quantity(quantity));
        let order = match random.below(3) {
            0 => Order::market(InstrumentId(0), side, Quantity(quantity)),
            1 => limit.ioc(),
            _ => limit.fok(),
        };
        plan.push((now, Deed::Submit(order)));
    }
    plan
}

/// One post-only order on each side, at random times.
fn passive_plan(seed: u64) -> Vec<(i64, Deed)> {
    let mut random = Random(seed ^ 0x9A55);
    let orders = Side::BOTH.map(|side| {
        let at = 2_100 + random.below(2_000) as i64;
        let price = Price(97 + random.below(7) as i64);
        let quantity = Quantity(1 + random.below(12) as i64);
        let order = Order::limit(InstrumentId(0), side, price, quantity);
        (at, Deed::Submit(order.post_only()))
    });
    orders.into()
}

/// What each order had filled at each time at which it had a fill.
fn filled_by(effects: &[Effect]) -> BTreeMap<u64, BTreeMap<i64, i64>> {
    let mut orders: BTreeMap<u64, BTreeMap<i64, i64>> = BTreeMap::new();
    let mut filled: BTreeMap<u64, i64> = BTreeMap::new();
    for effect in effects {
        if let Effect::Fill {
            order_id,
            quantity,
            at,
            ..
        } = effect
        {
            let filled = filled.entry(*order_id).or_default();
            *filled += quantity;
            orders.entry(*order_id).or_default().insert(*at, *filled);
        }
    }
    orders
}

/// The first order that has more filled at some time in `careful` than in `exact`, and when.
fn more_filled(careful: &[Effect], exact: &[Effect]) -> Option<(u64, i64)> {
    let exact = filled_by(exact);
    for (order_id, fills) in filled_by(careful) {
        for (at, quantity) in fills {
            let until = exact.get(&order_id).map(|x| x.range(..=at));
            let found = until.and_then(|mut x| x.next_back());
            if found.is_none_or(|x| *x.1 < quantity) {
                return Some((order_id, at));
            }
        }
    }
    None
}

fn delays() -> impl Strategy<Value = Delays> {
    (0i64..80, 0i64..80, 0i64..80).prop_map(|(feed, entry, response)| Delays {
        feed,
        entry,
        response,
    })
}

/// Every queue model that does not draw, and the law that it follows; the careful one as often as all of a kind.
fn laws() -> [(LevelModel, Law); 12] {
    let n = |x: f64| (x * 1e9) as i64;
    [
        (LevelModel::RiskAverse, Law::RiskAverse),
        (LevelModel::RiskAverse, Law::RiskAverse),
        (LevelModel::RiskAverse, Law::RiskAverse),
        (
            LevelModel::PowerProb { n: n(1.0) },
            Law::Probability(laws::power, 1.0),
        ),
        (
            LevelModel::PowerProb { n: n(2.5) },
            Law::Probability(laws::power, 2.5),
        ),
        (
            LevelModel::PowerProb2 { n: n(3.0) },
            Law::Probability(laws::power_2, 3.0),
        ),
        (
            LevelModel::PowerProb3 { n: n(0.5) },
            Law::Probability(laws::power_3, 0.5),
        ),
        (
            LevelModel::PowerProb3 { n: n(3.0) },
            Law::Probability(laws::power_3, 3.0),
        ),
        (LevelModel::LogProb, Law::Probability(laws::log, 0.0)),
        (LevelModel::LogProb2, Law::Probability(laws::log_2, 0.0)),
        (LevelModel::SizeMatch, Law::SizeMatch),
        (LevelModel::AllAhead, Law::AllAhead),
    ]
}

/// A test whose laws all say the same proves nothing.
#[test]
fn every_queue_model_fills_otherwise_than_every_other() {
    let mut fills = Vec::new();
    for (_, law) in &laws()[2..] {
        let quantity: i64 = (1..150)
            .map(|seed| quantity(&rules::simulate(&level_rows(seed, 200), seed, DELAYS, *law)))
            .sum();
        fills.push(quantity);
    }
    println!("{fills:?}");
    assert!(
        fills.iter().all(|x| *x >= fills[0]),
        "the careful one fills least"
    );
    let distinct: std::collections::BTreeSet<_> = fills.iter().collect();
    assert!(distinct.len() >= fills.len() - 1, "{fills:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_engine_follows_the_rules_of_price_levels_in_every_answer(
        seed in 1u64..u64::from(u32::MAX),
        delays in delays(),
        steps in 20usize..250,
        batch in 1usize..60,
        law in 0usize..12,
    ) {
        let rows = level_rows(seed, steps);
        let (model, law) = laws()[law].clone();
        let expected = rules::simulate(&rows, seed, delays, law);
        let mut source = Rows::of_levels(rows, batch);
        let config = RunConfig {
            latency: delays.latency(),
            queue: QueueRules { model, ..QueueRules::default() },
            ..RunConfig::default()
        };
        let found = answers_by(&mut source, scripted(seed), config).unwrap();
        for (number, (found, expected)) in found.iter().zip(&expected).enumerate() {
            prop_assert_eq!(found, expected, "answer {}", number);
        }
        prop_assert_eq!(found.len(), expected.len());
    }

    /// Where cancellations really come from behind, as the exchange assumes of what was taken, a level says all that its
    /// orders would say to somebody who only takes.
    #[test]
    fn orders_that_only_take_get_the_same_on_both_tapes_where_cancellations_come_from_behind(
        seed in 1u64..u64::from(u32::MAX),
        delays in delays(),
        steps in 20usize..250,
    ) {
        let messages = market::random(seed, steps, Cancels::FromBehind);
        let plan = aggressive_plan(seed);
        let orders = on_orders(&messages, &plan, delays);
        prop_assert_eq!(on_levels(&messages, &plan, delays), orders);
    }

    /// Wherever cancellations come from, for the first that is taken.
    #[test]
    fn the_first_order_that_takes_gets_the_same_on_both_tapes(
        seed in 1u64..u64::from(u32::MAX),
        delays in delays(),
        steps in 20usize..250,
        number in 0usize..40,
    ) {
        let messages = market::random(seed, steps, Cancels::Anywhere);
        let plan = &aggressive_plan(seed)[number..=number];
        let orders = on_orders(&messages, plan, delays);
        prop_assert_eq!(on_levels(&messages, plan, delays), orders);
    }

    /// Wherever cancellations come from, for all of them, where what was taken comes back at once.
    #[test]
    fn orders_that_only_take_get_the_same_on_both_tapes_where_what_they_took_returns(
        seed in 1u64..u64::from(u32::MAX),
        delays in delays(),
        steps in 20usize..250,
    ) {
        let rows = resolve(&market::random(seed, steps, Cancels::Anywhere), 1);
        let plan = aggressive_plan(seed);
        let rules = OrderRules { taken: Taken::Returns, ..OrderRules::default() };
        let both = [Rows::of_levels(levels(&rows, 1), 50), Rows::new(rows, 50)];
        let [levels, orders] = both.map(|mut source| {
            answers_after(&mut source, planned(&plan), delays.latency(), rules).unwrap()
        });
        prop_assert_eq!(levels, orders);
    }

    #[test]
    fn no_resting_order_is_filled_more_or_earlier_from_levels_than_from_orders(
        seed in 1u64..u64::from(u32::MAX),
        delays in delays(),
        steps in 20usize..250,
    ) {
        let messages = market::random(seed, steps, Cancels::Anywhere);
        let plan = passive_plan(seed);
        let levels = on_levels(&messages, &plan, delays);
        let orders = on_orders(&messages, &plan, delays);
        prop_assert_eq!(more_filled(&levels, &orders), None, "{:#?} {:#?}", levels, orders);
    }
}

const DELAYS: Delays = Delays {
    feed: 10,
    entry: 25,
    response: 15,
};

/// A test whose cases fill nothing proves nothing.
#[test]
fn the_markets_of_levels_exercise_every_way_to_be_filled() {
    let mut counts = [0usize; 4];
    let mut refusals = 0;
    for seed in 1..400 {
        for effect in rules::simulate(&level_rows(seed, 200), seed, DELAYS, Law::RiskAverse) {
            match effect {
                Effect::Fill { reason, .. } => counts[reason as usize] += 1,
                Effect::Update { status, .. } => {
                    refusals += usize::from(status == OrderStatus::Rejected);
                }
            }
        }
    }
    println!("queue reached, traded through, crossed, taker: {counts:?}; rejected {refusals}");
    assert!(counts.iter().all(|x| *x > 100), "{counts:?}");
    assert!(refusals > 100);
}

/// As above, for what the two tapes are compared on: most of what rests is filled on both, and not all of it.
#[test]
fn the_markets_of_both_tapes_tell_careful_from_exact() {
    let (mut taken, mut exact, mut careful) = (0, 0, 0);
    for seed in 1..400 {
        let messages = market::random(seed, 200, Cancels::FromBehind);
        let effects = on_levels(&messages, &aggressive_plan(seed), DELAYS);
        taken += filled_by(&effects).len();
        let messages = market::random(seed, 200, Cancels::Anywhere);
        let plan = passive_plan(seed);
        exact += quantity(&on_orders(&messages, &plan, DELAYS));
        careful += quantity(&on_levels(&messages, &plan, DELAYS));
    }
    println!("orders that took {taken}; rested and filled {careful} of {exact}");
    assert!(taken > 2_000, "{taken}");
    assert!(careful > 500, "{careful}");
    assert!(exact > careful, "{exact}, {careful}");
}

/// What resting orders got by their queue.
fn quantity(effects: &[Effect]) -> i64 {
    let fills = effects.iter().map(|x| match x {
        Effect::Fill {
            quantity,
            reason: FillReason::QueueReached,
            ..
        } => *quantity,
        _ => 0,
    });
    fills.sum()
}
