//! What is traded.
//!
//! Takes in a tape's instrument definitions; gives out the sizes of tick, quantity unit and contract.

use super::{Price, Timestamp};

/// The number of an instrument within a tape, counted from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct InstrumentId(pub u32);

impl InstrumentId {
    /// The number as a place in an array.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// The definition of an instrument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instrument {
    /// Its number within the tape.
    pub id: InstrumentId,
    /// The venue's symbol, as the source gives it.
    pub symbol: String,
    /// The smallest step of a limit price.
    pub tick: Price,
    /// What one quantity unit is worth when the price is one, in units of 1e-9 of the currency: 1e9 for a share,
    /// 50e9 for an ES contract, 1e6 where the quantity unit is a thousandth of a coin.
    pub multiplier: i64,
    /// The currency of prices and money, as an ISO 4217 code or a coin's ticker.
    pub currency: String,
    /// When trading ends for good; [`Timestamp::MAX`] where it does not.
    pub expiration: Timestamp,
}
