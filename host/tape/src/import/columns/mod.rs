//! Tables of anyone's making: bars with the usual headings, and any CSV or Parquet file whose column map says what its
//! columns mean.
//!
//! Takes in tables of trades, best prices, price levels or bars; gives out a tape. `--from bars` finds the columns of
//! bars by their headings; `--from csv` needs a column map (`--columns MAP.toml`, see [`map`]).

mod map;
mod reader;

use std::collections::BTreeMap;

use super::feed::{self, Channel, Feed, Pass, Traits};
use super::importer::{Head, Importer};
use super::inputs::Inputs;
use super::part::Part;
use super::tables::{Source, Tables, first_fields};
use super::{ImportOptions, ImportReport, Progress};
use crate::error::TapeError;
use map::{Kind, Map};
use reader::{Layout, Reader};

pub(super) const BARS: Importer = Importer {
    name: "bars",
    about: "Bars: CSV files with the headings time (or date), open, high, low, close, volume",
    is_feed: true,
    recognizes: |head: &Head<'_>| {
        let names = head.first_line().map(|line| first_fields(line, ','));
        names.is_some_and(|names| {
            let has = |wanted: &str| names.iter().any(|name| name.eq_ignore_ascii_case(wanted));
            ["open", "high", "low", "close"]
                .iter()
                .all(|name| has(name))
        })
    },
    import: |inputs, options, progress| {
        let map = match &options.columns {
            Some(path) => Map::read(path)?,
            None => Map::bars(),
        };
        import(map, "bars", inputs, options, progress)
    },
};

pub(super) const CSV: Importer = Importer {
    name: "csv",
    about: "CSV and Parquet files of trades, quotes, levels or bars, whose columns `--columns` explains",
    // A table that nobody else knows needs to be explained.
    is_feed: true,
    recognizes: |_| false,
    import: |inputs, options, progress| {
        let Some(path) = &options.columns else {
            let why = "a table of its own making needs a column map: say `--columns MAP.toml`";
            return Err(TapeError::Request {
                why: why.to_owned(),
            });
        };
        import(Map::read(path)?, "csv", inputs, options, progress)
    },
};

/// Records from whose times the length of bars is found.
const RECORDS_LOOKED_AT: usize = 1_000;

/// Tables of one kind.
struct ColumnFeed {
    from: &'static str,
    map: Map,
    /// The length of bars, in nanoseconds.
    interval: i64,
    /// Files in the order of their times, by the symbol that their names say.
    groups: Vec<(String, Vec<Part>)>,
    interval_found: bool,
}

fn import(
    map: Map,
    from: &'static str,
    inputs: &Inputs,
    options: &ImportOptions,
    progress: &mut Progress<'_>,
) -> Result<ImportReport, TapeError> {
    let mut groups: BTreeMap<String, Vec<(i64, Part)>> = BTreeMap::new();
    let mut least_step = None;
    for part in inputs.parts()? {
        let symbol = map.symbol.clone().unwrap_or_else(|| symbol_of(part.name()));
        let looked = look(&map, &part)?;
        if let Some((first, step)) = looked {
            least_step = [least_step, step].into_iter().flatten().min();
            groups.entry(symbol).or_default().push((first, part));
        }
    }
    let said = map.interval.as_deref().and_then(map::interval);
    let interval = match (map.kind, said.or(least_step)) {
        (Kind::Bars, None) => {
            let why = "the length of the bars cannot be told by one of them; say `interval` in a column map";
            return Err(TapeError::input(&inputs.first().shown, why));
        }
        (_, interval) => interval.unwrap_or_default(),
    };
    let sorted = groups.into_iter().map(|(symbol, mut parts)| {
        parts.sort_by_key(|(time, _)| *time);
        (symbol, parts.into_iter().map(|(_, part)| part).collect())
    });
    let feed = ColumnFeed {
        from,
        interval,
        groups: sorted.collect(),
        interval_found: map.kind == Kind::Bars && said.is_none(),
        map,
    };
    feed::import(&feed, inputs, options, progress)
}

/// The first time of a file, and the least step between its first times; none where it is empty.
fn look(map: &Map, part: &Part) -> Result<Option<(i64, Option<i64>)>, TapeError> {
    let mut table = Source::open(part, separator(map))?;
    let mut layout = Layout::default();
    let is_waiting = table.begin(|first| {
        let names = if map.heading {
            first.names()
        } else {
            Vec::new()
        };
        layout = Layout::of(map, &names)?;
        Ok(map.heading)
    })?;
    if !is_waiting && !table.advance()? {
        return Ok(None);
    }
    let (mut first, mut latest, mut least) = (None, None, None);
    for _ in 0..RECORDS_LOOKED_AT {
        let time = layout
            .time(map, table.record())
            .map_err(|why| table.wrong(why))?;
        let step = latest
            .map(|latest: i64| time.saturating_sub(latest))
            .filter(|step| *step > 0);
        least = [least, step].into_iter().flatten().min();
        first = first.or(Some(time));
        latest = Some(time);
        if !table.advance()? {
            break;
        }
    }
    Ok(first.map(|first| (first, least)))
}

fn separator(map: &Map) -> u8 {
    u8::try_from(map.separator).unwrap_or(b',')
}

/// What a file's name says of its instrument: all but what says the kind of file.
fn symbol_of(name: &str) -> String {
    let mut symbol = name;
    while let Some((rest, end)) = symbol.rsplit_once('.')
        && matches!(
            end,
            "csv" | "txt" | "tsv" | "parquet" | "gz" | "zst" | "zip"
        )
    {
        symbol = rest;
    }
    symbol.to_owned()
}

impl Feed for ColumnFeed {
    fn name(&self) -> String {
        self.from.to_owned()
    }

    fn open(&self, _: Pass) -> Result<Vec<Box<dyn Channel>>, TapeError> {
        let channel = |(symbol, parts): &(String, Vec<Part>)| -> Box<dyn Channel> {
            let reader = Reader::new(self.map.clone(), self.interval, symbol.clone());
            Box::new(Tables::new(parts.clone(), reader))
        };
        Ok(self.groups.iter().map(channel).collect())
    }

    fn traits(&self, _: &str) -> Traits {
        Traits {
            depth: (self.map.kind == Kind::Quotes).then_some(1),
            ..Traits::default()
        }
    }

    fn infers_aggressors(&self) -> bool {
        match self.map.kind {
            Kind::Bars => true,
            Kind::Trades => self.map.columns.side.is_none(),
            Kind::Quotes | Kind::Levels => false,
        }
    }

    fn notes(&self) -> Vec<String> {
        let seconds = self.interval / 1_000_000_000;
        let found = format!(
            "the bars are taken to be of {seconds} s, the least step between them, and to be named by their beginning; \
             a column map says it otherwise (`interval`, `time_marks`)"
        );
        if self.interval_found {
            vec![found]
        } else {
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_in_a_symbol_is_part_of_it() {
        for (name, symbol) in [
            ("BRK.A.csv", "BRK.A"),
            ("BRK.B.csv.gz", "BRK.B"),
            ("GOOG.parquet", "GOOG"),
            ("GOOG", "GOOG"),
        ] {
            assert_eq!(symbol_of(name), symbol);
        }
    }
}
