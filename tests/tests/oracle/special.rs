//! Stops, icebergs, orders that end by themselves and self-trade prevention, held against the oracle.

use backplane_engine::exchange::{OrderRules, SelfTrade, Taken};
use backplane_engine::guest::{Guest, InProcess};
use backplane_sdk::Strategy as _;
use backplane_sdk::params::Params;
use backplane_sdk::types::{Nanos, OrderStatus, Reason};
use backplane_tests::rows::{Rows, resolve};
use proptest::prelude::*;

use super::jitter::Travel;
use super::scripted::{Scripted, special_script};
use super::{Delays, Effect, answers_after, flow, matching};

/// The strategy of a special script.
pub(crate) fn special(seed: u64) -> Box<dyn Guest> {
    let params = Params::defaults(&Scripted::descriptor().params);
    let params = params.with_text("seed", &seed.to_string()).unwrap();
    let params = params.with_text("special", "true").unwrap();
    Box::new(InProcess::<Scripted>::new(&params).unwrap())
}

const SELF_TRADES: [SelfTrade; 4] = [
    SelfTrade::Off,
    SelfTrade::CancelNewest,
    SelfTrade::CancelOldest,
    SelfTrade::CancelBoth,
];

fn rules() -> impl Strategy<Value = OrderRules> {
    let parts = (0usize..4, any::<bool>(), 2_000i64..9_000);
    parts.prop_map(|(self_trade, returns, session_end)| OrderRules {
        self_trade: SELF_TRADES[self_trade],
        taken: if returns {
            Taken::Returns
        } else {
            Taken::Stays
        },
        session_end: Nanos(session_end),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn the_engine_agrees_with_the_oracle_on_orders_of_any_kind(
        seed in 1u64..u64::from(u32::MAX),
        feed in 0i64..80,
        entry in 0i64..80,
        response in 0i64..80,
        spread in prop_oneof![Just(0i64), 1i64..120],
        steps in 20usize..250,
        batch in 1usize..60,
        rules in rules(),
    ) {
        let mut travel = Travel::new(Delays { feed, entry, response }, spread);
        let latency = match spread {
            0 => Delays { feed, entry, response }.latency(),
            _ => travel.latency(),
        };
        let messages = flow::random(seed, steps);
        let expected = matching::follow(&messages, special_script(seed), &mut travel, rules);
        let mut source = Rows::new(resolve(&messages, 1), batch);
        let found = answers_after(&mut source, special(seed), latency, rules).unwrap();
        for (number, (found, expected)) in found.iter().zip(&expected).enumerate() {
            prop_assert_eq!(found, expected, "answer {}", number);
        }
        prop_assert_eq!(found.len(), expected.len());
    }
}

/// A test whose cases never come to the point proves nothing.
#[test]
fn the_special_scripts_come_to_every_answer_that_they_are_to_show() {
    let delays = Delays {
        feed: 10,
        entry: 25,
        response: 15,
    };
    let (mut triggered, mut parts) = (0, 0);
    let mut reasons = std::collections::BTreeMap::new();
    for seed in 1..400 {
        let rules = OrderRules {
            self_trade: SELF_TRADES[seed as usize % 4],
            session_end: Nanos(3_000),
            ..OrderRules::default()
        };
        let script = special_script(seed);
        let travel = &mut Travel::new(delays, 0);
        for effect in matching::follow(&flow::random(seed, 200), script, travel, rules) {
            match effect {
                Effect::Update { status, reason, .. } => {
                    triggered += usize::from(status == OrderStatus::Triggered);
                    *reasons.entry(reason).or_insert(0) += 1;
                }
                Effect::Fill { leaves, .. } => parts += usize::from(leaves > 0),
            }
        }
    }
    println!("triggered {triggered}, partial fills {parts}, {reasons:?}");
    assert!(triggered > 500, "{triggered}");
    for reason in [
        Reason::SelfTrade,
        Reason::StopWouldTrigger,
        Reason::InvalidExpiry,
        Reason::EndOfSession,
        Reason::ExpiryReached,
        Reason::NoLiquidity,
        Reason::FillOrKill,
        Reason::ImmediateOrCancel,
        Reason::PostOnlyWouldCross,
    ] {
        assert!(reasons.get(&reason).is_some_and(|x| *x > 20), "{reason:?}");
    }
}
