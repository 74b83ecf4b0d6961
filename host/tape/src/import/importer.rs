//! Which importers there are, and which of them knows a file.
//!
//! Takes in the first bytes and the name of an input; gives out the importer whose files look like that. A new importer
//! is a module beside this file and one line in [`IMPORTERS`].

use super::inputs::Inputs;
use super::part::Part;
use super::{ImportOptions, ImportReport, Progress, databento, hftbacktest, itch, lobster};
use crate::error::TapeError;

/// Bytes at the beginning of a file, uncompressed, by which its format is told.
pub(crate) const HEAD_BYTES: usize = 4_096;

/// What makes tapes of one kind of source.
pub struct Importer {
    /// The name of the source, as `--from` and the tape's metadata say it.
    pub name: &'static str,
    /// What the source's files are, in a line.
    pub about: &'static str,
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
    lobster::IMPORTER,
];

/// The importer of a name.
pub fn importer(name: &str) -> Option<&'static Importer> {
    IMPORTERS.iter().find(|importer| importer.name == name)
}

/// What is seen of an input before it is read.
pub(crate) struct Head<'a> {
    /// The name of the file, or of the first file in the archive or folder, without `.gz` and `.zst`.
    pub(crate) name: &'a str,
    /// The first [`HEAD_BYTES`] of that file, uncompressed.
    pub(crate) bytes: &'a [u8],
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
            name: part.name(),
            bytes: &bytes,
        };
        if let Some(found) = IMPORTERS.iter().find(|known| (known.recognizes)(&head)) {
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
