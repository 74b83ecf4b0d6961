//! `cargo xtask test`: every check of this repository, in order, stopping at the first failure.
//!
//! In: the checkout. Out: a line before and after each check, and a summary with durations. A check
//! whose tool this machine lacks is skipped, and the reason printed; it does not fail.

use std::time::{Duration, Instant};

use crate::failure::Failure;
use crate::guests::{self, Built};
use crate::workspace::Workspace;
use crate::{browser, learn, process, python, tidy, wheel};

/// What a check does.
enum Action {
    /// Calls cargo with these words.
    Cargo(&'static [&'static str]),
    /// Checks the house rules.
    Tidy,
    /// Holds the lock files of the workspaces beside this one to the manifests.
    Locks,
    /// Makes the Python environment that tests use.
    Python,
    /// Finds the browser that tests of pages use, or unpacks one.
    Browser,
    /// Compiles the strategies for wasm32.
    Guests,
    /// Builds the wheel and tries it.
    Wheel,
    /// Trains the example model and trades on it.
    Learn,
}

/// One check.
struct Step {
    /// Its name in the summary.
    name: &'static str,
    /// What it does.
    action: Action,
    /// The cargo subcommand it needs, with the rustup component that brings it.
    needs: Option<(&'static str, &'static str)>,
    /// Whether `--quick` leaves it out, since it compiles everything once more.
    slow: bool,
}

/// How a check ended.
enum Outcome {
    Passed,
    Skipped(String),
    Failed(Failure),
}

/// The checks in order: those that take a second come first.
/// All share the one release profile. The build takes in all targets: without those of the tests,
/// some dependencies would be built with fewer features, and then once more for the tests.
const STEPS: &[Step] = &[
    Step {
        name: "format",
        action: Action::Cargo(&["fmt", "--all", "--check"]),
        needs: Some(("fmt", "rustfmt")),
        slow: false,
    },
    Step {
        name: "tidy",
        action: Action::Tidy,
        needs: None,
        slow: false,
    },
    Step {
        name: "locks",
        action: Action::Locks,
        needs: None,
        slow: false,
    },
    Step {
        name: "clippy",
        action: Action::Cargo(&[
            "clippy",
            "--release",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ]),
        needs: Some(("clippy", "clippy")),
        slow: true,
    },
    Step {
        name: "build",
        action: Action::Cargo(&["build", "--release", "--workspace", "--all-targets"]),
        needs: None,
        slow: false,
    },
    // The tests run what is built here.
    Step {
        name: "guests",
        action: Action::Guests,
        needs: None,
        slow: false,
    },
    Step {
        name: "python",
        action: Action::Python,
        needs: None,
        slow: false,
    },
    Step {
        name: "browser",
        action: Action::Browser,
        needs: None,
        slow: false,
    },
    Step {
        name: "tests",
        action: Action::Cargo(&["test", "--release", "--workspace"]),
        needs: None,
        slow: false,
    },
    Step {
        name: "wheel",
        action: Action::Wheel,
        needs: None,
        slow: true,
    },
    Step {
        name: "learn",
        action: Action::Learn,
        needs: None,
        slow: true,
    },
    Step {
        name: "docs",
        action: Action::Cargo(&["doc", "--release", "--no-deps", "--workspace"]),
        needs: None,
        slow: true,
    },
];

/// The workspaces beside this one, each with a lock file of its own that knows the crates of this one.
const BESIDE: &[&str] = &["benches/peer", "fuzz", "plugins/ml"];
/// Fails where a lock file does not say what the manifests do, and changes nothing.
const LOCKED: &[&str] = &["update", "--workspace", "--locked"];

/// Holds the lock file of a workspace beside this one to the manifests.
fn lock(workspace: &Workspace, beside: &str) -> Result<(), Failure> {
    let manifest = workspace.root.join(beside).join("Cargo.toml");
    let mut command = process::cargo();
    command.args(LOCKED).arg("--manifest-path").arg(&manifest);
    process::capture(&mut command).map(drop).map_err(|failure| {
        Failure::new(
            failure.what().to_owned(),
            format!("run `cargo update --workspace --manifest-path {beside}/Cargo.toml`"),
        )
    })
}

/// Runs the checks; `quick` leaves out the slow ones.
pub(crate) fn run(workspace: &Workspace, quick: bool) -> Result<(), Failure> {
    let mut summary: Vec<String> = Vec::new();
    let started = Instant::now();
    for step in STEPS.iter().filter(|step| !(quick && step.slow)) {
        println!("== {}: {}", step.name, line(&step.action));
        let began = Instant::now();
        let outcome = perform(workspace, step);
        let report = report(step.name, &outcome, began.elapsed());
        println!("== {report}\n");
        summary.push(report);
        if let Outcome::Failed(failure) = outcome {
            print_summary(&summary, started.elapsed());
            return Err(failure);
        }
    }
    print_summary(&summary, started.elapsed());
    Ok(())
}

