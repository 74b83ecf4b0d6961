//! `cargo xtask prove fast`, `prove true`, `prove same` and `prove safe`: every measurement of speed, of truth, of sameness,
//! and of what strategies can do wrong, in one run each.
//!
//! In: how much is to be measured. Out: a table or one JSON object on standard output, and the measuring program's exit
//! code: 0, or 8 where a target was missed. Builds the workspace; for speed also the peer, which is a workspace of its
//! own below `benches/peer` (`--quick` leaves it out where it was never built); for sameness also the guests.

use std::process::{Command, ExitCode, Stdio};

use crate::failure::Failure;
use crate::guests;
use crate::process;
use crate::workspace::Workspace;

/// What can be proven, and by which program.
#[derive(Debug, PartialEq, Eq)]
struct Proof {
    name: &'static str,
    program: &'static str,
    /// The options that take a value.
    valued: &'static [&'static str],
    /// The options that take none.
    bare: &'static [&'static str],
    /// All of them, in words.
    options: &'static str,
}

const PROOFS: [Proof; 4] = [
    Proof {
        name: "fast",
        program: "prove-fast",
        valued: &["--rounds", "--messages", "--only"],
        bare: &["--quick", "--json"],
        options: "--quick, --json, --rounds N, --messages N and --only TEXT",
    },
    Proof {
        name: "true",
        program: "prove-true",
        valued: &["--sample", "--seed"],
        bare: &["--json"],
        options: "--json, --sample N and --seed N",
    },
    Proof {
        name: "same",
        program: "prove-same",
        valued: &[],
        bare: &["--json"],
        options: "--json",
    },
    Proof {
        name: "safe",
        program: "prove-safe",
        valued: &["--only"],
        bare: &["--json"],
        options: "--json and --only TEXT",
    },
];

/// What is to be proven, and the options as they are passed on to the measuring program.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Prove {
    proof: &'static Proof,
    words: Vec<String>,
}

impl Prove {
    /// Reads the words that follow `prove`.
    pub(crate) fn parse(words: &[&str]) -> Result<Prove, Failure> {
        let next = "`cargo xtask prove fast` measures speed, `prove true` fills, `prove same` digests, `prove safe` what strategies can do wrong; see `cargo xtask help`";
        let there = "there are `prove fast`, `prove true`, `prove same` and `prove safe`";
        let Some((which, options)) = words.split_first() else {
            let what = format!("`prove` must be told what to prove; {there}");
            return Err(Failure::new(what, next));
        };
        let Some(proof) = PROOFS.iter().find(|x| x.name == *which) else {
            let what = format!("`prove` does not know `{which}`; {there}");
            return Err(Failure::new(what, next));
        };
        check(proof, options)?;
        let words = options.iter().map(|x| (*x).to_owned()).collect();
        Ok(Prove { proof, words })
    }

    fn has(&self, option: &str) -> bool {
        self.words.iter().any(|x| x == option)
    }
}

/// Refuses what the measuring program would refuse, before anything is built.
fn check(proof: &Proof, options: &[&str]) -> Result<(), Failure> {
    let wrong = |what: String| Failure::new(what, format!("its options are {}", proof.options));
    let mut options = options.iter();
    while let Some(option) = options.next() {
        if proof.bare.contains(option) {
            continue;
        }
        if !proof.valued.contains(option) {
            return Err(wrong(format!(
                "`prove {}` does not take `{option}`",
                proof.name
            )));
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
    let program = workspace.target.join("release").join(request.proof.program);
    let mut measure = Command::new(program);
    measure.args(&request.words);
    match request.proof.name {
        "fast" => add_peer(workspace, request, &mut measure)?,
        "same" | "safe" => guests::run(workspace)?,
        _ => {}
    }
    finish(&mut measure)
}

/// Builds the peer, where it is wanted, and tells the measuring program of it.
fn add_peer(workspace: &Workspace, request: &Prove, measure: &mut Command) -> Result<(), Failure> {
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
    Ok(())
}

/// Runs the measuring program; gives its exit code.
fn finish(measure: &mut Command) -> Result<ExitCode, Failure> {
    let status = measure.stdin(Stdio::null()).status();
    let status = status.map_err(|cause| {
        Failure::new(
            format!("cannot start `{}`: {cause}", process::line(measure)),
            "build the workspace again",
        )
    })?;
    // A signal leaves no code.
    let code = status.code().and_then(|x| u8::try_from(x).ok());
    code.map(ExitCode::from).ok_or_else(|| {
        Failure::new(
            format!("`{}` ended with {status}", process::line(measure)),
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
        let line = "true --sample 100 --seed 2 --json";
        let request = parsed(line).expect("these options exist");
        assert_eq!(request.words.join(" "), &line[5..]);
        assert_eq!(request.proof.program, "prove-true");
        let request = parsed("safe --only loop").expect("this option exists");
        assert_eq!(request.proof.program, "prove-safe");
    }

    #[test]
    fn wrong_options_are_refused_before_anything_is_built() {
        let cases = [
            ("", "must be told what to prove"),
            ("slow", "does not know `slow`"),
            ("fast --hard", "does not take `--hard`"),
            ("fast --rounds", "must be followed by a value"),
            ("fast --rounds many", "must be a whole number"),
            ("true --quick", "`prove true` does not take `--quick`"),
        ];
        for (line, part) in cases {
            let message = parsed(line).expect_err("this is wrong");
            assert!(message.contains(part), "{message}");
        }
    }
}
