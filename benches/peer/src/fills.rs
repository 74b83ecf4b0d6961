//! The peer's fills, one by one.
//!
//! Takes in filled orders; gives out a table of comma-separated values.

use std::fmt::Write as _;
use std::path::Path;

use hftbacktest::types::{Order, Side};

use crate::error::PeerError;
use crate::feed::InstrumentFeed;

/// One execution of a quote.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fill {
    /// The instrument's place.
    pub instrument: usize,
    /// The order's number.
    pub order_id: u64,
    /// When it happened at the exchange, nanoseconds since the Unix epoch.
    pub ts_event: i64,
    /// Whether a bid was filled.
    pub is_buy: bool,
    /// At which price, in ticks.
    pub tick: i64,
    /// How much.
    pub quantity: f64,
}

impl Fill {
    /// The fill of an order that is filled.
    pub(crate) fn of(instrument: usize, order: &Order) -> Fill {
        Fill {
            instrument,
            order_id: order.order_id,
            ts_event: order.exch_timestamp,
            is_buy: order.side == Side::Buy,
            tick: order.exec_price_tick,
            quantity: order.exec_qty,
        }
    }
}

/// Writes the fills in the order of time: number of the order, time at the exchange (nanoseconds since the Unix epoch),
/// symbol, side, price (1e-9 of the currency), quantity.
///
/// # Errors
/// The file cannot be written.
pub fn write(path: &Path, fills: &[Fill], instruments: &[InstrumentFeed]) -> Result<(), PeerError> {
    let mut fills = fills.to_vec();
    fills.sort_by_key(|x| (x.ts_event, x.instrument, x.order_id));
    let mut text = String::from("order_id,ts_event,instrument,side,price,quantity\n");
    for fill in &fills {
        let instrument = &instruments[fill.instrument];
        let price = fill.tick as f64 * instrument.tick * 1e9;
        let side = if fill.is_buy { "buy" } else { "sell" };
        let _ = writeln!(
            text,
            "{},{},{},{side},{price:.0},{}",
            fill.order_id, fill.ts_event, instrument.symbol, fill.quantity
        );
    }
    std::fs::write(path, text).map_err(|source| PeerError::Output {
        path: path.to_path_buf(),
        source,
    })
}
