//! Binance: raw captures of its streams, and the CSV files of its public archive.
//!
//! Takes in lines of a recording program (a local time and a message), for spot, USD-margined and coin-margined
//! futures; gives out a tape. Depth updates are joined to the REST snapshot as Binance prescribes ([`join`]); where
//! there are none, the best prices of the book ticker are the book. Trades are those of the trade stream; where there
//! are none, aggregate trades.

pub(super) mod archive;
mod join;
pub(crate) mod message;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use backplane_sdk::types::Side;

use super::venue::{Outbox, Venue};
use crate::import::feed::{LevelSet, Others, Pass, Print, Traits};
use join::{Join, Joined};
use message::{Message, Snapshot, Ticker, Trade, TradeKind};

/// What the inputs hold of one symbol.
#[derive(Clone, Copy, Debug, Default)]
struct Streams {
    has_depth: bool,
    has_single_trades: bool,
}

/// What the first reading saw, which the second one goes by.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen(Rc<RefCell<BTreeMap<String, Streams>>>);

/// Binance's messages.
pub(super) struct Binance {
    pass: Pass,
    seen: Seen,
    symbols: BTreeMap<String, Join>,
}

impl Binance {
    /// Without a book yet.
    pub(super) fn new(pass: Pass, seen: Seen) -> Binance {
        Binance {
            pass,
            seen,
            symbols: BTreeMap::new(),
        }
    }

    /// What is known of an instrument of Binance by its symbol.
    pub(super) fn traits(symbol: &str) -> Traits {
        // Longest first: BTCFDUSD is priced in FDUSD, BTCUSD_PERP in USD.
        const QUOTES: [&str; 14] = [
            "FDUSD", "USDT", "USDC", "BUSD", "TUSD", "USD", "EUR", "TRY", "BRL", "JPY", "BTC",
            "ETH", "BNB", "GBP",
        ];
        let pair = symbol.split('_').next().unwrap_or(symbol);
        let quote = QUOTES.iter().find(|quote| pair.ends_with(*quote));
        Traits {
            venue: "BINANCE".to_owned(),
            currency: quote.map(|quote| (*quote).to_owned()),
            ..Traits::default()
        }
    }

    fn streams(&self, symbol: &str) -> Streams {
        self.seen
            .0
            .borrow()
            .get(symbol)
            .copied()
            .unwrap_or_default()
    }

    /// Notes what there is of a symbol; only while surveying.
    fn note(&self, symbol: &str, change: impl FnOnce(&mut Streams)) {
        if self.pass == Pass::Survey {
            let mut seen = self.seen.0.borrow_mut();
            change(seen.entry(symbol.to_owned()).or_default());
        }
    }

    fn ticker(
        &mut self,
        ticker: &Ticker<'_>,
        received: Option<i64>,
        out: &mut Outbox,
    ) -> Result<(), String> {
        if self.pass == Pass::Write && self.streams(&ticker.symbol).has_depth {
            return Ok(());
        }
        let happened = ticker.time.map(millis).transpose()?;
        let (happened, received) = both_times(happened, received)?;
        let update = out.begin(&ticker.symbol, happened, received);
        update.sequence = ticker.last;
        update.others = Others::Go;
        for (side, (price, size)) in [(Side::Buy, ticker.bid), (Side::Sell, ticker.ask)] {
            update.levels.push(LevelSet { side, price, size });
        }
        Ok(())
    }

    fn trade(
        &mut self,
        trade: &Trade<'_>,
        received: Option<i64>,
        out: &mut Outbox,
    ) -> Result<(), String> {
        if trade.kind == TradeKind::Single {
            self.note(&trade.symbol, |streams| streams.has_single_trades = true);
        }
        let is_told_twice =
            trade.kind == TradeKind::Aggregate && self.streams(&trade.symbol).has_single_trades;
        if self.pass == Pass::Write && is_told_twice {
            return Ok(());
        }
        if !trade.in_book || trade.size.0 == 0 {
            out.notice("trades outside of the book were left away");
            return Ok(());
        }
        let (happened, received) = both_times(Some(millis(trade.time)?), received)?;
        let update = out.begin(&trade.symbol, happened, received);
        update.sequence = trade.number;
        let aggressor = if trade.buyer_rests {
            Side::Sell
        } else {
            Side::Buy
        };
        update.prints.push(Print {
            price: trade.price,
            size: trade.size,
            aggressor: Some(aggressor),
        });
        Ok(())
    }

