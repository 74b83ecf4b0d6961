//! One venue's messages, heard one by one.
//!
//! Takes in lines of captured text; gives out updates. What a venue's messages mean is said in its own module, which
//! reads no file.

use std::collections::{BTreeMap, VecDeque};

use super::stamp::{Line, split};
use crate::error::TapeError;
use crate::import::feed::{Channel, Update};
use crate::import::part::{Part, Text};

/// Bytes in a line: a whole book of a hundred thousand levels fits.
pub(crate) const LINE_BYTES_MAX: u64 = 1 << 24;

/// What understands a venue's messages.
pub(super) trait Venue {
    /// Hears one message, received at a time where that is known.
    fn hear(&mut self, received: Option<i64>, json: &[u8], out: &mut Outbox) -> Result<(), String>;

    /// The inputs are at their end.
    fn finish(&mut self) -> Result<(), String> {
        Ok(())
    }
}

/// The updates that a message means, and what was noticed. Buffers are used again.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    ready: VecDeque<Update>,
    spare: Vec<Update>,
    noticed: BTreeMap<&'static str, u64>,
}

impl Outbox {
    /// Begins an update.
    pub(super) fn begin(&mut self, symbol: &str, ts_event: i64, ts_recv: i64) -> &mut Update {
        let mut update = self.spare.pop().unwrap_or_default();
        update.begin(symbol, ts_event, ts_recv);
        self.ready.push_back(update);
        let last = self.ready.len().saturating_sub(1);
        &mut self.ready[last]
    }

    /// Counts something, in words that a number can stand before.
    pub(super) fn notice(&mut self, what: &'static str) {
        let count = self.noticed.entry(what).or_default();
        *count = count.saturating_add(1);
    }
}

/// Captured text, one file after the other, as a channel.
pub(super) struct Capture<V> {
    parts: std::vec::IntoIter<Part>,
    lines: Option<Text>,
    /// Bytes of the files before.
    bytes: u64,
    venue: V,
    out: Outbox,
    is_finished: bool,
}

impl<V: Venue> Capture<V> {
    /// The lines of some files, in this order.
    pub(super) fn new(parts: Vec<Part>, venue: V) -> Capture<V> {
        Capture {
            parts: parts.into_iter(),
            lines: None,
            bytes: 0,
            venue,
            out: Outbox::default(),
            is_finished: false,
        }
    }

    /// Hears the next line; `false` at the end of all files.
    fn step(&mut self) -> Result<bool, TapeError> {
        let Some(lines) = &mut self.lines else {
            let Some(part) = self.parts.next() else {
                return Ok(false);
            };
            self.lines = Some(part.lines()?.with_limit(LINE_BYTES_MAX));
            return Ok(true);
        };
        if !lines.advance()? {
            self.bytes = self.bytes.saturating_add(lines.bytes());
            // The last file's lines stay, so that errors of its end have a place.
            if self.parts.len() > 0 {
                self.lines = None;
                return Ok(true);
            }
            return Ok(false);
        }
        let heard = match split(lines.line()) {
            Some(Line::Note) => Ok(()),
            Some(Line::Message(received, json)) => self.venue.hear(received, json, &mut self.out),
            None => Err("it is no captured message: a time and JSON are expected".to_owned()),
        };
        heard.map_err(|why| lines.wrong(why))?;
        Ok(true)
    }
}

impl<V: Venue> Channel for Capture<V> {
    fn next(&mut self, update: &mut Update) -> Result<bool, TapeError> {
        loop {
            if let Some(ready) = self.out.ready.pop_front() {
                let used = std::mem::replace(update, ready);
                self.out.spare.push(used);
                return Ok(true);
            }
            if !self.is_finished && self.step()? {
                continue;
            }
            if !std::mem::replace(&mut self.is_finished, true) {
                self.venue.finish().map_err(|why| self.wrong(None, why))?;
                continue;
            }
            return Ok(false);
        }
    }

    fn wrong(&self, _: Option<u64>, why: String) -> TapeError {
        match &self.lines {
            Some(lines) => lines.wrong(why),
            None => TapeError::Request { why },
        }
    }

    fn bytes(&self) -> u64 {
        let here = self.lines.as_ref().map_or(0, |lines| lines.bytes());
        self.bytes.saturating_add(here)
    }

    fn noticed(&self) -> Vec<(&'static str, u64)> {
        let noticed = self.out.noticed.iter();
        noticed.map(|(what, count)| (*what, *count)).collect()
    }
}
