//! `backplane plugin`: list and inspect.
//!
//! Takes in a directory or a library; gives out what plugins say about themselves, or why they are refused. Every plugin
//! is loaded in a process of its own, so that one that crashes costs a line in the list.

use std::fmt;
use std::path::{Path, PathBuf};

use backplane_guests::{CandidateKind, Carrier, GuestError, scan};
use serde::Serialize;
use serde_json::Value;

use super::show;
use crate::arguments::PluginCommand;
use crate::error::CliError;
use crate::exit;
use crate::supervise::describe;

pub(super) fn execute(command: &PluginCommand) -> Result<u8, CliError> {
    match command {
        PluginCommand::List { directory, json } => {
            show(&list(directory)?, *json)?;
        }
        PluginCommand::Inspect { plugin, json } => {
            Carrier::check(plugin)?;
            let (descriptor, digest) = describe(plugin)?;
            let inspection = Inspection {
                plugin: plugin.clone(),
                bytes: std::fs::metadata(plugin).map_or(0, |x| x.len()),
                digest,
                descriptor,
            };
            show(&inspection, *json)?;
        }
    }
    Ok(exit::OK)
}

#[derive(Serialize)]
struct List {
    directory: PathBuf,
    plugins: Vec<Entry>,
    /// Libraries that are no plugins.
    others: usize,
}

#[derive(Serialize)]
struct Entry {
    name: String,
    file: String,
    kind: &'static str,
    version: Option<String>,
    state: &'static str,
    why: Option<String>,
}

fn list(directory: &Path) -> Result<List, CliError> {
    let mut plugins = Vec::new();
    let mut others = 0;
    for candidate in scan(directory)? {
        let (version, why) = match candidate.kind {
            CandidateKind::NoPlugin => {
                others += 1;
                continue;
            }
            CandidateKind::Refused(error) => (None, Some(reason(&error))),
            CandidateKind::Plugin => match describe(&candidate.path) {
                Ok((descriptor, _)) => (Some(text(&descriptor["version"])), None),
                Err(error) => (None, Some(error.message)),
            },
        };
        let file = candidate.path.file_name().unwrap_or_default();
        plugins.push(Entry {
            name: candidate.name,
            file: file.to_string_lossy().into_owned(),
            kind: candidate.carrier.name(),
            version,
            state: if why.is_none() { "ok" } else { "refused" },
            why,
        });
    }
    Ok(List {
        directory: directory.to_owned(),
        plugins,
        others,
    })
}

/// The reason alone; the file stands beside it already.
fn reason(error: &GuestError) -> String {
    match error {
        GuestError::Refused { reason, .. } => reason.to_string(),
        other => other.to_string(),
    }
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<24} {:<8} {:<10} state", "plugin", "kind", "version")?;
        for entry in &self.plugins {
            let version = entry.version.as_deref().unwrap_or("-");
            write!(
                f,
                "{:<24} {:<8} {version:<10} {}",
                entry.name, entry.kind, entry.state
            )?;
            match &entry.why {
                Some(why) => writeln!(f, ": {why}")?,
                None => writeln!(f)?,
            }
        }
        let count = self.plugins.len();
        let others = self.others;
        writeln!(
            f,
            "{count} to load in {}; other libraries there: {others}",
            self.directory.display()
        )
    }
}

#[derive(Serialize)]
struct Inspection {
    plugin: PathBuf,
    bytes: u64,
    digest: String,
    descriptor: Value,
}

impl fmt::Display for Inspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let descriptor = &self.descriptor;
        let (name, version) = (text(&descriptor["name"]), text(&descriptor["version"]));
        writeln!(f, "{name} {version}")?;
        writeln!(
            f,
            "  file    {} ({} bytes)",
            self.plugin.display(),
            self.bytes
        )?;
        writeln!(f, "  digest  {}", self.digest)?;
        writeln!(f, "  hears")?;
        for subscription in items(&descriptor["subscriptions"]) {
            let symbols: Vec<String> = items(&subscription["symbols"]).map(text).collect();
            let of = match symbols.is_empty() {
                true => "all instruments".into(),
                false => symbols.join(", "),
            };
            writeln!(f, "    {:<12} {of}", text(&subscription["schema"]))?;
        }
        writeln!(f, "  parameters")?;
        for param in items(&descriptor["params"]) {
            let range = match (&param["min"], &param["max"]) {
                (Value::Null, _) | (_, Value::Null) => String::new(),
                (min, max) => format!(" from {min} to {max}"),
            };
            let (id, kind) = (text(&param["id"]), text(&param["kind"]));
            let (default, help) = (&param["default"], text(&param["help"]));
            writeln!(f, "    {id:<16} {kind}{range}, default {default}: {help}")?;
        }
        let metrics: Vec<String> = items(&descriptor["metrics"]).map(text).collect();
        if !metrics.is_empty() {
            writeln!(f, "  records {}", metrics.join(", "))?;
        }
        Ok(())
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
