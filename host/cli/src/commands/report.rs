//! `backplane report`: the report of a result directory, made again.
//!
//! Takes in a result directory; gives out text, JSON or a page for a browser, made from the tables alone.

use std::io::IsTerminal;
use std::path::Path;

use anstream::{AutoStream, ColorChoice};
use backplane_analytics::compare::{Comparison, Named};
use backplane_analytics::{Calendar, Options, Report, TextOptions};

use super::compare::{conditions, fails, write_page};
use crate::arguments::{CalendarArgument, FigureArguments, ReportArguments};
use crate::error::CliError;
use crate::exit;

pub(super) fn execute(arguments: &ReportArguments) -> Result<u8, CliError> {
    let conditions = conditions(&arguments.figures)?;
    let options = options(&arguments.figures);
    if let Some(change) = conditions.iter().find(|x| x.is_change()) {
        return Err(CliError::new(
            exit::USAGE,
            format!(
                "the condition `{}` is about a change, and there is one run",
                change.text()
            ),
            "compare two runs: `backplane compare A B --fail-if ...`",
        ));
    }
    let report = Report::read_with(&arguments.results, &options)?;
    if let Some(path) = &arguments.html {
        write_page(path, &report.html())?;
    }
    print(&report, &arguments.results, arguments.json)?;
    if conditions.is_empty() {
        return Ok(exit::OK);
    }
    let name = arguments.results.display().to_string();
    let named = Named {
        name: &name,
        directory: &arguments.results,
    };
    fails(&mut Comparison::read(&[named], &options)?, &conditions)
}

/// How the user wants figures to be made.
pub(super) fn options(arguments: &FigureArguments) -> Options {
    Options {
        calendar: match arguments.calendar {
            CalendarArgument::Auto => Calendar::Auto,
            CalendarArgument::Weekdays => Calendar::Weekdays,
            CalendarArgument::EveryDay => Calendar::EveryDay,
        },
    }
}

/// Whether standard output shows colours.
pub(super) fn is_coloured() -> bool {
    let choice = AutoStream::choice(&std::io::stdout());
    choice != ColorChoice::Never && std::io::stdout().is_terminal()
}

pub(super) fn print(report: &Report, results: &Path, json: bool) -> Result<(), CliError> {
    if json {
        anstream::println!("{}", report.json());
        return Ok(());
    }
    let color = is_coloured();
    let directory = &results.join("report.html");
    anstream::print!("{}", report.text(&TextOptions { color, directory }));
    Ok(())
}
