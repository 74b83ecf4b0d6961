//! A tape's book beside the book that its source ships.
//!
//! Takes in a LOBSTER orderbook file and the rebuilt book at each of its lines; gives out, for every level, on how many
//! lines price and size of both sides are equal.

use std::path::Path;

use backplane_sdk::book::Level;
use backplane_sdk::types::{Price, Quantity, Side};

use super::super::rebuild::Rebuild;
use super::Comparison;
use crate::error::TapeError;
use crate::import::{BookFile, BookRow, Text};

/// A comparison that is running.
pub(in crate::verify) struct OrderBookFile {
    lines: Text,
    row: BookRow,
    comparison: Comparison,
}

impl OrderBookFile {
    /// Opens the orderbook file, or the zip that holds one.
    pub(super) fn open(path: &Path) -> Result<OrderBookFile, TapeError> {
        let comparison = Comparison {
            file: path.to_path_buf(),
            what: "rows",
            ..Comparison::default()
        };
        Ok(OrderBookFile {
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
            self.comparison.first_difference = Some(format!("line {}", self.comparison.rows));
        }
        Ok(true)
    }
}
