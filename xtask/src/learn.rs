//! `cargo xtask learn`: trains the example model on the first part of a day and trades on the second.
//!
//! In: market data where it is at hand (`BACKPLANE_DATA`, or `shared/data` beside the checkout), else a generated market.
//! Out: the model and the results in `target/learn`, and a report of what the model was worth.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::workspace::Workspace;
use crate::{process, python};

/// The features that the model reads; `mid` is for the outcomes alone.
const FEATURES: &str = "mid,microprice_distance,spread_bp,imbalance_1,imbalance_3,imbalance_10,\
    order_flow_imbalance_1s,order_flow_imbalance_10s,order_flow_imbalance_60s,trade_sign,\
    trade_imbalance_10s,trade_imbalance_60s,return_1s,return_10s,return_60s,\
    realised_volatility_60s,bid_cancel_rate_10s,ask_cancel_rate_10s,vwap_distance_60s";

/// When rows are made.
const SAMPLING: &str = "time:500ms";

/// Trains, trades and reports.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Failure> {
    let python = python::find(workspace)
        .map_err(|reason| Failure::new(reason, "see `cargo xtask python` for what is missing"))?;
    let folder = workspace.target.join("learn");
    fs::create_dir_all(&folder).map_err(|cause| {
        Failure::new(
            format!("creating {}: {cause}", folder.display()),
            "make room or choose another target folder",
        )
    })?;
    build(workspace)?;
    let tape = folder.join("day.tape");
    let program = workspace.target.join("release/backplane");
    take_day(&program, &tape)?;
    let table = folder.join("features.parquet");
    let mut features = Command::new(&program);
    features
        .arg("features")
        .arg(&tape)
        .args(["--features", FEATURES]);
    features
        .args(["--sampling", SAMPLING, "--force", "-o"])
        .arg(&table);
    step(&mut features)?;
    let scripts = workspace.root.join("plugins/ml/python");
    let model = folder.join("model");
    let mut train = Command::new(&python);
    train
        .arg("-B")
        .arg(scripts.join("train.py"))
        .arg(&table)
        .arg(&model);
    step(&mut train)?;
    let results = folder.join("results");
    trade(workspace, &python, &program, &tape, &model, &results)?;
    let mut evaluate = Command::new(&python);
    evaluate.arg("-B").arg(scripts.join("evaluate.py"));
    evaluate.arg(&model).arg(&results).arg(&table);
    step(&mut evaluate)
}

/// Says a command and runs it.
fn step(command: &mut Command) -> Result<(), Failure> {
    println!("$ {}", process::line(command));
    process::show(command)
}

/// Builds the program as the tests do, so that nothing is built twice, and the plugin in a workspace of its own.
fn build(workspace: &Workspace) -> Result<(), Failure> {
    let mut build = process::cargo();
    build.args(["build", "--release", "--workspace", "--all-targets"]);
    step(build.current_dir(&workspace.root))?;
    let mut build = process::cargo();
    build.args(["build", "--release", "--manifest-path"]);
    build.arg(workspace.root.join("plugins/ml/Cargo.toml"));
    build.env("CARGO_TARGET_DIR", workspace.target.join("ml"));
    step(build.current_dir(&workspace.root))
}

/// The tape of a day: futures of the S&P 500 where they are at hand, else a generated market.
fn take_day(program: &Path, tape: &Path) -> Result<(), Failure> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let data = env::var_os("BACKPLANE_DATA").map_or(beside, PathBuf::from);
    let source = data.join("databento_dbn/esh4-glbx-mdp3-20231225.mbo.dbn.zst");
    let opening = data.join("databento_dbn/esh4-glbx-mdp3-20231224.mbo.dbn.zst");
    let mut command = Command::new(program);
    if source.is_file() && opening.is_file() {
        command.args(["tape", "import", "--multiplier", "50", "--force"]);
        command.arg(opening).arg(source);
    } else {
        println!("no market data at {}: a generated market", data.display());
        command.args([
            "tape",
            "generate",
            "--messages",
            "400000",
            "--seed",
            "7",
            "--force",
        ]);
    }
    step(command.arg("-o").arg(tape))
}

/// Runs the strategy over the tape with the model as ONNX and in Python.
fn trade(
    workspace: &Workspace,
    python: &Path,
    program: &Path,
    tape: &Path,
    model: &Path,
    results: &Path,
) -> Result<(), Failure> {
    let path = model.join("training.json");
    let text = fs::read_to_string(&path).unwrap_or_default();
    let begin = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("\"begin\": "));
    let begin = begin.map(|x| x.trim_end_matches(',')).ok_or_else(|| {
        Failure::new(
            format!("{} does not say when trading begins", path.display()),
            "train again",
        )
    })?;
    let mut run = Command::new(program);
    run.arg("run").arg("--tape").arg(tape);
    run.arg("--plugins")
        .arg(workspace.target.join("ml/release"));
    run.args(["--allow", "native:ml"]);
    for (label, in_python) in [("onnx", "false"), ("python", "true")] {
        let strategy = format!("{label}@ml:python={in_python},begin={begin},entry=0.15,exit=0.02");
        run.args(["--strategy", &strategy]);
    }
    run.args(["--taker-fee", "0.000005", "--force", "-o"])
        .arg(results);
    run.env("BACKPLANE_MODEL", model)
        .env("BACKPLANE_PYTHON", python);
    step(&mut run)
}
