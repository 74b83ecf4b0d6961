//! NASDAQ ITCH 5.0: days made by an encoder that was written from the specification alone.

use std::io::Write;
use std::path::{Path, PathBuf};

use backplane_sdk::types::TradingStatus;
use backplane_tape::import::{ImportOptions, ImportReport, import};
use backplane_tape::{Row, Signals, TapeError, verify};
use proptest::prelude::*;
use tempfile::tempdir;

use crate::common::{import_to, rows};

/// Writes messages one after the other, each after its length.
#[derive(Default)]
struct Day {
    bytes: Vec<u8>,
    /// Nanoseconds after midnight of the next message.
    time: u64,
}

impl Day {
    /// A day that has begun.
    fn begun() -> Day {
        let mut day = Day {
            time: 34_200_000_000_000,
            ..Day::default()
        };
        day.message(b'S', 0, &[b"O"]);
        day
    }

    fn message(&mut self, kind: u8, locate: u16, fields: &[&[u8]]) -> &mut Day {
        self.time += 1;
        let mut body = vec![kind];
        body.extend(locate.to_be_bytes());
        body.extend([0, 0]);
        body.extend(&self.time.to_be_bytes()[2..]);
        for field in fields {
            body.extend(*field);
        }
        let length = u16::try_from(body.len()).unwrap();
        self.bytes.extend(length.to_be_bytes());
        self.bytes.extend(body);
        self
    }

    fn directory(&mut self, locate: u16, stock: &[u8; 8]) -> &mut Day {
        let lot = 100_u32.to_be_bytes();
        let no_leverage = 0_u32.to_be_bytes();
        let fields: [&[u8]; 12] = [
            stock, b"Q", b"N", &lot, b"N", b"C", b"Z ", b"P", b"N", b"N", b"1", b"N",
        ];
        let mut all = fields.to_vec();
        all.extend([&no_leverage as &[u8], b"N"]);
        self.message(b'R', locate, &all)
    }

    fn action(&mut self, locate: u16, stock: &[u8; 8], state: &[u8; 1]) -> &mut Day {
        self.message(b'H', locate, &[stock, state, b" ", b"T1  "])
    }

    fn add(&mut self, order: u64, side: &[u8; 1], shares: u32, price: u32) -> &mut Day {
        let (order, shares, price) = (
            order.to_be_bytes(),
            shares.to_be_bytes(),
            price.to_be_bytes(),
        );
        self.message(b'A', 7, &[&order, side, &shares, STOCK, &price])
    }

    fn add_with_name(&mut self, order: u64, side: &[u8; 1], shares: u32, price: u32) -> &mut Day {
        let (order, shares, price) = (
            order.to_be_bytes(),
            shares.to_be_bytes(),
            price.to_be_bytes(),
        );
        self.message(b'F', 7, &[&order, side, &shares, STOCK, &price, b"MPID"])
    }

    fn executed(&mut self, order: u64, shares: u32) -> &mut Day {
        let number = 5_u64.to_be_bytes();
        self.message(
            b'E',
            7,
            &[&order.to_be_bytes(), &shares.to_be_bytes(), &number],
        )
    }

    fn executed_at(&mut self, order: u64, shares: u32, printed: &[u8; 1], price: u32) -> &mut Day {
        let (order, shares, price) = (
            order.to_be_bytes(),
            shares.to_be_bytes(),
            price.to_be_bytes(),
        );
        let number = 6_u64.to_be_bytes();
        self.message(b'C', 7, &[&order, &shares, &number, printed, &price])
    }

    fn reduced(&mut self, order: u64, shares: u32) -> &mut Day {
        self.message(b'X', 7, &[&order.to_be_bytes(), &shares.to_be_bytes()])
    }

    fn deleted(&mut self, order: u64) -> &mut Day {
        self.message(b'D', 7, &[&order.to_be_bytes()])
    }

    fn replaced(&mut self, order: u64, new: u64, shares: u32, price: u32) -> &mut Day {
        let (order, new) = (order.to_be_bytes(), new.to_be_bytes());
        let (shares, price) = (shares.to_be_bytes(), price.to_be_bytes());
        self.message(b'U', 7, &[&order, &new, &shares, &price])
    }

    fn hidden(&mut self, side: &[u8; 1], shares: u32, price: u32) -> &mut Day {
        let (none, number) = (0_u64.to_be_bytes(), 8_u64.to_be_bytes());
        let (shares, price) = (shares.to_be_bytes(), price.to_be_bytes());
        self.message(b'P', 7, &[&none, side, &shares, STOCK, &price, &number])
    }

    fn cross(&mut self, shares: u64, price: u32) -> &mut Day {
        let number = 9_u64.to_be_bytes();
        let (shares, price) = (shares.to_be_bytes(), price.to_be_bytes());
        self.message(b'Q', 7, &[&shares, STOCK, &price, &number, b"O"])
    }

    fn save(&self, folder: &Path, name: &str) -> PathBuf {
        let path = folder.join(name);
        std::fs::write(&path, &self.bytes).unwrap();
        path
    }
}

