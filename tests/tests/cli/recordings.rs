//! Recordings of what a strategy heard.
//!
//! Takes in runs with and without recordings; gives out whether a recording changes nothing, whether a strategy that hears
//! it alone asks for the same, and what is left of one that died.

use std::os::unix::process::ExitStatusExt;

use backplane_tests::build_directory;
use serde_json::Value;

use super::{Desk, MOMENTUM, REVERSION, backplane, instance, run_json, said};

/// Strategies that hear bars, best prices, and every order's doings.
const STRATEGIES: [&str; 4] = [MOMENTUM, REVERSION, "market_maker", "misbehave"];
const LABELS: [&str; 4] = ["momentum", "mean_reversion", "market_maker", "misbehave"];

fn play(desk: &Desk, label: &str, more: &[&str]) -> super::Said {
    let file = desk.path("out").join(format!("{label}.heard"));
    let mut command = super::command();
    command
        .arg("play")
        .arg(file)
        .arg("--plugins")
        .arg(build_directory());
    said(command.args(more))
}

fn recorded(strategies: &[&str], labels: &[&str]) -> Desk {
    let desk = Desk::new();
    let mut command = desk.run_command(strategies);
    for label in labels {
        command.args(["--record", label]);
    }
    let run = said(command.args(["--stall-timeout", "500ms"]));
    assert!([0, 6].contains(&run.code), "{}{}", run.stdout, run.stderr);
    assert_eq!(desk.names(), ["out"]);
    desk
}

#[test]
fn a_recording_changes_nothing_and_the_strategy_alone_asks_for_the_same() {
    let plain = Desk::new();
    plain.run(&STRATEGIES).ok();
    let desk = recorded(&STRATEGIES, &LABELS);
    let (expected, found) = (run_json(&plain.path("out")), run_json(&desk.path("out")));
    assert_eq!(found["summary"]["digest"], expected["summary"]["digest"]);
    for label in LABELS {
        let played = play(&desk, label, &["--json"]).json();
        assert_eq!(played["verdict"], "same", "{label}: {played}");
        assert_eq!(played["is_version_of_run"], true);
        assert_eq!(played["commands"], instance(&found, label)["commands"]);
        assert_eq!(played["messages"], instance(&found, label)["messages"]);
        assert!(
            played["commands"].as_u64().unwrap() > 0,
            "{label} asked for nothing"
        );
    }
    let text = play(&desk, "momentum", &["--commands"]).ok();
    let submits = text.lines().filter(|x| x.contains(": submit ")).count();
    assert_eq!(instance(&found, "momentum")["orders"], submits);
    assert!(text.ends_with("the same commands as in the run; the plugin is the one that ran\n"));
    let part = play(&desk, "momentum", &["--until", "100", "--json"]).json();
    assert_eq!(
        (&part["messages"], &part["verdict"]),
        (&100.into(), &"unknown".into())
    );
}

#[test]
fn a_changed_recording_is_found_out_and_a_cut_one_is_refused() {
    let desk = recorded(&[REVERSION], &["mean_reversion"]);
    let file = desk.path("out/mean_reversion.heard");
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, &whole[..whole.len() - 64]).unwrap();
    let cut = play(&desk, "mean_reversion", &[]);
    assert!(cut.error(4).contains("it tells of"), "{}", cut.stderr);
    let mut changed = whole.clone();
    // Prices of the second half of the messages, moved up by one tick.
    let half = (whole.len() / 128) * 64;
    for message in changed[half..].chunks_exact_mut(64).filter(|x| x[0] == 4) {
        for word in [24, 32] {
            let bytes: [u8; 8] = message[word..word + 8].try_into().unwrap();
            let price = i64::from_le_bytes(bytes).saturating_add(250_000_000);
            message[word..word + 8].copy_from_slice(&price.to_le_bytes());
        }
    }
    std::fs::write(&file, &changed).unwrap();
    let other = play(&desk, "mean_reversion", &[]);
    assert_eq!(other.code, 8, "{}{}", other.stdout, other.stderr);
    // So many messages that their bytes cannot be counted.
    let mut many = whole.clone();
    many[16..24].copy_from_slice(&(1_u64 << 60).to_le_bytes());
    std::fs::write(&file, &many).unwrap();
    let many = play(&desk, "mean_reversion", &[]);
    assert!(many.error(4).contains("it tells of"), "{}", many.stderr);
    // An instrument that nobody defined, for which a guest would have to keep something.
    let header = u32::from_le_bytes(whole[12..16].try_into().unwrap()) as usize;
    for (number, place) in [(1, header), (9, header + 8 * 64)] {
        let mut strange = whole.clone();
        strange[place + 4..place + 8].copy_from_slice(&70_000_u32.to_le_bytes());
        std::fs::write(&file, &strange).unwrap();
        let refused = play(&desk, "mean_reversion", &[]);
        let said = refused.error(4);
        assert!(said.contains(&format!("message {number} ")), "{said}");
        assert!(said.contains("70000"), "{said}");
    }
    for length in [0, 63, 64, 100] {
        std::fs::write(&file, &whole[..length]).unwrap();
        play(&desk, "mean_reversion", &[]).error(4);
    }
}

#[test]
fn the_recording_of_a_strategy_that_died_ends_with_the_fatal_message() {
    let desk = recorded(&["misbehave:sin=11,at=20", MOMENTUM], &["misbehave"]);
    let run = run_json(&desk.path("out"));
    let fatal = instance(&run, "misbehave")["stopped"]["message"]
        .as_u64()
        .unwrap();
    let before = (fatal - 1).to_string();
    let played = play(&desk, "misbehave", &["--until", &before, "--json"]).json();
    assert_eq!(played["verdict"], "unknown");
    assert_eq!(played["messages"], fatal - 1);
    let mut command = backplane_tests::command();
    command.arg("play").arg(desk.path("out/misbehave.heard"));
    let output = command
        .arg("--plugins")
        .arg(build_directory())
        .output()
        .unwrap();
    assert_eq!(output.status.signal(), Some(11), "it dies of the same");
    // One that panics is stopped on the same message, with its place in the source.
    let desk = recorded(&["misbehave:sin=3,at=20"], &["misbehave"]);
    let played = play(&desk, "misbehave", &["--json"]);
    assert_eq!(played.code, 6, "{}", played.stdout);
    let played: Value = serde_json::from_str(&played.stdout).unwrap();
    assert_eq!(played["verdict"], "same");
    assert!(
        played["stopped"]
            .as_str()
            .unwrap()
            .contains("sin 3: on_market panics")
    );
}

#[test]
fn only_instances_of_the_run_are_recorded() {
    let desk = Desk::new();
    let mut command = desk.run_command(&[MOMENTUM]);
    let error = said(command.args(["--record", "momentun"]));
    assert_eq!(error.error(2), "there is no instance `momentun` to record");
    assert_eq!(desk.names(), [] as [&str; 0]);
    backplane(["play", "nowhere.heard", "--plugins", "."]).error(4);
}
