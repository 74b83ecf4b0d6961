//! What the tables hold: every column with its type and unit.
//!
//! Takes in nothing; gives out constants, and the Arrow schema of each table.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

/// The precision and the scale of money: Parquet `Decimal128(38, 9)`.
pub const MONEY_PRECISION: u8 = 38;
/// The decimals of money.
pub const MONEY_SCALE: i8 = 9;

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `Timestamp(ns, UTC)`.
    Time,
    /// `Int64` in units of 1e-9 of the quote currency.
    Price,
    /// `Int64` in units of 1e-9.
    Multiplier,
    /// `Int64` in the instrument's quantity unit.
    Quantity,
    /// `UInt64`.
    Number,
    /// `Decimal128(38, 9)`.
    Money,
    /// `Float64`.
    Float,
    /// `Boolean`.
    Flag,
    /// `Dictionary(Int32, Utf8)`: one of a few words.
    Word,
    /// `Utf8`.
    Text,
}

impl Kind {
    /// The Arrow type.
    pub fn data_type(self) -> DataType {
        match self {
            Kind::Time => DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())),
            Kind::Price | Kind::Multiplier | Kind::Quantity => DataType::Int64,
            Kind::Number => DataType::UInt64,
            Kind::Money => DataType::Decimal128(MONEY_PRECISION, MONEY_SCALE),
            Kind::Float => DataType::Float64,
            Kind::Flag => DataType::Boolean,
            Kind::Word => DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
            Kind::Text => DataType::Utf8,
        }
    }

    /// The type in the words of `docs/results.md`.
    pub const fn type_text(self) -> &'static str {
        match self {
            Kind::Time => "timestamp[ns, UTC]",
            Kind::Price | Kind::Multiplier | Kind::Quantity => "int64",
            Kind::Number => "uint64",
            Kind::Money => "decimal128(38, 9)",
            Kind::Float => "float64",
            Kind::Flag => "bool",
            Kind::Word => "dictionary<string>",
            Kind::Text => "string",
        }
    }

    /// The unit and scale, as the documentation and the field's metadata say it; empty where there is none.
    pub const fn unit_text(self) -> &'static str {
        match self {
            Kind::Time => "ns since the Unix epoch",
            Kind::Price => "1e-9 of the quote currency",
            Kind::Multiplier => "1e-9 of the currency",
            Kind::Quantity => "quantity units",
            Kind::Money => "the currency",
            Kind::Number | Kind::Float | Kind::Flag | Kind::Word | Kind::Text => "",
        }
    }
}

/// A column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Whether it may be null.
    pub nullable: bool,
    /// The first format of results that has it.
    pub since: u64,
}

/// A table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name; the file is the name with `.parquet`.
    pub name: &'static str,
    /// The first format of results that has it.
    pub since: u64,
    /// Its columns, in order.
    pub columns: &'static [Column],
}

impl Table {
    /// The name of the table's file.
    pub fn file_name(&self) -> String {
        format!("{}.parquet", self.name)
    }

    /// The Arrow schema. A column's unit is in its field's metadata under `unit`, prices have `scale` = `1e-9`.
    pub fn schema(&self) -> SchemaRef {
        let fields: Vec<Field> = self.columns.iter().map(field).collect();
        Arc::new(Schema::new(fields))
    }
}

fn field(column: &Column) -> Field {
    // Arrow asks for a map of the standard library with its random hasher; it holds at most two entries and is written
    // in the order of its keys.
    let mut entries: Vec<(String, String)> = Vec::new();
    let unit = column.kind.unit_text();
    if !unit.is_empty() {
        entries.push(("unit".into(), unit.into()));
    }
    if matches!(column.kind, Kind::Price | Kind::Multiplier) {
        entries.push(("scale".into(), "1e-9".into()));
    }
    Field::new(column.name, column.kind.data_type(), column.nullable)
        .with_metadata(entries.into_iter().collect())
}

const fn column(name: &'static str, kind: Kind) -> Column {
    Column {
        name,
        kind,
        nullable: false,
        since: 1,
    }
}

