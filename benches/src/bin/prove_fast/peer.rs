//! The peer on the same tapes: another program, in a process of its own.
//!
//! Takes in the program and a tape; gives out lines of the table.

use std::path::Path;
use std::process::{Command, Stdio};

use backplane_benches::time::Elapsed;
use backplane_tape::TapeSchema;
use serde::Deserialize;

use crate::error::ProveError;
use crate::figures::{Counts, Sample};
use crate::lines::Task;
use crate::tapes::{Prepared, REAL};

/// The peer, told of every order.
pub const ORDER_LEVEL: &str = "peer, hftbacktest, order level, market maker";
/// The peer, told of the sizes of price levels.
pub const PRICE_LEVEL: &str = "peer, hftbacktest, price level, market maker";

/// What the peer's program prints.
#[derive(Deserialize)]
struct Printed {
    rows: u64,
    cpu_ns: u64,
    wall_ns: u64,
    orders: u64,
    cancels: u64,
    fills: u64,
}

/// The peer's lines on a tape. Of a generated market there is a tape for each of its modes; a recorded one it gets in
/// both.
pub fn of<'a>(program: &'a Path, tape: &'a Prepared) -> Vec<Task<'a>> {
    let task = |name, mode| Task::new(tape, name, move || run(program, &tape.market.path, mode));
    let mut tasks = Vec::new();
    if tape.schema == TapeSchema::Mbo {
        tasks.push(task(ORDER_LEVEL, "order-level"));
    }
    if tape.schema == TapeSchema::Mbp || tape.name == REAL {
        tasks.push(task(PRICE_LEVEL, "price-level"));
    }
    tasks
}

fn run(program: &Path, tape: &Path, mode: &str) -> Result<Sample, ProveError> {
    let mut command = Command::new(program);
    command.arg(tape).args(["--mode", mode]);
    command.args(["--strategy", "market-maker"]);
    let output = command.stdin(Stdio::null()).output();
    let failed = |why: &dyn std::fmt::Display| {
        ProveError::new(
            format!("measuring the peer with {}: {why}", program.display()),
            "run that program by hand on the same tape, or leave out --peer",
        )
    };
    let output = output.map_err(|cause| failed(&cause))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(failed(&format!("{}: {}", output.status, said.trim())));
    }
    let printed: Printed =
        serde_json::from_slice(&output.stdout).map_err(|cause| failed(&cause))?;
    Ok(Sample {
        elapsed: Elapsed {
            cpu_ns: printed.cpu_ns,
            wall_ns: printed.wall_ns,
        },
        rows: printed.rows,
        counts: Some(Counts {
            instances: 1,
            heard: None,
            commands: printed.orders + printed.cancels,
            orders: printed.orders,
            fills: printed.fills,
            digest: None,
        }),
    })
}
