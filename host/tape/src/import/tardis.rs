//! Tardis: the CSV data sets `incremental_book_L2`, `trades`, `quotes` and `book_snapshot_*`.
//!
//! Takes in files of any of them, for one or many symbols and days; gives out a tape. Times are microseconds. Records
//! of the same times are one message of the exchange. Where snapshots begin in an incremental book, the book before is
//! discarded, as Tardis prescribes. Only one data set can be the book of a symbol.

use std::collections::BTreeMap;

use backplane_sdk::types::Side;

use super::captures::epoch;
use super::feed::{self, Channel, Decimal, Feed, LevelSet, Others, Pass, Print, Traits, Update};
use super::importer::{Head, Importer};
use super::inputs::Inputs;
use super::part::Part;
use super::tables::{
    Record, RecordReader, Table, Tables, column, decimal, first_fields, text, whole,
};
use super::{ImportOptions, ImportReport, Progress};
use crate::error::TapeError;

pub(super) const IMPORTER: Importer = Importer {
    name: "tardis",
    about: "Tardis: CSV files incremental_book_L2, trades, quotes and book_snapshot_*",
    is_feed: true,
    recognizes,
    import,
};

/// What parts exchange and symbol in the feed's own name of an instrument.
const BETWEEN: char = '\u{1f}';

/// A data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum DataSet {
    Incremental,
    Trades,
    Quotes,
    Snapshots,
}

impl DataSet {
    /// The data set that has such a heading.
    fn of(names: &[&str]) -> Option<DataSet> {
        let has = |name: &str| names.contains(&name);
        if !["exchange", "symbol", "timestamp", "local_timestamp"]
            .iter()
            .all(|name| has(name))
        {
            return None;
        }
        if has("is_snapshot") {
            Some(DataSet::Incremental)
        } else if has("side") && has("id") && has("amount") {
            Some(DataSet::Trades)
        } else if has("ask_amount") && has("bid_price") && !has("strike_price") {
            Some(DataSet::Quotes)
        } else if has("asks[0].price") {
            Some(DataSet::Snapshots)
        } else {
            None
        }
    }

    const fn name(self) -> &'static str {
        match self {
            DataSet::Incremental => "incremental_book_L2",
            DataSet::Trades => "trades",
            DataSet::Quotes => "quotes",
            DataSet::Snapshots => "book_snapshot",
        }
    }
}

fn recognizes(head: &Head<'_>) -> bool {
    let names = head.first_line().map(|line| first_fields(line, ','));
    names.is_some_and(|names| DataSet::of(&names).is_some())
}

/// Files of one data set, exchange and symbol, in the order of their times.
struct Group {
    data_set: DataSet,
    parts: Vec<(i64, Part)>,
}

/// All files.
struct Tardis {
    groups: Vec<Group>,
    /// How many levels of a side the snapshots show, by exchange and symbol.
    depths: BTreeMap<String, u32>,
}

fn import(
    inputs: &Inputs,
    options: &ImportOptions,
    progress: &mut Progress<'_>,
) -> Result<ImportReport, TapeError> {
    let tardis = Tardis::find(inputs.parts()?)?;
    feed::import(&tardis, inputs, options, progress)
}

impl Tardis {
    /// Looks at the heading and the first record of each file.
    fn find(parts: Vec<Part>) -> Result<Tardis, TapeError> {
        let mut groups: BTreeMap<(String, DataSet), Group> = BTreeMap::new();
        let mut depths = BTreeMap::new();
        for part in parts {
            let mut table = Table::open(&part, b',')?;
            if !table.advance()? {
                continue;
            }
            let mut reader = Reader::default();
            reader
                .begin(&part, &table)
                .map_err(|why| table.wrong(why))?;
            let depth = reader.depth();
            let mut first = Update::default();
            if !table.advance()? {
                continue;
            }
            reader
                .read(&table, &mut first)
                .map_err(|why| table.wrong(why))?;
            let data_set = reader.data_set;
            if let Some(depth) = depth {
                depths.insert(first.symbol.clone(), depth);
            }
            let key = (first.symbol.clone(), data_set);
            let group = groups.entry(key).or_insert_with(|| Group {
                data_set,
                parts: Vec::new(),
            });
            group.parts.push((first.ts_recv, part));
        }
        for group in groups.values_mut() {
            group.parts.sort_by_key(|(time, _)| *time);
        }
        one_book_each(&groups)?;
        Ok(Tardis {
            groups: groups.into_values().collect(),
            depths,
        })
    }
}

