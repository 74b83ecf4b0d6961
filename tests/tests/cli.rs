//! The built command line, from outside.
//!
//! Takes in a small generated tape, the plugins that the workspace builds and files that the tests make; gives out
//! whether `backplane` writes true results, names what went wrong with the right exit code, and leaves nothing behind.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use backplane_tests::{as_the_tests_user, build_directory, command_line};
use serde_json::Value;
use tempfile::TempDir;

/// What instruments are worth and what executions cost.
mod accounts;
/// The ghost study.
mod calibrate;
/// Runs that are killed and taken up again.
mod checkpoints;
/// Runs side by side, and reports made again.
mod compare;
/// Tapes and sources that cannot be used.
mod data;
/// Tapes that are printed, cut, merged and converted.
mod edits;
/// Interruptions and violent ends.
mod ending;
/// What a strategy that falls costs the others: nothing.
mod faults;
/// Captures, folders and tables, imported, verified and traded.
mod feeds;
/// Output for programs.
mod json;
/// Limits of risk that a run file sets.
mod limits;
/// Real market data, imported, verified and traded.
mod market;
/// Models that a run file names.
mod models;
/// What a policy and `--allow` grant, and what they do not.
mod policy;
/// Strategies in Python.
mod python;
/// Recordings of what a strategy heard.
mod recordings;
/// Plugins that are refused.
mod refusals;
/// Results add up.
mod results;
/// The same run gives the same results.
mod sameness;
/// Sandboxed strategies.
mod sandbox;
/// Strategies that are begun with `plugin new`.
mod scaffold;
/// What happens to positions without an order.
mod settlements;
/// Versions that take over while a run goes on.
mod swaps;
/// Tables of results.
mod tables;
/// Tapes of price levels, repeated tapes, and generated markets beside recorded ones.
mod tapes;
/// Flags, run files, and mistakes in them.
mod usage;
/// Plugins that are checked before they are trusted.
mod validate;

/// Strategies that trade on the small tape.
const MOMENTUM: &str = "momentum:lookback=20,threshold=0.5";
const REVERSION: &str = "mean_reversion:window=50,entry=1.5";

/// What a command said and how it ended.
struct Said {
    /// The exit code; 124 where it took too long.
    code: i32,
    stdout: String,
    stderr: String,
}

impl Said {
    /// The one line that says what failed, where the command ended as it should and said nothing else.
    fn error(&self, code: i32) -> &str {
        assert_eq!(self.code, code, "{}{}", self.stdout, self.stderr);
        assert_eq!(self.stdout, "");
        let lines: Vec<&str> = self.stderr.lines().collect();
        let [error, hint] = lines[..] else {
            panic!("not one line of error and one of hint:\n{}", self.stderr);
        };
        assert!(hint.starts_with("hint: "), "{hint}");
        error.strip_prefix("error: ").unwrap()
    }

    /// Standard output, where all went well.
    fn ok(self) -> String {
        assert_eq!(self.code, 0, "{}{}", self.stdout, self.stderr);
        self.stdout
    }

    fn json(self) -> Value {
        serde_json::from_str(&self.ok()).unwrap()
    }
}

/// A command that is ended after a minute.
fn command() -> Command {
    let mut command = Command::new("timeout");
    command.arg("60").arg(command_line());
    command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    as_the_tests_user(&mut command);
    command
}

fn said(command: &mut Command) -> Said {
    let output = command.output().unwrap();
    Said {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs the command line.
fn backplane<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Said {
    said(command().args(arguments))
}

/// The small tape.
pub(crate) fn tape() -> &'static Path {
    static TAPE: OnceLock<PathBuf> = OnceLock::new();
    TAPE.get_or_init(|| generate("small.tape", "60000"))
}

/// Makes a tape in the build's folder for temporary files, where each run of the tests replaces the one before.
fn generate(name: &str, messages: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let mut command = command();
    command.args(["tape", "generate", "--seed", "7", "--messages", messages]);
    said(command.args(["--force", "-o"]).arg(&path)).ok();
    path
}

/// A folder for one test's files.
struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new() -> Desk {
        Desk {
            folder: TempDir::new().unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// The command that runs strategies over the small tape, with results in `out`.
    fn run_command(&self, strategies: &[&str]) -> Command {
        let mut command = command();
        command.arg("run").arg("--tape").arg(tape());
        command.arg("--plugins").arg(build_directory());
        command.arg("--output").arg(self.path("out"));
        for strategy in strategies {
            command.args(["--strategy", strategy]);
        }
        command
    }

    fn run(&self, strategies: &[&str]) -> Said {
        said(&mut self.run_command(strategies))
    }

    /// The names of all that lies on the desk, hidden files too.
    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        let names = entries.map(|x| x.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }
}

/// A result directory's `run.json`.
fn run_json(results: &Path) -> Value {
    let text = std::fs::read_to_string(results.join("run.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// What `run.json` says of an instance.
fn instance<'a>(run: &'a Value, label: &str) -> &'a Value {
    let described = run["instances"].as_array().unwrap();
    let number = described.iter().position(|x| x["name"] == label).unwrap();
    &run["summary"]["instances"][number]
}
