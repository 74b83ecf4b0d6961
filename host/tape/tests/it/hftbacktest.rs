//! hftbacktest's arrays: made here byte by byte, as NumPy writes them.

use std::io::Write;
use std::path::{Path, PathBuf};

use backplane_tape::{Row, Signals, TapeSchema, verify};
use tempfile::tempdir;

use crate::common::{import_to, rows};

const BUY: u64 = 0xE000_0000;
const SELL: u64 = 0xD000_0000;
const NEITHER: u64 = 0xC000_0000;
const EXCHANGE_ONLY: u64 = 0xA000_0000;

/// Event code and flags, exchange time, local time, price, quantity, order.
type Event = (u64, i64, i64, f64, f64, u64);

/// The bytes of a `.npy` file.
fn npy(events: &[Event]) -> Vec<u8> {
    let fields = [
        "('ev', '<u8')",
        "('exch_ts', '<i8')",
        "('local_ts', '<i8')",
        "('px', '<f8')",
        "('qty', '<f8')",
        "('order_id', '<u8')",
        "('ival', '<i8')",
        "('fval', '<f8')",
    ];
    let mut header = format!(
        "{{'descr': [{}], 'fortran_order': False, 'shape': ({},), }}",
        fields.join(", "),
        events.len()
    );
    while !(10 + header.len() + 1).is_multiple_of(64) {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
    bytes.extend(header.as_bytes());
    for (ev, exchange, local, price, quantity, order) in events {
        bytes.extend(ev.to_le_bytes());
        bytes.extend(exchange.to_le_bytes());
        bytes.extend(local.to_le_bytes());
        bytes.extend(price.to_le_bytes());
        bytes.extend(quantity.to_le_bytes());
        bytes.extend(order.to_le_bytes());
        bytes.extend([0; 16]);
    }
    bytes
}

fn save(folder: &Path, name: &str, events: &[Event]) -> PathBuf {
    let path = folder.join(name);
    let file = std::fs::File::create(&path).unwrap();
    if name.ends_with(".npz") {
        let mut archive = zip::ZipWriter::new(file);
        let options = zip::write::SimpleFileOptions::default();
        archive.start_file("data.npy", options).unwrap();
        archive.write_all(&npy(events)).unwrap();
        archive.finish().unwrap();
    } else {
        std::fs::write(&path, npy(events)).unwrap();
    }
    path
}

fn shown(rows: &[Row]) -> Vec<(char, char, i64, u32)> {
    let tenth = |price: i64| {
        if price == i64::MAX {
            0
        } else {
            price / 100_000_000
        }
    };
    rows.iter()
        .map(|row| {
            let (action, side) = (char::from(row.action), char::from(row.side));
            (action, side, tenth(row.price), row.level_size)
        })
        .collect()
}

#[test]
fn levels_come_in_ticks_and_lots() {
    let folder = tempdir().unwrap();
    let events = [
        (BUY | 4, 1, 5, 100.1, 0.003, 0),
        (SELL | 4, 1, 5, 100.3, 0.004, 0),
        (BUY | 1, 2, 6, 100.0, 1.5, 0),
        (SELL | 2, 3, 7, 100.1, 0.001, 0),
        (BUY | 1, 3, 7, 100.1, 0.002, 0),
        // It overtook another: for the exchange it stands elsewhere.
        (EXCHANGE_ONLY | 1, 1, 9, 100.0, 0.0, 0),
        (SELL | 5, 4, 8, 100.4, 0.007, 0),
        (BUY | 3, 5, 9, 100.1, 0.0, 0),
        (NEITHER | 3, 6, 10, 0.0, 0.0, 0),
    ];
    let tape = folder.path().join("levels.tape");
    let report = import_to(
        &[save(folder.path(), "btcusdt_20240808.npz", &events)],
        &tape,
    )
    .unwrap();
    assert_eq!(
        (report.from.as_str(), report.schema),
        ("hftbacktest", TapeSchema::Mbp)
    );
    let instrument = &report.instruments[0];
    assert_eq!(instrument.symbol, "btcusdt");
    assert_eq!((instrument.tick, instrument.lot), (100_000_000, 1_000_000));
    assert_eq!(instrument.multiplier, 1_000_000);
    let rows = rows(&tape);
    assert_eq!(
        shown(&rows),
        [
            ('A', 'B', 1001, 3),
            ('A', 'A', 1003, 4),
            ('A', 'B', 1000, 1500),
            ('T', 'A', 1001, 0),
            ('C', 'B', 1001, 2),
            ('C', 'A', 1003, 0),
            ('A', 'A', 1004, 7),
            ('C', 'B', 1001, 0),
            ('R', 'N', 0, 0),
        ]
    );
    assert_eq!((rows[3].size, rows[3].ts_event, rows[3].ts_recv), (1, 3, 7));
    assert!(rows[4].is_last() && !rows[3].is_last() && rows[3].signals(Signals::TRADE));
    let verified = verify(&tape, None).unwrap();
    assert!(verified.is_sound(), "{verified}");
}

#[test]
fn orders_come_with_their_fills() {
    let folder = tempdir().unwrap();
    let events = [
        (NEITHER | 3, 1, 1, 0.0, 0.0, 0),
        (BUY | 10, 2, 2, 100.0, 5.0, 1),
        (BUY | 10, 3, 3, 100.0, 7.0, 2),
        (SELL | 2, 4, 4, 100.0, 6.0, 9),
        (BUY | 13, 4, 4, 100.0, 5.0, 1),
        (BUY | 13, 4, 4, 100.0, 1.0, 2),
        (BUY | 11, 4, 4, 100.0, 5.0, 1),
        (BUY | 12, 4, 4, 100.0, 6.0, 2),
        (BUY | 12, 5, 5, 99.5, 6.0, 2),
    ];
    let tape = folder.path().join("orders.tape");
    let report = import_to(&[save(folder.path(), "x.npy", &events)], &tape).unwrap();
    assert_eq!(report.schema, TapeSchema::Mbo);
    let found = &report.statistics.resolution;
    assert_eq!((found.unknown_cancels, found.fills_unconfirmed), (0, 0));
    let rows = rows(&tape);
    assert_eq!(
        shown(&rows),
        [
            ('R', 'N', 0, 0),
            ('A', 'B', 1000, 5),
            ('A', 'B', 1000, 12),
            ('T', 'A', 1000, 0),
            ('F', 'B', 1000, 7),
            ('F', 'B', 1000, 6),
            ('C', 'B', 1000, 0),
            ('A', 'B', 995, 6),
        ]
    );
    assert!(verify(&tape, None).unwrap().is_sound());
}

#[test]
fn days_follow_each_other_in_the_order_of_time() {
    let folder = tempdir().unwrap();
    let day = |time| [(BUY | 1, time, time, 100.0, time as f64, 0)];
    let inputs = [
        save(folder.path(), "a_2.npz", &day(2)),
        save(folder.path(), "a_1.npz", &day(1)),
    ];
    let tape = folder.path().join("days.tape");
    import_to(&inputs, &tape).unwrap();
    let sizes: Vec<u32> = rows(&tape).iter().map(|row| row.level_size).collect();
    assert_eq!(sizes, [1, 2]);
}

#[test]
fn what_is_no_array_of_events_is_named() {
    let folder = tempdir().unwrap();
    let tape = folder.path().join("x.tape");
    let level = [(BUY | 1, 1, 1, 100.0, 1.0, 0)];
    let whole = npy(&level);
    let changed = |from: &str, to: &str| {
        let text = whole
            .iter()
            .map(|byte| char::from(*byte))
            .collect::<String>();
        text.replace(from, to)
            .chars()
            .map(|x| x as u8)
            .collect::<Vec<u8>>()
    };
    for (bytes, expected) in [
        (whole[..whole.len() - 1].to_vec(), "record 1 at byte"),
        (changed("(1,)", "(9,)"), "array of 9 rows ends within it"),
        (
            changed("'px', '<f8'", "'px', '<f4'"),
            "not hftbacktest's events",
        ),
        (whole[..40].to_vec(), "header is cut off"),
        (
            npy(&[(BUY | 1, 1, 1, f64::NAN, 1.0, 0)]),
            "its price cannot be NaN",
        ),
        (npy(&[(NEITHER | 1, 1, 1, 1.0, 1.0, 0)]), "it names no side"),
        (
            npy(&[(BUY | 9, 1, 1, 1.0, 1.0, 0)]),
            "event code 9 is not known",
        ),
        (
            npy(&[(BUY | 1, 1, 1, 1.0, 1e-9, 0), (BUY | 1, 1, 1, 1.0, 9.0, 0)]),
            "no row can say",
        ),
        (
            npy(&[(BUY | 1, 1, 1, 1.0, 1.0, 0), (BUY | 10, 1, 1, 1.0, 1.0, 1)]),
            "orders and price levels",
        ),
        (npy(&[]), "it holds no rows"),
    ] {
        let path = folder.path().join("x.npy");
        std::fs::write(&path, bytes).unwrap();
        let error = import_to(&[path], &tape).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert!(!tape.exists());
    }
}
