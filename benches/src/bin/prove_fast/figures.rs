//! What was measured, in the form in which it is printed and saved.
//!
//! Takes in samples; gives out figures: medians, rates, counts.

use backplane_benches::time::{Elapsed, median};
use backplane_engine::summary::RunSummary;
use serde::Serialize;

use crate::machine::Machine;

/// The version of the JSON form.
pub const VERSION: u32 = 1;

/// One measurement of one line.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// How long it took.
    pub elapsed: Elapsed,
    /// The tape's rows that it went through.
    pub rows: u64,
    /// What the strategies did, where there were any.
    pub counts: Option<Counts>,
}

/// What strategies did in a run. Of a run of many instances these are sums.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// How many instances ran.
    pub instances: u64,
    /// The messages that they heard; none where nobody counted.
    pub heard: Option<u64>,
    /// Their commands.
    pub commands: u64,
    /// The orders that they sent; the rest of the commands are cancels.
    pub orders: u64,
    /// Their executions.
    pub fills: u64,
    /// The digest of the run, in hexadecimal; none for the peer.
    pub digest: Option<String>,
}

impl From<&RunSummary> for Counts {
    fn from(summary: &RunSummary) -> Counts {
        let sum = |count: fn(&backplane_engine::summary::InstanceSummary) -> u64| {
            summary.instances.iter().map(count).sum()
        };
        let hexadecimal = summary.digest.iter().map(|x| format!("{x:02x}"));
        Counts {
            instances: summary.instances.len() as u64,
            heard: Some(sum(|x| x.messages)),
            commands: sum(|x| x.commands),
            orders: sum(|x| x.orders),
            fills: sum(|x| x.fills),
            digest: Some(hexadecimal.collect()),
        }
    }
}

/// One line of the table.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// The tape.
    pub tape: String,
    /// What was done with it.
    pub name: String,
    /// The tape's rows that it went through in each round.
    pub rows: u64,
    /// The processor time of each round, in nanoseconds.
    pub cpu_ns_rounds: Vec<u64>,
    /// The median of the rounds' processor times, in nanoseconds.
    pub cpu_ns: u64,
    /// The median of the rounds' times on the wall's clock, in nanoseconds.
    pub wall_ns: u64,
    /// Nanoseconds of processor time a row.
    pub ns_per_row: f64,
    /// Rows of the tape a second of processor time.
    pub rows_per_second: f64,
    /// Messages of the source a second of processor time: one of them may make two rows.
    pub messages_per_second: f64,
    /// How many times as long as the bare scan of the same tape's rows in memory it took; none where that was not
    /// measured.
    pub scans: Option<f64>,
    /// What the strategies did.
    pub counts: Option<Counts>,
}

impl Line {
    /// The line of some rounds, of which there is at least one. `messages_per_row` is the tape's.
    pub fn new(tape: &str, name: &str, messages_per_row: f64, samples: &[Sample]) -> Line {
        let cpu: Vec<u64> = samples.iter().map(|x| x.elapsed.cpu_ns).collect();
        let wall: Vec<u64> = samples.iter().map(|x| x.elapsed.wall_ns).collect();
        let (cpu_ns, wall_ns) = (median(&cpu), median(&wall));
        let rows = samples[0].rows;
        let rows_per_second = rows as f64 * 1e9 / cpu_ns.max(1) as f64;
        Line {
            tape: tape.to_owned(),
            name: name.to_owned(),
            rows,
            cpu_ns_rounds: cpu,
            cpu_ns,
            wall_ns,
            ns_per_row: cpu_ns as f64 / rows.max(1) as f64,
            rows_per_second,
            messages_per_second: rows_per_second * messages_per_row,
            scans: None,
            counts: samples[0].counts.clone(),
        }
    }

    /// Millions of messages of the source a second of processor time.
    pub fn million_messages(&self) -> f64 {
        self.messages_per_second / 1e6
    }

    /// Millions of rows a second of processor time.
    pub fn million_rows(&self) -> f64 {
        self.rows_per_second / 1e6
    }
}

/// A tape that was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Tape {
    /// Its name in the table.
    pub name: String,
    /// What it is.
    pub what: String,
    /// Its instruments.
    pub instruments: usize,
    /// Its rows.
    pub rows: u64,
    /// The messages of the source from which they were made.
    pub messages: u64,
}

