//! What a run says of itself before it starts.
//!
//! Takes in a job, its tape and its plugins; gives out the descriptions that go into `run.json`.

use std::collections::BTreeMap;
use std::path::Path;

use backplane_analytics::{
    InstanceDescription, InstrumentDescription, RunDescription, TapeDescription,
};
use backplane_engine::contract::Contract;
use backplane_guests::Plugin;
use backplane_sdk::params::Params;
use backplane_sdk::types::{Instrument, Money, Price};
use backplane_tape::TapeReader;

use super::job::{Job, JobStrategy};
use crate::limits::LimitSettings;

pub(super) fn describe_instance(
    strategy: &JobStrategy,
    plugin: &Plugin,
    params: &Params,
) -> InstanceDescription {
    let descriptor = plugin.descriptor();
    InstanceDescription {
        name: strategy.label.clone(),
        strategy: descriptor.name.clone(),
        version: descriptor.version.clone(),
        plugin_file: file_name(&strategy.plugin),
        plugin_digest: hex(&plugin.digest()),
        metrics: descriptor.metrics.clone(),
        parameters: params
            .iter()
            .map(|(param, value)| (param.id.clone(), value.to_string()))
            .collect(),
    }
}

pub(super) fn describe_absent(strategy: &JobStrategy) -> InstanceDescription {
    InstanceDescription {
        name: strategy.label.clone(),
        strategy: strategy.label.clone(),
        version: String::new(),
        plugin_file: file_name(&strategy.plugin),
        plugin_digest: String::new(),
        metrics: Vec::new(),
        parameters: strategy.params.iter().cloned().collect(),
    }
}

pub(super) fn describe_run(
    job: &Job,
    reader: &TapeReader,
    instruments: Vec<InstrumentDescription>,
    instances: Vec<InstanceDescription>,
) -> RunDescription {
    let mut config = serde_json::to_value(job.engine.described()).unwrap_or_default();
    let labels = job.strategies.iter().map(|x| x.label.clone());
    let limits: BTreeMap<String, LimitSettings> = labels.zip(job.limits.iter().copied()).collect();
    config["risk"] = serde_json::to_value(limits).unwrap_or_default();
    RunDescription {
        tool_version: env!("CARGO_PKG_VERSION").into(),
        tape: TapeDescription {
            name: file_name(&job.tape),
            digest: reader.digest().unwrap_or_default().into(),
            rows: reader.rows(),
            source: reader.header().source.from.clone(),
            instruments,
        },
        starting_cash: Money(job.engine.cash.into()),
        currency: job.engine.account.currency.clone(),
        config,
        instances,
        swaps: Vec::new(),
    }
}

pub(super) fn describe_instrument(
    instrument: &Instrument,
    contract: &Contract,
) -> InstrumentDescription {
    InstrumentDescription {
        symbol: instrument.symbol.clone(),
        tick: Price(instrument.tick.0),
        multiplier: instrument.multiplier,
        currency: instrument.currency.clone(),
        contract: contract.kind.text().into(),
        rate: contract.rate,
    }
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

pub(super) fn hex(digest: &[u8; 32]) -> String {
    digest.iter().map(|x| format!("{x:02x}")).collect()
}
