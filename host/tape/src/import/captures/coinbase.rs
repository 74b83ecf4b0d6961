//! Coinbase: captures of its `level2` and `matches` channels (exchange feed).
//!
//! Takes in messages; gives out updates. Snapshots carry no time of the exchange: they happen when they are received.
//! The side of a match is the resting order's.

use std::borrow::Cow;
use std::collections::BTreeSet;

use backplane_sdk::types::Side;
use serde::Deserialize;

use super::json::{Level, Number, why};
use super::okx::side;
use super::venue::{Outbox, Venue};
use crate::import::feed::{LevelSet, Others, Print, Traits};
use crate::time_zone::utc;

/// Coinbase's messages.
#[derive(Debug, Default)]
pub(super) struct Coinbase {
    /// The products whose book is known.
    books: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    product_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    time: Option<Cow<'a, str>>,
    bids: Option<Vec<Level>>,
    asks: Option<Vec<Level>>,
    #[serde(borrow)]
    changes: Option<Vec<(Cow<'a, str>, Number, Number)>>,
    #[serde(borrow)]
    side: Option<Cow<'a, str>>,
    price: Option<Number>,
    size: Option<Number>,
    sequence: Option<u64>,
}

impl Coinbase {
    /// What is known of a product by its name: `BTC-USD`.
    pub(super) fn traits(symbol: &str) -> Traits {
        Traits {
            venue: "COINBASE".to_owned(),
            currency: symbol.split('-').nth(1).map(str::to_owned),
            ..Traits::default()
        }
    }
}

impl Venue for Coinbase {
    fn hear(&mut self, received: Option<i64>, json: &[u8], out: &mut Outbox) -> Result<(), String> {
        let message: Kind<'_> = serde_json::from_slice(json).map_err(|error| why(&error))?;
        match message.kind.as_deref() {
            Some("snapshot" | "l2update" | "match" | "last_match") => {}
            _ => {
                out.notice("messages of other channels were passed over");
                return Ok(());
            }
        }
        let message: Message<'_> = serde_json::from_slice(json).map_err(|error| why(&error))?;
        let missing = |key: &str| format!("its JSON has no `{key}`");
        let symbol = message
            .product_id
            .as_deref()
            .ok_or_else(|| missing("product_id"))?;
        let happened = match message.time.as_deref() {
            Some(text) => Some(utc(text).ok_or_else(|| format!("its time {text:?} is none"))?),
            None => None,
        };
        let happened_or = happened.or(received).ok_or("it has no time")?;
        let received = received.unwrap_or(happened_or);
        match message.kind.as_ref() {
            "snapshot" => {
                self.books.insert(symbol.to_owned());
                let update = out.begin(symbol, happened_or, received);
                update.is_snapshot = true;
                update.others = Others::Go;
                let bids = message.bids.ok_or_else(|| missing("bids"))?;
                let asks = message.asks.ok_or_else(|| missing("asks"))?;
                for (side, levels) in [(Side::Buy, bids), (Side::Sell, asks)] {
                    let levels = levels.iter().map(|level| LevelSet {
                        side,
                        price: level.price,
                        size: level.size,
                    });
                    update.levels.extend(levels);
                }
            }
            "l2update" if !self.books.contains(symbol) => {
                out.notice("book updates before their first snapshot were left away");
            }
            "l2update" => {
                let changes = message.changes.ok_or_else(|| missing("changes"))?;
                let update = out.begin(symbol, happened_or, received);
                for (text, price, size) in changes {
                    update.levels.push(LevelSet {
                        side: side(&text)?,
                        price: price.0,
                        size: size.0,
                    });
                }
            }
            "match" => {
                let resting = side(message.side.as_deref().ok_or_else(|| missing("side"))?)?;
                let update = out.begin(symbol, happened_or, received);
                update.sequence = message.sequence.unwrap_or_default();
                update.prints.push(Print {
                    price: message.price.ok_or_else(|| missing("price"))?.0,
                    size: message.size.ok_or_else(|| missing("size"))?.0,
                    aggressor: Some(resting.opposite()),
                });
            }
            // It happened before the capture began.
            _ => out.notice("trades from before the capture were left away"),
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Cow<'a, str>>,
}
