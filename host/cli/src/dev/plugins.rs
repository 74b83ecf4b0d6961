//! The versions of plugins that a run is made of.
//!
//! Takes in settings and, where sources are built, what was made of them; gives out the bytes of each strategy's plugin, checked. What
//! is run is a copy of these bytes, whatever becomes of the file meanwhile.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use backplane_guests::wasm::Limits;
use backplane_guests::{Carrier, Content, Grant, GuestError, Policy, directory};

use crate::error::CliError;
use crate::output::absolute;
use crate::settings::Settings;
use crate::strategy::StrategySpec;
use crate::supervise::JobStrategy;

use super::build::Source;

/// A version of a strategy's plugin.
#[derive(Clone, Debug)]
pub struct Version {
    /// What the run calls the strategy.
    pub label: String,
    /// The plugin's file.
    pub path: PathBuf,
    /// The BLAKE3 digest of its bytes as hex.
    pub digest: String,
    content: Arc<Content>,
    grant: Grant,
    params: Vec<(String, String)>,
    features: Vec<String>,
    sampling: Option<String>,
}

impl PartialEq for Version {
    fn eq(&self, other: &Version) -> bool {
        (&self.path, &self.digest, &self.grant) == (&other.path, &other.digest, &other.grant)
    }
}

/// The name by which a strategy is found in a folder: dashes are underscores, and the name of a file (`momentum.wasm`) is
/// that of the strategy in it.
pub fn plain_name(name: &str) -> String {
    let path = Path::new(name);
    match Carrier::of(path) {
        Some(carrier) => directory::plugin_name(path, carrier),
        None => name.replace('-', "_"),
    }
}

/// Whether all that is there of what the settings name was granted. What is missing may come yet.
///
/// # Errors
/// Names the plugin that was not, and how to grant it.
pub fn check_grants(settings: &Settings, policy: &Policy) -> Result<(), CliError> {
    for spec in &settings.strategies {
        let found = backplane_guests::find(&settings.plugins, &spec.name, policy);
        if let Err(error @ GuestError::NotGranted { .. }) = found {
            return Err(error.into());
        }
    }
    Ok(())
}

/// Reads the plugins of all strategies.
///
/// # Errors
/// One is missing, was not granted, or is no whole plugin. It may be half-written.
pub fn read(
    settings: &Settings,
    policy: &Policy,
    source: Option<&Source>,
) -> Result<Vec<Version>, CliError> {
    let specs = settings.strategies.iter();
    let versions = specs.map(|spec| read_one(spec, settings, policy, source));
    versions.collect()
}

fn read_one(
    spec: &StrategySpec,
    settings: &Settings,
    policy: &Policy,
    source: Option<&Source>,
) -> Result<Version, CliError> {
    let built = source.filter(|x| x.strategy() == Some(plain_name(&spec.name)));
    let path = match built.and_then(|x| x.plugin.clone()) {
        Some(library) => library,
        None => backplane_guests::find(&settings.plugins, &spec.name, policy)?.path,
    };
    let carrier = Carrier::of(&path).unwrap_or(Carrier::Native);
    let name = directory::plugin_name(&path, carrier);
    let grant = policy.grant(&name);
    if !grant.has(carrier) {
        return Err(GuestError::NotGranted {
            name,
            path,
            carrier,
        }
        .into());
    }
    let content = directory::read(&path, carrier)?;
    Ok(Version {
        label: spec.label.clone().unwrap_or_else(|| spec.name.clone()),
        path: absolute(&path)?,
        digest: blake3::Hash::from_bytes(content.digest()).to_string(),
        content: content.into(),
        grant,
        params: spec.params.clone(),
        features: spec.features.clone(),
        sampling: spec.sampling.clone(),
    })
}

impl Version {
    /// Puts a copy under the plugin's own name into a folder of its own, and makes it a job's strategy, which hears so many
    /// messages in a call where it is sandboxed. A Python program stays where it is: it may open data that lies beside it.
    ///
    /// # Errors
    /// The copy cannot be written.
    pub fn put_aside(&self, folder: &Path, batch: Option<usize>) -> Result<JobStrategy, CliError> {
        let copy = match Carrier::of(&self.path) {
            Some(Carrier::Python) => self.path.clone(),
            _ => self.copy(folder)?,
        };
        Ok(JobStrategy {
            label: self.label.clone(),
            plugin: copy,
            params: self.params.clone(),
            sandbox: Limits {
                messages_per_call: batch,
                ..self.grant.limits.sandbox()
            },
            grant: self.grant.clone(),
            features: self.features.clone(),
            sampling: self.sampling.clone(),
            swaps: Vec::new(),
            record: None,
            finding: None,
        })
    }

    fn copy(&self, folder: &Path) -> Result<PathBuf, CliError> {
        let failed = |error| CliError::io("putting aside the plugin in", folder, &error);
        let copy = folder.join(self.path.file_name().unwrap_or_default());
        self.content.write(&copy).map_err(failed)?;
        Ok(copy)
    }
}
