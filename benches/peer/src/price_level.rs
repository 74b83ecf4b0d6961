//! Rows of a tape, order-level or price-level, as the peer's price-level (L2) events.
//!
//! Takes in one row; gives out no event or one: what rests at a level afterwards, or a print.

use backplane_tape::{Row, Signals};
use hftbacktest::types::{
    BUY_EVENT, DEPTH_CLEAR_EVENT, DEPTH_EVENT, EXCH_EVENT, Event, LOCAL_EVENT, SELL_EVENT,
    TRADE_EVENT,
};

use crate::feed::Times;
use crate::order_level::cleared;

/// An event that exchange and strategy get.
const BOTH: u64 = EXCH_EVENT | LOCAL_EVENT;

/// Appends the events of a row. A print is told to the exchange alone, and only where its aggressor has a side, because
/// the peer's exchange reads no other. A fill that is the print itself is told before what it leaves of its level.
pub(crate) fn convert(row: &Row, times: Times, events: &mut Vec<Event>) -> Result<(), String> {
    if row.action == b'R' {
        events.push(times.event(BOTH | DEPTH_CLEAR_EVENT, &cleared(row), 0));
        return Ok(());
    }
    if row.signals(Signals::TRADE)
        && let Some(aggressor) = aggressor(row)
    {
        events.push(times.event(EXCH_EVENT | aggressor | TRADE_EVENT, row, row.size));
    }
    if row.signals(Signals::BOOK) {
        let side = match row.side {
            b'B' => BUY_EVENT,
            _ => SELL_EVENT,
        };
        events.push(times.event(BOTH | side | DEPTH_EVENT, row, row.level_size));
    }
    Ok(())
}

/// The side of a print's aggressor: its own of a trade, the other than the resting order's of a fill.
const fn aggressor(row: &Row) -> Option<u64> {
    match (row.action, row.side) {
        (b'T', b'B') | (b'F', b'A') => Some(BUY_EVENT),
        (b'T', b'A') | (b'F', b'B') => Some(SELL_EVENT),
        _ => None,
    }
}
