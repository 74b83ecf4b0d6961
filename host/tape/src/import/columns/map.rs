//! The column map: which column of a table means what.
//!
//! Takes in a TOML file; gives out its checked settings. What may be written is said in `docs/import.md`. A column is
//! named by its heading, or by its place counted from 0; a time may be a list of columns, which are joined by a blank.

use std::path::Path;

use serde::Deserialize;

use crate::error::TapeError;

/// Bytes in a column map.
const BYTES_MAX: u64 = 1 << 16;

/// What the records are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    /// Trade prints.
    Trades,
    /// Best prices.
    Quotes,
    /// What rests at price levels from then on.
    Levels,
    /// Bars of trades.
    Bars,
}

/// What the time of a bar is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Marks {
    /// Its beginning.
    #[default]
    Start,
    /// Its end.
    End,
}

/// The clock that the times are of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) enum Zone {
    /// UTC.
    #[default]
    #[serde(rename = "UTC")]
    Utc,
    /// New York's wall clock.
    #[serde(rename = "America/New_York")]
    NewYork,
}

/// One column.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(super) enum Column {
    /// By its heading.
    Name(String),
    /// By its place, counted from 0.
    Place(usize),
    /// Several, joined by a blank.
    Several(Vec<Column>),
}

/// Which column means what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Columns {
    pub(super) time: Option<Column>,
    /// The local time; that of the exchange where there is none.
    pub(super) received: Option<Column>,
    pub(super) symbol: Option<Column>,
    pub(super) sequence: Option<Column>,
    pub(super) price: Option<Column>,
    pub(super) size: Option<Column>,
    pub(super) side: Option<Column>,
    pub(super) bid: Option<Column>,
    pub(super) ask: Option<Column>,
    pub(super) bid_size: Option<Column>,
    pub(super) ask_size: Option<Column>,
    pub(super) open: Option<Column>,
    pub(super) high: Option<Column>,
    pub(super) low: Option<Column>,
    pub(super) close: Option<Column>,
    pub(super) volume: Option<Column>,
}

/// A column map.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Map {
    pub(super) kind: Kind,
    /// The symbol of all records, where no column says it; the file's name else.
    pub(super) symbol: Option<String>,
    /// The length of bars; found by their times where it is not said.
    pub(super) interval: Option<String>,
    #[serde(default)]
    pub(super) time_marks: Marks,
    #[serde(default)]
    pub(super) time_zone: Zone,
    /// What parts fields.
    #[serde(default = "comma")]
    pub(super) separator: char,
    /// Whether the first record is a heading.
    #[serde(default = "yes")]
    pub(super) heading: bool,
    #[serde(default)]
    pub(super) columns: Columns,
}

const fn comma() -> char {
    ','
}

const fn yes() -> bool {
    true
}

impl Map {
    /// Bars of the usual headings.
    pub(super) fn bars() -> Map {
        Map {
            kind: Kind::Bars,
            symbol: None,
            interval: None,
            time_marks: Marks::Start,
            time_zone: Zone::Utc,
            separator: ',',
            heading: true,
            columns: Columns::default(),
        }
    }

    /// Reads a column map.
    pub(super) fn read(path: &Path) -> Result<Map, TapeError> {
        let io = |error| TapeError::io("reading the column map", path, error);
        let length = std::fs::metadata(path).map_err(io)?.len();
        if length > BYTES_MAX {
            let why = format!("it is {length} bytes long, a column map at most {BYTES_MAX}");
            return Err(TapeError::input(path, why));
        }
        let text = std::fs::read_to_string(path).map_err(io)?;
        let wrong = |why: String| TapeError::input(path, format!("as a column map: {why}"));
        let map: Map = toml::from_str(&text).map_err(|error| {
            let before = error
                .span()
                .map_or("", |span| text.get(..span.start).unwrap_or_default());
            let line = before.matches('\n').count() + 1;
            wrong(format!(
                "line {line}: {}",
                error.message().replace('\n', " ")
            ))
        })?;
        map.check().map_err(wrong)?;
        Ok(map)
    }

    fn check(&self) -> Result<(), String> {
        if !self.separator.is_ascii() {
            return Err("`separator` must be one ASCII character".to_owned());
        }
        if let Some(text) = &self.interval
            && interval(text).is_none()
        {
            return Err(format!(
                "`interval` is {text:?}, but must be like `1s`, `5m`, `1h` or `1d`"
            ));
        }
        Ok(())
    }
}

/// Reads `1s`, `5m`, `1h`, `1d`: nanoseconds.
pub(super) fn interval(text: &str) -> Option<i64> {
    let unit = match text.as_bytes().last()? {
        b's' => 1_000_000_000_i64,
        b'm' => 60_000_000_000,
        b'h' => 3_600_000_000_000,
        b'd' => 86_400_000_000_000,
        _ => return None,
    };
    let digits = text.get(..text.len().checked_sub(1)?)?;
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let count = digits
        .parse::<i64>()
        .ok()
        .filter(|count| is_number && *count > 0)?;
    unit.checked_mul(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_say_what_columns_mean() {
        let map: Map = toml::from_str(
            "kind = \"bars\"\ninterval = \"5m\"\ntime_zone = \"America/New_York\"\nheading = false\n\
             [columns]\ntime = [0, 1]\nopen = 2\nhigh = \"High\"\n",
        )
        .unwrap();
        assert_eq!(map.check(), Ok(()));
        assert_eq!(
            map.columns.time,
            Some(Column::Several(vec![Column::Place(0), Column::Place(1)]))
        );
        assert_eq!(map.columns.high, Some(Column::Name("High".to_owned())));
        assert_eq!(
            (map.time_zone, map.time_marks),
            (Zone::NewYork, Marks::Start)
        );
        for text in [
            "kind = \"x\"",
            "kind = \"bars\"\nspeed = 1",
            "kind = \"bars\"\n[columns]\nx = 1",
        ] {
            assert!(toml::from_str::<Map>(text).is_err(), "{text}");
        }
        assert_eq!(interval("5m"), Some(300_000_000_000));
        for text in ["", "m", "5", "0m", "-1m", "5x", "99999999999999999d"] {
            assert_eq!(interval(text), None, "{text}");
        }
    }
}
