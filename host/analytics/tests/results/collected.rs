//! Markouts, excursions and the lives of orders against their definitions, computed the slow way from the records.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::path::Path;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{Decimal128Type, Float64Type, Int64Type, TimestampNanosecondType};
use arrow::record_batch::RecordBatch;
use backplane_analytics::tables::schema::{
    FILLS, HORIZONS, LIFECYCLES, METRICS, RETURNS, TRIPS, Table,
};
use backplane_sdk::types::*;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::synthetic::{Behaviour, CASH, MULTIPLIER, Recorded, START, Spec, run};

const MILLI: i64 = 1_000_000;

fn read(directory: &Path, table: Table) -> RecordBatch {
    let file = File::open(directory.join(table.file_name())).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let schema = reader.schema().clone();
    let batches: Vec<RecordBatch> = reader.build().unwrap().map(|x| x.unwrap()).collect();
    arrow::compute::concat_batches(&schema, &batches).unwrap()
}

fn integers(batch: &RecordBatch, name: &str) -> Vec<Option<i64>> {
    let column = batch.column_by_name(name).unwrap();
    if let Some(times) = column.as_primitive_opt::<TimestampNanosecondType>() {
        return times.iter().collect();
    }
    column.as_primitive::<Int64Type>().iter().collect()
}

fn money(batch: &RecordBatch, name: &str) -> Vec<Option<i128>> {
    let column = batch.column_by_name(name).unwrap();
    column.as_primitive::<Decimal128Type>().iter().collect()
}

/// Two strategies in company on a fast market.
fn fast() -> Spec {
    let strategies = vec![
        Behaviour::new("maker", 9, true),
        Behaviour::new("taker", 14, false),
    ];
    Spec::new(strategies, 20_000, 7 * MILLI)
}

/// The mid at a time: of the last quote that is not later.
fn mid_at(recorded: &Recorded, at: i64) -> i64 {
    let place = recorded.quotes.partition_point(|x| x.at.0 <= at);
    recorded.quotes[place - 1].best.mid().unwrap().0
}

#[test]
fn each_fill_has_the_mid_after_each_horizon_until_the_tape_ends() {
    let directory = tempfile::tempdir().unwrap();
    let (report, recorded) = run(directory.path(), &fast());
    let batch = read(directory.path(), FILLS);
    let times = integers(&batch, "ts_event");
    let last = report.run().summary.last;
    let mut compared = 0;
    for (horizon, _, column) in HORIZONS {
        let mids = integers(&batch, column);
        for (at, mid) in times.iter().zip(mids) {
            let due = at.unwrap() + horizon;
            let expected = (due <= last).then(|| mid_at(&recorded, due));
            assert_eq!(mid, expected, "{column} at {at:?}");
            compared += 1;
        }
    }
    assert!(compared > 20_000, "{compared}");
    // The mean of one group at one horizon, from the records alone.
    let taken = recorded
        .fills
        .iter()
        .filter(|x| x.fill.liquidity == Liquidity::Taker);
    let values: Vec<f64> = taken
        .filter(|x| x.fill.ts_event.0 + 100 * MILLI <= last)
        .map(|x| {
            let mid = mid_at(&recorded, x.fill.ts_event.0 + 100 * MILLI);
            let sign = if x.fill.side == Side::Buy { 1.0 } else { -1.0 };
            sign * (mid - x.fill.price.0) as f64 / x.fill.price.0 as f64 * 1e4
        })
        .collect();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let found = &report.portfolio().execution.markouts;
    let found = found
        .iter()
        .find(|x| x.group == "taker" && x.horizon == "100 ms");
    let found = found.unwrap();
    assert_eq!(found.count, values.len() as u64);
    assert!((found.mean_basis_points.value().unwrap() - mean).abs() < 1e-9);
}

/// A trip as the table tells it: opened, closed, adverse, favorable.
type Row = (i64, i64, i128, i128);

