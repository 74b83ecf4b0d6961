//! What the rows of one atomic event owe to each other.
//!
//! Takes in the rows of an instrument's open event; gives out failures of the checks on signals and on whole events.

use std::collections::BTreeSet;

use super::report::Checks;
use crate::format::ACTION_STATUS;
use crate::row::Row;
use crate::signals::Signals;

/// Rows of an open event that are held in mind.
const ROWS_MAX: usize = 1 << 20;

/// The trades and fills of an order-level event.
#[derive(Debug, Default)]
pub(super) struct OrderEvent {
    /// Number, action and signals.
    executions: Vec<(u64, u8, u8)>,
}

impl OrderEvent {
    /// Takes in a row, which may end the event.
    pub(super) fn row(&mut self, number: u64, row: &Row, is_last: bool, checks: &mut Checks) {
        if matches!(row.action, b'T' | b'F') {
            self.executions.push((number, row.action, row.signals));
        }
        if is_last || self.executions.len() >= ROWS_MAX {
            self.close(checks);
        }
    }

    /// Checks the signals of trades and fills against each other. A source's fill may have no row, so a trade without
    /// fills need not be hidden; but one beside fills must not be.
    fn close(&mut self, checks: &mut Checks) {
        let has = |letter: u8| {
            let mut executions = self.executions.iter();
            executions.any(|(_, action, _)| *action == letter)
        };
        let (has_trade, has_fill) = (has(b'T'), has(b'F'));
        for (number, action, found) in self.executions.drain(..) {
            let is_right = match action {
                b'F' => (found & Signals::TRADE != 0) != has_trade,
                _ => {
                    let is_hidden = found & Signals::HIDDEN != 0;
                    found & Signals::TRADE != 0
                        && (found & Signals::MATCH != 0) == is_hidden
                        && !(is_hidden && has_fill)
                }
            };
            if !is_right {
                checks
                    .signals
                    .fail(number, || "its print contradicts its event".to_owned());
            }
        }
    }
}

/// How far a price-level event got.
#[derive(Debug, Default)]
pub(super) struct LevelEvent {
    /// The place of the latest row's action in [`LEVEL_ACTIONS`].
    stage: usize,
    /// The sides and prices of the levels that were changed.
    levels: BTreeSet<(u8, i64)>,
}

/// The actions of a price-level event in their order.
const LEVEL_ACTIONS: [u8; 4] = *b"TRCA";

impl LevelEvent {
    /// Takes in a row, which may end the event.
    pub(super) fn row(&mut self, number: u64, row: &Row, is_last: bool, checks: &mut Checks) {
        if let Err(why) = self.follow(row) {
            checks.levels.fail(number, || why.to_owned());
        }
        if is_last || self.levels.len() >= ROWS_MAX {
            self.stage = 0;
            self.levels.clear();
        }
    }

    fn follow(&mut self, row: &Row) -> Result<(), &'static str> {
        if row.action == ACTION_STATUS {
            return Ok(());
        }
        let stage = LEVEL_ACTIONS
            .iter()
            .position(|letter| *letter == row.action)
            .ok_or("its action is of orders, not of levels")?;
        let earlier = std::mem::replace(&mut self.stage, stage);
        if stage < earlier {
            return Err("it comes after rows that it must come before");
        }
        if row.order_id != 0 {
            return Err("it names an order");
        }
        match row.action {
            b'T' if row.side == b'N' && row.signals(Signals::HIDDEN) => {
                Err("it is hidden, but has no aggressor")
            }
            b'T' | b'R' => Ok(()),
            _ if row.size == 0 => Err("it changes nothing"),
            _ if !self.levels.insert((row.side, row.price)) => {
                Err("its level was changed before in its event")
            }
            _ => Ok(()),
        }
    }
}
