//! Versions that take over while a run goes on.
//!
//! Takes in versions of the same logic, of another, and such that cannot take over; gives out whether the same logic gives
//! the same digest wherever it takes over, whether a run with takeovers can be repeated from its results, and whether a
//! version that is refused changes nothing.

#![allow(
    clippy::disallowed_methods,
    reason = "a version is put in place while a run goes on"
)]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use backplane_tests::{build_directory, native_plugin};
use serde_json::{Value, json};

use super::{Desk, Said, generate, instance, run_json, said, tape};

/// A number in the logic of `momentum`, and another in its place.
const BASIS_POINTS: f64 = 10_000.0;
const FEWER_POINTS: f64 = 4_000.0;

/// A version of the same logic.
fn same(plugin: &str) -> Vec<u8> {
    let mut bytes = std::fs::read(native_plugin(plugin)).unwrap();
    // What lies behind the last section is of no importance to anybody.
    bytes.extend(b"another version");
    bytes
}

/// A version of `momentum` that acts on other returns.
fn other_momentum() -> Vec<u8> {
    let mut bytes = same("momentum");
    let (old, new) = (BASIS_POINTS.to_le_bytes(), FEWER_POINTS.to_le_bytes());
    let places: Vec<usize> = (0..bytes.len() - 8)
        .filter(|x| bytes[*x..*x + 8] == old)
        .collect();
    assert!(
        !places.is_empty(),
        "the number lies in the library as it is"
    );
    for place in places {
        bytes[place..place + 8].copy_from_slice(&new);
    }
    bytes
}

fn digest(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

/// Writes a takeover into results as a run would have, at this message.
fn plan(desk: &Desk, label: &str, message: u64, old: &[u8], new: &[u8]) {
    let results = desk.path("out");
    let mut run = run_json(&results);
    let described = run["instances"].as_array().unwrap();
    let described = described.iter().find(|x| x["name"] == label).unwrap();
    let file = described["plugin_file"].as_str().unwrap().to_owned();
    for bytes in [old, new] {
        let folder = results.join("versions").join(&digest(bytes)[..12]);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(&file), bytes).unwrap();
    }
    run["swaps"] = json!([{
        "instance": label, "message": message, "at": 0, "from_digest": digest(old), "to_digest": digest(new),
        "to_version": "", "state_version": 0, "state_bytes": 0, "refused": null
    }]);
    std::fs::write(results.join("run.json"), run.to_string()).unwrap();
}

/// Runs a strategy again with the takeovers that stand in the desk's results, into `again`.
fn repeat(desk: &Desk, strategy: &str, more: &[&str]) -> Said {
    let mut command = run(desk, tape(), strategy, "again");
    command.arg("--swaps").arg(desk.path("out")).args(more);
    said(&mut command)
}

/// The command that runs a strategy over a tape, with results in the folder of a name.
fn run(desk: &Desk, tape: &Path, strategy: &str, results: &str) -> Command {
    let mut command = super::command();
    command.arg("run").arg("--tape").arg(tape);
    command.arg("--plugins").arg(build_directory());
    command.args(["--strategy", strategy, "--force", "--output"]);
    command.arg(desk.path(results));
    command
}

#[test]
fn the_same_logic_gives_the_same_digest_wherever_it_takes_over() {
    for (strategy, label) in [
        (super::MOMENTUM, "momentum"),
        (super::REVERSION, "mean_reversion"),
        ("misbehave", "misbehave"),
        ("market_maker", "market_maker"),
    ] {
        let desk = Desk::new();
        desk.run(&[strategy]).ok();
        let plain = run_json(&desk.path("out"));
        let messages = instance(&plain, label)["messages"].as_u64().unwrap();
        let (old, new) = (std::fs::read(native_plugin(label)).unwrap(), same(label));
        let numbers = [1, 2, 5, 100, messages / 3, messages];
        let both = numbers.into_iter().flat_map(|x| [(x, false), (x, true)]);
        let mut unrecorded = Value::Null;
        for (number, record) in both {
            plan(&desk, label, number, &old, &new);
            let more: &[&str] = if record { &["--record", label] } else { &[] };
            repeat(&desk, strategy, more).ok();
            let run = run_json(&desk.path("again"));
            let what = format!("{label} at {number}");
            assert_eq!(
                run["summary"]["digest"], plain["summary"]["digest"],
                "{what}"
            );
            let swap = &run["swaps"][0];
            assert_eq!(swap["message"], number, "{what}");
            assert_eq!(swap["from_digest"], digest(&old), "{what}");
            assert_eq!(swap["to_digest"], digest(&new), "{what}");
            assert!(swap["refused"].is_null(), "{what}");
            // A recording does not move it, though more is heard.
            match record {
                false => unrecorded = swap["at"].clone(),
                true => assert_eq!(swap["at"], unrecorded, "{what}"),
            }
        }
    }
}

