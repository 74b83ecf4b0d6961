//! What is asked for.
//!
//! Takes in the command line; gives out sizes with their defaults filled in.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Messages of each generated tape in a full measurement.
const MESSAGES_FULL: u64 = 20_000_000;
/// Messages of each generated tape in a quick one.
const MESSAGES_QUICK: u64 = 100_000;

/// Measures how fast Backplane replays, and prints one table
#[derive(Clone, Debug, Parser)]
#[command(name = "prove-fast", version)]
pub struct Request {
    /// Measure small tapes in little time, to see that everything works; nothing is judged
    #[arg(long)]
    pub quick: bool,
    /// Print one JSON object on the last line of standard output instead of the table
    #[arg(long)]
    pub json: bool,
    /// Rounds; each runs every line once, and a figure is the median over them [default: 5, quick: 2]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000))]
    rounds: Option<u64>,
    /// Messages of each generated tape [default: 20000000, quick: 100000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(10_000..=1_000_000_000))]
    messages: Option<u64>,
    /// Measure only the lines whose tape and name, put together, hold this text
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub only: String,
    /// The peer's program; without it the lines of the peer are left out
    #[arg(long, value_name = "PATH")]
    pub peer: Option<PathBuf>,
    /// What to do instead of measuring
    #[command(subcommand)]
    pub instead: Option<Instead>,
}

/// What the program does when it measures the memory of a process of its own.
#[derive(Clone, Debug, Subcommand)]
pub enum Instead {
    /// Replay a tape over and over and print one JSON line of the memory that it took
    Memory {
        /// The tape
        tape: PathBuf,
        /// How often it is replayed, each time as a later part of one long tape
        #[arg(long, default_value_t = 1)]
        times: u64,
        /// The most memory that the process may have, in bytes: its address space is limited to that
        #[arg(long)]
        limit: Option<u64>,
    },
}

impl Request {
    /// Rounds.
    pub fn rounds(&self) -> usize {
        self.rounds.unwrap_or(if self.quick { 2 } else { 5 }) as usize
    }

    /// Messages of each generated tape.
    pub fn messages(&self) -> u64 {
        let default = if self.quick {
            MESSAGES_QUICK
        } else {
            MESSAGES_FULL
        };
        self.messages.unwrap_or(default)
    }

    /// Orders that rest in each instrument's book of the hard tape, on average.
    pub const fn resting_orders(&self) -> u32 {
        if self.quick { 400 } else { 4_000 }
    }

    /// Whether a line is wanted.
    pub fn wants(&self, tape: &str, name: &str) -> bool {
        format!("{tape}, {name}").contains(&self.only)
    }
}
