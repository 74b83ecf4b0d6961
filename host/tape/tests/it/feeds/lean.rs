//! LEAN's folders, made up.

use std::io::Write;
use std::path::Path;

use backplane_tape::import::{ImportOptions, ImportReport, import};
use backplane_tape::{TapeError, verify};
use tempfile::tempdir;

use crate::common::rows;

/// Puts a CSV into an archive where LEAN has it.
fn archive(root: &Path, path: &str, entries: &[(&str, &str)]) {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut zip = zip::ZipWriter::new(std::fs::File::create(path).unwrap());
    for (name, text) in entries {
        zip.start_file(*name, zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
}

fn imported(root: &Path, spread: Option<u32>) -> Result<ImportReport, TapeError> {
    let tape = root.join("x.tape");
    let options = ImportOptions {
        output: tape.clone(),
        from: Some("lean".to_owned()),
        spread: spread.and_then(std::num::NonZeroU32::new),
        overwrite: backplane_tape::Overwrite::Replace,
        ..ImportOptions::default()
    };
    let report = import(&[root.join("data")], &options, &mut |_, _| {})?;
    let verified = verify(&tape, None)?;
    assert!(verified.is_sound(), "{verified}");
    Ok(report)
}

#[test]
fn quotes_are_the_best_prices_of_a_side() {
    let folder = tempdir().unwrap();
    let root = folder.path().join("data/equity/usa/tick/abc");
    archive(
        &root,
        "20131007_trade.zip",
        &[(
            "20131007_abc_Trade_Tick.csv",
            "34200001.5,100100,300,P,0,0\n34200003,100000,0,P,0,0\n",
        )],
    );
    let quotes = "\
34200000,100000,500,100200,400,P,1,0
34200001,100000,200,0,0,Q,1,0
34200002,100100,100,0,0,Q,1,0
";
    archive(
        &root,
        "20131007_quote.zip",
        &[("20131007_abc_Quote_Tick.csv", quotes)],
    );
    let report = imported(folder.path(), None).unwrap();
    let rows = rows(&folder.path().join("x.tape"));
    let told: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                char::from(row.action),
                row.price / 1_000_000,
                row.level_size,
                row.size,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ('A', 10_000, 500, 500),
            ('A', 10_020, 400, 400),
            ('C', 10_000, 200, 300),
            ('T', 10_010, 0, 300),
            ('C', 10_000, 0, 200),
            ('A', 10_010, 100, 100),
        ]
    );
    // 9:30 in New York is 13:30 UTC in October.
    assert_eq!(rows[3].ts_event, 1_381_152_600_001_500_000);
    // At the middle of the best prices, and without a price before it, nobody knows.
    assert_eq!(rows[3].side, b'N');
    assert!(
        report
            .notes
            .iter()
            .any(|note| note.starts_with("1 ticks of no size")),
        "{:?}",
        report.notes
    );
    assert!(
        report.notes.iter().any(|note| note.contains("no map file")),
        "{:?}",
        report.notes
    );
}

#[test]
fn a_security_keeps_its_place_when_its_ticker_changes() {
    let folder = tempdir().unwrap();
    let usa = folder.path().join("data/equity/usa");
    std::fs::create_dir_all(usa.join("map_files")).unwrap();
    std::fs::write(
        usa.join("map_files/new.csv"),
        "20100104,old,Q\n20131007,old,Q\n20131009,new,Q\n",
    )
    .unwrap();
    let trade = "34200000,100100,300,P,0,0\n";
    archive(
        &usa,
        "tick/old/20131007_trade.zip",
        &[("20131007_old_Trade_Tick.csv", trade)],
    );
    archive(
        &usa,
        "tick/new/20131008_trade.zip",
        &[("20131008_new_Trade_Tick.csv", trade)],
    );
    let report = imported(folder.path(), None).unwrap();
    assert_eq!(report.instruments.len(), 1);
    let security = &report.instruments[0];
    assert_eq!(security.symbol, "NEW");
    // Listed on 2010-01-04, delisted at the end of 2013-10-09, New York.
    assert_eq!(security.activation, Some(1_262_581_200_000_000_000));
    assert_eq!(security.expiration, Some(1_381_377_600_000_000_000));
    assert!(
        report
            .notes
            .iter()
            .any(|note| note.contains("OLD is called NEW on 2013-10-08")),
        "{:?}",
        report.notes
    );
}

