//! Strategies in Python, run by the command line.
//!
//! Takes in the strategies of `python/examples` and `tests/python` and an interpreter that has their packages; gives out
//! whether they do what their Rust twins do, whatever the size of a batch, and whether what they do wrong costs them alone.
#![allow(
    clippy::disallowed_methods,
    reason = "processes are waited for in real time"
)]

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use backplane_tests::{native_plugin, python};

use super::Desk;

/// Modules that lie beside a strategy.
mod beside;
/// What a Python strategy does wrong costs it alone.
mod faults;
/// Features: rows, wishes, and the table to train on.
mod features;
/// Nothing outlives the host.
mod orphans;
/// The package: types, wheel, runs and results from Python.
mod package;
/// The same commands as the Rust strategies.
mod ports;
/// States that are saved and taken over.
mod state;

/// The root of the checkout.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The strategies that are examples.
fn examples() -> PathBuf {
    root().join("python/examples")
}

/// The strategies that are for tests.
fn strategies() -> PathBuf {
    root().join("tests/python")
}

/// A run of a tape with an interpreter of the tests: `--plugins` and the strategies are to be added.
fn run_command(python: &Path, desk: &Desk, tape: &Path, output: &str) -> Command {
    let mut command = super::command();
    let environment = python.parent().and_then(Path::parent).unwrap();
    command.env("VIRTUAL_ENV", environment);
    command.arg("run").arg(desk.write("run.toml", SETTINGS));
    command.arg("--tape").arg(tape);
    command.arg("--output").arg(desk.path(output));
    command
}

/// What every run here is set to.
const SETTINGS: &str = "[python]\nstart_timeout = \"50s\"\n";

/// A directory with a native strategy beside Python ones.
fn shelf(desk: &Desk, files: &[PathBuf]) -> PathBuf {
    let shelf = desk.path("plugins");
    std::fs::create_dir_all(&shelf).unwrap();
    let native = native_plugin("momentum");
    std::fs::copy(&native, shelf.join(native.file_name().unwrap())).unwrap();
    for file in files {
        std::fs::copy(file, shelf.join(file.file_name().unwrap())).unwrap();
    }
    shelf
}

/// The processes of this machine whose environment says `mark`.
fn marked(mark: &str) -> Vec<u32> {
    let wanted = format!("BACKPLANE_TEST_MARK={mark}\0");
    let entries = std::fs::read_dir("/proc").unwrap();
    let numbers = entries.filter_map(|x| x.ok()?.file_name().to_str()?.parse().ok());
    let is_marked = |number: &u32| {
        let environment = std::fs::read(format!("/proc/{number}/environ")).unwrap_or_default();
        let text = String::from_utf8_lossy(&environment).into_owned();
        (text + "\0").contains(&wanted)
    };
    numbers.filter(is_marked).collect()
}

/// Waits until no process says `mark`, at most so long; those that are left.
fn outlived(mark: &str, patience: Duration) -> Vec<u32> {
    let begun = Instant::now();
    loop {
        let left = marked(mark);
        if left.is_empty() || begun.elapsed() > patience {
            return left;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Ends a process without a word.
fn kill(process: u32) {
    let done = Command::new("kill")
        .args(["-9", &process.to_string()])
        .status();
    assert!(done.unwrap().success());
}

/// A command whose processes can be told by `mark`.
fn mark<'a>(command: &'a mut Command, mark: &(impl AsRef<OsStr> + ?Sized)) -> &'a mut Command {
    command.env("BACKPLANE_TEST_MARK", mark)
}
