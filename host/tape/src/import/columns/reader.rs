//! Reading records by a column map.
//!
//! Takes in records and the places of their columns; gives out updates.

use backplane_sdk::types::Side;

use super::map::{Column, Columns, Kind, Map, Marks, Zone};
use crate::import::captures::epoch;
use crate::import::feed::{Bar, BarQueue, Decimal, LevelSet, Others, Print, Update};
use crate::import::part::Part;
use crate::import::tables::{Record, RecordReader, decimal, text};
use crate::time_zone::{Date, new_york, time_of_day, utc};

/// Where the columns are that a kind of records needs.
#[derive(Clone, Debug, Default)]
pub(super) struct Layout {
    time: Vec<usize>,
    received: Vec<usize>,
    symbol: Option<usize>,
    sequence: Option<usize>,
    side: Option<usize>,
    /// See [`Layout::wanted`].
    values: Vec<Option<usize>>,
}

/// Headings under which the columns of bars are found without a map.
const USUAL: [(&str, &[&str]); 6] = [
    (
        "time",
        &[
            "time",
            "timestamp",
            "timestamp_utc",
            "datetime",
            "date",
            "ts_event",
            "",
        ],
    ),
    ("open", &["open"]),
    ("high", &["high"]),
    ("low", &["low"]),
    ("close", &["close"]),
    ("volume", &["volume"]),
];

impl Layout {
    /// The columns of values that a kind of records has: their names, whether they must be there, and what the map says.
    fn wanted(kind: Kind, columns: &Columns) -> Vec<(&'static str, bool, &Option<Column>)> {
        match kind {
            Kind::Trades | Kind::Levels => {
                vec![
                    ("price", true, &columns.price),
                    ("size", true, &columns.size),
                ]
            }
            Kind::Quotes => vec![
                ("bid", true, &columns.bid),
                ("bid_size", false, &columns.bid_size),
                ("ask", true, &columns.ask),
                ("ask_size", false, &columns.ask_size),
            ],
            Kind::Bars => vec![
                ("open", true, &columns.open),
                ("high", true, &columns.high),
                ("low", true, &columns.low),
                ("close", true, &columns.close),
                ("volume", false, &columns.volume),
            ],
        }
    }

    /// The places of the columns in a heading, which is empty where there is none.
    pub(super) fn of(map: &Map, names: &[String]) -> Result<Layout, String> {
        let columns = &map.columns;
        let time = places(names, "time", columns.time.as_ref(), true)?;
        let one = |name: &str, column: &Option<Column>, must: bool| {
            let found = places(names, name, column.as_ref(), must)?;
            Ok::<_, String>(found.first().copied())
        };
        let values = Layout::wanted(map.kind, columns).into_iter();
        let values = values.map(|(name, must, column)| one(name, column, must));
        Ok(Layout {
            time,
            received: places(names, "received", columns.received.as_ref(), false)?,
            symbol: one("symbol", &columns.symbol, false)?,
            sequence: one("sequence", &columns.sequence, false)?,
            side: one("side", &columns.side, map.kind == Kind::Levels)?,
            values: values.collect::<Result<_, _>>()?,
        })
    }

    /// When a record is of, in nanoseconds since the Unix epoch.
    pub(super) fn time(&self, map: &Map, record: &dyn Record) -> Result<i64, String> {
        time_of(map, record, &self.time)
    }
}

/// The places of a column, several where a time is of several.
fn places(
    names: &[String],
    name: &str,
    column: Option<&Column>,
    must: bool,
) -> Result<Vec<usize>, String> {
    match column {
        Some(Column::Place(place)) => Ok(vec![*place]),
        Some(Column::Name(wanted)) => {
            let place = names.iter().position(|found| found == wanted);
            let place = place.ok_or_else(|| {
                format!("the heading has no column {wanted:?}, which the map takes for `{name}`")
            })?;
            Ok(vec![place])
        }
        Some(Column::Several(list)) => {
            let found = list
                .iter()
                .map(|column| places(names, name, Some(column), true));
            Ok(found.collect::<Result<Vec<_>, _>>()?.concat())
        }
        None => {
            let usual = USUAL.iter().find(|(known, _)| *known == name);
            let usual = usual.map_or(&[][..], |(_, headings)| headings);
            let found = usual.iter().find_map(|heading| {
                let is_it = |found: &String| {
                    found
                        .trim_start_matches('\u{feff}')
                        .eq_ignore_ascii_case(heading)
                };
                names.iter().position(is_it)
            });
            match found {
                Some(place) => Ok(vec![place]),
                None if must => Err(format!(
                    "no column is known for `{name}`; a column map says which it is (`--columns`)"
                )),
                None => Ok(Vec::new()),
            }
        }
    }
}

/// The time that some fields say: an epoch of any unit, or a date with or without a time of day.
fn time_of(map: &Map, record: &dyn Record, places: &[usize]) -> Result<i64, String> {
    let fields: Vec<&str> = places.iter().map(|place| text(record, *place)).collect();
    let written = fields.join(" ");
    let wrong = || format!("its time {written:?} is none that is known");
    if written.bytes().all(|byte| byte.is_ascii_digit()) && written.len() > 8 {
        return written.parse().ok().and_then(epoch).ok_or_else(wrong);
    }
    // 20131007 and 20131007 170000065, as some programs write them.
    let is_compact = written
        .get(..8)
        .is_some_and(|date| date.bytes().all(|byte| byte.is_ascii_digit()));
    let dashed = match is_compact {
        true => format!("{}-{}-{}", &written[..4], &written[4..6], &written[6..]),
        false => written.clone(),
    };
    let is_local = map.time_zone == Zone::NewYork;
    if !is_local {
        return utc(&dashed).ok_or_else(wrong);
    }
    let (date, clock) = dashed.split_at_checked(10).ok_or_else(wrong)?;
    let date = Date::parse(date).ok_or_else(wrong)?;
    let clock = clock.trim_start_matches(['T', ' ']);
    let since_midnight = if clock.is_empty() {
        Some(0)
    } else {
        time_of_day(clock)
    };
    Ok(new_york(date, since_midnight.ok_or_else(wrong)?).0)
}

