//! `prove-same`: runs every example strategy over tapes in every way in which it can be run, and compares the digests.
//!
//! Takes in nothing but whether JSON is wanted; gives out a table or one JSON object, and exit code 0 (all are equal), 8
//! (a digest differs, or a strategy that should trade does not), 1 (something stood in the way) or 2 (the call itself was
//! wrong). Every run is one of the built command line, in a process of its own. The tapes lie in `same/` of the target
//! folder.
#![allow(clippy::unwrap_used)] // A proof that cannot be made has nothing else to do than to stop.

mod runs;
mod tapes;

use std::process::ExitCode;

use clap::Parser;
use serde::Serialize;

use runs::{Carrier, Runner, built};

/// The version of the JSON form.
const VERSION: u32 = 1;
/// Exit code where something differs.
const MISSED: u8 = 8;
/// The most messages of one call to a module, in the ways that are compared.
const BATCHES: [usize; 4] = [1, 16, 256, 1_024];

/// A strategy, with parameters with which it trades on every tape.
struct Strategy {
    name: &'static str,
    params: &'static str,
    /// Whether there is a native plugin of it; otherwise the module in batches of one is what others are compared with.
    is_native: bool,
}

const fn strategy(name: &'static str, params: &'static str, is_native: bool) -> Strategy {
    Strategy {
        name,
        params,
        is_native,
    }
}

const STRATEGIES: [Strategy; 6] = [
    strategy("momentum", "lookback=20,threshold=0.5", true),
    strategy("mean_reversion", "window=50,entry=1.5", true),
    strategy("market_maker", "", true),
    strategy("avellaneda_stoikov", "", true),
    strategy("twap", "slice_ms=10000", false),
    strategy("breakout", "entry=30,exit=15", false),
];

impl Strategy {
    fn spec(&self, label: &str) -> String {
        format!("{label}@{}:{}", self.name, self.params)
    }
}

/// Compares every way of running the example strategies
#[derive(Debug, Parser)]
struct Request {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A strategy on a tape: what it is compared with, and every way in which it was run.
#[derive(Serialize)]
struct Line {
    tape: String,
    strategy: String,
    /// The digest of the first way.
    digest: String,
    orders: u64,
    ways: Vec<Way>,
    is_met: bool,
}

/// A way of running a strategy.
#[derive(Serialize)]
struct Way {
    way: String,
    is_equal: bool,
}

/// All that was found.
#[derive(Serialize)]
struct Proof {
    version: u32,
    lines: Vec<Line>,
    /// What was not compared, and why.
    left_out: Vec<String>,
}

fn main() -> ExitCode {
    let request = Request::parse();
    let modules = built().join("../guests");
    let missing = |x: &&Strategy| !modules.join(format!("{}.wasm", x.name)).is_file();
    if let Some(strategy) = STRATEGIES.iter().find(missing) {
        let (name, folder) = (strategy.name, modules.display());
        eprintln!("error: there is no {name}.wasm in {folder}\nhint: run `cargo xtask guests`");
        return ExitCode::FAILURE;
    }
    let mut proof = Proof {
        version: VERSION,
        lines: Vec::new(),
        left_out: Vec::new(),
    };
    for name in tapes::NAMES {
        match tapes::make(name) {
            Ok(tape) => {
                let runner = Runner::new(&tape, &built(), &modules);
                proof.lines.extend(prove(name, &runner));
            }
            Err(why) => proof.left_out.push(format!("{name}: {why}")),
        }
    }
    show(&proof, request.json);
    match proof.lines.iter().all(|x| x.is_met) {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(MISSED),
    }
}

/// Every strategy on a tape.
fn prove(tape: &str, runner: &Runner) -> Vec<Line> {
    let specs = |natives: bool| -> Vec<String> {
        let wanted = STRATEGIES.iter().filter(|x| x.is_native || !natives);
        wanted.map(|x| x.spec(x.name)).collect()
    };
    let company = runner.run(Carrier::Wasm, 256, &specs(false));
    let natives = runner.run(Carrier::Native, 1, &specs(true));
    let line = |strategy: &Strategy| {
        eprintln!("comparing {} on {tape}", strategy.name);
        let home = match strategy.is_native {
            true => Carrier::Native,
            false => Carrier::Wasm,
        };
        let alone = [strategy.spec("alone")];
        let first = runner.run(home, 1, &alone).remove("alone").unwrap();
        let mut ways = Vec::new();
        let mut note = |way: String, digest: &str| {
            let is_equal = digest == first.digest;
            ways.push(Way { way, is_equal });
        };
        for batch in BATCHES {
            let found = runner.run(Carrier::Wasm, batch, &alone);
            note(format!("wasm {batch}"), &found["alone"].digest);
        }
        let again = runner.run(home, 1, &alone);
        note("again".into(), &again["alone"].digest);
        let twins = [strategy.spec("one"), strategy.spec("other")];
        let twins = runner.run(home, 256, &twins);
        note("twin".into(), &twins["one"].digest);
        note("other twin".into(), &twins["other"].digest);
        note("company".into(), &company[strategy.name].digest);
        if let Some(found) = natives.get(strategy.name) {
            note("native company".into(), &found.digest);
        }
        Line {
            tape: tape.to_owned(),
            strategy: strategy.name.to_owned(),
            is_met: first.orders > 0 && ways.iter().all(|x| x.is_equal),
            digest: first.digest,
            orders: first.orders,
            ways,
        }
    };
    STRATEGIES.iter().map(line).collect()
}

fn show(proof: &Proof, json: bool) {
    if json {
        println!("{}", serde_json::to_string(proof).unwrap());
        return;
    }
    println!(
        "{:<10} {:<19} {:<12} {:>7}  equal to it",
        "tape", "strategy", "digest", "orders"
    );
    for line in &proof.lines {
        let shown = |x: &Way| match x.is_equal {
            true => x.way.clone(),
            false => format!("NOT {}", x.way),
        };
        let ways: Vec<String> = line.ways.iter().map(shown).collect();
        let (digest, orders) = (&line.digest[..12], line.orders);
        println!(
            "{:<10} {:<19} {digest} {orders:>7}  {}",
            line.tape,
            line.strategy,
            ways.join(", ")
        );
    }
    for why in &proof.left_out {
        println!("left out: {why}");
    }
    let missed = proof.lines.iter().filter(|x| !x.is_met).count();
    println!(
        "{} of {} met",
        proof.lines.len() - missed,
        proof.lines.len()
    );
}
