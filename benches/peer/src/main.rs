//! `peer`: hftbacktest on a Backplane tape, timed.
//!
//! Takes in a tape and how the peer is to be used; gives out one line of JSON on standard output, or an error and exit
//! code 1. The library's documentation says how the peer is used and why.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use backplane_peer::{
    Depth, Drive, Feed, Grouping, Mode, PeerError, Request, StrategyKind, backtest, fills,
};
use clap::Parser;

/// Runs hftbacktest 0.9.4 on a tape, with the strategy of the market_maker plugin, and prints what its backtest loop took
#[derive(Parser)]
#[command(name = "peer", version)]
struct Arguments {
    /// The tape; in price-level mode also one of schema mbp
    tape: PathBuf,
    /// What the peer is told of the market
    #[arg(long, value_enum)]
    mode: Mode,
    /// When the strategy quotes anew
    #[arg(long, value_enum, default_value = "market-maker")]
    strategy: StrategyKind,
    /// The peer's depth structure
    #[arg(long, value_enum, default_value = "roi-vector")]
    depth: Depth,
    /// How the strategy waits for the times at which it acts
    #[arg(long, value_enum, default_value = "noted")]
    drive: Drive,
    /// Which instruments share a backtest
    #[arg(long, value_enum, default_value = "apart")]
    instruments: Grouping,
    /// Write each fill to this file, as comma-separated values; an existing file is replaced, and noting fills costs time
    #[arg(long, value_name = "FILE")]
    fills: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match measure(&arguments) {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Converts the tape, runs the peer over it, and gives the line to print.
fn measure(arguments: &Arguments) -> Result<String, Box<dyn std::error::Error>> {
    let feed = Feed::read(&arguments.tape, arguments.mode, arguments.strategy)?;
    let request = Request {
        mode: arguments.mode,
        strategy: arguments.strategy,
        depth: arguments.depth,
        drive: arguments.drive,
        grouping: arguments.instruments,
        with_fills: arguments.fills.is_some(),
    };
    let outcome = backtest::run(&feed, &request)?;
    if let Some(path) = &arguments.fills {
        save(path, &outcome.fill_list, &feed)?;
    }
    Ok(outcome.to_json()?)
}

/// Writes the fills.
fn save(path: &Path, list: &[fills::Fill], feed: &Feed) -> Result<(), PeerError> {
    fills::write(path, list, &feed.instruments)
}
