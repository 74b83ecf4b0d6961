//! Tables, made up: Tardis, Binance's archive, bars, and tables with a column map.

use std::path::{Path, PathBuf};

use backplane_tape::import::{ImportOptions, ImportReport, import};
use backplane_tape::{Overwrite, Row, TapeError, verify};
use tempfile::tempdir;

use crate::common::rows;

/// Writes files and imports them.
fn imported(
    folder: &Path,
    files: &[(&str, &str)],
    options: ImportOptions,
) -> Result<(ImportReport, Vec<Row>), TapeError> {
    let paths: Vec<PathBuf> = files
        .iter()
        .map(|(name, text)| {
            let path = folder.join(name);
            std::fs::write(&path, text).unwrap();
            path
        })
        .collect();
    let tape = folder.join("x.tape");
    let options = ImportOptions {
        output: tape.clone(),
        overwrite: Overwrite::Replace,
        ..options
    };
    let report = import(&paths, &options, &mut |_, _| {})?;
    let verified = verify(&tape, None)?;
    assert!(verified.is_sound(), "{verified}");
    Ok((report, rows(&tape)))
}

/// Action, side, price in units of 1e-6, size and size of the level.
fn told(rows: &[Row]) -> Vec<(char, char, i64, u32, u32)> {
    let row = |x: &Row| {
        (
            char::from(x.action),
            char::from(x.side),
            x.price / 1_000,
            x.size,
            x.level_size,
        )
    };
    rows.iter().map(row).collect()
}

const INCREMENTAL: &str = "\
exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount
x,AB,1585699200000000,1585699200100000,true,ask,10.5,3
x,AB,1585699200000000,1585699200100000,true,bid,10,2
x,AB,1585699201000000,1585699201100000,false,bid,10,1.5
x,AB,1585699201000000,1585699201100000,false,bid,9.5,1
x,AB,1585699202000000,1585699202100000,true,bid,9,1
x,AB,1585699202000000,1585699202100000,true,ask,11,1
";

const TRADES: &str = "\
exchange,symbol,timestamp,local_timestamp,id,side,price,amount
x,AB,1585699201000000,1585699201100000,77,sell,10,0.5
x,AB,1585699203000000,1585699203100000,,unknown,10.123,1
";

#[test]
fn an_incremental_book_of_tardis_begins_anew_at_a_snapshot() {
    let folder = tempdir().unwrap();
    let files = [("book.csv", INCREMENTAL), ("trades.csv", TRADES)];
    let (report, rows) = imported(folder.path(), &files, ImportOptions::default()).unwrap();
    assert_eq!(report.from, "tardis");
    let instrument = &report.instruments[0];
    assert_eq!(
        (instrument.symbol.as_str(), instrument.venue.as_str()),
        ("AB", "X")
    );
    assert_eq!(
        (instrument.tick, instrument.lot, instrument.multiplier),
        (500_000_000, 100_000_000, 100_000_000)
    );
    assert_eq!(
        told(&rows),
        [
            ('A', 'B', 10_000_000, 20, 20),
            ('A', 'A', 10_500_000, 30, 30),
            ('T', 'A', 10_000_000, 5, 0),
            ('C', 'B', 10_000_000, 5, 15),
            ('A', 'B', 9_500_000, 10, 10),
            ('C', 'B', 10_000_000, 15, 0),
            ('C', 'B', 9_500_000, 10, 0),
            ('C', 'A', 10_500_000, 30, 0),
            ('A', 'B', 9_000_000, 10, 10),
            ('A', 'A', 11_000_000, 10, 10),
            ('T', 'N', 10_123_000, 10, 0),
        ]
    );
    assert_eq!(rows[2].sequence, 77);
}