#[test]
fn another_logic_acts_from_its_message_on_and_the_run_repeats_from_its_results() {
    let desk = Desk::new();
    let strategy = super::MOMENTUM;
    desk.run(&[strategy]).ok();
    let plain = run_json(&desk.path("out"));
    let messages = instance(&plain, "momentum")["messages"].as_u64().unwrap();
    let old = std::fs::read(native_plugin("momentum")).unwrap();
    plan(&desk, "momentum", messages / 2, &old, &other_momentum());
    let text = repeat(&desk, strategy, &[]).ok();
    assert!(
        text.contains("warning: momentum was replaced by version"),
        "{text}"
    );
    let first = run_json(&desk.path("again"));
    assert_ne!(first["summary"]["digest"], plain["summary"]["digest"]);
    let aside = desk.path("first");
    std::fs::rename(desk.path("again"), &aside).unwrap();
    let mut command = run(&desk, tape(), strategy, "again");
    said(command.arg("--swaps").arg(&aside)).ok();
    assert_eq!(
        run_json(&desk.path("again")),
        first,
        "results repeat from results"
    );
    // A version that was changed afterwards is not run.
    let kept = aside
        .join("versions")
        .join(&digest(&other_momentum())[..12]);
    std::fs::write(kept.join("libmomentum.so"), same("momentum")).unwrap();
    let mut command = run(&desk, tape(), strategy, "again");
    let refused = said(command.arg("--swaps").arg(&aside));
    assert!(refused.error(4).contains("is not the version that ran"));
}

#[test]
fn a_version_that_has_to_take_over_and_cannot_stops_the_strategy() {
    let desk = Desk::new();
    desk.run(&["quote_on_size"]).ok();
    let old = std::fs::read(native_plugin("quote_on_size")).unwrap();
    plan(&desk, "quote_on_size", 100, &old, &same("quote_on_size"));
    assert_eq!(repeat(&desk, "quote_on_size", &[]).code, 6);
    let run = run_json(&desk.path("again"));
    let fault = instance(&run, "quote_on_size")["stopped"]["fault"].to_string();
    assert!(
        fault.contains("the strategy does not implement `load`"),
        "{fault}"
    );
}

#[test]
fn a_version_that_takes_over_may_not_give_again_what_the_one_before_gave() {
    let desk = Desk::new();
    let policy = desk.path("policy.toml");
    // Fewer orders in a second than the strategy gives in its busiest.
    let text = "[default]\nallow = [\"native\"]\norders_per_second = 4\n";
    std::fs::write(&policy, text).unwrap();
    let more = ["--policy", policy.to_str().unwrap()];
    let plain = said(desk.run_command(&["market_maker"]).args(more));
    assert_eq!(plain.code, 6, "{}{}", plain.stdout, plain.stderr);
    let plain = run_json(&desk.path("out"));
    let stopped = instance(&plain, "market_maker")["stopped"].clone();
    assert!(stopped["fault"].to_string().contains("its policy allows 4"));
    let message = stopped["message"].as_u64().unwrap();
    let old = std::fs::read(native_plugin("market_maker")).unwrap();
    plan(
        &desk,
        "market_maker",
        message - 1,
        &old,
        &same("market_maker"),
    );
    assert_eq!(repeat(&desk, "market_maker", &more).code, 6);
    let run = run_json(&desk.path("again"));
    assert!(run["swaps"][0]["refused"].is_null());
    assert_eq!(instance(&run, "market_maker")["stopped"], stopped);
    assert_eq!(run["summary"]["digest"], plain["summary"]["digest"]);
}

