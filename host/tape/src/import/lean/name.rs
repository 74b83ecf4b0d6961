//! What the place of a LEAN file says: kind of security, market, resolution, ticker, date, contract.
//!
//! Takes in the path of an archive (`equity/usa/tick/bac/20131007_trade.zip`) and the name of the file in it
//! (`20131007_es_minute_trade_201312.csv`); gives out their parts. Neither says everything by itself.

use std::path::{Path, PathBuf};

use crate::time_zone::Date;

/// The kind of a security.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Security {
    Equity,
    Future,
    Crypto,
    Forex,
}

/// How long a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Resolution {
    Tick,
    Second,
    Minute,
    Hour,
    Daily,
}

impl Resolution {
    /// Nanoseconds of a bar; none for ticks.
    pub(super) const fn nanos(self) -> Option<i64> {
        match self {
            Resolution::Tick => None,
            Resolution::Second => Some(1_000_000_000),
            Resolution::Minute => Some(60_000_000_000),
            Resolution::Hour => Some(3_600_000_000_000),
            Resolution::Daily => Some(86_400_000_000_000),
        }
    }
}

/// What records are of. Trades come before the quotes that follow from them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Content {
    Trade,
    Quote,
    OpenInterest,
}

/// What a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) security: Security,
    pub(super) market: String,
    pub(super) resolution: Resolution,
    pub(super) content: Content,
    /// In small letters, as LEAN writes it.
    pub(super) ticker: String,
    /// The day of its records; none for hourly and daily files, which hold all days.
    pub(super) date: Option<Date>,
    /// Year and month of a futures contract.
    pub(super) contract: Option<(i64, i64)>,
    /// The folder of the market, in which the map files lie.
    pub(super) market_folder: PathBuf,
}

impl Name {
    /// Reads the path of the archive, or of a CSV that lies unpacked in its place, and the name of the CSV.
    pub(super) fn parse(path: &Path, entry: &str) -> Option<Name> {
        let names: Vec<String> = path
            .iter()
            .map(|part| part.to_string_lossy().to_lowercase())
            .collect();
        let (place, resolution) = names.iter().enumerate().rev().find_map(|(place, name)| {
            let resolution = match name.as_str() {
                "tick" => Resolution::Tick,
                "second" => Resolution::Second,
                "minute" => Resolution::Minute,
                "hour" => Resolution::Hour,
                "daily" => Resolution::Daily,
                _ => return None,
            };
            Some((place, resolution))
        })?;
        let security = match names.get(place.checked_sub(2)?)?.as_str() {
            "equity" => Security::Equity,
            "future" => Security::Future,
            "crypto" | "cryptofuture" => Security::Crypto,
            "forex" | "cfd" => Security::Forex,
            _ => return None,
        };
        let file = names.last()?;
        let stem = file
            .strip_suffix(".zip")
            .or_else(|| file.strip_suffix(".csv"))
            .unwrap_or(file);
        let entry = entry.to_lowercase();
        let words: Vec<&str> = stem.split('_').collect();
        let (date, ticker) = match resolution {
            Resolution::Hour | Resolution::Daily => (None, (*words.first()?).to_owned()),
            _ => (
                Some(compact_date(words.first()?)?),
                names.get(place + 1)?.clone(),
            ),
        };
        let has = |wanted: &str| {
            words.contains(&wanted) || entry.split(['_', '.']).any(|word| word == wanted)
        };
        let content = match security {
            _ if has("openinterest") => Content::OpenInterest,
            _ if has("quote") => Content::Quote,
            _ if has("trade") => Content::Trade,
            Security::Forex => Content::Quote,
            _ => Content::Trade,
        };
        let contract = match security {
            Security::Future => Some(contract(entry.strip_suffix(".csv")?.rsplit('_').next()?)?),
            _ => None,
        };
        Some(Name {
            security,
            market: names.get(place - 1)?.clone(),
            resolution,
            content,
            ticker,
            date,
            contract,
            market_folder: path.iter().take(place).collect(),
        })
    }
}

/// Reads `20131007`.
pub(super) fn compact_date(text: &str) -> Option<Date> {
    let is_date = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_date
        .then(|| format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..]))
        .and_then(|text| Date::parse(&text))
}

/// Reads the year and month of `201312` or `20131220`.
fn contract(text: &str) -> Option<(i64, i64)> {
    let is_contract = matches!(text.len(), 6 | 8) && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_contract {
        return None;
    }
    let (year, month) = (text[..4].parse().ok()?, text[4..6].parse().ok()?);
    ((1987..2200).contains(&year) && (1..=12).contains(&month)).then_some((year, month))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_names_say_what_a_file_is() {
        let name = |path: &str, entry: &str| Name::parse(Path::new(path), entry);
        let bac = name(
            "/x/equity/usa/tick/bac/20131007_trade.zip",
            "20131007_bac_Trade_Tick.csv",
        )
        .unwrap();
        assert_eq!(
            (bac.security, bac.resolution, bac.content),
            (Security::Equity, Resolution::Tick, Content::Trade)
        );
        assert_eq!((bac.ticker.as_str(), bac.market.as_str()), ("bac", "usa"));
        assert_eq!(bac.date, Date::parse("2013-10-07"));
        assert_eq!(bac.market_folder, Path::new("/x/equity/usa"));
        let es = name(
            "/x/future/cme/minute/es/20131220_quote.zip",
            "20131220_es_minute_quote_201312.csv",
        )
        .unwrap();
        assert_eq!(
            (es.contract, es.content),
            (Some((2013, 12)), Content::Quote)
        );
        let daily = name(
            "/x/future/cme/daily/es_openinterest.zip",
            "es_openinterest_201403.csv",
        )
        .unwrap();
        assert_eq!(
            (daily.content, daily.ticker.as_str(), daily.date),
            (Content::OpenInterest, "es", None)
        );
        let aapl = name("/x/equity/usa/daily/aapl.zip", "aapl.csv").unwrap();
        assert_eq!(
            (aapl.ticker.as_str(), aapl.content),
            ("aapl", Content::Trade)
        );
        for (path, entry) in [
            ("/x/20131007_trade.zip", "20131007_bac_Trade_Tick.csv"),
            ("/x/equity/usa/tick/bac/2013_trade.zip", "x.csv"),
            (
                "/x/future/cme/minute/es/20131220_quote.zip",
                "20131220_es_minute_quote.csv",
            ),
            ("/x/option/usa/minute/aapl/20131220_quote.zip", "x.csv"),
            ("", ""),
        ] {
            assert_eq!(name(path, entry), None, "{path}");
        }
    }
}
