//! The project's own tool, run as `cargo xtask <command>`.
//!
//! In: a command and its options. Out: what the command prints, and exit code 0 (done), 1 (something
//! failed), 2 (the call itself was wrong) or 8 (done, but what was to be proven does not hold). Each
//! command is one file; this one only chooses.

#![allow(
    clippy::disallowed_methods,
    reason = "this tool times its own steps; no result of a backtest passes through it"
)]

mod failure;
mod workspace;

mod browser;
mod demo;
mod guests;
mod learn;
mod prove;
mod test;
mod tidy;

mod languages;
mod manifest;
mod packages;
mod process;
mod python;
mod source;
mod wasm_toolchain;
mod wheel;

use std::process::ExitCode;

use failure::Failure;
use prove::Prove;
use workspace::Workspace;

/// What `cargo xtask` prints when it is asked nothing, or asked for help.
const HELP: &str = "\
The project's own tool.

usage: cargo xtask <command> [options]

commands:
  test [--quick]  the whole check, stopping at the first failure
                  (--quick leaves out clippy and docs)
  tidy            the house rules: layers, steps, unsafe, openings, sizes, marks
  python          make the cached Python environment and print its interpreter
  browser         print where the browser of the page tests is; unpack one if none is installed
  guests          compile every strategy to a module target/guests/<name>.wasm: Rust, C,
                  AssemblyScript; compilers that are missing are fetched into the cache folder
  wheel           build the file for pip, and try it in a new environment as README says
  learn           train the example model on a part of a day, trade on the rest
  demo            build, generate a tape, run two strategies over it
  prove fast [--quick] [--json] [--rounds N] [--messages N] [--only TEXT]
                  measure the speed of everything and print one table
                  (--quick measures small tapes and judges nothing)
  prove true [--json] [--sample N] [--seed N]
                  shadow the orders of recorded tapes and judge the fills
  prove same [--json]
                  run every example strategy on each carrier, in batches of every
                  size, again and in company, and compare the digests
  prove safe [--json] [--only TEXT]
                  commit every sin that a strategy can commit, and show what
                  comes of it
  help            this text
";

/// One command of this tool, with its options decided.
#[derive(Debug, PartialEq, Eq)]
enum Command {
    /// Print the help text.
    Help,
    /// Check the house rules.
    Tidy,
    /// Run every check in order.
    Test {
        /// Leave out the slow checks that compile everything once more.
        quick: bool,
    },
    /// Make the Python environment.
    Python,
    /// Find or unpack a browser.
    Browser,
    /// Compile the strategies to WebAssembly.
    Guests,
    /// Build and try the wheel.
    Wheel,
    /// Train the example model and trade on it.
    Learn,
    /// Generate a tape and run strategies over it.
    Demo,
    /// Measure speed, the truth of fills, sameness, or what strategies can do wrong.
    Prove(Prove),
}

/// Reads the command line, without the program's name.
fn parse(arguments: &[String]) -> Result<Command, Failure> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] | ["help" | "--help" | "-h"] | [_, "--help" | "-h"] => Ok(Command::Help),
        ["tidy"] => Ok(Command::Tidy),
        ["test"] => Ok(Command::Test { quick: false }),
        ["test", "--quick"] => Ok(Command::Test { quick: true }),
        ["python"] => Ok(Command::Python),
        ["browser"] => Ok(Command::Browser),
        ["guests"] => Ok(Command::Guests),
        ["wheel"] => Ok(Command::Wheel),
        ["learn"] => Ok(Command::Learn),
        ["demo"] => Ok(Command::Demo),
        ["prove", rest @ ..] => Prove::parse(rest).map(Command::Prove),
        [
            command @ ("tidy" | "test" | "python" | "browser" | "guests" | "wheel" | "learn"
            | "demo"),
            extra @ ..,
        ] => Err(Failure::new(
            format!("`{command}` does not take `{}`", extra.join(" ")),
            "run `cargo xtask help` for the options of each command",
        )),
        [command, ..] => Err(Failure::new(
            format!(
                "there is no command `{command}`; there are test, tidy, python, browser, guests, wheel, learn, demo, prove and help"
            ),
            "run `cargo xtask help` for what each of them does",
        )),
    }
}

/// Runs one command in the workspace around the current folder.
fn run(command: &Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Help => print!("{HELP}"),
        Command::Tidy => println!("{}", tidy::run(&Workspace::find()?)?),
        Command::Test { quick } => test::run(&Workspace::find()?, *quick)?,
        Command::Python => python::run(&Workspace::find()?)?,
        Command::Browser => browser::run()?,
        Command::Guests => guests::run(&Workspace::find()?)?,
        Command::Wheel => wheel::run(&Workspace::find()?)?,
        Command::Learn => learn::run(&Workspace::find()?)?,
        Command::Demo => demo::run(&Workspace::find()?)?,
        Command::Prove(request) => return prove::run(&Workspace::find()?, request),
    }
    Ok(ExitCode::SUCCESS)
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let command = match parse(&arguments) {
        Ok(command) => command,
        Err(failure) => {
            eprintln!("{failure}");
            return ExitCode::from(2);
        }
    };
    match run(&command) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, String> {
        let words: Vec<String> = line.split_whitespace().map(String::from).collect();
        parse(&words).map_err(|failure| failure.to_string())
    }

    #[test]
    fn each_command_of_the_help_text_is_understood() {
        assert_eq!(parsed("tidy"), Ok(Command::Tidy));
        assert_eq!(parsed("test"), Ok(Command::Test { quick: false }));
        assert_eq!(parsed("test --quick"), Ok(Command::Test { quick: true }));
        assert_eq!(parsed("python"), Ok(Command::Python));
        assert_eq!(parsed("browser"), Ok(Command::Browser));
        assert_eq!(parsed("guests"), Ok(Command::Guests));
        assert_eq!(parsed("wheel"), Ok(Command::Wheel));
        assert_eq!(parsed("learn"), Ok(Command::Learn));
        assert_eq!(parsed("demo"), Ok(Command::Demo));
        assert!(matches!(
            parsed("prove fast --quick"),
            Ok(Command::Prove(_))
        ));
        assert_eq!(parsed(""), Ok(Command::Help));
        assert_eq!(parsed("test --help"), Ok(Command::Help));
    }

    #[test]
    fn an_unknown_command_is_refused_with_the_list_of_those_that_exist() {
        let message = parsed("measure").expect_err("there is no such command");
        assert!(
            message.contains("there is no command `measure`"),
            "{message}"
        );
        assert!(
            message.contains("test, tidy, python, browser, guests, wheel, learn, demo, prove"),
            "{message}"
        );
    }

    #[test]
    fn an_unknown_option_is_refused_by_name() {
        let message = parsed("test --fast").expect_err("there is no such option");
        assert!(
            message.contains("`test` does not take `--fast`"),
            "{message}"
        );
    }
}
