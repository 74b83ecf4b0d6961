//! The report as one file for a browser.
//!
//! Takes in a report; gives out HTML that holds its styles, its script, its data and the chart library, and that asks for
//! nothing else: its content security policy forbids it. The page is `assets/report.html` with its places filled in.

use super::html_tables as tables;
use super::{Report, data, escape, format, html_markouts, html_provenance, periods, svg};
use crate::figures::KeyFigures;
use crate::metrics::Figure;

const PAGE: &str = include_str!("../../assets/report.html");
const CSS: &str = include_str!("../../assets/report.css");
const JS: &str = include_str!("../../assets/report.js");
const UPLOT_CSS: &str = include_str!("../../vendor/uplot/uPlot.min.css");
const UPLOT_JS: &str = include_str!("../../vendor/uplot/uPlot.iife.min.js");

pub(super) fn write(report: &Report) -> String {
    fill(PAGE, |place| match place {
        "title" => escape::html(&title(report)),
        "data" => escape::json_in_script(&data::chart_data(report).to_string()),
        "provenance" => provenance(report),
        "warnings" => warnings(report),
        "cards" => cards(report),
        "key_table" => tables::key_figures(report),
        "periods" => periods::html(report),
        "drawdowns_table" => tables::drawdowns(report),
        "risk_table" => tables::risk(report),
        "trades_table" => tables::trades(report),
        "orders_table" => tables::orders(report),
        "equity_note" => equity_note(report),
        "equity_svg" => equity_svg(report),
        "panel_control" => panel_control(report),
        "panel_note" => panel_note(report).into(),
        "execution_table" => tables::execution(report),
        "series_table" => tables::series(report),
        "markouts" => html_markouts::markouts(report),
        "inventory" => html_markouts::inventory(report),
        "inventory_table" => tables::inventory(report),
        "exposure_table" => tables::exposure(report),
        "instruments_table" => tables::instruments(report),
        "news_table" => tables::news(report),
        "parameters" => html_provenance::parameters(report),
        "configuration" => html_provenance::configuration(report),
        "digests" => html_provenance::digests(report),
        "footer" => footer(report),
        _ => String::new(),
    })
}

/// What every page carries inside: styles, script, chart library.
fn part(place: &str) -> Option<&'static str> {
    Some(match place {
        "css" => CSS,
        "js" => JS,
        "uplot_css" => UPLOT_CSS,
        "uplot_js" => UPLOT_JS,
        _ => return None,
    })
}

