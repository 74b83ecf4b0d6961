//! Bybit: captures of its order book and trade topics, of the present interface (`orderbook.500.XRPUSDT`,
//! `publicTrade.XRPUSDT`) and of the inverse contracts' first one (`orderBookL2_25.BTCUSD`, `trade.BTCUSD`).
//!
//! Takes in messages; gives out updates. A `snapshot` is the whole book, a `delta` what changed. Sizes of the first
//! interface are in units of the contract's quote currency.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use backplane_sdk::types::Side;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::json::{Level, Number, Whole, why};
use super::okx::{millis, one_channel, side};
use super::venue::{Outbox, Venue};
use crate::import::feed::{Decimal, LevelSet, Others, Print, Traits, Update};

/// Bybit's messages.
#[derive(Debug, Default)]
pub(super) struct Bybit {
    /// The symbols whose book is known.
    books: BTreeSet<String>,
    /// The topic that says a symbol's book.
    topics: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    topic: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "type")]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    /// Milliseconds: when the message was made.
    ts: Option<i64>,
    /// Milliseconds: when the matching engine made it.
    cts: Option<i64>,
    timestamp_e6: Option<Whole>,
    cross_seq: Option<u64>,
}

#[derive(Deserialize)]
struct Book {
    b: Vec<Level>,
    a: Vec<Level>,
    u: u64,
}

#[derive(Deserialize)]
struct Trade<'a> {
    #[serde(rename = "T")]
    time: Whole,
    #[serde(borrow, rename = "S")]
    side: Cow<'a, str>,
    p: Number,
    v: Number,
}

#[derive(Deserialize)]
struct FirstLevel<'a> {
    price: Number,
    #[serde(borrow)]
    side: Cow<'a, str>,
    size: Option<Number>,
}

#[derive(Deserialize)]
struct FirstDelta<'a> {
    #[serde(borrow)]
    delete: Vec<FirstLevel<'a>>,
    #[serde(borrow)]
    update: Vec<FirstLevel<'a>>,
    #[serde(borrow)]
    insert: Vec<FirstLevel<'a>>,
}

#[derive(Deserialize)]
struct FirstTrade<'a> {
    trade_time_ms: Whole,
    #[serde(borrow)]
    side: Cow<'a, str>,
    size: Number,
    price: Number,
    cross_seq: Option<u64>,
}

impl Bybit {
    /// What is known of an instrument of Bybit by its symbol.
    pub(super) fn traits(symbol: &str) -> Traits {
        const QUOTES: [&str; 5] = ["USDT", "USDC", "USD", "BTC", "EUR"];
        let quote = QUOTES.iter().find(|quote| symbol.ends_with(*quote));
        Traits {
            venue: "BYBIT".to_owned(),
            currency: quote.map(|quote| (*quote).to_owned()),
            ..Traits::default()
        }
    }

