//! The first reading of DBN files: which instruments there are, and what can be made of them.
//!
//! Takes in the files; gives out the instruments' definitions and places, and whether the tape shows orders or price
//! levels. A tick that no definition says is the greatest common divisor of the prices at which orders rest, of the
//! levels' prices, or where there is neither, of the trades' prices.

use std::collections::{BTreeMap, BTreeSet};

use backplane_sdk::types::{Action, Flags, Price};

use super::super::ImportOptions;
use super::super::part::Part;
use super::definition::Definition;
use super::file::DatabentoFile;
use super::record::{InstrumentKey, Item, Says, Sides};
use crate::divisor::greatest_common_divisor;
use crate::error::TapeError;
use crate::format::InstrumentDefinition;
use crate::hash::{Lookup, lookup};

/// One unit of the currency, in units of 1e-9.
const MULTIPLIER: i64 = 1_000_000_000;

/// What the tape shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    Orders,
    Levels,
}

/// Where an instrument stands on the tape, and how its events end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Placed {
    /// The place in the tape's list.
    pub(super) instrument: u16,
    /// Whether no record says that it ends an event, so that each is one.
    pub(super) ends_always: bool,
}

/// What the first reading finds.
#[derive(Debug, Default)]
pub(super) struct Survey {
    found: BTreeMap<InstrumentKey, Found>,
    /// The schemas of the files that hold market data.
    schemas: BTreeSet<String>,
    /// The kinds of records that make no rows.
    others: BTreeSet<&'static str>,
    has_orders: bool,
    has_levels: bool,
    /// Which schemas say what was traded, and which ones show a book.
    printing: BTreeSet<String>,
    booking: BTreeSet<String>,
}

/// What kinds of records a file holds.
#[derive(Clone, Copy, Debug, Default)]
struct Kinds {
    rows: bool,
    orders: bool,
    prints: bool,
    books: bool,
}

/// The instruments as they are found.
struct Instruments {
    list: Vec<(InstrumentKey, Found)>,
    places: Lookup<InstrumentKey, usize>,
}

impl Default for Instruments {
    fn default() -> Instruments {
        Instruments {
            list: Vec::new(),
            places: lookup(),
        }
    }
}

impl Instruments {
    fn of(&mut self, key: InstrumentKey, symbols: &BTreeMap<u32, String>) -> &mut Found {
        let list = &mut self.list;
        let place = *self.places.entry(key).or_insert_with(|| {
            let found = Found {
                symbol: symbols.get(&key.1).cloned(),
                ..Found::default()
            };
            list.push((key, found));
            list.len() - 1
        });
        &mut self.list[place].1
    }
}

/// Whether the files of a schema show the book at the end of intervals, and not what was traded.
fn is_sampled(schema: &str) -> bool {
    schema.starts_with("bbo") || schema.starts_with("cbbo")
}

/// What is known of an instrument.
#[derive(Clone, Debug, Default)]
struct Found {
    symbol: Option<String>,
    definition: Definition,
    /// The greatest common divisors of the prices at which something rests, and of all prices.
    resting_tick: u64,
    any_tick: u64,
    /// Records that make rows.
    rows: u64,
    /// Records that end an event.
    lasts: u64,
    /// The most levels of a side that a record showed.
    depth: usize,
}

impl Survey {
    /// Reads all files.
    ///
    /// # Errors
    /// A file is not DBN, is cut off or damaged.
    pub(super) fn of(parts: &[Part], options: &ImportOptions) -> Result<Survey, TapeError> {
        let mut survey = Survey::default();
        let mut instruments = Instruments::default();
        for part in parts {
            let mut file = DatabentoFile::open(part)?;
            let schema = file
                .schema()
                .map_or_else(|| "mixed".to_owned(), |schema| schema.to_string());
            let symbols = file.symbols().clone();
            let mut kinds = Kinds::default();
            while let Some(item) = file.next()? {
                let found = instruments.of(item.key, &symbols);
                survey.note(&item, found, &file.sides, &mut kinds);
            }
            survey.has_orders |= kinds.orders;
            survey.has_levels |= kinds.prints || kinds.books;
            for (is_there, names) in [
                (kinds.rows, &mut survey.schemas),
                (kinds.prints && !is_sampled(&schema), &mut survey.printing),
                (kinds.books, &mut survey.booking),
            ] {
                names.extend(is_there.then(|| schema.clone()));
            }
        }
        let wanted = instruments.list.into_iter();
        survey.found = wanted
            .filter(|(key, found)| found.rows > 0 && options.wants(&found.symbol(*key)))
            .collect();
        Ok(survey)
    }

    fn note(&mut self, item: &Item, found: &mut Found, sides: &Sides, kinds: &mut Kinds) {
        found.lasts += u64::from(item.flags & Flags::LAST != 0);
        let mut makes_rows = true;
        match &item.says {
            Says::Order(order) => {
                kinds.orders = true;
                if matches!(order.action, Action::Add | Action::Modify) {
                    found.rests(order.price);
                }
            }
            Says::NoAction => kinds.orders = true,
            Says::Trade(print) => {
                kinds.prints = true;
                found.trades(print.price);
            }
            Says::Book(print) => {
                (kinds.books, kinds.prints) = (true, true);
                print.iter().for_each(|print| found.trades(print.price));
                for side in &sides.levels {
                    found.depth = found.depth.max(side.len());
                    side.iter().for_each(|(price, _)| found.rests(*price));
                }
            }
            Says::Bar(bar) => {
                kinds.prints = true;
                let prices = [bar.open, bar.high, bar.low, bar.close];
                prices.iter().for_each(|price| found.trades(*price));
            }
            Says::Status(_) => {}
            Says::Definition(definition) => {
                makes_rows = false;
                found.definition = (**definition).clone();
                self.others.insert("definitions");
            }
            Says::Statistic(_) => {
                makes_rows = false;
                self.others.insert("statistics");
            }
            Says::Nothing(kind) => {
                makes_rows = false;
                self.others.extend(kind);
            }
        }
        kinds.rows |= makes_rows;
        found.rows += u64::from(makes_rows);
    }

