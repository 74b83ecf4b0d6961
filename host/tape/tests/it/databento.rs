//! Databento's schemas: every sample file, and what becomes of each kind of record.

use std::path::{Path, PathBuf};

use backplane_tape::import::{ImportOptions, import};
use backplane_tape::{Row, Signals, TapeSchema, verify};
use dbn::encode::{DbnRecordEncoder, EncodeRecord};
use dbn::{BidAskPair, RecordHeader, Schema, rtype};
use tempfile::tempdir;

use crate::common::{import_to, real_data, rows};

const UNIT: i64 = 1_000_000_000;

/// The bytes of a DBN file of a schema.
fn file(schema: Schema, write: impl FnOnce(&mut DbnRecordEncoder<&mut Vec<u8>>)) -> Vec<u8> {
    let metadata = dbn::MetadataBuilder::new()
        .dataset("MADE.UP".to_owned())
        .schema(Some(schema))
        .start(0)
        .stype_in(Some(dbn::SType::RawSymbol))
        .stype_out(dbn::SType::InstrumentId)
        .build();
    let mut bytes = Vec::new();
    dbn::encode::dbn::MetadataEncoder::new(&mut bytes)
        .encode(&metadata)
        .unwrap();
    write(&mut DbnRecordEncoder::new(&mut bytes));
    bytes
}

fn save(folder: &Path, name: &str, bytes: Vec<u8>) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

fn pair(bid: (i64, u32), ask: (i64, u32)) -> BidAskPair {
    BidAskPair {
        bid_px: bid.0,
        ask_px: ask.0,
        bid_sz: bid.1,
        ask_sz: ask.1,
        bid_ct: 1,
        ask_ct: 1,
    }
}

fn quote(time: u64, action: u8, trade: (i64, u32), level: BidAskPair) -> dbn::Mbp1Msg {
    dbn::Mbp1Msg {
        hd: RecordHeader::new::<dbn::Mbp1Msg>(rtype::MBP_1, 1, 7, time),
        price: trade.0,
        size: trade.1,
        action: action as std::ffi::c_char,
        side: b'A' as std::ffi::c_char,
        flags: 0x80.into(),
        ts_recv: time + 5,
        levels: [level],
        ..dbn::Mbp1Msg::default()
    }
}

fn status(time: u64, action: u16) -> dbn::StatusMsg {
    dbn::StatusMsg {
        hd: RecordHeader::new::<dbn::StatusMsg>(rtype::STATUS, 1, 7, time),
        ts_recv: time + 5,
        action,
        ..dbn::StatusMsg::default()
    }
}

/// Action, side, price and what rests there, of each row.
fn shown(rows: &[Row]) -> Vec<(char, char, i64, u32)> {
    let unit = |price: i64| if price == i64::MAX { 0 } else { price / UNIT };
    rows.iter()
        .map(|row| {
            let (action, side) = (char::from(row.action), char::from(row.side));
            (action, side, unit(row.price), row.level_size)
        })
        .collect()
}

#[test]
fn every_sample_file_imports_or_is_refused_with_the_reason() {
    let Some(data) = real_data("databento_dbn/dbn_tests") else {
        return;
    };
    let folder = tempdir().unwrap();
    let tape = folder.path().join("sample.tape");
    let mut names: Vec<_> = std::fs::read_dir(data)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    names.sort();
    let mut imported = 0;
    for path in names {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let expected = [
            (".frag", "fragment"),
            ("definition", "no market data but definitions"),
            ("statistics", "no market data but statistics"),
            ("imbalance", "no market data but imbalance"),
            // The files of daily bars hold none.
            ("ohlcv-1d", "it holds no records"),
        ];
        let refusal = expected.iter().find(|(part, _)| name.contains(part));
        let _ = std::fs::remove_file(&tape);
        match (import_to(std::slice::from_ref(&path), &tape), refusal) {
            (Ok(report), None) => {
                imported += 1;
                assert!(report.statistics.resolution.messages > 0, "{name}");
                let verified = verify(&tape, None).unwrap();
                assert!(verified.is_sound(), "{name}: {verified}");
                let wanted = match name.contains(".mbo.") {
                    true => TapeSchema::Mbo,
                    false => TapeSchema::Mbp,
                };
                assert_eq!(verified.schema, wanted, "{name}");
            }
            (Err(error), Some((_, reason))) => {
                assert!(error.to_string().contains(reason), "{name}: {error}");
            }
            (Ok(_), Some(_)) => panic!("{name} was to be refused"),
            (Err(error), None) => panic!("{name}: {error}"),
        }
    }
    assert!(imported >= 50, "{imported}");
}

