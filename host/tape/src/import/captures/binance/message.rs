//! Binance's messages, as its documentation of the diff. depth, trade, aggregate trade and book ticker streams and of
//! the REST order book describes them, for spot, USD-margined and coin-margined futures.
//!
//! Takes in JSON, wrapped in a combined stream's envelope or not; gives out what it says.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::json::{Level, Number, why};
use crate::import::feed::Decimal;

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Message<'a> {
    Depth(Depth<'a>),
    Snapshot(Snapshot<'a>),
    Ticker(Ticker<'a>),
    Trade(Trade<'a>),
    /// It says nothing of book or trades.
    Other,
}

/// Levels that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Depth<'a> {
    pub(crate) symbol: Cow<'a, str>,
    /// Milliseconds since the Unix epoch: of the matching engine where it is said, else of the message.
    pub(crate) time: i64,
    /// The first and the last update in it.
    pub(crate) first: u64,
    pub(crate) last: u64,
    /// The last update of the message before; futures say it.
    pub(crate) previous: Option<u64>,
    pub(super) bids: Vec<Level>,
    pub(super) asks: Vec<Level>,
}

/// A whole book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Snapshot<'a> {
    /// Coin-margined futures say it.
    pub(crate) symbol: Option<Cow<'a, str>>,
    /// Milliseconds since the Unix epoch; futures say it.
    pub(crate) time: Option<i64>,
    /// The last update in it.
    pub(crate) last: u64,
    pub(super) bids: Vec<Level>,
    pub(super) asks: Vec<Level>,
}

/// The best prices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ticker<'a> {
    pub(crate) symbol: Cow<'a, str>,
    /// Milliseconds since the Unix epoch; futures say it.
    pub(crate) time: Option<i64>,
    /// The update after which they are so.
    pub(crate) last: u64,
    /// Price and size.
    pub(crate) bid: (Decimal, Decimal),
    /// Price and size.
    pub(crate) ask: (Decimal, Decimal),
}

/// Which stream tells a trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TradeKind {
    /// One execution.
    Single,
    /// All executions of one aggressor at one price.
    Aggregate,
}

/// A trade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trade<'a> {
    pub(crate) symbol: Cow<'a, str>,
    pub(crate) kind: TradeKind,
    /// Milliseconds since the Unix epoch.
    pub(crate) time: i64,
    pub(crate) number: u64,
    pub(crate) price: Decimal,
    pub(crate) size: Decimal,
    /// Whether the buyer's order rested, so that the seller is the aggressor.
    pub(crate) buyer_rests: bool,
    /// Whether it was executed in the book, and not by an insurance fund or by liquidation against it.
    pub(crate) in_book: bool,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    stream: Option<Cow<'a, str>>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

/// All keys that are looked at; what they hold depends on the message.
#[derive(Deserialize)]
struct Keys<'a> {
    #[serde(borrow, rename = "e")]
    event: Option<Cow<'a, str>>,
    #[serde(rename = "E")]
    event_time: Option<i64>,
    #[serde(rename = "T")]
    engine_time: Option<i64>,
    #[serde(borrow, rename = "s", alias = "symbol")]
    symbol: Option<Cow<'a, str>>,
    #[serde(rename = "U")]
    first: Option<u64>,
    #[serde(rename = "u")]
    last: Option<u64>,
    #[serde(rename = "pu")]
    previous: Option<u64>,
    #[serde(borrow, rename = "b")]
    bid: Option<&'a RawValue>,
    #[serde(borrow, rename = "a")]
    ask: Option<&'a RawValue>,
    #[serde(rename = "B")]
    bid_size: Option<Number>,
    #[serde(rename = "A")]
    ask_size: Option<Number>,
    #[serde(rename = "lastUpdateId")]
    snapshot: Option<u64>,
    bids: Option<Vec<Level>>,
    asks: Option<Vec<Level>>,
    #[serde(rename = "t")]
    trade: Option<u64>,
    #[serde(rename = "p")]
    price: Option<Number>,
    #[serde(rename = "q")]
    size: Option<Number>,
    #[serde(rename = "m")]
    buyer_rests: Option<bool>,
    #[serde(borrow, rename = "X")]
    order_type: Option<Cow<'a, str>>,
}

