//! The two sides of a market.
//!
//! Takes in and gives out Databento's side letters: `B` for bids and buyers, `A` for asks and sellers.

use super::{Price, Quantity};

/// What each letter stands for: which side comes next cannot be foreseen, so it is looked up instead of branched on.
const SIDES: [Option<Side>; 256] = {
    let mut sides = [None; 256];
    sides[Side::Buy as usize] = Some(Side::Buy);
    sides[Side::Sell as usize] = Some(Side::Sell);
    sides
};

/// A side of the market: of an order, of the book it rests in, or of the aggressor in a trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Side {
    /// Buying; the bid side of the book. Databento's `B`.
    Buy = b'B',
    /// Selling; the ask side of the book. Databento's `A`.
    Sell = b'A',
}

impl Side {
    /// Both sides, bids first.
    pub const BOTH: [Side; 2] = [Side::Buy, Side::Sell];

    /// The side that a letter stands for; `None` for `N` (no side) and everything else.
    #[inline]
    pub const fn from_code(code: u8) -> Option<Side> {
        SIDES[code as usize]
    }

    /// The letter of this side.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// 0 for buy, 1 for sell: a place in an array of two.
    #[inline]
    pub const fn index(self) -> usize {
        self as usize & 1
    }

    /// The other side.
    pub const fn opposite(self) -> Side {
        match self {
            Side::Buy => Side::Sell,
            Side::Sell => Side::Buy,
        }
    }

    /// Whether `price` is better than `other` for an order that rests on this side: higher to buy, lower to sell.
    #[inline]
    pub const fn is_better(self, price: Price, other: Price) -> bool {
        self.key(price) > self.key(other)
    }

    /// A number that is the larger the better a price is for an order that rests on this side.
    #[inline]
    const fn key(self, price: Price) -> i64 {
        // The complement turns the order of numbers round, and overflows nowhere.
        price.0 ^ -(self.index() as i64)
    }

    /// Whether an order on this side limited to `limit` can trade with one resting on the other side at `price`.
    #[inline]
    pub const fn crosses(self, limit: Price, price: Price) -> bool {
        self.key(limit) >= self.key(price)
    }

    /// `quantity` with the sign that trading on this side gives to a position.
    pub const fn signed(self, quantity: Quantity) -> Quantity {
        match self {
            Side::Buy => quantity,
            Side::Sell => Quantity(quantity.0.saturating_neg()),
        }
    }
}
