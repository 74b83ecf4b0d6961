//! Any bytes through every importer and the reader: a result or an error, in bounded memory, and never a panic.
//!
//! Takes in sound small files with random changes, and bytes of no format at all; counts what this whole program asks its
//! allocator for. What a fuzzer finds beyond that becomes a case here; its targets are in `fuzz`.
#![allow(clippy::unwrap_used)]

use std::alloc::System;
use std::cell::Cell;
use std::path::Path;

use backplane_tape::edit::convert;
use backplane_tape::import::{IMPORTERS, ImportOptions, import};
use backplane_tape::{Overwrite, TapeReader, verify};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The most bytes that one import of a small file may ask for in all: buffers of readers and writers, one Zstandard
/// window, and what grows with the file.
const BYTES_MAX: usize = 256 << 20;
/// Changed files for each importer.
const CASES: u32 = 96;

/// Sound small inputs of an importer: the file's name and its bytes.
fn sound(from: &str) -> Vec<(&'static str, Vec<u8>)> {
    match from {
        "databento" => vec![("day.dbn", databento()), ("day.dbz", legacy())],
        "hftbacktest" => vec![("day.npy", hftbacktest())],
        "itch" => vec![("01302019.NASDAQ_ITCH50", itch())],
        "lobster" => {
            let text =
                "34200.1,1,11,100,1000000,1\n34200.2,4,11,50,1000000,1\n34200.3,7,0,0,-1,-1\n";
            let name = "X_2012-06-21_34200000_57600000_message_1.csv";
            vec![(name, text.as_bytes().to_vec())]
        }
        _ => {
            let (name, text) = text(from).expect("every importer has a sound file here");
            vec![(name, text.as_bytes().to_vec())]
        }
    }
}

/// A sound small text of a feed of price levels, trades or bars.
fn text(from: &str) -> Option<(&'static str, &'static str)> {
    Some(match from {
        "binance" => ("capture.txt", BINANCE),
        "okx" => ("capture.txt", OKX),
        "bybit" => ("capture.txt", BYBIT),
        "coinbase" => ("capture.txt", COINBASE),
        "tardis" => (
            "book.csv",
            "exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount\n\
             x,AB,1585699200000000,1585699200100000,true,ask,10.5,3\n\
             x,AB,1585699201000000,1585699201100000,false,ask,10.5,1.25\n",
        ),
        "lean" => (
            "equity/usa/tick/abc/20131007_quote.csv",
            "34200000,100000,500,100200,400,P,1,0\n34200002.5,100100,100,0,0,Q,1,0\n",
        ),
        "bars" => (
            "AB.csv",
            "time,open,high,low,close,volume\n2017-04-19 09:00:00,1.25,1.5,1,1.25,8\n\
             2017-04-19 10:00:00,1.25,1.5,1,1.25,8\n",
        ),
        "csv" => ("table.csv", "1585699200,B,10,5\n1585699201,A,11,5\n"),
        _ => return None,
    })
}

/// The column map of `table.csv`.
const COLUMNS: &str =
    "kind = \"levels\"\nheading = false\n[columns]\ntime = 0\nside = 1\nprice = 2\nsize = 3\n";

const BINANCE: &str = r#"1723161600001000000 {"e":"depthUpdate","E":1723161600000,"s":"AB","U":100,"u":106,"b":[["9.5","1"]],"a":[]}
1723161600002000000 {"lastUpdateId":105,"bids":[["10.0","2"]],"asks":[["10.5","1.5"]]}
1723161600003000000 {"e":"trade","E":1723161600006,"T":1723161600006,"s":"AB","t":7,"p":"9.55","q":"0.5","m":true}
"#;

const OKX: &str = r#"1652459225.6: {"arg":{"channel":"books","instId":"A-B"},"action":"snapshot","data":[{"asks":[["10.5","1","0","1"]],"bids":[["10","2","0","1"]],"ts":"1652459225500","checksum":1}]}
1652459225.7: {"arg":{"channel":"trades","instId":"A-B"},"data":[{"instId":"A-B","tradeId":"5","px":"10","sz":"1","side":"sell","ts":"1652459225600"}]}
"#;

