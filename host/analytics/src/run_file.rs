//! `run.json`: what ran and what became of it.
//!
//! Takes in a [`RunDescription`] and the engine's [`RunSummary`]; gives out one serializable value, [`RunFile`], and its
//! warnings. Digests are hex, money is decimal strings, times are nanoseconds since the Unix epoch.

use std::collections::BTreeMap;
use std::path::Path;

use backplane_engine::summary::{InstanceSummary, Outcome, RunSummary};
use backplane_sdk::types::{Money, Timestamp};
use serde::{Deserialize, Serialize};

use crate::description::RunDescription;
use crate::error::AnalyticsError;
use crate::exact;

/// The file's name in a directory of results.
pub const RUN_FILE: &str = "run.json";
/// The format that this version writes. It reads all from 1 on.
pub const RUN_FORMAT: u64 = 2;

/// The content of `run.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunFile {
    /// The format's number, at most [`RUN_FORMAT`].
    pub format: u64,
    /// What was run.
    #[serde(flatten)]
    pub description: RunDescription,
    /// What became of it.
    pub summary: RunOutcome,
    /// The rows of each table.
    pub tables: BTreeMap<String, u64>,
    /// What a reader must know before believing a figure.
    pub warnings: Vec<String>,
}

/// What became of a run: [`RunSummary`] in a form that JSON can carry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunOutcome {
    /// The run's BLAKE3 digest as hex.
    pub digest: String,
    /// The tape's messages that were replayed.
    pub messages: u64,
    /// The time of the first message at the strategies, nanoseconds since the Unix epoch.
    pub first: i64,
    /// The time of the last message at the strategies, nanoseconds since the Unix epoch.
    pub last: i64,
    /// Messages whose exchange time ran backwards.
    pub exchange_time_corrections: u64,
    /// Messages that were recorded before they left the exchange.
    pub negative_latency_corrections: u64,
    /// Messages that took longer than the longest feed latency.
    pub late_corrections: u64,
    /// The instances, in the order of their numbers.
    pub instances: Vec<InstanceOutcome>,
}

/// What became of one instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceOutcome {
    /// The BLAKE3 digest of its effects as hex.
    pub digest: String,
    /// The messages that it heard.
    pub messages: u64,
    /// The commands that it gave, metrics included.
    pub commands: u64,
    /// The orders that it submitted.
    pub orders: u64,
    /// Its executions.
    pub fills: u64,
    /// Its cash, starting cash included, plus the value of its positions; a decimal string.
    #[serde(with = "exact::money")]
    pub equity: Money,
    /// The fees that it paid; negative for rebates; a decimal string.
    #[serde(with = "exact::money")]
    pub fees: Money,
    /// Why it was stopped; none where it heard the whole tape.
    pub stopped: Option<Stop>,
    /// How often each limit of the run refused an order or a modification, by its reason.
    #[serde(default)]
    pub refused: BTreeMap<String, u64>,
    /// Where it lost more than the run allows.
    #[serde(default)]
    pub kill: Option<KillSwitch>,
    /// How often it had too little margin, so that its positions were closed.
    #[serde(default)]
    pub liquidations: u64,
}

/// A strategy lost more than the run allows: all its orders were cancelled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KillSwitch {
    /// When, in the strategy's time; nanoseconds since the Unix epoch.
    pub at: i64,
    /// What it had lost; a decimal string.
    #[serde(with = "exact::money")]
    pub loss: Money,
    /// The loss at which it happens; a decimal string.
    #[serde(with = "exact::money")]
    pub max_loss: Money,
    /// Whether its positions were to be closed.
    pub flatten: bool,
}

/// Why and when an instance was stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// What happened, in one line.
    pub fault: String,
    /// The source file, where it is known.
    pub file: Option<String>,
    /// The line in it, where it is known.
    pub line: Option<u32>,
    /// The number of the message at which it happened, counted from 1.
    pub message: u64,
    /// The kind of that message, in words.
    pub event: String,
    /// When, in the strategy's time; nanoseconds since the Unix epoch.
    pub at: i64,
}

impl Stop {
    /// The fault with its place, in one line.
    pub fn text(&self) -> String {
        let place = match (&self.file, self.line) {
            (Some(file), Some(line)) => format!(" ({file}:{line})"),
            (Some(file), None) => format!(" ({file})"),
            _ => String::new(),
        };
        let (fault, event, message) = (&self.fault, &self.event, self.message);
        format!("on message {message} ({event}): {fault}{place}")
    }
}

impl RunFile {
    /// Joins a description and what became of the run.
    ///
    /// # Errors
    /// The summary has another number of instances than the description.
    pub(crate) fn new(
        description: RunDescription,
        summary: &RunSummary,
        tables: BTreeMap<String, u64>,
    ) -> Result<RunFile, AnalyticsError> {
        let (described, run) = (description.instances.len(), summary.instances.len());
        if described != run {
            return Err(AnalyticsError::Description {
                reason: format!("{described} instances are described, {run} were run"),
            });
        }
        let summary = RunOutcome::new(summary);
        Ok(RunFile {
            format: RUN_FORMAT,
            warnings: warnings(&description, &summary),
            description,
            summary,
            tables,
        })
    }

