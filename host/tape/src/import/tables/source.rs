//! A table of either kind.
//!
//! Takes in a file; gives out its heading and its records, whether it is CSV or Parquet.

use super::parquet::{Heading, ParquetTable};
use super::table::{Record, Table};
use crate::error::{Place, TapeError};
use crate::import::part::Part;

/// A record in a file.
#[derive(Clone, Debug)]
pub(crate) struct Spot {
    place: Place,
    is_text: bool,
    /// Its number, from 1: of its line where the file is text.
    pub(crate) number: u64,
}

impl Spot {
    /// An error at this record, or at another one of the same file.
    pub(crate) fn wrong(&self, number: Option<u64>, why: String) -> TapeError {
        let number = number.unwrap_or(self.number);
        match self.is_text {
            true => TapeError::Line {
                place: self.place.clone(),
                line: number,
                why,
            },
            false => TapeError::Record {
                path: self.place.path.clone(),
                record: number,
                byte: None,
                why,
            },
        }
    }
}

/// A table that is being read.
pub(crate) enum Source {
    Csv(Box<Table>),
    Parquet(Box<ParquetTable>),
}

impl Source {
    /// Opens a file; the fields of a CSV are parted by `separator`.
    pub(crate) fn open(part: &Part, separator: u8) -> Result<Source, TapeError> {
        Ok(match ParquetTable::is_one(part)? {
            true => Source::Parquet(Box::new(ParquetTable::open(part)?)),
            false => Source::Csv(Box::new(Table::open(part, separator)?)),
        })
    }

    /// Goes to the first record and hands it to `begin`, or the names of the columns where the file has them apart. Gives
    /// whether the record that the table stands at is still to be read, which is none of both where the table is empty.
    pub(crate) fn begin(
        &mut self,
        begin: impl FnOnce(&dyn Record) -> Result<bool, String>,
    ) -> Result<bool, TapeError> {
        match self {
            Source::Parquet(table) => {
                let begun = begin(&Heading(table.columns()));
                begun.map_err(|why| table.wrong(why))?;
                Ok(false)
            }
            Source::Csv(table) => {
                if !table.advance()? {
                    return Ok(false);
                }
                let is_heading = begin(table.as_ref()).map_err(|why| table.wrong(why))?;
                Ok(!is_heading)
            }
        }
    }

    /// Goes to the next record; `false` at the end.
    pub(crate) fn advance(&mut self) -> Result<bool, TapeError> {
        match self {
            Source::Csv(table) => table.advance(),
            Source::Parquet(table) => table.advance(),
        }
    }

    /// The record.
    pub(crate) fn record(&self) -> &dyn Record {
        match self {
            Source::Csv(table) => table.as_ref(),
            Source::Parquet(table) => table.as_ref(),
        }
    }

    /// The bytes read so far.
    pub(crate) const fn bytes(&self) -> u64 {
        match self {
            Source::Csv(table) => table.bytes(),
            Source::Parquet(table) => table.bytes(),
        }
    }

    /// Where it stands.
    pub(crate) fn spot(&self) -> Spot {
        match self {
            Source::Csv(table) => Spot {
                place: table.place().clone(),
                is_text: true,
                number: table.number(),
            },
            Source::Parquet(table) => Spot {
                place: table.place(),
                is_text: false,
                number: table.number(),
            },
        }
    }

    /// An error at the record.
    pub(crate) fn wrong(&self, why: impl Into<String>) -> TapeError {
        match self {
            Source::Csv(table) => table.wrong(why),
            Source::Parquet(table) => table.wrong(why),
        }
    }
}
