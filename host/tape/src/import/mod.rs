//! Making tapes of other formats.
//!
//! Takes in files, folders, archives or standard input, and options; gives out a tape and a report of what was found.
//! Memory does not grow with the files.
//!
//! How an import goes: [`inputs`] finds the files and takes their compression off ([`part`]); [`importer`] chooses who
//! understands them; that module reads its source's records and pushes what they say into a [`session`], which
//! resolves it, makes price levels of orders where they are asked for, and writes the rows. Beside its records an
//! importer knows only [`crate::message`]: orders ([`crate::SourceMessage`]), price levels
//! ([`crate::LevelMessage`]) or trading status ([`crate::StatusMessage`]).

mod archive;
mod bars;
mod importer;
mod inputs;
mod lines;
mod part;
mod repetitions;
mod report;
mod session;

mod databento;
mod hftbacktest;
mod itch;
mod lobster;

use std::num::NonZeroU32;
use std::path::PathBuf;

use backplane_sdk::types::Price;

use crate::error::TapeError;
use crate::format::{Header, TapeSchema};
use crate::message::SourceMessage;
use crate::resolve::Conventions;
use crate::writer::Overwrite;
use inputs::Inputs;
use session::Session;

pub use importer::{IMPORTERS, Importer, importer};
pub use inputs::STANDARD_INPUT;
pub use report::ImportReport;

pub(crate) use lines::nanoseconds;
pub(crate) use lobster::{BookFile, BookRow};
pub(crate) use part::Text;
pub(crate) use report::write_instruments;

/// What is told of an import while it runs: rows written, and bytes read of the uncompressed input.
pub type Progress<'a> = dyn FnMut(u64, u64) + 'a;

/// How to import.
#[derive(Clone, Debug, Default)]
pub struct ImportOptions {
    /// The tape to write.
    pub output: PathBuf,
    /// What to do when the output exists.
    pub overwrite: Overwrite,
    /// The name of the importer; where it is not said, the files tell it.
    pub from: Option<String>,
    /// What the rows are to be: of orders, or of price levels. Where it is not said, orders if the source shows them.
    pub schema: Option<TapeSchema>,
    /// The symbols to import; all where none is named.
    pub symbols: Vec<String>,
    /// LOBSTER's orderbook CSV, where it is not among the inputs.
    pub book: Option<PathBuf>,
    /// The smallest step of a limit price, where the source's is not right.
    pub tick: Option<Price>,
    /// What one unit of the source's quantity is worth when the price is one, in units of 1e-9 of the currency; the tape's
    /// multiplier is that of a lot.
    pub multiplier: Option<i64>,
    /// The currency of prices.
    pub currency: Option<String>,
    /// The day of a file that does not say it, such as `2019-01-30`.
    pub date: Option<String>,
    /// How often the input is read, each time after the end of the time before; once where it is not said.
    pub repeat: Option<NonZeroU32>,
}

impl ImportOptions {
    /// Whether an instrument of this symbol is to be imported.
    pub(crate) fn wants(&self, symbol: &str) -> bool {
        self.symbols.is_empty() || self.symbols.iter().any(|wanted| wanted == symbol)
    }

    /// How often the input is read.
    fn repetitions(&self) -> u32 {
        self.repeat.map_or(1, NonZeroU32::get)
    }

    /// What the tape says of its source.
    pub(crate) fn source_name(&self, from: &str) -> String {
        match self.repetitions() {
            1 => from.to_owned(),
            times => format!("{from}, read {times} times over"),
        }
    }
}

/// Imports files as one tape. `-` among the inputs is standard input.
///
/// # Errors
/// No importer knows the files, or the importer fails.
pub fn import(
    inputs: &[PathBuf],
    options: &ImportOptions,
    progress: &mut Progress<'_>,
) -> Result<ImportReport, TapeError> {
    // Sooner than the writer would say it: whole inputs may be read before the tape is begun.
    if options.overwrite == Overwrite::Never && options.output.exists() {
        return Err(TapeError::Exists {
            path: options.output.clone(),
        });
    }
    let inputs = Inputs::open(inputs, &options.output)?;
    let chosen = importer::choose(&inputs, options)?;
    (chosen.import)(&inputs, options, progress)
}

/// Writes a tape of messages that are made and not read: the generator's.
///
/// # Errors
/// The messages are to be repeated, one of them cannot be resolved, or the tape cannot be written.
pub fn messages(
    header: Header,
    conventions: Conventions,
    messages: impl Iterator<Item = SourceMessage>,
    options: &ImportOptions,
    progress: &mut Progress<'_>,
) -> Result<ImportReport, TapeError> {
    if options.repetitions() > 1 {
        let why = "messages that are made cannot be repeated; make more of them".to_owned();
        return Err(TapeError::Request { why });
    }
    let mut session = Session::orders(&header, conventions, options, progress)?;
    for message in messages {
        session.push(&message, 0)?;
    }
    let written = session.finish(0)?;
    Ok(ImportReport::new(options, header, written, Vec::new()))
}
