//! The tables of figures.
//!
//! Takes in a report; gives out HTML tables: returns and risk, round trips, orders, executions, positions.

use super::html_frame::{
    cell, decimal, figure_cell, folded, gain, note, per_strategy, percent, row, span, table, words,
};
use super::{Report, format};
use crate::figures::{Distribution, InstrumentFigures, PositionStatistics};

/// The most rows of a table that lists every strategy in every instrument.
const ROWS_MAX: usize = 2_000;

pub(super) fn key_figures(report: &Report) -> String {
    let rows = per_strategy(report, |x| {
        let (performance, risk) = (&x.performance, &x.risk);
        [
            gain(x.net_pnl),
            cell(format::money(x.fees)),
            percent(x.return_on_cash, 3),
            cell(format::money(x.max_drawdown_money)),
            percent(x.max_drawdown, 3),
            percent(performance.annual_return, 2),
            percent(performance.annual_volatility, 2),
            decimal(performance.sharpe, 2),
            decimal(performance.sortino, 2),
            decimal(performance.calmar, 2),
            percent(risk.value_at_risk_historical_95, 2),
            percent(risk.conditional_value_at_risk_historical_95, 2),
            percent(performance.win_rate, 0),
        ]
        .concat()
    });
    let performance = &report.portfolio().performance;
    let text = format!(
        "From annual return on: {} daily {} ({}), {} periods a year, risk-free rate 0. VaR and CVaR: history, one day, \
         95 %.",
        format::count(performance.days as i128),
        if performance.days == 1 {
            "return"
        } else {
            "returns"
        },
        performance.calendar,
        performance.periods_per_year
    );
    let headings = [
        "Strategy",
        "Net PnL",
        "Fees",
        "Return",
        "Max DD",
        "Max DD %",
        "A year",
        "Volatility",
        "Sharpe",
        "Sortino",
        "Calmar",
        "VaR",
        "CVaR",
        "Days won",
    ];
    table("", &headings, &rows) + &note(&text)
}

pub(super) fn risk(report: &Report) -> String {
    let rows = per_strategy(report, |x| {
        let (performance, risk) = (&x.performance, &x.risk);
        [
            percent(performance.best_day, 2),
            percent(performance.worst_day, 2),
            decimal(performance.profit_factor, 2),
            decimal(performance.omega, 2),
            decimal(performance.gain_to_pain, 2),
            decimal(performance.recovery_factor, 2),
            decimal(performance.stability, 2),
            percent(risk.downside_risk, 2),
            percent(risk.ulcer_index, 2),
            decimal(risk.tail_ratio, 2),
            decimal(risk.skew, 2),
            decimal(risk.kurtosis_excess, 2),
        ]
        .concat()
    });
    let headings = [
        "Strategy",
        "Best day",
        "Worst day",
        "Profit factor",
        "Omega",
        "Gain to pain",
        "Recovery",
        "Stability",
        "Downside risk",
        "Ulcer",
        "Tail ratio",
        "Skew",
        "Kurtosis",
    ];
    table("Daily returns, further", &headings, &rows)
}

pub(super) fn trades(report: &Report) -> String {
    let rows = per_strategy(report, |x| {
        let trades = &x.trades;
        [
            cell(format::count(trades.round_trips)),
            percent(trades.trade_win_rate, 1),
            decimal(trades.trade_payoff_ratio, 2),
            decimal(trades.trade_profit_factor, 2),
            decimal(trades.expectancy, 2),
            decimal(trades.largest_win, 2),
            decimal(trades.largest_loss, 2),
            cell(format::count(trades.longest_winning_streak)),
            cell(format::count(trades.longest_losing_streak)),
            span(trades.holding_seconds.p50),
            span(trades.holding_seconds.p90),
            decimal(trades.mean_adverse_excursion, 2),
            decimal(trades.mean_favorable_excursion, 2),
        ]
        .concat()
    });
    let headings = [
        "Strategy",
        "Round trips",
        "Won",
        "Payoff",
        "Profit factor",
        "Mean",
        "Best",
        "Worst",
        "Wins in a row",
        "Losses in a row",
        "Held p50",
        "Held p90",
        "Mean MAE",
        "Mean MFE",
    ];
    table("", &headings, &rows)
        + &note(
            "Round trips pair executions first in, first out; gains are after fees. MAE and MFE are the deepest loss and \
             the highest gain at the mid while a round trip was open, before fees.",
        )
}

