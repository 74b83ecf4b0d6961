//! Runs that are killed and taken up again.
//!
//! Takes in runs that make checkpoints, killed at random moments, and checkpoints that are cut; gives out whether what is
//! taken up gives the results of a run that was never killed, whatever was lost.

#![allow(
    clippy::disallowed_methods,
    reason = "runs are killed at moments of their time"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use backplane_tests::build_directory;
use backplane_tests::chance::Chance;

use super::{Desk, MOMENTUM, REVERSION, Said, generate, said};

/// Strategies that save their state, and one that cannot.
const STRATEGIES: [&str; 4] = [MOMENTUM, REVERSION, "misbehave", "quote_on_size"];
/// How often a run is killed, unless `BACKPLANE_KILLS` says it.
const KILLS: u32 = 6;

fn tape() -> &'static Path {
    static TAPE: OnceLock<PathBuf> = OnceLock::new();
    TAPE.get_or_init(|| generate("checkpoints.tape", "200000"))
}

fn command(desk: &Desk, more: &[&str]) -> Command {
    let mut command = backplane_tests::command();
    command.arg("run").arg("--tape").arg(tape());
    command.arg("--plugins").arg(build_directory());
    command.arg("--output").arg(desk.path("out"));
    for strategy in STRATEGIES {
        command.args(["--strategy", strategy]);
    }
    command.args(more);
    command
}

fn run(desk: &Desk, more: &[&str]) -> Said {
    said(&mut command(desk, more))
}

/// The digests of all files of a desk's results.
type Files = BTreeMap<String, String>;

fn results(desk: &Desk) -> Files {
    let entries = std::fs::read_dir(desk.path("out")).unwrap();
    let digest = |path: PathBuf| {
        let digest = blake3::hash(&std::fs::read(&path).unwrap());
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (name, digest.to_hex().to_string())
    };
    let files: Files = entries.map(|x| digest(x.unwrap().path())).collect();
    assert!(files.len() >= 8, "{files:?}");
    files
}

/// A run that was never killed, and how long it took.
fn whole() -> &'static (Files, Duration) {
    static WHOLE: OnceLock<(Files, Duration)> = OnceLock::new();
    WHOLE.get_or_init(|| {
        let desk = Desk::new();
        let began = Instant::now();
        run(&desk, &["--checkpoint-every", "200s"]).ok();
        let took = began.elapsed();
        assert_eq!(desk.names(), ["out"], "checkpoints go away with the run");
        let checkpointed = results(&desk);
        run(&desk, &["--force"]).ok();
        assert_eq!(results(&desk), checkpointed, "checkpoints change nothing");
        (checkpointed, took)
    })
}

/// Starts a run and kills it after a time; whether it had made a folder of checkpoints and no results.
fn kill(desk: &Desk, after: Duration, more: &[&str]) -> bool {
    let mut run = command(desk, more);
    let null = || std::process::Stdio::null();
    let mut run = run.stdout(null()).stderr(null()).spawn().unwrap();
    std::thread::sleep(after);
    let _ = run.kill();
    run.wait().unwrap();
    desk.path("out.checkpoints").is_dir() && !desk.path("out").exists()
}

#[test]
fn a_run_that_is_killed_at_any_moment_and_taken_up_gives_the_same() {
    let (expected, took) = whole();
    let kills = std::env::var("BACKPLANE_KILLS").ok();
    let kills = kills.map_or(KILLS, |x| x.parse().unwrap());
    let mut chance = Chance::new("kills of runs with checkpoints");
    let (mut taken_up, mut tries) = (0, 0);
    while taken_up < kills {
        tries += 1;
        assert!(
            tries < 20 * kills,
            "{taken_up} of {kills} were killed in time"
        );
        let desk = Desk::new();
        let after = took.mul_f64(chance.share());
        // A moment before there is anything to go on from, or after the end, is no moment of the run.
        if !kill(&desk, after, &["--checkpoint-every", "200s"]) {
            continue;
        }
        taken_up += 1;
        // Some are killed once more while they are taken up.
        let again = took.mul_f64(chance.share() / 2.0);
        if taken_up % 3 == 0 && !kill(&desk, again, &["--resume"]) {
            assert!(desk.path("out").exists(), "it was over before");
        } else {
            run(&desk, &["--resume"]).ok();
        }
        let found = results(&desk);
        assert_eq!(&found, expected, "killed after {after:?}");
    }
    println!("{taken_up} runs were killed and taken up, with the same results each time");
}

