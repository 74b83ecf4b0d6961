//! LEAN: folders and archives of ticks and bars, as QuantConnect's engine keeps its data.
//!
//! Takes in archives where LEAN has them (`equity/usa/tick/bac/20131007_trade.zip`), or folders of them: equities,
//! futures, crypto and forex; ticks, and bars of a second, a minute, an hour or a day; trades and quotes. Gives out a
//! tape of all of them, an instrument for each security or contract.
//!
//! Map files that lie beside the data (`map_files`) say which security had a ticker at which time, when it was listed and
//! when it was delisted. When a futures contract ends is said by its rules ([`expiry`]). LEAN's trades have no aggressor:
//! it is inferred from quotes and prices, which the report says. Times of equities are New York's, all others UTC.

mod expiry;
mod map;
mod name;
mod record;

use std::collections::BTreeMap;

use super::feed::{self, Channel, Feed, Pass, Traits};
use super::importer::{Head, Importer};
use super::inputs::Inputs;
use super::part::Part;
use super::tables::Tables;
use super::{ImportOptions, ImportReport, Progress};
use crate::error::TapeError;
use crate::time_zone::{Date, new_york};
use map::{Maps, Security as Mapped};
use name::{Content, Name, Security};

pub(super) const IMPORTER: Importer = Importer {
    name: "lean",
    about: "LEAN: zip files and folders of ticks and bars of equities, futures, crypto and forex",
    is_feed: true,
    recognizes: |head: &Head<'_>| is_lean(head),
    import,
};

/// Nanoseconds in a day.
const DAY: i64 = 86_400_000_000_000;

fn is_lean(head: &Head<'_>) -> bool {
    let path = std::fs::canonicalize(head.path).unwrap_or_else(|_| head.path.to_path_buf());
    let in_archive = Name::parse(&path, head.name).is_some();
    // A folder's files are below it.
    in_archive || path.is_dir() && path.join("map_files").is_dir()
}

/// What a file is, by its place on disk and its name.
fn name_of(part: &Part) -> Option<Name> {
    let path = std::fs::canonicalize(part.shown()).unwrap_or_else(|_| part.shown().to_path_buf());
    Name::parse(&path, part.name())
}

/// Files of one content of one instrument, in the order of their days.
struct Group {
    symbol: String,
    name: Name,
    parts: Vec<(Option<Date>, Part)>,
}

/// What is known of an instrument.
struct Known {
    traits: Traits,
    notes: Vec<String>,
}

struct Lean {
    groups: Vec<Group>,
    known: BTreeMap<String, Known>,
    open_interest: u64,
}

fn import(
    inputs: &Inputs,
    options: &ImportOptions,
    progress: &mut Progress<'_>,
) -> Result<ImportReport, TapeError> {
    let lean = Lean::find(inputs.parts()?, inputs)?;
    feed::import(&lean, inputs, options, progress)
}

impl Lean {
    fn find(parts: Vec<Part>, inputs: &Inputs) -> Result<Lean, TapeError> {
        let mut maps: BTreeMap<std::path::PathBuf, Maps> = BTreeMap::new();
        let mut groups: BTreeMap<(String, Content), Group> = BTreeMap::new();
        let mut lean = Lean {
            groups: Vec::new(),
            known: BTreeMap::new(),
            open_interest: 0,
        };
        let mut resolution = None;
        // Folders hold map files, factor files and texts to read as well. By day, so that later tickers are later.
        let named = parts
            .into_iter()
            .filter_map(|part| name_of(&part).map(|name| (name, part)));
        let mut named: Vec<(Name, Part)> = named.collect();
        named.sort_by_key(|(name, _)| name.date);
        for (name, part) in named {
            if name.content == Content::OpenInterest {
                lean.open_interest += 1;
                continue;
            }
            if *resolution.get_or_insert(name.resolution) != name.resolution {
                let why = format!(
                    "its records are of another length than those of the files before it ({:?}, {:?}); import one resolution at a time",
                    name.resolution, resolution
                );
                return Err(TapeError::input(part.shown(), why));
            }
            let maps = maps
                .entry(name.market_folder.clone())
                .or_insert_with(|| Maps::of(&name.market_folder));
            let symbol = lean.instrument(&name, maps)?;
            let group = groups
                .entry((symbol.clone(), name.content))
                .or_insert_with(|| Group {
                    symbol,
                    name: name.clone(),
                    parts: Vec::new(),
                });
            group.parts.push((name.date, part));
        }
        if groups.is_empty() {
            let why = "no file in it lies where LEAN has its data, such as equity/usa/tick/bac/20131007_trade.zip";
            return Err(TapeError::input(&inputs.first().shown, why));
        }
        for group in groups.values_mut() {
            group.parts.sort_by_key(|(date, _)| *date);
        }
        lean.groups = groups.into_values().collect();
        // Trades come before the quotes that follow from them.
        lean.groups.sort_by_key(|group| group.name.content);
        Ok(lean)
    }

