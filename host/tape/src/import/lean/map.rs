//! LEAN's map files: what a security was called when, and from when to when it was listed.
//!
//! Takes in `map_files/<ticker>.csv`, a day and a ticker a line: the last day on which it had this ticker. The first
//! line is the day of the listing, the last one the day of the delisting. Gives out the security.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::name::compact_date;
use crate::error::TapeError;
use crate::import::inputs::Input;
use crate::import::part::Part;
use crate::time_zone::Date;

/// Map files that are looked through for a ticker that was given away since.
const FILES_MAX: usize = 200_000;
/// From this year on a delisting is one that is not known yet.
const STILL_LISTED: i64 = 2050;

/// A security and its tickers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Security {
    /// The name of its map file, which is its own among all.
    pub(super) name: String,
    /// The last day on which it had each ticker; the first line is the listing.
    tickers: Vec<(Date, String)>,
}

impl Security {
    /// The day of its listing.
    pub(super) fn listed(&self) -> Option<Date> {
        self.tickers.first().map(|(date, _)| *date)
    }

    /// The day of its delisting; none where it is still listed.
    pub(super) fn delisted(&self) -> Option<Date> {
        let last = self.tickers.last().map(|(date, _)| *date);
        last.filter(|date| date.year < STILL_LISTED)
    }

    /// What it was called on a day; none before the listing and after the delisting.
    pub(super) fn ticker_on(&self, day: Date) -> Option<&str> {
        if self.listed().is_none_or(|listed| day < listed) {
            return None;
        }
        let named = self.tickers.iter().find(|(last, _)| day <= *last);
        named.map(|(_, ticker)| ticker.as_str())
    }

    fn read(path: &Path) -> Result<Option<Security>, TapeError> {
        let Some(part) = Part::all(&Input::at(path))?.into_iter().next() else {
            return Ok(None);
        };
        let mut lines = part.lines()?;
        let mut tickers = Vec::new();
        while lines.advance()? {
            let mut fields = lines.fields();
            let (date, ticker) = (
                fields.next().unwrap_or_default(),
                fields.next().unwrap_or_default(),
            );
            if date.is_empty() && ticker.is_empty() {
                continue;
            }
            let (date, ticker) = (
                String::from_utf8_lossy(date),
                String::from_utf8_lossy(ticker),
            );
            // Futures' map files begin before there were any: 1899-12-30.
            let date = compact_date(date.trim());
            let date =
                date.ok_or_else(|| lines.wrong("it does not begin with a day such as 20131007"))?;
            tickers.push((date, ticker.trim().to_lowercase()));
        }
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        Ok(Some(Security { name, tickers }))
    }
}

/// The map files of one market.
#[derive(Debug, Default)]
pub(super) struct Maps {
    folder: PathBuf,
    known: BTreeMap<String, Option<Security>>,
    /// All securities, read when a ticker is not where its name says.
    all: Option<Vec<Security>>,
}

impl Maps {
    /// The map files of a market's folder, which need not be there.
    pub(super) fn of(market_folder: &Path) -> Maps {
        Maps {
            folder: market_folder.join("map_files"),
            ..Maps::default()
        }
    }

    /// The security that had a ticker on a day; none where no map file says so.
    pub(super) fn find(&mut self, ticker: &str, day: Date) -> Result<Option<Security>, TapeError> {
        if !self.folder.is_dir() {
            return Ok(None);
        }
        if !self.known.contains_key(ticker) {
            let path = self.folder.join(format!("{ticker}.csv"));
            let read = if path.is_file() {
                Security::read(&path)?
            } else {
                None
            };
            self.known.insert(ticker.to_owned(), read);
        }
        let is_it = |security: &&Security| security.ticker_on(day) == Some(ticker);
        if let Some(found) = self
            .known
            .get(ticker)
            .and_then(Option::as_ref)
            .filter(is_it)
        {
            return Ok(Some(found.clone()));
        }
        if self.all.is_none() {
            self.all = Some(self.read_all()?);
        }
        Ok(self.all.iter().flatten().find(is_it).cloned())
    }

    /// The security that a file of all days is named after; none where no map file is.
    pub(super) fn find_last(&mut self, ticker: &str) -> Result<Option<Security>, TapeError> {
        let path = self.folder.join(format!("{ticker}.csv"));
        if path.is_file() {
            Security::read(&path)
        } else {
            Ok(None)
        }
    }

    fn read_all(&self) -> Result<Vec<Security>, TapeError> {
        let io = |error| TapeError::io("reading the folder", &self.folder, error);
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(&self.folder).map_err(io)?.take(FILES_MAX) {
            let path = entry.map_err(io)?.path();
            if path.extension().is_some_and(|extension| extension == "csv") {
                paths.push(path);
            }
        }
        paths.sort();
        let securities = paths.iter().map(|path| Security::read(path));
        let securities: Vec<Option<Security>> = securities.collect::<Result<_, _>>()?;
        Ok(securities.into_iter().flatten().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    #[test]
    fn tickers_are_found_by_the_day_on_which_they_were_worn() {
        let folder = tempfile::tempdir().unwrap();
        let maps = folder.path().join("map_files");
        std::fs::create_dir(&maps).unwrap();
        let write = |name: &str, text: &str| std::fs::write(maps.join(name), text).unwrap();
        write(
            "new.csv",
            "20040819,old,Q\n20140402,old,Q\n20501231,new,Q\n",
        );
        write(
            "old.csv",
            "20140327,early,Q\n20140402,early,Q\n20501231,old,Q\n",
        );
        write("gone.csv", "19990929,gone\n20030328,gone\n");
        let mut found = Maps::of(folder.path());
        let mut name = |ticker: &str, date: &str| {
            found
                .find(ticker, day(date))
                .unwrap()
                .map(|security| security.name)
        };
        assert_eq!(name("old", "2013-10-07").as_deref(), Some("new"));
        assert_eq!(name("old", "2015-10-07").as_deref(), Some("old"));
        assert_eq!(name("new", "2015-10-07").as_deref(), Some("new"));
        assert_eq!(name("gone", "2004-01-01"), None);
        let gone = found.find("gone", day("2001-01-01")).unwrap().unwrap();
        assert_eq!(
            (gone.listed(), gone.delisted()),
            (Some(day("1999-09-29")), Some(day("2003-03-28")))
        );
        write("bad.csv", "hello\n");
        let mut fresh = Maps::of(folder.path());
        assert!(
            fresh
                .find("bad", day("2013-10-07"))
                .unwrap_err()
                .to_string()
                .contains("line 1")
        );
    }
}
