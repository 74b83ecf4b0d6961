//! What supervisor and worker say to each other.
//!
//! Takes in nothing; gives out the job, a JSON file, and the news, one JSON value a line on the worker's standard output.

use std::path::PathBuf;

use backplane_engine::fault::Fault;
use backplane_guests::Grant;
use backplane_guests::wasm::Limits;
use serde::{Deserialize, Serialize};

use crate::error::CliError;
use crate::limits::LimitSettings;
use crate::settings::{EngineSettings, PythonSetting};
use crate::validate::Verdict;

/// What a worker is to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    /// The tape.
    pub tape: PathBuf,
    /// The directory to write results into; it exists and is empty.
    pub results: PathBuf,
    /// The engine's settings.
    pub engine: EngineSettings,
    /// The strategies, in the order of their numbers.
    pub strategies: Vec<JobStrategy>,
    /// The limits of each.
    pub limits: Vec<LimitSettings>,
    /// How Python strategies are carried.
    pub python: PythonSetting,
    /// Whether new versions may be named on standard input while it runs.
    #[serde(default)]
    pub takes_swaps: bool,
    /// The last time at which a row is received that is replayed, nanoseconds since the Unix epoch; that of the tape where
    /// it is not said.
    #[serde(default)]
    pub until: Option<i64>,
    /// Where checkpoints are, and when to make more; none where there are none.
    #[serde(default)]
    pub checkpoints: Option<Checkpoints>,
    /// Whether figures and report are left to whoever reads the results.
    #[serde(default)]
    pub leaves_report: bool,
    /// Where to note each message before it is heard; none while nothing is suspected.
    pub trace: Option<PathBuf>,
}

impl Job {
    /// Notes that a version took over, so that it does so again should the job be run again.
    pub(super) fn note_swap(&mut self, swap: &Swap) {
        let planned = PlannedSwap {
            message: swap.message,
            plugin: swap.plugin.clone(),
        };
        let swaps = &mut self.strategies[swap.strategy].swaps;
        if !swaps.contains(&planned) {
            swaps.push(planned);
        }
    }
}

/// Where checkpoints are, and when to make more. Strategies go on from those that are there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoints {
    /// The folder in which each strategy has a file.
    pub folder: PathBuf,
    /// The nanoseconds of a strategy's time from one to the next; none where no more are made.
    pub every: Option<i64>,
    /// When to make the first, nanoseconds since the Unix epoch; after the first span where it is not said.
    pub first: Option<i64>,
    /// Whether a strategy that cannot go on from its checkpoint ends the run, instead of beginning anew.
    pub must_go_on: bool,
}

impl Checkpoints {
    /// The file of the strategy of a number.
    pub fn file(&self, number: usize) -> PathBuf {
        self.folder.join(format!("{number}.checkpoints"))
    }
}

/// A strategy of a job.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct JobStrategy {
    /// What the run calls it.
    pub label: String,
    /// The plugin.
    pub plugin: PathBuf,
    /// What it was granted.
    pub grant: Grant,
    /// Its parameters as the user wrote them.
    pub params: Vec<(String, String)>,
    /// What it may use where it is sandboxed.
    #[serde(default)]
    pub sandbox: Limits,
    /// The features that it hears instead of its own; empty for its own.
    pub features: Vec<String>,
    /// When rows of features are made, instead of what it says.
    pub sampling: Option<String>,
    /// The versions that take over from it, in the order of their messages.
    #[serde(default)]
    pub swaps: Vec<PlannedSwap>,
    /// Where to record what it hears; nowhere mostly.
    #[serde(default)]
    pub record: Option<PathBuf>,
    /// What it did to an earlier worker: it is not run again.
    pub finding: Option<Finding>,
}

/// What a strategy did to its worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What happened.
    pub cause: String,
    /// At which message of the strategy, from 1; 0 while it was loaded.
    pub message: u64,
    /// The kind of that message.
    pub event: String,
    /// When, nanoseconds since the Unix epoch.
    pub at: i64,
}

impl Finding {
    /// The finding as a fault of the strategy.
    pub fn fault(&self) -> Fault {
        Fault::new(self.cause.clone())
    }
}

/// What a warm worker is asked for: one JSON value a line on its standard input.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// To run a job, once the one before is done.
    Run(Box<Job>),
    /// To give up the job that runs. It fails.
    Abandon,
    /// To let a new version of a strategy take over.
    Swap {
        /// The strategy's number.
        strategy: usize,
        /// The plugin.
        plugin: PathBuf,
    },
}

/// A version that is to take over at a known message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedSwap {
    /// The number of the first message that it hears, counted from 1.
    pub message: u64,
    /// The plugin.
    pub plugin: PathBuf,
}

/// A version took over, or could not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Swap {
    /// The strategy's number.
    pub strategy: usize,
    /// The number of the first message that the new version hears, counted from 1.
    pub message: u64,
    /// When the last message before was heard, nanoseconds since the Unix epoch.
    pub at: i64,
    /// The BLAKE3 digest of the old version's plugin as hex.
    pub from_digest: String,
    /// That of the new version's.
    pub to_digest: String,
    /// The new version's own word for itself.
    pub to_version: String,
    /// The version of the state that was handed over.
    pub state_version: u32,
    /// Its bytes.
    pub state_bytes: u64,
    /// The new version's plugin.
    pub plugin: PathBuf,
    /// Why the new version could not take over; the old one went on.
    pub refused: Option<String>,
}

/// What a job took, and what the worker holds after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// How long reading the tape and loading the plugins took, in nanoseconds.
    pub load_nanos: u64,
    /// How long the replay took, in nanoseconds.
    pub run_nanos: u64,
    /// How long writing tables and report took, in nanoseconds.
    pub report_nanos: u64,
    /// The native libraries that are mapped, older versions included.
    pub libraries: u64,
    /// The bytes of their files.
    pub library_bytes: u64,
    /// The bytes of the tape that is kept in memory; 0 where it is read from its file.
    pub tape_bytes: u64,
}

/// What a worker tells.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum News {
    /// The tape has so many rows.
    Tape {
        /// The rows.
        rows: u64,
    },
    /// A strategy is being loaded that has a time limit of its own.
    Loads {
        /// The limit in nanoseconds.
        patience: i64,
    },
    /// How far it got. Told several times a second, whether it got further or not.
    Progress {
        /// Rows replayed.
        rows: u64,
        /// Messages heard by strategies.
        messages: u64,
        /// The time on the tape, nanoseconds since the Unix epoch.
        at: i64,
    },
    /// The strategies have heard the whole tape; what remains is the host's own work.
    Replayed,
    /// The results are whole.
    Done {
        /// How many strategies were stopped.
        stopped: usize,
        /// What it took.
        account: Account,
    },
    /// These strategies, by their numbers, fell while they heard many messages in one call. Hearing one a call, they fall
    /// at the very message.
    Unsure {
        /// The strategies.
        strategies: Vec<usize>,
    },
    /// A version took over, or could not.
    Swapped(Swap),
    /// A warm worker has put away what the last job left and waits for the next.
    Idle,
    /// It cannot go on, for a reason that is nobody's crash.
    Failed(CliError),
    /// What a plugin says about itself.
    Described {
        /// Its descriptor, as JSON.
        descriptor: serde_json::Value,
        /// The BLAKE3 digest of its file.
        digest: String,
    },
    /// How a check of a plugin ended.
    Checked(Verdict),
}
