//! Making tapes of other formats.
//!
//! Takes in files and options; gives out a tape and a report of what was found. Memory does not grow with the files.

mod databento;
mod databento_file;
mod lines;
mod lobster;
mod lobster_files;
mod lobster_message;
mod lobster_window;
mod repetitions;
mod report;

use std::fs::File;
use std::io::Read;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use backplane_sdk::types::Price;

use crate::error::TapeError;
use crate::format::{Header, SourceFile, TapeSchema};
use crate::levels::LevelView;
use crate::message::SourceMessage;
use crate::resolve::{Conventions, Resolver};
use crate::row::Row;
use crate::writer::{Overwrite, TapeWriter, Written};
use repetitions::Repetitions;

pub use databento::databento;
pub use lobster::lobster;
pub use report::ImportReport;

pub(crate) use lobster_files::{BookFile, Text};
pub(crate) use lobster_window::BookRow;
pub(crate) use report::write_instruments;

/// Messages between two calls of the progress callback.
const PROGRESS_MESSAGES: u64 = 65_536;

/// What is told of an import while it runs: rows written, and bytes read of the uncompressed input.
pub type Progress<'a> = dyn FnMut(u64, u64) + 'a;

/// How to import.
#[derive(Clone, Debug, Default)]
pub struct ImportOptions {
    /// The tape to write.
    pub output: PathBuf,
    /// What to do when the output exists.
    pub overwrite: Overwrite,
    /// What the rows are to be: of orders, or of price levels.
    pub schema: TapeSchema,
    /// LOBSTER's orderbook CSV, where it is not among the inputs.
    pub book: Option<PathBuf>,
    /// The smallest step of a limit price, where the source's is not right.
    pub tick: Option<Price>,
    /// What one quantity unit is worth when the price is one, in units of 1e-9 of the currency.
    pub multiplier: Option<i64>,
    /// The currency of prices.
    pub currency: Option<String>,
    /// How often the input is read, each time after the end of the time before; once where it is not said.
    pub repeat: Option<NonZeroU32>,
}

impl ImportOptions {
    /// How often the input is read.
    fn repetitions(&self) -> u32 {
        self.repeat.map_or(1, NonZeroU32::get)
    }

    /// What the tape says of its source.
    fn source(&self, from: &str) -> String {
        match self.repetitions() {
            1 => from.to_owned(),
            times => format!("{from}, read {times} times over"),
        }
    }
}

/// Imports files whose format is told by their first bytes and names.
///
/// # Errors
/// No importer knows the files, or the importer fails.
pub fn import(
    inputs: &[PathBuf],
    options: &ImportOptions,
    progress: &mut Progress<'_>,
) -> Result<ImportReport, TapeError> {
    let Some(first) = inputs.first() else {
        return Err(TapeError::Request {
            why: "there is nothing to import".to_owned(),
        });
    };
    let mut head = Vec::new();
    File::open(first)
        .and_then(|file| file.take(4).read_to_end(&mut head))
        .map_err(|error| TapeError::io("reading", first, error))?;
    let is_csv = first
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
    if head.starts_with(b"PK") || is_csv {
        lobster(inputs, options, progress)
    } else if databento_file::is_databento(&head) {
        databento(inputs, options, progress)
    } else {
        Err(TapeError::input(
            first,
            "it is neither a LOBSTER file nor a DBN file",
        ))
    }
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
    let mut session = Session::begin(&header, conventions, options, progress)?;
    for message in messages {
        session.push(&message, 0)?;
    }
    let written = session.finish(0)?;
    Ok(ImportReport::new(options, header, written, Vec::new()))
}

/// The digest and length of an input.
fn describe(path: &Path) -> Result<SourceFile, TapeError> {
    let io = |error| TapeError::io("reading", path, error);
    let mut file = File::open(path).map_err(io)?;
    let mut hasher = blake3::Hasher::new();
    let mut bytes: u64 = 0;
    let mut buffer = vec![0; 1 << 18];
    loop {
        let count = file.read(&mut buffer).map_err(io)?;
        if count == 0 {
            break;
        }
        hasher.update(buffer.get(..count).unwrap_or_default());
        bytes = bytes.saturating_add(count as u64);
    }
    Ok(SourceFile {
        name: path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        blake3: hasher.finalize().to_hex().to_string(),
        bytes,
    })
}

/// An import that is running: messages go in, the tape grows.
struct Session<'a, 'b> {
    resolver: Resolver,
    /// What makes price levels of orders, where they are asked for.
    view: Option<LevelView>,
    writer: TapeWriter,
    progress: &'a mut Progress<'b>,
    messages: u64,
    repetitions: Repetitions,
}

impl<'a, 'b> Session<'a, 'b> {
    fn begin(
        header: &Header,
        conventions: Conventions,
        options: &ImportOptions,
        progress: &'a mut Progress<'b>,
    ) -> Result<Session<'a, 'b>, TapeError> {
        let instruments = header.instruments.len();
        let (output, schema) = (&options.output, options.schema);
        Ok(Session {
            resolver: Resolver::new(instruments, conventions),
            view: match schema {
                TapeSchema::Mbo => None,
                TapeSchema::Mbp => Some(LevelView::new(instruments)),
            },
            writer: TapeWriter::create(output, header, schema, options.overwrite)?,
            progress,
            messages: 0,
            repetitions: Repetitions::new(instruments),
        })
    }

    /// Resolves and writes a message; `bytes` were read so far of this repetition of the input.
    fn push(&mut self, message: &SourceMessage, bytes: u64) -> Result<(), TapeError> {
        let message = self.repetitions.place(message, bytes)?;
        let rows = self.resolver.push(&message)?;
        write(rows, &mut self.view, &mut self.writer)?;
        self.messages = self.messages.saturating_add(1);
        if self.messages.is_multiple_of(PROGRESS_MESSAGES) {
            (self.progress)(self.writer.rows(), self.repetitions.bytes());
        }
        Ok(())
    }

    /// Ends a repetition of the input, and begins the next one after its end with empty books.
    fn repeat(&mut self) -> Result<(), TapeError> {
        let rows = self.resolver.finish()?;
        write(rows, &mut self.view, &mut self.writer)?;
        self.repetitions.advance()?;
        for message in self.repetitions.clears() {
            self.push(&message, 0)?;
        }
        Ok(())
    }

    /// Ends the open event of an instrument.
    fn end_event(&mut self, instrument: u16) -> Result<(), TapeError> {
        let rows = self.resolver.end_event(instrument)?;
        write(rows, &mut self.view, &mut self.writer)
    }

    /// Resolves what is left and gives the tape its name; `bytes` were read of the last repetition of the input.
    fn finish(mut self, bytes: u64) -> Result<Written, TapeError> {
        let rows = self.resolver.finish()?;
        write(rows, &mut self.view, &mut self.writer)?;
        self.repetitions.read(bytes);
        (self.progress)(self.writer.rows(), self.repetitions.bytes());
        let crossed = match &self.view {
            None => self.resolver.crossed(),
            Some(view) => view.crossed(),
        };
        self.writer
            .finish(self.resolver.resolution().clone(), crossed)
    }
}

/// Writes order-level rows, or what the view shows of them.
fn write(
    rows: &[Row],
    view: &mut Option<LevelView>,
    writer: &mut TapeWriter,
) -> Result<(), TapeError> {
    let Some(view) = view else {
        return rows.iter().try_for_each(|row| writer.push(row));
    };
    rows.iter()
        .try_for_each(|row| view.push(row).iter().try_for_each(|row| writer.push(row)))
}
