//! Sources that are tables of text: a record a line, with or without a heading.
//!
//! Takes in CSV files, and Parquet files where a column map explains them; gives out updates. A source says in a [`RecordReader`] what its records mean; everything else,
//! files one after the other, records that belong together, errors that name the line, is here.

mod parquet;
mod source;
mod table;

use std::collections::VecDeque;

use super::feed::{Channel, Decimal, Update};
use super::part::Part;
use crate::error::TapeError;

pub(super) use source::Source;
use source::Spot;
pub(super) use table::{Record, Table, first_fields};

/// Levels and prints of records that belong together.
const GROUP_MAX: usize = 1 << 20;

/// What understands the records of a source.
pub(super) trait RecordReader {
    /// What parts fields.
    fn separator(&self) -> u8 {
        b','
    }

    /// A new file begins. Its first record is given; `true` where it is a heading and no record.
    fn begin(&mut self, part: &Part, first: &dyn Record) -> Result<bool, String>;

    /// Reads a record into an empty update; `false` where the record says nothing.
    fn read(&mut self, record: &dyn Record, update: &mut Update) -> Result<bool, String>;

    /// The next update of the record that was read last, where it means several; `false` where there is none.
    fn more(&mut self, update: &mut Update) -> bool {
        let _ = update;
        false
    }

    /// Whether records of one symbol and the same times are one atomic event.
    fn groups(&self) -> bool {
        false
    }

    /// What was noticed so far, as [`Channel::noticed`] says it.
    fn noticed(&self) -> Vec<(&'static str, u64)> {
        Vec::new()
    }
}

/// Files one after the other, as a channel.
pub(super) struct Tables<R> {
    parts: VecDeque<Part>,
    table: Option<Source>,
    /// Whether the table stands at a record that was not read.
    is_waiting: bool,
    /// Bytes of the files before.
    bytes: u64,
    reader: R,
    /// The update that the next record may still belong to, and where it began.
    open: Option<(Update, Spot)>,
    /// Where the update began that was handed out last.
    last: Option<Spot>,
    scratch: Update,
}

impl<R: RecordReader> Tables<R> {
    /// The records of some files, in this order.
    pub(super) fn new(parts: impl IntoIterator<Item = Part>, reader: R) -> Tables<R> {
        Tables {
            parts: parts.into_iter().collect(),
            table: None,
            is_waiting: false,
            bytes: 0,
            reader,
            open: None,
            last: None,
            scratch: Update::default(),
        }
    }

    /// Goes to the next record; `false` at the end of all files.
    fn advance(&mut self) -> Result<bool, TapeError> {
        loop {
            if std::mem::take(&mut self.is_waiting) {
                return Ok(true);
            }
            if let Some(table) = &mut self.table {
                if table.advance()? {
                    return Ok(true);
                }
                if self.parts.is_empty() {
                    return Ok(false);
                }
                self.bytes = self.bytes.saturating_add(table.bytes());
                self.table = None;
            }
            let Some(part) = self.parts.pop_front() else {
                return Ok(false);
            };
            let mut table = Source::open(&part, self.reader.separator())?;
            let reader = &mut self.reader;
            self.is_waiting = table.begin(|first| reader.begin(&part, first))?;
            self.table = Some(table);
        }
    }

    /// Reads the next record that says something into the scratch update; `false` at the end.
    fn read(&mut self) -> Result<bool, TapeError> {
        if self.reader.more(&mut self.scratch) {
            return Ok(true);
        }
        while self.advance()? {
            let Some(table) = &self.table else {
                return Ok(false);
            };
            let read = self.reader.read(table.record(), &mut self.scratch);
            if read.map_err(|why| table.wrong(why))? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl<R: RecordReader> Tables<R> {
    /// Where the table stands.
    fn spot(&self) -> Option<Spot> {
        self.table.as_ref().map(Source::spot)
    }
}

impl<R: RecordReader> Channel for Tables<R> {
    fn next(&mut self, update: &mut Update) -> Result<bool, TapeError> {
        loop {
            let is_read = self.read()?;
            let spot = self.spot();
            // Known from the first file's heading on.
            if !self.reader.groups() {
                std::mem::swap(update, &mut self.scratch);
                self.last = spot;
                return Ok(is_read);
            }
            if is_read && let Some(spot) = &spot {
                self.scratch
                    .records
                    .resize(self.scratch.levels.len(), spot.number);
            }
            match (&mut self.open, spot) {
                (None, Some(spot)) if is_read => {
                    self.open = Some((std::mem::take(&mut self.scratch), spot));
                }
                (None, _) => return Ok(false),
                (Some((open, _)), _) if is_read && open.is_same_event(&self.scratch) => {
                    open.levels.append(&mut self.scratch.levels);
                    open.records.append(&mut self.scratch.records);
                    open.prints.append(&mut self.scratch.prints);
                    if open.levels.len() + open.prints.len() > GROUP_MAX {
                        let why = format!("more than {GROUP_MAX} records are of the same time");
                        return Err(self.wrong(None, why));
                    }
                }
                (Some((open, began)), spot) => {
                    std::mem::swap(update, open);
                    std::mem::swap(open, &mut self.scratch);
                    self.last = Some(began.clone());
                    match spot.filter(|_| is_read) {
                        Some(spot) => *began = spot,
                        None => self.open = None,
                    }
                    return Ok(true);
                }
            }
        }
    }

    fn wrong(&self, record: Option<u64>, why: String) -> TapeError {
        match &self.last {
            Some(last) => last.wrong(record, why),
            None => TapeError::Request { why },
        }
    }

    fn bytes(&self) -> u64 {
        let here = self.table.as_ref().map_or(0, Source::bytes);
        self.bytes.saturating_add(here)
    }

    fn noticed(&self) -> Vec<(&'static str, u64)> {
        self.reader.noticed()
    }
}

/// The place of a column in a heading.
pub(super) fn column(names: &[String], wanted: &str) -> Result<usize, String> {
    let place = names.iter().position(|name| name == wanted);
    place.ok_or_else(|| format!("the heading has no column `{wanted}`"))
}

/// A field that is a decimal number.
pub(super) fn decimal(record: &dyn Record, place: usize, what: &str) -> Result<Decimal, String> {
    let text = record.field(place);
    Decimal::parse(text).ok_or_else(|| {
        format!(
            "its {what} {:?} is no number",
            String::from_utf8_lossy(text)
        )
    })
}

/// A field that is a whole number.
pub(super) fn whole(record: &dyn Record, place: usize, what: &str) -> Result<i64, String> {
    let text = record.field(place);
    let number = std::str::from_utf8(text)
        .ok()
        .and_then(|text| text.parse().ok());
    number.ok_or_else(|| {
        format!(
            "its {what} {:?} is no whole number",
            String::from_utf8_lossy(text)
        )
    })
}

/// A field as text.
pub(super) fn text(record: &dyn Record, place: usize) -> &str {
    std::str::from_utf8(record.field(place)).unwrap_or_default()
}
