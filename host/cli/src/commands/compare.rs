//! `backplane compare`: several runs side by side.
//!
//! Takes in result directories and conditions; gives out text, JSON or a page for a browser, and exit code 8 where a
//! condition holds.

use std::io::Write;
use std::path::Path;

use backplane_analytics::compare::{Comparison, Condition, Named};
use backplane_tape::Overwrite;
use backplane_tape::partial::PartialFile;

use super::report::{is_coloured, options};
use crate::arguments::{CompareArguments, FigureArguments};
use crate::error::CliError;
use crate::exit;

pub(super) fn execute(arguments: &CompareArguments) -> Result<u8, CliError> {
    let conditions = conditions(&arguments.figures)?;
    let names = arguments.results.iter().map(|x| x.display().to_string());
    let names: Vec<String> = names.collect();
    let named: Vec<Named<'_>> = (names.iter().zip(&arguments.results))
        .map(|(name, directory)| Named { name, directory })
        .collect();
    let mut comparison = Comparison::read(&named, &options(&arguments.figures))?;
    let checked = comparison.check(&conditions);
    let failed = !checked.map_err(unknown_figure)?.is_empty();
    if let Some(path) = &arguments.html {
        write_page(path, &comparison.html())?;
    }
    if arguments.json {
        anstream::print!("{}", comparison.json());
    } else {
        anstream::print!("{}", comparison.text(is_coloured()));
    }
    Ok(if failed { exit::VERIFICATION } else { exit::OK })
}

/// Reads the conditions under which the command fails.
pub(super) fn conditions(arguments: &FigureArguments) -> Result<Vec<Condition>, CliError> {
    let all = arguments.fail_if.iter().map(|text| {
        Condition::parse(text).map_err(|reason| {
            CliError::new(
                exit::USAGE,
                format!("the condition `{text}` makes no sense: {reason}"),
                "write a figure, an operator and a number, as in `sharpe<1.5`",
            )
        })
    });
    all.collect()
}

/// Says which conditions hold, on standard error; the exit code tells whether any does.
pub(super) fn fails(comparison: &mut Comparison, conditions: &[Condition]) -> Result<u8, CliError> {
    let failures = comparison.check(conditions).map_err(unknown_figure)?;
    for failure in failures {
        anstream::eprintln!("failed: {}: {}", failure.condition, failure.found);
    }
    Ok(if failures.is_empty() {
        exit::OK
    } else {
        exit::VERIFICATION
    })
}

fn unknown_figure(reason: String) -> CliError {
    CliError::new(
        exit::USAGE,
        format!("the condition {reason}"),
        "`backplane compare A B --json` lists every figure by its path",
    )
}

/// Writes a page whole, or not at all.
pub(super) fn write_page(path: &Path, page: &str) -> Result<(), CliError> {
    let file = PartialFile::beside(path)?;
    let written = file.as_file().write_all(page.as_bytes());
    written.map_err(|error| CliError::io("writing", path, &error))?;
    Ok(file.name(path, Overwrite::Replace)?)
}