#[test]
fn snapshots_and_quotes_of_tardis_are_whole_books_and_only_one_of_them_is_the_book() {
    let folder = tempdir().unwrap();
    let quotes = "\
exchange,symbol,timestamp,local_timestamp,ask_amount,ask_price,bid_price,bid_amount
x,AB,1585699200000000,1585699200100000,3,11,10,2
x,AB,1585699201000000,1585699201100000,,,10,1
";
    let snapshots = "\
exchange,symbol,timestamp,local_timestamp,asks[0].price,asks[0].amount,bids[0].price,bids[0].amount,asks[1].price,asks[1].amount,bids[1].price,bids[1].amount
x,AB,1585699200000000,1585699200100000,11,3,10,2,12,1,9,1
x,AB,1585699201000000,1585699201100000,12,1,10,2,13,5,9,2
";
    let (_, rows) = imported(
        folder.path(),
        &[("q.csv", quotes)],
        ImportOptions::default(),
    )
    .unwrap();
    assert_eq!(
        told(&rows),
        [
            ('A', 'B', 10_000_000, 2, 2),
            ('A', 'A', 11_000_000, 3, 3),
            ('C', 'B', 10_000_000, 1, 1),
            ('C', 'A', 11_000_000, 3, 0)
        ]
    );
    let (report, rows) = imported(
        folder.path(),
        &[("s.csv", snapshots)],
        ImportOptions::default(),
    )
    .unwrap();
    assert_eq!(report.instruments[0].depth, Some(2));
    assert_eq!(
        told(&rows)[4..],
        [
            ('C', 'A', 11_000_000, 3, 0),
            ('A', 'B', 9_000_000, 1, 2),
            ('A', 'A', 13_000_000, 5, 5)
        ]
    );
    let both = [("q.csv", quotes), ("s.csv", snapshots)];
    let error = imported(folder.path(), &both, ImportOptions::default())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("told twice, by quotes and by book_snapshot"),
        "{error}"
    );
}

#[test]
fn prices_between_ticks_are_named_or_rounded_and_counted() {
    let folder = tempdir().unwrap();
    let tick = ImportOptions {
        tick: Some(backplane_sdk::types::Price(1_000_000_000)),
        ..ImportOptions::default()
    };
    let error = imported(folder.path(), &[("b.csv", INCREMENTAL)], tick.clone())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains(
            "b.csv: line 2: its price is 10.5, which is not a whole number of the tick 1"
        ),
        "{error}"
    );
    let rounding = ImportOptions {
        round: true,
        ..tick
    };
    let (report, rows) = imported(folder.path(), &[("b.csv", INCREMENTAL)], rounding).unwrap();
    assert!(
        report
            .notes
            .iter()
            .any(|note| note.contains("2 prices and 0 sizes were rounded")),
        "{:?}",
        report.notes
    );
    assert_eq!(rows[1].price, 11_000_000_000);
    // Prints may lie between ticks.
    let prints = ImportOptions {
        tick: Some(backplane_sdk::types::Price(1_000_000_000)),
        ..ImportOptions::default()
    };
    let (_, rows) = imported(folder.path(), &[("t.csv", TRADES)], prints).unwrap();
    assert_eq!(rows[1].price, 10_123_000_000);
    let lot = ImportOptions {
        lot: Some(1_000_000_000),
        ..ImportOptions::default()
    };
    let error = imported(folder.path(), &[("t.csv", TRADES)], lot)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("line 2: its size is 0.5, which is not a whole number of the lot 1"),
        "{error}"
    );
}

/// The book of whole snapshots and of single levels: at a tick of 1 several of the source's prices become 10.
const SHARED: &str = "\
exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount
x,AB,1585699200000000,1585699200100000,true,bid,10.2,2
x,AB,1585699200000000,1585699200100000,true,bid,9.8,4
x,AB,1585699200000000,1585699200100000,true,bid,8,1
x,AB,1585699201000000,1585699201100000,false,bid,9.6,8
x,AB,1585699202000000,1585699202100000,false,bid,10.2,0
x,AB,1585699203000000,1585699203100000,false,bid,9.8,3
x,AB,1585699204000000,1585699204100000,true,bid,10.4,5
";

#[test]
fn levels_that_are_rounded_to_one_tick_are_added() {
    let folder = tempdir().unwrap();
    let rounding = ImportOptions {
        tick: Some(backplane_sdk::types::Price(1_000_000_000)),
        round: true,
        ..ImportOptions::default()
    };
    let (_, rows) = imported(folder.path(), &[("b.csv", SHARED)], rounding).unwrap();
    let at_ten = rows.iter().filter(|x| x.price == 10_000_000_000);
    let sizes: Vec<u32> = at_ten.map(|x| x.level_size).collect();
    // The last of an event is what rests: 2 + 4, and 8 more, 2 gone, 4 become 3; then the book begins anew.
    assert_eq!(sizes, [6, 14, 12, 11, 5]);
}

