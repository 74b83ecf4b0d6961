//! Binance's book ticker beside the book rebuilt from its depth updates.
//!
//! Takes in a capture that holds both streams; gives out after how many depth updates best prices and sizes are those of
//! the last book ticker up to the same update number. Streams arrive apart, so that they are matched by number: a depth
//! update waits until a ticker beyond it is read, and the tape's book is looked at before the row that goes beyond it.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;

use super::super::Instrument;
use super::{Comparison, Files, level, places};
use crate::error::TapeError;
use crate::format::{Header, InstrumentDefinition};
use crate::import::{
    BinanceMessage, CAPTURE_LINE_BYTES_MAX, Decimal, Part, Text, binance_message, captured,
};
use crate::row::Row;

/// Depth updates and tickers that may wait for each other.
const WAITING_MAX: usize = 1 << 20;

/// Price and size of bid and ask.
type Best = [(Decimal, Decimal); 2];

/// A depth update, and what the best prices are after it.
struct Checkpoint {
    number: u64,
    best: Best,
}

/// One symbol's streams.
struct Symbol {
    instrument: usize,
    definition: InstrumentDefinition,
    /// Depth updates beyond the latest ticker.
    waiting: VecDeque<u64>,
    /// Tickers from the last one that a depth update needed.
    tickers: VecDeque<(u64, Best)>,
    ready: VecDeque<Checkpoint>,
    /// The lowest bits of the update that the tape's book holds; none before its first row.
    reached: Option<u32>,
}

/// A comparison that is running.
pub(in crate::verify) struct Tickers {
    parts: Files,
    lines: Option<Text>,
    symbols: BTreeMap<String, Symbol>,
    comparison: Comparison,
    is_ended: bool,
}

impl Tickers {
    /// The captures, one after the other.
    pub(super) fn open(shown: &Path, parts: Vec<Part>, header: &Header) -> Tickers {
        let symbols = places(header).into_iter().enumerate();
        let symbol = |(instrument, (name, definition))| {
            let symbol = Symbol {
                instrument,
                definition,
                waiting: VecDeque::new(),
                ready: VecDeque::new(),
                tickers: VecDeque::new(),
                reached: None,
            };
            (name, symbol)
        };
        Tickers {
            parts: parts.into_iter(),
            lines: None,
            symbols: symbols.map(symbol).collect(),
            comparison: Comparison::of(shown, "depth updates by the book ticker are"),
            is_ended: false,
        }
    }

    /// Compares all depth updates that are whole in the book before a row.
    pub(super) fn before(&mut self, row: &Row, books: &[Instrument]) -> Result<(), TapeError> {
        if !matches!(row.action, b'A' | b'C' | b'R') {
            return Ok(());
        }
        let place = usize::from(row.instrument);
        let Some(name) = self
            .symbols
            .iter()
            .find(|(_, x)| x.instrument == place)
            .map(|(name, _)| name.clone())
        else {
            return Ok(());
        };
        let reached = self.symbols.get(&name).and_then(|symbol| symbol.reached);
        if reached == Some(row.sequence) {
            return Ok(());
        }
        if reached.is_some() {
            while self.next_is_before(&name, row.sequence)? {
                self.compare(&name, books);
            }
        } else {
            // What came before the snapshot is not on the tape.
            while self.next_is_before(&name, row.sequence)? {
                self.symbols
                    .get_mut(&name)
                    .and_then(|symbol| symbol.ready.pop_front());
            }
        }
        if let Some(symbol) = self.symbols.get_mut(&name) {
            symbol.reached = Some(row.sequence);
        }
        Ok(())
    }

    /// Compares what is left.
    pub(super) fn finish(mut self, books: &[Instrument]) -> Result<Comparison, TapeError> {
        while !self.is_ended {
            self.step()?;
        }
        let names: Vec<String> = self.symbols.keys().cloned().collect();
        for name in names {
            let on_tape = self
                .symbols
                .get(&name)
                .is_some_and(|symbol| symbol.reached.is_some());
            while on_tape
                && self
                    .symbols
                    .get(&name)
                    .is_some_and(|symbol| !symbol.ready.is_empty())
            {
                self.compare(&name, books);
            }
        }
        Ok(self.comparison)
    }

