//! What can go wrong.
//!
//! Takes in what the other modules noticed; gives out one error that says what was being done, to what, why it failed,
//! and what to do next.

use std::io;
use std::path::PathBuf;

use backplane_tape::TapeError;
use hftbacktest::backtest::BacktestError;
use hftbacktest::types::BuildError;
use thiserror::Error;

use crate::request::Mode;

/// A measurement that could not be made.
#[derive(Debug, Error)]
pub enum PeerError {
    /// The tape cannot be read.
    #[error(transparent)]
    Tape(#[from] TapeError),
    /// A row that the peer's format cannot hold.
    #[error("converting {} for the peer: row {row}: {why}", path.display())]
    Row {
        /// The tape.
        path: PathBuf,
        /// The row, counted from 1.
        row: u64,
        /// What cannot be said, and what to do.
        why: String,
    },
    /// The instrument's prices span too much for a vector.
    #[error(
        "the prices of {symbol} span {ticks} ticks, more than a vector should hold; use --depth hash-map"
    )]
    Range {
        /// The instrument.
        symbol: String,
        /// From the lowest to the highest price.
        ticks: i64,
    },
    /// The peer's tree gives wrong best bids in order-level mode.
    #[error(
        "the peer's BTreeMarketDepth cannot serve --mode order-level: in release 0.9.4 it takes the lowest bid for the best one once the best level is deleted; use --depth roi-vector or hash-map"
    )]
    Tree,
    /// The peer refuses its configuration.
    #[error("setting up the peer's backtest: {0}")]
    Build(#[from] BuildError),
    /// The peer's backtest ended early.
    #[error(
        "the peer's backtest of {mode:?} stopped at {timestamp} ns: {source}; the row at this time and what the peer expects of it are where to look"
    )]
    Backtest {
        /// What it was told.
        mode: Mode,
        /// Its time, nanoseconds since the Unix epoch.
        timestamp: i64,
        /// What it said.
        source: BacktestError,
    },
    /// The kernel does not count processor time.
    #[error("reading the thread's processor time: {0}; a Linux kernel with schedstat is needed")]
    Clock(io::Error),
    /// The fills cannot be written.
    #[error("writing fills to {}: {source}; name a file in a folder that exists", path.display())]
    Output {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}
