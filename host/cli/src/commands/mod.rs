//! One file a command.
//!
//! Takes in parsed arguments; gives out text on standard output and an exit code.

mod calibrate;
mod causal;
mod checkpoints;
mod compare;
mod features;
mod play;
mod plugin;
mod report;
mod run;
mod swaps;
mod tape;

use anstream::print;
use clap::CommandFactory;
use serde::Serialize;

use crate::arguments::{Arguments, Command, WorkerCommand};
use crate::error::CliError;
use crate::models::Models;
use crate::{exit, interruption, supervise};

/// Does what the user asked for.
///
/// # Errors
/// What ended the command.
pub fn execute(arguments: Arguments, models: &Models) -> Result<u8, CliError> {
    if arguments.command.ends_at_once() {
        interruption::end_at_once();
    }
    match arguments.command {
        Command::Run(arguments) => run::execute(&arguments, models),
        Command::Dev(arguments) => crate::dev::dev(&arguments, models),
        Command::Tape(command) => tape::execute(&command),
        Command::Calibrate(arguments) => calibrate::execute(&arguments),
        Command::Features(arguments) => features::execute(&arguments, models),
        Command::Plugin(command) => plugin::execute(&command),
        Command::Play(arguments) => play::execute(&arguments),
        Command::Report(arguments) => report::execute(&arguments),
        Command::Compare(arguments) => compare::execute(&arguments),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "backplane", &mut script);
            print!("{}", String::from_utf8_lossy(&script));
            Ok(exit::OK)
        }
        Command::Worker(WorkerCommand::Run { job }) => supervise::run_job(&job, models),
        Command::Worker(WorkerCommand::Launch {
            parent,
            memory_bytes,
            program,
        }) => {
            let error = backplane_guests::python::launch::launch(parent, memory_bytes, &program);
            let program = program.first().map(|x| x.to_string_lossy());
            let message = format!("starting {}: {error}", program.unwrap_or_default());
            Err(CliError::new(
                exit::PLUGIN,
                message,
                "name another interpreter",
            ))
        }
        Command::Worker(WorkerCommand::Serve) => supervise::run_jobs(models),
        Command::Worker(WorkerCommand::Describe { plugin, grant }) => {
            supervise::run_describe(&plugin, &grant)
        }
        Command::Worker(WorkerCommand::Check {
            plugin,
            grant,
            name,
            seed,
        }) => supervise::run_check(&plugin, &grant, &name, seed),
    }
}

/// Prints a value as JSON, under a version, or as the text that it displays as.
fn show<T: Serialize + std::fmt::Display>(value: &T, json: bool) -> Result<(), CliError> {
    if !json {
        print!("{value}");
        return Ok(());
    }
    print_json(value)
}

/// Prints a value as JSON under a version.
fn print_json<T: Serialize>(value: &T) -> Result<(), CliError> {
    #[derive(Serialize)]
    struct Versioned<'a, T> {
        version: u32,
        #[serde(flatten)]
        value: &'a T,
    }
    let text = serde_json::to_string_pretty(&Versioned { version: 1, value });
    let text = text.map_err(|error| {
        let message = format!("writing JSON: {error}");
        CliError::new(exit::DATA, message, "leave `--json` away")
    })?;
    anstream::println!("{text}");
    Ok(())
}
