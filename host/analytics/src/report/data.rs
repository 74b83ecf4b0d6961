//! The data of the charts, as compact JSON inside the page.
//!
//! Takes in reduced curves; gives out one JSON value. Times are whole microseconds since the first message, so that a
//! point costs few bytes and a float holds it exactly.

use serde_json::{Value, json};

use super::Report;
use crate::figures::{Curves, Panel};
use crate::m4::Point;

/// What the page's script draws.
pub(super) fn chart_data(report: &Report) -> Value {
    let run = &report.run;
    let computed = &report.computed;
    let first = run.summary.first;
    let name = |x: usize| run.description.instances[x].name.as_str();
    let mut curves = Vec::new();
    if run.description.instances.len() > 1 {
        curves.push(curve("all together", &computed.portfolio_curves, first));
    }
    for (reduced, panel) in &computed.drawn {
        curves.push(curve(name(panel.instance), reduced, first));
    }
    let panels: Vec<Value> = computed
        .drawn
        .iter()
        .filter(|(_, x)| x.fill_count > 0)
        .map(|(_, x)| panel_value(report, x))
        .collect();
    json!({
        "first": first.div_euclid(1_000),
        "last": run.summary.last.div_euclid(1_000),
        "currency": run.description.currency().0,
        "share": run.description.starting_cash.0 > 0,
        "curves": curves,
        "panels": panels,
    })
}

fn curve(name: &str, curves: &Curves, first: i64) -> Value {
    json!({
        "name": name,
        "pnl": series(&curves.pnl, first, 2),
        "drawdown": series(&curves.drawdown, first, 7),
    })
}

fn panel_value(report: &Report, panel: &Panel) -> Value {
    let run = &report.run;
    let first = run.summary.first;
    let instrument = run.description.tape.instruments.get(panel.instrument);
    let drawn: usize = panel.fills.iter().map(Vec::len).sum();
    let fills: Vec<Value> = panel.fills.iter().map(|x| series(x, first, 9)).collect();
    json!({
        "name": run.description.instances[panel.instance].name,
        "symbol": instrument.map_or("", |x| x.symbol.as_str()),
        "instruments": panel.instruments,
        "price": series(&panel.price, first, 9),
        "position": series(&panel.position, first, 0),
        "fills": fills,
        "fillCount": panel.fill_count,
        "drawn": drawn,
    })
}

/// Times and values as two lists, rounded to so many decimals.
fn series(points: &[Point], first: i64, decimals: u32) -> Value {
    let first = first.div_euclid(1_000);
    let times: Vec<i64> = points
        .iter()
        .map(|x| x.at.div_euclid(1_000).saturating_sub(first))
        .collect();
    let values: Vec<Value> = points.iter().map(|x| rounded(x.value, decimals)).collect();
    json!([times, values])
}

fn rounded(value: f64, decimals: u32) -> Value {
    let scale = 10_f64.powi(decimals as i32);
    let rounded = (value * scale).round() / scale;
    let value = if rounded.is_finite() { rounded } else { value };
    if value == value.trunc() && value.abs() < 1e15 {
        return json!(value as i64);
    }
    json!(value)
}
