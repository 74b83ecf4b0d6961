//! The arguments of the commands that show tapes and make new ones of old ones.
//!
//! Takes in what the user typed; gives out checked values.

use std::path::PathBuf;

use backplane_sdk::types::Timestamp;
use backplane_tape::parse_time;
use clap::Args;

/// Which rows of a tape.
#[derive(Debug, Args)]
pub struct PartArguments {
    /// From this time on (of receipt, UTC): `2024-01-02T14:30:05.25`, a day, or nanoseconds since 1970
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub from: Option<Timestamp>,
    /// Before this time
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub to: Option<Timestamp>,
    /// The symbols of the instruments, all if none is named
    #[arg(long, value_name = "SYMBOL", value_delimiter = ',')]
    pub symbols: Vec<String>,
}

/// Arguments of `tape cat`.
#[derive(Debug, Args)]
pub struct CatArguments {
    /// The tape
    pub tape: PathBuf,
    /// Which rows
    #[command(flatten)]
    pub part: PartArguments,
    /// Print at most so many rows
    #[arg(long, value_name = "COUNT")]
    pub rows: Option<u64>,
    /// Print one JSON object a row
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `tape slice`.
#[derive(Debug, Args)]
pub struct SliceArguments {
    /// The tape
    pub tape: PathBuf,
    /// Which part of it
    #[command(flatten)]
    pub part: PartArguments,
    /// The tape to write
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Replace the tape if it exists
    #[arg(long)]
    pub force: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `tape merge`.
#[derive(Debug, Args)]
pub struct MergeArguments {
    /// The tapes: days of one recording, venues beside each other, or both
    #[arg(required = true, num_args = 2.., value_name = "TAPE")]
    pub tapes: Vec<PathBuf>,
    /// The tape to write
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Replace the tape if it exists
    #[arg(long)]
    pub force: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `tape convert`.
#[derive(Debug, Args)]
pub struct ConvertArguments {
    /// The tape: a file, or a folder of Parquet files
    pub tape: PathBuf,
    /// What to write: a folder of Parquet files of a file, a file of a folder
    #[arg(short, long, value_name = "PATH")]
    pub output: PathBuf,
    /// Replace the output if it exists
    #[arg(long)]
    pub force: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

fn time(text: &str) -> Result<Timestamp, String> {
    let allowed = "a time in UTC such as 2024-01-02T14:30:05.25, a day, or nanoseconds since 1970";
    parse_time(text).ok_or_else(|| format!("must be {allowed}"))
}
