//! The comparison as one file for a browser.
//!
//! Takes in a comparison; gives out a page of the same make as that of a report: `assets/compare.html` with its places
//! filled in, the curves of all runs over each other.

use serde_json::{Value, json};

use super::measures::{MAIN, figure};
use super::text::{letter, sentence, step, value};
use super::{Comparison, Run};
use crate::metrics::Figure;
use crate::report::html_frame::{folded, row, table, words};
use crate::report::{data, escape, format, html};

const PAGE: &str = include_str!("../../assets/compare.html");

pub(super) fn write(comparison: &Comparison) -> String {
    html::fill(PAGE, |place| match place {
        "title" => format!("{} runs side by side", comparison.runs.len()),
        "data" => escape::json_in_script(&chart_data(comparison).to_string()),
        "provenance" => provenance(comparison),
        "failures" => failures(comparison),
        "warnings" => warnings(comparison),
        "figures_table" => figures(comparison),
        "divergences" => divergences(comparison),
        "settings" => settings(comparison),
        _ => String::new(),
    })
}

fn name(number: usize, run: &Run) -> String {
    format!("{}: {}", letter(number), run.name)
}

fn chart_data(comparison: &Comparison) -> Value {
    let summaries = comparison.runs.iter().map(|x| &x.file.summary);
    let first = summaries.clone().map(|x| x.first).min().unwrap_or(0);
    let last = summaries.map(|x| x.last).max().unwrap_or(0);
    let cash = |run: &Run| {
        let description = &run.file.description;
        description.starting_cash.as_f64() * description.instances.len() as f64
    };
    let curve = |(number, run): (usize, &Run)| {
        json!({
            "name": name(number, run),
            "cash": cash(run),
            "pnl": data::series(&run.curves.pnl, first, 2),
            "drawdown": data::series(&run.curves.drawdown, first, 7),
        })
    };
    let currency = comparison.runs.first();
    json!({
        "first": first.div_euclid(1_000),
        "last": last.div_euclid(1_000),
        "currency": currency.map_or(String::new(), |x| x.file.description.currency().0),
        "share": comparison.runs.iter().all(|x| cash(x) > 0.0),
        "curves": comparison.runs.iter().enumerate().map(curve).collect::<Vec<_>>(),
        "panels": [],
        "rolling": data::series(&[], first, 4),
        "rollingDays": 0,
    })
}

fn provenance(comparison: &Comparison) -> String {
    let item = |(number, run): (usize, &Run)| {
        let summary = &run.file.summary;
        format!(
            "<div><dt>{}</dt><dd>{}</dd><dd><small>{}, {} to {}, digest {}</small></dd></div>",
            letter(number),
            escape::html(&run.name),
            escape::html(&run.file.description.tape.name),
            format::time(summary.first),
            format::time(summary.last),
            format::short_digest(&summary.digest)
        )
    };
    comparison.runs.iter().enumerate().map(item).collect()
}

fn boxed(title: &str, items: &[String]) -> String {
    if items.is_empty() {
        return String::new();
    }
    let items: String = (items.iter())
        .map(|x| format!("<li>{}</li>", escape::html(x)))
        .collect();
    format!("<div class=\"warnings\" role=\"note\"><h2>{title}</h2><ul>{items}</ul></div>")
}

fn failures(comparison: &Comparison) -> String {
    let all = comparison.failures.iter();
    let all: Vec<String> = all
        .map(|x| format!("{} for {}: {}", x.condition, x.run, x.found))
        .collect();
    boxed("Failed", &all)
}

fn warnings(comparison: &Comparison) -> String {
    let runs = comparison.runs.iter().enumerate();
    let all: Vec<String> = runs
        .flat_map(|(number, run)| {
            let warnings = run.warnings.iter();
            warnings.map(move |x| format!("{}: {x}", letter(number)))
        })
        .collect();
    boxed("Before you believe a figure", &all)
}

fn figures(comparison: &Comparison) -> String {
    let mut headings = vec!["Figure".to_owned()];
    for number in 0..comparison.runs.len() {
        headings.push(letter(number));
        if number > 0 {
            headings.push(format!("{} − A", letter(number)));
        }
    }
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    let main: String = MAIN.iter().map(|x| figure_row(comparison, x)).collect();
    let mut paths: Vec<&str> = (comparison.runs.iter())
        .flat_map(|x| x.measures.keys().map(String::as_str))
        .collect();
    paths.sort_unstable();
    paths.dedup();
    let all: String = paths.iter().map(|x| figure_row(comparison, x)).collect();
    let all = table("Every figure", &headings, &all);
    table("", &headings, &main) + &folded(usize::MAX, "Every figure", all)
}

fn figure_row(comparison: &Comparison, path: &str) -> String {
    let all: Vec<Figure> = (comparison.runs.iter())
        .map(|x| figure(x.measures.get(path)))
        .collect();
    let mut cells = String::new();
    for (number, x) in all.iter().enumerate() {
        cells.push_str(&format!("<td>{}</td>", value(*x)));
        if number > 0 {
            let step = step(all[0], *x);
            let sign = if step.value().is_some_and(|x| x > 0.0) {
                "+"
            } else {
                ""
            };
            cells.push_str(&format!("<td class=\"none\">{sign}{}</td>", value(step)));
        }
    }
    row(path, &cells)
}

fn divergences(comparison: &Comparison) -> String {
    if comparison.divergences.is_empty() {
        return "<p>Strategies of one name gave the same commands and met the same answers.</p>"
            .into();
    }
    let mut out = String::new();
    for divergence in &comparison.divergences {
        out.push_str(&format!(
            "<p>{}</p>",
            escape::html(&sentence(comparison, divergence))
        ));
        if divergence.differences.is_empty() {
            continue;
        }
        let rows: String = (divergence.differences.iter())
            .map(|(column, x, y)| {
                let cell = |x: &str| format!("<td class=\"left wrap\">{}</td>", escape::html(x));
                row(column, &(cell(x) + &cell(y)))
            })
            .collect();
        out.push_str(&table("", &["Column", "<In A", "<In the other"], &rows));
    }
    out
}

fn settings(comparison: &Comparison) -> String {
    if comparison.differences.is_empty() {
        return "<p>Tape, configuration, strategies and parameters are the same.</p>".into();
    }
    let letters: Vec<String> = (0..comparison.runs.len())
        .map(|x| format!("<{}", letter(x)))
        .collect();
    let headings: Vec<&str> = std::iter::once("Setting")
        .chain(letters.iter().map(String::as_str))
        .collect();
    let rows: String = (comparison.differences.iter())
        .map(|difference| {
            let values = difference.values.iter();
            let cells: String = values
                .map(|x| words(x.as_deref().unwrap_or("not there")))
                .collect();
            row(
                &difference.setting,
                &cells.replace("class=\"left\"", "class=\"left wrap\""),
            )
        })
        .collect();
    table("", &headings, &rows)
}
