//! Lending books across the native boundary.
//!
//! Takes in slices of levels on the host's side and the addresses made of them on the plugin's; gives out the slices
//! again. Nothing is copied.

use super::v1::LentBook;
use crate::book::Level;
use crate::types::Side;

#[cfg(not(target_family = "wasm"))]
pub(crate) use borrowed::Lent;

// SAFETY: the addresses are only read through `Lent`, whose maker vouches for them; the value itself is plain data.
unsafe impl Send for LentBook {}
// SAFETY: as above; there is no interior mutability.
unsafe impl Sync for LentBook {}

impl LentBook {
    /// A book without levels.
    pub const EMPTY: LentBook = LentBook {
        bids: core::ptr::null(),
        asks: core::ptr::null(),
        bid_count: 0,
        ask_count: 0,
    };

    /// Notes where the levels of one side are.
    #[inline]
    pub(crate) fn set(&mut self, side: Side, levels: &[Level]) {
        let count = levels.len() as u32;
        match side {
            Side::Buy => (self.bids, self.bid_count) = (levels.as_ptr(), count),
            Side::Sell => (self.asks, self.ask_count) = (levels.as_ptr(), count),
        }
    }
}

/// Both ends of a loan. A module without native carriers has no use for it.
#[cfg(not(target_family = "wasm"))]
mod borrowed {
    use core::marker::PhantomData;

    use super::super::v1::{LentBook, LentBooks};
    use crate::book::{BookView, Level, LevelBook};
    use crate::types::InstrumentId;

    impl LentBook {
        /// The book behind the addresses.
        ///
        /// # Safety
        /// The addresses must be those of living levels, unchanged for as long as `'a`.
        unsafe fn view<'a>(&self) -> BookView<'a> {
            let side = |levels: *const Level, count: u32| -> &'a [Level] {
                if levels.is_null() || count == 0 {
                    return &[];
                }
                // SAFETY: the caller vouches that the levels live and stay as they are for `'a`; null was ruled out.
                unsafe { core::slice::from_raw_parts(levels, count as usize) }
            };
            BookView::new(
                side(self.bids, self.bid_count),
                side(self.asks, self.ask_count),
            )
        }
    }

    impl LentBooks {
        /// Lends the books of all instruments, in the order of their numbers.
        pub const fn of(books: &[LevelBook]) -> LentBooks {
            LentBooks {
                first: books.as_ptr().cast(),
                stride: size_of::<LevelBook>() as u64,
                count: books.len() as u64,
            }
        }
    }

    /// Books lent for the time of one call.
    #[derive(Clone, Copy)]
    pub struct Lent<'a> {
        books: &'a LentBooks,
        lifetime: PhantomData<&'a LevelBook>,
    }

    #[cfg(feature = "native")]
    impl Lent<'_> {
        /// Vouches for lent books.
        ///
        /// # Safety
        /// For as long as the result lives, `books` must describe living [`LentBook`]s, whose own addresses are those of
        /// living, unchanging levels.
        pub(in crate::abi) const unsafe fn new<'a>(books: &'a LentBooks) -> Lent<'a> {
            Lent {
                books,
                lifetime: PhantomData,
            }
        }
    }

    impl<'a> Lent<'a> {
        /// The book of an instrument; an empty one where the host lends none.
        pub fn view(&self, instrument: InstrumentId) -> BookView<'a> {
            if u64::from(instrument.0) >= self.books.count {
                return BookView::default();
            }
            // SAFETY: the maker of `self` vouched for the books and their levels for `'a`, and the number is in range.
            unsafe {
                let offset = instrument.index() * self.books.stride as usize;
                (*self.books.first.byte_add(offset)).view()
            }
        }
    }
}
