//! Features of messages as they cross the plugin boundary.
//!
//! Takes in messages of `mbp` and `trades`, each change of a level told; keeps the books and gives out rows.

use super::stream::{load_levels, save_levels};
use super::{FeatureRow, FeatureSpec, Features};
use crate::abi::{Message, MessageBody, v1::kind};
use crate::book::LevelBook;
use crate::saved::{Saved, Saver};
use crate::types::{MarketEvent, Side};

/// Features with books of their own, for those who are lent none.
#[derive(Clone, Debug)]
pub struct FeatureFeed {
    features: Features,
    books: Vec<LevelBook>,
}

impl FeatureFeed {
    /// Nothing was heard yet.
    pub const fn new(spec: FeatureSpec) -> FeatureFeed {
        FeatureFeed {
            features: Features::new(spec),
            books: Vec::new(),
        }
    }

    /// What is computed, and when.
    pub const fn spec(&self) -> &FeatureSpec {
        self.features.spec()
    }

    /// Writes down what was heard, books included.
    pub fn save(&self, saver: &mut Saver) {
        saver.integer(self.books.len() as i64);
        for book in &self.books {
            for side in Side::BOTH {
                save_levels(book.levels(side), saver);
            }
        }
        self.features.save(saver);
    }

    /// Takes over what a feed of the same specification wrote down.
    ///
    /// # Errors
    /// That the bytes are none of its; this feed is then as it was.
    pub fn load(&mut self, saved: &mut Saved<'_>) -> Result<(), String> {
        let mut books = Vec::new();
        for _ in 0..saved.integer()? {
            let mut book = LevelBook::new();
            for side in Side::BOTH {
                for level in load_levels(saved)? {
                    book.set(side, level.price, level.size);
                }
            }
            books.push(book);
        }
        self.features.load(saved)?;
        self.books = books;
        Ok(())
    }

    /// Hears a message; gives a row where one is due. What is no change of a level and no trade says nothing here.
    pub fn hear(&mut self, message: &Message) -> Option<FeatureRow<'_>> {
        if !matches!(message.kind, kind::LEVEL | kind::TRADE) {
            return None;
        }
        let Some(MessageBody::Market(event)) = message.body() else {
            return None;
        };
        let place = event.instrument().index();
        while self.books.len() <= place {
            self.books.push(LevelBook::new());
        }
        let book = &mut self.books[place];
        if let MarketEvent::Level(level) = &event {
            match level.side {
                Some(side) => {
                    book.set(side, level.price, level.size);
                }
                None => book.clear(),
            }
        }
        self.features.hear(&event, book.view())
    }
}
