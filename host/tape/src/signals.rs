//! The `signals` column: what a replay may ask of a row in one branch.
//!
//! Takes in nothing; gives out the bits. They are part of the tape's format: whoever reads tapes may define equal
//! constants, and a change of one is a new format version.

/// The bits of a row's signals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct Signals(pub u8);

impl Signals {
    /// The row is a trade print: a trade, or a fill of a source that has no prints of its own.
    pub const TRADE: u8 = 1 << 0;
    /// The simulated exchange must look at the row: a fill, an add that makes a new best level, a hidden trade; on a
    /// price-level tape every trade.
    pub const MATCH: u8 = 1 << 1;
    /// The row changes a price level.
    pub const BOOK: u8 = 1 << 2;
    /// Only where the row ends an event: the best bid's or the best ask's price is not what it was when the
    /// instrument's previous event ended.
    pub const BBO_PRICE: u8 = 1 << 3;
    /// Only where the row ends an event: the price or the size of the best bid or ask is not what it was when the
    /// instrument's previous event ended.
    pub const BBO: u8 = 1 << 4;
    /// A trade that no visible order accounts for, by an aggressor whose side is known.
    pub const HIDDEN: u8 = 1 << 5;
    /// The row ends an atomic event: the same as [`backplane_sdk::types::Flags::LAST`].
    pub const LAST: u8 = 1 << 6;

    /// Whether all of `bits` are set.
    pub const fn has(self, bits: u8) -> bool {
        self.0 & bits == bits
    }
}