/// What sandboxed strategies cost beside their messages.
#[derive(Clone, Debug, Serialize)]
pub struct Sandboxed {
    /// From nothing to an instance of a module that was compiled before, in nanoseconds on the wall's clock.
    pub start_ns: u64,
    /// The instances that lived at once.
    pub instances: u64,
    /// The anonymous memory of each when it was made, in bytes.
    pub bytes_each: u64,
    /// The most that it was while they heard a part of the tape, the run's own memory included.
    pub bytes_each_most: u64,
    /// The rows of that part.
    pub rows: u64,
    /// Nanoseconds of processor time for each message that one of them heard.
    pub ns_per_message: f64,
}

/// How long the host took for single rows, in nanoseconds.
#[derive(Clone, Debug, Serialize)]
pub struct Latency {
    /// The rows that were timed.
    pub rows: u64,
    /// Half of the rows took no longer.
    pub p50: u64,
    /// 99 of 100 rows took no longer.
    pub p99: u64,
    /// 999 of 1,000 rows took no longer.
    pub p999: u64,
    /// The longest.
    pub max: u64,
    /// What two readings of the clock take, half of which is in every figure; the median.
    pub clock: u64,
}

/// The memory of a run in a process of its own.
#[derive(Clone, Debug, Serialize, serde::Deserialize)]
pub struct Memory {
    /// The rows that were replayed.
    pub rows: u64,
    /// How much of the tape's time passed, in nanoseconds.
    pub tape_ns: i64,
    /// Anonymous resident memory after a twentieth of the rows, in bytes.
    pub early: u64,
    /// At the end.
    pub end: u64,
    /// The most that was seen; looked at after each twentieth.
    pub most: u64,
    /// The commands that the strategy gave.
    pub commands: u64,
    /// Its executions.
    pub fills: u64,
}

/// Whether a target was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It was.
    Met,
    /// It was not.
    Missed,
    /// Nothing is demanded.
    Shown,
    /// What it is about was not measured.
    NotMeasured,
    /// It was a quick measurement.
    NotJudged,
}

/// A target and what came of it.
#[derive(Clone, Debug, Serialize)]
pub struct Target {
    /// What it is about.
    pub name: String,
    /// The figure; none where it was not measured.
    pub value: Option<f64>,
    /// What the figure counts.
    pub unit: &'static str,
    /// What is demanded: at least this, or at most; none for a figure that is only shown.
    pub bound: Option<Bound>,
    /// What is aimed at beyond that.
    pub aim: Option<f64>,
    /// Whether it was met.
    pub verdict: Verdict,
    /// What else is to be known: why it was not measured, or what the figure does not say.
    pub note: Option<String>,
}

/// What is demanded of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bound {
    /// At least this.
    AtLeast(f64),
    /// At most this.
    AtMost(f64),
}

impl Bound {
    /// Whether a figure keeps to it.
    pub fn holds(self, value: f64) -> bool {
        match self {
            Bound::AtLeast(bound) => value >= bound,
            Bound::AtMost(bound) => value <= bound,
        }
    }
}

/// All that was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// [`VERSION`].
    pub version: u32,
    /// The command, as it can be typed.
    pub command: String,
    /// Where.
    pub machine: Machine,
    /// Whether small tapes were measured in little time.
    pub quick: bool,
    /// How often each line was measured.
    pub rounds: usize,
    /// The tapes.
    pub tapes: Vec<Tape>,
    /// The lines.
    pub lines: Vec<Line>,
    /// How long single rows took.
    pub latency: Option<Latency>,
    /// What sandboxed strategies cost beside their messages.
    pub sandboxed: Option<Sandboxed>,
    /// The memory of the day-long tape.
    pub day: Option<Memory>,
    /// The memory of a run that may have less than its tape is long.
    pub small: Option<Memory>,
    /// What could not be measured, and why.
    pub left_out: Vec<String>,
    /// What is demanded and what came of it.
    pub targets: Vec<Target>,
}

impl Report {
    /// A line of the table, by its tape and name.
    pub fn line(&self, tape: &str, name: &str) -> Option<&Line> {
        let mut lines = self.lines.iter();
        lines.find(|x| x.tape == tape && x.name == name)
    }
}
