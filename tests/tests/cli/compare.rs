//! Runs side by side, and reports made again.
//!
//! Takes in runs over the small tape that differ in one thing each; gives out whether `backplane compare` names that thing,
//! the first command that differs, and ends as its conditions say.

use std::path::Path;

use super::tables::Table;
use super::{Desk, Said, backplane, run_json, said};

const SLOW: &str = "mean_reversion:window=50,entry=1.5";
const SLOWER: &str = "mean_reversion:window=60,entry=1.5";

/// Runs a strategy and keeps its results under a name.
fn keep(desk: &Desk, name: &str, strategy: &str, more: &[&str]) {
    let mut command = desk.run_command(&[strategy]);
    said(command.args(more)).ok();
    std::fs::rename(desk.path("out"), desk.path(name)).unwrap();
}

fn compare(desk: &Desk, names: &[&str], more: &[&str]) -> Said {
    let mut command = super::command();
    command.arg("compare").current_dir(desk.path(""));
    said(command.args(names).args(more))
}

#[test]
fn equal_runs_are_told_to_be_equal() {
    let desk = Desk::new();
    keep(&desk, "a", SLOW, &[]);
    keep(&desk, "b", SLOW, &[]);
    let text = compare(&desk, &["a", "b"], &[]).ok();
    assert!(text.contains("tape, configuration, strategies and parameters are the same"));
    assert!(text.contains("gave the same commands and met the same answers"));
    let json = compare(&desk, &["a", "b"], &["--json"]).json();
    assert_eq!(json["format"], 1);
    assert_eq!(json["runs"][0]["digest"], json["runs"][1]["digest"]);
    assert_eq!(json["differences"], serde_json::json!([]));
    let earned = run_json(&desk.path("a"))["summary"]["instances"][0]["equity"].clone();
    let earned: f64 = earned.as_str().unwrap().parse().unwrap();
    let figures = &json["runs"][0]["figures"];
    assert_eq!(figures["net_pnl"].as_f64().unwrap(), earned - 1_000_000.0);
}

#[test]
fn another_parameter_is_named_and_so_is_the_first_command_that_differs() {
    let desk = Desk::new();
    keep(&desk, "a", SLOW, &[]);
    keep(&desk, "b", SLOWER, &[]);
    let text = compare(&desk, &["a", "b"], &[]).ok();
    let setting = "strategies.mean_reversion.parameters.window: 50 -> 60";
    assert!(text.contains(setting), "{text}");
    // The first row of the journals that differs, found the slow way.
    let rows = |name: &str| {
        let table = Table::read(&desk.path(name), "journal");
        let messages = table.numbers("message");
        (table.rows_of("mean_reversion"), messages)
    };
    let ((a, at_a), (b, at_b)) = (rows("a"), rows("b"));
    let place = a.iter().zip(&b).position(|(x, y)| x != y).unwrap();
    let message = at_a[place];
    let line =
        format!("mean_reversion: B differs from A first in a command on message {message}, ");
    assert!(text.contains(&line), "{line}\n{text}");
    assert!(place == 0 || at_a[place - 1] == at_b[place - 1]);
    let json = compare(&desk, &["a", "b"], &["--json"]).json();
    let divergence = &json["divergences"][0];
    assert_eq!(divergence["table"], "journal");
    assert_eq!(divergence["message"], message as u64);
    assert!(!divergence["differences"].as_array().unwrap().is_empty());
}

#[test]
fn other_fees_change_answers_and_no_command() {
    let desk = Desk::new();
    keep(&desk, "a", SLOW, &[]);
    keep(
        &desk,
        "b",
        SLOW,
        &["--taker-fee", "0.0003", "--maker-fee", "0.0001"],
    );
    let text = compare(&desk, &["a", "b"], &[]).ok();
    let line = "mean_reversion: B gave the same commands; it differs from A first in fills, ";
    assert!(text.contains(line), "{text}");
    assert!(text.contains("\n  fee: 0.000000000 -> "), "{text}");
    assert!(text.contains("maker_rate: 0 -> 100000"), "{text}");
}

#[test]
fn conditions_decide_how_a_comparison_ends() {
    let desk = Desk::new();
    keep(&desk, "a", SLOW, &[]);
    keep(
        &desk,
        "b",
        SLOW,
        &["--taker-fee", "0.0003", "--maker-fee", "0.0001"],
    );
    let ends = |condition: &str| compare(&desk, &["a", "b"], &["--fail-if", condition]);
    assert_eq!(ends("net_pnl<-1e12").code, 0);
    assert_eq!(ends("change(net_pnl)>0").code, 0);
    let failed = ends("change(net_pnl)<0");
    assert_eq!(failed.code, 8);
    assert!(
        failed
            .stdout
            .contains("failed: change(net_pnl)<0 for b: net_pnl is -")
    );
    // One day has no Sharpe ratio: what does not exist never passes.
    let failed = ends("sharpe<1.5");
    assert_eq!(failed.code, 8);
    assert!(
        failed
            .stdout
            .contains("performance.sharpe does not exist: fewer than two returns")
    );
    assert_eq!(
        ends("shape<1").error(2),
        "the condition `shape<1`: there is no figure `shape`"
    );
    let error =
        "the condition `sharpe` makes no sense: it has none of the operators <, <=, >, >=, ==, !=";
    assert_eq!(ends("sharpe").error(2), error);
}

#[test]
fn three_runs_are_one_page() {
    let desk = Desk::new();
    keep(&desk, "a", SLOW, &[]);
    keep(&desk, "b", SLOWER, &[]);
    keep(&desk, "<c>", SLOW, &["--seed", "9"]);
    let text = compare(&desk, &["a", "b", "<c>"], &["--html", "page.html"]).ok();
    assert!(
        text.contains("C - A") && text.contains("config.seed: "),
        "{text}"
    );
    let page = std::fs::read_to_string(desk.path("page.html")).unwrap();
    assert!(page.contains("3 runs side by side") && page.contains("default-src 'none'"));
    assert!(page.contains("&lt;c&gt;") && !page.contains("<c>"));
    assert!(!page.contains("{{"));
}

#[test]
fn a_report_is_made_again_from_the_tables_alone() {
    let desk = Desk::new();
    keep(&desk, "a", SLOW, &[]);
    let page = std::fs::read(desk.path("a").join("report.html")).unwrap();
    std::fs::remove_file(desk.path("a").join("report.html")).unwrap();
    let again = desk.path("again.html");
    let (results, html) = (desk.path("a"), Path::new("--html"));
    let text = backplane([Path::new("report"), &results, html, &again]).ok();
    assert!(text.contains("mean_reversion"));
    assert!(std::fs::read(&again).unwrap() == page, "the same bytes");
    let arguments = |more: &[&str]| {
        let mut command = super::command();
        said(command.arg("report").arg(&results).args(more))
    };
    assert_eq!(arguments(&["--fail-if", "fills<1"]).code, 0);
    let failed = arguments(&["--fail-if", "fills>=1"]);
    assert_eq!(
        (failed.code, failed.stderr.starts_with("failed: fills>=1: ")),
        (8, true)
    );
    let json = arguments(&["--json", "--calendar", "every-day"]).json();
    assert_eq!(json["portfolio"]["performance"]["periods_per_year"], 365.0);
}
