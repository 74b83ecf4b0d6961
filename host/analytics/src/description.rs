//! What was run: the part of `run.json` that is known before the run starts.
//!
//! Takes in what the command line knows of tool, tape, configuration and strategies; gives out serializable values.
//! Nothing here depends on a wall clock: the same run gives the same bytes.

use std::collections::{BTreeMap, BTreeSet};

use backplane_sdk::types::{Money, Price};
use serde::{Deserialize, Serialize};

use crate::error::AnalyticsError;
use crate::exact;

/// Everything about a run that is known before it starts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunDescription {
    /// The version of the program.
    pub tool_version: String,
    /// What was replayed.
    pub tape: TapeDescription,
    /// The cash with which each instance starts, in the currency of the instruments; a decimal string in JSON.
    #[serde(with = "exact::money")]
    pub starting_cash: Money,
    /// The configuration as the run used it: seed, latencies, fees, sample interval. Shown, never interpreted.
    pub config: serde_json::Value,
    /// The strategy instances, in the order of their numbers.
    pub instances: Vec<InstanceDescription>,
}

/// What was replayed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TapeDescription {
    /// The tape's name, without the path to it.
    pub name: String,
    /// Its BLAKE3 digest as hex.
    pub digest: String,
    /// Its rows.
    pub rows: u64,
    /// Where its data came from, in words.
    pub source: String,
    /// The instruments, in the order of their numbers.
    pub instruments: Vec<InstrumentDescription>,
}

/// What was traded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstrumentDescription {
    /// The venue's symbol.
    pub symbol: String,
    /// The smallest step of a limit price; a decimal string in JSON.
    #[serde(with = "exact::price")]
    pub tick: Price,
    /// What one quantity unit is worth when the price is one, in units of 1e-9 of the currency.
    pub multiplier: i64,
    /// The currency of prices and money.
    pub currency: String,
}

/// A strategy instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceDescription {
    /// Its name, unique within the run; tables and reports call it so.
    pub name: String,
    /// The strategy's name.
    pub strategy: String,
    /// The strategy's version.
    pub version: String,
    /// The plugin's file name, without the path to it; empty for a strategy that is linked into the program.
    pub plugin_file: String,
    /// The BLAKE3 digest of the plugin's file as hex; empty where there is no file.
    pub plugin_digest: String,
    /// The names of the series that it records, in the descriptor's order.
    #[serde(default)]
    pub metrics: Vec<String>,
    /// Its parameters as the run set them, in words.
    pub parameters: BTreeMap<String, String>,
}

impl RunDescription {
    /// The currency of money in this run, and whether all instruments share it. Amounts in several currencies are added
    /// as if they were one, which a warning says.
    pub(crate) fn currency(&self) -> (String, bool) {
        let all: BTreeSet<&str> = self
            .tape
            .instruments
            .iter()
            .map(|x| x.currency.as_str())
            .filter(|x| !x.is_empty())
            .collect();
        let text: Vec<&str> = all.iter().copied().collect();
        (text.join("+"), all.len() <= 1)
    }

    /// Refuses names that tables could not tell apart.
    pub(crate) fn check(&self) -> Result<(), AnalyticsError> {
        let names = self.instances.iter().map(|x| x.name.as_str());
        unique("instance", names)?;
        let symbols = self.tape.instruments.iter().map(|x| x.symbol.as_str());
        unique("instrument", symbols)
    }
}

fn unique<'a>(kind: &str, names: impl Iterator<Item = &'a str>) -> Result<(), AnalyticsError> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(AnalyticsError::Description {
                reason: format!("two {kind}s are called `{name}`"),
            });
        }
    }
    Ok(())
}