const fn nullable(name: &'static str, kind: Kind) -> Column {
    Column {
        nullable: true,
        ..column(name, kind)
    }
}

const fn since(format: u64, column: Column) -> Column {
    Column {
        since: format,
        ..column
    }
}

/// How long after an execution the mid is noted: nanoseconds, in words, and the column of [`FILLS`].
pub const HORIZONS: [(i64, &str, &str); 8] = [
    (1_000_000, "1 ms", "mid_1ms"),
    (10_000_000, "10 ms", "mid_10ms"),
    (100_000_000, "100 ms", "mid_100ms"),
    (1_000_000_000, "1 s", "mid_1s"),
    (5_000_000_000, "5 s", "mid_5s"),
    (10_000_000_000, "10 s", "mid_10s"),
    (30_000_000_000, "30 s", "mid_30s"),
    (60_000_000_000, "60 s", "mid_60s"),
];

const fn mid(horizon: usize) -> Column {
    since(2, nullable(HORIZONS[horizon].2, Kind::Price))
}

/// News of orders, one row each.
pub const ORDERS: Table = Table {
    name: "orders",
    since: 1,
    columns: &[
        column("instance", Kind::Word),
        column("ts_event", Kind::Time),
        column("ts_recv", Kind::Time),
        column("order_id", Kind::Number),
        nullable("instrument", Kind::Word),
        nullable("side", Kind::Word),
        column("status", Kind::Word),
        column("reason", Kind::Word),
        nullable("price", Kind::Price),
        column("quantity", Kind::Quantity),
        column("leaves", Kind::Quantity),
    ],
};

/// Commands, one row each, recorded values apart.
pub const JOURNAL: Table = Table {
    name: "journal",
    since: 1,
    columns: &[
        column("instance", Kind::Word),
        column("at", Kind::Time),
        column("message", Kind::Number),
        column("kind", Kind::Word),
        nullable("instrument", Kind::Word),
        nullable("order_id", Kind::Number),
        nullable("timer", Kind::Number),
        nullable("due", Kind::Time),
        nullable("side", Kind::Word),
        nullable("order_type", Kind::Word),
        nullable("time_in_force", Kind::Word),
        nullable("post_only", Kind::Flag),
        nullable("price", Kind::Price),
        nullable("quantity", Kind::Quantity),
        nullable("stop_price", Kind::Price),
        since(2, nullable("trail", Kind::Price)),
        since(2, nullable("displayed", Kind::Quantity)),
        since(2, nullable("expire_at", Kind::Time)),
        nullable("bid_price", Kind::Price),
        nullable("bid_size", Kind::Quantity),
        nullable("ask_price", Kind::Price),
        nullable("ask_size", Kind::Quantity),
    ],
};

/// Executions, one row each.
pub const FILLS: Table = Table {
    name: "fills",
    since: 1,
    columns: &[
        column("instance", Kind::Word),
        column("ts_event", Kind::Time),
        column("ts_recv", Kind::Time),
        column("order_id", Kind::Number),
        column("instrument", Kind::Word),
        column("side", Kind::Word),
        column("price", Kind::Price),
        column("quantity", Kind::Quantity),
        column("leaves", Kind::Quantity),
        column("fee", Kind::Money),
        column("liquidity", Kind::Word),
        column("reason", Kind::Word),
        column("queue_ahead", Kind::Quantity),
        column("arrived", Kind::Time),
        nullable("bid_price", Kind::Price),
        nullable("bid_size", Kind::Quantity),
        nullable("ask_price", Kind::Price),
        nullable("ask_size", Kind::Quantity),
        column("position", Kind::Quantity),
        column("cash", Kind::Money),
        since(2, nullable("submitted", Kind::Time)),
        since(2, nullable("arrival_bid", Kind::Price)),
        since(2, nullable("arrival_ask", Kind::Price)),
        mid(0),
        mid(1),
        mid(2),
        mid(3),
        mid(4),
        mid(5),
        mid(6),
        mid(7),
    ],
};

