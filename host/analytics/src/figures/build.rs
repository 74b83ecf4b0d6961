//! Joins the parts: from a directory of results to the figures of every instance, instrument and the portfolio.
//!
//! Takes in `run.json` and the tables; gives out [`Computed`]. The tables are read in batches. What stays in memory is
//! sums, one value a day for each instance, and curves that are reduced: it does not grow with the length of a table.

use std::path::Path;

use backplane_sdk::types::Money;

use super::curve::{Curve, daily_returns};
use super::drawdowns::worst;
use super::equity::{self, Accounts, total_cash};
use super::exposure::ExposureStatistics;
use super::panel::{DRAWN_MAX, choose, draw, equity_buckets};
use super::performance::summarize;
use super::totals::{Board, Totals};
use super::{
    Computed, DAYS_MIN, Daily, InstanceFigures, InstrumentFigures, KeyFigures, Options, Source,
    read, series,
};
use crate::error::AnalyticsError;
use crate::metrics::Figure;
use crate::run_file::RunFile;
use crate::tables::schema::TABLES;

/// The most drawdowns that are listed.
const DRAWDOWNS_MAX: usize = 5;

/// Computes a directory's figures.
pub(crate) fn compute(
    directory: &Path,
    run: &RunFile,
    options: &Options,
) -> Result<Computed, AnalyticsError> {
    let source = Source::new(directory, run);
    // Some have no figures; that they are whole is checked all the same.
    for table in TABLES {
        if table.since <= run.format && run.tables.contains_key(table.name) {
            source.open(&table)?;
        }
    }
    let count = run.description.instances.len();
    let buckets = equity_buckets(count.min(DRAWN_MAX));
    // Executions take as long as all else: each table is read by one thread alone, so that sums are always the same.
    let (board, accounts) = std::thread::scope(|scope| {
        let executions = scope.spawn(|| read::read_executions(&source));
        let beside = read::read_orders_and_trips(&source)
            .and_then(|x| Ok((x, equity::read(&source, options, buckets)?)));
        let board = match executions.join() {
            Ok(board) => board,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        let (mut board, (beside, accounts)) = (board?, beside?);
        board.join(beside);
        Ok::<_, AnalyticsError>((board, accounts))
    })?;
    let mut accounts = accounts;
    let panels = choose(run, &board);
    let drawn: Vec<usize> = panels.iter().map(|x| x.instance).collect();
    let mut recorded = series::read(&source, &drawn)?;
    let mut drawn = draw(&source, panels)?;
    for (_, panel) in &mut drawn {
        panel.series = recorded.curves.remove(&panel.instance).unwrap_or_default();
    }
    let (mut instances, mut daily) = (Vec::with_capacity(count), Vec::with_capacity(count));
    for number in 0..count {
        let (mut figures, closes) = instance_figures(&source, number, &board, &mut accounts);
        figures.series = std::mem::take(&mut recorded.statistics[number]);
        instances.push(figures);
        daily.push(closes);
    }
    let empty = Totals::default();
    let (first, last) = (run.summary.first, run.summary.last);
    let cash = total_cash(run);
    let exposure = accounts.exposure.figures(first, last, cash);
    let all = board.view(None, None).unwrap_or(&empty);
    let (portfolio, portfolio_daily) =
        key_figures(&source, &accounts.portfolio, cash, all, exposure, &accounts);
    Ok(Computed {
        warnings: warnings(run, &instances, &portfolio),
        portfolio_curves: accounts.portfolio.curves(),
        instruments: instrument_figures(&source, None, &board, &accounts),
        instances,
        portfolio,
        portfolio_daily,
        daily,
        days: accounts.days.days,
        drawn,
    })
}

fn warnings(run: &RunFile, instances: &[InstanceFigures], portfolio: &KeyFigures) -> Vec<String> {
    let mut all = Vec::new();
    for (figures, outcome) in instances.iter().zip(&run.summary.instances) {
        let (key, name) = (&figures.key, &figures.name);
        if key.fees != outcome.fees {
            let (tables, engine) = (key.fees, outcome.fees);
            all.push(format!(
                "{name}: the fees of the fills add up to {tables}, the run says {engine}"
            ));
        }
        if key.execution.fills != outcome.fills {
            let (tables, engine) = (key.execution.fills, outcome.fills);
            all.push(format!(
                "{name}: the tables hold {tables} fills, the run says {engine}"
            ));
        }
    }
    let days = portfolio.performance.days;
    if days < DAYS_MIN {
        let noun = if days == 1 { "day" } else { "days" };
        all.push(format!(
            "{days} {noun} of returns: fewer than {DAYS_MIN} say little about a year, so do not rely on annual \
             figures and ratios"
        ));
    }
    all
}

fn key_figures(
    source: &Source<'_>,
    curve: &Curve,
    starting_cash: Money,
    totals: &Totals,
    exposure: ExposureStatistics,
    accounts: &Accounts,
) -> (KeyFigures, Daily) {
    let days = &accounts.days;
    let net_pnl = curve.current() - starting_cash;
    let closes = curve.closes(&days.days);
    let returns = daily_returns(starting_cash, &closes);
    let (performance, risk) = summarize(&returns, days.periods, days.words);
    let (execution, orders, trades) = totals.figures(source.records());
    let values = returns.as_deref().unwrap_or_default();
    let figures = KeyFigures {
        starting_cash,
        net_pnl,
        fees: totals.fees,
        return_on_cash: Figure::ratio(
            net_pnl.as_f64(),
            starting_cash.as_f64(),
            "no cash at the start",
        ),
        max_drawdown_money: curve.max_drawdown_money(),
        max_drawdown: curve.max_drawdown(),
        performance,
        risk,
        drawdowns: worst(values, &days.days, DRAWDOWNS_MAX),
        exposure,
        execution,
        orders,
        trades,
    };
    (figures, Daily { closes, returns })
}

fn instance_figures(
    source: &Source<'_>,
    number: usize,
    board: &Board,
    accounts: &mut Accounts,
) -> (InstanceFigures, Daily) {
    let run = source.run;
    let (first, last) = (run.summary.first, run.summary.last);
    let cash = run.description.starting_cash;
    let exposure = accounts.exposures[number].figures(first, last, cash);
    let empty = Totals::default();
    let totals = board.view(Some(number), None).unwrap_or(&empty);
    let curve = &accounts.curves[number];
    let (key, daily) = key_figures(source, curve, cash, totals, exposure, accounts);
    let stopped = run.summary.instances[number].stopped.as_ref();
    let figures = InstanceFigures {
        name: run.description.instances[number].name.clone(),
        stopped: stopped.map(|x| x.text()),
        key,
        instruments: instrument_figures(source, Some(number), board, accounts),
        series: Vec::new(),
    };
    (figures, daily)
}

/// The figures in each instrument that was traded, of one instance or of all.
fn instrument_figures(
    source: &Source<'_>,
    instance: Option<usize>,
    board: &Board,
    accounts: &Accounts,
) -> Vec<InstrumentFigures> {
    let run = source.run;
    let instruments = run.description.tape.instruments.iter().enumerate();
    let earned = |instrument: usize| -> Money {
        let all = accounts.equities.iter();
        let of = all.filter(|(x, _)| x.1 == instrument && instance.is_none_or(|y| x.0 == y));
        of.map(|x| *x.1).sum()
    };
    let figures = |(number, description): (usize, &crate::InstrumentDescription)| {
        let totals = board.view(instance, Some(number))?;
        let (execution, orders, trades) = totals.figures(source.records());
        let inventory = totals.inventory.clone();
        Some(InstrumentFigures {
            instrument: description.symbol.clone(),
            net_pnl: earned(number),
            fees: totals.fees,
            position: inventory.map(|x| x.figures(run.summary.first, run.summary.last)),
            execution,
            orders,
            trades,
        })
    };
    instruments.filter_map(figures).collect()
}
