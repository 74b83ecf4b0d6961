//! Mistakes that simulators are known to make, none of which is made here.
//!
//! Takes in markets told message by message, on tapes of orders and of price levels; gives out fills and positions, which
//! must be those that can be told by hand.

use backplane_engine::RunConfig;
use backplane_engine::record::{
    CommandRecord, EquityRecord, FillReason, FillRecord, LogRecord, MetricRecord, OrderRecord,
    RecordError, Recorder,
};
use backplane_sdk::types::Action::{Add, Cancel, Fill, Trade};
use backplane_sdk::types::Side::{Buy, Sell};
use backplane_sdk::types::{InstrumentId, Order, Price, Quantity, Side};
use backplane_tape::Row;
use backplane_tape::resolve::FillConvention;
use backplane_tests::rows::{Rows, levels, play_by, resolve, resolve_by};

use crate::by_hand::{DELAYS, Got, Market, fills, limit};
use crate::oracle::answers;
use crate::oracle::scripted::Deed;
use crate::planned::{on_levels, on_orders, planned};
use crate::price_levels::message;

/// Keeps the positions after each fill: order, what was filled, at which price, and the position then.
#[derive(Default)]
struct Positions(Vec<(u64, i64, i64, i64)>);

impl Recorder for Positions {
    fn command(&mut self, _: &CommandRecord) -> Result<(), RecordError> {
        Ok(())
    }
    fn order(&mut self, _: &OrderRecord) -> Result<(), RecordError> {
        Ok(())
    }
    fn fill(&mut self, record: &FillRecord) -> Result<(), RecordError> {
        let fill = &record.fill;
        let (order, quantity, price) = (fill.order_id.0, fill.quantity.0, fill.price.0);
        self.0.push((order, quantity, price, record.position.0));
        Ok(())
    }
    fn equity(&mut self, _: &EquityRecord) -> Result<(), RecordError> {
        Ok(())
    }
    fn metric(&mut self, _: &MetricRecord) -> Result<(), RecordError> {
        Ok(())
    }
    fn log(&mut self, _: &LogRecord<'_>) -> Result<(), RecordError> {
        Ok(())
    }
}

/// The positions of a plan on both kinds of tape, which must agree.
fn positions(market: &Market, plan: &[(i64, Deed)]) -> Vec<(u64, i64, i64, i64)> {
    let rows = resolve(&market.0, 1);
    let mut both = [
        Rows::new(rows.clone(), 9),
        Rows::of_levels(levels(&rows, 1), 9),
    ];
    let [orders, levels] = both.each_mut().map(|source| {
        let config = RunConfig {
            latency: DELAYS.latency(),
            ..RunConfig::default()
        };
        let mut found = Positions::default();
        play_by(source, vec![planned(plan)], config, Vec::new(), &mut found).unwrap();
        found.0
    });
    assert_eq!(orders, levels);
    orders
}

/// The fills of a plan on both kinds of tape, which must agree.
fn on_both(market: &Market, plan: &[(i64, Deed)]) -> Vec<Got> {
    let orders = fills(&on_orders(&market.0, plan, DELAYS));
    assert_eq!(fills(&on_levels(&market.0, plan, DELAYS)), orders);
    orders
}

fn ioc(at: i64, side: Side, price: i64, quantity: i64) -> (i64, Deed) {
    let order = Order::limit(InstrumentId(0), side, Price(price), Quantity(quantity));
    (at, Deed::Submit(order.ioc()))
}

#[test]
fn one_execution_fills_three_of_eight_and_the_position_is_three() {
    let market = Market::new()
        .says(3_000, Add, Buy, 3, 99, 5)
        .executes(4_000, Sell, 1, 99, 10)
        .executes(5_000, Sell, 3, 99, 3)
        .says(9_000, Cancel, Buy, 3, 99, 2);
    let found = positions(&market, &[limit(2_500, Buy, 99, 8)]);
    assert_eq!(found, [(1, 3, 99, 3)]);
}

#[test]
fn an_order_that_a_trade_fills_exactly_is_not_filled_again_by_the_next_trade_at_its_price() {
    let market = Market::new()
        .says(3_000, Add, Buy, 3, 99, 20)
        .executes(4_000, Sell, 1, 99, 10)
        .executes(5_000, Sell, 3, 99, 4)
        .executes(6_000, Sell, 3, 99, 4)
        .executes(7_000, Sell, 3, 99, 4);
    let found = positions(&market, &[limit(2_500, Buy, 99, 4)]);
    assert_eq!(found, [(1, 4, 99, 4)]);
}

#[test]
fn a_trade_of_exactly_what_stands_ahead_fills_nothing_and_the_next_one_does() {
    let market = Market::new()
        .says(3_000, Add, Buy, 3, 99, 20)
        .executes(4_000, Sell, 1, 99, 10)
        .executes(5_000, Sell, 3, 99, 1);
    let found = on_both(&market, &[limit(2_500, Buy, 99, 4)]);
    assert_eq!(found, [(1, 1, FillReason::QueueReached, 5_000)]);
}

