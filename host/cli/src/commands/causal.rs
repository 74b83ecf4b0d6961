//! `backplane run --verify-causal`: the same run with other sizes of batches.
//!
//! Takes in a job and the results of its first run; gives out the digests of each instance, side by side. Market data is
//! the same whatever the size of a batch, so a strategy whose commands differ has looked at what came later in its batch,
//! or keeps something that depends on how rows are cut.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use backplane_analytics::Report;

use crate::error::CliError;
use crate::output::empty;
use crate::supervise::{Job, supervise};

/// The sizes of batches to compare with.
const SIZES: [usize; 3] = [1, 7, 64];

/// The digests of each instance for each size of batches.
pub(super) struct Causality {
    /// The labels of the instances.
    labels: Vec<String>,
    /// The size of each run's batches, with the digests of its instances.
    runs: Vec<(usize, Vec<String>)>,
}

impl Causality {
    /// Whether no instance depends on the size of batches.
    pub(super) fn holds(&self) -> bool {
        (0..self.labels.len()).all(|place| self.differing(place).is_none())
    }

    /// The first size of batches with which an instance did something else.
    fn differing(&self, place: usize) -> Option<usize> {
        let (first, rest) = self.runs.split_first()?;
        let other = rest.iter().find(|x| x.1.get(place) != first.1.get(place));
        other.map(|x| x.0)
    }
}

impl fmt::Display for Causality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sizes: Vec<String> = self.runs.iter().map(|x| x.0.to_string()).collect();
        writeln!(f, "\ncausality: batches of {}", sizes.join(", "))?;
        for (place, label) in self.labels.iter().enumerate() {
            match self.differing(place) {
                None => writeln!(f, "  {label}: equal digests")?,
                Some(size) => writeln!(
                    f,
                    "  {label}: ANOTHER DIGEST with batches of {size}: what it does depends on rows that come later, or \
                     on how they are cut"
                )?,
            }
        }
        Ok(())
    }
}

/// Runs a job again with other sizes of batches and compares with its first results.
///
/// # Errors
/// What ends a run.
pub(super) fn verify(
    asked: &Job,
    results: &Path,
    staging: &Path,
    stall_timeout: Duration,
) -> Result<Causality, CliError> {
    let mut runs = vec![(asked.python.batch, digests(results)?)];
    for size in SIZES {
        let mut job = asked.clone();
        job.python.batch = size;
        // What is recorded is what the first run heard.
        job.strategies.iter_mut().for_each(|x| x.record = None);
        job.results = staging.join("causality");
        supervise(&mut job, staging, stall_timeout, &empty, None)?;
        runs.push((size, digests(&job.results)?));
    }
    let removed = std::fs::remove_dir_all(staging.join("causality"));
    removed.map_err(|error| CliError::io("removing", staging, &error))?;
    Ok(Causality {
        labels: asked.strategies.iter().map(|x| x.label.clone()).collect(),
        runs,
    })
}

fn digests(results: &Path) -> Result<Vec<String>, CliError> {
    let report = Report::read(results)?;
    let instances = report.run().summary.instances.iter();
    Ok(instances.map(|x| x.digest.clone()).collect())
}
