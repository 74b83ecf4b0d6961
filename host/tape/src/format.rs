//! The tape's format, version 2: columns, and what the metadata says.
//!
//! Takes in a [`Header`] and a [`TapeSchema`]; gives out the Arrow schema that carries them, and both again from such
//! metadata.
//!
//! A tape is an Arrow IPC file without compression, dictionaries and nulls, of record batches of [`BATCH_ROWS`] rows.
//! Rows are in tape order: sorted by `ts_recv`, the source's order kept among equals. The columns are, in order:
//!
//! | column | type | meaning |
//! |---|---|---|
//! | `ts_event` | Timestamp(ns, UTC) | the exchange's time |
//! | `ts_recv` | Timestamp(ns, UTC) | the local time; never less than the row's before |
//! | `instrument` | UInt16 | place in the tape's list of instruments |
//! | `action` | UInt8 | a letter: A add, C cancel, M modify, R clear, T trade, F fill, S status |
//! | `side` | UInt8 | a letter: B, A or N; the order's, for T the aggressor's |
//! | `flags` | UInt8 | Databento's flags: 0x80 ends an atomic event, 0x20 is a snapshot |
//! | `signals` | UInt8 | [`crate::Signals`] |
//! | `rank` | UInt8 | place of the level in its side, best = 0, saturated at 255: after the row where the level exists then, before it where the row removes it; 0 for T and R |
//! | `price` | Int64 | in units of 1e-9 |
//! | `size` | UInt32 | quantity added, cancelled, executed, traded; for M the order's new size |
//! | `level_size` | UInt32 | what rests at that price and side after the row; 0 when gone, and for T and R |
//! | `priority` | UInt32 | 1-based number of the row at which the order took its place in the queue; 0 where it is older than the tape, unknown, or no order is meant. For A the row's own number, save that it is 0 for a level that a source reveals or seeds without its orders. For M the place that the order had before |
//! | `order_id` | UInt64 | the exchange's number of the order, 0 where it is not known |
//! | `remaining` | UInt32 | what is left of that order after the row |
//! | `sequence` | UInt32 | the source's sequence number |
//!
//! An M row changes an order's size at its price. Where the size grew, the order goes to the end of the queue and its
//! priority is the row's number from then on. Where nothing changed ([`crate::Signals::BOOK`] is not set) it keeps its
//! place. Smaller sizes are C rows, other prices are a C row and an A row.
//!
//! An S row says the trading status of an instrument from then on: `size` is the number of a
//! [`backplane_sdk::types::TradingStatus`]. It is an event of its own, of either schema, changes no book, and its other
//! columns are as for R.
//!
//! # Schemas
//!
//! The metadata `backplane.schema` says what the rows are ([`TapeSchema`]). Those of `mbo` are as described above: one
//! for what becomes of each order. Those of `mbp` show price levels and no orders: `order_id`, `remaining` and
//! `priority` are 0, and there are no M and F rows. An atomic event of such a tape holds, in this order:
//!
//! | rows | what they say |
//! |---|---|
//! | T | a trade print: one row for each price and aggressor's side that follow each other in the event; never without [`crate::Signals::TRADE`] and [`crate::Signals::MATCH`] |
//! | R | the book is empty from here on |
//! | C | a level shrank: `size` is by how much, `level_size` what rests there after the event |
//! | A | a level grew, likewise; [`crate::Signals::MATCH`] where it was made and is the best of its side |
//!
//! A level has at most one row in an event, one that ends as it began has none, and an event of which nothing is to be
//! seen is not there at all. As levels that shrank come before those that grew, the book is never crossed within an
//! event that does not leave it crossed. `rank` is the level's place in a book to which all rows before have been
//! applied.
//!
//! # Versions
//!
//! | version | what it brought |
//! |---|---|
//! | 1 | the columns and both schemas |
//! | 2 | S rows; of instruments `lot`, `activation`, `venue` and `depth`, each left away where it says nothing |
//!
//! This crate writes version 2 and reads both.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use backplane_sdk::types::{Instrument, InstrumentId, Price, Timestamp};
use serde::{Deserialize, Serialize};

use crate::error::TapeError;

