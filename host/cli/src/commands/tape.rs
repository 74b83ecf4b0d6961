//! `backplane tape`: import, inspect, verify, print, cut, merge, convert, generate.
//!
//! Takes in paths and options; gives out tapes and reports on them. The work is done by the tape crate.

mod cat;
mod edit;
mod generate;

use backplane_sdk::types::Price;
use backplane_tape::import::{self, ImportOptions, ImportReport};
use backplane_tape::{Overwrite, TapeSchema, inspect, verify};

use super::show;
use crate::arguments::{ImportArguments, TapeCommand};
use crate::error::CliError;
use crate::exit;
use crate::progress::Meter;
use crate::settings::parse_decimal;

pub(super) fn execute(command: &TapeCommand) -> Result<u8, CliError> {
    match command {
        TapeCommand::Import(arguments) => import_files(arguments),
        TapeCommand::Inspect { tape, json } => {
            show(&inspect(tape)?, *json)?;
            Ok(exit::OK)
        }
        TapeCommand::Verify {
            tape,
            against,
            json,
        } => {
            let report = verify(tape, against.as_deref())?;
            show(&report, *json)?;
            Ok(if report.is_sound() {
                exit::OK
            } else {
                exit::VERIFICATION
            })
        }
        TapeCommand::Cat(arguments) => cat::execute(arguments),
        TapeCommand::Slice(arguments) => edit::slice(arguments),
        TapeCommand::Merge(arguments) => edit::merge(arguments),
        TapeCommand::Convert(arguments) => edit::convert(arguments),
        TapeCommand::Generate(arguments) => generate::execute(arguments),
    }
}

fn import_files(arguments: &ImportArguments) -> Result<u8, CliError> {
    let options = ImportOptions {
        output: arguments.output.clone(),
        overwrite: overwrite(arguments.force),
        from: arguments.from.clone(),
        schema: arguments.schema.map(TapeSchema::from),
        symbols: arguments.symbols.clone(),
        book: arguments.book.clone(),
        tick: decimal("tick", arguments.tick.as_deref())?.map(Price),
        multiplier: decimal("multiplier", arguments.multiplier.as_deref())?,
        currency: arguments.currency.clone(),
        date: arguments.date.clone(),
        repeat: Some(arguments.repeat),
    };
    let report = measured(|progress| {
        let made = import::import(&arguments.inputs, &options, progress)?;
        Ok(made)
    })?;
    show(&report, arguments.json)?;
    Ok(exit::OK)
}

/// Runs an import under a progress line.
fn measured(
    work: impl FnOnce(&mut import::Progress<'_>) -> Result<ImportReport, CliError>,
) -> Result<ImportReport, CliError> {
    let meter = Meter::new();
    let report = work(&mut |rows, _| meter.count(rows));
    meter.finish();
    report
}

const fn overwrite(force: bool) -> Overwrite {
    if force {
        Overwrite::Replace
    } else {
        Overwrite::Never
    }
}

fn decimal(name: &str, text: Option<&str>) -> Result<Option<i64>, CliError> {
    let parsed = text.map(parse_decimal).transpose();
    match parsed {
        Ok(Some(value)) if value <= 0 => Err("a decimal number above zero".to_owned()),
        other => other,
    }
    .map_err(|allowed| {
        let value = text.unwrap_or_default();
        CliError::new(
            exit::USAGE,
            format!("`--{name}` is `{value}`, but must be {allowed}"),
            "see `backplane tape import --help`",
        )
    })
}
