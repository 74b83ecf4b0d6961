//! Markouts and inventory, drawn and in tables.
//!
//! Takes in a report; gives out what executions were worth some time afterwards, and for how long how much was held.

use super::html_frame::{cell, figure_cell, folded, note, row, table, words};
use super::svg::{Bar, Line, bars, means};
use super::{Report, escape, format};
use crate::figures::Markout;
use crate::tables::schema::HORIZONS;

/// The colours of lines, in the order in which they are given out.
const CLASSES: [&str; 2] = ["c0", "c1"];

/// The markouts of all strategies together: a drawing by maker and taker, and a table of every group.
pub(super) fn markouts(report: &Report) -> String {
    let all = &report.portfolio().execution.markouts;
    if all.is_empty() {
        let why = "Results of format 1 do not record what followed executions.";
        return format!("<p class=\"empty\">{why}</p>");
    }
    if all.iter().all(|x| x.count == 0) {
        return "<p class=\"empty\">No fill had a mid afterwards, so there are no markouts.</p>"
            .into();
    }
    let line = |(number, name): (usize, &&str)| {
        let of_group = all.iter().filter(|x| x.group == **name);
        let values = of_group.map(interval).collect();
        Line {
            name: (*name).to_owned(),
            class: CLASSES[number],
            values,
        }
    };
    let lines: Vec<Line> = (["maker", "taker"].iter().enumerate())
        .map(line)
        .filter(|x| x.values.iter().any(Option::is_some))
        .collect();
    let horizons: Vec<&str> = HORIZONS.iter().map(|x| x.1).collect();
    let label = "Mean markout in basis points by time after the fill";
    let legend: String = (lines.iter())
        .map(|x| format!("<span class=\"key {}\">{}</span>", x.class, x.name))
        .collect();
    format!(
        "<h3>Markouts</h3><p class=\"note\">How far the mid had moved in the fill's favour, in basis points of its price, \
         so long after it at the exchange. Whiskers are 95 % confidence intervals of the mean. {legend}</p>{}{}",
        means(label, &horizons, &lines),
        markout_table(report, all, &horizons),
    )
}

fn interval(markout: &Markout) -> Option<[f64; 3]> {
    let mean = markout.mean_basis_points.value()?;
    let end = |x: crate::metrics::Figure| x.value().unwrap_or(mean);
    Some([
        mean,
        end(markout.low_basis_points),
        end(markout.high_basis_points),
    ])
}

fn markout_table(report: &Report, all: &[Markout], horizons: &[&str]) -> String {
    let mut rows = String::new();
    for group in all.chunk_by(|a, b| a.group == b.group) {
        rows.push_str(&row(&group[0].group.replace('_', " "), &cells(group)));
    }
    let mut headings = vec!["Fills", "Count"];
    headings.extend(horizons);
    let caption = "Mean markout, basis points (± half of the 95 % interval)";
    let content = table(caption, &headings, &rows);
    content + &per_strategy(report, &headings)
}

fn cells(group: &[Markout]) -> String {
    let most = group.iter().map(|x| x.count).max().unwrap_or(0);
    let mut cells = cell(format::count(most));
    for markout in group {
        let mean = markout.mean_basis_points;
        let half = (markout.high_basis_points.value().zip(mean.value())).map(|(x, y)| x - y);
        let half = half.map_or(String::new(), |x| {
            format!(" <small>±{}</small>", format::decimal(x, 2))
        });
        let text = format!("{}{half}", format::figure(mean, 2));
        cells.push_str(&figure_cell(mean, text));
    }
    cells
}

/// The markouts of each strategy, where there are several.
fn per_strategy(report: &Report, headings: &[&str]) -> String {
    let count = report.instances().len();
    if count < 2 {
        return String::new();
    }
    let mut rows = String::new();
    for figures in report.instances() {
        let groups = &figures.key.execution.markouts;
        for group in groups.chunk_by(|a, b| a.group == b.group) {
            if matches!(group[0].group.as_str(), "maker" | "taker") {
                let cells = words(&group[0].group) + &cells(group);
                rows.push_str(&row(&figures.name, &cells));
            }
        }
    }
    let mut headings = headings.to_vec();
    headings[0] = "Strategy";
    headings.insert(1, "<Fills");
    let content = table("Mean markout of each strategy", &headings, &rows);
    folded(count, "Markouts of every strategy", content)
}

/// For how long how much was held: of the drawn strategy that traded most.
pub(super) fn inventory(report: &Report) -> String {
    let accounts = report.instances().iter().flat_map(|x| {
        let held = x
            .instruments
            .iter()
            .filter_map(|y| Some((y, y.position.as_ref()?)));
        held.map(move |(y, position)| (&x.name, y, position))
    });
    let Some((name, figures, position)) = accounts.max_by_key(|x| x.1.execution.fills) else {
        return String::new();
    };
    let text = |share: f64| format!("{}%", format::decimal(share * 100.0, 0));
    let drawn: Vec<Bar> = (position.histogram.iter())
        .map(|bar| Bar {
            value: bar.share.value().unwrap_or(0.0),
            class: match bar.to {
                ..0 => "c1",
                _ if bar.from > 0 => "c0",
                _ => "flat",
            },
            title: format!(
                "{}: {}",
                range(bar.from, bar.to),
                format::percent(bar.share, 2)
            ),
        })
        .collect();
    let (Some(low), Some(high)) = (position.histogram.first(), position.histogram.last()) else {
        return String::new();
    };
    let ends = [
        &range(low.from, low.to),
        "position, quantity units",
        &range(high.from, high.to),
    ];
    let whose = format!("{} in {}", name, figures.instrument);
    let label = format!("Share of the time by position, {whose}");
    format!(
        "<h3>Inventory</h3><p class=\"note\">The share of the run's time during which {} held a position of each size.</p>{}",
        escape::html(&whose),
        bars(&label, &drawn, ends, text)
    ) + &note("Long is to the right, short to the left.")
}

fn range(from: i64, to: i64) -> String {
    if from == to {
        return format::count(from);
    }
    format!("{} to {}", format::count(from), format::count(to))
}
