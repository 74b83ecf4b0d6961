//! A tape beside what its source itself says of it.
//!
//! Takes in the source's own truth and the book rebuilt from the tape, row by row; gives out how much of it is equal:
//! - a LOBSTER orderbook file: every level on every line ([`lobster`]);
//! - a Binance capture: the best prices after every depth update, by the book ticker ([`ticker`]);
//! - an OKX capture: the CRC32 of the best 25 levels that every book message carries ([`checksum`]);
//! - another tape, or anything that can be imported as one: its best prices, trades or bars ([`tape`]).

mod checksum;
mod lobster;
mod tape;
mod ticker;

use std::path::{Path, PathBuf};

use backplane_sdk::types::Price;
use serde::Serialize;

use super::Instrument;
use crate::error::TapeError;
use crate::format::{Header, InstrumentDefinition};
use crate::import::{Decimal, ImportOptions, Part, Truth, import, parts_at, truth_of};
use crate::reader::TapeReader;
use crate::row::Row;
use checksum::Checksums;
use lobster::OrderBookFile;
use tape::TapeTruth;
use tempfile::TempDir;
use ticker::Tickers;

/// How a tape compares with its source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// The source's truth.
    pub file: PathBuf,
    /// What was compared: lines, depth updates, checksums..
    pub what: &'static str,
    /// How many of them.
    pub rows: u64,
    /// For each level, best first: how many are equal, price and size of both sides; or, where they are compared as a
    /// whole, how many are equal.
    pub equal: Vec<u64>,
    /// Where the first difference is.
    pub first_difference: Option<String>,
}

impl Comparison {
    /// Whether all is equal.
    pub fn is_equal(&self) -> bool {
        self.rows > 0 && self.equal.iter().all(|equal| *equal == self.rows)
    }

    /// Of so many things, compared as a whole.
    fn of(file: &Path, what: &'static str) -> Comparison {
        Comparison {
            file: file.to_path_buf(),
            what,
            equal: vec![0],
            ..Comparison::default()
        }
    }

    /// Counts one thing; `why` says where it is and how it differs.
    fn count(&mut self, is_equal: bool, why: impl FnOnce() -> String) {
        self.rows = self.rows.saturating_add(1);
        if let Some(equal) = self.equal.first_mut() {
            *equal = equal.saturating_add(u64::from(is_equal));
        }
        if !is_equal && self.first_difference.is_none() {
            self.first_difference = Some(why());
        }
    }
}

/// A comparison that is running.
pub(super) enum Against {
    Lobster(OrderBookFile),
    Tickers(Tickers),
    Checksums(Checksums),
    /// Another tape, and the folder that holds it where it was imported just for this.
    Tape {
        truth: Box<TapeTruth>,
        _folder: Option<TempDir>,
    },
}

impl Against {
    /// Opens what the source says of a tape: several files are one after the other.
    pub(super) fn open(
        paths: &[PathBuf],
        reader: &TapeReader,
    ) -> Result<Option<Against>, TapeError> {
        let (Some(first), header) = (paths.first(), reader.header()) else {
            return Ok(None);
        };
        let parts = parts_at(paths)?;
        let truth = truth_of(&parts)?;
        if paths.len() > 1 && matches!(truth, Truth::Orderbook | Truth::Tape) {
            let why = format!(
                "a tape is compared with one book file or one tape, not with {} (`--against`)",
                paths.len()
            );
            return Err(TapeError::Request { why });
        }
        Ok(Some(match truth {
            Truth::BinanceCapture => Against::Tickers(Tickers::open(first, parts, header)),
            Truth::OkxCapture => Against::Checksums(Checksums::open(first, parts, header)),
            Truth::Orderbook => Against::Lobster(OrderBookFile::open(first)?),
            Truth::Tape => {
                let truth = TapeTruth::open(first, first, header, times_of(reader)?)?;
                Against::Tape {
                    truth: Box::new(truth),
                    _folder: None,
                }
            }
            Truth::Importable => {
                let folder = tempfile::tempdir()
                    .map_err(|error| TapeError::io("making a folder for", first, error))?;
                let output = folder.path().join("against.tape");
                let options = ImportOptions {
                    output: output.clone(),
                    ..ImportOptions::default()
                };
                import(paths, &options, &mut |_, _| {})?;
                let truth = TapeTruth::open(&output, first, header, times_of(reader)?)?;
                Against::Tape {
                    truth: Box::new(truth),
                    _folder: Some(folder),
                }
            }
        }))
    }

    /// Compares all that is true before a row, which is about to be applied.
    pub(super) fn before(&mut self, row: &Row, books: &[Instrument]) -> Result<(), TapeError> {
        match self {
            Against::Lobster(file) => match books.first() {
                Some(first) if row.instrument == 0 => file.before(row.sequence, &first.book),
                _ => Ok(()),
            },
            Against::Tickers(tickers) => tickers.before(row, books),
            Against::Checksums(checksums) => checksums.before(row, books),
            Against::Tape { truth, .. } => truth.before(row, books),
        }
    }

    /// Compares what is true after the last row.
    pub(super) fn finish(self, books: &[Instrument]) -> Result<Comparison, TapeError> {
        match self {
            Against::Lobster(file) => match books.first() {
                Some(first) => file.finish(&first.book),
                None => Ok(Comparison::default()),
            },
            Against::Tickers(tickers) => tickers.finish(books),
            Against::Checksums(checksums) => checksums.finish(books),
            Against::Tape { truth, .. } => truth.finish(books),
        }
    }
}

/// The first and the last exchange time of a tape.
fn times_of(reader: &TapeReader) -> Result<(i64, i64), TapeError> {
    let rows = reader.statistics().map(|statistics| &statistics.rows);
    match rows.and_then(|rows| rows.ts_event_first.zip(rows.ts_event_last)) {
        Some(times) => Ok(times),
        None => Err(TapeError::unsupported(
            reader.path(),
            "it has no rows, or no statistics that say its times: there is nothing to compare",
        )),
    }
}

/// The instruments of a tape by symbol.
fn places(header: &Header) -> Vec<(String, InstrumentDefinition)> {
    let definitions = header.instruments.iter();
    definitions.map(|x| (x.symbol.clone(), x.clone())).collect()
}

/// A price and a size as the tape's integers; none where they are none of its ticks and lots.
fn level(definition: &InstrumentDefinition, price: Decimal, size: Decimal) -> Option<(i64, i64)> {
    let lot = Decimal::from(definition.lot);
    if lot.0 <= 0 || size.0 % lot.0 != 0 {
        return None;
    }
    let price = price.nanos().filter(|price| Price(*price).is_defined())?;
    Some((price, i64::try_from(size.0 / lot.0).ok()?))
}

/// The files that are read one after the other.
type Files = std::vec::IntoIter<Part>;
