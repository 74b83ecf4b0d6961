//! Rows of a tape as the peer's order-level (L3) events.
//!
//! Takes in one row with its details; gives out no event, one, or for a fill two.

use backplane_tape::{Row, Signals};
use hftbacktest::types::{
    ADD_ORDER_EVENT, BUY_EVENT, CANCEL_ORDER_EVENT, DEPTH_CLEAR_EVENT, EXCH_EVENT, Event,
    FILL_EVENT, LOCAL_EVENT, MODIFY_ORDER_EVENT, SELL_EVENT,
};

use crate::feed::Times;

/// An event that exchange and strategy get.
const BOTH: u64 = EXCH_EVENT | LOCAL_EVENT;

/// Appends the events of a row. Prints and modifications that change nothing give none. A fill is told to the exchange
/// alone, before the cancel or the modification that takes it out of the book.
pub(crate) fn convert(row: &Row, times: Times, events: &mut Vec<Event>) -> Result<(), String> {
    if !row.signals(Signals::BOOK) {
        return Ok(());
    }
    if row.action == b'R' {
        events.push(times.event(BOTH | DEPTH_CLEAR_EVENT, &cleared(row), 0));
        return Ok(());
    }
    if row.order_id == 0 {
        return Err(
            "it changes the book without the number of an order; use --mode price-level".into(),
        );
    }
    let side = match row.side {
        b'B' => BUY_EVENT,
        _ => SELL_EVENT,
    };
    let left = match row.remaining {
        0 => CANCEL_ORDER_EVENT,
        _ => MODIFY_ORDER_EVENT,
    };
    match row.action {
        b'A' => events.push(times.event(BOTH | side | ADD_ORDER_EVENT, row, row.size)),
        b'F' => {
            events.push(times.event(EXCH_EVENT | side | FILL_EVENT, row, row.size));
            events.push(times.event(BOTH | side | left, row, row.remaining));
        }
        _ => events.push(times.event(BOTH | side | left, row, row.remaining)),
    }
    Ok(())
}

/// A clear without the price that stands for none.
pub(crate) const fn cleared(row: &Row) -> Row {
    Row { price: 0, ..*row }
}
