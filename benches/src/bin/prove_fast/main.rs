//! `prove-fast`: measures how fast Backplane replays and prints one table.
//!
//! Takes in how much is to be measured; gives out a table or one JSON object, and exit code 0 (all was measured), 8 (a
//! target was missed in a measurement that was not `--quick`), 1 (something stood in the way) or 2 (the call itself was
//! wrong). In each round every line runs once, one after the other, so that a busy machine slows all alike; a figure is
//! the median of the rounds. A line whose commands or answers differ between two rounds stops the measurement.
//!
//! Generated tapes are kept in `prove/` of the target folder and used again.
#![allow(clippy::unwrap_used)] // A measurement that cannot be made has nothing else to do than to stop.

mod error;
mod request;

mod figures;
mod machine;
mod tapes;

mod latency;
mod lines;
mod memory;
mod peer;
mod sandbox;

mod table;
mod targets;

use std::process::ExitCode;

use clap::Parser;

use error::ProveError;
use figures::{Line, Report, Sample, VERSION, Verdict};
use lines::{InMemory, Task};
use machine::Machine;
use request::{Instead, Request};
use tapes::{CRYPTO, HARD, ORDER_LEVEL, PRICE_LEVEL, Prepared};

/// Exit code where a target was missed.
const MISSED: u8 = 8;

/// How often the crypto tape is repeated: 25 times 20 million messages are a day of half a thousand million.
const REPETITIONS: u64 = 25;

/// The address space of a process that replays a tape which is longer than that, in bytes.
const SMALL_BYTES: u64 = 384 << 20;

/// The names under which single measurements are asked for with `--only`.
const LATENCY: &str = "latency of single rows";
const SANDBOX: &str = "sandboxed strategies";
const DAY: &str = "memory of a day";
const SMALL: &str = "memory where there is little";

fn main() -> ExitCode {
    let request = Request::parse();
    let outcome = match &request.instead {
        Some(Instead::Memory { tape, times, limit }) => {
            let memory = memory::replay(tape, *times, *limit);
            memory
                .map(|x| println!("{}", serde_json::to_string(&x).unwrap()))
                .map(|()| ExitCode::SUCCESS)
        }
        None => measure(&request).map(|report| show(&report, &request)),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::FAILURE
    })
}

/// Prints the report and says whether all targets were met.
fn show(report: &Report, request: &Request) -> ExitCode {
    if request.json {
        println!("{}", serde_json::to_string(report).unwrap());
    } else {
        print!("{report}");
    }
    let missed = |x: &figures::Target| x.verdict == Verdict::Missed;
    if report.targets.iter().any(missed) {
        return ExitCode::from(MISSED);
    }
    ExitCode::SUCCESS
}

/// Measures all that is asked for.
fn measure(request: &Request) -> Result<Report, ProveError> {
    let machine = Machine::look();
    let mut left_out = Vec::new();
    let tapes = prepare(request, &mut left_out)?;
    let order_level = &tapes[0];
    let mut report = Report {
        version: VERSION,
        command: command(),
        machine,
        quick: request.quick,
        rounds: request.rounds(),
        tapes: tapes.iter().map(Prepared::describe).collect(),
        lines: rounds(&tapes, request)?,
        latency: None,
        sandboxed: None,
        day: None,
        small: None,
        left_out,
        targets: Vec::new(),
    };
    if request.wants(ORDER_LEVEL, LATENCY) {
        eprintln!("timing single rows");
        report.latency = Some(latency::measure(order_level));
    }
    if request.wants(ORDER_LEVEL, SANDBOX) {
        eprintln!("starting modules");
        report.sandboxed = sandbox::measure(&order_level.market);
    }
    if request.wants(CRYPTO, DAY) {
        let crypto = tapes::prepare(CRYPTO, request)?;
        eprintln!("replaying a day");
        let tape = &crypto.market.path;
        report.day = Some(memory::measure(tape, REPETITIONS, None)?);
    }
    if request.wants(ORDER_LEVEL, SMALL) {
        small(order_level, &mut report)?;
    }
    if request.peer.is_none() {
        let why = "the peer: no --peer; `cargo xtask prove fast` builds it where benches/peer is";
        report.left_out.push(why.to_owned());
    }
    report.targets = targets::judge(&report);
    Ok(report)
}

