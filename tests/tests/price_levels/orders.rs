//! Stops, icebergs, orders that end by themselves and self-trade prevention on tapes of price levels.

use backplane_engine::exchange::{OrderRules, SelfTrade};
use backplane_engine::record::FillReason;
use backplane_sdk::types::Action::{Add, Cancel};
use backplane_sdk::types::Side::{Buy, Sell};
use backplane_sdk::types::{
    InstrumentId, Nanos, Order, OrderStatus, Price, Quantity, Reason, Timestamp,
};
use backplane_tests::rows::{Rows, levels, resolve};
use proptest::prelude::*;

use super::delays;
use super::market::{self, Cancels};
use crate::by_hand::{DELAYS, Market, fills, limit};
use crate::oracle::flow::Random;
use crate::oracle::scripted::Deed;
use crate::oracle::{Delays, Effect, answers_after, side};
use crate::planned::{on_levels, on_orders, planned};

const ID: InstrumentId = InstrumentId(0);

/// Stops of every kind that only take once they are triggered, at random times.
fn stops(seed: u64) -> Vec<(i64, Deed)> {
    let mut random = Random(seed ^ 0x5709);
    let mut now = 2_100;
    let mut plan = Vec::new();
    for _ in 0..30 {
        now += random.below(120) as i64;
        let (side, quantity) = (side(random.below(2)), Quantity(1 + random.below(6) as i64));
        let stop_price = Price(96 + random.below(9) as i64);
        let order = match random.below(3) {
            0 => Order::trailing_stop(ID, side, Price(1 + random.below(3) as i64), quantity),
            1 => Order::stop_limit(ID, side, stop_price, Price(stop_price.0), quantity).ioc(),
            _ => Order::stop(ID, side, stop_price, quantity),
        };
        let order = match random.below(3) {
            0 if order.time_in_force == backplane_sdk::types::TimeInForce::Gtc => {
                order.good_till(Timestamp(now + random.below(3_000) as i64))
            }
            _ => order,
        };
        plan.push((now, Deed::Submit(order)));
    }
    plan
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn stops_that_only_take_get_the_same_on_both_tapes_where_cancellations_come_from_behind(
        seed in 1u64..u64::from(u32::MAX),
        delays in delays(),
        steps in 20usize..250,
    ) {
        let messages = market::random(seed, steps, Cancels::FromBehind);
        let plan = stops(seed);
        let orders = on_orders(&messages, &plan, delays);
        prop_assert_eq!(on_levels(&messages, &plan, delays), orders);
    }
}

#[test]
fn the_stops_of_these_markets_are_triggered_and_filled() {
    let (mut triggered, mut filled, mut expired) = (0, 0, 0);
    let delays = Delays {
        feed: 10,
        entry: 25,
        response: 15,
    };
    for seed in 1..100 {
        let messages = market::random(seed, 200, Cancels::FromBehind);
        for effect in on_levels(&messages, &stops(seed), delays) {
            match effect {
                Effect::Update { status, .. } => {
                    triggered += usize::from(status == OrderStatus::Triggered);
                    expired += usize::from(status == OrderStatus::Expired);
                }
                Effect::Fill { .. } => filled += 1,
            }
        }
    }
    assert!(
        triggered > 300 && filled > 200 && expired > 50,
        "{triggered} {filled} {expired}"
    );
}

#[test]
fn the_next_part_of_an_iceberg_stands_behind_all_that_its_level_shows() {
    let market = Market::new()
        .says(3_000, Add, Buy, 3, 99, 20)
        .executes(4_000, Sell, 1, 99, 10)
        .executes(5_000, Sell, 3, 99, 2)
        .executes(6_000, Sell, 3, 99, 17)
        .executes(7_000, Sell, 3, 99, 1)
        .says(8_000, Add, Buy, 4, 99, 9)
        .executes(8_500, Sell, 4, 99, 2);
    let order = Order::limit(ID, Buy, Price(99), Quantity(5)).iceberg(Quantity(2));
    let plan = [(2_500, Deed::Submit(order))];
    // Two are shown first, behind 10. The next two stand behind the 20 of which the print took two, one more execution
    // was never ours; the 9 came later, so that the print at 8,500 is ours.
    let found = fills(&on_levels(&market.0, &plan, DELAYS));
    let expected = [
        (1, 2, FillReason::QueueReached, 5_000),
        (1, 2, FillReason::QueueReached, 8_500),
    ];
    assert_eq!(found, expected);
    assert_eq!(fills(&on_orders(&market.0, &plan, DELAYS)), expected);
}

#[test]
fn an_order_that_ended_by_itself_is_not_filled_by_what_happens_at_that_time() {
    let till = |expires: i64| {
        let market = Market::new()
            .executes(4_000, Sell, 1, 99, 10)
            .says(4_500, Add, Buy, 3, 98, 1)
            .executes(5_000, Sell, 3, 98, 1);
        let order = Order::limit(ID, Buy, Price(99), Quantity(5)).good_till(Timestamp(expires));
        fills(&on_levels(
            &market.0,
            &[(2_500, Deed::Submit(order))],
            DELAYS,
        ))
    };
    assert_eq!(till(5_000), []);
    assert_eq!(till(5_001), [(1, 1, FillReason::TradedThrough, 5_000)]);
}

/// What becomes of two orders that would meet.
fn met(self_trade: SelfTrade) -> Vec<(u64, OrderStatus, Reason)> {
    let market = Market::new().says(9_000, Cancel, Sell, 2, 102, 1);
    let plan = [limit(2_500, Buy, 100, 4), limit(3_500, Sell, 100, 3)];
    let mut source = Rows::of_levels(levels(&resolve(&market.0, 1), 1), 9);
    let rules = OrderRules {
        self_trade,
        session_end: Nanos::ZERO,
        ..OrderRules::default()
    };
    let guest = planned(&plan);
    let effects = answers_after(&mut source, guest, DELAYS.latency(), rules).unwrap();
    let news = effects.into_iter().filter_map(|x| match x {
        Effect::Update {
            order_id,
            status,
            reason,
            ..
        } => Some((order_id, status, reason)),
        Effect::Fill { .. } => None,
    });
    news.filter(|x| x.1 != OrderStatus::New).collect()
}

#[test]
fn own_orders_that_meet_on_a_tape_of_levels_end_by_the_rule() {
    let ends = |order_id| (order_id, OrderStatus::Canceled, Reason::SelfTrade);
    assert_eq!(met(SelfTrade::Off), []);
    assert_eq!(met(SelfTrade::CancelNewest), [ends(2)]);
    assert_eq!(met(SelfTrade::CancelOldest), [ends(1)]);
    assert_eq!(met(SelfTrade::CancelBoth), [ends(1), ends(2)]);
}
