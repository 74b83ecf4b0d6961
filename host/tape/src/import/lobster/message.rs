//! One line of a LOBSTER message file.
//!
//! Takes in the fields time, type, order id, size, price, direction; gives out a message, of an order or of a halt. Times are decimal seconds
//! after midnight in New York, prices are in 1e-4 dollars. The direction is the resting order's: in an execution of a
//! buy order the aggressor sold.

use std::io::BufRead;

use backplane_sdk::types::{Action, Flags, Price, Side, TradingStatus};

use super::super::lines::{Lines, integer, nanoseconds};
use crate::error::TapeError;
use crate::message::{SourceMessage, StatusMessage};
use crate::time_zone::{Date, new_york};

/// Units of 1e-9 in LOBSTER's unit of price.
const PRICE_SCALE: i64 = 100_000;

/// A price of LOBSTER in units of 1e-9.
pub(crate) fn price(field: i64) -> Option<Price> {
    field.checked_mul(PRICE_SCALE).map(Price)
}

/// What a line says.
#[derive(Clone, Copy, Debug)]
pub(super) enum Line {
    /// Something of an order, or a trade.
    Message(SourceMessage),
    /// Trading halts or goes on: type 7, whose price is -1 (halted), 0 (quotes are taken) or 1 (trading).
    Status(StatusMessage),
}

/// What the current line says; `sequence` is its line number.
pub(super) fn parse<R: BufRead>(lines: &Lines<R>, date: Date) -> Result<Line, TapeError> {
    let mut fields = lines.fields();
    let mut next = |name: &str| {
        fields
            .next()
            .ok_or_else(|| lines.wrong(format!("the field {name} is missing")))
    };
    let time = next("time")?;
    let kind = next("type")?;
    let order_id = next("order id")?;
    let size = next("size")?;
    let price_field = next("price")?;
    let direction = next("direction")?;
    if fields.next().is_some() {
        return Err(lines.wrong(
            "it has more than the six fields time, type, order id, size, price, direction",
        ));
    }
    let bad = |name: &str, field: &[u8]| {
        let shown: String = String::from_utf8_lossy(field).chars().take(40).collect();
        lines.wrong(format!("{name} cannot be {shown:?}"))
    };
    let since_midnight = nanoseconds(time).ok_or_else(|| bad("the time", time))?;
    let ts_event = new_york(date, since_midnight);
    let sequence = || {
        u32::try_from(lines.number())
            .map_err(|_| lines.wrong("a file of so many lines is not supported"))
    };
    let side = match direction {
        b"1" => Side::Buy,
        b"-1" => Side::Sell,
        _ => return Err(bad("the direction", direction)),
    };
    let (action, side) = match kind {
        b"1" => (Action::Add, Some(side)),
        b"2" | b"3" => (Action::Cancel, Some(side)),
        b"4" => (Action::Fill, Some(side)),
        b"5" => (Action::Trade, Some(side.opposite())),
        b"6" => (Action::Trade, None),
        b"7" => {
            let status = match price_field {
                b"-1" => TradingStatus::Halted,
                b"0" => TradingStatus::PreOpen,
                b"1" => TradingStatus::Trading,
                _ => return Err(bad("the price of a halt", price_field)),
            };
            return Ok(Line::Status(StatusMessage {
                ts_event,
                ts_recv: ts_event,
                sequence: sequence()?,
                instrument: 0,
                status,
            }));
        }
        _ => return Err(bad("the type", kind)),
    };
    let price = integer(price_field)
        .filter(|price| *price > 0)
        .and_then(price);
    let size_value = integer(size)
        .and_then(|size| u32::try_from(size).ok())
        .filter(|size| *size > 0);
    let order = integer(order_id).and_then(|order_id| u64::try_from(order_id).ok());
    Ok(Line::Message(SourceMessage {
        ts_event,
        ts_recv: ts_event,
        order_id: order.ok_or_else(|| bad("the order id", order_id))?,
        price: price.ok_or_else(|| bad("the price", price_field))?,
        size: size_value.ok_or_else(|| bad("the size", size))?,
        sequence: sequence()?,
        instrument: 0,
        action,
        side,
        flags: Flags(Flags::LAST),
    }))
}
