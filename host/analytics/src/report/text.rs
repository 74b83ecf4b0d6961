//! The report for a terminal.
//!
//! Takes in a report; gives out lines of at most 80 columns: what ran, strategies and their key figures in three tables,
//! warnings, and where the results are.

use std::fmt::Write;
use std::path::Path;

use super::{Report, escape, format};
use crate::figures::KeyFigures;
use backplane_sdk::types::Money;

/// How to write the report.
#[derive(Clone, Copy, Debug)]
pub struct TextOptions<'a> {
    /// Whether to use colours (ANSI escape sequences).
    pub color: bool,
    /// Where the results are; the last line says so.
    pub directory: &'a Path,
}

const WIDTH: usize = 80;
const NAME_WIDTH_MIN: usize = 10;
/// The most strategies that are listed; the others are in `report.html`.
const ROWS_MAX: usize = 40;

const BOLD: &str = "\u{1b}[1m";
const DIM: &str = "\u{1b}[2m";
const YELLOW: &str = "\u{1b}[33m";
const RESET: &str = "\u{1b}[0m";

struct Paint(bool);

impl Paint {
    fn with(&self, style: &str, text: &str) -> String {
        if self.0 {
            format!("{style}{text}{RESET}")
        } else {
            text.to_owned()
        }
    }
}

pub(super) fn write(report: &Report, options: &TextOptions<'_>) -> String {
    let paint = Paint(options.color);
    let mut out = String::new();
    head(report, &paint, &mut out);
    let rows = rows(report);
    table(&rows, &RESULT_HEADINGS, result_cells, &paint, &mut out);
    table(
        &rows,
        &EXECUTION_HEADINGS,
        execution_cells,
        &paint,
        &mut out,
    );
    if report.run.format >= 2 {
        table(&rows, &QUALITY_HEADINGS, quality_cells, &paint, &mut out);
    }
    let hidden = report.instances().len().saturating_sub(ROWS_MAX);
    if hidden > 0 {
        let line = format!(
            "{} more strategies are in report.html\n",
            format::count(hidden as i128)
        );
        out.push_str(&paint.with(DIM, &line));
        out.push('\n');
    }
    let mut any = false;
    for warning in report.warnings() {
        any = true;
        let text = format!("warning: {}", escape::terminal(warning));
        for (number, line) in wrap(&text, WIDTH - 2).iter().enumerate() {
            let indent = if number == 0 { "" } else { "  " };
            let _ = writeln!(out, "{indent}{}", paint.with(YELLOW, line));
        }
    }
    if any {
        out.push('\n');
    }
    let directory = escape::terminal(&options.directory.display().to_string());
    let _ = writeln!(out, "{}", paint.with(BOLD, &directory));
    out
}

fn head(report: &Report, paint: &Paint, out: &mut String) {
    let run = &report.run;
    let tape = escape::terminal(&run.description.tape.name);
    let messages = format::count(run.summary.messages);
    let _ = writeln!(
        out,
        "{}  {messages} messages",
        paint.with(BOLD, &shorten(&tape, 50))
    );
    let (first, last) = (run.summary.first, run.summary.last);
    let seconds = (last as f64 - first as f64) / 1e9;
    let _ = writeln!(
        out,
        "{} to {} UTC ({})",
        format::time(first),
        format::time(last),
        format::span(seconds)
    );
    let (currency, _) = run.description.currency();
    let currency = escape::terminal(&currency);
    let days = report.portfolio().performance.days;
    let line = format!(
        "money in {}, ratios from {} {}, digest {}",
        if currency.is_empty() {
            "units"
        } else {
            &currency
        },
        format::count(days as i128),
        if days == 1 { "day" } else { "days" },
        format::short_digest(&run.summary.digest)
    );
    let _ = writeln!(out, "{}\n", paint.with(DIM, &line));
}

/// The rows of a table: names and figures, the portfolio last where there are several strategies.
fn rows(report: &Report) -> Vec<(String, &KeyFigures)> {
    let mut rows: Vec<(String, &KeyFigures)> = Vec::new();
    for figures in report.instances().iter().take(ROWS_MAX) {
        let stopped = if figures.stopped.is_some() { "! " } else { "" };
        rows.push((
            format!("{stopped}{}", escape::terminal(&figures.name)),
            &figures.key,
        ));
    }
    if report.instances().len() > 1 {
        rows.push(("all together".into(), report.portfolio()));
    }
    rows
}

