//! A tape as the peer's events.
//!
//! Takes in a tape and what the peer is to be told; gives out, for each instrument, its events in memory, and the times
//! at which the best prices change.
//!
//! Exchange time is the running maximum of `ts_event`, local time that of `ts_recv` and of the exchange's, as
//! Backplane replays a tape. Both are sorted, so that one array serves the peer's exchange and its strategy alike. An
//! event that is received in the same nanosecond as the one before is heard one nanosecond later, because the peer lets
//! its strategy act once a nanosecond, and Backplane after each event.

use std::path::Path;

use backplane_tape::{InstrumentDefinition, Row, Signals, TapeReader};
use hftbacktest::backtest::data::Data;
use hftbacktest::types::Event;

use crate::error::PeerError;
use crate::request::{Mode, StrategyKind};
use crate::{order_level, price_level};

/// The longest time from exchange to strategy that a replay knows, nanoseconds.
const FEED_LATENCY_MAX: i64 = u32::MAX as i64;
/// Units of a price of one.
const PRICE_SCALE: f64 = 1e9;

/// A converted tape.
pub struct Feed {
    /// The instruments in the tape's order.
    pub instruments: Vec<InstrumentFeed>,
    /// When an instrument's best prices change, in the order of time.
    pub changes: Vec<Change>,
    /// The rows of the tape.
    pub rows: u64,
    /// The events that were made of them.
    pub events: u64,
}

/// One instrument.
pub struct InstrumentFeed {
    /// The venue's symbol.
    pub symbol: String,
    /// The smallest step of its price.
    pub tick: f64,
    /// What one unit is worth when the price is one.
    pub multiplier: f64,
    /// The lowest and the highest price in its book, in ticks; none where its book stays empty.
    pub range: Option<(i64, i64)>,
    /// Its events.
    pub data: Data<Event>,
}

/// A change of an instrument's best prices, as the tape tells of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// When strategies hear of it, nanoseconds since the Unix epoch.
    pub local_ts: i64,
    /// The instrument's place.
    pub instrument: usize,
}

/// The two times of a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    exchange: i64,
    local: i64,
    /// Whether the next row begins an event.
    is_boundary: bool,
}

impl Times {
    /// The times before the first row.
    pub(crate) const START: Times = Times {
        exchange: i64::MIN,
        local: i64::MIN,
        is_boundary: true,
    };

    fn read(&mut self, row: &Row) {
        let latest = row.ts_recv.saturating_add(FEED_LATENCY_MAX);
        self.exchange = self.exchange.max(row.ts_event.min(latest));
        let after = self.local.saturating_add(i64::from(self.is_boundary));
        self.local = after.max(row.ts_recv).max(self.exchange);
        let earliest = self.local.saturating_sub(FEED_LATENCY_MAX);
        self.exchange = self.exchange.max(earliest);
        self.is_boundary = row.is_last();
    }

    /// An event of the peer at these times.
    pub(crate) fn event(self, kind: u64, row: &Row, quantity: u32) -> Event {
        Event {
            ev: kind,
            exch_ts: self.exchange,
            local_ts: self.local,
            px: row.price as f64 / PRICE_SCALE,
            qty: f64::from(quantity),
            order_id: row.order_id,
            ival: 0,
            fval: 0.0,
        }
    }
}

/// An instrument while its rows are converted.
struct Growing {
    tick: i64,
    range: Option<(i64, i64)>,
    events: Vec<Event>,
}

impl Feed {
    /// Reads and converts a tape.
    ///
    /// # Errors
    /// The tape cannot be read, or a row of it cannot be said in the peer's format: an order without a number in
    /// order-level mode, a price that is not on a tick.
    pub fn read(path: &Path, mode: Mode, strategy: StrategyKind) -> Result<Feed, PeerError> {
        let convert = match mode {
            Mode::OrderLevel => order_level::convert,
            Mode::PriceLevel => price_level::convert,
        };
        let wanted = match strategy {
            StrategyKind::MarketMaker => Signals::BBO_PRICE,
            StrategyKind::PriceOrSize => Signals::BBO,
        };
        let mut reader = TapeReader::open(path)?.with_details(mode == Mode::OrderLevel);
        let definitions = reader.header().instruments.clone();
        let mut growing = room(path, &definitions)?;
        let mut changes = Vec::new();
        let mut times = Times::START;
        while let Some(columns) = reader.next_batch()? {
            for (number, row) in (columns.first_row..).zip(columns.iter()) {
                let wrong = |why| PeerError::Row {
                    path: path.to_path_buf(),
                    row: number,
                    why,
                };
                times.read(&row);
                let instrument = usize::from(row.instrument);
                let into = &mut growing[instrument];
                into.place(&row).map_err(wrong)?;
                convert(&row, times, &mut into.events).map_err(wrong)?;
                if row.signals(wanted) {
                    changes.push(Change {
                        local_ts: times.local,
                        instrument,
                    });
                }
            }
        }
        let events = growing.iter().map(|x| x.events.len() as u64).sum();
        let grown = definitions.into_iter().zip(growing);
        Ok(Feed {
            instruments: grown.map(|(definition, x)| x.finish(definition)).collect(),
            changes,
            rows: reader.rows(),
            events,
        })
    }
}

/// Room for the events of each instrument, which are counted first so that memory is asked for once. A fill may give two.
fn room(path: &Path, definitions: &[InstrumentDefinition]) -> Result<Vec<Growing>, PeerError> {
    let mut counts = vec![0; definitions.len()];
    let mut reader = TapeReader::open(path)?;
    while let Some(columns) = reader.next_batch()? {
        let rows = columns.instrument.iter().zip(columns.action);
        for (instrument, action) in rows {
            let is_fill = *action == b'F';
            counts[usize::from(*instrument)] += 1 + usize::from(is_fill);
        }
    }
    let growing = definitions.iter().zip(counts).map(|(x, count)| Growing {
        tick: x.tick,
        range: None,
        events: Vec::with_capacity(count),
    });
    Ok(growing.collect())
}

impl Growing {
    /// Checks that a row's price is on a tick, and widens the range.
    fn place(&mut self, row: &Row) -> Result<(), String> {
        if !row.signals(Signals::BOOK) || row.action == b'R' {
            return Ok(());
        }
        if row.price % self.tick != 0 {
            return Err(format!(
                "its price of {} is no multiple of the tick of {}; the peer counts in ticks, so import the tape with a finer one",
                row.price, self.tick
            ));
        }
        let price = row.price / self.tick;
        let (lowest, highest) = self.range.unwrap_or((price, price));
        self.range = Some((lowest.min(price), highest.max(price)));
        Ok(())
    }

    fn finish(self, definition: InstrumentDefinition) -> InstrumentFeed {
        InstrumentFeed {
            symbol: definition.symbol,
            tick: definition.tick as f64 / PRICE_SCALE,
            multiplier: definition.multiplier as f64 / PRICE_SCALE,
            range: self.range,
            data: Data::from_data(&self.events),
        }
    }
}
