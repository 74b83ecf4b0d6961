//! A price-level book: both sides of one instrument.
//!
//! Takes in changes of levels; gives out contiguous levels, best first, and lends them across the native boundary
//! without a copy.

use super::{BookView, Ladder, LadderChange, Level};
use crate::abi::LentBook;
use crate::types::{Price, Quantity, Side};

/// A price-level book. Its first field is the part that native plugins read in place (see `docs/abi.md`).
#[derive(Debug)]
#[repr(C)]
pub struct LevelBook {
    pub(crate) lent: LentBook,
    /// Bids and asks, by [`Side::index`]: which side comes next cannot be foreseen, so it is no branch.
    ladders: [Ladder; 2],
}

impl Default for LevelBook {
    fn default() -> LevelBook {
        LevelBook::new()
    }
}

impl Clone for LevelBook {
    /// A book of its own: what it lends are its own levels, never those of the book that it was made from.
    fn clone(&self) -> LevelBook {
        let mut book = LevelBook {
            lent: LentBook::EMPTY,
            ladders: self.ladders.clone(),
        };
        Side::BOTH.into_iter().for_each(|side| book.lend(side));
        book
    }
}

impl LevelBook {
    /// An empty book.
    pub const fn new() -> LevelBook {
        LevelBook {
            lent: LentBook::EMPTY,
            ladders: [Ladder::new(Side::Buy), Ladder::new(Side::Sell)],
        }
    }

    /// Both sides at once.
    pub fn view(&self) -> BookView<'_> {
        let [bids, asks] = &self.ladders;
        BookView::new(bids.levels(), asks.levels())
    }

    /// One side.
    pub const fn ladder(&self, side: Side) -> &Ladder {
        &self.ladders[side.index()]
    }

    /// The levels of one side, best first.
    pub fn levels(&self, side: Side) -> &[Level] {
        self.ladder(side).levels()
    }

    /// The best level of one side.
    #[inline]
    pub fn best(&self, side: Side) -> Option<Level> {
        self.ladder(side).best()
    }

    /// What rests at a price.
    pub fn size_at(&self, side: Side, price: Price) -> Quantity {
        self.ladder(side).size_at(price)
    }

    /// Sets what rests at a price; zero or less removes the level.
    pub fn set(&mut self, side: Side, price: Price, size: Quantity) -> LadderChange {
        let change = self.ladder_mut(side).set(price, size);
        self.lend(side);
        change
    }

    /// As [`LevelBook::set`] where the place of the level is known; a wrong place costs a search, nothing else.
    #[inline]
    pub fn set_at(
        &mut self,
        side: Side,
        rank: usize,
        price: Price,
        size: Quantity,
    ) -> LadderChange {
        if let Some(previous) = self.ladder_mut(side).resize(rank, price, size) {
            return LadderChange {
                rank,
                created: false,
                previous,
            };
        }
        let change = self.ladder_mut(side).set_at(rank, price, size);
        self.lend(side);
        change
    }

    /// Empties both sides.
    pub fn clear(&mut self) {
        for side in Side::BOTH {
            self.ladder_mut(side).clear();
            self.lend(side);
        }
    }

    /// Whether the best bid is at or above the best ask.
    pub fn is_crossed_or_locked(&self) -> bool {
        match (self.best(Side::Buy), self.best(Side::Sell)) {
            (Some(bid), Some(ask)) => bid.price >= ask.price,
            _ => false,
        }
    }

    const fn ladder_mut(&mut self, side: Side) -> &mut Ladder {
        &mut self.ladders[side.index()]
    }

    /// Renews the addresses that plugins read, which every level that is made or removed makes stale.
    #[inline]
    fn lend(&mut self, side: Side) {
        self.lent.set(side, self.ladders[side.index()].levels());
    }
}
