//! Nothing outlives the host.
//!
//! Takes in runs whose supervisor or worker is killed at random moments; gives out whether a strategy's process is left.

use std::process::Stdio;
use std::time::{Duration, Instant};

use backplane_tests::chance::Chance;

use super::{Desk, kill, mark, marked, outlived, python, run_command, strategies};
use crate::cli::tape;

/// How often each is killed, unless `BACKPLANE_KILLS` says it.
const KILLS: u32 = 12;
/// The latest of the moments: an interpreter has long been at work then.
const LATEST: Duration = Duration::from_millis(1_500);

/// The children of a process whose command line holds a word.
fn child_of(parent: u32, word: &str) -> Option<u32> {
    let children = format!("/proc/{parent}/task/{parent}/children");
    let children = std::fs::read_to_string(children).ok()?;
    let mut numbers = children.split_whitespace().filter_map(|x| x.parse().ok());
    numbers.find(|number: &u32| {
        let line = std::fs::read(format!("/proc/{number}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(word)
    })
}

/// Runs a strategy that never comes to an end, kills what `victim` finds after a while, and looks who is left.
fn no_process_is_left(name: &str, victim: impl Fn(u32) -> Option<u32>) {
    let Some(python) = python() else { return };
    let kills = std::env::var("BACKPLANE_KILLS").ok();
    let kills = kills.map_or(KILLS, |x| x.parse().unwrap());
    let mut chance = Chance::new(name);
    for round in 1..=kills {
        let desk = Desk::new();
        let mut command = run_command(&python, &desk, tape(), "out");
        command.arg("--plugins").arg(strategies());
        command.args([
            "--strategy",
            "misbehave:sin=6",
            "--strategy",
            "second@misbehave",
        ]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut host = mark(&mut command, name).spawn().unwrap();
        // From before the interpreter starts until long after, early moments more often.
        let after = LATEST.mul_f64(chance.share().powi(2));
        std::thread::sleep(after);
        let begun = Instant::now();
        // `timeout` stands before the host.
        let found = loop {
            let supervisor = child_of(host.id(), "backplane");
            match supervisor.and_then(&victim) {
                Some(found) => break found,
                None => assert!(
                    begun.elapsed() < Duration::from_secs(20),
                    "{name}: nobody to kill"
                ),
            }
        };
        kill(found);
        if name == "worker" {
            // The supervisor goes on by itself; what the dead worker had started must be gone meanwhile.
            std::thread::sleep(Duration::from_millis(100));
            let supervisor = child_of(host.id(), "backplane");
            supervisor.into_iter().for_each(kill);
        }
        let left = outlived(name, Duration::from_secs(2));
        let _ = host.kill();
        host.wait().unwrap();
        assert!(
            left.is_empty(),
            "round {round}, killed after {after:?}: {left:?} of {:?}",
            marked(name)
        );
    }
    println!("{name}: killed at {kills} moments, and no process was left");
}

#[test]
fn a_supervisor_that_is_killed_leaves_no_process() {
    no_process_is_left("supervisor", Some);
}

#[test]
fn a_worker_that_is_killed_leaves_no_process() {
    no_process_is_left("worker", |supervisor| child_of(supervisor, "worker"));
}
