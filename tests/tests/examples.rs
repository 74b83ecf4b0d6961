//! The worked examples of `docs/examples`, run with the real libraries over results of real market data.
//!
//! Takes in a day of NASDAQ orders and a series of CME days, where they are at hand, and a Python environment; gives out
//! whether the examples find what the report says: ratios to 1e-9, equity to the last 1e-9.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use backplane_tests::{build_directory, command_line, market_data, python};
use serde_json::Value;

const STRATEGIES: [&str; 3] = [
    "market_maker",
    "momentum:lookback=20,threshold=0.5",
    "slow@mean_reversion:window=200,entry=2",
];
/// How often the two days of ES are repeated, so that there are enough days for ratios.
const REPEATS: &str = "20";

fn backplane(arguments: &[&str]) -> String {
    let output = Command::new(command_line())
        .args(arguments)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

fn run(tape: &Path, results: &Path) {
    let plugins = build_directory();
    let [tape, plugins, results] = [tape, plugins.as_ref(), results].map(|x| x.to_str().unwrap());
    let mut arguments = vec![
        "run",
        "--tape",
        tape,
        "--plugins",
        plugins,
        "--force",
        "-o",
        results,
    ];
    arguments.extend(["--allow", "native"]);
    arguments.extend(["--maker-fee=-0.00002", "--taker-fee", "0.0003"]);
    STRATEGIES
        .iter()
        .for_each(|x| arguments.extend(["--strategy", x]));
    backplane(&arguments);
}

/// Results over a day of GOOG and over many days of ES, made once; none where the data is not at hand.
fn results() -> Option<&'static [PathBuf; 2]> {
    static RESULTS: OnceLock<Option<[PathBuf; 2]>> = OnceLock::new();
    let made = RESULTS.get_or_init(|| {
        let data = market_data()?;
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("examples");
        std::fs::create_dir_all(&folder).unwrap();
        let path = |name: &str| folder.join(name);
        let goog = data.join("lobster/LOBSTER_SampleFile_GOOG_2012-06-21_10.zip");
        let es = ["20231224", "20231225"];
        let es = es.map(|x| data.join(format!("databento_dbn/esh4-glbx-mdp3-{x}.mbo.dbn.zst")));
        let import = |tape: &Path, sources: &[&Path], more: &[&str]| {
            let mut arguments = vec!["tape", "import", "--force"];
            arguments.extend(sources.iter().map(|x| x.to_str().unwrap()));
            arguments.extend(more);
            arguments.extend(["--output", tape.to_str().unwrap()]);
            backplane(&arguments);
        };
        import(&path("goog.tape"), &[&goog], &[]);
        let more = ["--multiplier", "50", "--repeat", REPEATS];
        import(&path("es.tape"), &[&es[0], &es[1]], &more);
        let made = ["goog", "es"].map(|name| {
            let results = path(name);
            run(&path(&format!("{name}.tape")), &results);
            results
        });
        Some(made)
    });
    made.as_ref()
}

