//! Small markets of price levels in which every fill can be told by hand.

use backplane_engine::guest::InProcess;
use backplane_engine::record::FillReason;
use backplane_sdk::prelude::*;
use backplane_sdk::types::Action::{self, Add, Cancel, Modify};
use backplane_sdk::types::Side::{Buy, Sell};
use backplane_tests::rows::{Rows, levels, resolve};

use super::message;
use crate::by_hand::{DELAYS, Got, Market, fills, limit};
use crate::oracle::answers;
use crate::oracle::scripted::Deed;
use crate::planned::{on_levels, on_orders};

fn from_levels(market: &Market, plan: &[(i64, Deed)]) -> Vec<Got> {
    fills(&on_levels(&market.0, plan, DELAYS))
}

fn from_orders(market: &Market, plan: &[(i64, Deed)]) -> Vec<Got> {
    fills(&on_orders(&market.0, plan, DELAYS))
}

#[test]
fn an_execution_fills_once_by_its_print_and_not_again_by_its_level() {
    let market = Market::new()
        .says(3_000, Add, Buy, 3, 99, 5)
        .executes(4_000, Sell, 1, 99, 4)
        .executes(5_000, Sell, 1, 99, 6)
        .executes(6_000, Sell, 3, 99, 3)
        .says(9_000, Cancel, Buy, 3, 99, 2);
    let plan = [limit(2_500, Buy, 99, 8)];
    // 4 and 6 go to the 10 that stood ahead, 3 to us, and the 2 that are cancelled to nobody.
    let expected = [(1, 3, FillReason::QueueReached, 6_000)];
    assert_eq!(from_levels(&market, &plan), expected);
    assert_eq!(from_orders(&market, &plan), expected);
}

#[test]
fn a_cancellation_ahead_does_not_advance_us_before_the_level_is_smaller_than_what_stood_ahead() {
    let market = Market::new()
        .says(3_000, Add, Buy, 3, 99, 8)
        .says(4_000, Cancel, Buy, 1, 99, 7)
        .executes(5_000, Sell, 1, 99, 3)
        .executes(5_500, Sell, 3, 99, 2)
        .says(6_000, Cancel, Buy, 3, 99, 4)
        .executes(7_000, Sell, 3, 99, 2)
        .executes(8_000, Buy, 2, 102, 1);
    let plan = [limit(2_500, Buy, 99, 4)];
    // Of 18 shown, 10 stood ahead: 11 are left after the cancellation, so that all 10 may still be there. The trades
    // leave 5 of them, and of the 2 that the next cancellation leaves, all are ahead; the last trade takes those.
    assert_eq!(from_levels(&market, &plan), []);
    let known = [
        (1, 2, FillReason::QueueReached, 5_500),
        (1, 2, FillReason::QueueReached, 7_000),
    ];
    assert_eq!(from_orders(&market, &plan), known);
}

#[test]
fn what_is_left_of_a_level_bounds_what_stands_ahead() {
    let market = Market::new()
        .says(3_000, Cancel, Buy, 1, 99, 7)
        .says(4_000, Add, Buy, 3, 99, 20)
        .executes(5_000, Sell, 1, 99, 3)
        .executes(6_000, Sell, 3, 99, 1);
    let plan = [limit(2_500, Buy, 99, 4)];
    let expected = [(1, 1, FillReason::QueueReached, 6_000)];
    assert_eq!(from_levels(&market, &plan), expected);
}

#[test]
fn two_own_orders_behind_one_trade_share_it_in_the_order_of_their_arrival() {
    let market = Market::new()
        .says(3_000, Add, Buy, 3, 99, 4)
        .says(4_000, Add, Buy, 4, 99, 20)
        .executes(5_000, Sell, 1, 99, 10)
        .executes(6_000, Sell, 3, 99, 4)
        .executes(7_000, Sell, 4, 99, 5);
    let plan = [limit(2_500, Buy, 99, 3), limit(3_500, Buy, 99, 2)];
    // Our first order stood behind 10, the second behind 14: of the 4 the first gets 3 and 1 goes to what was between.
    let expected = [
        (1, 3, FillReason::QueueReached, 6_000),
        (2, 2, FillReason::QueueReached, 7_000),
    ];
    assert_eq!(from_levels(&market, &plan), expected);
}

#[test]
fn a_bid_above_the_best_is_filled_by_a_sell_that_prints_lower() {
    let market = Market::new().executes(4_000, Sell, 1, 99, 4);
    let plan = [limit(2_500, Buy, 100, 4), limit(2_600, Buy, 101, 1)];
    let expected = [
        (2, 1, FillReason::TradedThrough, 4_000),
        (1, 3, FillReason::TradedThrough, 4_000),
    ];
    assert_eq!(from_levels(&market, &plan), expected);
}

#[test]
fn a_sell_level_that_grows_at_our_bid_fills_it_and_what_we_got_is_not_offered_again() {
    let market = Market::new()
        .says(4_000, Add, Sell, 3, 100, 6)
        .says(6_000, Cancel, Sell, 3, 100, 1)
        .says(8_000, Add, Sell, 4, 100, 2)
        .executes(9_000, Buy, 3, 100, 1);
    let plan = [limit(2_500, Buy, 100, 4), limit(5_000, Buy, 100, 9)];
    // 4 of the 6 are ours, so that the second order finds 2. It rests, and the 2 that come later meet it.
    let expected = [
        (1, 4, FillReason::Crossed, 4_000),
        (2, 2, FillReason::Taker, 5_001),
        (2, 2, FillReason::Crossed, 8_000),
    ];
    assert_eq!(from_levels(&market, &plan), expected);
}

