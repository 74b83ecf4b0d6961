//! Sandboxed strategies, from outside.
//!
//! Takes in the example strategies as native plugins and as modules, a generated tape and real ones, and a module by hand
//! that falls on purpose; gives out whether both carriers do the same, whatever the size of a batch, and whether a trap
//! costs the others nothing. Modules are built by `cargo xtask guests`; where they are not there, a test says so.

use std::path::{Path, PathBuf};

use backplane_tests::{build_directory, guest_modules, market_data};
use serde_json::Value;

use super::{Desk, instance, run_json, said};

/// The example strategies in Rust, so that each of them trades on every tape.
const STRATEGIES: [&str; 4] = [
    "momentum:lookback=20,threshold=0.5",
    "mean_reversion:window=50,entry=1.5",
    "market_maker",
    "avellaneda_stoikov",
];
const LABELS: [&str; 4] = [
    "momentum",
    "mean_reversion",
    "market_maker",
    "avellaneda_stoikov",
];

/// Runs strategies of a directory over a tape, with batches of a size; what the run says.
fn run(
    desk: &Desk,
    tape: &Path,
    plugins: &Path,
    batch: usize,
    strategies: &[&str],
) -> (i32, Value) {
    let file = desk.write("run.toml", format!("[wasm]\nbatch = {batch}\n"));
    let mut command = super::command();
    command.arg("run").arg(file).arg("--tape").arg(tape);
    command.arg("--plugins").arg(plugins);
    command.args(["--force", "--output"]).arg(desk.path("out"));
    strategies.iter().for_each(|x| {
        command.args(["--strategy", x]);
    });
    let said = said(&mut command);
    assert!(
        said.code == 0 || said.code == 6,
        "{}{}",
        said.stdout,
        said.stderr
    );
    (said.code, run_json(&desk.path("out")))
}

/// Both carriers and four sizes of a batch over a tape.
fn is_the_same_on_both_carriers(tape: &Path) {
    let Some(modules) = guest_modules(&LABELS) else {
        return;
    };
    let desk = Desk::new();
    let (_, native) = run(&desk, tape, &build_directory(), 1, &STRATEGIES);
    for label in LABELS {
        assert!(
            instance(&native, label)["orders"].as_u64() > Some(0),
            "{label} trades"
        );
    }
    for batch in [1, 16, 256, 1_024] {
        let (_, wasm) = run(&desk, tape, &modules, batch, &STRATEGIES);
        for label in LABELS {
            assert_eq!(
                instance(&wasm, label),
                instance(&native, label),
                "{label} in batches of {batch}"
            );
        }
        assert_eq!(wasm["summary"]["digest"], native["summary"]["digest"]);
    }
}

#[test]
fn a_module_does_what_the_native_plugin_does_on_a_generated_tape() {
    is_the_same_on_both_carriers(super::tape());
}

#[test]
fn modules_in_c_and_assemblyscript_do_the_same_whatever_the_size_of_a_batch() {
    let labels = ["twap", "breakout"];
    let Some(modules) = guest_modules(&labels) else {
        return;
    };
    let strategies = ["twap:slice_ms=10000", "breakout:entry=30,exit=15"];
    let desk = Desk::new();
    let (_, first) = run(&desk, super::tape(), &modules, 1, &strategies);
    for label in labels {
        assert!(
            instance(&first, label)["fills"].as_u64() > Some(0),
            "{label} trades"
        );
    }
    for batch in [16, 256, 1_024] {
        let (_, found) = run(&desk, super::tape(), &modules, batch, &strategies);
        assert_eq!(found["summary"], first["summary"], "batches of {batch}");
    }
}

/// Imports files of the folder of market data.
fn import(desk: &Desk, files: &[&str]) -> Option<PathBuf> {
    let data = market_data()?;
    let mut command = super::command();
    command.args(["tape", "import"]);
    command.args(files.iter().map(|x| data.join(x)));
    let tape = desk.path("real.tape");
    said(command.arg("--output").arg(&tape)).ok();
    Some(tape)
}

#[test]
fn a_module_does_what_the_native_plugin_does_on_a_stock() {
    let desk = Desk::new();
    let files = ["lobster/LOBSTER_SampleFile_GOOG_2012-06-21_10.zip"];
    if let Some(tape) = import(&desk, &files) {
        is_the_same_on_both_carriers(&tape);
    }
}

#[test]
fn a_module_does_what_the_native_plugin_does_on_a_future() {
    let desk = Desk::new();
    let files = [
        "databento_dbn/esh4-glbx-mdp3-20231224.mbo.dbn.zst",
        "databento_dbn/esh4-glbx-mdp3-20231225.mbo.dbn.zst",
    ];
    if let Some(tape) = import(&desk, &files) {
        is_the_same_on_both_carriers(&tape);
    }
}

