//! The run from one block of rows to the next.
//!
//! Takes in the loaded rows; gives out nothing: the strategies hear what is due, the market's books go on.

use std::ops::Range;

use backplane_sdk::types::Timestamp;

use super::Run;
use crate::error::RunError;
use crate::row::signal;

/// The most rows of a block: what an exchange must look through when an order lands or fills grows with it.
const BLOCK_ROWS_MAX: usize = 64;

/// The rows up to the next that somebody hears of. Places are those within the window's rows.
struct Block {
    /// The first row.
    first: usize,
    /// The row after those that nobody hears of; the window's end where the tape ends.
    next: usize,
    /// Whether there is a next row.
    is_followed: bool,
    /// Whether somebody hears of it.
    is_heard: bool,
}

impl Run<'_> {
    /// Replays the tape.
    pub(super) fn replay(&mut self) -> Result<(), RunError> {
        let mut reported = u64::MAX;
        while let Some(block) = self.next_block()? {
            if self.window.first() != reported {
                reported = self.window.first();
                self.watcher.progress(self.heard, Timestamp(self.last));
            }
            self.step(&block)?;
        }
        Ok(())
    }

    /// The next block; `None` at the end of the tape.
    fn next_block(&mut self) -> Result<Option<Block>, RunError> {
        loop {
            let rows = self.window.rows();
            let first = self.window.place(self.heard);
            let end = rows.len().min(first + BLOCK_ROWS_MAX + 1);
            let heard = self.router.next_concerning(rows, first..end);
            let next = heard.unwrap_or(end.min(first + BLOCK_ROWS_MAX));
            if next < rows.len() {
                return Ok(Some(Block {
                    first,
                    next,
                    is_followed: true,
                    is_heard: heard.is_some(),
                }));
            }
            if !self.load()? {
                let first = self.window.place(self.heard);
                let next = self.window.rows().len();
                return Ok((first < next).then_some(Block {
                    first,
                    next,
                    is_followed: false,
                    is_heard: false,
                }));
            }
        }
    }

    fn step(&mut self, block: &Block) -> Result<(), RunError> {
        let rows = self.window.rows();
        let end = block.next + usize::from(block.is_followed);
        if let Some(boundary) = rows.last_start(block.first..end) {
            let due = self.router.next_bar().min(self.next_sample);
            let (local, happened) = (rows.ts_recv[boundary], rows.ts_event[boundary]);
            if local >= due {
                return self.meet(due, block.first..boundary);
            }
            let quiet_until = if block.is_followed {
                rows.ts_recv[block.next].min(due)
            } else {
                local
            };
            self.attend(local, happened, quiet_until)?;
        }
        // To attend may load rows, which moves the places.
        let count = block.next - block.first;
        self.apply(count + usize::from(block.is_heard))?;
        if block.is_heard {
            return self.hear();
        }
        self.follow();
        Ok(())
    }

    /// What is due at `due` happens: an account is valued or a bar closes, before the first row from there on that
    /// begins an event, which is one of `places` or the one after them.
    fn meet(&mut self, due: i64, places: Range<usize>) -> Result<(), RunError> {
        let rows = self.window.rows();
        let is_later = |x: &usize| rows.has(*x, signal::START) && rows.ts_recv[*x] >= due;
        let Range { start, end } = places;
        let next = (start..end).find(is_later).unwrap_or(end);
        let local = rows.ts_recv[next];
        let before = rows.last_start(start..next);
        let happened = before.map_or(i64::MIN, |x| rows.ts_event[x]);
        self.attend(due, happened, due)?;
        self.apply(next - start)?;
        self.follow();
        self.happen(due, local)
    }

    /// Accounts are valued or a bar closes at `due`; the next row is heard at `next`.
    pub(super) fn happen(&mut self, due: i64, next: i64) -> Result<(), RunError> {
        if self.next_sample <= self.router.next_bar() {
            self.sample(Timestamp(due))?;
            for place in 0..self.seats.len() {
                self.watch(place, due, None)?;
            }
            self.next_sample = self.sample_after(next);
            Ok(())
        } else {
            self.close_bar(due)
        }
    }

    /// The market takes over so many rows.
    fn apply(&mut self, count: usize) -> Result<(), RunError> {
        if count == 0 {
            return Ok(());
        }
        let first = self.window.place(self.heard);
        let mut from = first;
        if self.quotes {
            from = self.record_quotes(first..first + count)?;
        }
        let rows = self.window.rows();
        self.market.apply_all(rows, from..first + count);
        self.last = rows.ts_recv[first + count - 1];
        self.happened = rows.ts_event[first + count - 1];
        self.heard += count as u64;
        Ok(())
    }
}
