//! The figures of a report by their names.
//!
//! Takes in a report; gives out every number of it under a dotted path, so that runs are compared figure by figure and
//! conditions can name any of them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::metrics::Figure;
use crate::report::Report;

/// The figures of one run by path: `net_pnl`, `performance.sharpe`, `instances.NAME.trades.round_trips`. The error is the
/// reason why there is none.
pub type Measures = BTreeMap<String, Result<f64, String>>;

/// What is compared in words, by path: the figures that a reader looks for first.
pub(super) const MAIN: [&str; 30] = [
    "net_pnl",
    "fees",
    "return_on_cash",
    "max_drawdown_money",
    "max_drawdown",
    "performance.annual_return",
    "performance.annual_volatility",
    "performance.sharpe",
    "performance.sortino",
    "performance.calmar",
    "risk.value_at_risk_historical_95",
    "risk.conditional_value_at_risk_historical_95",
    "orders.orders",
    "orders.rejected",
    "orders.fill_ratio",
    "orders.cancel_before_fill",
    "orders.order_to_trade_ratio",
    "orders.fill_seconds.p50",
    "execution.fills",
    "execution.volume",
    "execution.turnover",
    "execution.maker_share",
    "execution.slippage_basis_points",
    "execution.shortfall.total_basis_points",
    "execution.queue_seconds.p50",
    "trades.round_trips",
    "trades.trade_win_rate",
    "trades.trade_payoff_ratio",
    "trades.holding_seconds.mean",
    "exposure.max_gross",
];

/// Every figure of a report: those of all together by their own path, those of an instance below `instances.NAME`.
pub(super) fn measures(report: &Report) -> Measures {
    let mut all = Measures::new();
    gather("", &value(report.portfolio()), &mut all);
    if report.instances().len() > 1 {
        for figures in report.instances() {
            let path = format!("instances.{}", figures.name);
            gather(&path, &value(&figures.key), &mut all);
        }
    }
    all
}

fn value(figures: &crate::figures::KeyFigures) -> Value {
    // Values of this shape cannot fail to serialize: every key is a string and every float is finite.
    serde_json::to_value(figures).unwrap_or_default()
}

fn gather(path: &str, value: &Value, all: &mut Measures) {
    match value {
        Value::Object(fields) => {
            if let (Some(Value::Null), Some(Value::String(reason))) =
                (fields.get("value"), fields.get("reason"))
            {
                all.insert(path.to_owned(), Err(reason.clone()));
                return;
            }
            for (name, value) in fields {
                let below = match path {
                    "" => name.clone(),
                    _ => format!("{path}.{name}"),
                };
                gather(&below, value, all);
            }
        }
        Value::Array(items) => {
            for item in items {
                // Markouts have names: theirs are group and horizon.
                let name = |key: &str| item.get(key).and_then(Value::as_str);
                if let (Some(group), Some(horizon)) = (name("group"), name("horizon")) {
                    let below = format!("{path}.{group}.{}", horizon.replace(' ', ""));
                    gather(&below, item, all);
                }
            }
        }
        Value::Number(number) => {
            if let Some(number) = number.as_f64() {
                all.insert(path.to_owned(), Ok(number));
            }
        }
        // Money is a decimal string.
        Value::String(text) => {
            let number = text.parse::<f64>().ok();
            if let Some(number) = number.filter(|x| x.is_finite()) {
                all.insert(path.to_owned(), Ok(number));
            }
        }
        Value::Null | Value::Bool(_) => {}
    }
}

/// The paths of a figure that is named by its path or by the end of it; figures of instances only by their whole path.
pub(super) fn resolve<'a>(measures: &'a Measures, name: &str) -> Vec<&'a str> {
    if let Some((path, _)) = measures.get_key_value(name) {
        return vec![path];
    }
    let end = format!(".{name}");
    let paths = measures.keys().map(String::as_str);
    paths
        .filter(|x| x.ends_with(&end) && !x.starts_with("instances."))
        .collect()
}

/// A measure as a figure; the reason stays behind.
pub(super) fn figure(measure: Option<&Result<f64, String>>) -> Figure {
    match measure {
        Some(Ok(value)) => Figure::of(*value),
        _ => Figure::Undefined("not there"),
    }
}