#[test]
fn a_best_price_that_moves_is_a_level_that_goes_and_one_that_comes() {
    let folder = tempdir().unwrap();
    let bytes = file(Schema::Mbp1, |encoder| {
        for record in [
            quote(
                1,
                b'A',
                (99 * UNIT, 4),
                pair((99 * UNIT, 4), (101 * UNIT, 6)),
            ),
            quote(
                2,
                b'T',
                (101 * UNIT, 6),
                pair((99 * UNIT, 4), (101 * UNIT, 6)),
            ),
            quote(
                3,
                b'C',
                (101 * UNIT, 6),
                pair((99 * UNIT, 4), (102 * UNIT, 3)),
            ),
            quote(
                4,
                b'R',
                (dbn::UNDEF_PRICE, 0),
                pair((dbn::UNDEF_PRICE, 0), (dbn::UNDEF_PRICE, 0)),
            ),
        ] {
            encoder.encode_record(&record).unwrap();
        }
    });
    let input = save(folder.path(), "day.dbn", bytes);
    let tape = folder.path().join("day.tape");
    let report = import_to(&[input], &tape).unwrap();
    assert_eq!(report.schema, TapeSchema::Mbp);
    assert_eq!(report.instruments[0].depth, Some(1));
    let rows = rows(&tape);
    assert_eq!(
        shown(&rows),
        [
            ('A', 'B', 99, 4),
            ('A', 'A', 101, 6),
            ('T', 'A', 101, 0),
            ('C', 'A', 101, 0),
            ('A', 'A', 102, 3),
            ('C', 'B', 99, 0),
            ('C', 'A', 102, 0),
        ]
    );
    assert!(rows[4].signals(Signals::BBO_PRICE | Signals::BBO | Signals::LAST));
    assert!(rows[2].signals(Signals::TRADE | Signals::MATCH | Signals::LAST));
    let verified = verify(&tape, None).unwrap();
    assert!(verified.is_sound(), "{verified}");
}

#[test]
fn halts_stand_between_the_orders_that_they_fall_between() {
    use crate::common::{dbn_bytes, record};
    let folder = tempdir().unwrap();
    let orders = save(
        folder.path(),
        "orders.dbn",
        dbn_bytes(&[
            record(1, *b"AB", 1, 99 * UNIT, 5, 0),
            record(3, *b"AB", 2, 99 * UNIT, 5, 0x80),
            record(5, *b"AB", 3, 99 * UNIT, 5, 0x80),
        ]),
    );
    let halts = save(
        folder.path(),
        "status.dbn",
        file(Schema::Status, |encoder| {
            for record in [status(2, 8), status(4, 14), status(4, 7)] {
                encoder.encode_record(&record).unwrap();
            }
        }),
    );
    for schema in [TapeSchema::Mbo, TapeSchema::Mbp] {
        let tape = folder.path().join("day.tape");
        let options = ImportOptions {
            output: tape.clone(),
            schema: Some(schema),
            ..ImportOptions::default()
        };
        let report = import(&[orders.clone(), halts.clone()], &options, &mut |_, _| {}).unwrap();
        assert_eq!(report.statistics.rows.statuses, 2);
        let rows = rows(&tape);
        let text: String = rows.iter().map(|row| char::from(row.action)).collect();
        // The halt falls within an atomic event, and is told when that is over.
        let expected = match schema {
            TapeSchema::Mbo => "AASSA",
            TapeSchema::Mbp => "ASSA",
        };
        assert_eq!(text, expected);
        let halt = rows.iter().find(|row| row.action == b'S').unwrap();
        assert_eq!((halt.size, halt.ts_event, halt.ts_recv), (3, 2, 8));
        assert!(verify(&tape, None).unwrap().is_sound());
        std::fs::remove_file(&tape).unwrap();
    }
}

#[test]
fn definitions_and_statistics_go_beside_the_rows() {
    let folder = tempdir().unwrap();
    let mut definition = dbn::InstrumentDefMsg {
        hd: RecordHeader::new::<dbn::InstrumentDefMsg>(rtype::INSTRUMENT_DEF, 1, 7, 1),
        ts_recv: 1,
        min_price_increment: UNIT / 4,
        min_price_increment_amount: 25 * UNIT / 2,
        expiration: 99,
        activation: 3,
        ..dbn::InstrumentDefMsg::default()
    };
    for (place, letter) in b"EUR".iter().enumerate() {
        definition.currency[place] = *letter as std::ffi::c_char;
    }
    for (place, letter) in b"FUT".iter().enumerate() {
        definition.raw_symbol[place] = *letter as std::ffi::c_char;
    }
    let settlement = dbn::StatMsg {
        hd: RecordHeader::new::<dbn::StatMsg>(rtype::STATISTICS, 1, 7, 4),
        ts_recv: 4,
        price: 101 * UNIT,
        quantity: i64::MAX,
        stat_type: 3,
        ..dbn::StatMsg::default()
    };
    let inputs = [
        save(
            folder.path(),
            "a.dbn",
            file(Schema::Definition, |encoder| {
                encoder.encode_record(&definition).unwrap();
            }),
        ),
        save(
            folder.path(),
            "b.dbn",
            file(Schema::Statistics, |encoder| {
                encoder.encode_record(&settlement).unwrap();
            }),
        ),
        save(
            folder.path(),
            "c.dbn",
            file(Schema::Trades, |encoder| {
                let trade = dbn::TradeMsg {
                    hd: RecordHeader::new::<dbn::TradeMsg>(rtype::MBP_0, 1, 7, 2),
                    price: 100 * UNIT,
                    size: 3,
                    side: b'B' as std::ffi::c_char,
                    action: b'T' as std::ffi::c_char,
                    flags: 0x80.into(),
                    ts_recv: 7,
                    ..dbn::TradeMsg::default()
                };
                encoder.encode_record(&trade).unwrap();
            }),
        ),
    ];
    let tape = folder.path().join("day.tape");
    let report = import_to(&inputs, &tape).unwrap();
    let instrument = &report.instruments[0];
    assert_eq!(
        (instrument.symbol.as_str(), instrument.currency.as_str()),
        ("FUT", "EUR")
    );
    assert_eq!(
        (instrument.tick, instrument.multiplier),
        (UNIT / 4, 50 * UNIT)
    );
    assert_eq!(
        (instrument.activation, instrument.expiration),
        (Some(3), Some(99))
    );
    assert!(!instrument.tick_inferred);
    let published = &report.statistics.published;
    assert_eq!(published.len(), 1);
    assert_eq!(
        (published[0].name.as_str(), published[0].price),
        ("settlement_price", Some(101 * UNIT))
    );
    assert_eq!(shown(&rows(&tape)), [('T', 'B', 100, 0)]);
}

