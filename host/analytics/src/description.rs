//! What was run: the part of `run.json` that is known before the run starts.
//!
//! Takes in what the command line knows of tool, tape, configuration and strategies; gives out serializable values.
//! Nothing here depends on a wall clock: the same run gives the same bytes.

use std::collections::{BTreeMap, BTreeSet};

use backplane_engine::contract::{Contract, ContractKind, RATE_ONE};
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
    /// The account's currency; none where amounts of all currencies are added up as if they were one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// The configuration as the run used it: seed, latencies, fees, sample interval. Shown, never interpreted.
    pub config: serde_json::Value,
    /// The strategy instances, in the order of their numbers.
    pub instances: Vec<InstanceDescription>,
    /// The versions that took over while the run went on, and those that could not, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub swaps: Vec<SwapDescription>,
}

/// A version of a strategy took over from another, or could not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwapDescription {
    /// The instance's name.
    pub instance: String,
    /// The number of the first message that the new version heard, counted from 1.
    pub message: u64,
    /// When the last message before was heard, nanoseconds since the Unix epoch.
    pub at: i64,
    /// The BLAKE3 digest of the old version's plugin as hex.
    pub from_digest: String,
    /// That of the new version's.
    pub to_digest: String,
    /// The new version's own word for itself.
    pub to_version: String,
    /// The version of the state that was handed over.
    pub state_version: u32,
    /// Its bytes.
    pub state_bytes: u64,
    /// Why the new version could not take over; none where it did.
    pub refused: Option<String>,
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
    /// The currency in which it is paid.
    pub currency: String,
    /// The kind of contract: `linear`, `inverse`, `quanto`.
    #[serde(default = "linear")]
    pub contract: String,
    /// What one unit of its currency is worth in the account's, in units of 1e-9.
    #[serde(default = "rate_one")]
    pub rate: i64,
}

fn linear() -> String {
    ContractKind::Linear.text().into()
}

const fn rate_one() -> i64 {
    RATE_ONE
}

impl InstrumentDescription {
    /// What a position is worth. [`RunDescription::check`] refuses kinds that are none.
    pub(crate) fn contract(&self) -> Contract {
        Contract {
            kind: ContractKind::from_text(&self.contract).unwrap_or_default(),
            multiplier: self.multiplier,
            rate: self.rate,
        }
    }
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
        if let Some(currency) = &self.currency {
            return (currency.clone(), true);
        }
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

    /// Refuses names that tables could not tell apart, and contracts that this version does not know.
    pub(crate) fn check(&self) -> Result<(), AnalyticsError> {
        let is_known = |x: &&InstrumentDescription| ContractKind::from_text(&x.contract).is_some();
        if let Some(unknown) = self.tape.instruments.iter().find(|x| !is_known(x)) {
            let (symbol, contract) = (&unknown.symbol, &unknown.contract);
            return Err(AnalyticsError::Description {
                reason: format!("instrument `{symbol}` is a contract of unknown kind `{contract}`"),
            });
        }
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
