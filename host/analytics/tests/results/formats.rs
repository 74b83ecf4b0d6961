//! Directories of results that earlier versions wrote stay readable.
//!
//! `format-1` was written by the version that knew format 1: a generated market, three strategies, fees; `format-2` by the
//! first that knew format 2: the same kind of run, over a dividend and a split. They are never written again.

use std::path::{Path, PathBuf};

use backplane_analytics::{Report, TextOptions};
use serde_json::Value;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/results")
        .join(name)
}

#[test]
fn results_of_format_1_give_the_figures_that_their_version_gave() {
    let report = Report::read(&fixture("format-1")).unwrap();
    let words = report.text(&TextOptions {
        color: false,
        directory: Path::new("v1"),
    });
    // As printed by the version that wrote them, without what they do not record: filled and slippage.
    for line in [
        "market_maker   405.59  -330.59   0.04%  -0.01%       –     256     74",
        "all together   149.54   -74.54   0.00%  -0.01%       –     293     81",
    ] {
        assert!(words.contains(line), "{words}");
    }
    let json: Value = serde_json::from_str(&report.json()).unwrap();
    let maker = &json["instances"][0]["key"];
    assert_eq!(maker["net_pnl"], "405.586");
    assert_eq!(maker["trades"]["round_trips"], 35);
    let missing = "results of format 1 do not record it";
    for figure in [
        &maker["orders"]["fill_ratio"],
        &maker["orders"]["entry_seconds"]["p50"],
        &maker["execution"]["shortfall"]["total"],
        &maker["trades"]["mean_adverse_excursion"],
    ] {
        assert_eq!(figure["reason"], missing);
    }
    let page = report.html();
    assert!(page.contains("market_maker") && !page.contains("NaN"));
}

#[test]
fn results_of_format_2_give_the_figures_that_their_version_gave() {
    let report = Report::read(&fixture("format-2")).unwrap();
    let words = report.text(&TextOptions {
        color: false,
        directory: Path::new("v2"),
    });
    // As printed by the version that wrote them.
    for line in [
        "market_maker  -450.19  -0.25  -0.05%  -0.05%       –     309     83",
        "all together  -300.60  -0.01  -0.01%  -0.02%       –     410     95",
        "market_maker      83   100%     27%       6.7        –       76%  3.3 s",
        "momentum         -0.17          –      3.33   100 µs       –      0%  100 µs",
    ] {
        assert!(words.contains(line), "{words}");
    }
    let json: Value = serde_json::from_str(&report.json()).unwrap();
    assert_eq!(json["portfolio"]["trades"]["round_trips"], 48);
    let page = report.html();
    assert!(page.contains("mean_reversion") && !page.contains("NaN"));
}
