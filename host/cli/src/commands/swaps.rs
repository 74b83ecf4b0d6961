//! Versions that take over while a run goes on: watched for, or as they did in an earlier run.
//!
//! Takes in the strategies of a job; gives out the same, each run from a copy of its plugin in a folder of versions, which
//! is kept beside the results where any version took over.

use std::path::Path;

use backplane_analytics::{Report, RunFile};
use backplane_guests::{Carrier, directory};

use crate::error::CliError;
use crate::exit;
use crate::supervise::{JobStrategy, LiveVersions, PlannedSwap, put_version, version_path};

/// Lets the plugins of strategies be watched.
pub(super) fn watch(
    versions: &Path,
    strategies: &mut [JobStrategy],
) -> Result<LiveVersions, CliError> {
    let mut files = Vec::new();
    for strategy in strategies {
        let file = strategy.plugin.clone();
        let carrier = Carrier::of(&file).unwrap_or(Carrier::Native);
        let content = directory::read(&file, carrier)?;
        let (copy, digest) = put_version(versions, &file, &content)?;
        strategy.plugin = copy;
        files.push((file, digest));
    }
    Ok(LiveVersions::new(files, versions))
}

/// Plans the takeovers of an earlier run.
pub(super) fn plan(
    earlier: &Path,
    versions: &Path,
    strategies: &mut [JobStrategy],
) -> Result<(), CliError> {
    let report = Report::read(earlier)?;
    let run = report.run();
    for strategy in strategies {
        let Some(described) = run
            .description
            .instances
            .iter()
            .find(|x| x.name == strategy.label)
        else {
            return Err(CliError::new(
                exit::CONFIG,
                format!(
                    "the run of {} has no instance `{}`",
                    earlier.display(),
                    strategy.label
                ),
                "name the instances as that run did",
            ));
        };
        let copied =
            |digest: &str| copy_version(run, earlier, versions, &described.plugin_file, digest);
        let swaps = run.description.swaps.iter();
        let swaps = swaps.filter(|x| x.instance == strategy.label && x.refused.is_none());
        for swap in swaps {
            strategy.swaps.push(PlannedSwap {
                message: swap.message,
                plugin: copied(&swap.to_digest)?,
            });
        }
        if !strategy.swaps.is_empty() {
            strategy.plugin = copied(&described.plugin_digest)?;
        }
    }
    Ok(())
}

/// Copies a version that is kept beside earlier results.
fn copy_version(
    run: &RunFile,
    earlier: &Path,
    versions: &Path,
    plugin: &str,
    digest: &str,
) -> Result<std::path::PathBuf, CliError> {
    let kept = version_path(&earlier.join("versions"), Path::new(plugin), digest);
    let carrier = Carrier::of(&kept).unwrap_or(Carrier::Native);
    let content = directory::read(&kept, carrier)?;
    let (copy, found) = put_version(versions, &kept, &content)?;
    if found != digest {
        let tape = &run.description.tape.name;
        return Err(CliError::new(
            exit::DATA,
            format!("{} is not the version that ran over {tape}", kept.display()),
            "use results whose `versions` folder is as the run left it",
        ));
    }
    Ok(copy)
}
