//! Running other programs: echoed, without standard input, with failures that name the command.
//!
//! In: a [`Command`]. Out: its captured output, or nothing when it printed for itself.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::failure::Failure;

/// How many last lines of a failed command's standard error are quoted.
const QUOTED_LINES: usize = 20;

/// The cargo that runs this tool, or the one on the search path.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// The folder of this user's caches.
pub(crate) fn cache_folder() -> Option<PathBuf> {
    let named = |name| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    named("XDG_CACHE_HOME").or_else(|| Some(named("HOME")?.join(".cache")))
}

/// The words of a command as a reader would type them.
pub(crate) fn line(command: &Command) -> String {
    let program = command.get_program().to_string_lossy();
    let mut words = vec![if program.ends_with("/cargo") {
        "cargo".to_owned()
    } else {
        program.into_owned()
    }];
    words.extend(
        command
            .get_args()
            .map(|word| word.to_string_lossy().into_owned()),
    );
    words.join(" ")
}

/// Runs a command that prints for itself.
pub(crate) fn show(command: &mut Command) -> Result<(), Failure> {
    let status = command.stdin(Stdio::null()).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::new(
            format!("`{}` ended with {status}", line(command)),
            "read what it printed above",
        )),
        Err(cause) => Err(cannot_start(command, &cause)),
    }
}

/// Runs a command silently and returns what it wrote to standard output.
pub(crate) fn capture(command: &mut Command) -> Result<String, Failure> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|cause| cannot_start(command, &cause))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = errors.lines().collect();
    let quoted = &lines[lines.len().saturating_sub(QUOTED_LINES)..];
    Err(Failure::new(
        format!(
            "`{}` ended with {}: {}",
            line(command),
            output.status,
            quoted.join("\n")
        ),
        "run that command by hand to see all it prints",
    ))
}

/// A program that is absent or may not be started.
fn cannot_start(command: &Command, cause: &std::io::Error) -> Failure {
    Failure::new(
        format!("cannot start `{}`: {cause}", line(command)),
        "install that program or put it on the search path",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_command_is_quoted_with_its_last_words() {
        let failure = capture(Command::new("sh").args(["-c", "echo the cause >&2; exit 3"]))
            .expect_err("the command fails")
            .to_string();
        assert!(failure.contains("the cause"), "{failure}");
        assert!(failure.contains("exit status: 3"), "{failure}");
    }

    #[test]
    fn an_absent_program_is_named() {
        let failure = show(&mut Command::new("no-such-program-here"))
            .expect_err("there is no such program")
            .to_string();
        assert!(
            failure.contains("cannot start `no-such-program-here`"),
            "{failure}"
        );
    }

    #[test]
    fn a_command_never_waits_for_standard_input() {
        let text = capture(&mut Command::new("cat")).expect("cat ends at once");
        assert_eq!(text, "");
    }
}
