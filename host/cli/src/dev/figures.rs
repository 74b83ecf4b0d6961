//! Key figures beside those of the run before.
//!
//! Takes in two reports; gives out a table: each figure now, before, and the difference. A figure that does not exist is a
//! dash; one that did not change has no difference.

use std::fmt::Write;

use backplane_analytics::Report;
use backplane_analytics::figures::KeyFigures;
use backplane_analytics::metrics::Figure;
use backplane_analytics::report::format;
use backplane_sdk::types::Money;

/// The most strategies that are shown; the report has all.
const STRATEGIES_MAX: usize = 8;
const NAME_WIDTH: usize = 16;
const WIDTH: usize = 16;

/// A figure in its unit.
#[derive(Clone, Copy)]
enum Value {
    Money(Money),
    Count(u64),
    Share(Figure),
    Number(Figure),
}

impl Value {
    fn text(self) -> String {
        match self {
            Value::Money(money) => format::money(money),
            Value::Count(count) => format::count(count),
            Value::Share(share) => format::percent(share, 2),
            Value::Number(number) => format::figure(number, 2),
        }
    }

    /// This minus another value of its kind, with its sign; empty where they are the same.
    fn difference(self, before: Value) -> String {
        match (self, before) {
            (Value::Money(now), Value::Money(before)) if now != before => {
                format::signed_money(now - before)
            }
            (Value::Count(now), Value::Count(before)) if now != before => {
                let change = i128::from(now) - i128::from(before);
                signed(change > 0, format::count(change))
            }
            (Value::Share(now), Value::Share(before)) => changed(now, before, |x| {
                format!("{} pp", format::decimal(x * 100.0, 2))
            }),
            (Value::Number(now), Value::Number(before)) => {
                changed(now, before, |x| format::decimal(x, 2))
            }
            _ => String::new(),
        }
    }
}

fn signed(is_more: bool, text: String) -> String {
    if is_more { format!("+{text}") } else { text }
}

fn changed(now: Figure, before: Figure, show: impl Fn(f64) -> String) -> String {
    match (now.value(), before.value()) {
        (Some(now), Some(before)) if now != before => {
            let change = now - before;
            signed(change > 0.0, show(change))
        }
        _ => String::new(),
    }
}

fn figures(key: &KeyFigures) -> [(&'static str, Value); 10] {
    let execution = &key.execution;
    [
        ("net PnL", Value::Money(key.net_pnl)),
        ("fees", Value::Money(key.fees)),
        ("return", Value::Share(key.return_on_cash)),
        ("max DD", Value::Share(key.max_drawdown)),
        ("Sharpe", Value::Number(key.performance.sharpe)),
        ("orders", Value::Count(key.orders.orders)),
        ("fills", Value::Count(execution.fills)),
        ("maker", Value::Share(execution.maker_share)),
        ("filled", Value::Share(key.orders.fill_ratio)),
        ("slip bp", Value::Number(execution.slippage_basis_points)),
    ]
}

/// The table of a report beside the one before, if there is one.
pub fn table(now: &Report, before: Option<&Report>) -> String {
    let mut out = String::new();
    for instance in now.instances().iter().take(STRATEGIES_MAX) {
        let others = before.into_iter().flat_map(Report::instances);
        let before = others.into_iter().find(|x| x.name == instance.name);
        let _ = write!(out, "{:<NAME_WIDTH$}", instance.name);
        let _ = match before {
            Some(_) => writeln!(
                out,
                "{:>WIDTH$}{:>WIDTH$}{:>WIDTH$}",
                "now", "before", "change"
            ),
            None => writeln!(out, "{:>WIDTH$}", "now"),
        };
        if let Some(why) = &instance.stopped {
            let _ = writeln!(out, "  stopped {why}");
        }
        let olds = before.map(|x| figures(&x.key));
        for (place, (name, value)) in figures(&instance.key).into_iter().enumerate() {
            let _ = write!(out, "  {name:<14}{:>WIDTH$}", value.text());
            if let Some(olds) = &olds {
                let old = olds[place].1;
                let (was, change) = (old.text(), value.difference(old));
                let _ = write!(out, "{was:>WIDTH$}{change:>WIDTH$}");
            }
            let length = out.trim_end().len();
            out.truncate(length);
            out.push('\n');
        }
    }
    let hidden = now.instances().len().saturating_sub(STRATEGIES_MAX);
    if hidden > 0 {
        let _ = writeln!(out, "{hidden} more strategies are in the report");
    }
    out
}
