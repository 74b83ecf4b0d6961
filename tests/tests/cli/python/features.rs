//! Features: rows, wishes, and the table to train on.
//!
//! Takes in strategies over features; gives out whether the rows that they hear are those of `backplane features`, to the
//! bit, whether what they do depends on neither the size of a batch nor the way of asking, and whether one that looks
//! ahead is told apart.

use std::path::Path;

use super::{Desk, python, run_command, strategies};
use crate::cli::tables::Table;
use crate::cli::{Said, backplane, instance, run_json, said, tape};

/// How rows are made in these tests.
const SAMPLINGS: [&str; 4] = ["time:100ms", "trades:5", "volume:50", "best-price"];

/// The columns of the strategy that records its rows.
fn columns() -> Vec<String> {
    let text = std::fs::read_to_string(strategies().join("echo_features.py")).unwrap();
    let list = text
        .split("COLUMNS = [")
        .nth(1)
        .unwrap()
        .split(']')
        .next()
        .unwrap();
    let names = list.split('"').skip(1).step_by(2);
    names.map(str::to_owned).collect()
}

/// Runs a strategy of the tests, with settings of its own.
fn run(python: &Path, desk: &Desk, output: &str, settings: &str, flags: &[&str]) -> Said {
    let mut command = run_command(python, desk, tape(), output);
    desk.write("run.toml", settings);
    command.arg("--plugins").arg(strategies());
    said(command.args(flags))
}

#[test]
fn rows_to_train_on_are_the_rows_that_a_strategy_hears_to_the_bit() {
    let Some(python) = python() else { return };
    let columns = columns();
    assert_eq!(columns.len(), 22, "every feature once");
    for (number, sampling) in SAMPLINGS.into_iter().enumerate() {
        let desk = Desk::new();
        let table = desk.path("features.parquet");
        let words = ["--sampling", sampling, "--output", table.to_str().unwrap()];
        let names = columns.join(",");
        let words = words.into_iter().chain(["--features", &names]);
        backplane(
            ["features", tape().to_str().unwrap()]
                .into_iter()
                .chain(words),
        )
        .ok();
        let trained = Table::read(&desk.path(""), "features");
        assert!(trained.len() > 200, "{sampling}: {}", trained.len());
        let settings =
            format!("[[strategy]]\nname = \"echo_features\"\nsampling = \"{sampling}\"\n");
        run(&python, &desk, "out", &settings, &[]).ok();
        let metrics = Table::read(&desk.path("out"), "metrics");
        let (series, heard) = (metrics.words("series"), metrics.numbers("at"));
        let values = metrics.bits("value");
        let of = |name: &str| -> Vec<usize> {
            (0..series.len()).filter(|x| series[*x] == name).collect()
        };
        for name in &columns {
            let live: Vec<u64> = of(name).into_iter().map(|x| values[x]).collect();
            assert_eq!(live, trained.bits(name), "{sampling}, {name}");
        }
        let times: Vec<i128> = of("mid").into_iter().map(|x| heard[x]).collect();
        assert_eq!(times, trained.numbers("ts_recv"), "sampling {number}");
        let told = trained.numbers("ts");
        assert!(
            told.iter().zip(&times).all(|x| x.0 <= x.1),
            "nothing is told before it was heard"
        );
    }
}

#[test]
fn wishes_are_carried_out_the_same_whatever_the_batch_and_the_way_of_asking() {
    let Some(python) = python() else { return };
    let desk = Desk::new();
    let mut found = Vec::new();
    for (number, (batch, name)) in [
        (1, "lean"),
        (16, "lean"),
        (1_024, "lean"),
        (1_024, "lean_by_row"),
    ]
    .into_iter()
    .enumerate()
    {
        let settings = format!("[python]\nbatch = {batch}\n");
        let output = number.to_string();
        run(
            &python,
            &desk,
            &output,
            &settings,
            &["--strategy", &format!("x@{name}")],
        )
        .ok();
        found.push(instance(&run_json(&desk.path(&output)), "x").clone());
    }
    assert!(found[0]["fills"].as_u64().unwrap() > 20, "{}", found[0]);
    for other in &found[1..] {
        assert_eq!(other["digest"], found[0]["digest"]);
    }
}

#[test]
fn a_strategy_that_looks_ahead_is_told_apart() {
    let Some(python) = python() else { return };
    let desk = Desk::new();
    let flags = ["--verify-causal", "--strategy", "lean"];
    let honest = run(&python, &desk, "honest", "", &flags).ok();
    assert!(honest.contains("lean: equal digests"), "{honest}");
    let flags = ["--verify-causal", "--strategy", "lean:peeks=true"];
    let said = run(&python, &desk, "peeks", "", &flags);
    assert_eq!(said.code, 8, "{}{}", said.stdout, said.stderr);
    assert!(
        said.stdout
            .contains("lean: ANOTHER DIGEST with batches of 1:"),
        "{}",
        said.stdout
    );
    assert!(
        desk.path("peeks/run.json").is_file(),
        "the results are there nevertheless"
    );
}

#[test]
fn features_that_are_not_known_are_refused_by_name() {
    let Some(python) = python() else { return };
    let desk = Desk::new();
    for (table, cause) in [
        (
            "name = \"lean\"\nfeatures = [\"microprise\"]",
            "the feature `microprise` is not known",
        ),
        (
            "name = \"lean\"\nsampling = \"time:0s\"",
            "the sampling is `time:0s`",
        ),
        (
            "name = \"misbehave\"\nsampling = \"best-price\"",
            "it hears no features",
        ),
    ] {
        let settings = format!("[[strategy]]\n{table}\n");
        let said = run(&python, &desk, "out", &settings, &[]);
        assert!(said.stderr.contains(cause), "{}", said.stderr);
        assert_eq!(said.code, 5, "{}", said.stderr);
    }
    let table = desk.path("x.parquet");
    let words = [
        "features",
        tape().to_str().unwrap(),
        "--features",
        "imbalance_0",
        "-o",
    ];
    let said = backplane(words.into_iter().chain([table.to_str().unwrap()]));
    assert!(
        said.error(2)
            .contains("needs a number of levels from 1 to 100")
    );
    assert!(!table.exists());
}
