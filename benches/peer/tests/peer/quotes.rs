//! The strategy's orders are filled as the peer's rules say.
//!
//! Takes in markets of a few messages; gives out nothing but failures.

use std::path::Path;

use backplane_peer::fills::{self, Fill};
use backplane_peer::{
    Depth, Drive, Feed, Grouping, Mode, Outcome, PeerError, Request, StrategyKind, backtest,
};
use backplane_sdk::types::{Action, Side};
use backplane_tape::SourceMessage;
use backplane_tape::resolve::UnknownOrders;

use crate::tapes::{self, message};

/// The way to use the peer in these tests.
const fn request(mode: Mode) -> Request {
    Request {
        mode,
        strategy: StrategyKind::MarketMaker,
        depth: Depth::RoiVector,
        drive: Drive::Feed,
        grouping: Grouping::Together,
        with_fills: true,
    }
}

/// What the strategy makes of a tape.
fn run(path: &Path, mode: Mode) -> Result<(Feed, Outcome), PeerError> {
    let request = request(mode);
    let feed = Feed::read(path, mode, request.strategy)?;
    let outcome = backtest::run(&feed, &request)?;
    Ok((feed, outcome))
}

/// A bid of five, then one of two behind our quote, and an ask of nine; then a seller takes six of the bids, and the ask
/// goes.
fn market() -> Vec<SourceMessage> {
    vec![
        message(0, Action::Add, Side::Buy, 1, 400, 5),
        message(1_000, Action::Add, Side::Sell, 2, 402, 9),
        message(2_000, Action::Add, Side::Buy, 3, 400, 2),
        message(3_000, Action::Fill, Side::Buy, 1, 400, 5),
        message(4_000, Action::Fill, Side::Buy, 3, 400, 1),
        message(5_000, Action::Cancel, Side::Sell, 2, 402, 9),
        message(6_000, Action::Add, Side::Buy, 4, 390, 1),
    ]
}

/// When an order was filled, nanoseconds.
fn fills_of(outcome: &Outcome, order_id: u64) -> Vec<i64> {
    let fills = outcome.fill_list.iter();
    let its = fills.filter(|x| x.order_id == order_id);
    its.map(|x| x.ts_event).collect()
}

#[test]
fn a_quote_is_filled_when_the_order_behind_it_is() {
    let tape = tapes::made_of(market(), UnknownOrders::Drop);
    for mode in [Mode::OrderLevel, Mode::PriceLevel] {
        let (_, outcome) = run(&tape.path, mode).unwrap();
        let fill = Fill {
            instrument: 0,
            order_id: 1,
            ts_event: 1_004_000_000,
            is_buy: true,
            tick: 400,
            quantity: 1.0,
        };
        assert_eq!(outcome.fill_list, [fill], "{mode:?}");
        assert_eq!(outcome.positions[0].position, 1.0, "{mode:?}");
        // When the ask goes, so does the quote there, and the filled bid is replaced.
        assert_eq!((outcome.orders, outcome.cancels), (3, 1), "{mode:?}");
    }
}

#[test]
fn a_cancel_waits_until_the_peer_has_answered_the_order() {
    // The quote is sent at 50 us and lands at 150. At 150 a better bid is heard, and a cancel that were sent at once
    // would land at 250. The answer is there at 250, so that the cancel lands at 350: too late for the trade at 300.
    let messages = vec![
        message(0, Action::Add, Side::Buy, 1, 400, 5),
        message(100, Action::Add, Side::Buy, 2, 401, 5),
        message(200, Action::Add, Side::Buy, 3, 400, 5),
        message(280, Action::Cancel, Side::Buy, 2, 401, 5),
        message(290, Action::Fill, Side::Buy, 1, 400, 5),
        message(300, Action::Fill, Side::Buy, 3, 400, 5),
        message(9_000, Action::Add, Side::Buy, 4, 390, 5),
    ];
    let tape = tapes::made_of(messages, UnknownOrders::Drop);
    for mode in [Mode::OrderLevel, Mode::PriceLevel] {
        let (_, outcome) = run(&tape.path, mode).unwrap();
        assert_eq!(fills_of(&outcome, 1), [1_000_300_000], "{mode:?}");
    }
}

