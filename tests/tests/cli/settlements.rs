//! What happens to positions without an order, as run files set it.
//!
//! Takes in run files over the small tape; gives out whether fills and settlements make up positions and cash, and whether
//! each amount follows from arithmetic that this file does by itself.

use super::models::{file_text, run};
use super::tables::Table;
use super::{Desk, backplane, instance};

const UNIT: i128 = 1_000_000_000;
const MULTIPLIER: i128 = 50;

/// The first row of the small tape is heard at 2024-01-02T14:30:00Z; it lasts some minutes.
const EXPIRES: &str = "2024-01-02T14:34:00Z";
const EXPIRES_NANOS: i128 = 1_704_206_040 * UNIT;

/// Whether fills and settlements, in the order in which they were heard, give every position and all cash.
fn add_up(desk: &Desk) -> usize {
    let fills = Table::read(&desk.path("out"), "fills");
    let settled = Table::read(&desk.path("out"), "settlements");
    let mut changes: Vec<[i128; 6]> = Vec::new();
    let (sides, quantities) = (fills.words("side"), fills.numbers("quantity"));
    let (prices, fees) = (fills.numbers("price"), fills.money("fee"));
    let (positions, cash) = (fills.numbers("position"), fills.money("cash"));
    for (row, heard) in fills.numbers("ts_event").into_iter().enumerate() {
        let sign = if sides[row] == "buy" { 1 } else { -1 };
        let signed = sign * quantities[row];
        let paid = prices[row] * signed * MULTIPLIER + fees[row];
        changes.push([heard, 0, signed, -paid, positions[row], cash[row]]);
    }
    let (before, after) = (settled.numbers("before"), settled.numbers("position"));
    let (amounts, cash) = (settled.money("amount"), settled.money("cash"));
    for (row, heard) in settled.numbers("ts_event").into_iter().enumerate() {
        let change = after[row] - before[row];
        changes.push([heard, 1, change, amounts[row], after[row], cash[row]]);
    }
    changes.sort_by_key(|x| (x[0], x[1]));
    let (mut position, mut cash) = (0, 0);
    for [_, _, change, amount, position_then, cash_then] in changes {
        position += change;
        cash += amount;
        assert_eq!((position, cash), (position_then, cash_then));
    }
    settled.len()
}

#[test]
fn an_expired_instrument_is_settled_and_trades_no_more() {
    let desk = Desk::new();
    let settings = |price: &str| format!("[instrument.SYN000]\nexpiration = {EXPIRES}\n{price}");
    let run_json = run(&desk, &settings("settlement_price = \"4800.25\"\n"));
    assert!(instance(&run_json, "momentum")["fills"].as_u64().unwrap() > 5);
    assert_eq!(add_up(&desk), 1);
    let settled = Table::read(&desk.path("out"), "settlements");
    assert_eq!(settled.words("occasion"), ["expiry"]);
    assert_eq!(settled.numbers("position"), [0]);
    assert_eq!(settled.numbers("ts_event"), [EXPIRES_NANOS]);
    let worth = settled.numbers("before")[0] * MULTIPLIER * 4_800_250_000_000;
    assert_eq!(settled.money("amount"), [worth]);
    let fills = Table::read(&desk.path("out"), "fills");
    assert!(
        fills
            .numbers("ts_event")
            .iter()
            .all(|x| *x <= EXPIRES_NANOS)
    );
    let orders = Table::read(&desk.path("out"), "orders");
    let reasons = orders.words("reason").into_iter();
    let ended = reasons.filter(|x| x == "instrument expired").count();
    assert!(ended > 0, "the strategy goes on to send orders");
    let digest = |x: &serde_json::Value| x["summary"]["digest"].as_str().unwrap().to_owned();
    let other = run(&desk, &settings("settlement_price = \"4800.5\"\n"));
    assert_ne!(
        digest(&run_json),
        digest(&other),
        "settlements are part of the digest"
    );
    run(&desk, &settings(""));
    assert_eq!(add_up(&desk), 1);
    let price = Table::read(&desk.path("out"), "settlements").numbers("price")[0];
    assert_eq!(price % 250_000_000, 0, "a trade's price is on a tick");
}

#[test]
fn funding_is_paid_at_its_times_on_the_position_then() {
    let desk = Desk::new();
    run(
        &desk,
        "[instrument.SYN000]\nfunding = { rate = \"0.0001\", interval = \"20s\" }\n",
    );
    assert!(add_up(&desk) > 5);
    let settled = Table::read(&desk.path("out"), "settlements");
    let (times, prices) = (settled.numbers("ts_event"), settled.numbers("price"));
    let (before, amounts) = (settled.numbers("before"), settled.money("amount"));
    for row in 0..settled.len() {
        assert_eq!(times[row] % (20 * UNIT), 0);
        // A ten-thousandth of a value that is a whole number of 1e-9.
        let size = before[row] * prices[row] * MULTIPLIER;
        assert_eq!(size % 10_000, 0);
        assert_eq!(amounts[row], -size / 10_000, "row {row}");
    }
}

#[test]
fn a_split_ends_orders_and_changes_the_position_that_the_strategy_knows() {
    let desk = Desk::new();
    let actions = format!("ts,action,value\n{EXPIRES_NANOS},split,4:1\n");
    let actions = desk.write("actions.csv", actions);
    let file = format!("[instrument.SYN000]\nactions = {actions:?}\n");
    run(&desk, &file);
    assert_eq!(add_up(&desk), 1);
    let settled = Table::read(&desk.path("out"), "settlements");
    let before = settled.numbers("before")[0];
    assert_eq!(settled.numbers("position"), [4 * before]);
    assert_eq!(settled.money("amount"), [0]);
}

#[test]
fn a_mistake_in_a_schedule_is_named() {
    let desk = Desk::new();
    let wrong = desk.write("wrong.csv", "ts,rate\n5,lots\n");
    let split = desk.write("split.csv", "ts,action,value\n5,split,4:0\n");
    for (settings, said) in [
        (
            "expiration = 2024-01-02".to_owned(),
            "a date and time with an offset",
        ),
        (
            "funding = { rate = 1 }".into(),
            "`rate` and `interval`, or `file`",
        ),
        (
            "funding = { rate = 1, interval = \"1us\" }".into(),
            "at least `1s`",
        ),
        (
            format!("funding = {{ file = {wrong:?} }}"),
            "wrong.csv, line 2: `lots` is not",
        ),
        (
            format!("funding = {{ rate = 1, file = {wrong:?} }}"),
            "a `file` says it all",
        ),
        (
            format!("actions = {split:?}"),
            "split.csv, action 1: `4:0` is not new units",
        ),
        ("actions = \"none.csv\"".into(), "reading none.csv"),
        ("margin = 1".into(), "invalid type: integer `1`"),
    ] {
        let text = file_text(&desk, &format!("[instrument.SYN000]\n{settings}\n"));
        let file = desk.write("run.toml", text);
        let command = backplane(["run".as_ref(), file.as_os_str()]);
        let error = command.error(3);
        assert!(error.contains(said), "{settings}: {error}");
    }
}
