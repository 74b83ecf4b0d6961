//! What is written is what was recorded: values, identities, bytes.

use std::fs::File;
use std::path::Path;

use arrow::array::AsArray;
use arrow::datatypes::{Decimal128Type, Int32Type, Int64Type, TimestampNanosecondType};
use arrow::record_batch::RecordBatch;
use backplane_analytics::tables::schema::{EQUITY, FILLS, TABLES, Table};
use backplane_analytics::{ResultsWriter, metrics::Figure};
use backplane_engine::record::{EquityRecord, InstanceId, Recorder};
use backplane_sdk::types::*;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::synthetic::{Behaviour, CASH, MULTIPLIER, START, Spec, TICK, description, run};

pub(crate) fn three() -> Spec {
    let mut strategies = vec![
        Behaviour::new("maker", 12, true),
        Behaviour::new("taker", 40, false),
        Behaviour::new("idle", 0, false),
    ];
    strategies[1].stopped = Some(60_000);
    Spec::new(strategies, 80_000, 1_000_000_000)
}

fn read(directory: &Path, table: Table) -> Vec<RecordBatch> {
    let file = File::open(directory.join(table.file_name())).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    reader.build().unwrap().map(|x| x.unwrap()).collect()
}

#[test]
fn fills_come_back_as_they_were_recorded_and_add_up_to_the_position() {
    let directory = tempfile::tempdir().unwrap();
    let (report, recorded) = run(directory.path(), &three());
    let mut row = 0;
    let mut positions = [0_i64; 3];
    for batch in read(directory.path(), FILLS) {
        assert_eq!(
            *batch.schema().fields(),
            *FILLS.schema().fields(),
            "metadata comes back too"
        );
        let column = |name: &str| batch.column_by_name(name).unwrap().clone();
        let (price, fee) = (column("price"), column("fee"));
        let (price, fee) = (
            price.as_primitive::<Int64Type>(),
            fee.as_primitive::<Decimal128Type>(),
        );
        let (position, at) = (column("position"), column("ts_recv"));
        let position = position.as_primitive::<Int64Type>();
        let at = at.as_primitive::<TimestampNanosecondType>();
        let (ahead, instance) = (column("queue_ahead"), column("instance"));
        let ahead = ahead.as_primitive::<Int64Type>();
        let instance = instance.as_dictionary::<Int32Type>();
        let names = instance.values().as_string::<i32>();
        for i in 0..batch.num_rows() {
            let record = &recorded.fills[row];
            assert_eq!(price.value(i), record.fill.price.0);
            assert_eq!(fee.value(i), record.fill.fee.0);
            assert_eq!(at.value(i), record.fill.ts_recv.0);
            assert_eq!(ahead.value(i), record.queue_ahead.0);
            let name = names.value(instance.keys().value(i) as usize);
            assert_eq!(name, ["maker", "taker", "idle"][record.instance.index()]);
            let sum = &mut positions[record.instance.index()];
            *sum += record.fill.side.signed(record.fill.quantity).0;
            assert_eq!(
                position.value(i),
                *sum,
                "the position is the sum of the fills"
            );
            row += 1;
        }
    }
    assert_eq!(row, recorded.fills.len());
    assert!(row > 5_000);
    assert_eq!(
        report.instances()[0].instruments[0]
            .position
            .as_ref()
            .unwrap()
            .last_position,
        positions[0]
    );
}

#[test]
fn cash_plus_position_times_price_is_equity_in_every_row() {
    let directory = tempfile::tempdir().unwrap();
    let (_, recorded) = run(directory.path(), &three());
    let mut rows = 0;
    for batch in read(directory.path(), EQUITY) {
        let integer = |name: &str| {
            batch
                .column_by_name(name)
                .unwrap()
                .as_primitive::<Int64Type>()
                .clone()
        };
        let money = |name: &str| {
            batch
                .column_by_name(name)
                .unwrap()
                .as_primitive::<Decimal128Type>()
                .clone()
        };
        let (position, price, multiplier) =
            (integer("position"), integer("price"), integer("multiplier"));
        let (cash, equity) = (money("cash"), money("equity"));
        for i in 0..batch.num_rows() {
            let value = Money::notional(
                Price(price.value(i)),
                Quantity(position.value(i)),
                multiplier.value(i),
            );
            assert_eq!(cash.value(i) + value.0, equity.value(i));
            rows += 1;
        }
    }
    assert_eq!(rows, recorded.equity.len());
}

