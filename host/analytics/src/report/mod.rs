//! The report of a run: for a terminal, as JSON, and as one file for a browser.
//!
//! Takes in a directory of results; gives out [`Report`]. Nothing is shown that is not computed from the tables.

pub(crate) mod data;
pub(crate) mod escape;
pub mod format;
pub(crate) mod html;
pub(crate) mod html_frame;
mod html_markouts;
mod html_provenance;
mod html_tables;
mod periods;
mod svg;
mod text;

use std::path::Path;

use serde::Serialize;

use crate::error::AnalyticsError;
use crate::figures::{
    self, Computed, Curves, InstanceFigures, InstrumentFigures, KeyFigures, Options,
};
use crate::run_file::RunFile;

pub use text::TextOptions;

/// The name of the report's file in a directory of results.
pub const REPORT_FILE: &str = "report.html";
/// The format of the report's JSON.
pub const REPORT_FORMAT: u64 = 2;

/// The results of a run, read and computed.
#[derive(Clone, Debug)]
pub struct Report {
    run: RunFile,
    computed: Computed,
}

impl Report {
    /// Reads a directory of results: `run.json` and every table.
    ///
    /// # Errors
    /// A file is missing, cut short, of another version, or contradicts `run.json`.
    pub fn read(directory: &Path) -> Result<Report, AnalyticsError> {
        Report::read_with(directory, &Options::default())
    }

    /// As [`Report::read`], with figures made otherwise.
    ///
    /// # Errors
    /// As [`Report::read`].
    pub fn read_with(directory: &Path, options: &Options) -> Result<Report, AnalyticsError> {
        let run = RunFile::read(directory)?;
        let computed = figures::compute(directory, &run, options)?;
        Ok(Report { run, computed })
    }

    pub(crate) fn new(run: RunFile, computed: Computed) -> Report {
        Report { run, computed }
    }

    /// What ran and what became of it.
    pub fn run(&self) -> &RunFile {
        &self.run
    }

    /// The figures of each instance, in the order of their numbers.
    pub fn instances(&self) -> &[InstanceFigures] {
        &self.computed.instances
    }

    /// The figures of all instances together.
    pub fn portfolio(&self) -> &KeyFigures {
        &self.computed.portfolio
    }

    /// The reduced curves of all instances together.
    pub(crate) fn portfolio_curves(&self) -> &Curves {
        &self.computed.portfolio_curves
    }

    /// The figures of all instances together in each instrument that was traded.
    pub fn instruments(&self) -> &[InstrumentFigures] {
        &self.computed.instruments
    }

    /// What a reader must know before believing a figure.
    pub fn warnings(&self) -> impl Iterator<Item = &str> {
        let all = self.run.warnings.iter().chain(&self.computed.warnings);
        all.map(String::as_str)
    }

    /// The report for a terminal of 80 columns: strategies and key figures, warnings, and where the results are.
    pub fn text(&self, options: &TextOptions<'_>) -> String {
        text::write(self, options)
    }

    /// The report as JSON: `format`, the run's digest, warnings, the portfolio and each instance. Amounts of money are
    /// decimal strings; a figure that does not exist is `{"value": null, "reason": "..."}`.
    pub fn json(&self) -> String {
        #[derive(Serialize)]
        struct Content<'a> {
            format: u64,
            tool_version: &'a str,
            tape: &'a str,
            digest: &'a str,
            currency: String,
            first: i64,
            last: i64,
            warnings: Vec<&'a str>,
            portfolio: &'a KeyFigures,
            instruments: &'a [InstrumentFigures],
            instances: &'a [InstanceFigures],
        }
        let content = Content {
            format: REPORT_FORMAT,
            tool_version: &self.run.description.tool_version,
            tape: &self.run.description.tape.name,
            digest: &self.run.summary.digest,
            currency: self.run.description.currency().0,
            first: self.run.summary.first,
            last: self.run.summary.last,
            warnings: self.warnings().collect(),
            portfolio: self.portfolio(),
            instruments: self.instruments(),
            instances: self.instances(),
        };
        // Values of this shape cannot fail to serialize: every key is a string and every float is finite.
        let mut text = serde_json::to_string_pretty(&content).unwrap_or_default();
        text.push('\n');
        text
    }

    /// The report as one file for a browser. It needs no other file and no network.
    pub fn html(&self) -> String {
        html::write(self)
    }
}