    /// The instrument of a file: its symbol; what is known of it is noted.
    fn instrument(&mut self, name: &Name, maps: &mut Maps) -> Result<String, TapeError> {
        let venue = name.market.to_uppercase();
        let ticker = name.ticker.to_uppercase();
        match (name.security, name.contract) {
            (Security::Future, Some((year, month))) => {
                let symbol = format!("{ticker}{}{:02}", month_letter(month), year % 100);
                self.known
                    .entry(symbol.clone())
                    .or_insert_with(|| Known::future(name, &ticker, venue));
                Ok(symbol)
            }
            (Security::Equity, _) => self.equity(name, &ticker, venue, maps),
            _ => {
                self.known
                    .entry(ticker.clone())
                    .or_insert_with(|| Known::pair(&ticker, venue));
                Ok(ticker)
            }
        }
    }

    fn equity(
        &mut self,
        name: &Name,
        ticker: &str,
        venue: String,
        maps: &mut Maps,
    ) -> Result<String, TapeError> {
        let security = match name.date {
            Some(date) => maps.find(&name.ticker, date)?,
            // Files of all days are named as the security is called at its end.
            None => maps.find_last(&name.ticker)?,
        };
        let Some(security) = security else {
            let unmapped = || Known {
                traits: Traits {
                    venue,
                    ..Traits::default()
                },
                notes: vec![format!(
                    "{ticker}: no map file beside the data names it, so that changes of its symbol and its delisting are not known"
                )],
            };
            self.known.entry(ticker.to_owned()).or_insert_with(unmapped);
            return Ok(ticker.to_owned());
        };
        // The security's own name holds files of all its tickers together; the tape says the latest of them.
        let key = security.name.to_uppercase();
        let known = self
            .known
            .entry(key.clone())
            .or_insert_with(|| Known::equity(&security, venue));
        if known.traits.symbol.as_deref() != Some(ticker) {
            known.rename(ticker, &security, name.date);
        }
        Ok(key)
    }
}

impl Known {
    fn future(name: &Name, root: &str, venue: String) -> Known {
        let expiration = name
            .contract
            .and_then(|month| expiry::expiration(root, month));
        let notes = match expiration {
            Some(_) => Vec::new(),
            None => vec![format!(
                "{root}: the rule by which its contracts end is not known, so that they do not; say `expiration` in the run file"
            )],
        };
        Known {
            traits: Traits {
                venue,
                expiration,
                ..Traits::default()
            },
            notes,
        }
    }

    /// A pair of currencies or coins: `BTCUSD`, `EURUSD`.
    fn pair(ticker: &str, venue: String) -> Known {
        let quote = ticker.get(ticker.len().saturating_sub(3)..);
        Known {
            traits: Traits {
                venue,
                currency: quote.filter(|quote| quote.len() == 3).map(str::to_owned),
                ..Traits::default()
            },
            notes: Vec::new(),
        }
    }

    fn equity(security: &Mapped, venue: String) -> Known {
        let midnight = |date: Date| new_york(date, 0).0;
        Known {
            traits: Traits {
                venue,
                activation: security.listed().map(midnight),
                // It is traded on its last day.
                expiration: security
                    .delisted()
                    .map(|date| midnight(date).saturating_add(DAY)),
                ..Traits::default()
            },
            notes: Vec::new(),
        }
    }

    /// The security has another ticker in a later file.
    fn rename(&mut self, ticker: &str, security: &Mapped, day: Option<Date>) {
        if let Some(before) = self.traits.symbol.replace(ticker.to_owned()) {
            let when = day.map(|day| format!(" on {day}")).unwrap_or_default();
            self.notes.push(format!(
                "{before} is called {ticker}{when}: both are the security {}",
                security.name
            ));
        }
    }
}

/// The letter of a contract's month.
fn month_letter(month: i64) -> char {
    let letters = b"FGHJKMNQUVXZ";
    let place = usize::try_from(month.saturating_sub(1)).unwrap_or_default();
    letters.get(place).map_or('?', |letter| char::from(*letter))
}

impl Feed for Lean {
    fn name(&self) -> String {
        "lean".to_owned()
    }

    fn open(&self, _: Pass) -> Result<Vec<Box<dyn Channel>>, TapeError> {
        let channel = |group: &Group| -> Box<dyn Channel> {
            let parts: Vec<Part> = group.parts.iter().map(|(_, part)| part.clone()).collect();
            let reader = record::Reader::new(group.symbol.clone(), group.name.clone());
            Box::new(Tables::new(parts, reader))
        };
        Ok(self.groups.iter().map(channel).collect())
    }

    fn traits(&self, symbol: &str) -> Traits {
        let known = self.known.get(symbol);
        known.map(|known| known.traits.clone()).unwrap_or_default()
    }

    fn infers_aggressors(&self) -> bool {
        true
    }

    fn notes(&self) -> Vec<String> {
        let open_interest = match self.open_interest {
            0 => None,
            count => Some(format!(
                "{count} files of open interest were passed over: tapes have no rows for it"
            )),
        };
        let known = self.known.values().flat_map(|known| known.notes.clone());
        open_interest.into_iter().chain(known).collect()
    }
}
