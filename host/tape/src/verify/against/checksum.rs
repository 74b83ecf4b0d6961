//! OKX's checksums beside the book rebuilt from its messages.
//!
//! Takes in a capture of the channel `books`; gives out how many messages' CRC32 is that of the tape's best 25 levels.
//! The checksum is over texts, `bid:size:ask:size:..`, in the very digits that OKX wrote (its documentation of the order
//! book channel, "Checksum"), so that those are kept beside the numbers. Messages are found by their receive time.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::Instrument;
use super::{Comparison, Files, level, places};
use crate::error::TapeError;
use crate::format::{Header, InstrumentDefinition};
use crate::import::{CAPTURE_LINE_BYTES_MAX, Decimal, OkxBook, Part, Text, captured_at, okx_books};
use crate::row::Row;

/// Levels of a side that a checksum is over.
const DEPTH: usize = 25;

/// One instrument's book in OKX's own digits: price and size by the tape's price.
#[derive(Default)]
struct Texts {
    sides: [BTreeMap<i64, (String, String)>; 2],
}

/// A comparison that is running.
pub(in crate::verify) struct Checksums {
    parts: Files,
    lines: Option<Text>,
    instruments: BTreeMap<String, (usize, InstrumentDefinition, Texts)>,
    clock_offset: i64,
    /// The time of the message that the lines stand at; none where none is left to compare.
    at: Option<i64>,
    is_ended: bool,
    comparison: Comparison,
}

impl Checksums {
    /// The captures, one after the other.
    pub(super) fn open(shown: &Path, parts: Vec<Part>, header: &Header) -> Checksums {
        let instruments = places(header).into_iter().enumerate();
        Checksums {
            parts: parts.into_iter(),
            lines: None,
            instruments: instruments
                .map(|(place, (name, definition))| (name, (place, definition, Texts::default())))
                .collect(),
            clock_offset: header.source.clock_offset,
            at: None,
            is_ended: false,
            comparison: Comparison::of(shown, "checksums are"),
        }
    }

    /// Compares all messages that were received before a row.
    pub(super) fn before(&mut self, row: &Row, books: &[Instrument]) -> Result<(), TapeError> {
        while self.next()?.is_some_and(|at| at < row.ts_recv) {
            self.compare(books)?;
        }
        Ok(())
    }

    /// Compares what is left.
    pub(super) fn finish(mut self, books: &[Instrument]) -> Result<Comparison, TapeError> {
        while self.next()?.is_some() {
            self.compare(books)?;
        }
        Ok(self.comparison)
    }

    /// When the next message was received; none at the end.
    fn next(&mut self) -> Result<Option<i64>, TapeError> {
        while self.at.is_none() && !self.is_ended {
            let Some(lines) = &mut self.lines else {
                match self.parts.next() {
                    Some(part) => {
                        self.lines = Some(part.lines()?.with_limit(CAPTURE_LINE_BYTES_MAX))
                    }
                    None => self.is_ended = true,
                }
                continue;
            };
            if !lines.advance()? {
                self.lines = None;
                continue;
            }
            self.at = captured_at(lines.line()).map(|(at, _)| at.saturating_add(self.clock_offset));
        }
        Ok(self.at)
    }

    /// Compares the message that the lines stand at.
    fn compare(&mut self, books: &[Instrument]) -> Result<(), TapeError> {
        self.at = None;
        let Some(lines) = &self.lines else {
            return Ok(());
        };
        let Some((_, json)) = captured_at(lines.line()) else {
            return Ok(());
        };
        let message = okx_books(json).map_err(|why| lines.wrong(why))?;
        let Some((symbol, is_whole, messages)) = message else {
            return Ok(());
        };
        let Some((place, definition, texts)) = self.instruments.get_mut(&symbol) else {
            return Ok(());
        };
        for message in &messages {
            texts
                .hear(definition, is_whole, message)
                .map_err(|why| lines.wrong(why))?;
            let (Some(expected), Some(book)) = (message.checksum, books.get(*place)) else {
                continue;
            };
            let sides = [
                book.book.bids().take(DEPTH).collect::<Vec<_>>(),
                book.book.asks().take(DEPTH).collect(),
            ];
            let is = texts.checksum(definition, &sides);
            self.comparison.count(is == Some(expected), || {
                format!(
                    "line {} ({symbol}): the checksum is {is:?}, must be {expected}",
                    lines.number()
                )
            });
        }
        Ok(())
    }
}

impl Texts {
    fn hear(
        &mut self,
        definition: &InstrumentDefinition,
        is_whole: bool,
        message: &OkxBook<'_>,
    ) -> Result<(), String> {
        for (side, levels) in self.sides.iter_mut().zip([&message.bids, &message.asks]) {
            if is_whole {
                side.clear();
            }
            for fields in levels {
                let [price_text, size_text, ..] = &fields[..] else {
                    return Err("a level has no price and size".to_owned());
                };
                let number = |text: &str| {
                    Decimal::parse(text.as_bytes()).ok_or_else(|| format!("{text:?} is no number"))
                };
                let (price, size) = (number(price_text)?, number(size_text)?);
                let Some((price, size)) = level(definition, price, size) else {
                    continue;
                };
                match size {
                    0 => side.remove(&price),
                    _ => side.insert(price, (price_text.to_string(), size_text.to_string())),
                };
            }
        }
        Ok(())
    }

    /// The CRC32 of the tape's levels in OKX's digits; none where OKX never wrote such a level.
    fn checksum(
        &self,
        definition: &InstrumentDefinition,
        sides: &[Vec<(i64, i64)>; 2],
    ) -> Option<i32> {
        let mut words: Vec<&str> = Vec::with_capacity(DEPTH * 4);
        for place in 0..DEPTH {
            for (texts, levels) in self.sides.iter().zip(sides) {
                let Some((price, size)) = levels.get(place) else {
                    continue;
                };
                let (price_text, size_text) = texts.get(price)?;
                let said = Decimal::parse(size_text.as_bytes())?;
                if level(definition, Decimal::from(*price), said) != Some((*price, *size)) {
                    return None;
                }
                words.extend([price_text.as_str(), size_text.as_str()]);
            }
        }
        Some(crc32fast::hash(words.join(":").as_bytes()).cast_signed())
    }
}
