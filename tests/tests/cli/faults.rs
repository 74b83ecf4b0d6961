//! What a strategy that falls costs the others: nothing.
//!
//! Takes in a strategy that sins on request, beside one that does not; gives out whether the run ends, names the culprit,
//! its message and the cause, and gives the other strategy what it has without such company.

use super::tables::Table;
use super::{Desk, MOMENTUM, instance, run_json, said};

/// On which market message it sins, and the number of that among all its messages: one defines the instrument, one
/// starts it, and one shows it the book before.
const AT: u64 = 20;
const MESSAGE: u64 = AT + 3;
const TABLES: [&str; 9] = [
    "orders",
    "journal",
    "fills",
    "equity",
    "metrics",
    "log",
    "lifecycles",
    "trips",
    "returns",
];

/// Runs the sinner beside another strategy; what the run says of it.
fn fall(sin: u32) -> serde_json::Value {
    let alone = Desk::new();
    alone.run(&[MOMENTUM]).ok();
    let desk = Desk::new();
    let sinner = format!("misbehave:sin={sin},at={AT}");
    let mut command = desk.run_command(&[&sinner, MOMENTUM]);
    let said = said(command.args(["--stall-timeout", "500ms"]));
    assert_eq!(said.code, 6, "{}{}", said.stdout, said.stderr);
    assert_eq!(desk.names(), ["out"], "nothing else is left");
    let (results, expected) = (desk.path("out"), alone.path("out"));
    let (run, other) = (run_json(&results), run_json(&expected));
    assert_eq!(instance(&run, "momentum"), instance(&other, "momentum"));
    for table in TABLES {
        let (found, expected) = (Table::read(&results, table), Table::read(&expected, table));
        assert_eq!(found.rows_of("momentum"), expected.rows_of("momentum"));
    }
    let stop = instance(&run, "misbehave")["stopped"].clone();
    let (message, event) = (&stop["message"], stop["event"].as_str().unwrap());
    let warning = format!("misbehave was stopped on message {message} ({event}): ");
    assert!(said.stdout.contains(&warning), "{}", said.stdout);
    let warnings = run["warnings"].as_array().unwrap();
    assert!(warnings[0].as_str().unwrap().starts_with(&warning));
    stop
}

fn falls_on_its_message(sin: u32, cause: &str) {
    let stop = fall(sin);
    assert_eq!(stop["fault"], cause);
    assert_eq!(
        (&stop["message"], &stop["event"]),
        (&MESSAGE.into(), &"mbp".into())
    );
}

#[test]
fn a_segmentation_fault_costs_the_others_nothing() {
    falls_on_its_message(11, "it ended the worker process by SIGSEGV");
}

#[test]
fn an_abort_costs_the_others_nothing() {
    falls_on_its_message(12, "it ended the worker process by SIGABRT");
}

#[test]
fn an_exit_that_claims_success_costs_the_others_nothing() {
    falls_on_its_message(13, "it ended the worker process by calling exit(0)");
}

#[test]
fn an_exit_with_a_code_costs_the_others_nothing() {
    falls_on_its_message(14, "it ended the worker process by calling exit(7)");
}

#[test]
fn an_endless_loop_on_a_message_costs_the_others_nothing() {
    falls_on_its_message(15, "it did not return within 0.5 s");
}

#[test]
fn an_endless_loop_at_the_start_costs_the_others_nothing() {
    let stop = fall(16);
    assert_eq!(stop["fault"], "it did not return within 0.5 s");
    assert_eq!(stop["event"], "start");
}

#[test]
fn a_stack_overflow_costs_the_others_nothing() {
    falls_on_its_message(17, "it ended the worker process by SIGABRT");
}

#[test]
fn a_panic_costs_the_others_nothing_and_is_named_with_file_and_line() {
    let stop = fall(3);
    assert_eq!(stop["fault"], "sin 3: on_market panics");
    assert_eq!(stop["message"], MESSAGE);
    assert_eq!(stop["file"], "tests/plugins/misbehave/src/sins.rs");
    assert!(stop["line"].as_u64().unwrap() > 0);
}

#[test]
fn two_culprits_of_different_kinds_are_both_named_in_one_run() {
    let desk = Desk::new();
    let sinners = ["a@misbehave:sin=11,at=9", "b@misbehave:sin=14,at=5"];
    let said = desk.run(&[sinners[0], MOMENTUM, sinners[1]]);
    assert_eq!(said.code, 6, "{}{}", said.stdout, said.stderr);
    let run = run_json(&desk.path("out"));
    let cause = |label| instance(&run, label)["stopped"]["fault"].to_string();
    assert!(cause("a").contains("SIGSEGV"), "{}", cause("a"));
    assert!(cause("b").contains("exit(7)"), "{}", cause("b"));
    assert!(instance(&run, "momentum")["stopped"].is_null());
    assert_eq!(desk.names(), ["out"]);
}

#[test]
fn a_plugin_that_would_die_while_it_is_taken_down_costs_nothing_at_all() {
    let desk = Desk::new();
    let said = desk.run(&["misbehave:sin=26", MOMENTUM]);
    assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
    let run = run_json(&desk.path("out"));
    for label in ["misbehave", "momentum"] {
        assert!(instance(&run, label)["stopped"].is_null(), "{label}");
    }
}