    /// Whether orders or price levels can be made of the files.
    ///
    /// # Errors
    /// There is nothing to make a tape of, or the files tell the same twice.
    pub(super) fn view(&self, options: &ImportOptions) -> Result<View, String> {
        if self.found.is_empty() {
            let kinds: Vec<&str> = self.others.iter().copied().collect();
            return Err(match kinds.is_empty() {
                true if options.symbols.is_empty() => "it holds no records".to_owned(),
                true => format!("it holds no records of {}", options.symbols.join(", ")),
                false => format!(
                    "it holds no market data but {}; name it beside files of market data",
                    kinds.join(" and ")
                ),
            });
        }
        let listed = |names: &BTreeSet<String>| {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            names.join(", ")
        };
        if self.has_orders && self.has_levels {
            return Err(format!(
                "the files of {} tell of the same market in orders and in price levels; import one of them",
                listed(&self.schemas)
            ));
        }
        for (names, what) in [(&self.printing, "trades"), (&self.booking, "best prices")] {
            if names.len() > 1 {
                return Err(format!(
                    "the files of {} all tell of the same {what}; import one of them",
                    listed(names)
                ));
            }
        }
        Ok(match self.has_orders {
            true => View::Orders,
            false => View::Levels,
        })
    }

    /// The tape's instruments, and where they stand.
    pub(super) fn instruments(
        &self,
        options: &ImportOptions,
    ) -> (Vec<InstrumentDefinition>, Lookup<InstrumentKey, Placed>) {
        let mut definitions: Vec<InstrumentDefinition> = Vec::new();
        let mut places = lookup();
        let mut times_named: BTreeMap<String, u32> = BTreeMap::new();
        for (key, found) in &self.found {
            *times_named.entry(found.symbol(*key)).or_default() += 1;
        }
        for ((key, found), place) in self.found.iter().zip(0..) {
            let mut definition = found.definition(*key, self.has_orders, options);
            if times_named.get(&definition.symbol).is_some_and(|n| *n > 1) {
                definition.symbol = format!("{}.{}", definition.symbol, definition.venue);
            }
            definitions.push(definition);
            let placed = Placed {
                instrument: place,
                ends_always: found.lasts == 0,
            };
            places.insert(*key, placed);
            if place == u16::MAX {
                break;
            }
        }
        (definitions, places)
    }

    /// What the user should know.
    pub(super) fn notes(&self, options: &ImportOptions) -> Vec<String> {
        let mut notes = Vec::new();
        let unknown = self
            .found
            .values()
            .any(|x| x.definition.multiplier.is_none());
        if options.multiplier.is_none() && unknown {
            notes.push(
                "no file of definitions says what a contract is worth: the multiplier is taken as 1".to_owned(),
            );
        }
        for schema in &self.schemas {
            let note = match schema.as_str() {
                name if is_sampled(name) => {
                    "it shows the best prices once in each interval, and nothing between"
                }
                "tbbo" | "tcbbo" => "it shows the best prices only before trades",
                "trades" => "it shows no book: orders fill only against what is traded",
                name if name.starts_with("ohlcv") => {
                    "it shows bars: each is told as the prints that make it, at its end, and there is no book"
                }
                _ => continue,
            };
            notes.push(format!("{schema}: {note}"));
        }
        for kind in self.others.iter().filter(|kind| **kind == "imbalance") {
            notes.push(format!(
                "records of {kind} are left out: tapes do not hold them"
            ));
        }
        notes
    }
}

impl Found {
    fn rests(&mut self, price: Price) {
        if price.is_defined() {
            self.resting_tick = greatest_common_divisor(self.resting_tick, price.0.unsigned_abs());
        }
    }

    fn trades(&mut self, price: Price) {
        if price.is_defined() {
            self.any_tick = greatest_common_divisor(self.any_tick, price.0.unsigned_abs());
        }
    }

    fn symbol(&self, key: InstrumentKey) -> String {
        let defined = self.definition.symbol.clone();
        self.symbol
            .clone()
            .or(defined)
            .unwrap_or_else(|| key.1.to_string())
    }

    fn definition(
        &self,
        key: InstrumentKey,
        has_orders: bool,
        options: &ImportOptions,
    ) -> InstrumentDefinition {
        let said = options.tick.map(|tick| tick.0).or(self.definition.tick);
        let inferred = match self.resting_tick {
            0 => self.any_tick,
            tick => tick,
        };
        let inferred = i64::try_from(inferred).unwrap_or(i64::MAX).max(1);
        let multiplier = options.multiplier.or(self.definition.multiplier);
        let currency = options.currency.clone();
        let publisher = dbn::Publisher::try_from(key.0);
        InstrumentDefinition {
            symbol: self.symbol(key),
            tick: said.unwrap_or(inferred),
            multiplier: multiplier.unwrap_or(MULTIPLIER),
            currency: currency
                .or_else(|| self.definition.currency.clone())
                .unwrap_or_else(|| "USD".to_owned()),
            expiration: self.definition.expiration,
            tick_inferred: said.is_none(),
            activation: self.definition.activation,
            venue: match publisher {
                Ok(publisher) => publisher.venue().as_str().to_owned(),
                Err(_) => format!("publisher {}", key.0),
            },
            depth: match has_orders {
                true => None,
                false => u32::try_from(self.depth).ok(),
            },
            ..InstrumentDefinition::default()
        }
    }
}
