//! Joins the parts: from a directory of results to the figures of every instance and of the portfolio.
//!
//! Takes in `run.json` and the tables; gives out [`Computed`]. The tables are read in batches. What stays in memory is, for
//! each instance, its open lots, the numbers of its executed orders and one value a day; and, where there are several
//! instances, each change of equity, because the portfolio needs them in the order of their times.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use backplane_sdk::types::Money;

use super::curve::{Curve, calendar, day_of};
use super::execution::{Activity, Source, Totals, read_activities};
use super::panel::{DRAWN_MAX, EQUITY_BUCKETS, draw};
use super::{Curves, DAYS_MIN, DailyFigures, InstanceFigures, KeyFigures, Panel};
use crate::error::AnalyticsError;
use crate::metrics::Figure;
use crate::run_file::RunFile;
use crate::tables::reader::{Places, TableReader};
use crate::tables::schema::{EQUITY, LOG, METRICS};

/// All that reports show beyond `run.json`.
#[derive(Clone, Debug)]
pub(crate) struct Computed {
    pub(crate) instances: Vec<InstanceFigures>,
    pub(crate) portfolio: KeyFigures,
    pub(crate) portfolio_curves: Curves,
    pub(crate) drawn: Vec<(Curves, Panel)>,
    /// What the figures themselves warn of.
    pub(crate) warnings: Vec<String>,
}

/// The curves of all accounts.
struct Accounts {
    instances: Vec<Curve>,
    portfolio: Curve,
    days: Vec<i64>,
}

/// Computes a directory's figures.
pub(crate) fn compute(directory: &Path, run: &RunFile) -> Result<Computed, AnalyticsError> {
    let description = &run.description;
    let source = Source {
        directory,
        run,
        instances: Places::new(description.instances.iter().map(|x| x.name.as_str())),
        instruments: Places::new(
            description
                .tape
                .instruments
                .iter()
                .map(|x| x.symbol.as_str()),
        ),
    };
    // These two have no figures; that they are whole is checked all the same.
    for table in [METRICS, LOG] {
        TableReader::open(directory, &table, run.tables.get(table.name).copied())?;
    }
    let activities = read_activities(&source)?;
    let accounts = read_equity(&source)?;
    let drawn = draw(&source, choose(run, &activities))?;
    let mut all = Totals::default();
    let mut instances = Vec::with_capacity(activities.len());
    for (number, activity) in activities.into_iter().enumerate() {
        all.merge(&activity.totals);
        let curve = &accounts.instances[number];
        instances.push(instance_figures(
            run,
            number,
            activity,
            curve,
            &accounts.days,
        ));
    }
    let portfolio = key_figures(&accounts.portfolio, total_cash(run), &all, &accounts.days);
    Ok(Computed {
        warnings: warnings(run, &instances, &portfolio),
        portfolio_curves: accounts.portfolio.curves(),
        instances,
        portfolio,
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
    let days = portfolio.daily.days;
    if days < DAYS_MIN {
        let noun = if days == 1 { "day" } else { "days" };
        all.push(format!(
            "{days} {noun} of returns: fewer than {DAYS_MIN} say little about a year, so do not rely on annual \
             figures and ratios"
        ));
    }
    all
}

/// The cash of all instances together.
fn total_cash(run: &RunFile) -> Money {
    let cash = run.description.starting_cash.0;
    Money(cash.saturating_mul(run.description.instances.len() as i128))
}

/// The instances to draw: those that earned or lost most, each in the instrument in which it has most executions.
fn choose(run: &RunFile, activities: &[Activity]) -> Vec<Panel> {
    let start = run.description.starting_cash;
    let size = |x: usize| {
        let pnl = run.summary.instances[x].equity - start;
        (pnl.0.unsigned_abs(), run.summary.instances[x].fills)
    };
    let mut order: Vec<usize> = (0..activities.len()).collect();
    order.sort_by_key(|x| (std::cmp::Reverse(size(*x)), *x));
    order.truncate(DRAWN_MAX);
    order.sort_unstable();
    let panel = |instance: usize| {
        let accounts = &activities[instance].accounts;
        let most = accounts
            .iter()
            .max_by_key(|(number, x)| (x.fills, std::cmp::Reverse(**number)));
        Panel {
            instance,
            instrument: most.map_or(0, |(number, _)| *number),
            instruments: accounts.len(),
            ..Panel::default()
        }
    };
    order.into_iter().map(panel).collect()
}

fn read_equity(source: &Source<'_>) -> Result<Accounts, AnalyticsError> {
    let run = source.run;
    let (first, last) = (run.summary.first, run.summary.last);
    let count = run.description.instances.len();
    let mut curves = vec![Curve::new(run.description.starting_cash); count];
    let mut equities: BTreeMap<(usize, usize), Money> = BTreeMap::new();
    let mut changes: Vec<(i64, i128)> = Vec::new();
    let mut portfolio = Curve::new(total_cash(run)).drawn(first, last, EQUITY_BUCKETS);
    let mut active: BTreeSet<i64> = BTreeSet::new();
    let mut table = source.open(&EQUITY)?;
    while let Some(batch) = table.next()? {
        let instance = batch.places("instance", &source.instances)?;
        let instrument = batch.places("instrument", &source.instruments)?;
        let (at, equity) = (batch.integers("at")?, batch.money("equity")?);
        for row in 0..batch.rows() {
            let (Some(instance), Some(instrument)) = (instance[row], instrument[row]) else {
                continue;
            };
            let value = Money(equity.value(row));
            let before = equities.insert((instance, instrument), value);
            let change = value - before.unwrap_or_default();
            let total = curves[instance].current() + change;
            curves[instance].set(at.at(row), total);
            active.insert(day_of(at.at(row)));
            if count == 1 {
                portfolio.set(at.at(row), total);
            } else {
                changes.push((at.at(row), change.0));
            }
        }
    }
    for (curve, outcome) in curves.iter_mut().zip(&run.summary.instances) {
        changes.push((last, (outcome.equity - curve.current()).0));
        curve.end(last, outcome.equity);
    }
    // A stable sort: the changes of one instance stay in their order.
    changes.sort_by_key(|x| x.0);
    for (at, change) in changes {
        portfolio.set(at, portfolio.current() + Money(change));
    }
    portfolio.end(last, portfolio.current());
    Ok(Accounts {
        instances: curves,
        portfolio,
        days: calendar(first, last, &active),
    })
}

fn key_figures(curve: &Curve, starting_cash: Money, totals: &Totals, days: &[i64]) -> KeyFigures {
    let net_pnl = curve.current() - starting_cash;
    KeyFigures {
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
        daily: DailyFigures::new(curve.daily_returns(days)),
        execution: totals.figures(),
        trades: totals.trades,
    }
}

fn instance_figures(
    run: &RunFile,
    number: usize,
    activity: Activity,
    curve: &Curve,
    days: &[i64],
) -> InstanceFigures {
    let (first, last) = (run.summary.first, run.summary.last);
    let outcome = &run.summary.instances[number];
    let start = run.description.starting_cash;
    let symbol = |x: usize| run.description.tape.instruments[x].symbol.as_str();
    InstanceFigures {
        name: run.description.instances[number].name.clone(),
        stopped: outcome.stopped.as_ref().map(|x| x.text()),
        key: key_figures(curve, start, &activity.totals, days),
        inventory: activity
            .accounts
            .iter()
            .map(|(x, account)| account.inventory.figures(symbol(*x), first, last))
            .collect(),
        order_news: activity.order_news,
        fill_reasons: activity.fill_reasons,
    }
}
