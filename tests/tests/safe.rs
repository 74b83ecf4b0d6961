//! What a strategy can do wrong, in short: `cargo xtask prove safe` does all of it.
//!
//! Takes in the cases that take no patience; gives out whether what comes of each is allowed, on every carrier that was
//! built.

use backplane_tests::safe::{Case, Stage, cases};

/// Cases that end only by a time-out, or that make many files, are left to the proof; `cli/python/faults.rs` tests those of
/// Python all in one run.
fn is_quick(case: &Case) -> bool {
    let slow = ["endless", "without end", "kilobyte", "1 GiB", "every 1 %"];
    case.carrier != "python" && !slow.iter().any(|x| case.sin.contains(x))
}

#[test]
fn what_comes_of_a_sin_is_what_may_come_of_it() {
    let stage = Stage::new().unwrap();
    let mut missed = Vec::new();
    for case in cases().iter().filter(|x| is_quick(x) && stage.has(x)) {
        let happened = case.perform(&stage);
        if let Some(why) = happened.miss {
            let (sin, carrier) = (case.sin, case.carrier);
            missed.push(format!("{sin} ({carrier}): {why}: {}", happened.what));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}
