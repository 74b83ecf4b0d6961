//! One order-level message of a source, before it is resolved.
//!
//! Takes in what the importers and the generator read or make; gives out the one shape that the resolver understands.
//! The words are Databento's: `ts_event` is the exchange's time, `ts_recv` the local one, [`Flags::LAST`] ends an atomic
//! event.

use backplane_sdk::types::{Action, Flags, Price, Side, Timestamp};

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
