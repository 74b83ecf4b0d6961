//! Limits of risk that a run file sets, over whole runs.
//!
//! Takes in run files with limits over the small tape; gives out whether what went beyond is refused or ends the strategy,
//! with its reason in tables and report.

use super::models::{file_text, run};
use super::tables::Table;
use super::{Desk, backplane, instance, run_json};

/// The run of momentum with limits that end it, and how it ended.
fn lost(desk: &Desk, on_loss: &str, code: i32) -> serde_json::Value {
    let settings = format!(
        "[fees.taker]\nper_unit = \"50\"\n[risk]\nmax_loss = \"300\"\non_max_loss = {on_loss}\n"
    );
    let file = desk.write("run.toml", file_text(desk, &settings));
    let said = backplane(["run".as_ref(), file.as_os_str(), "--force".as_ref()]);
    assert_eq!(said.code, code, "{}{}", said.stdout, said.stderr);
    run_json(&desk.path("out"))
}

#[test]
fn the_kill_switch_cancels_closes_and_stops_and_the_report_says_why() {
    let desk = Desk::new();
    let summary = lost(&desk, "{ flatten = true }", 6);
    let found = instance(&summary, "momentum");
    let kill = &found["kill"];
    assert_eq!(kill["max_loss"], "300");
    let loss: f64 = kill["loss"].as_str().unwrap().parse().unwrap();
    assert!(loss >= 300.0, "{loss}");
    let stopped = found["stopped"].to_string();
    assert!(stopped.contains("risk.max_loss"), "{stopped}");
    let fills = Table::read(&desk.path("out"), "fills");
    let positions = fills.numbers("position");
    assert_eq!(positions.last(), Some(&0), "the position is closed");
    let at = i128::from(kill["at"].as_i64().unwrap());
    let orders = Table::read(&desk.path("out"), "journal");
    let submitted = orders.words("kind").into_iter().zip(orders.numbers("at"));
    let later: Vec<_> = submitted.filter(|x| x.1 >= at && x.0 == "submit").collect();
    assert!(!later.is_empty(), "market orders close the position");
    let report = backplane(["report".as_ref(), desk.path("out").as_os_str()]).ok();
    let report: Vec<&str> = report.split_whitespace().collect();
    let report = report.join(" ");
    let end = "(the limit is 300): its orders were cancelled, its positions closed";
    assert!(
        report.contains("momentum lost ") && report.contains(end),
        "{report}"
    );
}

#[test]
fn a_strategy_that_lost_too_much_may_go_on_and_is_refused() {
    let desk = Desk::new();
    let summary = lost(&desk, "{ then = \"refuse\" }", 0);
    let found = instance(&summary, "momentum");
    assert!(found["stopped"].is_null());
    assert!(
        found["refused"]["risk: kill switch"].as_u64().unwrap() > 0,
        "{found}"
    );
    let at = i128::from(found["kill"]["at"].as_i64().unwrap());
    let fills = Table::read(&desk.path("out"), "fills");
    // What was on its way may still be filled; a tenth of a millisecond there, and one back.
    let times = fills.numbers("ts_recv");
    assert!(
        times.iter().all(|x| *x <= at + 1_000_000),
        "no fill after it"
    );
}

#[test]
fn orders_beyond_a_limit_are_refused_with_its_reason() {
    let desk = Desk::new();
    let summary = run(&desk, "[risk]\nmax_position = 0\n");
    let found = instance(&summary, "momentum");
    assert_eq!(found["fills"], 0);
    let refused = found["refused"]["risk: position"].as_u64().unwrap();
    assert_eq!(found["orders"].as_u64().unwrap(), refused);
    let orders = Table::read(&desk.path("out"), "orders");
    assert!(orders.words("reason").iter().all(|x| x == "risk: position"));
    let file = desk.write(
        "run.toml",
        file_text(&desk, "[risk.strategy.none]\nmax_position = 1\n"),
    );
    let said = backplane(["run".as_ref(), file.as_os_str(), "--force".as_ref()]);
    assert!(said.error(3).contains("risk.strategy.none"));
}

#[test]
fn an_order_that_the_account_cannot_carry_is_rejected() {
    let desk = Desk::new();
    let summary = run(&desk, "[margin]\ninitial = 100\n");
    let found = instance(&summary, "momentum");
    assert_eq!(found["fills"], 0);
    let refused = found["refused"]["insufficient margin"].as_u64().unwrap();
    assert_eq!(found["orders"].as_u64().unwrap(), refused);
    assert_eq!(
        summary["config"]["margin"]["maintenance"],
        100_000_000_000i64
    );
}

#[test]
fn positions_are_closed_where_the_equity_falls_below_their_margin() {
    let desk = Desk::new();
    run(&desk, "");
    let fills = Table::read(&desk.path("out"), "fills");
    // Twice the value of the first contract, and a little more: some ticks against it are too much.
    let needed = 2 * 50 * fills.numbers("price")[0] / 1_000_000_000;
    let settings = format!("cash = {}\n[margin]\ninitial = 2\n", needed + 120);
    let summary = run(&desk, &settings);
    let found = instance(&summary, "momentum");
    assert!(found["liquidations"].as_u64().unwrap() > 0, "{found}");
    let fills = Table::read(&desk.path("out"), "fills");
    let orders = fills.optional("order_id");
    let positions = fills.numbers("position");
    // Orders that close positions have numbers of their own, too large for a signed one.
    let closing = (0..fills.len()).filter(|x| orders[*x].is_none());
    let closed: Vec<i128> = closing.map(|x| positions[x]).collect();
    assert!(
        !closed.is_empty() && closed.iter().all(|x| *x == 0),
        "{closed:?}"
    );
    let report = backplane(["report".as_ref(), desk.path("out").as_os_str()]).ok();
    assert!(
        report.contains("momentum had too little margin"),
        "{report}"
    );
}

#[test]
fn orders_off_the_ticks_or_lots_of_the_run_file_are_rejected() {
    let desk = Desk::new();
    let reasons = |settings: &str| {
        let text = file_text(&desk, &format!("[instrument.SYN000]\n{settings}\n"));
        let text = text.replace(
            "name = \"momentum\", params = { lookback = 20, threshold = 0.5 }",
            "name = \"mean_reversion\", params = { window = 50, entry = 1.5 }",
        );
        let file = desk.write("run.toml", text);
        backplane(["run".as_ref(), file.as_os_str(), "--force".as_ref()]).ok();
        let orders = Table::read(&desk.path("out"), "orders");
        let mut reasons = orders.words("reason");
        reasons.sort_unstable();
        reasons.dedup();
        reasons
    };
    assert_eq!(reasons("lot = 1000"), ["invalid quantity"]);
    let off = reasons("tick_table = [[0, 0.25], [1000, 1000]]");
    assert!(off.contains(&"invalid price".to_owned()), "{off:?}");
    let on = reasons("tick_table = [[0, 0.25], [100, 0.25]]");
    assert!(!on.contains(&"invalid price".to_owned()), "{on:?}");
    let file = desk.write(
        "run.toml",
        file_text(&desk, "[instrument.SYN000]\nlot = 0\n"),
    );
    let said = backplane(["run".as_ref(), file.as_os_str(), "--force".as_ref()]);
    assert!(said.error(3).contains("the lot is not at least 1"));
}
