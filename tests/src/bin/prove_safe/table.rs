//! The results as a table, one column a carrier, and as JSON.
//!
//! Takes in cases with what happened; gives out text.

use std::fmt::Write;
use std::time::Duration;

use backplane_tests::safe::{Case, Happened, Memory};
use serde_json::{Value, json};

/// The widest that a column of words may be.
const WIDTH: usize = 62;

/// The table.
pub(super) fn text(
    results: &[(Case, Happened)],
    memory: Option<Memory>,
    carriers: &[&str],
    took: Duration,
) -> String {
    let mut out = String::new();
    let mut sins: Vec<&str> = Vec::new();
    for (case, _) in results {
        if !sins.contains(&case.sin) {
            sins.push(case.sin);
        }
    }
    let _ = write!(out, "{:<36}", "sin");
    for carrier in carriers {
        let _ = write!(out, " {carrier:<WIDTH$}");
    }
    let _ = writeln!(out);
    for sin in sins {
        let found = |carrier: &&&str| {
            let is_it = |x: &&(Case, Happened)| x.0.sin == sin && x.0.carrier == **carrier;
            results.iter().find(is_it)
        };
        let row: Vec<Option<&(Case, Happened)>> = carriers.iter().map(|x| found(&x)).collect();
        line(&mut out, sin, &row, |(_, x)| {
            let mark = if x.miss.is_some() { "MISSED" } else { "ok" };
            format!("{mark} {:.1} s: {}", x.took.as_secs_f64(), x.what)
        });
        line(&mut out, "", &row, |(case, _)| {
            format!("   allowed: {}", case.allowed)
        });
        for (case, happened) in row.into_iter().flatten() {
            if let Some(why) = &happened.miss {
                let _ = writeln!(
                    out,
                    "    {}: {why}; it said: {}",
                    case.carrier, happened.what
                );
            }
        }
    }
    if let Some(memory) = memory {
        let mark = if memory.is_back() { "ok" } else { "MISSED" };
        let _ = writeln!(out, "{:<36} {mark} {memory}", "memory given back");
    }
    let missed = results.iter().filter(|x| x.1.miss.is_some()).count();
    let _ = writeln!(
        out,
        "\n{} cases in {:.0} s: {} as allowed, {missed} missed",
        results.len(),
        took.as_secs_f64(),
        results.len() - missed
    );
    out
}

fn line(
    out: &mut String,
    sin: &str,
    row: &[Option<&(Case, Happened)>],
    words: impl Fn(&(Case, Happened)) -> String,
) {
    let mut text = format!("{sin:<36}");
    for cell in row {
        let words = cell.map_or("-".into(), &words);
        let _ = write!(text, " {:<WIDTH$}", shortened(&words));
    }
    let _ = writeln!(out, "{}", text.trim_end());
}

fn shortened(words: &str) -> String {
    if words.chars().count() <= WIDTH {
        return words.to_owned();
    }
    let kept: String = words.chars().take(WIDTH - 3).collect();
    format!("{kept}...")
}

/// The results as one JSON object.
pub(super) fn json(results: &[(Case, Happened)], memory: Option<Memory>) -> Value {
    let cases = results.iter().map(|(case, happened)| {
        json!({
            "sin": case.sin,
            "carrier": case.carrier,
            "allowed": case.allowed.to_string(),
            "happened": happened.what,
            "seconds": happened.took.as_secs_f64(),
            "miss": happened.miss,
        })
    });
    json!({
        "version": 1,
        "cases": cases.collect::<Vec<_>>(),
        "memory": memory.map(|x| json!({
            "before_bytes": x.before,
            "after_bytes": x.after,
            "is_back": x.is_back(),
        })),
        "missed": results.iter().filter(|x| x.1.miss.is_some()).count(),
    })
}
