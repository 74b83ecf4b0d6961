//! The same run gives the same results.
//!
//! Takes in runs of the same strategies, again, alone, and in another order; gives out whether digests and bytes are
//! equal.

use std::path::Path;

use serde_json::Value;

use super::{Desk, MOMENTUM, REVERSION, instance, run_json};

const SLOW: &str = "slow@mean_reversion:window=200,entry=2";

fn run(strategies: &[&str]) -> (Desk, Value) {
    let desk = Desk::new();
    desk.run(strategies).ok();
    let run = run_json(&desk.path("out"));
    (desk, run)
}

fn files(results: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(results).unwrap();
    let mut files: Vec<_> = entries
        .map(|entry| {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            (name, std::fs::read(entry.path()).unwrap())
        })
        .collect();
    files.sort();
    files
}

#[test]
fn the_same_run_twice_gives_the_same_bytes() {
    let (first, first_run) = run(&[MOMENTUM, REVERSION, SLOW]);
    let (second, second_run) = run(&[MOMENTUM, REVERSION, SLOW]);
    assert_eq!(first_run["summary"], second_run["summary"]);
    let (first, second) = (files(&first.path("out")), files(&second.path("out")));
    assert_eq!(first.len(), 12);
    for (one, other) in first.iter().zip(&second) {
        assert!(one == other, "{} and {} differ", one.0, other.0);
    }
}

#[test]
fn an_instance_is_the_same_alone_beside_others_and_in_another_order() {
    let (_a, alone) = run(&[MOMENTUM]);
    let (_b, beside) = run(&[MOMENTUM, REVERSION, SLOW]);
    let (_c, turned) = run(&[SLOW, REVERSION, MOMENTUM]);
    assert_eq!(instance(&alone, "momentum"), instance(&beside, "momentum"));
    for label in ["momentum", "mean_reversion", "slow"] {
        assert_eq!(
            instance(&beside, label),
            instance(&turned, label),
            "{label}"
        );
    }
    assert_eq!(beside["summary"]["digest"], turned["summary"]["digest"]);
    assert_ne!(beside["summary"]["digest"], alone["summary"]["digest"]);
}

#[test]
fn the_digest_tells_other_parameters_apart() {
    let (_a, one) = run(&[MOMENTUM]);
    let (_b, other) = run(&["momentum:lookback=21,threshold=0.5"]);
    assert_ne!(one["summary"]["digest"], other["summary"]["digest"]);
}