/// Fills the places `{{name}}` of a page, in one pass: what is filled in is never searched for places again.
pub(crate) fn fill(page: &str, content: impl Fn(&str) -> String) -> String {
    let mut out = String::with_capacity(page.len() + 200_000);
    let mut rest = page;
    while let Some((before, after)) = rest.split_once("{{") {
        out.push_str(before);
        let Some((place, after)) = after.split_once("}}") else {
            out.push_str("{{");
            rest = after;
            continue;
        };
        match part(place) {
            Some(part) => out.push_str(part),
            None => out.push_str(&content(place)),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

fn title(report: &Report) -> String {
    let instances = &report.run.description.instances;
    let tape = &report.run.description.tape.name;
    match instances.as_slice() {
        [] => format!("No strategy on {tape}"),
        [only] => format!("{} on {tape}", only.name),
        [first, second] => format!("{} and {} on {tape}", first.name, second.name),
        [a, b, c] => format!("{}, {} and {} on {tape}", a.name, b.name, c.name),
        all => format!("{} strategies on {tape}", format::count(all.len() as i128)),
    }
}

fn provenance(report: &Report) -> String {
    let run = &report.run;
    let (description, summary) = (&run.description, &run.summary);
    let seconds = (summary.last as f64 - summary.first as f64) / 1e9;
    let period = if seconds < 120.0 {
        format!(
            "{} to {} UTC",
            format::time_micros(summary.first),
            format::time_micros(summary.last)
        )
    } else {
        format!(
            "{} to {} UTC",
            format::time(summary.first),
            format::time(summary.last)
        )
    };
    let symbols: Vec<&str> = description
        .tape
        .instruments
        .iter()
        .map(|x| x.symbol.as_str())
        .collect();
    let instruments = match symbols.len() {
        0..=4 => symbols.join(", "),
        n => format!(
            "{} and {} more",
            symbols[..3].join(", "),
            format::count((n - 3) as i128)
        ),
    };
    let rows = [
        ("Tape", description.tape.name.clone()),
        ("Source", description.tape.source.clone()),
        ("Period", period),
        ("Length", format::span(seconds)),
        ("Instruments", instruments),
        ("Messages", format::count(summary.messages)),
        ("Program", format!("backplane {}", description.tool_version)),
        ("Run digest", format::short_digest(&summary.digest)),
    ];
    let item = |(name, value): &(&str, String)| {
        let value = if value.is_empty() { "not known" } else { value };
        format!("<div><dt>{name}</dt><dd>{}</dd></div>", escape::html(value))
    };
    rows.iter().map(item).collect()
}

fn warnings(report: &Report) -> String {
    let items: String = report
        .warnings()
        .map(|x| format!("<li>{}</li>", escape::html(x)))
        .collect();
    if items.is_empty() {
        return String::new();
    }
    format!(
        "<div class=\"warnings\" role=\"note\"><h2>Before you believe a figure</h2><ul>{items}</ul></div>"
    )
}

fn card(label: &str, value: &str, class: &str, detail: &str) -> String {
    format!(
        "<div class=\"card\"><p class=\"label\">{label}</p><p class=\"value {class}\">{value}</p>\
         <p class=\"detail\">{detail}</p></div>"
    )
}

/// What a figure that does not exist says instead of a detail.
fn detail_or_reason(figure: Figure, detail: String) -> String {
    figure.reason().map_or(detail, str::to_owned)
}

fn sign_class(value: i128) -> &'static str {
    match value {
        1.. => "up",
        0 => "",
        _ => "down",
    }
}

fn cards(report: &Report) -> String {
    result_cards(report) + &execution_cards(report)
}

fn result_cards(report: &Report) -> String {
    let figures: &KeyFigures = report.portfolio();
    let daily = &figures.performance;
    let currency = escape::html(&report.run.description.currency().0);
    let pnl = format!(
        "{} <small>{currency}</small>",
        format::signed_money(figures.net_pnl)
    );
    let days = format::count(daily.days as i128);
    let noun = if daily.days == 1 { "day" } else { "days" };
    [
        card(
            "Net profit and loss",
            &pnl,
            sign_class(figures.net_pnl.0),
            &format!("after fees of {}", format::money(figures.fees)),
        ),
        card(
            "Return on starting cash",
            &format::percent(figures.return_on_cash, 3),
            sign_class(figures.net_pnl.0),
            &format!("of {}", format::money(figures.starting_cash)),
        ),
        card(
            "Maximum drawdown",
            &format::percent(figures.max_drawdown, 3),
            "",
            &format!(
                "{} over every valuation",
                format::money(figures.max_drawdown_money)
            ),
        ),
        card(
            "Sharpe ratio",
            &format::figure(daily.sharpe, 2),
            "",
            &detail_or_reason(
                daily.sharpe,
                format!(
                    "{days} {noun}, {} a year, risk-free 0",
                    daily.periods_per_year
                ),
            ),
        ),
    ]
    .concat()
}

fn execution_cards(report: &Report) -> String {
    let figures: &KeyFigures = report.portfolio();
    let (execution, trades) = (&figures.execution, &figures.trades);
    let orders = &figures.orders;
    let noun = if orders.orders == 1 {
        "order"
    } else {
        "orders"
    };
    let orders = format!("of {} {noun}", format::count(orders.orders));
    let turnover = format!("of {} turnover", format::money(execution.turnover));
    let slippage = execution.slippage_basis_points;
    let basis_points = format!("{} <small>bp</small>", format::figure(slippage, 2));
    let win_rate = trades.trade_win_rate;
    let trips = format!(
        "of {}, held {}",
        format::count(trades.round_trips),
        format::span_figure(trades.holding_seconds.mean)
    );
    [
        card("Fills", &format::count(execution.fills), "", &orders),
        card(
            "Maker share",
            &format::percent(execution.maker_share, 1),
            "",
            &detail_or_reason(execution.maker_share, turnover),
        ),
        card(
            "Taker slippage",
            &basis_points,
            "",
            &detail_or_reason(slippage, "against the mid at submission".into()),
        ),
        card(
            "Winning round trips",
            &format::percent(win_rate, 1),
            "",
            &detail_or_reason(win_rate, trips),
        ),
    ]
    .concat()
}

fn equity_note(report: &Report) -> String {
    let count = report.instances().len();
    let drawn = report.computed.drawn.len();
    let mut note = String::from(
        "Change since the start, at every valuation, reduced without loss of extremes.",
    );
    if drawn < count {
        note.push_str(&format!(
            " Drawn are the {drawn} of {} strategies that earned or lost most, and all together.",
            format::count(count as i128)
        ));
    }
    note
}

fn equity_svg(report: &Report) -> String {
    let summary = &report.run.summary;
    let currency = report.run.description.currency().0;
    let points = &report.computed.portfolio_curves.pnl;
    svg::equity(points, summary.first, summary.last, &currency)
}

fn panel_control(report: &Report) -> String {
    let drawn = report.computed.drawn.iter().filter(|x| !x.1.is_empty());
    let names = drawn.map(|(_, x)| &report.run.description.instances[x.instance].name);
    let options: Vec<String> = names
        .enumerate()
        .map(|(number, name)| format!("<option value=\"{number}\">{}</option>", escape::html(name)))
        .collect();
    if options.len() < 2 {
        return String::new();
    }
    format!(
        "<p class=\"control\"><label for=\"panel-select\">Strategy</label>\
         <select id=\"panel-select\" autocomplete=\"off\">{}</select></p>",
        options.concat()
    )
}

fn panel_note(report: &Report) -> &'static str {
    let any = report.computed.drawn.iter().any(|x| !x.1.is_empty());
    if any {
        "The charts of this section need scripts."
    } else {
        "There are no fills, so there is nothing to draw."
    }
}

fn footer(report: &Report) -> String {
    format!(
        "Written by backplane {} from the tables beside this file. Times are UTC. A dash stands where a figure does not \
         exist; its title says why. Charts: uPlot 1.6.32 (MIT).",
        escape::html(&report.run.description.tool_version)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_in_is_not_searched_for_places() {
        let out = fill("<a>{{x}}</a>{{y}}", |place| match place {
            "x" => "{{y}}".into(),
            _ => "end".into(),
        });
        assert_eq!(out, "<a>{{y}}</a>end");
    }
}