const BYBIT: &str = r#"{"topic":"orderbook.500.AB","type":"snapshot","ts":1652459225500,"data":{"s":"AB","b":[["10","2"]],"a":[["10.5","1"]],"u":1,"seq":1}}
1652459225.7: {"topic":"trade.AB","data":[{"trade_time_ms":1652459225614,"symbol":"AB","side":"Sell","size":4,"price":60621.5,"cross_seq":5}]}
"#;

const COINBASE: &str = r#"1652459225.5: {"type":"snapshot","product_id":"A-B","asks":[["10.5","1"]],"bids":[["10","2"]]}
1652459225.7: {"type":"l2update","product_id":"A-B","changes":[["buy","10","1"]],"time":"2022-05-13T16:27:05.700000Z"}
"#;

/// A file of DBN's precursor: metadata in a skippable frame, then records.
fn legacy() -> Vec<u8> {
    let mut fixed = b"DBZ\x01MADE.UP\0\0\0\0\0\0\0\0\0".to_vec();
    fixed.extend(1_u16.to_le_bytes());
    fixed.resize(96, 0);
    let symbol = |text: &str| {
        let mut bytes = text.as_bytes().to_vec();
        bytes.resize(22, 0);
        bytes
    };
    let mut lists = [0_u32, 1].map(u32::to_le_bytes).concat();
    lists.extend(symbol("ESH4"));
    lists.extend([0_u32, 0, 1].map(u32::to_le_bytes).concat());
    lists.extend(symbol("ESH4"));
    lists.extend(
        [1_u32, 20_200_101, 20_200_102]
            .map(u32::to_le_bytes)
            .concat(),
    );
    lists.extend(symbol("7"));
    fixed.extend(zstd::encode_all(&lists[..], 1).unwrap());
    let length = u32::try_from(fixed.len()).unwrap();
    let mut bytes = [0x184D_2A51, length].map(u32::to_le_bytes).concat();
    bytes.extend(fixed);
    let dbn = databento();
    let metadata = u32::from_le_bytes(*dbn[4..].first_chunk().unwrap());
    let records = &dbn[8 + metadata as usize..];
    bytes.extend(zstd::encode_all(records, 1).unwrap());
    bytes
}

/// Records of orders, best prices, bars and status.
fn databento() -> Vec<u8> {
    use dbn::encode::{DbnRecordEncoder, EncodeRecord};
    let metadata = dbn::MetadataBuilder::new()
        .dataset("MADE.UP".to_owned())
        .schema(None)
        .start(0)
        .stype_in(None)
        .stype_out(dbn::SType::InstrumentId)
        .build();
    let mut bytes = Vec::new();
    dbn::encode::dbn::MetadataEncoder::new(&mut bytes)
        .encode(&metadata)
        .unwrap();
    let mut encoder = DbnRecordEncoder::new(&mut bytes);
    let quote = dbn::Mbp1Msg {
        hd: dbn::RecordHeader::new::<dbn::Mbp1Msg>(dbn::rtype::MBP_1, 1, 7, 5),
        price: 100,
        size: 5,
        flags: 0x80.into(),
        ts_recv: 6,
        ..dbn::Mbp1Msg::default()
    };
    let bar = dbn::OhlcvMsg {
        hd: dbn::RecordHeader::new::<dbn::OhlcvMsg>(dbn::rtype::OHLCV_1S, 1, 8, 7),
        open: 5,
        high: 9,
        low: 1,
        close: 6,
        volume: 10,
    };
    let status = dbn::StatusMsg {
        hd: dbn::RecordHeader::new::<dbn::StatusMsg>(dbn::rtype::STATUS, 1, 7, 9),
        ts_recv: 9,
        action: 8,
        ..dbn::StatusMsg::default()
    };
    encoder.encode_record(&quote).unwrap();
    encoder.encode_record(&bar).unwrap();
    encoder.encode_record(&status).unwrap();
    bytes
}

