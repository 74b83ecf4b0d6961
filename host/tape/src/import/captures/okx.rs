//! OKX: captures of its public `books` and `trades` channels (API v5).
//!
//! Takes in messages; gives out updates. A `snapshot` is the whole book, an `update` what changed. Each carries the
//! CRC32 of the best 25 levels, by which a tape can be verified ([`Checked`]).

use std::borrow::Cow;
use std::collections::BTreeMap;

use backplane_sdk::types::Side;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::json::{Level, Number, Whole, why};
use super::venue::{Outbox, Venue};
use crate::import::feed::{LevelSet, Others, Print, Traits};

/// OKX's messages.
#[derive(Debug, Default)]
pub(super) struct Okx {
    /// For each instrument whose book is known, the number of its latest update, where they are numbered.
    books: BTreeMap<String, Option<i64>>,
    doubtful: BTreeMap<String, bool>,
    /// The channel that says an instrument's book.
    channels: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    arg: Option<Argument<'a>>,
    #[serde(borrow)]
    action: Option<Cow<'a, str>>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Argument<'a> {
    #[serde(borrow)]
    channel: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "instId")]
    instrument: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Book {
    bids: Vec<Level>,
    asks: Vec<Level>,
    ts: Whole,
    #[serde(rename = "seqId")]
    sequence: Option<i64>,
    #[serde(rename = "prevSeqId")]
    previous: Option<i64>,
}

#[derive(Deserialize)]
struct Trade<'a> {
    #[serde(borrow, rename = "tradeId")]
    number: Cow<'a, str>,
    px: Number,
    sz: Number,
    #[serde(borrow)]
    side: Cow<'a, str>,
    ts: Whole,
}

/// A book message as a verification needs it: levels in the very text of the message.
#[derive(Deserialize)]
pub(crate) struct Checked<'a> {
    /// Price, size, and what nobody needs.
    #[serde(borrow)]
    pub(crate) bids: Vec<Vec<Cow<'a, str>>>,
    /// Likewise.
    #[serde(borrow)]
    pub(crate) asks: Vec<Vec<Cow<'a, str>>>,
    /// The CRC32 of the best 25 levels, as a signed integer.
    pub(crate) checksum: Option<i32>,
}

/// The instrument, whether it is a whole book, and the books of a message of channel `books`; none for others.
pub(crate) fn checked(json: &[u8]) -> Result<Option<(String, bool, Vec<Checked<'_>>)>, String> {
    let envelope: Envelope<'_> = serde_json::from_slice(json).map_err(|error| why(&error))?;
    let (Some(arg), Some(action), Some(data)) = (envelope.arg, envelope.action, envelope.data)
    else {
        return Ok(None);
    };
    if arg.channel.as_deref() != Some("books") {
        return Ok(None);
    }
    let books = serde_json::from_str(data.get()).map_err(|error| why(&error))?;
    let symbol = arg.instrument.ok_or("its JSON has no `instId`")?;
    Ok(Some((symbol.into_owned(), action == "snapshot", books)))
}

impl Okx {
    /// What is known of an instrument of OKX by its symbol: `BTC-USDT`, `BTC-USD-220527`, `UNI-USD-SWAP`.
    pub(super) fn traits(symbol: &str) -> Traits {
        Traits {
            venue: "OKX".to_owned(),
            currency: symbol.split('-').nth(1).map(str::to_owned),
            ..Traits::default()
        }
    }

