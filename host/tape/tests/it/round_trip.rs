//! Writing and reading again, by this crate and by Arrow's own reader and writer.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::ipc::reader::FileReader;
use arrow::ipc::writer::FileWriter;
use backplane_tape::{
    Crossed, Header, InstrumentDefinition, Overwrite, Resolution, Row, Source, TapeError,
    TapeReader, TapeSchema, TapeWriter, inspect,
};
use proptest::prelude::*;
use tempfile::tempdir;

use crate::common::rows;

fn header() -> Header {
    let instrument = |symbol: &str| InstrumentDefinition {
        symbol: symbol.to_owned(),
        tick: 10_000_000,
        multiplier: 1_000_000_000,
        currency: "USD".to_owned(),
        expiration: Some(1),
        tick_inferred: true,
        ..InstrumentDefinition::default()
    };
    Header {
        instruments: vec![instrument("ONE"), instrument("TWO")],
        source: Source {
            from: "test".to_owned(),
            inputs: Vec::new(),
        },
    }
}

fn write(path: &Path, rows: &[Row]) -> Result<(), TapeError> {
    let mut writer = TapeWriter::create(path, &header(), TapeSchema::Mbo, Overwrite::Never)?;
    rows.iter().try_for_each(|row| writer.push(row))?;
    writer
        .finish(Resolution::default(), Crossed::default())
        .map(|_| ())
}

/// So many different rows.
fn many(count: u32) -> Vec<Row> {
    (0..count)
        .map(|number| Row {
            ts_event: i64::from(number) * 10,
            ts_recv: i64::from(number) * 10 + 3,
            instrument: (number % 2) as u16,
            action: b"ACMRTF"[number as usize % 6],
            side: b"ABN"[number as usize % 3],
            flags: 0x80,
            signals: number as u8,
            rank: (number / 3) as u8,
            price: i64::from(number) - 500,
            size: number,
            level_size: number * 2,
            priority: number * 3,
            order_id: u64::from(number) << 33,
            remaining: number * 4,
            sequence: number * 5,
        })
        .collect()
}

#[test]
fn what_is_written_is_read() {
    let folder = tempdir().unwrap();
    for count in [0, 1, 16_383, 16_384, 16_385, 40_000] {
        let tape = folder.path().join(format!("{count}.tape"));
        let written = many(count);
        write(&tape, &written).unwrap();
        assert_eq!(rows(&tape), written);
        let inspection = inspect(&tape).unwrap();
        assert_eq!(inspection.rows, u64::from(count));
        assert_eq!(inspection.header, header());
    }
}

/// Rewrites a tape as another program might: columns in another order, an extra one, other batches.
fn rewrite(from: &Path, to: &Path, change: impl Fn(Vec<Field>) -> Vec<Field>) {
    let reader = FileReader::try_new(File::open(from).unwrap(), None).unwrap();
    let old = reader.schema();
    let fields = change(
        old.fields()
            .iter()
            .map(|field| field.as_ref().clone())
            .collect(),
    );
    let schema = Arc::new(Schema::new_with_metadata(fields, old.metadata().clone()));
    let mut writer = FileWriter::try_new(File::create(to).unwrap(), &schema).unwrap();
    for batch in reader {
        let batch = batch.unwrap();
        let columns = schema.fields().iter().map(|field| {
            let same: Option<_> = batch.column_by_name(field.name()).cloned();
            let column =
                same.unwrap_or_else(|| Arc::new(Int64Array::from(vec![7; batch.num_rows()])));
            arrow::compute::cast(&column, field.data_type()).unwrap()
        });
        let batch = RecordBatch::try_new(Arc::clone(&schema), columns.collect()).unwrap();
        for start in (0..batch.num_rows()).step_by(999) {
            writer
                .write(&batch.slice(start, 999.min(batch.num_rows() - start)))
                .unwrap();
        }
    }
    writer.finish().unwrap();
}

#[test]
fn columns_in_another_order_and_extra_ones_read() {
    let folder = tempdir().unwrap();
    let (tape, other) = (folder.path().join("tape"), folder.path().join("other"));
    write(&tape, &many(5_000)).unwrap();
    rewrite(&tape, &other, |mut fields| {
        fields.reverse();
        fields.insert(4, Field::new("extra", DataType::Int64, true));
        fields
    });
    assert_eq!(rows(&other), many(5_000));
    assert_eq!(inspect(&other).unwrap().digest, None);
}

#[test]
fn missing_columns_and_other_types_are_named() {
    let folder = tempdir().unwrap();
    let (tape, other) = (folder.path().join("tape"), folder.path().join("other"));
    write(&tape, &many(10)).unwrap();
    rewrite(&tape, &other, |mut fields| {
        fields.retain(|field| field.name() != "rank");
        fields
    });
    let error = TapeReader::open(&other).unwrap_err();
    assert!(error.to_string().contains("`rank` is missing"), "{error}");
    assert!(error.hint().contains("pyarrow"));
    rewrite(&tape, &other, |fields| {
        let wider = |field: Field| match field.name().as_str() {
            "size" => Field::new("size", DataType::Int64, false),
            _ => field,
        };
        fields.into_iter().map(wider).collect()
    });
    let error = TapeReader::open(&other).unwrap_err().to_string();
    assert!(error.contains("column `size` must be UInt32"), "{error}");
}

#[test]
fn rows_that_a_replay_could_not_trust_are_named() {
    let folder = tempdir().unwrap();
    for (change, expected) in [
        (
            (|row: &mut Row| row.instrument = 2) as fn(&mut Row),
            "row 20001: its instrument",
        ),
        (|row| row.action = b'X', "row 20001: its action"),
        (|row| row.side = b'X', "row 20001: its side"),
    ] {
        let tape = folder.path().join("tape");
        let mut rows = many(20_010);
        change(&mut rows[20_000]);
        write(&tape, &rows).unwrap();
        let mut reader = TapeReader::open(&tape).unwrap();
        reader.next_batch().unwrap();
        let error = reader.next_batch().unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        std::fs::remove_file(&tape).unwrap();
    }
}

#[test]
fn a_writer_that_is_dropped_leaves_nothing() {
    let folder = tempdir().unwrap();
    let tape = folder.path().join("tape");
    let mut writer =
        TapeWriter::create(&tape, &header(), TapeSchema::Mbo, Overwrite::Never).unwrap();
    for row in many(20_000) {
        writer.push(&row).unwrap();
    }
    drop(writer);
    let mut rows = many(2);
    rows.reverse();
    assert!(
        write(&tape, &rows)
            .unwrap_err()
            .to_string()
            .contains("runs backwards")
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 50, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_values_come_back(values in proptest::collection::vec(any::<(i64, i64, u32, u32, u64, u8)>(), 0..200)) {
        let written: Vec<Row> = values
            .iter()
            .map(|(ts_event, price, size, priority, order_id, signals)| Row {
                ts_event: *ts_event,
                price: *price,
                size: *size,
                priority: *priority,
                order_id: *order_id,
                signals: *signals,
                action: b'A',
                side: b'B',
                ..Row::default()
            })
            .collect();
        let folder = tempdir().unwrap();
        let tape = folder.path().join("tape");
        write(&tape, &written).unwrap();
        prop_assert_eq!(rows(&tape), written);
    }
}