#[test]
fn what_tells_the_same_market_twice_is_refused() {
    use crate::common::{dbn_bytes, record};
    let folder = tempdir().unwrap();
    let orders = dbn_bytes(&[record(1, *b"AB", 1, 99 * UNIT, 5, 0x80)]);
    let quotes = file(Schema::Mbp1, |encoder| {
        let level = pair((99 * UNIT, 4), (101 * UNIT, 6));
        encoder
            .encode_record(&quote(1, b'A', (99 * UNIT, 4), level))
            .unwrap();
    });
    let inputs = [
        save(folder.path(), "orders.dbn", orders),
        save(folder.path(), "quotes.dbn", quotes),
    ];
    let tape = folder.path().join("day.tape");
    let error = import_to(&inputs, &tape).unwrap_err().to_string();
    assert!(
        error.contains("mbo, mbp-1 tell of the same market"),
        "{error}"
    );
    let options = ImportOptions {
        output: tape.clone(),
        schema: Some(TapeSchema::Mbo),
        ..ImportOptions::default()
    };
    let error = import(&inputs[1..], &options, &mut |_, _| {}).unwrap_err();
    assert!(error.to_string().contains("shows no orders"), "{error}");
    assert!(!tape.exists());
}

#[test]
fn the_trades_within_mbp_1_equal_the_trades_file_and_make_the_vendors_bars() {
    let Some(data) = real_data("databento_dbn") else {
        return;
    };
    let folder = tempdir().unwrap();
    let day = "2024-07-01T23-58_2024-07-02T00-02";
    let read = |name: String| {
        let tape = folder.path().join(format!("{name}.tape"));
        let report = import_to(&[data.join(format!("{name}.dbn.zst"))], &tape).unwrap();
        let verified = verify(&tape, None).unwrap();
        assert!(verified.is_sound(), "{name}: {verified}");
        let symbols: Vec<String> = report.instruments.into_iter().map(|x| x.symbol).collect();
        (symbols, rows(&tape))
    };
    let prints = |(symbols, rows): &(Vec<String>, Vec<Row>)| -> Vec<_> {
        let trades = rows.iter().filter(|row| row.action == b'T');
        let seen = trades.map(|row| {
            let symbol = symbols[usize::from(row.instrument)].clone();
            (
                row.ts_event,
                symbol,
                row.price,
                row.size,
                row.side,
                row.sequence,
            )
        });
        seen.collect()
    };
    let quotes = read(format!("futures_mbp-1_{day}"));
    let trades = read(format!("futures_trades_{day}"));
    assert_eq!(prints(&trades).len(), 120);
    assert_eq!(prints(&quotes), prints(&trades));
    let vendor = bars(&read(
        "futures_ohlcv-1m_2024-07-01T23-40_2024-07-02T00-10".to_owned(),
    ));
    let made = bars(&quotes);
    assert!(made.len() >= 4, "{made:?}");
    for (minute, bar) in &made {
        assert_eq!(vendor.get(minute), Some(bar), "{minute:?}");
    }
}

/// Open, high, low, close and volume of each symbol's minutes.
fn bars(
    (symbols, rows): &(Vec<String>, Vec<Row>),
) -> std::collections::BTreeMap<(String, i64), [i64; 5]> {
    let mut bars = std::collections::BTreeMap::new();
    for row in rows.iter().filter(|row| row.action == b'T') {
        let symbol = symbols[usize::from(row.instrument)].clone();
        let key = (symbol, row.ts_event.div_euclid(60_000_000_000));
        let bar = bars
            .entry(key)
            .or_insert([row.price, row.price, row.price, row.price, 0]);
        bar[1] = bar[1].max(row.price);
        bar[2] = bar[2].min(row.price);
        bar[3] = row.price;
        bar[4] += i64::from(row.size);
    }
    bars
}