/// Round trips of one instance, unit by unit, with their excursions by definition.
fn naive_trips(recorded: &Recorded, instance: usize) -> Vec<Row> {
    let mut open: VecDeque<(i64, Side, i64)> = VecDeque::new();
    let mut trips: BTreeMap<(i64, i64, usize), (Side, i64, i64)> = BTreeMap::new();
    let fills = recorded
        .fills
        .iter()
        .filter(|x| x.instance.index() == instance);
    for (number, record) in fills.enumerate() {
        let fill = &record.fill;
        for _ in 0..fill.quantity.0 {
            match open.front().copied() {
                Some((at, side, price)) if side != fill.side => {
                    open.pop_front();
                    let key = (number as i64, at, 0);
                    let trip = trips.entry(key).or_insert((side, price, 0));
                    trip.2 += 1;
                }
                _ => open.push_back((fill.ts_event.0, fill.side, fill.price.0)),
            }
        }
    }
    let closes: Vec<i64> = recorded
        .fills
        .iter()
        .filter(|x| x.instance.index() == instance)
        .map(|x| x.fill.ts_event.0)
        .collect();
    let row = |((number, opened, _), (side, price, quantity)): (
        &(i64, i64, usize),
        &(Side, i64, i64),
    )| {
        let closed = closes[*number as usize];
        let first = recorded.quotes.partition_point(|x| x.at.0 < *opened);
        let end = recorded.quotes.partition_point(|x| x.at.0 <= closed);
        let mids = recorded.quotes[first..end]
            .iter()
            .map(|x| x.best.mid().unwrap().0);
        let gains: Vec<i128> = mids
            .map(|mid| {
                let step = if *side == Side::Buy {
                    mid - price
                } else {
                    price - mid
                };
                i128::from(step) * i128::from(*quantity) * i128::from(MULTIPLIER) / 1_000_000_000
            })
            .collect();
        let adverse = gains.iter().copied().min().unwrap().min(0);
        let favorable = gains.iter().copied().max().unwrap().max(0);
        (*opened, closed, adverse, favorable)
    };
    trips.iter().map(row).collect()
}

#[test]
fn excursions_are_the_extremes_of_the_mid_while_a_round_trip_was_open() {
    let directory = tempfile::tempdir().unwrap();
    let (report, recorded) = run(directory.path(), &fast());
    let batch = read(directory.path(), TRIPS);
    let names = batch.column_by_name("instance").unwrap();
    let names = arrow::compute::cast(names, &arrow::datatypes::DataType::Utf8).unwrap();
    let names = names.as_string::<i32>();
    let (opened, closed) = (integers(&batch, "opened"), integers(&batch, "closed"));
    let adverse = money(&batch, "max_adverse_excursion");
    let favorable = money(&batch, "max_favorable_excursion");
    for (instance, name) in ["maker", "taker"].into_iter().enumerate() {
        let mut found: Vec<Row> = (0..batch.num_rows())
            .filter(|x| names.value(*x) == name)
            .map(|x| {
                (
                    opened[x].unwrap(),
                    closed[x].unwrap(),
                    adverse[x].unwrap(),
                    favorable[x].unwrap(),
                )
            })
            .collect();
        let mut expected = naive_trips(&recorded, instance);
        found.sort_unstable();
        expected.sort_unstable();
        assert!(found.len() > 500);
        assert_eq!(found, expected, "{name}");
        let trades = &report.instances()[instance].key.trades;
        assert_eq!(trades.round_trips, found.len() as u64);
        let mean = found.iter().map(|x| x.2 as f64 / 1e9).sum::<f64>() / found.len() as f64;
        assert!((trades.mean_adverse_excursion.value().unwrap() - mean).abs() < 1e-6);
    }
}

