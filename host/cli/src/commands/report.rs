//! `backplane report`: the key figures of a result directory.
//!
//! Takes in a result directory; gives out text or JSON, made from the tables alone.

use std::io::IsTerminal;
use std::path::Path;

use anstream::{AutoStream, ColorChoice};
use backplane_analytics::{Report, TextOptions};

use crate::arguments::ReportArguments;
use crate::error::CliError;
use crate::exit;

pub(super) fn execute(arguments: &ReportArguments) -> Result<u8, CliError> {
    let report = Report::read(&arguments.results)?;
    print(&report, &arguments.results, arguments.json)?;
    Ok(exit::OK)
}

pub(super) fn print(report: &Report, results: &Path, json: bool) -> Result<(), CliError> {
    if json {
        anstream::println!("{}", report.json());
        return Ok(());
    }
    let choice = AutoStream::choice(&std::io::stdout());
    let color = choice != ColorChoice::Never && std::io::stdout().is_terminal();
    let directory = &results.join("report.html");
    anstream::print!("{}", report.text(&TextOptions { color, directory }));
    Ok(())
}