/// The version of the format, as the metadata says it.
pub const FORMAT_VERSION: &str = "2";
/// The versions that this crate reads.
pub const FORMAT_VERSIONS_READ: [&str; 2] = ["1", FORMAT_VERSION];
/// The letter of a row that says an instrument's trading status.
pub const ACTION_STATUS: u8 = b'S';
/// Rows in a batch that this crate writes.
pub const BATCH_ROWS: usize = 16_384;
/// Rows in a batch that this crate agrees to read.
pub const BATCH_ROWS_MAX: usize = 1 << 22;
/// Instruments in a tape.
pub const INSTRUMENTS_MAX: usize = 1 << 16;

/// Metadata key of the format's version.
pub const KEY_FORMAT: &str = "backplane.format";
/// Metadata key of the rows' schema.
pub const KEY_SCHEMA: &str = "backplane.schema";
/// Metadata key of the instruments, a JSON list of [`InstrumentDefinition`].
pub const KEY_INSTRUMENTS: &str = "backplane.instruments";
/// Metadata key of the source, a JSON [`Source`].
pub const KEY_SOURCE: &str = "backplane.source";
/// Footer metadata key of the statistics, a JSON [`crate::Statistics`].
pub const KEY_STATISTICS: &str = "backplane.statistics";
/// Footer metadata key of the digest of the columns.
pub const KEY_DIGEST: &str = "backplane.digest";

/// What the rows of a tape are, in Databento's words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TapeSchema {
    /// Market by order: a row for what becomes of each order.
    #[default]
    Mbo,
    /// Market by price: trade prints, and a row for each price level that an event changes.
    Mbp,
}

impl TapeSchema {
    /// The schema's name, as the metadata says it.
    pub const fn name(self) -> &'static str {
        match self {
            TapeSchema::Mbo => "mbo",
            TapeSchema::Mbp => "mbp",
        }
    }

    /// The schema of a name.
    pub fn from_name(name: &str) -> Option<TapeSchema> {
        [TapeSchema::Mbo, TapeSchema::Mbp]
            .into_iter()
            .find(|schema| schema.name() == name)
    }

    /// The schema that metadata names; `find` gives the value of a key.
    pub(crate) fn read<'a>(
        path: &Path,
        find: impl Fn(&str) -> Option<&'a str>,
    ) -> Result<TapeSchema, TapeError> {
        let name = need(path, &find, KEY_SCHEMA)?;
        TapeSchema::from_name(name).ok_or_else(|| {
            let why =
                format!("its rows are of schema {name:?}, this program reads `mbo` and `mbp`");
            TapeError::unsupported(path, why)
        })
    }
}

impl fmt::Display for TapeSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The physical type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ColumnType {
    /// Nanoseconds since the epoch, UTC.
    Time,
    /// A signed 64-bit integer.
    Int64,
    /// An unsigned integer of so many bytes.
    Unsigned(usize),
}

impl ColumnType {
    /// Bytes of one value.
    pub(crate) const fn width(self) -> usize {
        match self {
            ColumnType::Time | ColumnType::Int64 => 8,
            ColumnType::Unsigned(width) => width,
        }
    }

    /// Arrow's name of the type.
    pub(crate) fn arrow(self) -> DataType {
        match self {
            ColumnType::Time => DataType::Timestamp(TimeUnit::Nanosecond, Some(Arc::from("UTC"))),
            ColumnType::Int64 => DataType::Int64,
            ColumnType::Unsigned(1) => DataType::UInt8,
            ColumnType::Unsigned(2) => DataType::UInt16,
            ColumnType::Unsigned(4) => DataType::UInt32,
            ColumnType::Unsigned(_) => DataType::UInt64,
        }
    }
}