const RESULT_HEADINGS: [&str; 7] = [
    "net PnL", "fees", "return", "max DD", "Sharpe", "orders", "fills",
];

fn result_cells(figures: &KeyFigures) -> [String; 7] {
    [
        whole_money(figures.net_pnl),
        whole_money(figures.fees),
        format::percent(figures.return_on_cash, 2),
        format::percent(figures.max_drawdown, 2),
        format::figure(figures.performance.sharpe, 2),
        format::count(figures.orders.orders),
        format::count(figures.execution.fills),
    ]
}

const EXECUTION_HEADINGS: [&str; 7] = [
    "volume", "maker", "filled", "ord/fill", "slip bp", "trip win", "held",
];

fn execution_cells(figures: &KeyFigures) -> [String; 7] {
    let execution = &figures.execution;
    [
        format::count(execution.volume),
        format::percent(execution.maker_share, 0),
        format::percent(figures.orders.fill_ratio, 0),
        format::figure(figures.orders.order_to_trade_ratio, 1),
        format::figure(execution.slippage_basis_points, 2),
        format::percent(figures.trades.trade_win_rate, 0),
        format::span_figure(figures.trades.holding_seconds.mean),
    ]
}

const QUALITY_HEADINGS: [&str; 7] = [
    "mk 1s bp",
    "mk 60s bp",
    "short bp",
    "to fill",
    "queued",
    "missed",
    "entry",
];

/// Markouts of all executions, implementation shortfall, the median times to fill, in the queue and on the way, and the
/// share of orders that were cancelled without a fill.
fn quality_cells(figures: &KeyFigures) -> [String; 7] {
    let (execution, orders) = (&figures.execution, &figures.orders);
    let markout = |horizon: &str| {
        let mut all = execution.markouts.iter();
        let found = all.find(|x| x.group == "all" && x.horizon == horizon);
        found.map_or(format::NONE.into(), |x| {
            format::figure(x.mean_basis_points, 2)
        })
    };
    [
        markout("1 s"),
        markout("60 s"),
        format::figure(execution.shortfall.total_basis_points, 2),
        format::span_figure(orders.fill_seconds.p50),
        format::span_figure(execution.queue_seconds.p50),
        format::percent(orders.cancel_before_fill, 0),
        format::span_figure(orders.entry_seconds.p50),
    ]
}

/// Money with two decimals; without them from a million on.
fn whole_money(value: Money) -> String {
    let text = format::money(value);
    match text.split_once('.') {
        Some((whole, _)) if whole.len() > 9 => whole.to_owned(),
        _ => text,
    }
}

fn table(
    rows: &[(String, &KeyFigures)],
    headings: &[&str; 7],
    cells: fn(&KeyFigures) -> [String; 7],
    paint: &Paint,
    out: &mut String,
) {
    let cells: Vec<[String; 7]> = rows.iter().map(|(_, figures)| cells(figures)).collect();
    let mut widths = headings.map(|x| x.chars().count());
    for row in &cells {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let used: usize = widths.iter().map(|x| x + 2).sum();
    let longest = rows.iter().map(|x| x.0.chars().count()).max().unwrap_or(0);
    let room = WIDTH.saturating_sub(used).max(NAME_WIDTH_MIN);
    let name_width = longest.max("strategy".len()).min(room);
    let mut line = pad_right("strategy", name_width);
    for (heading, width) in headings.iter().zip(widths) {
        line.push_str("  ");
        line.push_str(&pad_left(heading, width));
    }
    let _ = writeln!(out, "{}", paint.with(DIM, &line));
    for ((name, _), row) in rows.iter().zip(&cells) {
        let mut line = pad_right(&shorten(name, name_width), name_width);
        for (cell, width) in row.iter().zip(widths) {
            line.push_str("  ");
            line.push_str(&pad_left(cell, width));
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out.push('\n');
}

fn pad_left(text: &str, width: usize) -> String {
    format!(
        "{}{text}",
        " ".repeat(width.saturating_sub(text.chars().count()))
    )
}

fn pad_right(text: &str, width: usize) -> String {
    format!(
        "{text}{}",
        " ".repeat(width.saturating_sub(text.chars().count()))
    )
}

/// The text, or as much of its start as fits with a mark that it goes on.
fn shorten(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let start: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{start}…")
}

/// Breaks text at spaces into lines of at most `width` characters; a longer word stands alone.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|x| !x.is_empty()) {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
