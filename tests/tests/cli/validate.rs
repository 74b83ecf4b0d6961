//! `plugin validate`: whether it passes what is good and names what is not.
//!
//! Takes in plugins that do as they should and the one that sins on request; gives out whether each check tells them
//! apart, whatever the plugin does to the process in which it is checked.

use std::path::Path;
use std::process::Command;

use backplane_tests::{guest_modules, native_plugin, python};
use serde_json::Value;

use super::{Desk, backplane, said};

fn validate(plugin: &Path, more: &[&str]) -> Command {
    let mut command = super::command();
    command.args(["plugin", "validate"]).arg(plugin).args(more);
    command
}

/// State and note of a check of a strategy that sins.
fn checked(sin: u32, check: &str) -> (String, String) {
    // Only the endless loop is waited for to the end.
    let patience = if sin == 15 { "1s" } else { "60s" };
    let sin = format!("sin={sin}");
    let more = [
        "--json",
        "--timeout",
        patience,
        "--set",
        &sin,
        "--check",
        check,
    ];
    let said = said(&mut validate(&native_plugin("misbehave"), &more));
    let json: Value = serde_json::from_str(&said.stdout).unwrap();
    let line = &json["checks"][0];
    let is_failed = line["state"] == "failed";
    assert_eq!(said.code, if is_failed { 8 } else { 0 }, "{}", said.stderr);
    let text = |name: &str| line[name].as_str().unwrap().to_owned();
    (text("state"), text("note"))
}

#[test]
fn a_good_plugin_passes_every_check() {
    let more = ["--json", "--set", "sin=0"];
    let said = said(&mut validate(&native_plugin("misbehave"), &more));
    let json: Value = serde_json::from_str(&said.stdout).unwrap();
    let failed = json["checks"].as_array().unwrap().iter();
    let failed: Vec<&Value> = failed.filter(|x| x["state"] == "failed").collect();
    assert!(failed.is_empty() && said.code == 0, "{failed:#?}");
    assert!(json["passed"].as_u64().unwrap() >= 40, "{json:#}");
}

#[test]
fn whatever_a_plugin_does_to_its_process_is_a_failed_check_with_its_cause() {
    for (sin, check, cause) in [
        (
            3,
            "runs",
            "it was stopped on message 4 (mbp): sin 3: on_market panics",
        ),
        (11, "runs", "it ended the worker process by SIGSEGV"),
        (13, "runs", "it ended the worker process by calling exit(0)"),
        (15, "runs", "it did not return within 1 s"),
        (1, "makes-defaults", "sin 1: new panics"),
        (6, "no-market", "sin 6: on_stop panics"),
        (8, "save-and-load", "sin 8: load panics"),
        (24, "saves", "at most 268435456 are allowed"),
        (21, "metrics", "but declares 1"),
        (20, "orders", "were rejected"),
    ] {
        let (state, note) = checked(sin, check);
        assert_eq!(state, "failed", "sin {sin}, {check}: {note}");
        assert!(note.contains(cause), "sin {sin}, {check}: {note}");
    }
}

#[test]
fn every_strategy_that_comes_along_goes_on_as_a_module_from_its_state_and_in_any_batches() {
    let names = [
        "market_maker",
        "mean_reversion",
        "momentum",
        "avellaneda_stoikov",
        "twap",
        "breakout",
    ];
    let Some(modules) = guest_modules(&names) else {
        return;
    };
    for name in names {
        let module = modules.join(format!("{name}.wasm"));
        let checks = ["save-and-load", "loads-nonsense", "batches"];
        let more = checks.map(|x| ["--check", x]).concat();
        let said = said(&mut validate(&module, &more)).ok();
        assert!(said.contains("3 passed, 0 failed"), "{name}: {said}");
    }
}

#[test]
fn only_failed_checks_are_shown_where_one_asks_for_them() {
    let more = [
        "--only-failed",
        "--set",
        "sin=3",
        "--check",
        "loads",
        "--check",
        "runs",
    ];
    let said = said(&mut validate(&native_plugin("misbehave"), &more));
    assert_eq!(said.code, 8, "{}", said.stderr);
    let lines: Vec<&str> = said.stdout.lines().collect();
    assert!(lines[0].starts_with("FAILED  runs"), "{}", said.stdout);
    assert!(lines[1].trim().starts_with("wanted: "), "{}", said.stdout);
    assert_eq!(lines[2], "2 checks: 1 passed, 1 failed, 0 do not apply");
}

#[test]
fn a_strategy_that_cannot_be_loaded_is_told_so_once() {
    let Some(python) = python() else { return };
    let desk = Desk::new();
    let file = desk.write("broken.py", "import backplane\ndef f(:\n");
    let environment = python.parent().and_then(Path::parent).unwrap();
    let mut command = validate(&file, &[]);
    let said = said(command.env("VIRTUAL_ENV", environment));
    assert_eq!(said.code, 8, "{}{}", said.stdout, said.stderr);
    assert_eq!(
        said.stdout.matches("SyntaxError").count(),
        1,
        "{}",
        said.stdout
    );
    let last = said.stdout.lines().rev().take(2).collect::<Vec<_>>();
    assert_eq!(last[1], "what needs it loaded was not checked");
    assert_eq!(last[0], "4 checks: 3 passed, 1 failed, 0 do not apply");
}

#[test]
fn checks_are_listed_and_unknown_ones_refused() {
    let list = backplane(["plugin", "validate", "--list"]).ok();
    assert!(list.lines().count() >= 30, "{list}");
    let momentum = native_plugin("momentum");
    let unknown = said(&mut validate(&momentum, &["--check", "luck"]));
    assert!(unknown.error(2).contains("no check `luck`"));
    let mut stranger = validate(&momentum, &[]);
    stranger.env("XDG_CONFIG_HOME", "/nonexistent");
    assert!(said(&mut stranger).error(5).contains("was not granted"));
    said(&mut validate(Path::new("libnone.so"), &[])).error(4);
    said(&mut validate(&momentum, &["--set", "x"])).error(2);
}

#[test]
fn every_seed_makes_another_market() {
    let more = [
        "--json", "--seed", "1", "--seed", "2", "--check", "file", "--check", "repeats",
    ];
    let said = said(&mut validate(&native_plugin("momentum"), &more));
    let json: Value = serde_json::from_str(&said.ok()).unwrap();
    let checks = json["checks"].as_array().unwrap();
    assert_eq!(checks.len(), 3, "what no seed changes is checked once");
    assert_ne!(checks[1]["note"], checks[2]["note"]);
}
