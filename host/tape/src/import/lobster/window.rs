//! The levels that a LOBSTER file can see.
//!
//! Takes in a message, the book before it and the file's book after it; gives out the messages that keep the book
//! within the window. Of the file's book only two things are taken: all of the first row, and the outermost level of a
//! row in which a level has become visible. Everything else comes from the messages, so that comparing the book with
//! the file afterwards proves something.

use std::io::BufRead;

use backplane_sdk::book::Level;
use backplane_sdk::types::{Action, Flags, Price, Quantity, Side};

use super::super::lines::{Lines, integer};
use super::message::{Line, price};
use crate::error::TapeError;
use crate::message::SourceMessage;
use crate::statistics::Resolution;

/// LOBSTER's price where an ask level is empty; the negative one where a bid level is.
const EMPTY_PRICE: i64 = 9_999_999_999;
/// Fields of a level: ask price, ask size, bid price, bid size.
const LEVEL_FIELDS: usize = 4;

/// One line of an orderbook file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct BookRow {
    /// Bids and asks, best first; none where a level is empty.
    pub(crate) sides: [Vec<Option<Level>>; 2],
}

impl BookRow {
    /// Reads the current line.
    pub(crate) fn read<R: BufRead>(&mut self, lines: &Lines<R>) -> Result<(), TapeError> {
        for side in &mut self.sides {
            side.clear();
        }
        let mut fields = lines.fields();
        let mut count: usize = 0;
        loop {
            let group = [fields.next(), fields.next(), fields.next(), fields.next()];
            let [
                Some(ask_price),
                Some(ask_size),
                Some(bid_price),
                Some(bid_size),
            ] = group
            else {
                let is_end = group.iter().all(Option::is_none) && count > 0;
                return if is_end {
                    Ok(())
                } else {
                    Err(lines.wrong("its number of fields is not four for each level"))
                };
            };
            count = count.saturating_add(LEVEL_FIELDS);
            let level = |price_field: &[u8], size: &[u8]| {
                level(price_field, size).ok_or_else(|| {
                    lines.wrong(format!("level {} is not a book's", count / LEVEL_FIELDS))
                })
            };
            self.sides[Side::Sell.index()].push(level(ask_price, ask_size)?);
            self.sides[Side::Buy.index()].push(level(bid_price, bid_size)?);
        }
    }

    /// The number of levels that the file sees of each side.
    pub(crate) fn depth(&self) -> usize {
        self.sides[0].len()
    }
}

/// A level of the file; `Some(None)` where it is empty.
fn level(price_field: &[u8], size: &[u8]) -> Option<Option<Level>> {
    let price_value = integer(price_field)?;
    let size = integer(size).filter(|size| (0..=i64::from(u32::MAX)).contains(size))?;
    if size == 0 || price_value.abs() == EMPTY_PRICE {
        return (size == 0).then_some(None);
    }
    Some(Some(Level {
        price: price(price_value)?,
        size: Quantity(size),
    }))
}

/// The messages that make the first row's book: all its levels, without orders. The row shows the book after the first
/// message, so that message is in it and gives no row of its own.
pub(super) fn seed(
    first: &Line,
    row: &BookRow,
    out: &mut Vec<SourceMessage>,
    found: &mut Resolution,
) {
    let (ts_event, sequence) = match first {
        Line::Message(message) => (message.ts_event, message.sequence),
        Line::Status(status) => (status.ts_event, status.sequence),
    };
    for side in Side::BOTH {
        for level in row.sides[side.index()].iter().flatten() {
            found.levels_seeded = found.levels_seeded.saturating_add(1);
            out.push(SourceMessage {
                ts_event,
                ts_recv: ts_event,
                order_id: 0,
                price: level.price,
                size: u32::try_from(level.size.0).unwrap_or(u32::MAX),
                sequence,
                instrument: 0,
                action: Action::Add,
                side: Some(side),
                flags: Flags(Flags::SNAPSHOT),
            });
        }
    }
    if let Some(last) = out.last_mut() {
        last.flags.0 |= Flags::LAST;
    }
}

/// The message, and what must follow it to keep the book at the file's depth. `levels` is the side that the message
/// changes, as it is before.
pub(super) fn follow(
    message: &SourceMessage,
    levels: &[Level],
    row: &BookRow,
    out: &mut Vec<SourceMessage>,
    found: &mut Resolution,
) {
    out.push(*message);
    let Some(side) = message.side else { return };
    let at = levels.iter().find(|level| level.price == message.price);
    let more = match (message.action, at) {
        (Action::Add, None) if levels.len() >= row.depth() => {
            found.levels_dropped = found.levels_dropped.saturating_add(1);
            Some(pushed_out(message, side, levels))
        }
        (Action::Cancel | Action::Fill, Some(level)) if level.size.0 <= i64::from(message.size) => {
            let outermost = row.sides[side.index()]
                .get(levels.len().saturating_sub(1))
                .copied()
                .flatten();
            let revealed =
                outermost.filter(|new| levels.iter().all(|level| level.price != new.price));
            found.levels_revealed = found
                .levels_revealed
                .saturating_add(u64::from(revealed.is_some()));
            revealed.map(|level| change(message, Action::Add, level.price, level.size))
        }
        _ => None,
    };
    if let Some(more) = more {
        if let Some(first) = out.last_mut() {
            first.flags.0 &= !Flags::LAST;
        }
        out.push(more);
    }
}

/// The cancel of the level that an add pushes out: the outermost one, which may be the new one itself.
fn pushed_out(message: &SourceMessage, side: Side, levels: &[Level]) -> SourceMessage {
    let new = Level {
        price: message.price,
        size: Quantity(i64::from(message.size)),
    };
    let outermost = match levels.last() {
        Some(last) if side.is_better(new.price, last.price) => *last,
        _ => new,
    };
    change(message, Action::Cancel, outermost.price, outermost.size)
}

fn change(message: &SourceMessage, action: Action, price: Price, size: Quantity) -> SourceMessage {
    SourceMessage {
        order_id: 0,
        action,
        price,
        size: u32::try_from(size.0).unwrap_or(u32::MAX),
        flags: Flags(Flags::LAST),
        ..*message
    }
}
