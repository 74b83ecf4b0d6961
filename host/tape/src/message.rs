//! One message of a source, before it becomes rows: of an order, of price levels, or of trading status.
//!
//! Takes in what the importers and the generator read or make; gives out the shapes that become rows. The words are
//! Databento's: `ts_event` is the exchange's time, `ts_recv` the local one, [`Flags::LAST`] ends an atomic event.

use backplane_sdk::types::{Action, Flags, Price, Side, Timestamp, TradingStatus};

use crate::format::ACTION_STATUS;
use crate::row::Row;
use crate::signals::Signals;

/// An order-level message in its source's order.
///
/// [`Action::Modify`] carries the order's new price and new size. [`Action::Fill`] executes `size` of a resting order
/// and takes it out of the book. [`Action::Trade`] is a print that does not change the book; its side is the
/// aggressor's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceMessage {
    /// The exchange's time.
    pub ts_event: Timestamp,
    /// The time at which the recording machine got it; equal to `ts_event` where the source has none.
    pub ts_recv: Timestamp,
    /// The exchange's number of the order; 0 where the source does not know it.
    pub order_id: u64,
    /// The price; [`Price::UNDEFINED`] where the action needs none.
    pub price: Price,
    /// The size: see the type's description for what it counts.
    pub size: u32,
    /// The source's sequence number.
    pub sequence: u32,
    /// The place of the instrument in the tape's list.
    pub instrument: u16,
    /// What happens.
    pub action: Action,
    /// The order's side, or the aggressor's for a trade.
    pub side: Option<Side>,
    /// Databento's flags.
    pub flags: Flags,
}

/// A message of a source that shows price levels and trades, in its source's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LevelMessage<'a> {
    /// The exchange's time.
    pub ts_event: Timestamp,
    /// The time at which the recording machine got it; equal to `ts_event` where the source has none.
    pub ts_recv: Timestamp,
    /// The source's sequence number.
    pub sequence: u32,
    /// The place of the instrument in the tape's list.
    pub instrument: u16,
    /// Databento's flags.
    pub flags: Flags,
    /// What it says.
    pub says: LevelSays<'a>,
}

/// What a [`LevelMessage`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LevelSays<'a> {
    /// Something was traded.
    Trade {
        /// The trade's price.
        price: Price,
        /// The size traded.
        size: u32,
        /// The side of the aggressor, where the source says it.
        aggressor: Option<Side>,
    },
    /// So much rests at a price from now on; nothing where the size is 0.
    Level {
        /// The side of the level.
        side: Side,
        /// Its price.
        price: Price,
        /// What rests there.
        size: u32,
    },
    /// All that is seen of a side from now on: levels that are not in the list are gone, or out of sight.
    Image {
        /// The side.
        side: Side,
        /// Prices and sizes, in any order.
        levels: &'a [(Price, u32)],
    },
    /// The levels of a side from the best through a price are gone.
    Gone {
        /// The side.
        side: Side,
        /// The last price whose level is gone.
        through: Price,
    },
    /// The book is empty from here on.
    Clear,
    /// Nothing; it may end an event.
    Nothing,
}

/// A change of an instrument's trading status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusMessage {
    /// The exchange's time.
    pub ts_event: Timestamp,
    /// The time at which the recording machine got it; equal to `ts_event` where the source has none.
    pub ts_recv: Timestamp,
    /// The source's sequence number.
    pub sequence: u32,
    /// The place of the instrument in the tape's list.
    pub instrument: u16,
    /// Its status from now on.
    pub status: TradingStatus,
}

impl StatusMessage {
    /// The row that says so, received no earlier than `ts_recv`.
    pub(crate) fn row(&self, ts_recv: i64) -> Row {
        Row {
            ts_event: self.ts_event.0,
            ts_recv: self.ts_recv.0.max(ts_recv),
            instrument: self.instrument,
            action: ACTION_STATUS,
            side: b'N',
            flags: Flags::LAST,
            signals: Signals::LAST,
            price: Price::UNDEFINED.0,
            size: u32::from(self.status as u8),
            sequence: self.sequence,
            ..Row::default()
        }
    }
}
