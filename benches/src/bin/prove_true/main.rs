//! `prove-true`: holds simulated fills against what two exchanges recorded, and prints one table.
//!
//! Takes in how much is to be shadowed; gives out a table or one JSON object, and exit code 0 (all was met), 8 (a line was
//! missed), 1 (something stood in the way) or 2 (the call itself was wrong). The recorded tapes are imported into `true/`
//! of the target folder. Engines with a mistake made on purpose must miss a line; no run can have such a mistake.
#![allow(clippy::unwrap_used)] // A proof that cannot be made has nothing else to do than to stop.

mod lines;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;

use backplane_calibrate::{Levels, Options, Recording, Report, Study};
use backplane_engine::exchange::Defect;
use backplane_tape::Overwrite;
use backplane_tape::import::{ImportOptions, import};
use clap::Parser;
use serde::Serialize;

use lines::{Demands, Line, Verdict};

/// The version of the JSON form.
const VERSION: u32 = 1;
/// Exit code where a line was missed.
const MISSED: u8 = 8;

/// A recording that is studied.
struct Recorded {
    name: &'static str,
    /// The files below the folder of market data.
    files: &'static [&'static str],
    /// What is demanded of queue models on its price levels.
    demands: Demands,
}

const RECORDINGS: [Recorded; 2] = [
    Recorded {
        name: "ES",
        files: &[
            "databento_dbn/esh4-glbx-mdp3-20231224.mbo.dbn.zst",
            "databento_dbn/esh4-glbx-mdp3-20231225.mbo.dbn.zst",
        ],
        demands: Demands {
            ratio: 0.02,
            f1: 0.99,
            contested: 0.7,
        },
    },
    Recorded {
        name: "GOOG",
        files: &["lobster/LOBSTER_SampleFile_GOOG_2012-06-21_10.zip"],
        demands: Demands {
            ratio: 0.005,
            f1: 0.998,
            contested: 0.75,
        },
    },
];

/// The mistakes that must be found, in words.
const DEFECTS: [(Defect, &str); 3] = [
    (
        Defect::DecreaseLosesPlace,
        "an order that shrinks loses its place",
    ),
    (
        Defect::IncreaseKeepsPlace,
        "an order that grows keeps its place",
    ),
    (
        Defect::NoConsumptionWithinEvent,
        "prints of one event do not see one another",
    ),
];

/// Holds simulated fills against what exchanges recorded.
#[derive(Debug, Parser)]
struct Request {
    /// Shadow at most so many orders of each tape
    #[arg(long, value_name = "COUNT")]
    sample: Option<NonZeroUsize>,
    /// The seed of all that is drawn
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    seed: u64,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// All that was found.
#[derive(Serialize)]
struct Proof {
    version: u32,
    studies: Vec<Report>,
    /// What was not studied, and why.
    left_out: Vec<String>,
    lines: Vec<Line>,
}

fn main() -> ExitCode {
    let request = Request::parse();
    let mut proof = Proof {
        version: VERSION,
        studies: Vec::new(),
        left_out: Vec::new(),
        lines: Vec::new(),
    };
    for recorded in &RECORDINGS {
        let name = recorded.name;
        let tape = match tape(name, recorded.files) {
            Ok(tape) => tape,
            Err(why) => {
                proof.left_out.push(format!("{name}: {why}"));
                continue;
            }
        };
        match Recording::read(&tape) {
            Ok(recording) => prove(recorded, &recording, &request, &mut proof),
            Err(error) => {
                eprintln!("error: {error}\nhint: {}", error.hint());
                return ExitCode::FAILURE;
            }
        }
    }
    show(&proof, request.json);
    let missed = |x: &Line| x.verdict == Verdict::Missed;
    match proof.lines.iter().any(missed) {
        true => ExitCode::from(MISSED),
        false => ExitCode::SUCCESS,
    }
}

/// Imports a recording; says why there is none.
fn tape(name: &str, files: &[&str]) -> Result<PathBuf, String> {
    let absent = "its recording is not here; set BACKPLANE_DATA to the folder of market data";
    let data = backplane_tests::market_data().ok_or(absent)?;
    let inputs: Vec<PathBuf> = files.iter().map(|x| data.join(x)).collect();
    if !inputs.iter().all(|x| x.exists()) {
        return Err(absent.to_owned());
    }
    let folder = backplane_tests::build_directory().join("../true");
    let output = folder.join(format!("{}.tape", name.to_lowercase()));
    let options = ImportOptions {
        output: output.clone(),
        overwrite: Overwrite::Replace,
        ..ImportOptions::default()
    };
    let made = std::fs::create_dir_all(&folder).map_err(|x| x.to_string());
    made.and_then(|()| import(&inputs, &options, &mut |_, _| {}).map_err(|x| x.to_string()))
        .map(|_| output)
        .map_err(|x| format!("importing it failed: {x}"))
}

/// Studies a recording with the engine as it is, then with each mistake.
fn prove(recorded: &Recorded, recording: &Recording, request: &Request, proof: &mut Proof) {
    let (name, demands) = (recorded.name, recorded.demands);
    let study = |levels, defect| {
        let options = Options {
            levels,
            sample: request.sample.map(NonZeroUsize::get),
            seed: request.seed,
            defect,
        };
        Study::new(recording, options).run(&mut |_| {})
    };
    eprintln!("shadowing the orders of {name}");
    let report = study(Levels::Both, None);
    let sound = lines::of(name, demands, &report);
    proof.lines.extend(sound.iter().cloned());
    proof.studies.push(report);
    // One of the recordings knows changes of orders and events of several prints.
    if name == RECORDINGS[0].name {
        for (defect, what) in DEFECTS {
            eprintln!("shadowing the orders of {name} where {what}");
            let found = lines::of(name, demands, &study(Levels::Orders, Some(defect)));
            proof
                .lines
                .push(lines::of_defect(name, what, &found, &sound));
        }
    }
}

fn show(proof: &Proof, json: bool) {
    if json {
        println!("{}", serde_json::to_string(proof).unwrap());
        return;
    }
    for study in &proof.studies {
        println!("{study}");
    }
    for why in &proof.left_out {
        println!("left out: {why}");
    }
    println!("acceptance:");
    for line in &proof.lines {
        println!("{line}");
    }
}