/// The columns' places in [`COLUMNS`].
pub(crate) mod column {
    pub(crate) const TS_EVENT: usize = 0;
    pub(crate) const TS_RECV: usize = 1;
    pub(crate) const INSTRUMENT: usize = 2;
    pub(crate) const ACTION: usize = 3;
    pub(crate) const SIDE: usize = 4;
    pub(crate) const FLAGS: usize = 5;
    pub(crate) const SIGNALS: usize = 6;
    pub(crate) const RANK: usize = 7;
    pub(crate) const PRICE: usize = 8;
    pub(crate) const SIZE: usize = 9;
    pub(crate) const LEVEL_SIZE: usize = 10;
    pub(crate) const PRIORITY: usize = 11;
    pub(crate) const ORDER_ID: usize = 12;
    pub(crate) const REMAINING: usize = 13;
    pub(crate) const SEQUENCE: usize = 14;
    /// The number of columns.
    pub(crate) const COUNT: usize = 15;
}

/// The columns in order; those from [`column::ORDER_ID`] on are details that a replay reads only when asked.
pub(crate) const COLUMNS: [(&str, ColumnType); column::COUNT] = [
    ("ts_event", ColumnType::Time),
    ("ts_recv", ColumnType::Time),
    ("instrument", ColumnType::Unsigned(2)),
    ("action", ColumnType::Unsigned(1)),
    ("side", ColumnType::Unsigned(1)),
    ("flags", ColumnType::Unsigned(1)),
    ("signals", ColumnType::Unsigned(1)),
    ("rank", ColumnType::Unsigned(1)),
    ("price", ColumnType::Int64),
    ("size", ColumnType::Unsigned(4)),
    ("level_size", ColumnType::Unsigned(4)),
    ("priority", ColumnType::Unsigned(4)),
    ("order_id", ColumnType::Unsigned(8)),
    ("remaining", ColumnType::Unsigned(4)),
    ("sequence", ColumnType::Unsigned(4)),
];

/// What is known before the first row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Header {
    /// The instruments; a row's `instrument` is a place in this list.
    pub instruments: Vec<InstrumentDefinition>,
    /// Where the rows come from.
    pub source: Source,
}

/// The definition of an instrument, as the metadata carries it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstrumentDefinition {
    /// The venue's symbol.
    pub symbol: String,
    /// The smallest step of a limit price, in units of 1e-9.
    pub tick: i64,
    /// What one quantity unit is worth when the price is one, in units of 1e-9 of the currency.
    pub multiplier: i64,
    /// The currency of prices, an ISO 4217 code or a coin's ticker.
    pub currency: String,
    /// When trading ends for good, in nanoseconds since the Unix epoch; none where it does not or is not known.
    pub expiration: Option<i64>,
    /// Whether the tick was computed from the prices and not told by source or user.
    pub tick_inferred: bool,
    /// What one quantity unit of the rows is of the quantity that the source speaks of, in units of 1e-9: 1e9 where the
    /// source's sizes are whole, 1e6 where the rows count thousandths of a coin. `multiplier` is per quantity unit.
    #[serde(default = "whole", skip_serializing_if = "is_whole")]
    pub lot: i64,
    /// When trading began, in nanoseconds since the Unix epoch; none where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activation: Option<i64>,
    /// Where it is traded; empty where the source does not say.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub venue: String,
    /// How many price levels of each side the source shows; none where it shows all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depth: Option<u32>,
}

/// The lot of instruments whose sizes are whole.
pub const LOT_WHOLE: i64 = 1_000_000_000;

const fn whole() -> i64 {
    LOT_WHOLE
}

// The shape is serde's.
#[allow(clippy::trivially_copy_pass_by_ref)]
const fn is_whole(lot: &i64) -> bool {
    *lot == LOT_WHOLE
}

impl Default for InstrumentDefinition {
    /// An instrument of which nothing is known: a tick of 1e-9, whole units, a multiplier of one, prices in USD.
    fn default() -> InstrumentDefinition {
        InstrumentDefinition {
            symbol: String::new(),
            tick: 1,
            multiplier: 1_000_000_000,
            currency: "USD".to_owned(),
            expiration: None,
            tick_inferred: false,
            lot: LOT_WHOLE,
            activation: None,
            venue: String::new(),
            depth: None,
        }
    }
}

impl From<&Instrument> for InstrumentDefinition {
    /// The definition of an instrument whose tick is known.
    fn from(instrument: &Instrument) -> InstrumentDefinition {
        let expiration = instrument.expiration;
        InstrumentDefinition {
            symbol: instrument.symbol.clone(),
            tick: instrument.tick.0,
            multiplier: instrument.multiplier,
            currency: instrument.currency.clone(),
            expiration: (expiration != Timestamp::MAX).then_some(expiration.0),
            ..InstrumentDefinition::default()
        }
    }
}