    fn snapshot(
        &mut self,
        snapshot: Snapshot<'_>,
        received: Option<i64>,
        out: &mut Outbox,
    ) -> Result<(), String> {
        let symbol = match &snapshot.symbol {
            Some(symbol) => symbol.to_string(),
            None => {
                let mut symbols = self.symbols.keys();
                match (symbols.next(), symbols.next()) {
                    (Some(symbol), None) => symbol.clone(),
                    (None, _) => return Err("it is a snapshot that names no symbol, before any update that names one".to_owned()),
                    _ => return Err("it is a snapshot that names no symbol, and there are several; record each symbol in a file of its own".to_owned()),
                }
            }
        };
        let join = self.symbols.entry(symbol.clone()).or_default();
        let received = received.ok_or(
            "it is a snapshot without a local time, so that nobody knows when it was heard",
        )?;
        let joined = join.snapshot(snapshot)?;
        write(&symbol, joined, received, out)
    }
}

impl Venue for Binance {
    fn hear(&mut self, received: Option<i64>, json: &[u8], out: &mut Outbox) -> Result<(), String> {
        match message::parse(json)? {
            Message::Depth(depth) => {
                self.note(&depth.symbol, |streams| streams.has_depth = true);
                let symbol = depth.symbol.to_string();
                let (_, received) = both_times(Some(millis(depth.time)?), received)?;
                let join = self.symbols.entry(symbol.clone()).or_default();
                let joined = join.depth(depth)?;
                if joined.gap {
                    out.notice("gaps of update numbers: the book is doubtful from there to the next snapshot");
                }
                write(&symbol, joined, received, out)
            }
            Message::Snapshot(snapshot) => self.snapshot(snapshot, received, out),
            Message::Ticker(ticker) => self.ticker(&ticker, received, out),
            Message::Trade(trade) => self.trade(&trade, received, out),
            Message::Other => {
                out.notice("messages of other streams were passed over");
                Ok(())
            }
        }
    }

    fn finish(&mut self) -> Result<(), String> {
        for (symbol, join) in &self.symbols {
            if let Some(count) = join.waiting() {
                return Err(format!(
                    "the inputs end here, and the {count} depth updates of {symbol} have no snapshot that they continue; \
                     name the file with the snapshot before this one"
                ));
            }
        }
        Ok(())
    }
}

/// Writes what was joined, all of it heard at one time.
fn write(symbol: &str, joined: Joined, received: i64, out: &mut Outbox) -> Result<(), String> {
    for step in joined.steps {
        let happened = step.time.map(millis).transpose()?.unwrap_or(received);
        let update = out.begin(symbol, happened, received);
        update.sequence = step.last;
        update.is_doubtful = step.is_doubtful;
        update.others = if step.is_whole {
            Others::Go
        } else {
            Others::Stay
        };
        update.is_snapshot = step.is_whole;
        for (side, levels) in [(Side::Buy, &step.bids), (Side::Sell, &step.asks)] {
            let levels = levels.iter().map(|level| LevelSet {
                side,
                price: level.price,
                size: level.size,
            });
            update.levels.extend(levels);
        }
    }
    Ok(())
}

/// Milliseconds as nanoseconds.
fn millis(time: i64) -> Result<i64, String> {
    time.checked_mul(1_000_000)
        .ok_or_else(|| format!("its time {time} is out of range"))
}

/// When it happened and when it was received, each the other where it is not known.
fn both_times(happened: Option<i64>, received: Option<i64>) -> Result<(i64, i64), String> {
    match (happened, received) {
        (Some(happened), Some(received)) => Ok((happened, received)),
        (Some(time), None) | (None, Some(time)) => Ok((time, time)),
        (None, None) => Err("it has no time".to_owned()),
    }
}