pub(super) fn orders(report: &Report) -> String {
    let rows = per_strategy(report, |x| {
        let orders = &x.orders;
        [
            cell(format::count(orders.orders)),
            cell(format::count(orders.rejected)),
            cell(format::count(x.execution.fills)),
            percent(orders.fill_ratio, 1),
            percent(orders.quantity_fill_ratio, 1),
            percent(orders.cancel_before_fill, 1),
            decimal(orders.order_to_trade_ratio, 1),
            span(orders.fill_seconds.p50),
            span(orders.unfilled_seconds.p50),
            span(orders.entry_seconds.p50),
            span(orders.entry_seconds.p99),
            span(orders.response_seconds.p50),
            span(orders.response_seconds.p99),
        ]
        .concat()
    });
    let headings = [
        "Strategy",
        "Orders",
        "Rejected",
        "Fills",
        "Filled",
        "Of quantity",
        "Cancelled first",
        "Requests per fill",
        "Time to fill",
        "Life unfilled",
        "Entry p50",
        "Entry p99",
        "Response p50",
        "Response p99",
    ];
    table("Orders", &headings, &rows)
        + &note(
            "Filled: orders executed at least in part. Cancelled first: cancelled without any execution. Entry and response \
             are the latencies that orders met.",
        )
}

pub(super) fn execution(report: &Report) -> String {
    let rows = per_strategy(report, |x| {
        let execution = &x.execution;
        let shortfall = &execution.shortfall;
        [
            cell(format::count(execution.volume)),
            cell(format::money(execution.turnover)),
            percent(execution.maker_share, 1),
            decimal(execution.slippage_basis_points, 2),
            decimal(shortfall.execution, 2),
            decimal(shortfall.fees, 2),
            decimal(shortfall.opportunity, 2),
            decimal(shortfall.total_basis_points, 2),
            span(execution.queue_seconds.p50),
            span(execution.queue_seconds.p90),
            ahead(&execution.queue_ahead),
        ]
        .concat()
    });
    let headings = [
        "Strategy",
        "Volume",
        "Turnover",
        "Maker",
        "Slippage bp",
        "Execution",
        "Fees",
        "Opportunity",
        "Shortfall bp",
        "In queue p50",
        "In queue p90",
        "Ahead p50 / p90",
    ];
    table("Executions", &headings, &rows)
        + &note(
            "Slippage: what takers paid against the mid they saw when they submitted. Shortfall (Perold): execution, fees and \
             opportunity against that mid, over all accepted orders. Ahead: what stood before orders that were executed as \
             maker when they took their place.",
        )
}

fn ahead(ahead: &Distribution) -> String {
    let text = match (ahead.p50.value(), ahead.p90.value()) {
        (Some(_), Some(_)) => format!(
            "{} / {}",
            format::figure(ahead.p50, 0),
            format::figure(ahead.p90, 0)
        ),
        _ => format::NONE.to_owned(),
    };
    figure_cell(ahead.p50, text)
}

pub(super) fn inventory(report: &Report) -> String {
    let cells = |x: &InstrumentFigures| -> Option<String> {
        let held: &PositionStatistics = x.position.as_ref()?;
        let cells = [
            gain(x.net_pnl),
            cell(format::count(x.execution.fills)),
            cell(format::count(held.max_long)),
            cell(format::count(held.max_short)),
            decimal(held.mean_absolute_position, 2),
            percent(held.time_in_market, 1),
            cell(format::count(held.last_position)),
        ];
        Some(words(&x.instrument) + &cells.concat())
    };
    let all = report.instances().iter().flat_map(|figures| {
        let rows = figures.instruments.iter();
        rows.filter_map(|x| Some(row(&figures.name, &cells(x)?)))
    });
    let mut rows: Vec<String> = all.take(ROWS_MAX + 1).collect();
    if rows.is_empty() {
        return String::new();
    }
    let more = rows.len() > ROWS_MAX;
    rows.truncate(ROWS_MAX);
    let headings = [
        "Strategy",
        "<Instrument",
        "Net PnL",
        "Fills",
        "Most long",
        "Most short",
        "Mean size",
        "In market",
        "At the end",
    ];
    let mut content = table("Positions, quantity units", &headings, &rows.concat());
    if more {
        content +=
            &note("There are more rows; all are in the JSON of <code>backplane report</code>.");
    }
    folded(
        rows.len().max(report.instances().len()),
        "Positions of every strategy",
        content,
    )
}