    /// Whether a symbol's next depth update is before the one of a row; reads on until that is known.
    fn next_is_before(&mut self, name: &str, sequence: u32) -> Result<bool, TapeError> {
        loop {
            let next = self
                .symbols
                .get(name)
                .and_then(|symbol| symbol.ready.front());
            if let Some(next) = next {
                // Numbers are compared by their lowest bits, which wrap.
                return Ok(sequence.wrapping_sub(next.number as u32).cast_signed() > 0);
            }
            if self.is_ended {
                return Ok(false);
            }
            self.step()?;
        }
    }

    fn compare(&mut self, name: &str, books: &[Instrument]) {
        let Some(symbol) = self.symbols.get_mut(name) else {
            return;
        };
        let (Some(next), Some(found)) = (symbol.ready.pop_front(), books.get(symbol.instrument))
        else {
            return;
        };
        let expected = next
            .best
            .map(|(price, size)| level(&symbol.definition, price, size));
        let is = [found.book.bids().next(), found.book.asks().next()];
        self.comparison.count(is == expected, || {
            format!(
                "update {} of {name}: the best levels are {is:?}, by the ticker {expected:?}",
                next.number
            )
        });
    }

    /// Reads a line of the capture.
    fn step(&mut self) -> Result<(), TapeError> {
        let Some(lines) = &mut self.lines else {
            match self.parts.next() {
                Some(part) => self.lines = Some(part.lines()?.with_limit(CAPTURE_LINE_BYTES_MAX)),
                None => {
                    self.is_ended = true;
                    self.symbols
                        .values_mut()
                        .for_each(|symbol| symbol.settle(true));
                }
            }
            return Ok(());
        };
        if !lines.advance()? {
            self.lines = None;
            return Ok(());
        }
        let Some(json) = captured(lines.line()) else {
            return Ok(());
        };
        match binance_message(json).map_err(|why| lines.wrong(why))? {
            BinanceMessage::Depth(depth) => {
                if let Some(symbol) = self.symbols.get_mut(depth.symbol.as_ref()) {
                    symbol.depth(depth.last);
                    check_waiting(lines, symbol.waiting.len())?;
                }
            }
            BinanceMessage::Ticker(ticker) => {
                if let Some(symbol) = self.symbols.get_mut(ticker.symbol.as_ref()) {
                    symbol.ticker(ticker.last, [ticker.bid, ticker.ask]);
                    check_waiting(lines, symbol.tickers.len())?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// Refuses captures in which one of the streams is missing.
fn check_waiting(lines: &Text, count: usize) -> Result<(), TapeError> {
    if count > WAITING_MAX {
        let why = format!(
            "{WAITING_MAX} messages of depth or of the book ticker wait for one of the other stream"
        );
        return Err(lines.wrong(why));
    }
    Ok(())
}

impl Symbol {
    /// Reads a depth update, whose ticker may have been there before it.
    fn depth(&mut self, number: u64) {
        self.waiting.push_back(number);
        self.settle(false);
    }

    /// Reads a ticker.
    fn ticker(&mut self, number: u64, best: Best) {
        self.tickers.push_back((number, best));
        self.settle(false);
    }

    /// Makes checkpoints of the depth updates up to the latest ticker; of all where the capture is at its end.
    fn settle(&mut self, is_ended: bool) {
        while let Some(number) = self.waiting.front().copied() {
            let is_known = self
                .tickers
                .back()
                .is_some_and(|(latest, _)| *latest > number);
            if !is_known && !is_ended {
                return;
            }
            while self.tickers.get(1).is_some_and(|(next, _)| *next <= number) {
                self.tickers.pop_front();
            }
            self.waiting.pop_front();
            if let Some((at, best)) = self.tickers.front().copied()
                && at <= number
            {
                self.ready.push_back(Checkpoint { number, best });
            }
        }
    }
}