    /// Begins the update of a book; none where it changes a book that is not known.
    fn begin<'b>(
        &mut self,
        symbol: &str,
        is_whole: bool,
        times: (i64, i64),
        out: &'b mut Outbox,
    ) -> Option<&'b mut Update> {
        if is_whole {
            self.books.insert(symbol.to_owned());
        } else if !self.books.contains(symbol) {
            out.notice("book updates before their first snapshot were left away");
            return None;
        }
        let update = out.begin(symbol, times.0, times.1);
        update.is_snapshot = is_whole;
        update.others = if is_whole { Others::Go } else { Others::Stay };
        Some(update)
    }

    fn book(
        &mut self,
        symbol: &str,
        envelope: &Envelope<'_>,
        data: &str,
        received: Option<i64>,
        out: &mut Outbox,
    ) -> Result<(), String> {
        let book: Book = serde_json::from_str(data).map_err(|error| why(&error))?;
        let happened = millis(envelope.cts.or(envelope.ts).ok_or("its JSON has no `ts`")?)?;
        let is_whole = envelope.kind.as_deref() == Some("snapshot");
        let times = (happened, received.unwrap_or(happened));
        let Some(update) = self.begin(symbol, is_whole, times, out) else {
            return Ok(());
        };
        update.sequence = book.u;
        for (side, levels) in [(Side::Buy, &book.b), (Side::Sell, &book.a)] {
            let levels = levels.iter().map(|level| LevelSet {
                side,
                price: level.price,
                size: level.size,
            });
            update.levels.extend(levels);
        }
        Ok(())
    }

    fn first_book(
        &mut self,
        symbol: &str,
        envelope: &Envelope<'_>,
        data: &str,
        received: Option<i64>,
        out: &mut Outbox,
    ) -> Result<(), String> {
        let is_whole = envelope.kind.as_deref() == Some("snapshot");
        let delta = match is_whole {
            true => FirstDelta {
                delete: Vec::new(),
                update: Vec::new(),
                insert: serde_json::from_str(data).map_err(|error| why(&error))?,
            },
            false => serde_json::from_str(data).map_err(|error| why(&error))?,
        };
        let micros = envelope
            .timestamp_e6
            .ok_or("its JSON has no `timestamp_e6`")?
            .0;
        let happened = micros
            .checked_mul(1_000)
            .ok_or("its time is out of range")?;
        let times = (happened, received.unwrap_or(happened));
        let Some(update) = self.begin(symbol, is_whole, times, out) else {
            return Ok(());
        };
        update.sequence = envelope.cross_seq.unwrap_or_default();
        for level in &delta.delete {
            let (side, price) = (side(&level.side)?, level.price.0);
            update.levels.push(LevelSet {
                side,
                price,
                size: Decimal::default(),
            });
        }
        for level in delta.update.iter().chain(&delta.insert) {
            let (side, price) = (side(&level.side)?, level.price.0);
            let size = level.size.ok_or("a level has no size")?.0;
            update.levels.push(LevelSet { side, price, size });
        }
        Ok(())
    }
}

impl Venue for Bybit {
    fn hear(&mut self, received: Option<i64>, json: &[u8], out: &mut Outbox) -> Result<(), String> {
        let envelope: Envelope<'_> = serde_json::from_slice(json).map_err(|error| why(&error))?;
        let (Some(topic), Some(data)) = (&envelope.topic, envelope.data) else {
            return Ok(());
        };
        let mut words = topic.split('.');
        let (kind, symbol) = (
            words.next().unwrap_or_default(),
            words.next_back().unwrap_or_default(),
        );
        let mut print =
            |happened: i64, sequence: u64, aggressor: Side, price: Number, size: Number| {
                let update = out.begin(symbol, happened, received.unwrap_or(happened));
                update.sequence = sequence;
                update.prints.push(Print {
                    price: price.0,
                    size: size.0,
                    aggressor: Some(aggressor),
                });
            };
        if kind == "orderbook" || kind.starts_with("orderBookL2") {
            one_channel(&mut self.topics, symbol, topic)?;
        }
        match kind {
            "orderbook" => self.book(symbol, &envelope, data.get(), received, out),
            _ if kind.starts_with("orderBookL2") => {
                self.first_book(symbol, &envelope, data.get(), received, out)
            }
            "publicTrade" => {
                let trades: Vec<Trade<'_>> =
                    serde_json::from_str(data.get()).map_err(|error| why(&error))?;
                for trade in trades {
                    print(
                        millis(trade.time.0)?,
                        0,
                        side(&trade.side)?,
                        trade.p,
                        trade.v,
                    );
                }
                Ok(())
            }
            "trade" => {
                let trades: Vec<FirstTrade<'_>> =
                    serde_json::from_str(data.get()).map_err(|error| why(&error))?;
                for trade in trades {
                    let (happened, number) = (
                        millis(trade.trade_time_ms.0)?,
                        trade.cross_seq.unwrap_or_default(),
                    );
                    print(
                        happened,
                        number,
                        side(&trade.side)?,
                        trade.price,
                        trade.size,
                    );
                }
                Ok(())
            }
            _ => {
                out.notice("messages of other topics were passed over");
                Ok(())
            }
        }
    }
}