/// A tape that takes a moment.
fn long_tape() -> &'static Path {
    static TAPE: OnceLock<PathBuf> = OnceLock::new();
    TAPE.get_or_init(|| generate("swaps.tape", "1500000"))
}

/// A run that watches its plugins, and whose worker is held up while a version is put in place.
fn watched(desk: &Desk, strategy: &str, plugin: &str, version: &[u8]) -> Said {
    let file = desk.path(&format!("lib{plugin}.so"));
    std::fs::copy(native_plugin(plugin), &file).unwrap();
    let mut command = backplane_tests::command();
    command
        .arg("run")
        .arg("--watch")
        .arg("--tape")
        .arg(long_tape());
    command.arg("--plugins").arg(desk.folder.path());
    command
        .args(["--strategy", strategy, "--output"])
        .arg(desk.path("out"));
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let run = command.spawn().unwrap();
    let worker = worker_of(&run);
    signal(worker, "STOP");
    let aside = desk.path("aside");
    std::fs::write(&aside, version).unwrap();
    std::fs::rename(&aside, &file).unwrap();
    wait_for_version(desk.folder.path());
    signal(worker, "CONT");
    let output = run.wait_with_output().unwrap();
    Said {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Waits until the run has put a version aside, for the worker to take.
fn wait_for_version(folder: &Path) {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(10) {
        let entries = std::fs::read_dir(folder).unwrap().flatten();
        let mut versions = entries.map(|x| x.path().join("versions"));
        let holds_any = |x: PathBuf| std::fs::read_dir(x).is_ok_and(|mut x| x.next().is_some());
        if versions.any(holds_any) {
            // What was put aside is named to the worker at once.
            std::thread::sleep(Duration::from_millis(100));
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("the new version was not seen");
}

/// The worker's process, as soon as there is one.
fn worker_of(run: &Child) -> u32 {
    let path = format!("/proc/{0}/task/{0}/children", run.id());
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(10) {
        let children = std::fs::read_to_string(&path).unwrap_or_default();
        if let Some(child) = children.split_whitespace().next() {
            return child.parse().unwrap();
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    panic!("no worker was started");
}

fn signal(process: u32, signal: &str) {
    let mut kill = Command::new("kill");
    let status = kill
        .arg(format!("-{signal}"))
        .arg(process.to_string())
        .status();
    assert!(status.unwrap().success());
}

/// An ordinary run over the same tape.
fn plain(strategy: &str) -> Value {
    let desk = Desk::new();
    said(&mut run(&desk, long_tape(), strategy, "out")).ok();
    run_json(&desk.path("out"))
}

#[test]
fn a_version_that_is_saved_while_the_run_goes_on_takes_over() {
    let strategy = super::MOMENTUM;
    let desk = Desk::new();
    let said = watched(&desk, strategy, "momentum", &same("momentum"));
    assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
    let run = run_json(&desk.path("out"));
    let swaps = run["swaps"].as_array().unwrap();
    assert_eq!(swaps.len(), 1, "{}", said.stderr);
    assert_eq!(swaps[0]["to_digest"], digest(&same("momentum")));
    assert!(
        said.stderr.contains("took over before message"),
        "{}",
        said.stderr
    );
    assert_eq!(
        run["summary"]["digest"],
        plain(strategy)["summary"]["digest"]
    );
}

#[test]
fn a_version_that_cannot_take_over_leaves_the_old_one_in_charge() {
    let strategy = super::MOMENTUM;
    let desk = Desk::new();
    let said = watched(&desk, strategy, "momentum", &same("mean_reversion"));
    assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
    let run = run_json(&desk.path("out"));
    let refused = run["swaps"][0]["refused"].as_str().unwrap();
    assert!(
        refused.contains("there is no parameter") || refused.contains("subscribes"),
        "{refused}"
    );
    assert_eq!(
        run["summary"]["digest"],
        plain(strategy)["summary"]["digest"]
    );
    assert!(!desk.path("out/versions").exists());
}
