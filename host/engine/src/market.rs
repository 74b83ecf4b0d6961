//! The market as the strategies see it: one book per instrument, kept from the rows that they have heard.
//!
//! Takes in rows in their order; gives out books, best levels and prices to value positions at.

use backplane_sdk::book::LevelBook;
use backplane_sdk::types::{Action, InstrumentId, Price, Quantity, Side};

use crate::record::BestLevels;
use crate::row::{Row, signal};

/// The market as the strategies see it.
pub struct Market {
    books: Vec<LevelBook>,
    last_trades: Vec<Price>,
}

impl Market {
    /// An empty market of so many instruments.
    pub fn new(instruments: usize) -> Market {
        Market {
            books: vec![LevelBook::new(); instruments],
            last_trades: vec![Price::UNDEFINED; instruments],
        }
    }

    /// The books, by the number of the instrument.
    pub fn books(&self) -> &[LevelBook] {
        &self.books
    }

    /// Takes over a row. A row of an instrument that is not defined changes nothing.
    #[inline]
    pub fn apply(&mut self, row: &Row) {
        let place = usize::from(row.instrument);
        if row.has(signal::BOOK) {
            let Some(book) = self.books.get_mut(place) else {
                return;
            };
            if let Some(side) = Side::from_code(row.side) {
                let size = Quantity(row.level_size.into());
                book.set_at(side, row.rank.into(), Price(row.price), size);
            } else if row.action == Action::Clear.code() {
                book.clear();
            }
        }
        if row.has(signal::TRADE)
            && let Some(last) = self.last_trades.get_mut(place)
        {
            *last = Price(row.price);
        }
    }

    /// The best level of each side of an instrument.
    pub fn best(&self, instrument: InstrumentId) -> BestLevels {
        let book = self.books.get(instrument.index());
        book.map_or(BestLevels::default(), |book| BestLevels {
            bid: book.best(Side::Buy),
            ask: book.best(Side::Sell),
        })
    }

    /// The price at which a position is valued: the mid; the last trade while a side is empty; `None` before either.
    pub fn mark(&self, instrument: InstrumentId) -> Option<Price> {
        let book = self.books.get(instrument.index())?;
        let last = self.last_trades[instrument.index()];
        let mid = book.view().mid();
        mid.or_else(|| last.is_defined().then_some(last))
    }
}