#[test]
fn a_clock_that_is_behind_is_told_of_and_set_right_only_when_asked() {
    let folder = tempdir().unwrap();
    let late = TRADES
        .replace(",15856992011", ",15856992001")
        .replace(",15856992031", ",15856992021");
    let (report, rows) =
        imported(folder.path(), &[("t.csv", &late)], ImportOptions::default()).unwrap();
    assert!(rows[0].ts_recv < rows[0].ts_event);
    let note = report
        .notes
        .iter()
        .find(|note| note.contains("--clock-offset"))
        .unwrap();
    assert!(
        note.contains("2 of 2 updates")
            && note.contains("0.9 s")
            && note.contains("--clock-offset 900000us"),
        "{note}"
    );
    let options = ImportOptions {
        clock_offset: 900_000_000,
        ..ImportOptions::default()
    };
    let (report, rows) = imported(folder.path(), &[("t.csv", &late)], options).unwrap();
    assert_eq!(rows[0].ts_recv, rows[0].ts_event);
    assert!(
        !report.notes.iter().any(|note| note.contains("behind")),
        "{:?}",
        report.notes
    );
}

#[test]
fn files_of_binances_archive_are_merged_by_time() {
    let folder = tempdir().unwrap();
    let ticker = "\
update_id,best_bid_price,best_bid_qty,best_ask_price,best_ask_qty,transaction_time,event_time
1,100.0,2,100.1,3,1585699200000,1585699200001
2,100.0,1,100.1,3,1585699202000,1585699202001
";
    let trades = "9,100.1,1.5,1,2,1585699201000,false\n10,100.0,1,3,3,1585699201500,true\n";
    let files = [
        ("ABUSDT-bookTicker-2020-04-01.csv", ticker),
        ("ABUSDT-aggTrades-2020-04-01.csv", trades),
    ];
    let (report, rows) = imported(folder.path(), &files, ImportOptions::default()).unwrap();
    assert_eq!(
        (
            report.from.as_str(),
            report.instruments[0].currency.as_str()
        ),
        ("binance", "USDT")
    );
    assert_eq!(
        told(&rows),
        [
            ('A', 'B', 100_000_000, 20, 20),
            ('A', 'A', 100_100_000, 30, 30),
            ('T', 'B', 100_100_000, 15, 0),
            ('T', 'A', 100_000_000, 10, 0),
            ('C', 'B', 100_000_000, 10, 10),
        ]
    );
}

#[test]
fn bars_with_usual_headings_need_no_map() {
    let folder = tempdir().unwrap();
    let text = ",Open,High,Low,Close,Volume\n2017-04-19 09:00:00,1.25,1.5,1,1.25,8\n2017-04-19 10:00:00,1.25,1.25,1.25,1.25,0\n";
    let (report, rows) = imported(
        folder.path(),
        &[("EURUSD.csv", text)],
        ImportOptions::default(),
    )
    .unwrap();
    assert_eq!(report.instruments[0].symbol, "EURUSD");
    assert!(
        report.notes.iter().any(|note| note.contains("3600 s")),
        "{:?}",
        report.notes
    );
    assert!(
        report
            .notes
            .iter()
            .any(|note| note.starts_with("1 bars have no volume")),
        "{:?}",
        report.notes
    );
    assert_eq!(
        told(&rows),
        [
            ('T', 'N', 1_250_000, 2, 0),
            ('T', 'A', 1_000_000, 2, 0),
            ('T', 'B', 1_500_000, 2, 0),
            ('T', 'A', 1_250_000, 2, 0),
            ('T', 'A', 1_250_000, 1, 0),
        ]
    );
    // 2017-04-19 10:00 UTC, and 8 ns before.
    assert_eq!(rows[0].ts_event, 1_492_596_000_000_000_000 - 8);
    let error = imported(
        folder.path(),
        &[(
            "a.csv",
            "Date,Open,High,Low,Close\n2017-04-19,1,0.5,1,1\n2017-04-20,1,1,1,1\n",
        )],
        ImportOptions::default(),
    );
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("line 2: its bar is none")
    );
}

