//! Real market data, imported, verified and traded.
//!
//! Takes in a LOBSTER day and two Databento files, where they are at hand; gives out whether the command line rebuilds
//! the exchange's own books and trades on them.

use std::path::Path;

use backplane_tests::{build_directory, market_data};

use super::{Desk, REVERSION, backplane, instance, run_json, said};

const LINES: u64 = 147_916;
/// The last moment before the opening at which the source's own book is crossed: 2023-12-25 23:00:00.000069 UTC.
const LAST_CROSSED: i64 = 1_703_545_200_000_069_000;

#[test]
fn a_lobster_day_is_equal_to_its_books_on_every_line_and_trades() {
    let Some(data) = market_data() else { return };
    let source = data.join("lobster/LOBSTER_SampleFile_GOOG_2012-06-21_10.zip");
    let desk = Desk::new();
    let tape = desk.path("goog.tape");
    let (import, output) = (["tape", "import"], Path::new("--output"));
    let arguments = import.map(Path::new).into_iter();
    backplane(arguments.chain([&*source, output, &tape])).ok();
    let mut command = super::command();
    command.args(["tape", "verify"]).arg(&tape);
    let text = said(command.arg("--against").arg(&source)).ok();
    for level in 1..=10 {
        let line = format!("  level {level:>3}  {LINES} of {LINES} rows equal\n");
        assert!(text.contains(&line), "{text}");
    }
    let mut command = super::command();
    command.arg("run").arg("--tape").arg(&tape);
    command.arg("--plugins").arg(build_directory());
    command.args(["--strategy", "momentum", "--strategy", REVERSION]);
    said(command.arg("--output").arg(desk.path("out"))).ok();
    let run = run_json(&desk.path("out"));
    for label in ["momentum", "mean_reversion"] {
        let found = instance(&run, label);
        assert!(found["fills"].as_u64().unwrap() > 0, "{label}");
        assert!(found["stopped"].is_null(), "{label}");
    }
    assert_eq!(desk.names(), ["goog.tape", "out"]);
}

#[test]
fn two_databento_files_give_a_book_without_unknown_orders() {
    let Some(data) = market_data() else { return };
    let desk = Desk::new();
    let mut command = super::command();
    command.args(["tape", "import", "--json"]);
    for day in ["20231224", "20231225"] {
        let name = format!("databento_dbn/esh4-glbx-mdp3-{day}.mbo.dbn.zst");
        command.arg(data.join(name));
    }
    let report = said(command.arg("--output").arg(desk.path("es.tape"))).json();
    let statistics = &report["statistics"];
    for count in [
        "unknown_cancels",
        "unknown_modifies",
        "over_cancels",
        "duplicate_adds",
    ] {
        assert_eq!(statistics["resolution"][count], 0, "{count}");
    }
    let last = statistics["crossed"]["last"].as_i64().unwrap();
    assert!(last < LAST_CROSSED, "{last}");
    assert_eq!(report["version"], 1);
    backplane([
        "tape".as_ref(),
        "verify".as_ref(),
        desk.path("es.tape").as_os_str(),
    ])
    .ok();
}
