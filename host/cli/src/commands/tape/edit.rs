//! `backplane tape slice`, `merge` and `convert`: new tapes of old ones.
//!
//! Takes in tapes; gives out tapes, and what was made. The work is done by the tape crate.

use std::path::Path;

use backplane_tape::edit::{self, EditReport, SliceOptions};
use backplane_tape::{TapeError, TapeReader};

use super::super::show;
use super::overwrite;
use crate::arguments::{ConvertArguments, MergeArguments, SliceArguments};
use crate::error::CliError;
use crate::exit;
use crate::progress::Meter;

pub(super) fn slice(arguments: &SliceArguments) -> Result<u8, CliError> {
    let options = SliceOptions {
        from: arguments.part.from,
        to: arguments.part.to,
        symbols: arguments.part.symbols.clone(),
        overwrite: overwrite(arguments.force),
    };
    let rows = TapeReader::open(&arguments.tape)?.rows();
    let made = measured(rows, |progress| {
        edit::slice(&arguments.tape, &arguments.output, &options, progress)
    })?;
    show(&made, arguments.json)?;
    Ok(exit::OK)
}

pub(super) fn merge(arguments: &MergeArguments) -> Result<u8, CliError> {
    let mut rows: u64 = 0;
    for tape in &arguments.tapes {
        rows = rows.saturating_add(TapeReader::open(tape)?.rows());
    }
    let overwrite = overwrite(arguments.force);
    let made = measured(rows, |progress| {
        edit::merge(&arguments.tapes, &arguments.output, overwrite, progress)
    })?;
    show(&made, arguments.json)?;
    Ok(exit::OK)
}

pub(super) fn convert(arguments: &ConvertArguments) -> Result<u8, CliError> {
    let overwrite = overwrite(arguments.force);
    let tape: &Path = &arguments.tape;
    let rows = TapeReader::open(tape)?.rows();
    let made = measured(rows, |progress| {
        edit::convert(tape, &arguments.output, overwrite, progress)
    })?;
    show(&made, arguments.json)?;
    Ok(exit::OK)
}

/// Does the work under a progress line.
fn measured(
    rows: u64,
    work: impl FnOnce(&mut dyn FnMut(u64)) -> Result<EditReport, TapeError>,
) -> Result<EditReport, CliError> {
    let meter = Meter::of("rows", rows);
    let made = work(&mut |done| meter.count(done));
    meter.finish();
    Ok(made?)
}