#[test]
fn canonical_nans_change_nothing_that_has_none_and_are_told_of() {
    let Some(modules) = guest_modules(&LABELS) else {
        return;
    };
    let desk = Desk::new();
    let (_, usual) = run(&desk, super::tape(), &modules, 256, &STRATEGIES);
    let file = desk.write("canonical.toml", "[wasm]\ncanonical_nans = true\n");
    let mut command = super::command();
    command
        .arg("run")
        .arg(file)
        .arg("--tape")
        .arg(super::tape());
    command.arg("--plugins").arg(&modules);
    STRATEGIES.iter().for_each(|x| {
        command.args(["--strategy", x]);
    });
    said(command.args(["--force", "--output"]).arg(desk.path("out"))).ok();
    let canonical = run_json(&desk.path("out"));
    assert_eq!(canonical["summary"], usual["summary"]);
    assert_eq!(canonical["config"]["canonical_nans"], true);
    assert!(usual["config"]["canonical_nans"].is_null());
}

#[test]
fn a_batch_that_no_call_can_deliver_is_refused() {
    let desk = Desk::new();
    let file = desk.write("run.toml", "[wasm]\nbatch = 2000\n");
    let mut command = super::command();
    command
        .arg("run")
        .arg(file)
        .arg("--tape")
        .arg(super::tape());
    command.arg("--plugins").arg(build_directory());
    command.args(["--strategy", "momentum", "--output"]);
    let said = said(command.arg(desk.path("out")));
    assert_eq!(
        said.error(3),
        "`wasm.batch` is 2000, but must be from 1 to 1024"
    );
}

/// A module that traps when it has heard so many messages.
fn trap_at(message: u64) -> Vec<u8> {
    let text = include_str!("../sandbox/module.wat");
    let hears = "(param $count i32) (result i64)";
    let each = format!(
        "{hears} (local $i i32) (loop $each
           (global.set $heard (i64.add (global.get $heard) (i64.const 1)))
           (if (i64.eq (global.get $heard) (i64.const {message})) (then
             (call $log (i32.const 0) (i32.const 2048) (i32.const 35)) unreachable))
           (br_if $each (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $count))))"
    );
    let text = text.replacen(hears, &each, 1);
    let text = text.replacen(
        "(func $sin",
        "(global $heard (mut i64) (i64.const 0)) (func $sin",
        1,
    );
    wat::parse_str(text).unwrap()
}

#[test]
fn a_trap_stops_its_strategy_at_the_very_message_whatever_the_size_of_a_batch() {
    let Some(modules) = guest_modules(&LABELS) else {
        return;
    };
    let desk = Desk::new();
    let plugins = desk.path("plugins");
    std::fs::create_dir(&plugins).unwrap();
    std::fs::write(plugins.join("made_up.wasm"), trap_at(1_000)).unwrap();
    std::fs::copy(
        modules.join("market_maker.wasm"),
        plugins.join("market_maker.wasm"),
    )
    .unwrap();
    let (_, alone) = run(&desk, super::tape(), &plugins, 256, &["market_maker"]);
    let mut first = None;
    for batch in [1, 16, 256, 1_024] {
        let (code, both) = run(
            &desk,
            super::tape(),
            &plugins,
            batch,
            &["made_up", "market_maker"],
        );
        assert_eq!(code, 6);
        let fallen = instance(&both, "made_up").clone();
        let stop = &fallen["stopped"];
        assert_eq!(
            (&stop["message"], &stop["event"]),
            (&1_000.into(), &"trade".into()),
            "in batches of {batch}"
        );
        assert_eq!(
            (&stop["fault"], &stop["file"], &stop["line"]),
            (
                &"it fell on purpose".into(),
                &"src/made_up.rs".into(),
                &7.into()
            )
        );
        assert_eq!(
            instance(&both, "market_maker"),
            instance(&alone, "market_maker")
        );
        assert_eq!(*first.get_or_insert_with(|| fallen.clone()), fallen);
    }
}

#[test]
fn a_module_that_is_refused_is_named_before_the_run() {
    let desk = Desk::new();
    desk.write(
        "foreign.wasm",
        wat::parse_str("(module (import \"wasi\" \"clock\" (func)))").unwrap(),
    );
    let mut command = super::command();
    command.arg("run").arg("--tape").arg(super::tape());
    command.arg("--plugins").arg(desk.path("."));
    command
        .args(["--strategy", "foreign", "--output"])
        .arg(desk.path("out"));
    let said = said(&mut command);
    assert!(
        said.error(5).contains("it imports `wasi.clock`"),
        "{}",
        said.stderr
    );
    assert_eq!(desk.names(), ["foreign.wasm"]);
}