pub(super) fn exposure(report: &Report) -> String {
    let rows = per_strategy(report, |x| {
        let exposure = &x.exposure;
        [
            cell(format::money(exposure.max_gross)),
            decimal(exposure.mean_gross, 2),
            decimal(exposure.mean_net, 2),
            decimal(exposure.max_leverage, 2),
            decimal(exposure.mean_leverage, 2),
            percent(exposure.time_exposed, 1),
        ]
        .concat()
    });
    let headings = [
        "Strategy",
        "Most gross",
        "Mean gross",
        "Mean net",
        "Most leverage",
        "Mean leverage",
        "Exposed",
    ];
    table("Exposure, the value of positions", &headings, &rows)
}

/// All strategies together in each instrument, where there is more than one.
pub(super) fn instruments(report: &Report) -> String {
    let all = report.instruments();
    if all.len() < 2 {
        return String::new();
    }
    let rows: String = (all.iter().take(ROWS_MAX))
        .map(|x| {
            let cells = [
                gain(x.net_pnl),
                cell(format::money(x.fees)),
                cell(format::count(x.orders.orders)),
                cell(format::count(x.execution.fills)),
                cell(format::count(x.execution.volume)),
                percent(x.execution.maker_share, 1),
                decimal(x.execution.slippage_basis_points, 2),
                cell(format::count(x.trades.round_trips)),
                percent(x.trades.trade_win_rate, 1),
            ];
            row(&x.instrument, &cells.concat())
        })
        .collect();
    let headings = [
        "Instrument",
        "Net PnL",
        "Fees",
        "Orders",
        "Fills",
        "Volume",
        "Maker",
        "Slippage bp",
        "Round trips",
        "Won",
    ];
    let content = table("Instruments, all strategies together", &headings, &rows);
    folded(all.len(), "Every instrument", content)
}

pub(super) fn news(report: &Report) -> String {
    let mut rows = String::new();
    for figures in report.instances() {
        let news = (figures.key.orders.news.iter())
            .map(|((status, reason), count)| (status.replace('_', " "), reason.clone(), *count));
        let fills = (figures.key.execution.reasons.iter())
            .map(|(reason, count)| ("fill".to_owned(), reason.replace('_', " "), *count));
        for (what, why, count) in news.chain(fills) {
            let why = if why == "none" { "" } else { &why };
            let cells = words(&what) + &words(why) + &cell(format::count(count));
            rows.push_str(&row(&figures.name, &cells));
        }
    }
    if rows.is_empty() {
        return "<p class=\"empty\">No strategy heard any news of an order.</p>".into();
    }
    let headings = ["Strategy", "<News", "<Reason", "Count"];
    let content = table("What became of orders", &headings, &rows);
    folded(report.instances().len(), "News of every strategy", content)
}

/// The series that strategies recorded themselves.
pub(super) fn series(report: &Report) -> String {
    let all = report.instances().iter().flat_map(|figures| {
        figures.series.iter().map(|x| {
            let cells = [
                words(&x.name),
                cell(format::count(x.count)),
                decimal(x.mean, 4),
                decimal(x.min, 4),
                decimal(x.max, 4),
                decimal(x.last, 4),
            ];
            row(&figures.name, &cells.concat())
        })
    });
    let rows: Vec<String> = all.take(ROWS_MAX).collect();
    if rows.is_empty() {
        return String::new();
    }
    let headings = [
        "Strategy", "<Series", "Values", "Mean", "Lowest", "Highest", "Last",
    ];
    let content = table("Series that strategies recorded", &headings, &rows.concat());
    folded(
        report.instances().len(),
        "Recorded series of every strategy",
        content,
    )
}

pub(super) fn drawdowns(report: &Report) -> String {
    let portfolio = report.portfolio();
    if portfolio.drawdowns.is_empty() {
        return "<p class=\"empty\">Equity at the end of days never fell below its highest.</p>"
            .into();
    }
    let rows: String = (portfolio.drawdowns.iter().enumerate())
        .map(|(place, x)| {
            let end = x.recovered_day;
            let until = end.or(report.computed.days.last().copied());
            let length = until.unwrap_or(x.peak_day) - x.peak_day;
            let back = match end {
                Some(day) => format!("<td>{}</td>", format::day(day)),
                None => "<td class=\"none\">not yet</td>".into(),
            };
            let cells = [
                cell(format!("{}%", format::decimal(x.depth * 100.0, 2))),
                cell(format::day(x.peak_day)),
                cell(format::day(x.trough_day)),
                back,
                cell(format!("{} d", format::count(length))),
            ];
            row(&format!("{}", place + 1), &cells.concat())
        })
        .collect();
    let headings = ["", "Depth", "Highest on", "Lowest on", "Back on", "Length"];
    table("Worst drawdowns of daily equity", &headings, &rows)
}