/// Reads the records of one instrument's files, or of many where a column says whose they are.
pub(super) struct Reader {
    map: Map,
    layout: Layout,
    interval: i64,
    symbol: String,
    bars: BarQueue,
}

impl Reader {
    /// A reader of bars of a length, in nanoseconds, or of other records.
    pub(super) fn new(map: Map, interval: i64, symbol: String) -> Reader {
        Reader {
            map,
            layout: Layout::default(),
            interval,
            symbol,
            bars: BarQueue::default(),
        }
    }

    fn value(
        &self,
        record: &dyn Record,
        place: usize,
        what: &str,
    ) -> Result<Option<Decimal>, String> {
        match self.layout.values.get(place).copied().flatten() {
            Some(column) if !record.field(column).is_empty() => {
                decimal(record, column, what).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn needed(&self, record: &dyn Record, place: usize, what: &str) -> Result<Decimal, String> {
        self.value(record, place, what)?
            .ok_or_else(|| format!("its {what} is empty"))
    }

    fn side(&self, record: &dyn Record) -> Result<Option<Side>, String> {
        let Some(column) = self.layout.side else {
            return Ok(None);
        };
        match text(record, column).to_ascii_lowercase().as_str() {
            "b" | "buy" | "bid" | "1" | "+1" => Ok(Some(Side::Buy)),
            "s" | "a" | "sell" | "ask" | "-1" | "offer" => Ok(Some(Side::Sell)),
            "" | "n" | "0" | "none" | "unknown" => Ok(None),
            other => Err(format!(
                "its side {other:?} is none of buy, sell, bid, ask, b, s, a, 1, -1, n"
            )),
        }
    }

    fn level(&self, record: &dyn Record, update: &mut Update) -> Result<(), String> {
        let side = self.side(record)?.ok_or("its side is empty")?;
        let (price, size) = (
            self.needed(record, 0, "price")?,
            self.needed(record, 1, "size")?,
        );
        update.levels.push(LevelSet { side, price, size });
        Ok(())
    }

    fn quote(&self, record: &dyn Record, update: &mut Update) -> Result<(), String> {
        update.others = Others::Go;
        for (side, place) in [(Side::Buy, 0), (Side::Sell, 2)] {
            let what = if side == Side::Buy { "bid" } else { "ask" };
            if let Some(price) = self.value(record, place, what)? {
                let size = self
                    .value(record, place + 1, "size")?
                    .unwrap_or(Decimal::ONE);
                update.levels.push(LevelSet { side, price, size });
            }
        }
        Ok(())
    }

    fn bar(&mut self, record: &dyn Record, symbol: &str, at: i64) -> Result<(), String> {
        let prices = ["open", "high", "low", "close"].iter().enumerate();
        let prices: Vec<Decimal> = prices
            .map(|(place, what)| self.needed(record, place, what))
            .collect::<Result<_, _>>()?;
        let bar = Bar::of([prices[0], prices[1], prices[2], prices[3]])?;
        let volume = self.value(record, 4, "volume")?;
        let ends = match self.map.time_marks {
            Marks::Start => at
                .checked_add(self.interval)
                .ok_or("its time is out of range")?,
            Marks::End => at,
        };
        self.bars.trades(symbol, ends, &bar, volume);
        Ok(())
    }
}

impl RecordReader for Reader {
    fn separator(&self) -> u8 {
        super::separator(&self.map)
    }

    fn begin(&mut self, _: &Part, first: &dyn Record) -> Result<bool, String> {
        let names = if self.map.heading {
            first.names()
        } else {
            Vec::new()
        };
        self.layout = Layout::of(&self.map, &names)?;
        Ok(self.map.heading)
    }

    fn read(&mut self, record: &dyn Record, update: &mut Update) -> Result<bool, String> {
        let at = self.layout.time(&self.map, record)?;
        let received = match self.layout.received.is_empty() {
            true => at,
            false => time_of(&self.map, record, &self.layout.received)?,
        };
        let symbol = match self.layout.symbol {
            Some(column) => text(record, column).to_owned(),
            None => self.symbol.clone(),
        };
        if self.map.kind == Kind::Bars {
            self.bar(record, &symbol, at)?;
            return Ok(self.bars.take(update));
        }
        update.begin(&symbol, at, received);
        if let Some(column) = self.layout.sequence {
            let number = text(record, column);
            let unreadable = |_| format!("its sequence {number:?} is no whole number");
            update.sequence = match number {
                "" => 0,
                _ => number.parse().map_err(unreadable)?,
            };
        }
        match self.map.kind {
            Kind::Levels => self.level(record, update)?,
            Kind::Quotes => self.quote(record, update)?,
            _ => {
                let (price, size) = (
                    self.needed(record, 0, "price")?,
                    self.needed(record, 1, "size")?,
                );
                update.prints.push(Print {
                    price,
                    size,
                    aggressor: self.side(record)?,
                });
            }
        }
        Ok(true)
    }

    fn more(&mut self, update: &mut Update) -> bool {
        self.bars.take(update)
    }

    fn groups(&self) -> bool {
        self.map.kind == Kind::Levels
    }

    fn noticed(&self) -> Vec<(&'static str, u64)> {
        let noticed = self.bars.noticed().into_iter();
        noticed.filter(|(_, count)| *count > 0).collect()
    }
}
