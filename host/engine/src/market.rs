//! The market as the strategies see it: one book per instrument, kept from the rows that they have heard.
//!
//! Takes in rows in their order; gives out books, best levels and prices to value positions at.

use std::ops::Range;

use backplane_sdk::book::LevelBook;
use backplane_sdk::types::{Action, InstrumentId, Price, Quantity, Side};

use crate::record::BestLevels;
use crate::row::signal;
use crate::rows::Rows;

/// From so many rows on it pays to look at their columns as slices.
const ROWS_MANY: usize = 8;

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

    /// Takes over some rows. A row of an instrument that is not defined changes nothing.
    pub fn apply_all(&mut self, rows: &Rows, places: Range<usize>) {
        if places.len() < ROWS_MANY {
            for place in places {
                self.apply(rows, place);
            }
            return;
        }
        let count = places.len();
        // Slices of one length let the compiler leave out the bounds checks below.
        let signals = &rows.signals[places.clone()][..count];
        let instrument = &rows.instrument[places.clone()][..count];
        let side = &rows.side[places.clone()][..count];
        let rank = &rows.rank[places.clone()][..count];
        let price = &rows.price[places.clone()][..count];
        let level_size = &rows.level_size[places.clone()][..count];
        for i in 0..count {
            let is_plain = signals[i] & (signal::BOOK | signal::TRADE) == signal::BOOK;
            let book = self.books.get_mut(usize::from(instrument[i]));
            match (Side::from_code(side[i]), book) {
                (Some(side), Some(book)) if is_plain => {
                    let size = Quantity(level_size[i].into());
                    book.set_at(side, rank[i].into(), Price(price[i]), size);
                }
                _ => self.apply(rows, places.start + i),
            }
        }
    }

    /// Takes over the row of a place.
    fn apply(&mut self, rows: &Rows, place: usize) {
        let (signals, instrument) = (rows.signals[place], usize::from(rows.instrument[place]));
        let price = Price(rows.price[place]);
        if signals & signal::BOOK != 0
            && let Some(book) = self.books.get_mut(instrument)
        {
            match Side::from_code(rows.side[place]) {
                Some(side) => {
                    let size = Quantity(rows.level_size[place].into());
                    book.set_at(side, rows.rank[place].into(), price, size);
                }
                None if rows.action[place] == Action::Clear.code() => book.clear(),
                None => {}
            }
        }
        if signals & signal::TRADE != 0
            && let Some(last) = self.last_trades.get_mut(instrument)
        {
            *last = price;
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

    /// The last trade's price; `None` before the first.
    pub fn last_trade(&self, instrument: InstrumentId) -> Option<Price> {
        let last = self.last_trades.get(instrument.index()).copied();
        last.filter(|x| x.is_defined())
    }

    /// The last trade's price of each instrument, by its number; undefined before the first.
    pub fn last_trades(&self) -> &[Price] {
        &self.last_trades
    }

    /// The price at which a position is valued: the mid; the last trade while a side is empty; `None` before either.
    pub fn mark(&self, instrument: InstrumentId) -> Option<Price> {
        let mid = self.best(instrument).mid();
        mid.or_else(|| self.last_trade(instrument))
    }
}
