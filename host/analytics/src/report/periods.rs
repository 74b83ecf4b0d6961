//! Returns by month, by size, and over a rolling window.
//!
//! Takes in daily returns; gives out a table of months, a drawing of how returns are spread, and rolling Sharpe ratios.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::svg::{Bar, bars};
use super::{Report, format};
use crate::metrics::Returns;

/// The days of a rolling Sharpe ratio: a quarter of a year.
pub(super) const ROLLING_DAYS: usize = 63;
/// The bars of the drawing.
const BARS: usize = 31;
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Daily returns of all together with their days; empty where there are none.
fn returns(report: &Report) -> (&[i64], &[f64]) {
    let daily = &report.computed.portfolio_daily;
    match &daily.returns {
        Ok(returns) => (&report.computed.days, returns),
        Err(_) => (&[], &[]),
    }
}

/// Rolling Sharpe ratios with the days on which they end.
pub(super) fn rolling(report: &Report) -> Vec<(i64, f64)> {
    let (days, returns) = returns(report);
    let periods = report.portfolio().performance.periods_per_year;
    let windows = returns
        .windows(ROLLING_DAYS)
        .zip(days.iter().skip(ROLLING_DAYS - 1));
    let sharpe = |values: &[f64]| Returns::with_periods(values, periods).sharpe().value();
    windows
        .filter_map(|(values, day)| Some((*day, sharpe(values)?)))
        .collect()
}

/// Months and spread, or what is missing for them.
pub(super) fn html(report: &Report) -> String {
    let (days, returns) = returns(report);
    if returns.len() < 2 {
        return "<p class=\"empty\">Months, the spread of daily returns and drawdowns of days need more than one day.</p>"
            .into();
    }
    months(days, returns) + &spread(returns)
}

/// Compounded returns of each month, and of each year.
fn months(days: &[i64], returns: &[f64]) -> String {
    let mut years: BTreeMap<i64, [Option<f64>; 12]> = BTreeMap::new();
    for (day, value) in days.iter().zip(returns) {
        let text = format::day(*day);
        let mut parts = text.split('-').map(|x| x.parse::<i64>().unwrap_or(0));
        let (Some(year), Some(month @ 1..=12)) = (parts.next(), parts.next()) else {
            continue;
        };
        let cell = &mut years.entry(year).or_default()[month as usize - 1];
        *cell = Some((1.0 + cell.unwrap_or(0.0)) * (1.0 + value) - 1.0);
    }
    let all = years.values().flatten().flatten();
    let largest = all.fold(0.0_f64, |x, y| x.max(y.abs()));
    let mut rows = String::new();
    for (year, months) in &years {
        let mut cells = String::new();
        for month in months {
            cells.push_str(&month.map_or("<td></td>".into(), |x| shaded(x, largest)));
        }
        let total = months.iter().flatten().fold(1.0, |x, y| x * (1.0 + y)) - 1.0;
        let total = format!("{}%", format::decimal(total * 100.0, 2));
        let _ = write!(
            rows,
            "<tr><th scope=\"row\">{year}</th>{cells}<td class=\"sum\">{total}</td></tr>"
        );
    }
    let heads: String = (MONTHS.iter().chain(&["Year"]))
        .map(|x| format!("<th scope=\"col\">{x}</th>"))
        .collect();
    format!(
        "<h3>Months</h3><div class=\"scroll block\" tabindex=\"0\" role=\"region\" aria-label=\"Returns by month\">\
         <table class=\"heat\"><thead><tr><th scope=\"col\" class=\"left\">Year</th>{heads}</tr></thead>\
         <tbody>{rows}</tbody></table></div>"
    )
}

/// A cell that is the darker the larger its value.
fn shaded(value: f64, largest: f64) -> String {
    let share = if largest > 0.0 {
        value.abs() / largest
    } else {
        0.0
    };
    let class = if value < 0.0 { "loss" } else { "win" };
    format!(
        "<td class=\"{class}\" style=\"--share:{:.0}%\">{}%</td>",
        share * 60.0,
        format::decimal(value * 100.0, 2)
    )
}

/// How daily returns are spread.
fn spread(returns: &[f64]) -> String {
    let size = returns.iter().fold(0.0_f64, |x, y| x.max(y.abs()));
    if size == 0.0 {
        return "<p class=\"empty\">No day had a return other than zero.</p>".into();
    }
    let mut counts = [0_u64; BARS];
    for value in returns {
        let place = (value / size + 1.0) / 2.0 * BARS as f64;
        counts[(place as usize).min(BARS - 1)] += 1;
    }
    let edge = |place: usize| (place as f64 / BARS as f64 * 2.0 - 1.0) * size * 100.0;
    let drawn: Vec<Bar> = (counts.iter().enumerate())
        .map(|(place, count)| Bar {
            value: *count as f64,
            class: match place.cmp(&(BARS / 2)) {
                std::cmp::Ordering::Less => "c1",
                std::cmp::Ordering::Equal => "flat",
                std::cmp::Ordering::Greater => "c0",
            },
            title: format!(
                "{}% to {}%: {} days",
                format::decimal(edge(place), 3),
                format::decimal(edge(place + 1), 3),
                format::count(*count)
            ),
        })
        .collect();
    let decimals = if size < 0.001 { 4 } else { 2 };
    let end = |x: f64| format!("{}%", format::decimal(x * 100.0, decimals));
    let (low, high) = (end(-size), end(size));
    let label = "Number of days by their return";
    format!(
        "<h3>Spread of daily returns</h3>{}",
        bars(label, &drawn, [&low, "0%", &high], |x| format::decimal(
            x, 0
        ))
    )
}
