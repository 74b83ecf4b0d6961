//! The same commands as the Rust strategies.
//!
//! Takes in momentum and mean reversion in both languages; gives out whether the digests of their instances, which are
//! made of every command and every answer, are equal: on a generated tape, on a day of NASDAQ and on a day of CME futures.

use std::path::Path;

use backplane_tests::{build_directory, market_data};

use super::{Desk, examples, python, run_command};
use crate::cli::{MOMENTUM, REVERSION, backplane, instance, run_json, said, tape};

/// Runs both strategies, in Rust and in Python, and compares; with batches of so many messages in Python.
fn compare(python: &Path, tape: &Path, batch: usize) {
    let desk = Desk::new();
    let run = |plugins: &Path, output: &str| {
        let mut command = run_command(python, &desk, tape, output);
        desk.write("run.toml", format!("[python]\nbatch = {batch}\n"));
        command.arg("--plugins").arg(plugins);
        said(command.args(["--strategy", MOMENTUM, "--strategy", REVERSION])).ok();
        run_json(&desk.path(output))
    };
    let (rust, ported) = (run(&build_directory(), "rust"), run(&examples(), "python"));
    for label in ["momentum", "mean_reversion"] {
        let (rust, ported) = (instance(&rust, label), instance(&ported, label));
        assert!(rust["fills"].as_u64().unwrap() > 5, "{label}");
        assert_eq!(rust, ported, "{label}");
    }
    assert_eq!(rust["summary"]["digest"], ported["summary"]["digest"]);
}

#[test]
fn the_ports_have_the_digests_of_the_rust_strategies_whatever_the_batch() {
    let Some(python) = python() else { return };
    for batch in [1, 7, 1_024] {
        compare(&python, tape(), batch);
    }
}

#[test]
fn the_ports_have_the_digests_of_the_rust_strategies_on_a_day_of_nasdaq() {
    let (Some(data), Some(python)) = (market_data(), python()) else {
        return;
    };
    let desk = Desk::new();
    let tape = desk.path("goog.tape");
    let source = data.join("lobster/LOBSTER_SampleFile_GOOG_2012-06-21_10.zip");
    let output = Path::new("--output");
    let words = ["tape", "import"].map(Path::new).into_iter();
    backplane(words.chain([&*source, output, &tape])).ok();
    compare(&python, &tape, 1_024);
}

#[test]
fn the_ports_have_the_digests_of_the_rust_strategies_on_futures() {
    let (Some(data), Some(python)) = (market_data(), python()) else {
        return;
    };
    let desk = Desk::new();
    let tape = desk.path("es.tape");
    let mut command = crate::cli::command();
    command.args(["tape", "import", "--multiplier", "50"]);
    for day in ["20231224", "20231225"] {
        command.arg(data.join(format!("databento_dbn/esh4-glbx-mdp3-{day}.mbo.dbn.zst")));
    }
    said(command.arg("--output").arg(&tape)).ok();
    compare(&python, &tape, 1_024);
}
