//! A CSV file as records of named fields.
//!
//! Takes in a stream of text that is not trusted; gives out its records one by one, of bounded length, in the order of
//! the file. Fields may stand in quotation marks; a record is a line.

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use crate::error::{Place, TapeError};
use crate::import::part::{Part, Text};

/// Fields in a record: a book of a thousand levels fits.
const FIELDS_MAX: usize = 8_192;

/// Fields by their places.
pub(crate) trait Record {
    /// A field by its place; empty where the record is shorter.
    fn field(&self, place: usize) -> &[u8];

    /// The number of fields.
    fn fields(&self) -> usize;

    /// The fields as text, as a heading is.
    fn names(&self) -> Vec<String> {
        let name = |place| String::from_utf8_lossy(self.field(place)).into_owned();
        (0..self.fields()).map(name).collect()
    }
}

/// A CSV file that is being read.
pub(crate) struct Table {
    lines: Text,
    parser: Reader,
    /// The fields of the record, one behind the other.
    text: Vec<u8>,
    /// Where each of them ends.
    ends: Vec<usize>,
    fields: usize,
}

impl Table {
    /// Opens a file whose fields are parted by `separator`.
    pub(crate) fn open(part: &Part, separator: u8) -> Result<Table, TapeError> {
        Ok(Table {
            lines: part.lines()?,
            parser: ReaderBuilder::new().delimiter(separator).build(),
            text: Vec::new(),
            ends: vec![0; 64],
            fields: 0,
        })
    }

    /// Goes to the next record; `false` at the end. Empty lines are passed over.
    pub(crate) fn advance(&mut self) -> Result<bool, TapeError> {
        loop {
            if !self.lines.advance()? {
                return Ok(false);
            }
            if !self.lines.line().trim_ascii().is_empty() {
                break;
            }
        }
        self.parse().map_err(|why| self.lines.wrong(why))?;
        Ok(true)
    }

    fn parse(&mut self) -> Result<(), String> {
        let line = self.lines.line();
        // Unquoting never makes a line longer.
        if self.text.len() < line.len() {
            self.text.resize(line.len(), 0);
        }
        self.parser.reset();
        let (mut read, mut written, mut fields) = (0, 0, 0);
        loop {
            let input = line.get(read..).unwrap_or_default();
            let text = self.text.get_mut(written..).unwrap_or_default();
            let ends = self.ends.get_mut(fields..).unwrap_or_default();
            let (result, more_read, more_written, more_fields) =
                self.parser.read_record(input, text, ends);
            read += more_read;
            written += more_written;
            fields += more_fields;
            match result {
                // The end of the line is the end of the record; the parser is told so by an empty input.
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::Record | ReadRecordResult::End => break,
                ReadRecordResult::OutputEndsFull if self.ends.len() < FIELDS_MAX => {
                    self.ends.resize(FIELDS_MAX, 0);
                }
                ReadRecordResult::OutputEndsFull => {
                    return Err(format!("it has more than {FIELDS_MAX} fields"));
                }
                ReadRecordResult::OutputFull => self
                    .text
                    .resize(self.text.len().saturating_mul(2).max(64), 0),
            }
        }
        self.fields = fields;
        Ok(())
    }

    /// What errors call the file.
    pub(crate) const fn place(&self) -> &Place {
        self.lines.place()
    }

    /// The number of the record's line, from 1.
    pub(crate) const fn number(&self) -> u64 {
        self.lines.number()
    }

    /// The bytes read so far.
    pub(crate) const fn bytes(&self) -> u64 {
        self.lines.bytes()
    }

    /// An error at this record.
    pub(crate) fn wrong(&self, why: impl Into<String>) -> TapeError {
        self.lines.wrong(why)
    }
}

impl Record for Table {
    fn field(&self, place: usize) -> &[u8] {
        if place >= self.fields {
            return &[];
        }
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.text
            .get(start..self.ends[place])
            .unwrap_or_default()
            .trim_ascii()
    }

    fn fields(&self) -> usize {
        self.fields
    }
}

/// The first bytes of a file as records, to know what it is.
pub(crate) fn first_fields(line: &str, separator: char) -> Vec<&str> {
    let line = line.strip_prefix('\u{feff}').unwrap_or(line);
    line.split(separator)
        .map(|name| name.trim().trim_matches('"'))
        .collect()
}