/// One line about a check that has ended.
fn report(name: &str, outcome: &Outcome, took: Duration) -> String {
    let took = took.as_secs_f64();
    match outcome {
        Outcome::Passed => format!("{name:<8} passed  {took:>7.1} s"),
        Outcome::Skipped(reason) => format!("{name:<8} skipped: {reason}"),
        Outcome::Failed(_) => format!("{name:<8} FAILED  {took:>7.1} s"),
    }
}

/// Prints all reports once more, since what the checks printed stands between them.
fn print_summary(summary: &[String], took: Duration) {
    println!("{}", summary.join("\n"));
    println!("{:<8} {:>15.1} s", "in all", took.as_secs_f64());
}

/// What a check would be called on the command line.
fn line(action: &Action) -> String {
    match action {
        Action::Cargo(words) => format!("cargo {}", words.join(" ")),
        Action::Tidy => "cargo xtask tidy".to_owned(),
        Action::Locks => format!("cargo {} of {}", LOCKED.join(" "), BESIDE.join(", ")),
        Action::Python => "cargo xtask python".to_owned(),
        Action::Browser => "cargo xtask browser".to_owned(),
        Action::Guests => "cargo xtask guests".to_owned(),
        Action::Wheel => "cargo xtask wheel".to_owned(),
        Action::Learn => "cargo xtask learn".to_owned(),
    }
}

/// Performs one check.
fn perform(workspace: &Workspace, step: &Step) -> Outcome {
    if let Some((subcommand, component)) = step.needs
        && process::capture(process::cargo().args([subcommand, "--version"])).is_err()
    {
        return Outcome::Skipped(format!(
            "cargo {subcommand} is not installed; run `rustup component add {component}`"
        ));
    }
    if matches!(step.action, Action::Wheel | Action::Learn)
        && let Err(reason) = python::find(workspace)
    {
        return Outcome::Skipped(reason);
    }
    let result = match step.action {
        Action::Cargo(words) => process::show(
            process::cargo()
                .args(words)
                .current_dir(&workspace.root)
                .env("RUSTDOCFLAGS", "-D warnings"),
        ),
        Action::Tidy => tidy::run(workspace).map(|summary| println!("{summary}")),
        Action::Locks => BESIDE.iter().try_for_each(|x| lock(workspace, x)),
        Action::Python => match python::find(workspace) {
            Ok(interpreter) => {
                println!("{}", interpreter.display());
                Ok(())
            }
            Err(reason) => return Outcome::Skipped(reason),
        },
        Action::Browser => match browser::find() {
            Ok(found) => {
                println!("{}", found.display());
                Ok(())
            }
            Err(reason) => return Outcome::Skipped(reason),
        },
        Action::Guests => match guests::build(workspace) {
            Ok(Built::Skipped(reason)) => return Outcome::Skipped(reason),
            Ok(Built::All) => Ok(()),
            Err(failure) => Err(failure),
        },
        Action::Wheel => wheel::run(workspace),
        Action::Learn => learn::run(workspace),
    };
    match result {
        Ok(()) => Outcome::Passed,
        Err(failure) => Outcome::Failed(failure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_that_compiles_uses_the_one_profile() {
        for step in STEPS {
            if let Action::Cargo(words) = step.action {
                assert!(
                    words[0] == "fmt" || words.contains(&"--release"),
                    "{}",
                    step.name
                );
            }
        }
    }

    #[test]
    fn quick_leaves_out_what_compiles_once_more() {
        let slow: Vec<&str> = STEPS
            .iter()
            .filter(|step| step.slow)
            .map(|step| step.name)
            .collect();
        assert_eq!(slow, ["clippy", "wheel", "learn", "docs"]);
    }

    #[test]
    fn a_skipped_check_is_reported_with_its_reason() {
        let outcome = Outcome::Skipped("no tool".to_owned());
        let line = report("clippy", &outcome, Duration::ZERO);
        assert_eq!(line, "clippy   skipped: no tool");
    }

    #[test]
    fn a_missing_subcommand_skips_its_check() {
        let step = Step {
            name: "absent",
            action: Action::Cargo(&["no-such-subcommand"]),
            needs: Some(("no-such-subcommand", "none")),
            slow: false,
        };
        let workspace = Workspace {
            root: "/".into(),
            target: "/".into(),
        };
        assert!(matches!(perform(&workspace, &step), Outcome::Skipped(_)));
    }
}
