//! A tape's book beside the book that its source ships.
//!
//! Takes in a LOBSTER orderbook file and the rebuilt book at each of its lines; gives out, for every level, on how many
//! lines price and size of both sides are equal.

use std::path::{Path, PathBuf};

use backplane_sdk::book::Level;
use backplane_sdk::types::{Price, Quantity, Side};
use serde::Serialize;

use super::rebuild::Rebuild;
use crate::error::TapeError;
use crate::import::{BookFile, BookRow, Text};

/// How a tape's book compares with its source's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// The source's book.
    pub file: PathBuf,
    /// Lines compared.
    pub rows: u64,
    /// For each level, best first: the lines on which price and size of both sides are equal.
    pub equal: Vec<u64>,
    /// The first line that differs at any level.
    pub first_difference: Option<u64>,
}

impl Comparison {
    /// Whether all levels are equal on all lines.
    pub fn is_equal(&self) -> bool {
        self.rows > 0 && self.equal.iter().all(|equal| *equal == self.rows)
    }
}

/// A comparison that is running.
pub(super) struct Against {
    lines: Text,
    row: BookRow,
    comparison: Comparison,
}

impl Against {
    /// Opens the orderbook file, or the zip that holds one.
    pub(super) fn open(path: &Path) -> Result<Against, TapeError> {
        let comparison = Comparison {
            file: path.to_path_buf(),
            ..Comparison::default()
        };
        Ok(Against {
            lines: BookFile::find(path)?.lines()?,
            row: BookRow::default(),
            comparison,
        })
    }

    /// Compares the book with all lines before the one of message `sequence`, which is about to change it.
    pub(super) fn before(&mut self, sequence: u32, book: &Rebuild) -> Result<(), TapeError> {
        while self.comparison.rows.saturating_add(1) < u64::from(sequence) {
            if !self.step(book)? {
                return Err(self.lines.wrong(format!(
                    "the file ends here, the tape goes on to line {sequence}"
                )));
            }
        }
        Ok(())
    }

    /// Compares the book with the lines that are left.
    pub(super) fn finish(mut self, book: &Rebuild) -> Result<Comparison, TapeError> {
        while self.step(book)? {}
        Ok(self.comparison)
    }

    fn step(&mut self, book: &Rebuild) -> Result<bool, TapeError> {
        if !self.lines.advance()? {
            return Ok(false);
        }
        self.row.read(&self.lines)?;
        let depth = self.row.depth();
        let level = |(price, size)| Level {
            price: Price(price),
            size: Quantity(size),
        };
        let mut bids = book.bids().map(level);
        let mut asks = book.asks().map(level);
        self.comparison.rows = self.comparison.rows.saturating_add(1);
        if self.comparison.equal.len() < depth {
            self.comparison.equal.resize(depth, 0);
        }
        let file_bids = &self.row.sides[Side::Buy.index()];
        let file_asks = &self.row.sides[Side::Sell.index()];
        let mut differs = false;
        for (equal, (bid, ask)) in self
            .comparison
            .equal
            .iter_mut()
            .zip(file_bids.iter().zip(file_asks))
        {
            let same = (bids.next(), asks.next()) == (*bid, *ask);
            *equal = equal.saturating_add(u64::from(same));
            differs |= !same;
        }
        // A level beyond those that the file sees would be one that should have been dropped.
        differs |= bids.next().is_some() || asks.next().is_some();
        if differs && self.comparison.first_difference.is_none() {
            self.comparison.first_difference = Some(self.comparison.rows);
        }
        Ok(true)
    }
}