#[test]
fn a_trade_at_a_worse_price_fills_a_quote_in_price_level_mode_alone() {
    // The level of the quote empties, and a seller meets the next one before the quote's cancel lands.
    let messages = vec![
        message(0, Action::Add, Side::Buy, 1, 400, 5),
        message(1, Action::Add, Side::Buy, 2, 399, 5),
        message(5_000, Action::Cancel, Side::Buy, 1, 400, 5),
        message(5_020, Action::Fill, Side::Buy, 2, 399, 1),
        message(9_000, Action::Add, Side::Buy, 3, 390, 5),
    ];
    let tape = tapes::made_of(messages, UnknownOrders::Drop);
    let (_, outcome) = run(&tape.path, Mode::OrderLevel).unwrap();
    assert!(fills_of(&outcome, 1).is_empty());
    let (_, outcome) = run(&tape.path, Mode::PriceLevel).unwrap();
    assert_eq!(fills_of(&outcome, 1), [1_005_020_000]);
}

#[test]
fn a_cancel_ahead_moves_a_quote_forward_in_order_level_mode_alone() {
    // Five are ahead of the quote and four behind. The five go; price levels cannot tell which of them went.
    let messages = vec![
        message(0, Action::Add, Side::Buy, 1, 400, 5),
        message(1_000, Action::Add, Side::Buy, 2, 400, 4),
        message(2_000, Action::Cancel, Side::Buy, 1, 400, 5),
        message(3_000, Action::Fill, Side::Buy, 2, 400, 1),
        message(9_000, Action::Add, Side::Buy, 3, 390, 5),
    ];
    let tape = tapes::made_of(messages, UnknownOrders::Drop);
    let (_, outcome) = run(&tape.path, Mode::OrderLevel).unwrap();
    assert_eq!(fills_of(&outcome, 1), [1_003_000_000]);
    let (_, outcome) = run(&tape.path, Mode::PriceLevel).unwrap();
    assert!(fills_of(&outcome, 1).is_empty());
}

#[test]
fn fills_are_written_in_whole_units_of_price() {
    let tape = tapes::made_of(market(), UnknownOrders::Drop);
    let (feed, outcome) = run(&tape.path, Mode::OrderLevel).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("fills.csv");
    fills::write(&path, &outcome.fill_list, &feed.instruments).unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    let lines: Vec<&str> = text.lines().skip(1).collect();
    assert_eq!(lines, ["1,1004000000,ONE,buy,100000000000,1"]);
}

#[test]
fn orders_without_numbers_are_refused_in_order_level_mode_alone() {
    let messages = market()
        .into_iter()
        .map(|x| SourceMessage { order_id: 0, ..x });
    let tape = tapes::made_of(messages.collect(), UnknownOrders::ReduceLevel);
    let refused = run(&tape.path, Mode::OrderLevel).map(|_| ()).unwrap_err();
    assert!(refused.to_string().contains("row 1:"), "{refused}");
    run(&tape.path, Mode::PriceLevel).unwrap();
}

#[test]
fn the_tree_is_refused_in_order_level_mode_alone() {
    let tape = tapes::made_of(market(), UnknownOrders::Drop);
    let with_tree = |mode| {
        let request = Request {
            depth: Depth::BTree,
            ..request(mode)
        };
        backtest::run(&Feed::read(&tape.path, mode, request.strategy)?, &request)
    };
    let refused = with_tree(Mode::OrderLevel).map(|_| ()).unwrap_err();
    assert!(matches!(refused, PeerError::Tree), "{refused}");
    with_tree(Mode::PriceLevel).unwrap();
}

#[test]
fn the_line_is_json_with_a_rate_in_rows_of_the_tape() {
    let tape = tapes::made_of(market(), UnknownOrders::Drop);
    let (_, outcome) = run(&tape.path, Mode::OrderLevel).unwrap();
    let line: serde_json::Value = serde_json::from_str(&outcome.to_json().unwrap()).unwrap();
    let number = |key: &str| line[key].as_f64().unwrap();
    assert_eq!(line["mode"], "order-level");
    assert_eq!((number("rows"), number("events")), (7.0, 9.0));
    let rate = 7e9 / number("wall_ns");
    assert!((number("rows_per_second_wall") - rate).abs() <= 1.0);
}
