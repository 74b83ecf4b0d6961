//! The data of the charts, as compact JSON inside the page.
//!
//! Takes in reduced curves; gives out one JSON value. A series is its times in whole microseconds since the first message
//! and its values in whole units of a power of ten, each as the difference from the one before: few bytes a point, and
//! exact.

use serde_json::{Value, json};

use super::{Report, periods};
use crate::figures::{Curves, NANOS_PER_DAY, Panel, untag};
use crate::m4::Point;

/// What the page's script draws.
pub(super) fn chart_data(report: &Report) -> Value {
    let run = &report.run;
    let computed = &report.computed;
    let first = run.summary.first;
    let name = |x: usize| run.description.instances[x].name.as_str();
    let count = run.description.instances.len();
    let cash = run.description.starting_cash.as_f64();
    let mut curves = Vec::new();
    if count > 1 {
        let all = &computed.portfolio_curves;
        curves.push(curve("all together", all, first, cash * count as f64));
    }
    for (reduced, panel) in &computed.drawn {
        curves.push(curve(name(panel.instance), reduced, first, cash));
    }
    let panels: Vec<Value> = computed
        .drawn
        .iter()
        .filter(|(_, x)| !x.is_empty())
        .map(|(_, x)| panel_value(report, x))
        .collect();
    let rolling: Vec<Point> = (periods::rolling(report).into_iter())
        .map(|(day, value)| Point {
            at: (day + 1).saturating_mul(NANOS_PER_DAY),
            value,
            tag: 0,
        })
        .collect();
    json!({
        "first": first.div_euclid(1_000),
        "last": run.summary.last.div_euclid(1_000),
        "currency": run.description.currency().0,
        "share": run.description.starting_cash.0 > 0,
        "curves": curves,
        "panels": panels,
        "rolling": series(&rolling, first, 4),
        "rollingDays": periods::ROLLING_DAYS,
    })
}

fn curve(name: &str, curves: &Curves, first: i64, cash: f64) -> Value {
    json!({
        "name": name,
        "cash": cash,
        "pnl": series(&curves.pnl, first, 2),
        "drawdown": series(&curves.drawdown, first, 7),
    })
}

fn panel_value(report: &Report, panel: &Panel) -> Value {
    let run = &report.run;
    let first = run.summary.first;
    let instrument = run.description.tape.instruments.get(panel.instrument);
    let drawn: usize = panel.fills.iter().map(Vec::len).sum();
    let fills: Vec<Value> = (panel.fills.iter())
        .map(|x| {
            let mut value = series(x, first, 9);
            let tags = x.iter().map(|x| untag(x.tag));
            let (reasons, quantities): (Vec<usize>, Vec<i64>) = tags.unzip();
            value["reason"] = json!(reasons);
            value["quantity"] = json!(quantities);
            value
        })
        .collect();
    json!({
        "name": run.description.instances[panel.instance].name,
        "symbol": instrument.map_or("", |x| x.symbol.as_str()),
        "instruments": panel.instruments,
        "price": series(&panel.price, first, 9),
        "position": series(&panel.position, first, 0),
        "fills": fills,
        "reasons": panel.reasons.iter().map(|x| x.replace('_', " ")).collect::<Vec<_>>(),
        "series": panel.series.iter().map(|(name, points)| {
            let mut value = series(points, first, 12);
            value["name"] = json!(name);
            value
        }).collect::<Vec<_>>(),
        "fillCount": panel.fill_count,
        "drawn": drawn,
    })
}

/// Times and values as differences; values are rounded to so many decimals, fewer where they would be too large for a
/// float to hold.
pub(crate) fn series(points: &[Point], first: i64, decimals: i32) -> Value {
    let first = first.div_euclid(1_000);
    let largest = points.iter().fold(0.0_f64, |x, y| x.max(y.value.abs()));
    let fits = |x: &i32| largest * 10_f64.powi(*x) < 9e15;
    let decimals = (-300..=decimals).rev().find(fits).unwrap_or(0);
    let scale = 10_f64.powi(decimals);
    let times = points
        .iter()
        .map(|x| x.at.div_euclid(1_000).saturating_sub(first));
    let values = points.iter().map(|x| (x.value * scale).round() as i64);
    // A price's unit is often far larger than 1e-9: what all values share is left out.
    let unit = values.clone().fold(0, gcd).max(1);
    json!({
        "t": differences(times),
        "v": differences(values.map(|x| x / unit)),
        "unit": unit as f64 / scale,
    })
}

fn gcd(a: i64, b: i64) -> i64 {
    let (mut a, mut b) = (a.unsigned_abs(), b.unsigned_abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    i64::try_from(a).unwrap_or(1)
}

fn differences(values: impl Iterator<Item = i64>) -> Vec<i64> {
    let step = |before: &mut i64, value: i64| {
        let step = value.saturating_sub(*before);
        *before = value;
        Some(step)
    };
    values.scan(0, step).collect()
}