/// Refuses two data sets that say the book of the same symbol.
fn one_book_each(groups: &BTreeMap<(String, DataSet), Group>) -> Result<(), TapeError> {
    let books = groups
        .keys()
        .filter(|(_, data_set)| *data_set != DataSet::Trades);
    let books: Vec<_> = books.collect();
    for pair in books.windows(2) {
        let [(symbol, one), (other_symbol, other)] = pair else {
            continue;
        };
        if symbol == other_symbol {
            let why = format!(
                "the book of {} is told twice, by {} and by {}; name the files of one of them",
                symbol.replace(BETWEEN, " "),
                one.name(),
                other.name()
            );
            return Err(TapeError::Request { why });
        }
    }
    Ok(())
}

impl Feed for Tardis {
    fn name(&self) -> String {
        "tardis".to_owned()
    }

    fn open(&self, _: Pass) -> Result<Vec<Box<dyn Channel>>, TapeError> {
        // Trades come before what the book becomes by them, where both were received at once.
        let trades = self
            .groups
            .iter()
            .filter(|group| group.data_set == DataSet::Trades);
        let books = self
            .groups
            .iter()
            .filter(|group| group.data_set != DataSet::Trades);
        let channel = |group: &Group| -> Box<dyn Channel> {
            let parts: Vec<Part> = group.parts.iter().map(|(_, part)| part.clone()).collect();
            Box::new(Tables::new(parts, Reader::default()))
        };
        Ok(trades.chain(books).map(channel).collect())
    }

    fn traits(&self, key: &str) -> Traits {
        let (exchange, symbol) = key.split_once(BETWEEN).unwrap_or(("", key));
        Traits {
            symbol: Some(symbol.to_owned()),
            venue: exchange.to_uppercase(),
            depth: self.depths.get(key).copied(),
            ..Traits::default()
        }
    }
}

/// Reads the records of any data set.
struct Reader {
    data_set: DataSet,
    exchange: usize,
    symbol: usize,
    happened: usize,
    received: usize,
    /// Places of what the data set has besides: see [`Reader::begin`].
    places: Vec<usize>,
    /// For each symbol, whether its latest record was of a snapshot.
    in_snapshot: BTreeMap<String, bool>,
}

impl Default for Reader {
    fn default() -> Reader {
        Reader {
            data_set: DataSet::Trades,
            exchange: 0,
            symbol: 0,
            happened: 0,
            received: 0,
            places: Vec::new(),
            in_snapshot: BTreeMap::new(),
        }
    }
}

impl Reader {
    fn depth(&self) -> Option<u32> {
        match self.data_set {
            DataSet::Snapshots => u32::try_from(self.places.len() / 4).ok(),
            DataSet::Quotes => Some(1),
            _ => None,
        }
    }

    /// A level of a whole book; none where both fields are empty.
    fn level(
        &self,
        record: &dyn Record,
        side: Side,
        price: usize,
        size: usize,
        update: &mut Update,
    ) -> Result<(), String> {
        if record.field(price).is_empty() && record.field(size).is_empty() {
            return Ok(());
        }
        let (price, size) = (
            decimal(record, price, "price")?,
            decimal(record, size, "amount")?,
        );
        update.levels.push(LevelSet { side, price, size });
        Ok(())
    }

    fn incremental(&mut self, record: &dyn Record, update: &mut Update) -> Result<(), String> {
        let [is_snapshot, side, price, amount] = self.places[..] else {
            return Err("its columns are not known".to_owned());
        };
        let is_snapshot = match record.field(is_snapshot) {
            b"true" => true,
            b"false" => false,
            _ => return Err("its is_snapshot is neither true nor false".to_owned()),
        };
        let before = self.in_snapshot.insert(update.symbol.clone(), is_snapshot);
        update.is_snapshot = is_snapshot;
        update.others = match is_snapshot && before != Some(true) {
            true => Others::Go,
            false => Others::Stay,
        };
        let side = match record.field(side) {
            b"bid" => Side::Buy,
            b"ask" => Side::Sell,
            _ => return Err("its side is neither bid nor ask".to_owned()),
        };
        let (price, size) = (
            decimal(record, price, "price")?,
            decimal(record, amount, "amount")?,
        );
        update.levels.push(LevelSet { side, price, size });
        Ok(())
    }