fn hftbacktest() -> Vec<u8> {
    let header = "{'descr': [('ev', '<u8'), ('exch_ts', '<i8'), ('local_ts', '<i8'), ('px', '<f8'), ('qty', '<f8'), \
                  ('order_id', '<u8'), ('ival', '<i8'), ('fval', '<f8')], 'fortran_order': False, 'shape': (3,), }\n";
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
    bytes.extend(header.as_bytes());
    for (code, price) in [
        (0xE000_0001_u64, 100.0_f64),
        (0xD000_0001, 101.0),
        (0xD000_0002, 100.0),
    ] {
        bytes.extend(code.to_le_bytes());
        bytes.extend(1_i64.to_le_bytes());
        bytes.extend(2_i64.to_le_bytes());
        bytes.extend(price.to_le_bytes());
        bytes.extend(5.0_f64.to_le_bytes());
        bytes.extend([0; 24]);
    }
    bytes
}

fn itch() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut message = |kind: u8, locate: u16, body: &[u8]| {
        let length = u16::try_from(body.len() + 11).unwrap();
        bytes.extend(length.to_be_bytes());
        bytes.push(kind);
        bytes.extend(locate.to_be_bytes());
        bytes.extend([0; 2 + 6]);
        bytes.extend(body);
    };
    message(b'S', 0, b"O");
    message(b'R', 7, b"ABCD    QN\0\0\0\x64NCZ PNN1N\0\0\0\0N");
    message(
        b'A',
        7,
        b"\0\0\0\0\0\0\0\x01B\0\0\0\x64ABCD    \0\x0F\x42\x40",
    );
    message(b'E', 7, b"\0\0\0\0\0\0\0\x01\0\0\0\x0A\0\0\0\0\0\0\0\x05");
    message(
        b'U',
        7,
        b"\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x02\0\0\0\x64\0\x0F\x42\x40",
    );
    message(b'D', 7, b"\0\0\0\0\0\0\0\x02");
    bytes
}

/// What is done to a sound file.
#[derive(Clone, Debug)]
enum Change {
    Set(f64, u8),
    Flip(f64, u8),
    Cut(f64),
    Repeat(f64, f64),
    /// One run of digits becomes another number.
    Number(f64, String),
}

fn change() -> impl Strategy<Value = Change> {
    let place = || 0.0..1.0_f64;
    prop_oneof![
        (place(), any::<u8>()).prop_map(|(at, value)| Change::Set(at, value)),
        (place(), 0..8_u8).prop_map(|(at, bit)| Change::Flip(at, bit)),
        place().prop_map(Change::Cut),
        (place(), place()).prop_map(|(from, to)| Change::Repeat(from, to)),
        (
            place(),
            "[0-9]{1,40}|-?[0-9]{1,20}[.][0-9]{1,20}|[0-9]e-?[0-9]{1,3}"
        )
            .prop_map(|(at, number)| Change::Number(at, number)),
    ]
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let place = |share: f64, length: usize| (share * length as f64) as usize;
        let length = bytes.len();
        match self.clone() {
            _ if length == 0 => {}
            Change::Set(at, value) => bytes[place(at, length)] = value,
            Change::Flip(at, bit) => bytes[place(at, length)] ^= 1 << bit,
            Change::Cut(at) => bytes.truncate(place(at, length)),
            Change::Repeat(from, to) => {
                let (from, to) = (place(from, length), place(to, length));
                let again = bytes[from.min(to)..from.max(to)].to_vec();
                bytes.extend(again);
            }
            Change::Number(at, number) => {
                let is_digit = |byte: &u8| byte.is_ascii_digit();
                let at = place(at, length);
                let start = bytes[at..]
                    .iter()
                    .position(is_digit)
                    .map_or(length, |skip| at + skip);
                let end = bytes[start..]
                    .iter()
                    .position(|byte| !is_digit(byte))
                    .map_or(length, |run| start + run);
                bytes.splice(start..end, number.into_bytes());
            }
        }
    }
}