/// Reads a message.
pub(crate) fn parse(json: &[u8]) -> Result<Message<'_>, String> {
    let envelope: Envelope<'_> = serde_json::from_slice(json).map_err(|error| why(&error))?;
    let (stream, body) = match envelope {
        Envelope {
            stream,
            data: Some(data),
        } => (stream, data.get().as_bytes()),
        Envelope { stream, data: None } => (stream, json),
    };
    // Streams of bars, prices of marks and the like use the same keys for other things.
    let kind: Kind<'_> = serde_json::from_slice(body).map_err(|error| why(&error))?;
    let is_ticker = kind.event.is_none()
        && stream
            .as_deref()
            .is_some_and(|stream| stream.ends_with("@bookTicker"));
    let is_known = matches!(
        kind.event.as_deref(),
        Some("depthUpdate" | "bookTicker" | "trade" | "aggTrade")
    );
    if !is_known && !is_ticker && kind.snapshot.is_none() {
        return Ok(Message::Other);
    }
    let keys: Keys<'_> = serde_json::from_slice(body).map_err(|error| why(&error))?;
    match (keys.event.as_deref(), keys.snapshot) {
        (Some("depthUpdate"), _) => keys.depth(),
        (Some("trade"), _) => keys.trade(TradeKind::Single),
        (Some("aggTrade"), _) => keys.trade(TradeKind::Aggregate),
        (None, Some(last)) => Ok(Message::Snapshot(Snapshot {
            symbol: keys.symbol,
            time: keys.engine_time.or(keys.event_time),
            last,
            bids: keys.bids.ok_or_else(|| missing("bids"))?,
            asks: keys.asks.ok_or_else(|| missing("asks"))?,
        })),
        _ => keys.ticker(),
    }
}

/// What is read before the rest, to know whether the rest is worth reading.
#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(borrow, rename = "e")]
    event: Option<Cow<'a, str>>,
    #[serde(rename = "lastUpdateId")]
    snapshot: Option<u64>,
}

fn missing(key: &str) -> String {
    format!("its JSON has no `{key}`")
}

impl<'a> Keys<'a> {
    fn depth(self) -> Result<Message<'a>, String> {
        let levels = |levels: Option<&RawValue>, key| {
            let levels = levels.ok_or_else(|| missing(key))?;
            serde_json::from_str(levels.get()).map_err(|error| why(&error))
        };
        Ok(Message::Depth(Depth {
            time: self
                .engine_time
                .or(self.event_time)
                .ok_or_else(|| missing("E"))?,
            first: self.first.ok_or_else(|| missing("U"))?,
            last: self.last.ok_or_else(|| missing("u"))?,
            previous: self.previous,
            bids: levels(self.bid, "b")?,
            asks: levels(self.ask, "a")?,
            symbol: self.symbol.ok_or_else(|| missing("s"))?,
        }))
    }

    fn ticker(self) -> Result<Message<'a>, String> {
        let price = |price: Option<&RawValue>, key| {
            let price = price.ok_or_else(|| missing(key))?;
            let price: Number = serde_json::from_str(price.get()).map_err(|error| why(&error))?;
            Ok::<Decimal, String>(price.0)
        };
        Ok(Message::Ticker(Ticker {
            time: self.engine_time.or(self.event_time),
            last: self.last.ok_or_else(|| missing("u"))?,
            bid: (
                price(self.bid, "b")?,
                self.bid_size.ok_or_else(|| missing("B"))?.0,
            ),
            ask: (
                price(self.ask, "a")?,
                self.ask_size.ok_or_else(|| missing("A"))?.0,
            ),
            symbol: self.symbol.ok_or_else(|| missing("s"))?,
        }))
    }

    fn trade(self, kind: TradeKind) -> Result<Message<'a>, String> {
        let number = match (kind, self.ask) {
            (TradeKind::Single, _) => self.trade.ok_or_else(|| missing("t"))?,
            (TradeKind::Aggregate, Some(number)) => {
                serde_json::from_str(number.get()).map_err(|error| why(&error))?
            }
            (TradeKind::Aggregate, None) => return Err(missing("a")),
        };
        Ok(Message::Trade(Trade {
            kind,
            time: self
                .engine_time
                .or(self.event_time)
                .ok_or_else(|| missing("T"))?,
            number,
            price: self.price.ok_or_else(|| missing("p"))?.0,
            size: self.size.ok_or_else(|| missing("q"))?.0,
            buyer_rests: self.buyer_rests.ok_or_else(|| missing("m"))?,
            in_book: self.order_type.is_none_or(|kind| kind == "MARKET"),
            symbol: self.symbol.ok_or_else(|| missing("s"))?,
        }))
    }
}