    fn trade(&self, record: &dyn Record, update: &mut Update) -> Result<(), String> {
        let [number, side, price, amount] = self.places[..] else {
            return Err("its columns are not known".to_owned());
        };
        update.sequence = text(record, number).parse().unwrap_or_default();
        update.prints.push(Print {
            price: decimal(record, price, "price")?,
            size: decimal(record, amount, "amount")?,
            aggressor: match record.field(side) {
                b"buy" => Some(Side::Buy),
                b"sell" => Some(Side::Sell),
                b"unknown" | b"" => None,
                _ => return Err("its side is none of buy, sell, unknown".to_owned()),
            },
        });
        Ok(())
    }
}

impl RecordReader for Reader {
    fn begin(&mut self, _: &Part, first: &dyn Record) -> Result<bool, String> {
        let names = first.names();
        let bare: Vec<&str> = names.iter().map(String::as_str).collect();
        self.data_set = DataSet::of(&bare).ok_or(
            "its heading is that of none of incremental_book_L2, trades, quotes, book_snapshot_*",
        )?;
        self.exchange = column(&names, "exchange")?;
        self.symbol = column(&names, "symbol")?;
        self.happened = column(&names, "timestamp")?;
        self.received = column(&names, "local_timestamp")?;
        let places = |wanted: &[&str]| {
            wanted
                .iter()
                .map(|name| column(&names, name))
                .collect::<Result<Vec<_>, _>>()
        };
        self.places = match self.data_set {
            DataSet::Incremental => places(&["is_snapshot", "side", "price", "amount"])?,
            DataSet::Trades => places(&["id", "side", "price", "amount"])?,
            DataSet::Quotes => places(&["bid_price", "bid_amount", "ask_price", "ask_amount"])?,
            DataSet::Snapshots => {
                let depth = names
                    .iter()
                    .filter(|name| name.starts_with("asks[") && name.ends_with(".price"))
                    .count();
                let levels = (0..depth).flat_map(|level| {
                    ["bids", "asks"].map(|side| {
                        [
                            format!("{side}[{level}].price"),
                            format!("{side}[{level}].amount"),
                        ]
                    })
                });
                let wanted: Vec<String> = levels.flatten().collect();
                wanted
                    .iter()
                    .map(|name| column(&names, name))
                    .collect::<Result<_, _>>()?
            }
        };
        Ok(true)
    }

    fn read(&mut self, record: &dyn Record, update: &mut Update) -> Result<bool, String> {
        let time = |place, what: &str| {
            let micros = whole(record, place, what)?;
            epoch(micros).ok_or_else(|| format!("its {what} {micros} is no time"))
        };
        let (happened, received) = (
            time(self.happened, "timestamp")?,
            time(self.received, "local_timestamp")?,
        );
        update.begin("", happened, received);
        update.symbol.push_str(text(record, self.exchange));
        update.symbol.push(BETWEEN);
        update.symbol.push_str(text(record, self.symbol));
        match self.data_set {
            DataSet::Incremental => self.incremental(record, update)?,
            DataSet::Trades => self.trade(record, update)?,
            DataSet::Quotes | DataSet::Snapshots => {
                update.others = Others::Go;
                for level in self.places.chunks_exact(4) {
                    let [bid, bid_size, ask, ask_size] = level[..] else {
                        continue;
                    };
                    self.level(record, Side::Buy, bid, bid_size, update)?;
                    self.level(record, Side::Sell, ask, ask_size, update)?;
                }
            }
        }
        let is_nothing = |size: Decimal| size == Decimal::default();
        update.prints.retain(|print| !is_nothing(print.size));
        Ok(!update.prints.is_empty() || !update.levels.is_empty() || update.others == Others::Go)
    }

    fn groups(&self) -> bool {
        self.data_set == DataSet::Incremental
    }
}
