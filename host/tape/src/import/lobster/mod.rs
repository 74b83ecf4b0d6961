//! LOBSTER: one NASDAQ stock, one day, every message that touches the first levels of its book.
//!
//! Takes in a message CSV, with or without its orderbook CSV, or the zip that holds both; gives out a tape.
//!
//! Types: 1 is an add, 2 and 3 are cancels, 4 is a fill that is also the print, 5 is a hidden execution and gives a
//! trade row, 6 is a cross trade and gives a trade row without an aggressor, 7 says that trading halts or goes on and
//! gives a status row. A row's sequence is the line of its message.
//!
//! With the orderbook file the first row's book is the tape's seed and the window is kept at its depth: a level that is
//! pushed out is cancelled, a level that comes in is added, both without order id and in the event of the message that
//! caused it. Without it the book holds only what the messages add.

mod files;
mod message;
mod window;

use super::importer::{Head, Importer};
use super::inputs::{Input, Inputs, describe};
use super::part::Text;
use super::session::Session;
use super::{ImportOptions, ImportReport, Progress};
use crate::error::TapeError;
use crate::format::{Header, InstrumentDefinition, Source};
use crate::resolve::{Conventions, FillConvention, UnknownOrders};
use crate::time_zone::Date;
use files::{LobsterFiles, Name};
use message::Line;
use window::{follow, seed};

pub(crate) use files::BookFile;
pub(crate) use window::BookRow;

/// The importer, for the table.
pub(super) const IMPORTER: Importer = Importer {
    name: "lobster",
    about: "LOBSTER message and orderbook CSV",
    recognizes,
    import: lobster,
};

/// LOBSTER's files are known by their names: the lines carry no heading.
fn recognizes(head: &Head<'_>) -> bool {
    Name::parse(head.name).is_some()
}

/// A cent, the smallest step of a limit price of shares above a dollar, in units of 1e-9.
const TICK: i64 = 10_000_000;
/// One share, in units of 1e-9.
const MULTIPLIER: i64 = 1_000_000_000;

/// What a message of this source does to the book.
const CONVENTIONS: Conventions = Conventions {
    fills: FillConvention::TakesOut,
    unknown_orders: UnknownOrders::ReduceLevel,
};

/// Imports a LOBSTER day.
///
/// # Errors
/// The files are not LOBSTER's, are cut off or damaged, or the tape cannot be written.
fn lobster(
    inputs: &Inputs,
    options: &ImportOptions,
    progress: &mut Progress<'_>,
) -> Result<ImportReport, TapeError> {
    let files = LobsterFiles::find(inputs, options.book.as_deref())?;
    let mut described = inputs.describe()?;
    if let Some(book) = &options.book {
        described.push(describe(&Input::at(book))?);
    }
    let header = Header {
        instruments: vec![InstrumentDefinition {
            symbol: files.symbol.clone(),
            tick: options.tick.map_or(TICK, |tick| tick.0),
            multiplier: options.multiplier.unwrap_or(MULTIPLIER),
            currency: options.currency.clone().unwrap_or_else(|| "USD".to_owned()),
            ..InstrumentDefinition::default()
        }],
        source: Source {
            from: options.source_name("lobster"),
            inputs: described,
        },
    };
    let mut notes = Vec::new();
    if !files.has_book() {
        notes.push(
            "there is no orderbook file: orders placed before the first message, and levels outside of the file's \
             window, are unknown"
                .to_owned(),
        );
    }
    let mut session = Session::orders(&header, CONVENTIONS, options, progress)?;
    let mut bytes = read(&files, &mut session)?;
    for _ in 1..options.repetitions() {
        session.repeat()?;
        bytes = read(&files, &mut session)?;
    }
    let written = session.finish(bytes)?;
    Ok(ImportReport::new(options, header, written, notes))
}

/// Reads the day from its beginning to its end; gives the bytes of its messages.
fn read(files: &LobsterFiles, session: &mut Session<'_, '_>) -> Result<u64, TapeError> {
    let mut messages = files.messages()?;
    match files.book()? {
        Some(mut book) => with_book(session, &mut messages, &mut book, files.date)?,
        None => {
            while messages.advance()? {
                match message::parse(&messages, files.date)? {
                    Line::Message(message) => session.push(&message, messages.bytes())?,
                    Line::Status(status) => session.status(&status, messages.bytes())?,
                }
            }
        }
    }
    if messages.number() <= 1 {
        return Err(messages.wrong("the file is empty"));
    }
    Ok(messages.bytes())
}

/// Reads messages and book rows in step.
fn with_book(
    session: &mut Session<'_, '_>,
    messages: &mut Text,
    book: &mut Text,
    date: Date,
) -> Result<(), TapeError> {
    let mut row = BookRow::default();
    let mut depth = None;
    let mut out = Vec::new();
    while messages.advance()? {
        if !book.advance()? {
            return Err(book.wrong("the file ends here, the message file goes on"));
        }
        row.read(book)?;
        if *depth.get_or_insert(row.depth()) != row.depth() {
            return Err(book.wrong(format!(
                "it has {} levels, the lines before have more or fewer",
                row.depth()
            )));
        }
        let line = message::parse(messages, date)?;
        out.clear();
        let mut found = std::mem::take(session.resolution_mut());
        match line {
            _ if messages.number() == 1 => seed(&line, &row, &mut out, &mut found),
            Line::Message(message) => {
                let levels = message
                    .side
                    .map_or(&[][..], |side| session.levels_of(0, side));
                follow(&message, levels, &row, &mut out, &mut found);
            }
            Line::Status(_) => {}
        }
        *session.resolution_mut() = found;
        for message in &out {
            session.push(message, messages.bytes())?;
        }
        if let Line::Status(status) = &line {
            session.status(status, messages.bytes())?;
        }
    }
    if book.advance()? {
        return Err(messages.wrong("the file ends here, the orderbook file goes on"));
    }
    Ok(())
}