#[test]
fn key_figures_follow_from_the_records() {
    let directory = tempfile::tempdir().unwrap();
    let (report, recorded) = run(directory.path(), &three());
    for (number, figures) in report.instances().iter().enumerate() {
        let fills: Vec<_> = recorded
            .fills
            .iter()
            .filter(|x| x.instance.index() == number)
            .collect();
        let outcome = &report.run().summary.instances[number];
        assert_eq!(figures.key.net_pnl, outcome.equity - CASH);
        assert_eq!(figures.key.fees, fills.iter().map(|x| x.fill.fee).sum());
        assert_eq!(figures.key.execution.fills, fills.len() as u64);
        assert_eq!(figures.key.orders.orders, outcome.orders);
        let mut peak = CASH;
        let mut worst = Money::ZERO;
        let rows = recorded
            .equity
            .iter()
            .filter(|x| x.instance.index() == number);
        let mut all: Vec<(Timestamp, Money)> = rows.map(|x| (x.at, CASH + x.equity)).collect();
        all.push((Timestamp(report.run().summary.last), outcome.equity));
        for (i, (at, equity)) in all.iter().enumerate() {
            if all.get(i + 1).is_some_and(|x| x.0 == *at) {
                continue;
            }
            peak = peak.max(*equity);
            worst = worst.min(*equity - peak);
        }
        assert_eq!(figures.key.max_drawdown_money, worst);
    }
    // A taker buys at the ask or sells at the bid: half a tick from the mid, 6.25 a contract.
    let taker = &report.instances()[1].key.execution;
    let half_tick = TICK as f64 / 2e9 * MULTIPLIER as f64 / 1e9;
    assert_eq!(
        taker.slippage,
        Figure::Value(half_tick * taker.volume as f64)
    );
    assert_eq!(taker.maker_share, Figure::Value(0.0));
    assert_eq!(
        report.instances()[0].key.execution.maker_share,
        Figure::Value(1.0)
    );
    let idle = &report.instances()[2].key;
    assert_eq!(idle.execution.maker_share.reason(), Some("no fills"));
    assert_eq!(idle.net_pnl, Money::ZERO);
    let sum: Money = report.instances().iter().map(|x| x.key.net_pnl).sum();
    assert_eq!(report.portfolio().net_pnl, sum);
}

#[test]
fn the_same_run_gives_the_same_bytes() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let spec = three();
    run(one.path(), &spec);
    run(two.path(), &spec);
    let mut names: Vec<String> = TABLES.iter().map(Table::file_name).collect();
    names.extend(["run.json".into(), "report.html".into()]);
    for name in names {
        let bytes = |x: &tempfile::TempDir| std::fs::read(x.path().join(&name)).unwrap();
        assert!(bytes(&one) == bytes(&two), "{name}");
    }
}

#[test]
fn a_directory_read_again_gives_the_same_report() {
    let directory = tempfile::tempdir().unwrap();
    let (report, _) = run(directory.path(), &three());
    let again = backplane_analytics::Report::read(directory.path()).unwrap();
    assert_eq!(again.json(), report.json());
    let page = std::fs::read_to_string(directory.path().join("report.html")).unwrap();
    assert_eq!(again.html(), page);
}

#[test]
fn what_is_not_described_is_refused_and_not_written() {
    let directory = tempfile::tempdir().unwrap();
    let spec = Spec::new(vec![Behaviour::new("a", 0, true)], 1, 1);
    let mut writer = ResultsWriter::create(directory.path(), description(&spec)).unwrap();
    let record = EquityRecord {
        instance: InstanceId(0),
        instrument: InstrumentId(9),
        at: Timestamp(START),
        cash: Money::ZERO,
        position: Quantity(0),
        price: Price::UNDEFINED,
        fees: Money::ZERO,
        equity: Money::ZERO,
    };
    let error = writer.equity(&record).unwrap_err();
    assert_eq!(
        error.to_string(),
        "recording the equity: no instrument 9 is described"
    );
}