#[test]
fn two_own_orders_behind_one_trade_share_it() {
    let market = Market::new()
        .says(3_000, Add, Buy, 3, 99, 20)
        .executes(4_000, Sell, 1, 99, 10)
        .executes(5_000, Sell, 3, 99, 5);
    let plan = [limit(2_500, Buy, 99, 3), limit(2_600, Buy, 99, 3)];
    let shared = [
        (1, 3, FillReason::QueueReached, 5_000),
        (2, 2, FillReason::QueueReached, 5_000),
    ];
    assert_eq!(on_both(&market, &plan), shared);
    assert_eq!(positions(&market, &plan).last(), Some(&(2, 2, 99, 5)));
}

#[test]
fn an_ioc_across_two_levels_books_both() {
    let market = Market::new()
        .says(1_500, Add, Sell, 3, 103, 7)
        .says(9_000, Cancel, Sell, 3, 103, 1);
    let found = positions(&market, &[ioc(2_500, Buy, 103, 14)]);
    assert_eq!(found, [(1, 10, 102, 10), (1, 4, 103, 14)]);
}

#[test]
fn a_bid_alone_above_the_market_s_best_is_filled_by_a_sell_that_prints_lower() {
    let market = Market::new().executes(4_000, Sell, 1, 99, 4);
    let plan = [limit(2_500, Buy, 101, 3)];
    let expected = [(1, 3, FillReason::TradedThrough, 4_000)];
    assert_eq!(on_both(&market, &plan), expected);
    assert_eq!(
        positions(&market, &plan),
        [(1, 3, 101, 3)],
        "at its own price"
    );
}

#[test]
fn the_delete_of_one_stranger_removes_only_that_order_from_what_stands_ahead() {
    // 10 of one order and 6 of another stand ahead; the 6 are deleted, and 10 are left.
    let market = Market::new()
        .says(1_500, Add, Buy, 3, 99, 6)
        .says(3_000, Add, Buy, 4, 99, 20)
        .says(4_000, Cancel, Buy, 3, 99, 6)
        .executes(5_000, Sell, 1, 99, 9)
        .executes(6_000, Sell, 1, 99, 1)
        .executes(7_000, Sell, 4, 99, 2);
    let plan = [limit(2_500, Buy, 99, 2)];
    let orders = fills(&on_orders(&market.0, &plan, DELAYS));
    assert_eq!(orders, [(1, 2, FillReason::QueueReached, 7_000)]);
    // A tape of levels does not tell whose they were: they count as those behind us.
    assert_eq!(fills(&on_levels(&market.0, &plan, DELAYS)), []);
}

/// What becomes of a plan on the rows of a source whose fills only announce what a cancel takes out.
fn announced(market: &Market, plan: &[(i64, Deed)]) -> (Vec<Row>, Vec<Got>) {
    let rows = resolve_by(&market.0, 1, FillConvention::Announces);
    let effects = answers(&mut Rows::new(rows.clone(), 9), planned(plan), DELAYS).unwrap();
    (rows, fills(&effects))
}

#[test]
fn a_fill_record_of_an_order_level_feed_does_not_change_the_book_twice() {
    let mut market = Market::new().says(1_500, Add, Buy, 3, 99, 10);
    // A sell of 4: the print, the fill that names the order, and the cancel that takes it out, one event.
    for (action, side, order_id, is_last) in [
        (Trade, Sell, 0, false),
        (Fill, Buy, 1, false),
        (Cancel, Buy, 1, true),
    ] {
        let number = market.0.len() as u32;
        let what = (action, side, order_id, 99, 4);
        market.0.push(message(4_000, number, what, is_last));
    }
    let market = market.says(9_000, Add, Buy, 4, 98, 1);
    let (rows, found) = announced(&market, &[ioc(5_000, Sell, 99, 100)]);
    let mut of_event = rows.iter().filter(|x| x.ts_event == 4_000);
    assert_eq!(of_event.next_back().unwrap().level_size, 16, "once");
    assert_eq!(found, [(1, 16, FillReason::Taker, 5_001)]);
}

#[test]
fn no_fill_is_made_of_the_book_as_it_was_before_the_trade() {
    // At 4,000 somebody takes the 10 at 102; an order that lands in that very nanosecond, or later, finds them gone.
    let market = Market::new()
        .says(1_500, Add, Sell, 3, 105, 10)
        .executes(4_000, Buy, 2, 102, 10)
        .says(9_000, Cancel, Sell, 3, 105, 1);
    for sent in [3_999, 4_000, 4_500] {
        assert_eq!(on_both(&market, &[ioc(sent, Buy, 104, 5)]), [], "{sent}");
        let dearer = positions(&market, &[ioc(sent, Buy, 105, 5)]);
        assert_eq!(dearer, [(1, 5, 105, 5)]);
    }
    assert_eq!(
        positions(&market, &[ioc(3_998, Buy, 105, 5)]),
        [(1, 5, 102, 5)]
    );
}

#[test]
fn a_market_order_into_an_empty_side_is_rejected_and_never_filled_at_a_sentinel() {
    let market = Market::new()
        .says(1_500, Cancel, Sell, 2, 102, 10)
        .says(9_000, Add, Sell, 3, 103, 1);
    let order = Order::market(InstrumentId(0), Buy, Quantity(5));
    let plan = [(2_500, Deed::Submit(order))];
    assert_eq!(on_both(&market, &plan), []);
}