const STOCK: &[u8; 8] = b"ABCD    ";
const OTHER: &[u8; 8] = b"EFGH    ";
const NAME: &str = "01302019.NASDAQ_ITCH50";
/// 09:30 in New York on that day, in nanoseconds since the Unix epoch.
const OPEN: i64 = 1_548_858_600_000_000_000;

fn shown(rows: &[Row]) -> Vec<(char, char, i64, u32, u32)> {
    let unit = |price: i64| {
        if price == i64::MAX {
            0
        } else {
            price / 10_000_000
        }
    };
    rows.iter()
        .map(|row| {
            let (action, side) = (char::from(row.action), char::from(row.side));
            (action, side, unit(row.price), row.size, row.level_size)
        })
        .collect()
}

#[test]
fn every_message_of_orders_and_trades_becomes_its_rows() {
    let folder = tempdir().unwrap();
    let mut day = Day::begun();
    day.directory(7, STOCK).directory(8, OTHER);
    day.action(7, STOCK, b"T");
    day.add(1, b"B", 100, 1_000_000);
    day.add_with_name(2, b"S", 50, 1_000_100);
    day.executed(1, 30);
    day.executed_at(2, 10, b"Y", 1_000_050);
    day.executed_at(2, 5, b"N", 1_000_000);
    day.reduced(1, 20);
    day.replaced(1, 3, 40, 999_900);
    day.deleted(2);
    day.hidden(b"B", 7, 999_950);
    day.cross(1_000, 999_900).cross(0, 0);
    day.action(7, STOCK, b"H");
    day.message(b'B', 7, &[&5_u64.to_be_bytes()]);
    day.message(b'I', 7, &[&[0; 39]]);
    let tape = folder.path().join("day.tape");
    let report = import_to(&[day.save(folder.path(), NAME)], &tape).unwrap();
    assert_eq!(report.from, "itch");
    assert_eq!(report.instruments.len(), 1, "the other stock has no orders");
    let instrument = &report.instruments[0];
    assert_eq!(
        (instrument.symbol.as_str(), instrument.tick),
        ("ABCD", 10_000_000)
    );
    assert!(report.notes[0].contains("1 trades were taken back"));
    let found = &report.statistics.resolution;
    assert_eq!((found.unknown_cancels, found.over_cancels), (0, 0));
    let rows = rows(&tape);
    assert_eq!(
        shown(&rows),
        [
            ('S', 'N', 0, 1, 0),
            ('A', 'B', 10_000, 100, 100),
            ('A', 'A', 10_001, 50, 50),
            ('F', 'B', 10_000, 30, 70),
            ('T', 'B', 10_000, 10, 0),
            ('F', 'A', 10_001, 10, 40),
            ('C', 'A', 10_001, 5, 35),
            ('C', 'B', 10_000, 20, 50),
            ('C', 'B', 10_000, 50, 0),
            ('A', 'B', 9_999, 40, 40),
            ('C', 'A', 10_001, 35, 0),
            ('T', 'N', 9_999, 7, 0),
            ('T', 'N', 9_999, 1_000, 0),
            ('S', 'N', 0, 3, 0),
        ]
    );
    assert_eq!(rows[0].ts_event, OPEN + 4);
    assert_eq!(rows[13].size, TradingStatus::Halted as u32);
    assert_eq!(rows[4].price, 100_005_000_000);
    assert!(rows[3].signals(Signals::TRADE) && !rows[5].signals(Signals::TRADE));
    assert!(!rows[8].is_last() && rows[9].is_last());
    assert!(verify(&tape, None).unwrap().is_sound());
}

fn import_day(
    inputs: &[PathBuf],
    tape: &Path,
    symbols: &[&str],
    date: Option<&str>,
) -> Result<ImportReport, TapeError> {
    let options = ImportOptions {
        output: tape.to_path_buf(),
        symbols: symbols.iter().map(ToString::to_string).collect(),
        date: date.map(str::to_owned),
        ..ImportOptions::default()
    };
    import(inputs, &options, &mut |_, _| {})
}

#[test]
fn stocks_are_chosen_and_days_follow_each_other_with_empty_books() {
    let folder = tempdir().unwrap();
    let tape = folder.path().join("days.tape");
    let mut one = Day::begun();
    one.directory(7, STOCK).directory(8, OTHER);
    one.add(1, b"B", 100, 1_000_000);
    // The next day's numbers are others.
    let mut two = Day::begun();
    two.directory(7, OTHER).directory(9, STOCK);
    two.add(5, b"B", 10, 1_000_000);
    let inputs = [
        two.save(folder.path(), "S013119-v50.txt"),
        one.save(folder.path(), "S013019-v50.txt"),
    ];
    let report = import_day(&inputs, &tape, &[], None).unwrap();
    let symbols: Vec<_> = report
        .instruments
        .iter()
        .map(|x| x.symbol.as_str())
        .collect();
    assert_eq!(symbols, ["ABCD", "EFGH"]);
    let text: String = rows(&tape)
        .iter()
        .map(|row| char::from(row.action))
        .collect();
    assert_eq!(text, "ARRA");
    assert!(verify(&tape, None).unwrap().is_sound());
    std::fs::remove_file(&tape).unwrap();
    import_day(&inputs, &tape, &["EFGH"], None).unwrap();
    assert_eq!(rows(&tape).len(), 2);
    std::fs::remove_file(&tape).unwrap();
    let error = import_day(&inputs, &tape, &["NONE"], None).unwrap_err();
    assert!(
        error.to_string().contains("no orders or trades of NONE"),
        "{error}"
    );
}

