//! What was configured otherwise.
//!
//! Takes in the `run.json` of several runs; gives out every setting that is not the same in all.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::json;

use crate::flatten::flatten;
use crate::run_file::RunFile;

/// A setting that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Its path: `tape.digest`, `config.seed`, `strategies.NAME.parameters.size`.
    pub setting: String,
    /// Its value in each run; none where a run does not have it.
    pub values: Vec<Option<String>>,
}

/// The settings that differ, by path.
pub(super) fn find(runs: &[&RunFile]) -> Vec<Difference> {
    let mut all: BTreeMap<String, Vec<Option<String>>> = BTreeMap::new();
    for (number, run) in runs.iter().enumerate() {
        for (path, value) in settings(run) {
            let values = all.entry(path).or_insert_with(|| vec![None; runs.len()]);
            values[number] = Some(value);
        }
    }
    let differs = |values: &[Option<String>]| values.windows(2).any(|x| x[0] != x[1]);
    all.into_iter()
        .filter(|(_, values)| differs(values))
        .map(|(setting, values)| Difference { setting, values })
        .collect()
}

/// Every setting of a run with its path.
fn settings(run: &RunFile) -> Vec<(String, String)> {
    let description = &run.description;
    let strategies: serde_json::Map<String, serde_json::Value> = (description.instances.iter())
        .map(|x| {
            let value = json!({
                "strategy": x.strategy,
                "version": x.version,
                "plugin_digest": x.plugin_digest,
                "parameters": x.parameters,
            });
            (x.name.clone(), value)
        })
        .collect();
    let value = json!({
        "program": description.tool_version,
        "tape": {
            "name": description.tape.name,
            "digest": description.tape.digest,
            "rows": description.tape.rows,
            "source": description.tape.source,
            "instruments": description.tape.instruments,
        },
        "starting_cash": description.starting_cash.to_string(),
        "currency": description.currency,
        "config": description.config,
        "strategies": strategies,
    });
    let mut all = Vec::new();
    flatten("", &value, &mut all);
    all
}
