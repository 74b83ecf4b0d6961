//! The `backplane` command line.
//!
//! Takes in arguments, run files and the environment; gives out text or JSON on standard output, progress and
//! diagnostics on standard error, and an exit code (see [`exit`]). This is the only crate that knows all others: it
//! joins tape, engine, guests and analytics.
//!
//! A run has two processes: the supervisor, which the user started, and a worker of the same binary, in which the engine
//! and native plugins run ([`supervise`]). Whatever a native plugin does costs at most the worker.
#![forbid(unsafe_code)]
// The command line shows progress and watches over a worker: both need a clock. The engine has none.
#![allow(clippy::disallowed_methods)]

pub mod exit;

pub mod error;

pub mod arguments;

pub mod commands;

pub mod models;

pub mod settings;

pub mod limits;

pub mod policy;

pub mod strategy;

pub mod files;

pub mod columns;

pub mod source;

pub mod prefetch;

pub mod memory;
pub mod validate;

pub mod supervise;

pub mod output;

mod interruption;

pub mod dev;

pub mod progress;

use std::process::ExitCode;

use clap::Parser;

/// Runs the command line of this process with the models that come with the program.
pub fn main() -> ExitCode {
    main_with(&models::Models::default())
}

/// Runs the command line of this process with models of its caller's choice.
pub fn main_with(models: &models::Models) -> ExitCode {
    let arguments = match arguments::Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let code = if error.use_stderr() {
                exit::USAGE
            } else {
                exit::OK
            };
            // A closed standard output is no reason to say more.
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    match commands::execute(arguments, models) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            error.print();
            ExitCode::from(error.code)
        }
    }
}