#[test]
fn a_day_needs_a_date_and_its_messages_must_be_whole() {
    let folder = tempdir().unwrap();
    let tape = folder.path().join("day.tape");
    let mut day = Day::begun();
    day.directory(7, STOCK).add(1, b"B", 100, 1_000_000);
    let input = [day.save(folder.path(), "itch.bin")];
    let error = import_day(&input, &tape, &[], None)
        .unwrap_err()
        .to_string();
    assert!(error.contains("say `--date`"), "{error}");
    import_day(&input, &tape, &[], Some("2012-01-03")).unwrap();
    std::fs::remove_file(&tape).unwrap();
    for (bytes, expected) in [
        (
            &day.bytes[..day.bytes.len() - 1],
            "record 3 at byte 55: the file ends within it",
        ),
        (&day.bytes[..day.bytes.len() - 37], "ends within the length"),
        (
            b"\0\x0cS\0\0\0\0\0\0\0\0\0\0O\0\x05R\0\0\0\0",
            "39 bytes, this one 5",
        ),
        (
            b"\0\x0cS\0\0\0\0\0\0\0\0\0\0O\xff\xff",
            "cannot be 65535 bytes",
        ),
    ] {
        std::fs::write(&input[0], bytes).unwrap();
        let error = import_day(&input, &tape, &[], Some("2012-01-03"))
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{error}");
    }
    assert!(!tape.exists());
}

#[test]
fn a_compressed_day_is_the_same_day() {
    let folder = tempdir().unwrap();
    let mut day = Day::begun();
    day.directory(7, STOCK).add(1, b"B", 100, 1_000_000);
    let plain = day.save(folder.path(), NAME);
    let packed = folder.path().join(format!("{NAME}.gz"));
    let file = std::fs::File::create(&packed).unwrap();
    let mut encoder = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    encoder.write_all(&day.bytes).unwrap();
    encoder.finish().unwrap();
    let digests = [plain, packed].map(|input| {
        let tape = folder.path().join("day.tape");
        let digest = import_to(&[input], &tape).unwrap().digest;
        std::fs::remove_file(tape).unwrap();
        digest
    });
    assert_eq!(digests[0], digests[1]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Random orders, executions and cancels: the book of the tape is the book that a plain list of orders gives.
    #[test]
    fn the_book_is_that_of_the_orders(steps in proptest::collection::vec((0_u8..5, 0_usize..8, 1_u32..50), 1..80)) {
        let mut day = Day::begun();
        day.directory(7, STOCK).add(1_000_000, b"B", 1, 10_000);
        let mut orders: Vec<(u64, u8, u32, u32)> = vec![(1_000_000, b'B', 1, 10_000)];
        for (number, (kind, place, amount)) in (1_u64..).zip(steps) {
            let place = place % orders.len().max(1);
            match kind {
                0 | 1 => {
                    let side = if kind == 0 { b'B' } else { b'S' };
                    let price = 10_000 + amount * 100;
                    day.add(number, &[side], amount, price);
                    orders.push((number, side, amount, price));
                }
                _ if orders.is_empty() => {}
                2 => {
                    let (order, _, left, _) = &mut orders[place];
                    let size = amount.min(*left);
                    *left -= size;
                    if amount % 2 == 0 { day.executed(*order, size) } else { day.reduced(*order, size) };
                    orders.retain(|order| order.2 > 0);
                }
                3 => {
                    day.deleted(orders.remove(place).0);
                }
                _ => {
                    let (order, side, _, _) = orders.remove(place);
                    day.replaced(order, 500_000 + number, amount, 20_000 + amount * 100);
                    orders.push((500_000 + number, side, amount, 20_000 + amount * 100));
                }
            }
        }
        let folder = tempdir().unwrap();
        let tape = folder.path().join("day.tape");
        import_to(&[day.save(folder.path(), NAME)], &tape).unwrap();
        prop_assert!(verify(&tape, None).unwrap().is_sound());
        let mut left: std::collections::BTreeMap<u64, (u8, u32, i64)> = std::collections::BTreeMap::new();
        for row in rows(&tape) {
            let side = if row.side == b'A' { b'S' } else { b'B' };
            match row.remaining {
                0 => left.remove(&row.order_id),
                remaining => left.insert(row.order_id, (side, remaining, row.price)),
            };
        }
        let expected: std::collections::BTreeMap<_, _> = orders
            .into_iter()
            .map(|(order, side, size, price)| (order, (side, size, i64::from(price) * 100_000)))
            .collect();
        prop_assert_eq!(left, expected);
    }
}
