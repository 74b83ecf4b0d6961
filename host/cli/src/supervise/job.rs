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
use crate::settings::EngineSettings;
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
    /// Where to note each message before it is heard; none while nothing is suspected.
    pub trace: Option<PathBuf>,
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

/// What a worker tells.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum News {
    /// The tape has so many rows.
    Tape {
        /// The rows.
        rows: u64,
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
    },
    /// These strategies, by their numbers, fell while they heard many messages in one call. Hearing one a call, they fall
    /// at the very message.
    Unsure {
        /// The strategies.
        strategies: Vec<usize>,
    },
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