    /// The file's bytes.
    pub(crate) fn to_json(&self, path: &Path) -> Result<Vec<u8>, AnalyticsError> {
        let bytes = serde_json::to_vec_pretty(self);
        let mut bytes = bytes.map_err(|x| run_file_error(path, &x))?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Reads a directory's `run.json`.
    pub(crate) fn read(directory: &Path) -> Result<RunFile, AnalyticsError> {
        #[derive(Deserialize)]
        struct Format {
            format: u64,
        }
        let path = directory.join(RUN_FILE);
        let bytes = std::fs::read(&path).map_err(|x| AnalyticsError::file("reading", &path, x))?;
        let format: Format =
            serde_json::from_slice(&bytes).map_err(|x| run_file_error(&path, &x))?;
        if !(1..=RUN_FORMAT).contains(&format.format) {
            return Err(AnalyticsError::Format {
                path,
                found: format.format,
                known: RUN_FORMAT,
            });
        }
        let run: RunFile = serde_json::from_slice(&bytes).map_err(|x| run_file_error(&path, &x))?;
        if run.description.instances.len() != run.summary.instances.len() {
            return Err(AnalyticsError::RunFile {
                path,
                reason: "it describes another number of instances than it sums up".into(),
            });
        }
        run.description.check()?;
        Ok(run)
    }
}

impl RunOutcome {
    fn new(summary: &RunSummary) -> RunOutcome {
        RunOutcome {
            digest: hex(&summary.digest),
            messages: summary.messages,
            first: summary.first.0,
            last: summary.last.0,
            exchange_time_corrections: summary.exchange_time_corrections,
            negative_latency_corrections: summary.negative_latency_corrections,
            late_corrections: summary.late_corrections,
            instances: summary.instances.iter().map(InstanceOutcome::new).collect(),
        }
    }
}

impl InstanceOutcome {
    fn new(summary: &InstanceSummary) -> InstanceOutcome {
        let stopped = match &summary.outcome {
            Outcome::Finished => None,
            Outcome::Stopped {
                fault,
                message,
                event,
                at,
                ..
            } => Some(Stop {
                fault: fault.message.clone(),
                file: fault.file.clone(),
                line: fault.line,
                message: *message,
                event: event.clone(),
                at: at.0,
            }),
        };
        InstanceOutcome {
            digest: hex(&summary.digest),
            messages: summary.messages,
            commands: summary.commands,
            orders: summary.orders,
            fills: summary.fills,
            equity: summary.equity,
            fees: summary.fees,
            stopped,
            refused: summary
                .refused
                .iter()
                .map(|x| (x.0.text().to_owned(), x.1))
                .collect(),
            kill: summary.kill.map(|x| KillSwitch {
                at: x.at.0,
                loss: x.loss,
                max_loss: x.limit.loss,
                flatten: x.limit.flatten,
            }),
            liquidations: summary.liquidations,
        }
    }

    /// What the run's limits did to an instance, each in one line.
    fn limits(&self, name: &str) -> Vec<String> {
        let mut all = Vec::new();
        if let Some(kill) = &self.kill {
            let closed = if kill.flatten {
                ", its positions closed"
            } else {
                ""
            };
            all.push(format!(
                "{name} lost {} at {} (the limit is {}): its orders were cancelled{closed}",
                kill.loss,
                Timestamp(kill.at),
                kill.max_loss,
            ));
        }
        if self.liquidations > 0 {
            let times = self.liquidations;
            all.push(format!(
                "{name} had too little margin, times {times}: its orders were cancelled, its positions closed"
            ));
        }
        if !self.refused.is_empty() {
            let counts = self.refused.iter();
            let counts: Vec<String> = counts
                .map(|(why, count)| format!("{count} {why}"))
                .collect();
            let counts = counts.join(", ");
            all.push(format!(
                "limits of the run refused orders of {name}: {counts}"
            ));
        }
        all
    }
}

fn run_file_error(path: &Path, error: &serde_json::Error) -> AnalyticsError {
    AnalyticsError::RunFile {
        path: path.to_owned(),
        reason: error.to_string(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|x| format!("{x:02x}")).collect()
}

/// What a reader must know before believing a figure, most important first.
fn warnings(description: &RunDescription, summary: &RunOutcome) -> Vec<String> {
    let mut all = Vec::new();
    for (instance, outcome) in description.instances.iter().zip(&summary.instances) {
        if let Some(stop) = &outcome.stopped {
            all.push(format!("{} was stopped {}", instance.name, stop.text()));
        }
        all.extend(outcome.limits(&instance.name));
    }
    let corrections = [
        (
            summary.exchange_time_corrections,
            "ran backwards in exchange time; each was taken as of the message before",
        ),
        (
            summary.negative_latency_corrections,
            "were recorded before they left the exchange; each was taken as heard when it left",
        ),
        (
            summary.late_corrections,
            "took longer than the longest feed latency; their exchange time was moved forward",
        ),
    ];
    for (count, what) in corrections {
        if count > 0 {
            all.push(format!("{count} of {} messages {what}", summary.messages));
        }
    }
    for swap in &description.swaps {
        let (name, message) = (&swap.instance, swap.message);
        let version: String = swap.to_digest.chars().take(12).collect();
        all.push(match &swap.refused {
            None => format!("{name} was replaced by version {version} before message {message}"),
            Some(why) if version.is_empty() => {
                format!("{name} was not replaced before message {message}: {why}")
            }
            Some(why) => format!(
                "{name} was not replaced by version {version} before message {message}: {why}"
            ),
        });
    }
    let (currency, one) = description.currency();
    if !one {
        all.push(format!(
            "instruments trade in {currency}; amounts are added as if these were one currency"
        ));
    }
    all
}
