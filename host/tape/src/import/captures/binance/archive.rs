//! Binance's public archive: CSV files `trades`, `aggTrades`, `bookTicker` and `T_DEPTH`.
//!
//! Takes in records, with or without a heading; gives out updates. The symbol stands in the file's name
//! (`BTCUSDT-aggTrades-2024-08-08.csv`). There are no local times: everything is received when it happened. Times are
//! milliseconds, and microseconds in spot files since 2025.

use backplane_sdk::types::Side;

use crate::error::TapeError;
use crate::import::captures::epoch;
use crate::import::feed::{LevelSet, Others, Print, Update};
use crate::import::part::Part;
use crate::import::tables::{
    Record, RecordReader, Table, column, decimal, first_fields, text, whole,
};

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::import::captures) enum File {
    /// Single trades.
    Trades,
    /// Aggregate trades.
    AggregateTrades,
    /// The best prices.
    BookTicker,
    /// Levels of a historical order book.
    Depth,
}

impl File {
    /// The kind of a file by its heading, or by its name where it has none.
    pub(in crate::import::captures) fn of(name: &str, first_line: &str) -> Option<File> {
        let names = first_fields(first_line, ',');
        let has = |wanted: &[&str]| wanted.iter().all(|name| names.contains(name));
        if has(&["agg_trade_id", "transact_time", "is_buyer_maker"]) {
            return Some(File::AggregateTrades);
        }
        if has(&["id", "qty", "quote_qty", "time", "is_buyer_maker"]) {
            return Some(File::Trades);
        }
        if has(&["update_id", "best_bid_price", "best_ask_qty"]) {
            return Some(File::BookTicker);
        }
        if has(&["first_update_id", "update_type", "price", "qty"]) {
            return Some(File::Depth);
        }
        let is_data = first_line.starts_with(|letter: char| letter.is_ascii_digit());
        match () {
            () if is_data && name.contains("-aggTrades-") => Some(File::AggregateTrades),
            () if is_data && name.contains("-trades-") => Some(File::Trades),
            () => None,
        }
    }
}

/// Reads the records of one kind of file.
pub(in crate::import::captures) struct Archive {
    file: File,
    symbol: String,
    /// Places of what the file has: see [`RecordReader::begin`].
    places: Vec<usize>,
    /// The numbers of the latest snapshot's last update and of the latest update, for depth files.
    snapshot: Option<i64>,
    noticed_early: u64,
}

impl Archive {
    /// A reader of files of one kind.
    pub(in crate::import::captures) fn new(file: File) -> Archive {
        Archive {
            file,
            symbol: String::new(),
            places: Vec::new(),
            snapshot: None,
            noticed_early: 0,
        }
    }

    fn trade(&self, record: &dyn Record, update: &mut Update) -> Result<(), String> {
        let [number, price, size, time, buyer_rests] = self.places[..] else {
            return Err("its columns are not known".to_owned());
        };
        let at = time_of(record, time)?;
        update.begin(&self.symbol, at, at);
        update.sequence = whole(record, number, "number")?.unsigned_abs();
        update.prints.push(Print {
            price: decimal(record, price, "price")?,
            size: decimal(record, size, "quantity")?,
            aggressor: match record.field(buyer_rests) {
                b"true" | b"True" | b"TRUE" => Some(Side::Sell),
                b"false" | b"False" | b"FALSE" => Some(Side::Buy),
                _ => return Err("its is_buyer_maker is neither true nor false".to_owned()),
            },
        });
        update.prints.retain(|print| print.size.0 > 0);
        Ok(())
    }

    fn ticker(&self, record: &dyn Record, update: &mut Update) -> Result<(), String> {
        let [number, bid, bid_size, ask, ask_size, time] = self.places[..] else {
            return Err("its columns are not known".to_owned());
        };
        let at = time_of(record, time)?;
        update.begin(&self.symbol, at, at);
        update.sequence = whole(record, number, "update_id")?.unsigned_abs();
        update.others = Others::Go;
        for (side, price, size) in [(Side::Buy, bid, bid_size), (Side::Sell, ask, ask_size)] {
            let (price, size) = (
                decimal(record, price, "price")?,
                decimal(record, size, "quantity")?,
            );
            update.levels.push(LevelSet { side, price, size });
        }
        Ok(())
    }

    fn depth(&mut self, record: &dyn Record, update: &mut Update) -> Result<(), String> {
        let [symbol, time, last, side, kind, price, size] = self.places[..] else {
            return Err("its columns are not known".to_owned());
        };
        let at = time_of(record, time)?;
        let last = whole(record, last, "last_update_id")?;
        update.begin(text(record, symbol), at, at);
        update.sequence = last.unsigned_abs();
        let is_snapshot = record.field(kind) == b"snap";
        match self.snapshot {
            _ if is_snapshot => {
                update.is_snapshot = true;
                update.others = if self.snapshot == Some(last) {
                    Others::Stay
                } else {
                    Others::Go
                };
                self.snapshot = Some(last);
            }
            None => {
                self.noticed_early += 1;
                return Ok(());
            }
            Some(snapshot) if last <= snapshot => return Ok(()),
            Some(_) => {}
        }
        let side = match record.field(side) {
            b"b" => Side::Buy,
            b"a" => Side::Sell,
            _ => return Err("its side is neither b nor a".to_owned()),
        };
        let (price, size) = (
            decimal(record, price, "price")?,
            decimal(record, size, "qty")?,
        );
        update.levels.push(LevelSet { side, price, size });
        Ok(())
    }
}

