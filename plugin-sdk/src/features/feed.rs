//! Features of messages as they cross the plugin boundary.
//!
//! Takes in messages of `mbp` and `trades`, each change of a level told; keeps the books and gives out rows.

use super::{FeatureRow, FeatureSpec, Features};
use crate::abi::{Message, MessageBody, v1::kind};
use crate::book::LevelBook;
use crate::types::MarketEvent;

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