#[test]
fn bars_happen_when_they_end_and_are_the_bars_that_were_read() {
    let folder = tempdir().unwrap();
    let root = folder.path().join("data/future/cme/minute/es");
    let entry = "20131220_es_minute_trade_201312.csv";
    archive(
        &root,
        "20131220_trade.zip",
        &[(
            entry,
            "0,1800,1803,1799,1801,10\n60000,1801,1801,1801,1801,1\n",
        )],
    );
    let quote = "20131220_es_minute_quote_201312.csv";
    archive(
        &root,
        "20131220_quote.zip",
        &[(
            quote,
            "0,1800,1803,1799,1801,7,1800.25,1803.25,1799.25,1801.25,9\n",
        )],
    );
    archive(
        &root,
        "20131220_openinterest.zip",
        &[("20131220_es_minute_openinterest_201312.csv", "0,5\n")],
    );
    let report = imported(folder.path(), None).unwrap();
    let rows = rows(&folder.path().join("x.tape"));
    let prints: Vec<_> = rows.iter().filter(|row| row.action == b'T').collect();
    let midnight = 1_387_497_600_000_000_000;
    let told: Vec<_> = prints
        .iter()
        .map(|row| {
            (
                row.ts_event - midnight,
                row.price / 1_000_000_000,
                row.size,
                row.side,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (59_999_999_992, 1_800, 2, b'N'),
            (59_999_999_994, 1_799, 2, b'A'),
            (59_999_999_996, 1_803, 2, b'B'),
            (59_999_999_998, 1_801, 4, b'A'),
            (119_999_999_992, 1_801, 1, b'A'),
        ]
    );
    let last = rows
        .iter()
        .rfind(|row| row.action == b'A' && row.side == b'A')
        .unwrap();
    assert_eq!(
        (last.price, last.level_size, last.ts_event),
        (1_801_250_000_000, 9, midnight + 59_999_999_999)
    );
    assert!(
        report
            .notes
            .iter()
            .any(|note| note.contains("open interest")),
        "{:?}",
        report.notes
    );
    assert_eq!(report.instruments[0].symbol, "ESZ13");
    assert_eq!(
        report.instruments[0].expiration,
        Some(1_387_549_800_000_000_000)
    );
}

#[test]
fn bars_without_quotes_get_best_prices_only_when_asked() {
    let folder = tempdir().unwrap();
    archive(
        &folder.path().join("data/equity/usa/daily"),
        "abc.zip",
        &[("abc.csv", "20131001 00:00,10000,10200,9900,10100,100\n")],
    );
    imported(folder.path(), None).unwrap();
    let is_level = |row: &&backplane_tape::Row| row.action == b'A';
    assert_eq!(
        rows(&folder.path().join("x.tape"))
            .iter()
            .filter(is_level)
            .count(),
        0
    );
    imported(folder.path(), Some(2)).unwrap();
    let rows = rows(&folder.path().join("x.tape"));
    let levels: Vec<_> = rows.iter().rev().filter(is_level).take(2).collect();
    let told: Vec<_> = levels
        .iter()
        .map(|row| (char::from(row.side), row.price / 1_000_000, row.level_size))
        .collect();
    // The tick is a cent: what all prices are multiples of.
    assert_eq!(told, [('A', 1_020, 25), ('B', 1_000, 25)]);
}

#[test]
fn records_that_are_none_are_named() {
    let folder = tempdir().unwrap();
    let root = folder.path().join("data/equity/usa/tick/abc");
    for (text, why) in [
        (
            "34200000,x,300,P,0,0\n",
            "line 1: its price \"x\" is no number",
        ),
        (
            "34200000,100,300,P,0,0\nx,100,300,P,0,0\n",
            "line 2: its time \"x\" is none",
        ),
        (
            "99999999999,100,300,P,0,0\n",
            "line 1: its time \"99999999999\" is none",
        ),
        (
            "34200000,100,-3,P,0,0\n",
            "line 1: its size is -3, below zero",
        ),
    ] {
        archive(
            &root,
            "20131007_trade.zip",
            &[("20131007_abc_Trade_Tick.csv", text)],
        );
        let error = imported(folder.path(), None).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}
