//! The tables of the page.
//!
//! Takes in a report; gives out HTML tables with scoped headings, each in a box that scrolls on its own where the page is
//! too narrow.

use serde_json::Value;

use super::{Report, escape, format};
use crate::figures::KeyFigures;
use crate::metrics::Figure;

/// From so many strategies on, long tables are folded.
const FOLD_FROM: usize = 13;
/// From so many rows on, a table scrolls in a box of its own.
const TALL_FROM: usize = 30;

fn table(caption: &str, headings: &[&str], rows: &str) -> String {
    let heading = |(place, text): (usize, &&str)| {
        let class = if place == 0 || text.starts_with('<') {
            " class=\"left\""
        } else {
            ""
        };
        format!(
            "<th scope=\"col\"{class}>{}</th>",
            text.trim_start_matches('<')
        )
    };
    let head: String = headings.iter().enumerate().map(heading).collect();
    let label = if caption.is_empty() {
        headings[0].trim_start_matches('<')
    } else {
        caption
    };
    let tall = if rows.matches("<tr").count() > TALL_FROM {
        " tall"
    } else {
        ""
    };
    let caption = if caption.is_empty() {
        String::new()
    } else {
        format!("<caption>{caption}</caption>")
    };
    format!(
        "<div class=\"scroll block{tall}\" tabindex=\"0\" role=\"region\" aria-label=\"{label}\"><table>{caption}\
         <thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )
}

fn folded(count: usize, summary: &str, content: String) -> String {
    if count < FOLD_FROM {
        return content;
    }
    format!("<details><summary>{summary}</summary>{content}</details>")
}

/// A cell with a figure; one that does not exist says why in its title.
fn figure_cell(figure: Figure, text: String) -> String {
    match figure.reason() {
        None => format!("<td>{text}</td>"),
        Some(reason) => format!(
            "<td class=\"none\" title=\"{reason}\" aria-label=\"none: {reason}\">{text}</td>"
        ),
    }
}

fn percent(figure: Figure, decimals: usize) -> String {
    figure_cell(figure, format::percent(figure, decimals))
}

fn decimal(figure: Figure, decimals: usize) -> String {
    figure_cell(figure, format::figure(figure, decimals))
}

fn cell(text: impl std::fmt::Display) -> String {
    format!("<td>{text}</td>")
}

/// One row a strategy, and one for all together where there are several.
fn per_strategy(report: &Report, cells: impl Fn(&KeyFigures) -> String) -> String {
    let mut rows = String::new();
    for figures in report.instances() {
        let tag = if figures.stopped.is_some() {
            "<span class=\"tag\">stopped</span>"
        } else {
            ""
        };
        let name = escape::html(&figures.name);
        let cells = cells(&figures.key);
        rows.push_str(&format!(
            "<tr><th scope=\"row\" title=\"{name}\">{name}{tag}</th>{cells}</tr>"
        ));
    }
    if report.instances().len() > 1 {
        let cells = cells(report.portfolio());
        rows.push_str(&format!(
            "<tr class=\"total\"><th scope=\"row\">All together</th>{cells}</tr>"
        ));
    }
    rows
}

pub(super) fn key_figures(report: &Report) -> String {
    let rows = per_strategy(report, |x| {
        let class = match x.net_pnl.0 {
            1.. => "up",
            0 => "",
            _ => "down",
        };
        let daily = &x.daily;
        [
            format!(
                "<td class=\"{class}\">{}</td>",
                format::signed_money(x.net_pnl)
            ),
            cell(format::money(x.fees)),
            percent(x.return_on_cash, 3),
            cell(format::money(x.max_drawdown_money)),
            percent(x.max_drawdown, 3),
            percent(daily.annual_return, 2),
            percent(daily.annual_volatility, 2),
            decimal(daily.sharpe, 2),
            decimal(daily.sortino, 2),
            decimal(daily.calmar, 2),
            percent(daily.value_at_risk_historical_95, 2),
            percent(daily.conditional_value_at_risk_historical_95, 2),
            percent(daily.win_rate, 0),
        ]
        .concat()
    });
    let days = report.portfolio().daily.days;
    let note = format!(
        "<p class=\"note block\">From annual return on: {} daily {} ({}), 252 periods a year, risk-free rate 0. VaR and \
         CVaR: 95 % by history.</p>",
        format::count(days as i128),
        if days == 1 { "return" } else { "returns" },
        crate::figures::CALENDAR
    );
    let headings = [
        "Strategy",
        "Net PnL",
        "Fees",
        "Return",
        "Max DD",
        "Max DD %",
        "Annual return",
        "Volatility",
        "Sharpe",
        "Sortino",
        "Calmar",
        "VaR",
        "CVaR",
        "Days won",
    ];
    table("", &headings, &rows) + &note
}

pub(super) fn execution(report: &Report) -> String {
    let rows = per_strategy(report, |x| {
        let (execution, trades) = (&x.execution, &x.trades);
        let held = trades.average_holding_seconds();
        [
            cell(format::count(execution.orders)),
            cell(format::count(execution.rejected)),
            cell(format::count(execution.fills)),
            cell(format::count(execution.volume)),
            percent(execution.fill_ratio, 1),
            decimal(execution.order_to_trade_ratio, 1),
            percent(execution.maker_share, 1),
            decimal(execution.slippage, 2),
            decimal(execution.slippage_basis_points, 2),
            cell(format::count(trades.round_trips)),
            percent(trades.trade_win_rate(), 1),
            decimal(trades.trade_payoff_ratio(), 2),
            figure_cell(held, format::span_figure(held)),
        ]
        .concat()
    });
    let headings = [
        "Strategy",
        "Orders",
        "Rejected",
        "Fills",
        "Volume",
        "Filled",
        "Requests per fill",
        "Maker",
        "Slippage",
        "Slippage bp",
        "Round trips",
        "Won",
        "Payoff",
        "Held",
    ];
    table("", &headings, &rows)
        + "<p class=\"note block\">Filled: orders executed at least in part. Slippage: what takers paid against the mid \
           they saw when they submitted. Round trips pair executions first in, first out.</p>"
}

pub(super) fn inventory(report: &Report) -> String {
    let mut rows = String::new();
    for figures in report.instances() {
        for held in &figures.inventory {
            rows.push_str(&format!(
                "<tr><th scope=\"row\">{}</th><td class=\"left\">{}</td>{}{}{}</tr>",
                escape::html(&figures.name),
                escape::html(&held.instrument),
                cell(format::count(held.max_position)),
                decimal(held.mean_absolute_position, 2),
                cell(format::count(held.last_position))
            ));
        }
    }
    if rows.is_empty() {
        return String::new();
    }
    let headings = [
        "Strategy",
        "<Instrument",
        "Largest",
        "Mean over time",
        "At the end",
    ];
    let content = table("Size of the position, quantity units", &headings, &rows);
    folded(
        report.instances().len(),
        "Positions of every strategy",
        content,
    )
}

pub(super) fn news(report: &Report) -> String {
    let mut rows = String::new();
    for figures in report.instances() {
        let news = figures
            .order_news
            .iter()
            .map(|((status, reason), count)| (status.replace('_', " "), reason.clone(), *count));
        let fills = figures
            .fill_reasons
            .iter()
            .map(|(reason, count)| ("fill".to_owned(), reason.replace('_', " "), *count));
        for (what, why, count) in news.chain(fills) {
            let why = if why == "none" { "" } else { &why };
            rows.push_str(&format!(
                "<tr><th scope=\"row\">{}</th><td class=\"left\">{}</td><td class=\"left\">{}</td>{}</tr>",
                escape::html(&figures.name),
                escape::html(&what),
                escape::html(why),
                cell(format::count(count))
            ));
        }
    }
    if rows.is_empty() {
        return "<p class=\"empty\">No strategy heard any news of an order.</p>".into();
    }
    let headings = ["Strategy", "<News", "<Reason", "Count"];
    let content = table("What became of orders", &headings, &rows);
    folded(report.instances().len(), "News of every strategy", content)
}

pub(super) fn parameters(report: &Report) -> String {
    let mut rows = String::new();
    for instance in &report.run.description.instances {
        let values: Vec<String> = instance
            .parameters
            .iter()
            .map(|(name, value)| {
                format!(
                    "<code>{} = {}</code>",
                    escape::html(name),
                    escape::html(value)
                )
            })
            .collect();
        let values = if values.is_empty() {
            "none".into()
        } else {
            values.join("<br>")
        };
        rows.push_str(&format!(
            "<tr><th scope=\"row\">{}</th><td class=\"left wrap\">{} {}</td><td class=\"left wrap\">{values}</td></tr>",
            escape::html(&instance.name),
            escape::html(&instance.strategy),
            escape::html(&instance.version)
        ));
    }
    let content = table("", &["Strategy", "<Plugin", "<Parameters"], &rows);
    folded(
        report.instances().len(),
        "Parameters of every strategy",
        content,
    )
}

pub(super) fn configuration(report: &Report) -> String {
    let mut values = vec![(
        "starting cash".to_owned(),
        format!(
            "{} {}",
            format::money(report.run.description.starting_cash),
            report.run.description.currency().0
        ),
    )];
    flatten("", &report.run.description.config, &mut values);
    let row = |(name, value): &(String, String)| {
        format!(
            "<tr><th scope=\"row\">{}</th><td class=\"left wrap\">{}</td></tr>",
            escape::html(name),
            escape::html(value)
        )
    };
    let rows: String = values.iter().map(row).collect();
    table("", &["Setting", "<Value"], &rows)
}

/// The leaves of a JSON value with their paths.
fn flatten(path: &str, value: &Value, out: &mut Vec<(String, String)>) {
    let below = |name: &str| match path {
        "" => name.to_owned(),
        _ => format!("{path}.{name}"),
    };
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                flatten(&below(name), value, out);
            }
        }
        Value::Array(items) if items.iter().any(|x| x.is_object() || x.is_array()) => {
            for (place, value) in items.iter().enumerate() {
                flatten(&below(&place.to_string()), value, out);
            }
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(leaf).collect();
            out.push((path.to_owned(), items.join(", ")));
        }
        Value::Null if path.is_empty() => {}
        value => out.push((path.to_owned(), leaf(value))),
    }
}

fn leaf(value: &Value) -> String {
    match value {
        Value::Null => "none".into(),
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

pub(super) fn digests(report: &Report) -> String {
    let run = &report.run;
    let row = |name: &str, what: &str, digest: &str| {
        let digest = if digest.is_empty() { "none" } else { digest };
        format!(
            "<tr><th scope=\"row\">{}</th><td class=\"left\">{what}</td><td class=\"left digest\">{}</td></tr>",
            escape::html(name),
            escape::html(digest)
        )
    };
    let mut rows = row("Run", "effects of all", &run.summary.digest);
    rows.push_str(&row(
        &run.description.tape.name,
        "tape",
        &run.description.tape.digest,
    ));
    for (instance, outcome) in run.description.instances.iter().zip(&run.summary.instances) {
        rows.push_str(&row(&instance.name, "effects", &outcome.digest));
        if !instance.plugin_file.is_empty() {
            rows.push_str(&row(
                &instance.plugin_file,
                "plugin",
                &instance.plugin_digest,
            ));
        }
    }
    let content = table("", &["Of", "<What", "<Digest"], &rows);
    folded(
        run.description.instances.len(),
        "Digests of every strategy",
        content,
    )
}
