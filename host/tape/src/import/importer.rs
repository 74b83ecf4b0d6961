//! Which importers there are, and which of them knows a file.
//!
//! Takes in the first bytes and the name of an input; gives out the importer whose files look like that. A new importer
//! is a module beside this file and one line in [`IMPORTERS`].

use std::path::Path;

use super::inputs::Inputs;
use super::part::Part;
use super::{
    ImportOptions, ImportReport, Progress, captures, columns, databento, hftbacktest, itch, lean,
    lobster, tardis,
};
use crate::error::TapeError;

/// Bytes at the beginning of a file, uncompressed, by which its format is told.
pub(crate) const HEAD_BYTES: usize = 4_096;

/// What makes tapes of one kind of source.
pub struct Importer {
    /// The name of the source, as `--from` and the tape's metadata say it.
    pub name: &'static str,
    /// What the source's files are, in a line.
    pub about: &'static str,
    /// Whether its prices and sizes are decimals, so that lots, rounding and the like can be asked for.
    pub(crate) is_feed: bool,
    /// Whether an input that begins so is of this source.
    pub(crate) recognizes: fn(&Head<'_>) -> bool,
    /// Makes the tape.
    pub(crate) import: ImportFunction,
}

/// Imports all inputs as one tape.
pub(crate) type ImportFunction =
    fn(&Inputs, &ImportOptions, &mut Progress<'_>) -> Result<ImportReport, TapeError>;

/// Every importer. Where several recognize an input, the first one takes it: those whose files begin with a mark of
/// their own come before those that are known by a name or a heading.
pub const IMPORTERS: &[Importer] = &[
    databento::IMPORTER,
    hftbacktest::IMPORTER,
    itch::IMPORTER,
    captures::BINANCE,
    captures::OKX,
    captures::BYBIT,
    captures::COINBASE,
    tardis::IMPORTER,
    lean::IMPORTER,
    columns::BARS,
    columns::CSV,
    lobster::IMPORTER,
];

/// The importer of a name.
pub fn importer(name: &str) -> Option<&'static Importer> {
    IMPORTERS.iter().find(|importer| importer.name == name)
}

impl Importer {
    /// Refuses what is asked for and would do nothing.
    pub(super) fn check(&self, options: &ImportOptions) -> Result<(), TapeError> {
        let asked = [
            ("lot", options.lot.is_some()),
            ("round", options.round),
            ("clock-offset", options.clock_offset != 0),
            ("spread", options.spread.is_some()),
        ];
        let mut asked = asked.into_iter().filter(|(_, is_asked)| *is_asked);
        if let (false, Some((name, _))) = (self.is_feed, asked.next()) {
            let why = format!(
                "`--{name}` is for sources of decimal prices and sizes, `{}` is none",
                self.name
            );
            return Err(TapeError::Request { why });
        }
        if options.spread.is_some() && !matches!(self.name, "bars" | "csv" | "lean") {
            let why = format!("`--spread` is for bars, `{}` has none", self.name);
            return Err(TapeError::Request { why });
        }
        let only = [
            ("date", options.date.is_some(), "itch"),
            ("book", options.book.is_some(), "lobster"),
        ];
        let mut stray = only.into_iter().filter(|x| x.1 && x.2 != self.name);
        if let Some((option, _, of)) = stray.next() {
            let why = format!("`--{option}` is for `{of}`, not for `{}`", self.name);
            return Err(TapeError::Request { why });
        }
        if options.columns.is_some() && !matches!(self.name, "bars" | "csv") {
            let why = format!(
                "`--columns` explains tables (`--from csv`, `--from bars`), `{}` is none",
                self.name
            );
            return Err(TapeError::Request { why });
        }
        Ok(())
    }
}

/// The importer that recognizes a file.
pub(super) fn recognized(head: &Head<'_>) -> Option<&'static Importer> {
    IMPORTERS.iter().find(|known| (known.recognizes)(head))
}

/// What is seen of an input before it is read.
pub(crate) struct Head<'a> {
    /// The path as the user gave it.
    pub(crate) path: &'a Path,
    /// The name of the file, or of the first file in the archive or folder, without `.gz` and `.zst`.
    pub(crate) name: &'a str,
    /// The first [`HEAD_BYTES`] of that file, uncompressed.
    pub(crate) bytes: &'a [u8],
}

impl Head<'_> {
    /// The first line, where it is text.
    pub(crate) fn first_line(&self) -> Option<&str> {
        let line = self.bytes.split(|byte| *byte == b'\n').next()?;
        std::str::from_utf8(line).ok().map(str::trim_end)
    }
}

/// The importer that the user named, or the one that recognizes the first input.
pub(super) fn choose(
    inputs: &Inputs,
    options: &ImportOptions,
) -> Result<&'static Importer, TapeError> {
    if let Some(name) = &options.from {
        return importer(name).ok_or_else(|| TapeError::Request {
            why: format!("there is no importer `{name}`; there are {}", names()),
        });
    }
    let first = inputs.first();
    let parts = Part::all(first)?;
    // The first file that somebody knows: archives hold texts to read as well.
    for part in parts.iter().take(PARTS_LOOKED_AT) {
        let bytes = part.head(HEAD_BYTES)?;
        let head = Head {
            path: part.shown(),
            name: part.name(),
            bytes: &bytes,
        };
        if let Some(found) = recognized(&head) {
            return Ok(found);
        }
    }
    Err(TapeError::input(
        &first.shown,
        format!("its format is not recognized; say `--from` {}", names()),
    ))
}

/// Files of an archive or folder whose beginnings are looked at.
const PARTS_LOOKED_AT: usize = 20;

fn names() -> String {
    let names: Vec<&str> = IMPORTERS.iter().map(|importer| importer.name).collect();
    names.join(", ")
}
