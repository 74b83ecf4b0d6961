//! Which files of a LOBSTER day there are, and what their names say.
//!
//! Takes in paths of CSV files or of a zip; gives out the lines of the message file and of the orderbook file. The
//! names carry what the lines do not: `GOOG_2012-06-21_34200000_57600000_message_10.csv`.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use zip::ZipArchive;

use super::lines::Lines;
use crate::error::{Place, TapeError};
use crate::time_zone::Date;

/// Entries of an archive that are looked at.
const ENTRIES_MAX: usize = 10_000;

/// A stream of lines from a file or from a file in an archive.
pub(crate) type Text = Lines<Box<dyn BufRead>>;

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

/// A file, or a file in an archive.
#[derive(Clone, Debug)]
struct Found {
    path: PathBuf,
    entry: Option<usize>,
    entry_name: Option<String>,
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
    pub(crate) fn find(inputs: &[PathBuf], book: Option<&Path>) -> Result<LobsterFiles, TapeError> {
        let mut found = Vec::new();
        for input in inputs {
            found.extend(files_of(input)?);
        }
        let first = inputs
            .first()
            .map_or_else(|| Path::new(""), PathBuf::as_path);
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
        open(&self.messages)
    }

    /// Whether there is an orderbook file.
    pub(crate) const fn has_book(&self) -> bool {
        self.book.is_some()
    }

    /// The orderbook file's lines.
    pub(crate) fn book(&self) -> Result<Option<Text>, TapeError> {
        self.book.as_ref().map(open).transpose()
    }
}

/// An orderbook file by itself.
#[derive(Debug)]
pub(crate) struct BookFile(Found);

impl BookFile {
    /// The orderbook CSV at `path`, or the one in the zip at `path`.
    pub(crate) fn find(path: &Path) -> Result<BookFile, TapeError> {
        let files = files_of(path)?;
        let named = files
            .iter()
            .find(|file| file.name.as_ref().is_some_and(|name| name.is_book));
        let plain = files
            .iter()
            .find(|file| file.entry.is_none() && file.name.is_none());
        match named.or(plain) {
            Some(found) => Ok(BookFile(found.clone())),
            None => Err(TapeError::input(path, "there is no orderbook file in it")),
        }
    }

    /// Its lines.
    pub(crate) fn lines(&self) -> Result<Text, TapeError> {
        open(&self.0)
    }
}

/// The LOBSTER files at a path: itself, or what the archive holds.
fn files_of(path: &Path) -> Result<Vec<Found>, TapeError> {
    let io = |error| TapeError::io("opening", path, error);
    let mut file = BufReader::new(File::open(path).map_err(io)?);
    let mut head = Vec::new();
    file.by_ref().take(2).read_to_end(&mut head).map_err(io)?;
    if head != b"PK" {
        let is_zip = path
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("zip"));
        if is_zip || head.is_empty() {
            let why = if head.is_empty() {
                "it is empty"
            } else {
                "it is called a zip and is none"
            };
            return Err(TapeError::input(path, why));
        }
        let name = path
            .file_name()
            .and_then(|name| Name::parse(&name.to_string_lossy()));
        return Ok(vec![Found {
            path: path.to_path_buf(),
            entry: None,
            entry_name: None,
            name,
        }]);
    }
    let archive = archive(path)?;
    let mut found = Vec::new();
    for (entry, name) in archive.file_names().enumerate().take(ENTRIES_MAX) {
        let Ok(name) = name else { continue };
        if let Some(parsed) = Name::parse(&name) {
            found.push(Found {
                path: path.to_path_buf(),
                entry: Some(entry),
                entry_name: Some(name.into_owned()),
                name: Some(parsed),
            });
        }
    }
    Ok(found)
}

fn archive(path: &Path) -> Result<ZipArchive<BufReader<File>>, TapeError> {
    let mut file = File::open(path).map_err(|error| TapeError::io("opening", path, error))?;
    let length = file
        .seek(SeekFrom::End(0))
        .map_err(|error| TapeError::io("reading", path, error))?;
    file.rewind()
        .map_err(|error| TapeError::io("reading", path, error))?;
    ZipArchive::new(BufReader::new(file)).map_err(|error| {
        TapeError::input(
            path,
            format!("the archive of {length} bytes cannot be read: {error}; it may be cut off"),
        )
    })
}

fn open(found: &Found) -> Result<Text, TapeError> {
    let place = Place {
        path: found.path.clone(),
        entry: found.entry_name.clone(),
    };
    let reader: Box<dyn BufRead> = match found.entry {
        None => {
            let file = File::open(&found.path)
                .map_err(|error| TapeError::io("opening", &found.path, error))?;
            Box::new(BufReader::with_capacity(1 << 17, file))
        }
        Some(entry) => Box::new(BufReader::with_capacity(
            1 << 17,
            EntryReader::open(&found.path, entry)?,
        )),
    };
    Ok(Lines::new(reader, place))
}

/// Reads one entry of an archive. The library lends an entry's reader only as long as the archive is held, so the
/// entry is decompressed on a thread of its own, which ends with the entry or with this reader.
struct EntryReader {
    blocks: std::sync::mpsc::Receiver<std::io::Result<Vec<u8>>>,
    block: std::io::Cursor<Vec<u8>>,
    is_ended: bool,
}

/// Blocks that are decompressed ahead.
const BLOCKS_AHEAD: usize = 4;
/// Bytes in a block.
const BLOCK_BYTES: u64 = 1 << 17;

impl EntryReader {
    fn open(path: &Path, entry: usize) -> Result<EntryReader, TapeError> {
        let mut archive = archive(path)?;
        let (sender, blocks) = std::sync::mpsc::sync_channel(BLOCKS_AHEAD);
        std::thread::Builder::new()
            .name("unzip".to_owned())
            .spawn(move || {
                let mut file = match archive.by_index(entry) {
                    Ok(file) => file,
                    Err(error) => {
                        let _ = sender.send(Err(std::io::Error::other(error.to_string())));
                        return;
                    }
                };
                loop {
                    let mut block = Vec::new();
                    let result = file
                        .by_ref()
                        .take(BLOCK_BYTES)
                        .read_to_end(&mut block)
                        .map(|_| block);
                    let is_end = !matches!(&result, Ok(block) if !block.is_empty());
                    // A refused block means that the reader is gone, and so is the reason to go on.
                    if sender.send(result).is_err() || is_end {
                        return;
                    }
                }
            })
            .map_err(|error| TapeError::io("starting to unzip", path, error))?;
        Ok(EntryReader {
            blocks,
            block: std::io::Cursor::new(Vec::new()),
            is_ended: false,
        })
    }
}

impl Read for EntryReader {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        loop {
            let count = self.block.read(buffer)?;
            if count > 0 || buffer.is_empty() || self.is_ended {
                return Ok(count);
            }
            match self.blocks.recv() {
                Ok(Ok(block)) => {
                    self.is_ended = block.is_empty();
                    self.block = std::io::Cursor::new(block);
                }
                Ok(Err(error)) => return Err(error),
                Err(_) => {
                    return Err(std::io::Error::other(
                        "the archive's thread stopped before the end",
                    ));
                }
            }
        }
    }
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