#[test]
fn every_order_has_one_life_and_lives_add_up() {
    let directory = tempfile::tempdir().unwrap();
    let (report, recorded) = run(directory.path(), &fast());
    let batch = read(directory.path(), LIFECYCLES);
    let orders: u64 = report
        .run()
        .summary
        .instances
        .iter()
        .map(|x| x.orders)
        .sum();
    assert_eq!(batch.num_rows() as u64, orders);
    let filled: i64 = integers(&batch, "filled").iter().map(|x| x.unwrap()).sum();
    let executed: i64 = recorded.fills.iter().map(|x| x.fill.quantity.0).sum();
    assert_eq!(filled, executed);
    let fees: i128 = money(&batch, "fees").iter().map(|x| x.unwrap()).sum();
    assert_eq!(Money(fees), recorded.fills.iter().map(|x| x.fill.fee).sum());
    let statistics = &report.portfolio().orders;
    assert_eq!(statistics.ends.values().sum::<u64>(), orders);
    let ratio = statistics.ends["canceled"] as f64 / orders as f64;
    assert_eq!(statistics.cancel_before_fill.value(), Some(ratio));
    let shortfall = &report.instances()[1].key.execution.shortfall;
    let execution = &report.instances()[1].key.execution;
    // A taker whose orders are executed whole at once pays its slippage and its fees, and misses nothing.
    assert_eq!(shortfall.execution, execution.slippage);
    assert_eq!(shortfall.opportunity.value(), Some(0.0));
    assert_eq!(
        shortfall.fees.value(),
        Some(report.instances()[1].key.fees.as_f64())
    );
}

#[test]
fn the_table_of_returns_is_the_equity_of_days_and_its_steps() {
    let directory = tempfile::tempdir().unwrap();
    let spec = Spec::new(
        vec![Behaviour::new("a", 3, false), Behaviour::new("b", 7, true)],
        2_000,
        3_600_000 * MILLI,
    );
    let (report, _) = run(directory.path(), &spec);
    let batch = read(directory.path(), RETURNS);
    let days = report.portfolio().performance.days;
    assert_eq!(batch.num_rows(), 3 * days);
    let (names, at) = (
        batch.column_by_name("instance").unwrap(),
        integers(&batch, "day"),
    );
    let equity = money(&batch, "equity");
    let returns = batch.column_by_name("return").unwrap();
    let returns = returns.as_primitive::<Float64Type>();
    let mut growth = [1.0; 3];
    for row in 0..batch.num_rows() {
        let whose = row / days;
        assert_eq!(names.is_null(row), whose == 2);
        assert!(at[row].unwrap() >= START - 86_400_000 * MILLI);
        growth[whose] *= 1.0 + returns.value(row);
        let start = if whose == 2 {
            CASH.as_f64() * 2.0
        } else {
            CASH.as_f64()
        };
        let end = equity[row].unwrap() as f64 / 1e9;
        assert!((growth[whose] * start / end - 1.0).abs() < 1e-9);
    }
    let total = report.portfolio().performance.total_return.value().unwrap();
    assert!((growth[2] - 1.0 - total).abs() < 1e-12);
}

#[test]
fn recorded_series_are_summed_up_and_values_that_are_no_numbers_are_counted_apart() {
    let directory = tempfile::tempdir().unwrap();
    let (report, _) = run(directory.path(), &fast());
    let batch = read(directory.path(), METRICS);
    let values = batch.column_by_name("value").unwrap();
    let values = values.as_primitive::<Float64Type>().values();
    let series = report.instances().iter().flat_map(|x| &x.series);
    let counted: u64 = series.clone().map(|x| x.count + x.not_finite).sum();
    assert_eq!(counted, values.len() as u64);
    let highest = values.iter().copied().fold(f64::MIN, f64::max);
    let found = series.clone().filter_map(|x| x.max.value());
    assert_eq!(found.fold(f64::MIN, f64::max), highest);
    assert!(
        series
            .clone()
            .all(|x| x.name == "signal" && x.mean.value().is_some())
    );
    assert!(report.html().contains("Series that strategies recorded"));
}
