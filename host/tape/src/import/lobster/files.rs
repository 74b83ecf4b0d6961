//! Which files of a LOBSTER day there are, and what their names say.
//!
//! Takes in paths of CSV files or of a zip; gives out the lines of the message file and of the orderbook file. The
//! names carry what the lines do not: `GOOG_2012-06-21_34200000_57600000_message_10.csv`.

use std::path::Path;

use super::super::inputs::{Input, Inputs};
use super::super::part::{Part, Text};
use crate::error::TapeError;
use crate::time_zone::Date;

/// What a LOBSTER file's name says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) symbol: String,
    pub(crate) date: Date,
    pub(crate) is_book: bool,
}

impl Name {
    /// Reads `<symbol>_<date>_<start>_<end>_<message or orderbook>_<levels>.csv`.
    pub(crate) fn parse(name: &str) -> Option<Name> {
        let name = name.rsplit(['/', '\\']).next()?;
        let stem = name
            .strip_suffix(".csv")
            .or_else(|| name.strip_suffix(".CSV"))?;
        let mut parts = stem.rsplitn(6, '_');
        let (_levels, kind, _end, _start) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let (date, symbol) = (Date::parse(parts.next()?)?, parts.next()?);
        let is_book = match kind {
            "message" => false,
            "orderbook" => true,
            _ => return None,
        };
        (!symbol.is_empty()).then(|| Name {
            symbol: symbol.to_owned(),
            date,
            is_book,
        })
    }
}

/// A file, and what its name says.
#[derive(Clone, Debug)]
struct Found {
    part: Part,
    name: Option<Name>,
}

/// The files of one LOBSTER day.
#[derive(Debug)]
pub(crate) struct LobsterFiles {
    messages: Found,
    book: Option<Found>,
    pub(crate) symbol: String,
    pub(crate) date: Date,
}

impl LobsterFiles {
    /// Finds the message file, and the orderbook file where there is one.
    pub(crate) fn find(inputs: &Inputs, book: Option<&Path>) -> Result<LobsterFiles, TapeError> {
        let mut found = Vec::new();
        for input in inputs.list() {
            found.extend(files_of(input)?);
        }
        let first = inputs.first().shown.as_path();
        let is_book = |found: &Found, wanted: bool| {
            found
                .name
                .as_ref()
                .is_some_and(|name| name.is_book == wanted)
        };
        let mut messages = found.iter().filter(|file| is_book(file, false));
        let Some(message_file) = messages.next().cloned() else {
            let why =
                "there is no file named like GOOG_2012-06-21_34200000_57600000_message_10.csv";
            return Err(TapeError::input(first, why));
        };
        if messages.next().is_some() {
            return Err(TapeError::input(
                first,
                "there is more than one message file; import one day at a time",
            ));
        }
        let book = match book {
            Some(path) => Some(BookFile::find(path)?.0),
            None => found.iter().find(|file| is_book(file, true)).cloned(),
        };
        let Some(name) = message_file.name.clone() else {
            return Err(TapeError::input(
                first,
                "its name does not say symbol and date",
            ));
        };
        let differs = |book: &Found| {
            book.name
                .as_ref()
                .is_some_and(|book| book.symbol != name.symbol || book.date != name.date)
        };
        if book.as_ref().is_some_and(differs) {
            return Err(TapeError::input(
                first,
                "message file and orderbook file are of different symbols or days",
            ));
        }
        Ok(LobsterFiles {
            messages: message_file,
            book,
            symbol: name.symbol,
            date: name.date,
        })
    }

    /// The message file's lines.
    pub(crate) fn messages(&self) -> Result<Text, TapeError> {
        self.messages.part.lines()
    }

    /// Whether there is an orderbook file.
    pub(crate) const fn has_book(&self) -> bool {
        self.book.is_some()
    }

    /// The orderbook file's lines.
    pub(crate) fn book(&self) -> Result<Option<Text>, TapeError> {
        let lines = self.book.as_ref().map(|book| book.part.lines());
        lines.transpose()
    }
}

/// An orderbook file by itself.
#[derive(Debug)]
pub(crate) struct BookFile(Found);

impl BookFile {
    /// The orderbook CSV at `path`, or the one in the zip at `path`.
    pub(crate) fn find(path: &Path) -> Result<BookFile, TapeError> {
        let files = files_of(&Input::at(path))?;
        let named = files
            .iter()
            .find(|file| file.name.as_ref().is_some_and(|name| name.is_book));
        let plain = files
            .iter()
            .find(|file| file.part.place().entry.is_none() && file.name.is_none());
        match named.or(plain) {
            Some(found) => Ok(BookFile(found.clone())),
            None => Err(TapeError::input(path, "there is no orderbook file in it")),
        }
    }

    /// Its lines.
    pub(crate) fn lines(&self) -> Result<Text, TapeError> {
        self.0.part.lines()
    }
}

/// The LOBSTER files of an input: itself, or what the archive or folder holds.
fn files_of(input: &Input) -> Result<Vec<Found>, TapeError> {
    let parts = Part::all(input)?;
    Ok(parts
        .into_iter()
        .map(|part| Found {
            name: Name::parse(part.name()),
            part,
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_symbol_date_and_kind() {
        let name = Name::parse("a/BRK_B_2012-06-21_34200000_57600000_orderbook_5.csv").unwrap();
        assert_eq!((name.symbol.as_str(), name.is_book), ("BRK_B", true));
        for text in [
            "message.csv",
            "GOOG_2012-06-31_1_2_message_1.csv",
            "_2012-06-21_1_2_message_1.csv",
            "LOBSTER_ReadMe.txt",
        ] {
            assert_eq!(Name::parse(text), None, "{text}");
        }
    }
}
