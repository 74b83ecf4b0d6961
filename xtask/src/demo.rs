//! `cargo xtask demo`: from a clean checkout to a report, with no data at hand.
//!
//! In: nothing. Out: a generated tape and the results of two strategies below `demo/` in the target
//! folder, and each command that made them, echoed so that a reader can type it.

use std::fs;
use std::process::Command;

use crate::failure::Failure;
use crate::process;
use crate::workspace::Workspace;

/// The commands of the demo in order; `{target}` stands for the target folder.
/// The SDK is named among the packages so that it has the same features as in a build of the whole
/// workspace, which then compiles neither it nor what stands on it again.
const COMMANDS: &[&[&str]] = &[
    &[
        "cargo",
        "build",
        "--release",
        "--package",
        "backplane-sdk",
        "--package",
        "backplane-cli",
        "--package",
        "backplane-momentum",
        "--package",
        "backplane-mean-reversion",
    ],
    &[
        "{target}/release/backplane",
        "tape",
        "generate",
        "--messages",
        "2000000",
        "--instruments",
        "1",
        "--seed",
        "7",
        "--force",
        "-o",
        "{target}/demo/demo.tape",
    ],
    &[
        "{target}/release/backplane",
        "run",
        "--tape",
        "{target}/demo/demo.tape",
        "--plugins",
        "{target}/release",
        "--allow",
        "native",
        "--strategy",
        "momentum",
        "--strategy",
        "mean_reversion",
        "--force",
        "-o",
        "{target}/demo/results",
    ],
];

/// Runs the demo's commands, stopping at the first that fails.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Failure> {
    let folder = workspace.target.join("demo");
    fs::create_dir_all(&folder).map_err(|cause| {
        Failure::new(
            format!("cannot create {}: {cause}", folder.display()),
            "check who may write there, or set CARGO_TARGET_DIR to another folder",
        )
    })?;
    for words in COMMANDS {
        let words = filled(words, &workspace.target_shown());
        println!("$ {}", words.join(" "));
        let mut command = if words[0] == "cargo" {
            process::cargo()
        } else {
            Command::new(&words[0])
        };
        process::show(command.args(&words[1..]).current_dir(&workspace.root))?;
    }
    Ok(())
}

/// The words of a command, with the target folder put in.
fn filled(words: &[&str], target: &str) -> Vec<String> {
    let fill = |word: &&str| word.replace("{target}", target);
    words.iter().map(fill).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_can_be_typed_from_the_root() {
        for words in COMMANDS {
            let line = filled(words, "target").join(" ");
            assert!(!line.contains('{'), "{line}");
            assert!(
                line.starts_with("cargo ") || line.starts_with("target/release/backplane "),
                "{line}"
            );
        }
    }
}