/// A run that is killed as soon as it has checkpoints of every strategy that can save.
fn killed() -> Desk {
    for _ in 0..20 {
        let desk = Desk::new();
        let null = || std::process::Stdio::null();
        let mut run = command(&desk, &["--checkpoint-every", "200s"]);
        let mut run = run.stdout(null()).stderr(null()).spawn().unwrap();
        while !has_checkpoints(&desk) && run.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_micros(200));
        }
        let _ = run.kill();
        run.wait().unwrap();
        if has_checkpoints(&desk) && !desk.path("out").exists() {
            return desk;
        }
    }
    panic!("no run could be killed between its checkpoints and its end");
}

fn has_checkpoints(desk: &Desk) -> bool {
    let folder = desk.path("out.checkpoints");
    let size = |number: u32| {
        let path = folder.join(format!("{number}.checkpoints"));
        path.metadata().map_or(0, |x| x.len())
    };
    (0..3).all(|x| size(x) > 500)
}

#[test]
fn checkpoints_that_are_cut_or_changed_are_refused_and_those_before_are_used() {
    let (expected, _) = whole();
    let desk = killed();
    let folder = desk.path("out.checkpoints");
    let kept = Desk::new();
    let copy = |from: &Path, to: &Path| {
        for entry in std::fs::read_dir(from).unwrap() {
            let path = entry.unwrap().path();
            std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
        }
    };
    copy(&folder, kept.folder.path());
    for cut in [0, 1, 11, 12, 13, 50, 1_000, usize::MAX] {
        std::fs::create_dir_all(&folder).unwrap();
        copy(kept.folder.path(), &folder);
        for number in 0..3 {
            let path = folder.join(format!("{number}.checkpoints"));
            let mut bytes = std::fs::read(&path).unwrap();
            let end = bytes
                .len()
                .saturating_sub(cut.min(bytes.len() / 2))
                .max(cut.min(12));
            if number == 1 {
                let place = bytes.len() / 2 + cut % 100;
                bytes[place] ^= 0x40;
            } else {
                bytes.truncate(end);
            }
            std::fs::write(&path, bytes).unwrap();
        }
        run(&desk, &["--resume", "--force"]).ok();
        assert_eq!(&results(&desk), expected, "cut by {cut}");
    }
}

#[test]
fn only_the_same_run_is_taken_up() {
    let desk = killed();
    let held = std::fs::File::open(desk.path("out.checkpoints/run.json")).unwrap();
    held.lock().unwrap();
    for more in [
        &["--resume"][..],
        &["--checkpoint-every", "200s", "--force"],
    ] {
        let other = run(&desk, more);
        assert!(other.error(4).ends_with("is still going on"));
    }
    drop(held);
    let other = run(&desk, &["--resume", "--seed", "2"]);
    assert!(
        other.error(3).contains("are of another run"),
        "{}",
        other.stderr
    );
    // Who is recorded hears more: its messages have other numbers.
    let recorded = run(&desk, &["--resume", "--record", "momentum"]);
    assert!(recorded.error(3).contains("are of another run"));
    let again = run(&desk, &["--checkpoint-every", "200s"]);
    assert!(
        again
            .error(4)
            .contains("a run was killed whose checkpoints are in")
    );
    run(&desk, &["--checkpoint-every", "200s", "--force"]).ok();
    let nothing = run(&desk, &["--resume", "--force"]);
    assert!(
        nothing.error(4).contains("looking for checkpoints in"),
        "{}",
        nothing.stderr
    );
    let wrong = run(&desk, &["--force", "--checkpoint-every", "0s"]);
    wrong.error(2);
}