#[test]
fn what_came_later_and_is_cancelled_leaves_what_we_took_taken() {
    let market = Market::new()
        .says(3_000, Add, Sell, 3, 102, 8)
        .says(4_000, Cancel, Sell, 3, 102, 8)
        .says(9_000, Cancel, Buy, 1, 99, 1);
    let ioc = |at: i64| {
        let order = Order::limit(InstrumentId(0), Buy, Price(102), Quantity(10));
        (at, Deed::Submit(order.ioc()))
    };
    let plan = [ioc(2_500), ioc(5_000)];
    let expected = [(1, 10, FillReason::Taker, 2_501)];
    assert_eq!(from_levels(&market, &plan), expected);
    assert_eq!(from_orders(&market, &plan), expected);
}

#[test]
fn a_hidden_trade_at_our_price_neither_fills_us_nor_brings_back_what_we_took() {
    let market = Market::new()
        .says(3_000, Action::Trade, Sell, 0, 100, 5)
        .says(4_000, Action::Trade, Buy, 0, 102, 5)
        .says(9_000, Cancel, Buy, 1, 99, 1);
    let plan = [
        limit(2_500, Buy, 100, 4),
        limit(2_600, Buy, 102, 10),
        limit(5_000, Buy, 102, 1),
    ];
    let expected = [(2, 10, FillReason::Taker, 2_601)];
    assert_eq!(from_levels(&market, &plan), expected);
    assert_eq!(from_orders(&market, &plan), expected);
}

#[test]
fn an_order_that_grows_against_ours_counts_as_an_arrival_on_a_tape_of_levels() {
    let market = Market::new()
        .says(4_000, Add, Sell, 3, 100, 2)
        .says(5_000, Modify, Sell, 3, 100, 5)
        .says(9_000, Cancel, Buy, 1, 99, 1);
    let plan = [limit(2_500, Buy, 100, 8)];
    let crossed = |quantity, at| (1, quantity, FillReason::Crossed, at);
    assert_eq!(
        from_levels(&market, &plan),
        [crossed(2, 4_000), crossed(3, 5_000)]
    );
    assert_eq!(from_orders(&market, &plan), [crossed(2, 4_000)]);
}

#[test]
fn a_print_that_names_only_the_last_price_of_a_sweep_counts_in_whole() {
    let mut market = Market::new().says(3_000, Add, Buy, 3, 98, 9);
    let sweep = [
        (Action::Trade, Sell, 0, 98, 12),
        (Action::Fill, Buy, 1, 99, 10),
        (Action::Fill, Buy, 3, 98, 2),
    ];
    for (number, what) in (10..).zip(sweep) {
        market.0.push(message(4_000, number, what, number == 12));
    }
    let plan = [limit(2_500, Buy, 99, 12)];
    let through = |quantity| [(1, quantity, FillReason::TradedThrough, 4_000)];
    assert_eq!(from_levels(&market, &plan), through(12));
    assert_eq!(from_orders(&market, &plan), through(2));
}

#[test]
fn a_print_that_is_larger_than_what_its_level_lost_counts_in_whole() {
    let mut market = Market::new();
    let print = (Action::Trade, Sell, 0, 99, 13);
    market.0.push(message(4_000, 10, print, false));
    let market = market.says(4_000, Action::Fill, Buy, 1, 99, 3);
    let plan = [limit(2_500, Buy, 99, 5)];
    let expected = [(1, 3, FillReason::QueueReached, 4_000)];
    assert_eq!(from_levels(&market, &plan), expected);
    assert_eq!(from_orders(&market, &plan), []);
}

#[test]
fn an_order_that_lands_within_an_event_comes_before_it_on_a_tape_of_levels() {
    let mut market = Market::new();
    let cancel = (Cancel, Sell, 2, 102, 6);
    market.0.push(message(4_000, 10, cancel, false));
    let market = market.says(4_500, Add, Buy, 3, 98, 1);
    let plan = [limit(4_199, Buy, 102, 10)];
    let taken = |quantity| [(1, quantity, FillReason::Taker, 4_200)];
    assert_eq!(from_levels(&market, &plan), taken(10));
    assert_eq!(from_orders(&market, &plan), taken(4));
}

/// Wants to hear of single orders.
struct Particular;

impl Strategy for Particular {
    fn descriptor() -> Descriptor {
        Descriptor::new("particular", "1.0.0").subscribe(Schema::Mbo)
    }

    fn new(_: &Params) -> Result<Self, String> {
        Ok(Particular)
    }

    fn on_market(&mut self, _: &MarketEvent, _: &mut Context) {}
}

#[test]
fn a_strategy_that_wants_single_orders_is_refused_on_a_tape_of_levels() {
    let rows = resolve(&Market::new().0, 1);
    let refusal = |source: &mut Rows| {
        let params = Params::defaults(&Particular::descriptor().params);
        let guest = InProcess::<Particular>::new(&params).unwrap();
        answers(source, Box::new(guest), DELAYS).map_err(|x| x.to_string())
    };
    assert_eq!(refusal(&mut Rows::new(rows.clone(), 5)), Ok(Vec::new()));
    assert_eq!(
        refusal(&mut Rows::of_levels(levels(&rows, 1), 5)),
        Err(
            "strategy `particular` subscribes to `mbo`, but the tape shows price levels (`mbp`), not orders"
                .into()
        )
    );
}
