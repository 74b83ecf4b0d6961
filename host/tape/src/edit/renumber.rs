//! Priorities of a new tape.
//!
//! Takes in rows of old tapes in the order of the new one; gives out what their `priority` is there: the number of the
//! new tape's row at which the order took its place.

use crate::error::TapeError;
use crate::hash::{Lookup, lookup};
use crate::row::Row;
use crate::signals::Signals;

/// Where the orders of one instrument took their places on the new tape. Never walked, only asked.
#[derive(Debug)]
pub(super) struct Places(Lookup<u64, u32>);

impl Default for Places {
    fn default() -> Places {
        Places(lookup())
    }
}

impl Places {
    /// The row as the new tape has it at `number`, counted from 1.
    pub(super) fn renumber(&mut self, row: &Row, number: u64) -> Result<Row, TapeError> {
        let here = u32::try_from(number).map_err(|_| TapeError::Request {
            why: format!("a tape holds at most {} rows", u32::MAX),
        })?;
        let id = row.order_id;
        let known = match row.priority {
            0 => 0,
            _ => self.0.get(&id).copied().unwrap_or(0),
        };
        let priority = match row.action {
            b'A' if row.priority > 0 => {
                self.0.insert(id, here);
                here
            }
            b'M' => {
                if row.signals(Signals::BOOK) {
                    self.0.insert(id, here);
                }
                known
            }
            b'C' | b'F' => {
                if row.remaining == 0 {
                    self.0.remove(&id);
                }
                known
            }
            b'R' => {
                self.0.clear();
                0
            }
            _ => 0,
        };
        Ok(Row { priority, ..*row })
    }
}