impl InstrumentDefinition {
    /// The definition in the SDK's words.
    pub fn instrument(&self, id: InstrumentId) -> Instrument {
        Instrument {
            id,
            symbol: self.symbol.clone(),
            tick: Price(self.tick),
            multiplier: self.multiplier,
            currency: self.currency.clone(),
            expiration: self.expiration.map_or(Timestamp::MAX, Timestamp),
        }
    }
}

/// Where a tape's rows come from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The kind of source: `lobster`, `databento`, `generator`..
    pub from: String,
    /// The files that were read.
    pub inputs: Vec<SourceFile>,
}

/// One file that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFile {
    /// Its name, without the folder.
    pub name: String,
    /// The BLAKE3 digest of its bytes, in hexadecimal.
    pub blake3: String,
    /// Its length in bytes.
    pub bytes: u64,
}

impl Header {
    /// The Arrow schema of a tape with this header and rows of `schema`.
    pub(crate) fn arrow_schema(&self, schema: TapeSchema) -> Result<Schema, TapeError> {
        if self.instruments.is_empty() || self.instruments.len() > INSTRUMENTS_MAX {
            let why = format!(
                "a tape holds 1 to {INSTRUMENTS_MAX} instruments, not {}",
                self.instruments.len()
            );
            return Err(TapeError::Request { why });
        }
        let json = |value: serde_json::Result<String>| {
            value.map_err(|error| TapeError::Request {
                why: format!("header: {error}"),
            })
        };
        let metadata = HashMap::from([
            (KEY_FORMAT.to_owned(), FORMAT_VERSION.to_owned()),
            (KEY_SCHEMA.to_owned(), schema.name().to_owned()),
            (
                KEY_INSTRUMENTS.to_owned(),
                json(serde_json::to_string(&self.instruments))?,
            ),
            (
                KEY_SOURCE.to_owned(),
                json(serde_json::to_string(&self.source))?,
            ),
        ]);
        let fields: Vec<Field> = COLUMNS
            .iter()
            .map(|(name, kind)| Field::new(*name, kind.arrow(), false))
            .collect();
        Ok(Schema::new_with_metadata(fields, metadata))
    }

    /// The header that metadata carries; `find` gives the value of a key.
    pub(crate) fn read<'a>(
        path: &Path,
        find: impl Fn(&str) -> Option<&'a str>,
    ) -> Result<Header, TapeError> {
        let need = |key: &str| need(path, &find, key);
        let version = need(KEY_FORMAT)?;
        if !FORMAT_VERSIONS_READ.contains(&version) {
            let why = format!(
                "its format is version {version:?}, this program reads versions {}",
                FORMAT_VERSIONS_READ.join(" and ")
            );
            return Err(TapeError::unsupported(path, why));
        }
        let bad = |key: &str, error: serde_json::Error| {
            TapeError::damaged(path, format!("metadata `{key}`: {error}"))
        };
        let instruments: Vec<InstrumentDefinition> =
            serde_json::from_str(need(KEY_INSTRUMENTS)?)
                .map_err(|error| bad(KEY_INSTRUMENTS, error))?;
        let source =
            serde_json::from_str(need(KEY_SOURCE)?).map_err(|error| bad(KEY_SOURCE, error))?;
        if instruments.is_empty() || instruments.len() > INSTRUMENTS_MAX {
            let why = format!(
                "it names {} instruments; 1 to {INSTRUMENTS_MAX} are possible",
                instruments.len()
            );
            return Err(TapeError::damaged(path, why));
        }
        Ok(Header {
            instruments,
            source,
        })
    }
}

/// The value that metadata must have.
fn need<'a>(
    path: &Path,
    find: &impl Fn(&str) -> Option<&'a str>,
    key: &str,
) -> Result<&'a str, TapeError> {
    find(key).ok_or_else(|| {
        let why = format!("the metadata has no `{key}`: this is no tape");
        TapeError::unsupported(path, why)
    })
}
