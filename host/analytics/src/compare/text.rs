//! The comparison for a terminal.
//!
//! Takes in a comparison; gives out lines: the runs, what was configured otherwise, the main figures with their steps from
//! the first run, where commands begin to differ, and which conditions hold.

use std::fmt::Write;

use backplane_sdk::types::Timestamp;

use super::differences::Difference;
use super::measures::{MAIN, figure};
use super::{Comparison, Divergence};
use crate::metrics::Figure;
use crate::report::{escape, format};

const BOLD: &str = "\u{1b}[1m";
const RED: &str = "\u{1b}[31m";
const RESET: &str = "\u{1b}[0m";
/// The most settings that are listed.
const SETTINGS_MAX: usize = 40;
/// The most characters of a setting's value.
const VALUE_MAX: usize = 32;

pub(super) fn write(comparison: &Comparison, color: bool) -> String {
    let paint = |style: &str, text: &str| match color {
        true => format!("{style}{text}{RESET}"),
        false => text.to_owned(),
    };
    let mut out = String::new();
    for (number, run) in comparison.runs.iter().enumerate() {
        let digest = format::short_digest(&run.file.summary.digest);
        let name = paint(BOLD, &letter(number));
        let _ = writeln!(
            out,
            "{name}  {}  digest {digest}",
            escape::terminal(&run.name)
        );
    }
    out.push('\n');
    settings(comparison, &mut out);
    figures(comparison, &mut out);
    for divergence in &comparison.divergences {
        let _ = writeln!(
            out,
            "{}",
            escape::terminal(&sentence(comparison, divergence))
        );
        for (column, x, y) in &divergence.differences {
            let _ = writeln!(
                out,
                "  {column}: {} -> {}",
                escape::terminal(x),
                escape::terminal(y)
            );
        }
    }
    if comparison.divergences.is_empty() {
        let _ = writeln!(
            out,
            "strategies of one name gave the same commands and met the same answers"
        );
    }
    for failure in &comparison.failures {
        let text = format!(
            "failed: {} for {}: {}",
            failure.condition, failure.run, failure.found
        );
        let _ = writeln!(out, "{}", paint(RED, &escape::terminal(&text)));
    }
    out
}

/// What a run is called in tables.
pub(super) fn letter(number: usize) -> String {
    match u8::try_from(number) {
        Ok(number @ 0..26) => char::from(b'A' + number).to_string(),
        _ => format!("run {}", number + 1),
    }
}

/// Where a run begins to differ, in a sentence.
pub(super) fn sentence(comparison: &Comparison, divergence: &Divergence) -> String {
    let number = comparison
        .runs
        .iter()
        .position(|x| x.name == divergence.run);
    let run = letter(number.unwrap_or(0));
    let instance = &divergence.instance;
    let at = divergence
        .at
        .map_or(String::new(), |x| format!(", {}", Timestamp(x)));
    match (divergence.table, divergence.message) {
        (Some("journal"), Some(message)) => {
            format!("{instance}: {run} differs from A first in a command on message {message}{at}")
        }
        (Some(table), _) => {
            format!(
                "{instance}: {run} gave the same commands; it differs from A first in {table}{at}"
            )
        }
        (None, _) => format!(
            "{instance}: {run} has another digest than A, but the tables hold the same rows"
        ),
    }
}

fn settings(comparison: &Comparison, out: &mut String) {
    if comparison.differences.is_empty() {
        let _ = writeln!(
            out,
            "tape, configuration, strategies and parameters are the same\n"
        );
        return;
    }
    let _ = writeln!(out, "configured otherwise");
    // What both have comes before what one lacks, as a strategy that only one of them ran.
    let lacks = |x: &&Difference| x.values.iter().any(Option::is_none);
    let (lacking, shared): (Vec<_>, Vec<_>) = comparison.differences.iter().partition(lacks);
    for difference in shared.into_iter().chain(lacking).take(SETTINGS_MAX) {
        let values = difference.values.iter();
        let values: Vec<String> = values
            .map(|x| short(x.as_deref().unwrap_or("not there")))
            .collect();
        let _ = writeln!(
            out,
            "  {}: {}",
            escape::terminal(&difference.setting),
            escape::terminal(&values.join(" -> "))
        );
    }
    let hidden = comparison.differences.len().saturating_sub(SETTINGS_MAX);
    if hidden > 0 {
        let _ = writeln!(out, "  and {hidden} more, which `--json` and `--html` list");
    }
    out.push('\n');
}

fn short(text: &str) -> String {
    if text.chars().count() <= VALUE_MAX {
        return text.to_owned();
    }
    let start: String = text.chars().take(VALUE_MAX - 1).collect();
    format!("{start}…")
}

/// A value as the table shows it: large ones with two decimals, small ones with as many as they need.
pub(super) fn value(figure: Figure) -> String {
    match figure.value() {
        None => format::NONE.into(),
        Some(x) if x == x.trunc() && x.abs() < 1e12 => format::decimal(x, 0),
        Some(x) if x.abs() >= 100.0 => format::decimal(x, 2),
        Some(x) if x.abs() >= 0.01 => format::decimal(x, 4),
        Some(x) => format!("{x:.3e}"),
    }
}

/// The step from the first run's figure.
pub(super) fn step(first: Figure, other: Figure) -> Figure {
    match (first, other) {
        (Figure::Value(x), Figure::Value(y)) => Figure::of(y - x),
        (undefined @ Figure::Undefined(_), _) | (_, undefined) => undefined,
    }
}

fn figures(comparison: &Comparison, out: &mut String) {
    let count = comparison.runs.len();
    let mut rows: Vec<Vec<String>> = vec![vec!["figure".to_owned()]];
    for number in 0..count {
        rows[0].push(letter(number));
        if number > 0 {
            rows[0].push(format!("{} - A", letter(number)));
        }
    }
    for path in MAIN {
        let all: Vec<Figure> = (comparison.runs.iter())
            .map(|x| figure(x.measures.get(path)))
            .collect();
        let mut row = vec![path.to_owned()];
        for (number, x) in all.iter().enumerate() {
            row.push(value(*x));
            if number > 0 {
                let step = step(all[0], *x);
                let sign = if step.value().is_some_and(|x| x > 0.0) {
                    "+"
                } else {
                    ""
                };
                row.push(format!("{sign}{}", value(step)));
            }
        }
        rows.push(row);
    }
    let widths: Vec<usize> = (0..rows[0].len())
        .map(|column| {
            rows.iter()
                .map(|x| x[column].chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    for row in &rows {
        let mut line = format!("{:<width$}", row[0], width = widths[0]);
        for (cell, width) in row.iter().zip(&widths).skip(1) {
            let _ = write!(line, "  {cell:>width$}");
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out.push('\n');
}
