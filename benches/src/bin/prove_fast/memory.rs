//! How much memory a run takes, in a process of its own, so that nothing else is in the figure.
//!
//! Takes in a tape and how often it is repeated; gives out anonymous resident memory, early and at the end. The rows of a
//! repetition are made as they are wanted: their times and the numbers of their orders' places are moved on.

use std::path::Path;
use std::process::{Command, Stdio};

use backplane_benches::market::Market;
use backplane_benches::sources::Repeated;
use backplane_benches::strategies::{native, replay_from};
use backplane_engine::Watcher;
use backplane_sdk::types::Timestamp;
use rustix::process::{Resource, Rlimit, setrlimit};

use crate::error::ProveError;
use crate::figures::Memory;
use crate::machine::kilobytes;

/// Looks at the memory after each twentieth of the rows. The last look is at the last row, while the run still holds
/// all that it needs: what it gives back afterwards says nothing about its growth.
struct Looks {
    rows: u64,
    next: u64,
    early: Option<u64>,
    end: u64,
    most: u64,
}

/// How many times memory is looked at.
const LOOKS: u64 = 20;

impl Watcher for Looks {
    fn progress(&mut self, rows: u64, _: Timestamp) {
        if rows < self.next && rows < self.rows {
            return;
        }
        let now = anonymous();
        self.early = self.early.or(Some(now));
        self.end = now;
        self.most = self.most.max(now);
        self.next = rows + self.rows / LOOKS;
    }
}

/// The anonymous resident memory of this process, in bytes; zero where the kernel does not tell.
pub fn anonymous() -> u64 {
    let report = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    kilobytes(&report, "RssAnon:").unwrap_or(0) * 1_024
}

/// Replays a tape so many times as one long tape, with the market maker as a native plugin, in this process. With a
/// limit the process may not have more than that many bytes of address space.
///
/// # Errors
/// The tape cannot be read or repeated, or the limit cannot be set.
pub fn replay(tape: &Path, times: u64, limit: Option<u64>) -> Result<Memory, ProveError> {
    if let Some(limit) = limit {
        let (current, maximum) = (Some(limit), Some(limit));
        setrlimit(Resource::As, Rlimit { current, maximum }).map_err(|cause| {
            ProveError::new(
                format!("limiting the process to {limit} bytes: {cause}"),
                "ask for another limit",
            )
        })?;
    }
    let market = Market::open(tape)?;
    let mut source = Repeated::new(tape.to_owned(), times)?;
    let rows = market.rows * times;
    let mut looks = Looks {
        rows,
        next: rows / LOOKS,
        early: None,
        end: 0,
        most: 0,
    };
    let guests = vec![native("market_maker")];
    let summary = replay_from(&market.instruments, &mut source, guests, &mut looks);
    Ok(Memory {
        rows: summary.messages,
        tape_ns: summary.last.0 - summary.first.0,
        early: looks.early.unwrap_or_default(),
        end: looks.end,
        most: looks.most,
        commands: summary.instances[0].commands,
        fills: summary.instances[0].fills,
    })
}

/// As [`replay`], in a process of its own.
///
/// # Errors
/// The process cannot be started, or fails.
pub fn measure(tape: &Path, times: u64, limit: Option<u64>) -> Result<Memory, ProveError> {
    let failed = |why: &dyn std::fmt::Display| {
        ProveError::new(
            format!("replaying {} in its own process: {why}", tape.display()),
            "run `prove-fast memory` on that tape by hand",
        )
    };
    let program = std::env::current_exe().map_err(|cause| failed(&cause))?;
    let mut command = Command::new(program);
    command.arg("memory").arg(tape);
    command.args(["--times", &times.to_string()]);
    if let Some(limit) = limit {
        command.args(["--limit", &limit.to_string()]);
    }
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|cause| failed(&cause))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(failed(&format!("{}: {}", output.status, said.trim())));
    }
    serde_json::from_slice(&output.stdout).map_err(|cause| failed(&cause))
}