    fn book(
        &mut self,
        symbol: &str,
        is_whole: bool,
        book: &Book,
        received: Option<i64>,
        out: &mut Outbox,
    ) -> Result<(), String> {
        let happened = millis(book.ts.0)?;
        let known = self.books.get(symbol).copied();
        if !is_whole && known.is_none() {
            out.notice("book updates before their first snapshot were left away");
            return Ok(());
        }
        let doubtful = self.doubtful.entry(symbol.to_owned()).or_default();
        match (book.previous, known.flatten()) {
            _ if is_whole => *doubtful = false,
            (Some(previous), Some(last)) if previous != last => {
                out.notice(
                    "gaps of update numbers: the book is doubtful from there to the next snapshot",
                );
                *doubtful = true;
            }
            _ => {}
        }
        let is_doubtful = *doubtful;
        self.books.insert(symbol.to_owned(), book.sequence);
        let update = out.begin(symbol, happened, received.unwrap_or(happened));
        update.sequence = book
            .sequence
            .and_then(|number| u64::try_from(number).ok())
            .unwrap_or_default();
        update.is_doubtful = is_doubtful;
        update.is_snapshot = is_whole;
        update.others = if is_whole { Others::Go } else { Others::Stay };
        for (side, levels) in [(Side::Buy, &book.bids), (Side::Sell, &book.asks)] {
            let levels = levels.iter().map(|level| LevelSet {
                side,
                price: level.price,
                size: level.size,
            });
            update.levels.extend(levels);
        }
        Ok(())
    }
}

impl Venue for Okx {
    fn hear(&mut self, received: Option<i64>, json: &[u8], out: &mut Outbox) -> Result<(), String> {
        let envelope: Envelope<'_> = serde_json::from_slice(json).map_err(|error| why(&error))?;
        let (Some(arg), Some(data)) = (envelope.arg, envelope.data) else {
            return Ok(());
        };
        let Some(symbol) = arg.instrument else {
            return Ok(());
        };
        match arg.channel.as_deref() {
            Some(
                channel @ ("books" | "books-l2-tbt" | "books50-l2-tbt" | "books5" | "bbo-tbt"),
            ) => {
                one_channel(&mut self.channels, &symbol, channel)?;
                let books: Vec<Book> =
                    serde_json::from_str(data.get()).map_err(|error| why(&error))?;
                // The channels of a few levels say all of them each time, and no action.
                let is_whole = envelope.action.as_deref() != Some("update");
                books
                    .iter()
                    .try_for_each(|book| self.book(&symbol, is_whole, book, received, out))
            }
            Some("trades" | "trades-all") => {
                let trades: Vec<Trade<'_>> =
                    serde_json::from_str(data.get()).map_err(|error| why(&error))?;
                for trade in trades {
                    let happened = millis(trade.ts.0)?;
                    let update = out.begin(&symbol, happened, received.unwrap_or(happened));
                    update.sequence = trade.number.parse().unwrap_or_default();
                    update.prints.push(Print {
                        price: trade.px.0,
                        size: trade.sz.0,
                        aggressor: Some(side(&trade.side)?),
                    });
                }
                Ok(())
            }
            _ => {
                out.notice("messages of other channels were passed over");
                Ok(())
            }
        }
    }
}

/// Refuses books of one instrument that two channels say: they would overwrite each other.
pub(super) fn one_channel(
    channels: &mut BTreeMap<String, String>,
    symbol: &str,
    channel: &str,
) -> Result<(), String> {
    match channels.get(symbol) {
        None => {
            channels.insert(symbol.to_owned(), channel.to_owned());
            Ok(())
        }
        Some(known) if known == channel => Ok(()),
        Some(known) => Err(format!(
            "the book of {symbol} comes on the channels {known} and {channel}: leave one of them in the capture"
        )),
    }
}

/// A side in words.
pub(super) fn side(text: &str) -> Result<Side, String> {
    match text {
        "buy" | "Buy" => Ok(Side::Buy),
        "sell" | "Sell" => Ok(Side::Sell),
        _ => Err(format!("its side {text:?} is neither buy nor sell")),
    }
}

/// Milliseconds as nanoseconds.
pub(super) fn millis(time: i64) -> Result<i64, String> {
    time.checked_mul(1_000_000)
        .ok_or_else(|| format!("its time {time} is out of range"))
}
