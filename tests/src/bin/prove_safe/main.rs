//! `cargo xtask prove safe`: commits every sin that a strategy can commit, on every carrier, and shows what comes of it.
//!
//! Takes in nothing but the build, `--only TEXT` and `--json`; gives out a table, or one JSON object, and exit code 8 where
//! something happened that is not allowed.
#![allow(
    clippy::disallowed_methods,
    reason = "this tool times its own steps; no result of a backtest passes through it"
)]

mod table;

use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Instant;

use backplane_tests::safe::{Case, Happened, Memory, Stage, cases, memory};

/// The exit code of a proof that does not hold.
const MISSED: u8 = 8;

struct Request {
    is_json: bool,
    only: Option<String>,
}

fn parse(words: &[String]) -> Result<Request, String> {
    let mut request = Request {
        is_json: false,
        only: None,
    };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--json" => request.is_json = true,
            "--only" => {
                let text = words.next().ok_or("`--only` must be followed by a text")?;
                request.only = Some(text.clone());
            }
            other => {
                return Err(format!(
                    "`{other}` is no option; there are --json and --only TEXT"
                ));
            }
        }
    }
    Ok(request)
}

fn prove(request: &Request) -> Result<bool, String> {
    let begun = Instant::now();
    let stage = Stage::new()?;
    let carriers: Vec<&str> = stage.carriers().collect();
    let is_wanted = |case: &Case| {
        let only = request.only.as_deref().unwrap_or_default();
        case.sin.contains(only) && stage.has(case)
    };
    let cases: Vec<Case> = cases().into_iter().filter(is_wanted).collect();
    if cases.is_empty() {
        return Err("no sin has such a name".into());
    }
    let is_terminal = std::io::stderr().is_terminal();
    let mut results: Vec<(Case, Happened)> = Vec::new();
    for (place, case) in cases.iter().enumerate() {
        if is_terminal {
            eprint!("\r{:>3} of {}: {:<50}", place + 1, cases.len(), case.sin);
        }
        results.push((case.clone(), case.perform(&stage)));
    }
    if is_terminal {
        eprint!("\r{:70}\r", "");
    }
    let left = memory::after_sins()?;
    let missed = results.iter().filter(|x| x.1.miss.is_some()).count();
    match request.is_json {
        true => println!("{}", table::json(&results, left)),
        false => print!(
            "{}",
            table::text(&results, left, &carriers, begun.elapsed())
        ),
    }
    Ok(missed == 0 && left.is_none_or(Memory::is_back))
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let proven = parse(&words)
        .map_err(|x| (2, x))
        .and_then(|request| prove(&request).map_err(|x| (1, x)));
    match proven {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(MISSED),
        Err((code, why)) => {
            eprintln!("error: {why}");
            ExitCode::from(code)
        }
    }
}
