//! Where a strategy's books come from on each carrier.
//!
//! Takes in books in memory or books lent across the native boundary; gives out views of them.

use crate::book::{BookView, LevelBook};
use crate::types::InstrumentId;

#[cfg(not(target_family = "wasm"))]
use crate::abi::lent::Lent;

/// The books that are lent to a strategy for one call.
#[derive(Clone, Copy)]
pub enum Books<'a> {
    /// None: the guest keeps its own.
    None,
    /// Books in the same program, by the number of the instrument.
    Borrowed(&'a [LevelBook]),
    /// Books of the host, seen from a native plugin.
    #[cfg(not(target_family = "wasm"))]
    Lent(Lent<'a>),
}

impl<'a> Books<'a> {
    /// The book of an instrument; an empty one where there is none.
    #[inline]
    pub fn view(&self, instrument: InstrumentId) -> BookView<'a> {
        match self {
            Books::None => BookView::default(),
            Books::Borrowed(books) => books
                .get(instrument.index())
                .map_or(BookView::default(), LevelBook::view),
            #[cfg(not(target_family = "wasm"))]
            Books::Lent(books) => books.view(instrument),
        }
    }
}
