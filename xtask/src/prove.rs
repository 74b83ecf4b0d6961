//! `cargo xtask prove fast`: every measurement of speed in one run.
//!
//! In: how much is to be measured. Out: a table or one JSON object on standard output, and the measuring program's exit
//! code: 0, or 8 where a target was missed. Builds the workspace, and the peer, which is a workspace of its own below
//! `benches/peer`; `--quick` leaves the peer out where it was never built.

use std::process::{Command, ExitCode, Stdio};

use crate::failure::Failure;
use crate::process;
use crate::workspace::Workspace;

/// The options that take a value.
const VALUED: &[&str] = &["--rounds", "--messages", "--only"];
/// The options that take none.
const BARE: &[&str] = &["--quick", "--json"];

/// What one can ask to have proven, now or one day.
const LATER: &[&str] = &["true", "same", "safe"];

/// The options of `prove fast` as they are passed on to the measuring program.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Prove {
    words: Vec<String>,
}

impl Prove {
    /// Reads the words that follow `prove`.
    pub(crate) fn parse(words: &[&str]) -> Result<Prove, Failure> {
        let next = "`cargo xtask prove fast` measures speed; see `cargo xtask help`";
        let options = match words {
            ["fast", options @ ..] => options,
            [which, ..] if LATER.contains(which) => {
                let what = format!("`prove {which}` is not there yet; there is `prove fast`");
                return Err(Failure::new(what, next));
            }
            [which, ..] => {
                let what = format!("`prove` does not know `{which}`; there is `prove fast`");
                return Err(Failure::new(what, next));
            }
            [] => {
                let what = "`prove` must be told what to prove; there is `prove fast`";
                return Err(Failure::new(what, next));
            }
        };
        check(options)?;
        let words = options.iter().map(|x| (*x).to_owned()).collect();
        Ok(Prove { words })
    }

    fn has(&self, option: &str) -> bool {
        self.words.iter().any(|x| x == option)
    }
}

/// Refuses what the measuring program would refuse, before anything is built.
fn check(options: &[&str]) -> Result<(), Failure> {
    let wrong = |what: String| {
        let next = "its options are --quick, --json, --rounds N, --messages N and --only TEXT";
        Failure::new(what, next)
    };
    let mut options = options.iter();
    while let Some(option) = options.next() {
        if BARE.contains(option) {
            continue;
        }
        if !VALUED.contains(option) {
            return Err(wrong(format!("`prove fast` does not take `{option}`")));
        }
        let value = options.next();
        let Some(value) = value else {
            return Err(wrong(format!("`{option}` must be followed by a value")));
        };
        if *option != "--only" && value.parse::<u64>().is_err() {
            let what = format!("`{option}` is `{value}`, but must be a whole number");
            return Err(wrong(what));
        }
    }
    Ok(())
}

/// Builds what is measured and measures it.
pub(crate) fn run(workspace: &Workspace, request: &Prove) -> Result<ExitCode, Failure> {
    // Cargo reports to standard error, so that standard output is the measurement's alone. The build is that of
    // `cargo xtask test`, so that nothing is compiled twice.
    let mut build = process::cargo();
    build.args(["build", "--release", "--workspace", "--all-targets"]);
    process::show(build.current_dir(&workspace.root))?;
    let mut measure = Command::new(workspace.target.join("release/prove-fast"));
    measure.args(&request.words);
    let peer = workspace.target.join("peer/release/peer");
    let manifest = workspace.root.join("benches/peer/Cargo.toml");
    if manifest.exists() && (peer.exists() || !request.has("--quick")) {
        let mut build = process::cargo();
        build.args(["build", "--release", "--locked", "--manifest-path"]);
        build.arg(&manifest).arg("--target-dir");
        process::show(build.arg(workspace.target.join("peer")))?;
    }
    if peer.exists() {
        measure.arg("--peer").arg(&peer);
    }
    let status = measure.stdin(Stdio::null()).status();
    let status = status.map_err(|cause| {
        Failure::new(
            format!("cannot start `{}`: {cause}", process::line(&measure)),
            "build the workspace again",
        )
    })?;
    // A signal leaves no code.
    let code = status.code().and_then(|x| u8::try_from(x).ok());
    code.map(ExitCode::from).ok_or_else(|| {
        Failure::new(
            format!("`{}` ended with {status}", process::line(&measure)),
            "run it again; if it was killed, see whether memory was short",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Prove, String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        Prove::parse(&words).map_err(|failure| failure.to_string())
    }

    #[test]
    fn options_are_passed_on_as_they_were_given() {
        let line = "fast --quick --rounds 3 --only market --json";
        let words = parsed(line).expect("these options exist").words;
        assert_eq!(words.join(" "), &line[5..]);
    }

    #[test]
    fn what_is_not_there_yet_is_refused_with_what_is() {
        for which in LATER {
            let message = parsed(which).expect_err("it is not there yet");
            assert!(message.contains("not there yet"), "{message}");
            assert!(message.contains("`prove fast`"), "{message}");
        }
    }

    #[test]
    fn wrong_options_are_refused_before_anything_is_built() {
        let cases = [
            ("", "must be told what to prove"),
            ("slow", "does not know `slow`"),
            ("fast --hard", "does not take `--hard`"),
            ("fast --rounds", "must be followed by a value"),
            ("fast --rounds many", "must be a whole number"),
        ];
        for (line, part) in cases {
            let message = parsed(line).expect_err("this is wrong");
            assert!(message.contains(part), "{message}");
        }
    }
}
