//! Queue models whose fills can be told by hand: by size, at the touch, and one of somebody's own.

use backplane_engine::RunConfig;
use backplane_engine::error::RunError;
use backplane_engine::exchange::{LevelModel, Matching, QueueModel, QueueRules};
use backplane_engine::record::FillReason::{QueueReached, TradedThrough};
use backplane_sdk::types::Action::{Add, Cancel};
use backplane_sdk::types::Side::{Buy, Sell};
use backplane_tests::rows::{Rows, levels, resolve};

use crate::by_hand::{DELAYS, Got, Market, fills, limit};
use crate::oracle::answers_by;
use crate::oracle::scripted::Deed;
use crate::planned::planned;

/// What a plan gets on a tape of levels, or of orders.
fn got(
    market: &Market,
    plan: &[(i64, Deed)],
    queue: QueueRules,
    shows_levels: bool,
) -> Result<Vec<Got>, RunError> {
    let rows = resolve(&market.0, 1);
    let mut source = match shows_levels {
        true => Rows::of_levels(levels(&rows, 1), 9),
        false => Rows::new(rows, 9),
    };
    let config = RunConfig {
        latency: DELAYS.latency(),
        queue,
        ..RunConfig::default()
    };
    answers_by(&mut source, planned(plan), config).map(|x| fills(&x))
}

fn by_size(first: u64) -> QueueRules {
    QueueRules {
        matching: Matching::ProRata { first },
        ..QueueRules::default()
    }
}

fn of(model: LevelModel) -> QueueRules {
    QueueRules {
        model,
        ..QueueRules::default()
    }
}

#[test]
fn a_pro_rata_market_shares_a_trade_by_size_and_rounds_down() {
    let market = Market::new()
        .executes(4_000, Sell, 1, 99, 8)
        .executes(5_000, Sell, 1, 99, 1)
        .says(6_000, Add, Buy, 3, 98, 9)
        .executes(7_000, Sell, 3, 98, 9);
    let plan = [limit(2_500, Buy, 99, 5), limit(2_600, Buy, 99, 30)];
    // Of 8 the first gets 8 * 5 / 45, nothing, and the second 8 * 30 / 45 = 5. Of 1 nobody gets any. Then 9 trade through.
    let expected = [
        (2, 5, QueueReached, 4_000),
        (1, 5, TradedThrough, 7_000),
        (2, 4, TradedThrough, 7_000),
    ];
    for shows_levels in [true, false] {
        assert_eq!(
            got(&market, &plan, by_size(0), shows_levels).unwrap(),
            expected
        );
    }
}

#[test]
fn a_split_gives_a_part_by_the_queue_and_the_rest_by_size() {
    let market = Market::new()
        .says(3_000, Add, Buy, 3, 99, 20)
        .executes(4_000, Sell, 1, 99, 10)
        .executes(5_000, Sell, 3, 99, 10);
    let plan = [limit(2_500, Buy, 99, 10)];
    // 40 rest, 10 of them ahead. Of the first 10, 4 go by the queue to those ahead, and of 6 we get 6 * 10 / 36 = 1.
    // Those ahead lost 4, and 6 * 6 / 36 = 1 of the rest: 5 are left. Of the next 10, 4 go to them again; of the other 6
    // we get 6 * 9 / (20 + 9 - 4) = 2.
    let expected = [(1, 1, QueueReached, 4_000), (1, 2, QueueReached, 5_000)];
    let split = by_size(400_000_000);
    for shows_levels in [true, false] {
        assert_eq!(
            got(&market, &plan, split.clone(), shows_levels).unwrap(),
            expected
        );
    }
}

#[test]
fn all_of_a_trade_by_the_queue_is_first_in_first_out() {
    let market = Market::new()
        .says(3_000, Add, Buy, 3, 99, 20)
        .executes(4_000, Sell, 1, 99, 10)
        .executes(5_000, Sell, 3, 99, 7);
    let plan = [limit(2_500, Buy, 99, 4), limit(2_600, Buy, 99, 4)];
    let expected = [(1, 4, QueueReached, 5_000), (2, 3, QueueReached, 5_000)];
    for queue in [by_size(1_000_000_000), QueueRules::default()] {
        for shows_levels in [true, false] {
            assert_eq!(
                got(&market, &plan, queue.clone(), shows_levels).unwrap(),
                expected
            );
        }
    }
}

#[test]
fn a_fill_at_the_touch_comes_with_every_trade_or_never_as_it_is_likely() {
    let market = Market::new()
        .executes(4_000, Sell, 1, 99, 2)
        .executes(5_000, Sell, 1, 99, 2);
    let plan = [limit(2_500, Buy, 99, 3)];
    let touch = |probability| {
        let rules = of(LevelModel::Touch { probability });
        got(&market, &plan, rules, true).unwrap()
    };
    assert_eq!(touch(0), []);
    let expected = [(1, 2, QueueReached, 4_000), (1, 1, QueueReached, 5_000)];
    assert_eq!(touch(1_000_000_000), expected);
}

#[test]
fn whether_an_order_is_filled_at_the_touch_is_drawn_for_each_apart() {
    let mut market = Market::new();
    for at in 4..24 {
        market = market.executes(at * 1_000, Sell, 1, 99, 1);
    }
    let plan = [limit(2_500, Buy, 99, 9), limit(2_600, Buy, 99, 9)];
    let rules = of(LevelModel::Touch {
        probability: 500_000_000,
    });
    let fills = got(&market, &plan, rules, true).unwrap();
    // The second is filled by trades that missed the first, which has not enough yet.
    let first = fills.iter().filter(|x| x.0 == 1).count();
    let begins = fills.iter().position(|x| x.0 == 2).unwrap();
    let before = fills[..begins].iter().filter(|x| x.0 == 1).count();
    assert!(before < first && first < 20, "{fills:?}");
}

/// Half of what leaves stood behind.
#[derive(Debug)]
struct Half;

impl QueueModel for Half {
    fn behind(&self, _: f64, _: f64) -> f64 {
        0.5
    }
}

#[test]
fn a_model_of_somebody_s_own_says_where_cancellations_come_from() {
    let market = Market::new()
        .says(3_000, Add, Buy, 3, 99, 10)
        .says(4_000, Cancel, Buy, 3, 99, 6)
        .executes(5_000, Sell, 1, 99, 9);
    let plan = [limit(2_500, Buy, 99, 4)];
    // Three of the six that left stood ahead: seven are left, and two of the nine are ours.
    let found = got(&market, &plan, QueueRules::own(Half), true).unwrap();
    assert_eq!(found, [(1, 2, QueueReached, 5_000)]);
    let careful = got(&market, &plan, QueueRules::default(), true).unwrap();
    assert_eq!(careful, []);
}

#[test]
fn a_model_of_price_levels_is_refused_on_a_tape_of_orders() {
    let market = Market::new().executes(4_000, Sell, 1, 99, 2);
    let error = got(&market, &[], of(LevelModel::LogProb), false).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("queue is LogProb, but must be"),
        "{error}"
    );
}