/// The tapes, the order-level one first, and why others are left out.
fn prepare(request: &Request, left_out: &mut Vec<String>) -> Result<Vec<Prepared>, ProveError> {
    let mut tapes = Vec::new();
    for name in [ORDER_LEVEL, HARD, PRICE_LEVEL] {
        tapes.push(tapes::prepare(name, request)?);
    }
    match tapes::prepare_real(request)? {
        Some(tape) => tapes.push(tape),
        None => left_out.push("the real tape: its recordings are not here".to_owned()),
    }
    Ok(tapes)
}

/// Measures the memory of a process that may have less than the tape is long.
fn small(tape: &Prepared, report: &mut Report) -> Result<(), ProveError> {
    let path = &tape.market.path;
    let bytes = std::fs::metadata(path).map_or(0, |x| x.len());
    if bytes <= SMALL_BYTES {
        report.left_out.push(format!(
            "{SMALL}: the tape's {} MiB are not more than the {} MiB that the process would have",
            bytes >> 20,
            SMALL_BYTES >> 20
        ));
        return Ok(());
    }
    eprintln!("replaying with little memory");
    report.small = Some(memory::measure(path, 1, Some(SMALL_BYTES))?);
    Ok(())
}

/// The command, as it can be typed.
fn command() -> String {
    let words: Vec<String> = std::env::args().skip(1).collect();
    format!("prove-fast {}", words.join(" ")).trim().to_owned()
}

/// Runs every wanted line of some tapes in every round.
fn rounds(tapes: &[Prepared], request: &Request) -> Result<Vec<Line>, ProveError> {
    let memories: Vec<InMemory> = tapes.iter().map(InMemory::load).collect();
    let mut tasks: Vec<Task<'_>> = Vec::new();
    for (tape, memory) in tapes.iter().zip(&memories) {
        tasks.extend(lines::of(tape, memory));
        if let (Some(program), true) = (&request.peer, tape.name != HARD) {
            tasks.extend(peer::of(program, tape));
        }
    }
    tasks.retain(|x| request.wants(x.tape, &x.name));
    let mut samples: Vec<Vec<Sample>> = vec![Vec::new(); tasks.len()];
    for round in 1..=request.rounds() {
        for (task, samples) in tasks.iter().zip(&mut samples) {
            eprintln!("round {round}: {}, {}", task.tape, task.name);
            let sample = task.measure()?;
            check_sameness(task, samples.first(), &sample)?;
            samples.push(sample);
        }
    }
    let lines = tasks.iter().zip(&samples);
    let lines = lines
        .map(|(task, samples)| Line::new(task.tape, &task.name, task.messages_per_row, samples));
    Ok(with_scans(lines.collect()))
}

/// Refuses figures of runs that did not do the same.
fn check_sameness(task: &Task<'_>, first: Option<&Sample>, now: &Sample) -> Result<(), ProveError> {
    let what = |x: &Sample| (x.rows, x.counts.clone());
    match first {
        Some(first) if what(first) != what(now) => Err(ProveError::new(
            format!(
                "two rounds of `{}` on the tape `{}` differ: {:?} and {:?}",
                task.name,
                task.tape,
                what(first),
                what(now)
            ),
            "a replay gives the same every time: find out why this one does not, before its speed",
        )),
        _ => Ok(()),
    }
}

/// Puts each line beside the bare scan of the same tape.
fn with_scans(mut lines: Vec<Line>) -> Vec<Line> {
    let scans: Vec<(String, f64)> = lines
        .iter()
        .filter(|x| x.name == lines::SCAN)
        .map(|x| (x.tape.clone(), x.ns_per_row))
        .collect();
    for line in &mut lines {
        let scan = scans.iter().find(|(tape, _)| *tape == line.tape);
        line.scans = scan.map(|(_, nanos)| line.ns_per_row / nanos);
    }
    lines
}
