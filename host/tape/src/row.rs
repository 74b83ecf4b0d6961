//! One row of a tape.
//!
//! Takes in nothing; gives out the plain values of the columns, of which resolver, writer and verification speak.

use crate::signals::Signals;

/// A row of a tape, column by column. Integers are as they are stored; the columns' meaning is said in
/// [`crate::format`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// The exchange's time, nanoseconds since the Unix epoch, UTC.
    pub ts_event: i64,
    /// The time at which the recording machine got it, nanoseconds since the Unix epoch, UTC.
    pub ts_recv: i64,
    /// The place of the instrument in the tape's list.
    pub instrument: u16,
    /// The letter of what happens: A, C, M, R, T, F or S.
    pub action: u8,
    /// The letter of the side: B, A or N. The order's, or the aggressor's for a trade.
    pub side: u8,
    /// Databento's flags.
    pub flags: u8,
    /// The bits of [`Signals`].
    pub signals: u8,
    /// The place of the level in its side, best first, from 0, saturated at 255.
    pub rank: u8,
    /// The price in units of 1e-9.
    pub price: i64,
    /// The quantity added, cancelled, executed or traded; a modification's new size; the number of a status.
    pub size: u32,
    /// What rests at that price and side after the row.
    pub level_size: u32,
    /// The 1-based number of the row at which the order took its place in the queue; 0 where that is not known.
    pub priority: u32,
    /// The exchange's number of the order; 0 where it is not known.
    pub order_id: u64,
    /// What is left of the order after the row.
    pub remaining: u32,
    /// The source's sequence number.
    pub sequence: u32,
}

impl Row {
    /// Whether the row carries all of the given bits of [`Signals`].
    pub const fn signals(&self, bits: u8) -> bool {
        Signals(self.signals).has(bits)
    }

    /// Whether the row ends an atomic event.
    pub const fn is_last(&self) -> bool {
        self.signals(Signals::LAST)
    }
}
