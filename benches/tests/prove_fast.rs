//! `prove-fast` itself: that it measures every line and prints both of its forms. How fast anything is is not tested
//! here, since a test machine may be busy.
#![allow(clippy::unwrap_used)]

use std::process::{Command, Output};

use serde_json::Value;

fn prove_fast(words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_prove-fast"));
    command.args(words).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_quick_measurement_runs_every_line_and_judges_nothing() {
    let output = prove_fast(&["--quick", "--rounds", "1", "--json"]);
    let (printed, said) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{said}");
    let report: Value = serde_json::from_str(printed.lines().last().unwrap()).unwrap();
    assert_eq!(report["version"], 1);
    let lines = report["lines"].as_array().unwrap();
    for line in lines {
        assert!(line["cpu_ns"].as_u64().unwrap() > 0, "{line}");
    }
    let runs = lines.iter().filter(|x| !x["counts"].is_null());
    for run in runs {
        let digest = run["counts"]["digest"].as_str().unwrap();
        assert_eq!(digest.len(), 64, "{run}");
    }
    let digest = |name: &str| {
        let line = lines.iter().find(|x| x["name"] == name);
        line.unwrap_or_else(|| panic!("no line `{name}`"))["counts"]["digest"].clone()
    };
    assert_eq!(
        digest("run, market maker, in process"),
        digest("run, market maker, native")
    );
    assert!(report["latency"]["rows"].as_u64().unwrap() > 100_000);
    let day = &report["day"];
    assert!(day["rows"].as_u64().unwrap() >= 2_500_000, "{day}");
    assert!(day["fills"].as_u64().unwrap() > 0, "{day}");
    for target in report["targets"].as_array().unwrap() {
        let verdict = target["verdict"].as_str().unwrap();
        assert!(!["met", "missed"].contains(&verdict), "{target}");
    }
}

#[test]
fn one_line_can_be_measured_alone_and_is_shown_in_a_table() {
    let only = "order level, run, market maker, native";
    let output = prove_fast(&["--quick", "--rounds", "1", "--only", only]);
    let (printed, said) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(printed.contains("run, market maker, native "), "{printed}");
    assert!(
        !printed.contains("run, market maker, in process"),
        "{printed}"
    );
    assert!(printed.contains("targets:"), "{printed}");
    assert!(printed.contains("not judged"), "{printed}");
}

#[test]
fn what_makes_no_sense_is_refused() {
    let output = prove_fast(&["--rounds", "0"]);
    assert_eq!(output.status.code(), Some(2));
    let output = prove_fast(&["memory", "no-such.tape"]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("no-such.tape"), "{said}");
}
