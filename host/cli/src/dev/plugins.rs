//! The versions of plugins that a run is made of.
//!
//! Takes in settings and, where a crate is built, its library; gives out the bytes of each strategy's plugin, checked. What
//! is run is a copy of these bytes, whatever becomes of the file meanwhile.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use backplane_guests::Carrier;
use backplane_guests::wasm::Limits;

use crate::error::CliError;
use crate::output::absolute;
use crate::settings::Settings;
use crate::strategy::StrategySpec;
use crate::supervise::JobStrategy;

use super::build::SourceCrate;

/// A version of a strategy's plugin.
#[derive(Clone, Debug)]
pub struct Version {
    /// What the run calls the strategy.
    pub label: String,
    /// The plugin's file.
    pub path: PathBuf,
    /// The BLAKE3 digest of its bytes as hex.
    pub digest: String,
    bytes: Arc<[u8]>,
    params: Vec<(String, String)>,
}

impl PartialEq for Version {
    fn eq(&self, other: &Version) -> bool {
        (&self.path, &self.digest) == (&other.path, &other.digest)
    }
}

/// Reads the plugins of all strategies.
///
/// # Errors
/// One is missing, or no whole plugin. It may be half-written.
pub fn read(settings: &Settings, source: Option<&SourceCrate>) -> Result<Vec<Version>, CliError> {
    let specs = settings.strategies.iter();
    let versions = specs.map(|spec| read_one(spec, settings, source));
    versions.collect()
}

fn read_one(
    spec: &StrategySpec,
    settings: &Settings,
    source: Option<&SourceCrate>,
) -> Result<Version, CliError> {
    let built = source.filter(|x| x.strategy() == Some(spec.name.replace('-', "_")));
    let path = match built.and_then(|x| x.library.clone()) {
        Some(library) => library,
        None => backplane_guests::find(&settings.plugins, &spec.name)?.path,
    };
    let bytes = Carrier::read(&path)?;
    Ok(Version {
        label: spec.label.clone().unwrap_or_else(|| spec.name.clone()),
        path: absolute(&path)?,
        digest: blake3::hash(&bytes).to_hex().to_string(),
        bytes: bytes.into(),
        params: spec.params.clone(),
    })
}

impl Version {
    /// Puts a copy under the plugin's own name into a folder of its own, and makes it a job's strategy, which hears so many
    /// messages in a call where it is sandboxed.
    ///
    /// # Errors
    /// The copy cannot be written.
    pub fn put_aside(&self, folder: &Path, batch: usize) -> Result<JobStrategy, CliError> {
        let failed = |error| CliError::io("putting aside the plugin in", folder, &error);
        std::fs::create_dir_all(folder).map_err(failed)?;
        let copy = folder.join(self.path.file_name().unwrap_or_default());
        std::fs::write(&copy, &self.bytes).map_err(failed)?;
        Ok(JobStrategy {
            label: self.label.clone(),
            plugin: copy,
            params: self.params.clone(),
            sandbox: Limits {
                messages_per_call: batch,
                ..Limits::default()
            },
            swaps: Vec::new(),
            record: None,
            finding: None,
        })
    }
}