/// Orders from beginning to end, one row each.
pub const LIFECYCLES: Table = Table {
    name: "lifecycles",
    since: 2,
    columns: &[
        column("instance", Kind::Word),
        column("order_id", Kind::Number),
        nullable("instrument", Kind::Word),
        nullable("side", Kind::Word),
        nullable("order_type", Kind::Word),
        nullable("time_in_force", Kind::Word),
        column("submitted", Kind::Time),
        nullable("arrived", Kind::Time),
        nullable("acknowledged", Kind::Time),
        nullable("first_fill", Kind::Time),
        nullable("ended", Kind::Time),
        column("end", Kind::Word),
        column("reason", Kind::Word),
        nullable("price", Kind::Price),
        column("quantity", Kind::Quantity),
        column("filled", Kind::Quantity),
        column("fills", Kind::Number),
        column("modifications", Kind::Number),
        column("turnover", Kind::Money),
        column("fees", Kind::Money),
        nullable("queue_ahead", Kind::Quantity),
        nullable("arrival_bid", Kind::Price),
        nullable("arrival_ask", Kind::Price),
        nullable("end_bid", Kind::Price),
        nullable("end_ask", Kind::Price),
    ],
};

/// Round trips, first in, first out, one row each.
pub const TRIPS: Table = Table {
    name: "trips",
    since: 2,
    columns: &[
        column("instance", Kind::Word),
        column("instrument", Kind::Word),
        column("side", Kind::Word),
        column("opened", Kind::Time),
        column("closed", Kind::Time),
        column("quantity", Kind::Quantity),
        column("open_price", Kind::Price),
        column("close_price", Kind::Price),
        column("gross", Kind::Money),
        column("fees", Kind::Money),
        nullable("max_adverse_excursion", Kind::Money),
        nullable("max_favorable_excursion", Kind::Money),
    ],
};

/// Daily returns, one row for each day of each instance, and of all together.
pub const RETURNS: Table = Table {
    name: "returns",
    since: 2,
    columns: &[
        nullable("instance", Kind::Word),
        column("day", Kind::Time),
        column("equity", Kind::Money),
        nullable("return", Kind::Float),
    ],
};

/// Valuations of accounts, one row each.
pub const EQUITY: Table = Table {
    name: "equity",
    since: 1,
    columns: &[
        column("at", Kind::Time),
        column("instance", Kind::Word),
        column("instrument", Kind::Word),
        column("cash", Kind::Money),
        column("position", Kind::Quantity),
        nullable("price", Kind::Price),
        column("multiplier", Kind::Multiplier),
        column("fees", Kind::Money),
        column("equity", Kind::Money),
    ],
};

/// What happened to positions without an order, one row each.
pub const SETTLEMENTS: Table = Table {
    name: "settlements",
    since: 2,
    columns: &[
        column("instance", Kind::Word),
        column("ts_event", Kind::Time),
        column("ts_recv", Kind::Time),
        column("instrument", Kind::Word),
        column("occasion", Kind::Word),
        nullable("price", Kind::Price),
        column("before", Kind::Quantity),
        column("position", Kind::Quantity),
        column("amount", Kind::Money),
        column("cash", Kind::Money),
    ],
};

/// Values that strategies recorded, one row each.
pub const METRICS: Table = Table {
    name: "metrics",
    since: 1,
    columns: &[
        column("instance", Kind::Word),
        column("at", Kind::Time),
        column("series", Kind::Word),
        column("value", Kind::Float),
    ],
};

/// Lines that strategies logged, one row each.
pub const LOG: Table = Table {
    name: "log",
    since: 1,
    columns: &[
        column("instance", Kind::Word),
        column("at", Kind::Time),
        column("level", Kind::Word),
        column("text", Kind::Text),
    ],
};

/// Every table.
pub const TABLES: [Table; 10] = [
    ORDERS,
    JOURNAL,
    FILLS,
    EQUITY,
    SETTLEMENTS,
    METRICS,
    LOG,
    LIFECYCLES,
    TRIPS,
    RETURNS,
];