/// Runs a script with arguments and gives what it printed.
fn said(python: &Path, arguments: &[&str]) -> String {
    let output = Command::new(python).args(arguments).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

fn example(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/examples");
    folder.join(name).to_str().unwrap().to_owned()
}

fn report(results: &Path) -> Value {
    let text = backplane(&["report", results.to_str().unwrap(), "--json"]);
    serde_json::from_str(&text).unwrap()
}

fn assert_near(what: &str, found: &Value, expected: &Value) {
    let (found, expected) = (found.as_f64().unwrap(), expected.as_f64().unwrap());
    let allowed = 1e-9 * expected.abs().max(1.0);
    assert!(
        (found - expected).abs() <= allowed,
        "{what}: {found}, not {expected}"
    );
}

#[test]
fn equity_recomputed_from_fills_alone_agrees_with_tables_and_report_to_the_last_unit() {
    let (Some(python), Some(results)) = (python(), results()) else {
        return;
    };
    for results in results {
        let text = said(
            &python,
            &[&example("equity_from_fills.py"), results.to_str().unwrap()],
        );
        assert!(text.contains("agree to the last 1e-9"), "{text}");
        let report = report(results);
        for instance in report["instances"].as_array().unwrap() {
            let name = instance["name"].as_str().unwrap();
            let line = text.lines().find(|x| x.starts_with(name)).unwrap();
            let nanos = |text: &str| -> i128 {
                let (whole, part) = text.split_once('.').unwrap_or((text, ""));
                format!("{whole}{part:0<9}").parse().unwrap()
            };
            let ended = nanos(line.rsplit(' ').next().unwrap());
            let key = &instance["key"];
            let [cash, earned] =
                ["starting_cash", "net_pnl"].map(|x| nanos(key[x].as_str().unwrap()));
            assert_eq!(ended, cash + earned, "{name}");
        }
    }
}

#[test]
fn quantstats_computes_the_same_ratios_from_the_table_of_returns() {
    let (Some(python), Some([_, es])) = (python(), results()) else {
        return;
    };
    let report = report(es);
    let instances = report["instances"].as_array().unwrap().iter();
    let named = instances.map(|x| (x["name"].as_str().unwrap(), &x["key"]));
    for (name, key) in named.chain([("", &report["portfolio"])]) {
        let script = example("quantstats_returns.py");
        let periods = key["performance"]["periods_per_year"].as_f64().unwrap();
        let periods = format!("{periods}");
        let text = said(&python, &[&script, es.to_str().unwrap(), name, &periods]);
        let found: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
        assert!(found["days"].as_u64().unwrap() >= 20);
        assert_eq!(found["days"], key["performance"]["days"]);
        assert_near("sharpe", &found["sharpe"], &key["performance"]["sharpe"]);
        assert_near("sortino", &found["sortino"], &key["performance"]["sortino"]);
        assert_near(
            "drawdown",
            &found["max_drawdown"],
            &key["risk"]["daily_max_drawdown"],
        );
    }
}

#[test]
fn polars_and_pandas_find_the_markouts_and_the_equity_of_the_report() {
    let (Some(python), Some([goog, _])) = (python(), results()) else {
        return;
    };
    let text = said(
        &python,
        &[&example("polars_fills.py"), goog.to_str().unwrap()],
    );
    let found: Value = serde_json::from_str(&text).unwrap();
    let report = report(goog);
    let markouts = report["portfolio"]["execution"]["markouts"]
        .as_array()
        .unwrap();
    let mut compared = 0;
    for (reason, row) in found["markouts"].as_object().unwrap() {
        let of = |x: &&Value| x["group"] == **reason && x["horizon"] == "1 s";
        // A reason may be called as the side of the liquidity is: `taker`.
        let told = markouts.iter().find(of).unwrap();
        assert_eq!(row[0], told["count"], "{reason}");
        assert_near(reason, &row[1], &told["mean_basis_points"]);
        compared += 1;
    }
    assert!(compared >= 2, "{found}");
    for instance in report["instances"].as_array().unwrap() {
        let name = instance["name"].as_str().unwrap();
        let ended: f64 = found["equity"][name].as_str().unwrap().parse().unwrap();
        let key = &instance["key"];
        let [cash, earned] =
            ["starting_cash", "net_pnl"].map(|x| key[x].as_str().unwrap().parse::<f64>().unwrap());
        assert!((ended - cash - earned).abs() < 1e-6, "{name}");
    }
}

#[test]
fn duckdb_finds_what_became_of_orders() {
    let (Some(python), Some([goog, _])) = (python(), results()) else {
        return;
    };
    let script = "import duckdb, json, sys\n\
                  duckdb.sql(f\"SET VARIABLE results = '{sys.argv[1]}'\")\n\
                  rows = duckdb.sql(open(sys.argv[2]).read())\n\
                  names = rows.columns\n\
                  print(json.dumps([dict(zip(names, x)) for x in rows.fetchall()], default=str))";
    let (results, sql) = (goog.to_str().unwrap(), example("tables.sql"));
    let text = said(&python, &["-c", script, results, &sql]);
    let rows: Value = serde_json::from_str(&text).unwrap();
    let report = report(goog);
    let mut compared = 0;
    for row in rows.as_array().unwrap() {
        let mut instances = report["instances"].as_array().unwrap().iter();
        let key = &instances.find(|x| x["name"] == row["instance"]).unwrap()["key"];
        assert_eq!(row["orders"], key["orders"]["orders"]);
        for figure in ["fill_ratio", "cancel_before_fill"] {
            assert_near(figure, &row[figure], &key["orders"][figure]);
        }
        let fees = |x: &Value| -> f64 { x.as_str().unwrap().parse().unwrap() };
        assert!((fees(&row["fees"]) - fees(&key["fees"])).abs() < 1e-9);
        compared += 1;
    }
    assert_eq!(compared, STRATEGIES.len());
}
