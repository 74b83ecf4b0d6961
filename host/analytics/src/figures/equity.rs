//! What the table of valuations tells.
//!
//! Takes in `equity`; gives out the curve and the exposure of each account and of all together. Rows come in the order of
//! their times, so that nothing has to be held; those of format 1 do not, and are sorted first.

use std::collections::{BTreeMap, BTreeSet};

use backplane_sdk::types::Money;

use super::calendar::{Days, day_of};
use super::curve::Curve;
use super::exposure::Exposure;
use super::{Options, Source};
use crate::error::AnalyticsError;
use crate::run_file::RunFile;
use crate::tables::reader::Batch;
use crate::tables::schema::EQUITY;

/// The valuation of one account.
#[derive(Clone, Copy, Debug)]
pub(super) struct Valuation {
    pub(super) at: i64,
    pub(super) instance: usize,
    pub(super) instrument: usize,
    pub(super) cash: Money,
    pub(super) equity: Money,
    pub(super) position: i64,
    pub(super) price: Option<i64>,
}

/// The accounts of a run.
pub(super) struct Accounts {
    pub(super) curves: Vec<Curve>,
    pub(super) portfolio: Curve,
    pub(super) exposures: Vec<Exposure>,
    pub(super) exposure: Exposure,
    /// The equity in each instrument at the end, by instance and instrument.
    pub(super) equities: BTreeMap<(usize, usize), Money>,
    pub(super) days: Days,
}

/// The cash of all instances together.
pub(super) fn total_cash(run: &RunFile) -> Money {
    let cash = run.description.starting_cash.0;
    Money(cash.saturating_mul(run.description.instances.len() as i128))
}

/// Gives every valuation to `take`, in the order of their times.
pub(super) fn each(
    source: &Source<'_>,
    mut take: impl FnMut(&Valuation),
) -> Result<(), AnalyticsError> {
    let mut table = source.open(&EQUITY)?;
    let mut unsorted = Vec::new();
    while let Some(batch) = table.next()? {
        let rows = valuations(source, &batch)?;
        if source.records() {
            rows.iter().for_each(&mut take);
        } else {
            unsorted.extend(rows);
        }
    }
    // A stable sort: what one instance did stays in its order.
    unsorted.sort_by_key(|x| x.at);
    unsorted.iter().for_each(take);
    Ok(())
}

fn valuations(source: &Source<'_>, batch: &Batch<'_>) -> Result<Vec<Valuation>, AnalyticsError> {
    let instance = batch.places("instance", &source.instances)?;
    let instrument = batch.places("instrument", &source.instruments)?;
    let (at, position) = (batch.integers("at")?, batch.integers("position")?);
    let (cash, equity) = (batch.money("cash")?, batch.money("equity")?);
    let price = batch.integers("price")?;
    let row = |row: usize| {
        Some(Valuation {
            at: at.at(row),
            instance: instance[row]?,
            instrument: instrument[row]?,
            cash: Money(cash.value(row)),
            equity: Money(equity.value(row)),
            position: position.at(row),
            price: price.get(row),
        })
    };
    Ok((0..batch.rows()).filter_map(row).collect())
}

/// Reads the accounts of a run; the curve of all together has so many buckets.
pub(super) fn read(
    source: &Source<'_>,
    options: &Options,
    buckets: usize,
) -> Result<Accounts, AnalyticsError> {
    let run = source.run;
    let (first, last) = (run.summary.first, run.summary.last);
    let (cash, all_cash) = (run.description.starting_cash, total_cash(run));
    let count = run.description.instances.len();
    let mut curves = vec![Curve::new(cash); count];
    let mut exposures = vec![Exposure::new(first); count];
    let mut portfolio = Curve::new(all_cash).drawn(first, last, buckets);
    let mut exposure = Exposure::new(first);
    let mut equities: BTreeMap<(usize, usize), Money> = BTreeMap::new();
    let mut active: BTreeSet<i64> = BTreeSet::new();
    each(source, |x| {
        let account = (x.instance, x.instrument);
        let before = equities.insert(account, x.equity).unwrap_or_default();
        let change = x.equity - before;
        let curve = &mut curves[x.instance];
        curve.set(x.at, curve.current() + change);
        portfolio.set(x.at, portfolio.current() + change);
        let value = x.equity - x.cash;
        exposures[x.instance].set(x.at, account, value, curve.current());
        exposure.set(x.at, account, value, portfolio.current());
        active.insert(day_of(x.at));
    })?;
    let mut rest = Money::ZERO;
    for (curve, outcome) in curves.iter_mut().zip(&run.summary.instances) {
        rest += outcome.equity - curve.current();
        curve.end(last, outcome.equity);
    }
    portfolio.end(last, portfolio.current() + rest);
    Ok(Accounts {
        curves,
        portfolio,
        exposures,
        exposure,
        equities,
        days: options.calendar.days(first, last, &active),
    })
}