#[test]
fn a_column_map_explains_any_table() {
    let folder = tempdir().unwrap();
    let map = folder.path().join("map.toml");
    let with = |text: &str| {
        std::fs::write(&map, text).unwrap();
        ImportOptions {
            from: Some("csv".to_owned()),
            columns: Some(map.clone()),
            ..ImportOptions::default()
        }
    };
    let trades =
        "t;when;p;q;s\nAB;2020-04-01T00:00:01.5Z;10.5;2;sell\nCD;2020-04-01T00:00:02Z;3;1;buy\n";
    let options = with(
        "kind = \"trades\"\nseparator = \";\"\n[columns]\ntime = \"when\"\nprice = \"p\"\nsize = \"q\"\nside = \"s\"\nsymbol = 0\n",
    );
    let (report, rows) = imported(folder.path(), &[("any.csv", trades)], options).unwrap();
    assert_eq!(report.instruments.len(), 2);
    assert_eq!(
        told(&rows),
        [('T', 'A', 10_500_000, 2, 0), ('T', 'B', 3_000_000, 1, 0)]
    );
    let levels = "20131007 093000500,B,10,5\n20131007 093000500,A,11,4\n20131007 093001,B,10,0\n";
    let options = with(
        "kind = \"levels\"\nheading = false\nsymbol = \"Z\"\ntime_zone = \"America/New_York\"\n[columns]\ntime = 0\nside = 1\nprice = 2\nsize = 3\n",
    );
    let error = imported(folder.path(), &[("any.csv", levels)], options.clone())
        .unwrap_err()
        .to_string();
    assert!(error.contains("line 1: its time"), "{error}");
    let levels = levels
        .replace("093000500", "09:30:00.5")
        .replace("093001", "09:30:01");
    let (report, rows) = imported(folder.path(), &[("any.csv", &levels)], options).unwrap();
    assert_eq!(report.instruments[0].symbol, "Z");
    assert_eq!(
        told(&rows),
        [
            ('A', 'B', 10_000_000, 5, 5),
            ('A', 'A', 11_000_000, 4, 4),
            ('C', 'B', 10_000_000, 5, 0)
        ]
    );
    assert_eq!(rows[0].ts_event, 1_381_152_600_500_000_000);
    let options = with("kind = \"quotes\"\n[columns]\ntime = \"nope\"\n");
    let error = imported(folder.path(), &[("any.csv", "a,b\n1,2\n")], options)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("the heading has no column \"nope\""),
        "{error}"
    );
    let options = with("kind = \"quotes\"\nspeed = 1\n");
    let error = imported(folder.path(), &[("any.csv", "a,b\n1,2\n")], options)
        .unwrap_err()
        .to_string();
    assert!(error.contains("speed"), "{error}");
    let none = ImportOptions {
        from: Some("csv".to_owned()),
        ..ImportOptions::default()
    };
    let error = imported(folder.path(), &[("any.csv", "a,b\n1,2\n")], none)
        .unwrap_err()
        .to_string();
    assert!(error.contains("--columns"), "{error}");
}

#[test]
fn a_column_map_means_the_same_for_parquet_as_for_csv() {
    use arrow::array::{ArrayRef, Float64Array, StringArray, TimestampMicrosecondArray};
    use arrow::record_batch::RecordBatch;
    use std::sync::Arc;

    let folder = tempdir().unwrap();
    let map = folder.path().join("map.toml");
    let text = "kind = \"trades\"\nsymbol = \"AB\"\n[columns]\ntime = \"at\"\nprice = \"p\"\nsize = \"q\"\nside = \"s\"\n";
    std::fs::write(&map, text).unwrap();
    let options = ImportOptions {
        from: Some("csv".to_owned()),
        columns: Some(map),
        ..ImportOptions::default()
    };
    let csv = "at,p,q,s\n2020-04-01T00:00:01.5,10.1,0.25,sell\n2020-04-01T00:00:02,10.3,7,buy\n";
    let (_, expected) = imported(folder.path(), &[("t.csv", csv)], options.clone()).unwrap();
    let columns: [(&str, ArrayRef); 4] = [
        (
            "at",
            Arc::new(TimestampMicrosecondArray::from(vec![
                1_585_699_201_500_000,
                1_585_699_202_000_000,
            ])),
        ),
        ("p", Arc::new(Float64Array::from(vec![10.1, 10.3]))),
        ("q", Arc::new(Float64Array::from(vec![0.25, 7.0]))),
        ("s", Arc::new(StringArray::from(vec!["sell", "buy"]))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let path = folder.path().join("t.parquet");
    let file = std::fs::File::create(&path).unwrap();
    let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let tape = folder.path().join("p.tape");
    let options = ImportOptions {
        output: tape.clone(),
        ..options
    };
    import(std::slice::from_ref(&path), &options, &mut |_, _| {}).unwrap();
    assert_eq!(rows(&tape), expected);
    std::fs::remove_file(&tape).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.truncate(bytes.len() / 2);
    std::fs::write(&path, bytes).unwrap();
    assert!(import(&[path], &options, &mut |_, _| {}).is_err());
}