/// Imports bytes; gives what was asked of the allocator.
fn asked_for(folder: &Path, from: &str, name: &str, bytes: &[u8]) -> usize {
    let input = folder.join(name);
    std::fs::create_dir_all(input.parent().unwrap()).unwrap();
    std::fs::write(&input, bytes).unwrap();
    let columns = folder.join("columns.toml");
    std::fs::write(&columns, COLUMNS).unwrap();
    let options = ImportOptions {
        output: folder.join("out.tape"),
        overwrite: Overwrite::Replace,
        from: Some(from.to_owned()),
        columns: (from == "csv").then_some(columns),
        ..ImportOptions::default()
    };
    let region = Region::new(ALLOCATOR);
    let imported = import(&[input], &options, &mut |_, _| {});
    let asked = region.change().bytes_allocated;
    match imported {
        Err(error) => {
            // Shown where the test fails.
            println!("{from}, {name}: {error}");
            assert!(!error.to_string().is_empty());
        }
        // Feeds of price levels leave nothing to doubt; orders may contradict their levels.
        Ok(report) if text(from).is_some() => {
            let verified = verify(&report.output, None).unwrap();
            assert!(verified.is_sound(), "{from}: {verified}");
        }
        Ok(_) => {}
    }
    asked
}

/// Imports a sound file, and many changes of it; gives the most that was asked of the allocator.
fn changed_and_imported(from: &str, name: &str, bytes: &[u8]) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let most = Cell::new(asked_for(folder, from, name, bytes));
    assert!(
        folder.join("out.tape").exists(),
        "{name} of {from} is sound"
    );
    let mut runner = TestRunner::new(ProptestConfig {
        cases: CASES,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let changes = proptest::collection::vec(change(), 1..6);
    let noise = proptest::collection::vec(any::<u8>(), 0..200);
    let result = runner.run(&(changes, noise), |(changes, noise)| {
        let mut changed = match noise.len() % 8 {
            0 => noise,
            _ => bytes.to_vec(),
        };
        changes.iter().for_each(|change| change.apply(&mut changed));
        let asked = asked_for(folder, from, name, &changed);
        prop_assert!(
            asked < BYTES_MAX,
            "{asked} bytes for {} bytes",
            changed.len()
        );
        most.set(most.get().max(asked));
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("{name}: {failure}"));
    most.get()
}

// One test, because the count is the whole program's and tests run side by side.
#[test]
fn any_bytes_give_a_tape_or_an_error_in_bounded_memory() {
    let mut most = 0;
    for importer in IMPORTERS {
        for (name, bytes) in sound(importer.name) {
            let asked = changed_and_imported(importer.name, name, &bytes);
            most = most.max(asked);
        }
    }
    println!("at most {} bytes were asked for in one import", most);
    let folder = tempfile::tempdir().unwrap();
    any_bytes_as_a_tape(folder.path());
    any_bytes_in_a_folder(folder.path());
}

fn any_bytes_as_a_tape(folder: &Path) {
    let (name, bytes) = sound("lobster").remove(0);
    asked_for(folder, "lobster", name, &bytes);
    let sound = std::fs::read(folder.join("out.tape")).unwrap();
    let tape = folder.join("changed.tape");
    changed_and_read(&sound, &tape, &tape);
}

/// A folder of Parquet files, one of which is changed, and then its manifest.
fn any_bytes_in_a_folder(folder: &Path) {
    let archive = folder.join("archive");
    convert(
        &folder.join("out.tape"),
        &archive,
        Overwrite::Never,
        &mut |_| {},
    )
    .unwrap();
    let rows = archive.join("schema=mbo/instrument=X/date=2012-06-21/rows.parquet");
    for file in [rows, archive.join("_tape.json")] {
        let sound = std::fs::read(&file).unwrap();
        changed_and_read(&sound, &file, &archive);
        std::fs::write(&file, sound).unwrap();
    }
}

/// Writes changes of sound bytes to a file, and reads the tape that they are part of.
fn changed_and_read(sound: &[u8], file: &Path, tape: &Path) {
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 3 * CASES,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let changes = proptest::collection::vec(change(), 1..4);
    let result = runner.run(&changes, |changes| {
        let mut changed = sound.to_vec();
        changes.iter().for_each(|change| change.apply(&mut changed));
        std::fs::write(file, &changed).unwrap();
        let region = Region::new(ALLOCATOR);
        if let Ok(mut reader) = TapeReader::open(tape) {
            while let Ok(Some(_)) = reader.next_batch() {}
        }
        let _ = verify(tape, None);
        let asked = region.change().bytes_allocated;
        prop_assert!(
            asked < BYTES_MAX,
            "{asked} bytes for {} bytes",
            changed.len()
        );
        Ok(())
    });
    result.unwrap();
}
