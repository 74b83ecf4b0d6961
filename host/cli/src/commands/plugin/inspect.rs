//! `backplane plugin inspect`: all that is known of one plugin.
//!
//! Takes in a file and a policy; gives out what can be read of the file without running it (size, digest, imports,
//! exports) and, where the policy grants it, what the plugin says about itself: subscriptions and parameters.

use std::fmt;
use std::path::{Path, PathBuf};

use backplane_guests::{Anatomy, Carrier, Policy, anatomy, directory};
use serde::Serialize;
use serde_json::Value;

use crate::error::CliError;
use crate::exit;
use crate::supervise::describe;

#[derive(Serialize)]
pub(super) struct Inspection {
    plugin: PathBuf,
    kind: Carrier,
    #[serde(flatten)]
    anatomy: Anatomy,
    /// What it says about itself; null where it was not asked.
    descriptor: Value,
    /// Why it was not asked.
    not_granted: Option<String>,
}

/// Looks at a file, and asks the plugin where that was granted.
pub(super) fn inspect(plugin: &Path, policy: &Policy) -> Result<Inspection, CliError> {
    let carrier = carrier_of(plugin)?;
    directory::check(plugin, carrier)?;
    let name = directory::plugin_name(plugin, carrier);
    let grant = policy.grant(&name);
    let (descriptor, not_granted) = match grant.has(carrier) {
        true => (describe(plugin, &grant)?.0, None),
        false => {
            let hint = format!("{carrier} code was not granted to it: `--allow {carrier}:{name}`");
            (Value::Null, Some(hint))
        }
    };
    Ok(Inspection {
        plugin: plugin.to_owned(),
        kind: carrier,
        anatomy: anatomy(plugin, carrier)?,
        descriptor,
        not_granted,
    })
}

/// What would carry a file.
pub(super) fn carrier_of(plugin: &Path) -> Result<Carrier, CliError> {
    Carrier::of(plugin).ok_or_else(|| {
        let kinds = Carrier::ALL.map(|x| format!("`{}`", x.file_name("NAME")));
        CliError::new(
            exit::PLUGIN,
            format!("{} is no plugin's file", plugin.display()),
            format!("plugins are files named {}", kinds.join(", ")),
        )
    })
}

impl fmt::Display for Inspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (plugin, anatomy) = (self.plugin.display(), &self.anatomy);
        match (&self.descriptor, &self.not_granted) {
            (_, Some(why)) => writeln!(f, "not asked about itself: {why}")?,
            (descriptor, None) => {
                let (name, version) = (text(&descriptor["name"]), text(&descriptor["version"]));
                writeln!(f, "{name} {version}")?;
            }
        }
        writeln!(f, "  file       {plugin} ({} bytes)", anatomy.bytes)?;
        writeln!(f, "  digest     {}", anatomy.digest)?;
        let abi = anatomy.abi.map_or("-".into(), |x| x.to_string());
        writeln!(f, "  kind       {}, plugin ABI {abi}", self.kind)?;
        names(f, "libraries", &anatomy.libraries)?;
        names(f, "imports", &anatomy.imports)?;
        names(f, "exports", &anatomy.exports)?;
        if self.not_granted.is_none() {
            describe_itself(f, &self.descriptor)?;
        }
        Ok(())
    }
}

/// The first names of a list, and how many there are.
fn names(f: &mut fmt::Formatter<'_>, what: &str, names: &[String]) -> fmt::Result {
    const SHOWN_MAX: usize = 8;
    let shown = names.iter().take(SHOWN_MAX).map(String::as_str);
    let shown: Vec<&str> = shown.collect();
    let rest = match names.len().saturating_sub(SHOWN_MAX) {
        0 => String::new(),
        more => format!(" and {more} more (all with `--json`)"),
    };
    match shown.is_empty() {
        true => writeln!(f, "  {what:<10} none"),
        false => writeln!(f, "  {what:<10} {}{rest}", shown.join(", ")),
    }
}

fn describe_itself(f: &mut fmt::Formatter<'_>, descriptor: &Value) -> fmt::Result {
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

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
