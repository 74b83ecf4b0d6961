//! Books kept from messages, for those to whom none are lent.
//!
//! Takes in definitions and changes of levels, as a guest hears them; gives out the books as they are afterwards.

use super::LevelBook;
use crate::abi::{Message, v1::kind};
use crate::types::{Action, LevelChange, Mbo};

/// The books of all instruments, kept from messages.
#[derive(Clone, Debug, Default)]
pub struct KeptBooks {
    books: Vec<LevelBook>,
}

impl KeptBooks {
    /// The books, by the number of the instrument.
    pub fn books(&self) -> &[LevelBook] {
        &self.books
    }

    /// Hears a message of any kind; those that change no book are skipped.
    pub fn hear(&mut self, message: &Message) {
        match message.kind {
            kind::LEVEL => self.hear_level(&message.level()),
            kind::MBO => {
                if let Some(mbo) = message.mbo() {
                    self.hear_mbo(&mbo);
                }
            }
            kind::DEFINITION if message.instrument as usize == self.books.len() => self.define(),
            _ => {}
        }
    }

    /// One more instrument is defined.
    fn define(&mut self) {
        self.books.push(LevelBook::new());
    }

    /// A change of an order.
    #[inline]
    fn hear_mbo(&mut self, mbo: &Mbo) {
        let Some(book) = self.books.get_mut(mbo.instrument.index()) else {
            return;
        };
        match (mbo.action, mbo.side) {
            (Action::Clear, _) => book.clear(),
            (Action::Trade, _) | (_, None) => {}
            (_, Some(side)) => {
                book.set_at(side, mbo.rank.into(), mbo.price, mbo.level_size);
            }
        }
    }

    /// A change of a level.
    #[inline]
    fn hear_level(&mut self, level: &LevelChange) {
        let Some(book) = self.books.get_mut(level.instrument.index()) else {
            return;
        };
        match level.side {
            Some(side) => {
                book.set(side, level.price, level.size);
            }
            None => book.clear(),
        }
    }
}