impl RecordReader for Archive {
    fn begin(&mut self, part: &Part, first: &dyn Record) -> Result<bool, String> {
        self.symbol = symbol_of(part.name()).to_owned();
        let names = first.names();
        let is_heading = first
            .field(0)
            .first()
            .is_some_and(|letter| !letter.is_ascii_digit())
            && (self.file != File::Depth || names.iter().any(|name| name == "update_type"));
        let places = |wanted: &[&str]| {
            wanted
                .iter()
                .map(|name| column(&names, name))
                .collect::<Result<Vec<_>, _>>()
        };
        self.places = match (self.file, is_heading) {
            (File::Trades, true) => places(&["id", "price", "qty", "time", "is_buyer_maker"])?,
            (File::Trades, false) => vec![0, 1, 2, 4, 5],
            (File::AggregateTrades, true) => places(&[
                "agg_trade_id",
                "price",
                "quantity",
                "transact_time",
                "is_buyer_maker",
            ])?,
            (File::AggregateTrades, false) => vec![0, 1, 2, 5, 6],
            (File::BookTicker, true) => places(&[
                "update_id",
                "best_bid_price",
                "best_bid_qty",
                "best_ask_price",
                "best_ask_qty",
                "transaction_time",
            ])?,
            (File::BookTicker, false) => vec![0, 1, 2, 3, 4, 5],
            (File::Depth, true) => places(&[
                "symbol",
                "timestamp",
                "last_update_id",
                "side",
                "update_type",
                "price",
                "qty",
            ])?,
            (File::Depth, false) => return Err("it has no heading".to_owned()),
        };
        if self.file != File::Depth && self.symbol.is_empty() {
            return Err("the file's name does not say a symbol; it must be like BTCUSDT-aggTrades-2024-08-08.csv".to_owned());
        }
        Ok(is_heading)
    }

    fn read(&mut self, record: &dyn Record, update: &mut Update) -> Result<bool, String> {
        match self.file {
            File::Trades | File::AggregateTrades => self.trade(record, update)?,
            File::BookTicker => self.ticker(record, update)?,
            File::Depth => self.depth(record, update)?,
        }
        Ok(!update.levels.is_empty() || !update.prints.is_empty())
    }

    fn groups(&self) -> bool {
        self.file == File::Depth
    }

    fn noticed(&self) -> Vec<(&'static str, u64)> {
        match self.noticed_early {
            0 => Vec::new(),
            count => vec![(
                "level changes before their first snapshot were left away",
                count,
            )],
        }
    }
}

/// The symbol in a file's name.
pub(in crate::import::captures) fn symbol_of(name: &str) -> &str {
    name.split_once('-').map_or("", |(symbol, _)| symbol)
}

fn time_of(record: &dyn Record, place: usize) -> Result<i64, String> {
    let time = whole(record, place, "time")?;
    epoch(time).ok_or_else(|| format!("its time {time} is none"))
}

/// The files of one kind and symbol, in the order of their first times.
pub(in crate::import::captures) fn groups(
    parts: &[Part],
) -> Result<Vec<(File, Vec<Part>)>, TapeError> {
    let mut groups: std::collections::BTreeMap<(File, String), Vec<(i64, Part)>> =
        std::collections::BTreeMap::new();
    for part in parts {
        let mut table = Table::open(part, b',')?;
        if !table.advance()? {
            continue;
        }
        let first_line = table.names().join(",");
        let Some(file) = File::of(part.name(), &first_line) else {
            return Err(table.wrong("it is no file of trades, aggTrades, bookTicker or T_DEPTH"));
        };
        let mut reader = Archive::new(file);
        let mut first = Update::default();
        if reader.begin(part, &table).map_err(|why| table.wrong(why))? && !table.advance()? {
            continue;
        }
        reader
            .read(&table, &mut first)
            .map_err(|why| table.wrong(why))?;
        // The first snapshot comes before the updates that continue it.
        let is_update = file == File::Depth && !first.is_snapshot;
        let at = if is_update {
            first.ts_event
        } else {
            first.ts_event.saturating_sub(1)
        };
        groups
            .entry((file, first.symbol))
            .or_default()
            .push((at, part.clone()));
    }
    let sorted = groups.into_iter().map(|((file, _), mut parts)| {
        parts.sort_by_key(|(time, _)| *time);
        (file, parts.into_iter().map(|(_, part)| part).collect())
    });
    Ok(sorted.collect())
}
