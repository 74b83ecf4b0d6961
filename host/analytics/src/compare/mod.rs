//! Several runs side by side.
//!
//! Takes in directories of results; gives out [`Comparison`]: what was configured otherwise, every figure and its step, the
//! curves over each other, where commands begin to differ, and which conditions hold.

mod condition;
mod differences;
mod divergence;
mod html;
mod measures;
mod text;

use std::path::Path;

use serde::Serialize;

pub use condition::{Condition, Failure};
pub use differences::Difference;
pub use divergence::Divergence;
pub use measures::Measures;

use crate::error::AnalyticsError;
use crate::figures::{Curves, Options};
use crate::report::Report;
use crate::run_file::RunFile;

/// The format of the comparison's JSON.
pub const COMPARISON_FORMAT: u64 = 1;

/// One of the runs.
struct Run {
    /// What the reader calls it: its directory.
    name: String,
    file: RunFile,
    measures: Measures,
    curves: Curves,
    warnings: Vec<String>,
}

/// Several runs side by side; the first is what the others are measured against.
pub struct Comparison {
    runs: Vec<Run>,
    differences: Vec<Difference>,
    divergences: Vec<Divergence>,
    failures: Vec<Failure>,
}

impl std::fmt::Debug for Comparison {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.runs.iter().map(|x| x.name.as_str()).collect();
        f.debug_struct("Comparison")
            .field("runs", &names)
            .finish_non_exhaustive()
    }
}

/// A directory of results with the name by which a comparison calls it.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a> {
    /// The name.
    pub name: &'a str,
    /// The directory.
    pub directory: &'a Path,
}

impl Comparison {
    /// Reads directories of results.
    ///
    /// # Errors
    /// A directory cannot be read, as [`Report::read`] says.
    pub fn read(
        directories: &[Named<'_>],
        options: &Options,
    ) -> Result<Comparison, AnalyticsError> {
        let mut runs = Vec::with_capacity(directories.len());
        for named in directories {
            let report = Report::read_with(named.directory, options)?;
            runs.push(Run {
                name: named.name.to_owned(),
                measures: measures::measures(&report),
                curves: report.portfolio_curves().clone(),
                warnings: report.warnings().map(str::to_owned).collect(),
                file: report.run().clone(),
            });
        }
        let mut divergences = Vec::new();
        for (number, run) in runs.iter().enumerate().skip(1) {
            let first = (directories[0].directory, &runs[0].file);
            let other = (directories[number].directory, &run.file);
            divergences.extend(divergence::find(&run.name, first, other)?);
        }
        let files: Vec<&RunFile> = runs.iter().map(|x| &x.file).collect();
        Ok(Comparison {
            differences: differences::find(&files),
            divergences,
            failures: Vec::new(),
            runs,
        })
    }

    /// Checks conditions for every run but the first, or for the only one; what holds is in the text, the JSON and the
    /// page from then on.
    ///
    /// # Errors
    /// A condition names no figure, or several.
    pub fn check(&mut self, conditions: &[Condition]) -> Result<&[Failure], String> {
        let (Some(first), Some(last)) = (self.runs.first(), self.runs.len().checked_sub(1)) else {
            return Ok(&[]);
        };
        for run in &self.runs[last.min(1)..] {
            for condition in conditions {
                let found = condition.check(&run.name, &run.measures, &first.measures)?;
                self.failures.extend(found);
            }
        }
        Ok(&self.failures)
    }

    /// What differs in tape, program, configuration, strategies and parameters.
    pub fn differences(&self) -> &[Difference] {
        &self.differences
    }

    /// Where the runs begin to differ from the first.
    pub fn divergences(&self) -> &[Divergence] {
        &self.divergences
    }

    /// The comparison for a terminal.
    pub fn text(&self, color: bool) -> String {
        text::write(self, color)
    }

    /// The comparison as one file for a browser. It needs no other file and no network.
    pub fn html(&self) -> String {
        html::write(self)
    }

    /// The comparison as JSON: `format`, the runs with every figure, differences, divergences and failures.
    pub fn json(&self) -> String {
        #[derive(Serialize)]
        struct OneRun<'a> {
            name: &'a str,
            digest: &'a str,
            tape: &'a str,
            warnings: &'a [String],
            figures: std::collections::BTreeMap<&'a str, Option<f64>>,
        }
        #[derive(Serialize)]
        struct Content<'a> {
            format: u64,
            runs: Vec<OneRun<'a>>,
            differences: &'a [Difference],
            divergences: &'a [Divergence],
            failures: &'a [Failure],
        }
        fn one(run: &Run) -> OneRun<'_> {
            let figures = run.measures.iter();
            OneRun {
                name: &run.name,
                digest: &run.file.summary.digest,
                tape: &run.file.description.tape.name,
                warnings: &run.warnings,
                figures: figures
                    .map(|(path, x)| (path.as_str(), x.as_ref().ok().copied()))
                    .collect(),
            }
        }
        let content = Content {
            format: COMPARISON_FORMAT,
            runs: self.runs.iter().map(one).collect(),
            differences: &self.differences,
            divergences: &self.divergences,
            failures: &self.failures,
        };
        // Values of this shape cannot fail to serialize: every key is a string and every float is finite.
        let mut text = serde_json::to_string_pretty(&content).unwrap_or_default();
        text.push('\n');
        text
    }
}
