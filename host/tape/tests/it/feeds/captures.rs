//! Raw captures, made up.

use std::path::Path;

use backplane_sdk::types::Flags;
use backplane_tape::import::{ImportOptions, ImportReport, import};
use backplane_tape::{Overwrite, Row, TapeError, verify, verify_against};
use tempfile::tempdir;

use crate::common::rows;

fn imported(folder: &Path, text: &str) -> Result<(ImportReport, Vec<Row>), TapeError> {
    let (input, tape) = (folder.join("capture.txt"), folder.join("x.tape"));
    std::fs::write(&input, text).unwrap();
    let options = ImportOptions {
        output: tape.clone(),
        overwrite: Overwrite::Replace,
        ..ImportOptions::default()
    };
    let report = import(&[input], &options, &mut |_, _| {})?;
    let verified = verify(&tape, None)?;
    assert!(verified.is_sound(), "{verified}");
    Ok((report, rows(&tape)))
}

fn told(rows: &[Row]) -> Vec<(char, char, i64, u32)> {
    let size = |x: &Row| {
        if x.action == b'T' {
            x.size
        } else {
            x.level_size
        }
    };
    let row = |x: &Row| {
        (
            char::from(x.action),
            char::from(x.side),
            x.price / 100_000_000,
            size(x),
        )
    };
    rows.iter().map(row).collect()
}

/// A line of a capture, received so many milliseconds after an hour.
fn line(millis: i64, message: &str) -> String {
    format!(
        "{} {message}\n",
        1_723_161_600_000_000_000 + millis * 1_000_000
    )
}

fn depth(first: u64, last: u64, previous: Option<u64>, bids: &str) -> String {
    let previous = previous.map(|x| format!(",\"pu\":{x}")).unwrap_or_default();
    format!(
        r#"{{"stream":"ab@depth","data":{{"e":"depthUpdate","E":1723161600000,"s":"ABUSDT","U":{first},"u":{last}{previous},"b":[{bids}],"a":[]}}}}"#
    )
}

const SNAPSHOT: &str = r#"{"lastUpdateId":105,"bids":[["10.0","2"]],"asks":[["10.5","1.5"]]}"#;

#[test]
fn depth_updates_wait_for_their_snapshot_and_old_ones_are_dropped() {
    let folder = tempdir().unwrap();
    let text = [
        line(1, &depth(100, 103, None, r#"["10.0","9"]"#)),
        line(2, &depth(104, 106, None, r#"["9.5","1"]"#)),
        line(3, &depth(107, 107, None, r#"["9.0","1"]"#)),
        line(4, SNAPSHOT),
        line(5, &depth(108, 110, None, r#"["10.0","0"]"#)),
        line(6, r#"{"e":"trade","E":1723161600006,"T":1723161600006,"s":"ABUSDT","t":7,"p":"9.55","q":"0.5","m":true}"#),
    ]
    .concat();
    let (report, rows) = imported(folder.path(), &text).unwrap();
    assert_eq!(report.from, "binance");
    assert_eq!(
        told(&rows),
        [
            ('A', 'B', 100, 20),
            ('A', 'A', 105, 15),
            ('A', 'B', 95, 10),
            ('A', 'B', 90, 10),
            ('C', 'B', 100, 0),
            ('T', 'A', 95, 5)
        ]
    );
    assert!(rows[0].flags & Flags::SNAPSHOT != 0 && rows[2].flags & Flags::SNAPSHOT == 0);
    assert!(
        rows[..4]
            .iter()
            .all(|row| row.ts_recv == 1_723_161_600_004_000_000)
    );
    assert_eq!((rows[2].sequence, rows[4].sequence), (106, 110));
}

#[test]
fn a_gap_makes_the_book_doubtful_until_the_next_snapshot() {
    let folder = tempdir().unwrap();
    let later = SNAPSHOT.replace("105", "125");
    let text = [
        line(1, &depth(104, 106, None, r#"["9.5","1"]"#)),
        line(2, SNAPSHOT),
        line(3, &depth(109, 110, None, r#"["9.5","2"]"#)),
        line(4, &depth(111, 112, None, r#"["9.5","3"]"#)),
        line(5, &later),
        line(6, &depth(124, 126, None, r#"["9.5","4"]"#)),
    ]
    .concat();
    let (report, rows) = imported(folder.path(), &text).unwrap();
    let doubtful: Vec<bool> = rows
        .iter()
        .map(|row| row.flags & Flags::MAYBE_BAD_BOOK != 0)
        .collect();
    assert_eq!(doubtful, [false, false, false, true, true, false, false]);
    assert!(
        report
            .notes
            .iter()
            .any(|note| note.starts_with("1 gaps of update numbers")),
        "{:?}",
        report.notes
    );
}

#[test]
fn futures_say_what_they_continue() {
    let folder = tempdir().unwrap();
    let text = [
        line(1, &depth(90, 105, Some(80), r#"["9.5","1"]"#)),
        line(2, SNAPSHOT),
        line(3, &depth(120, 130, Some(105), r#"["9.5","2"]"#)),
        line(4, &depth(140, 150, Some(130), r#"["9.5","3"]"#)),
    ]
    .concat();
    let (report, rows) = imported(folder.path(), &text).unwrap();
    assert_eq!(
        told(&rows)[2..],
        [('A', 'B', 95, 1), ('A', 'B', 95, 2), ('A', 'B', 95, 3)].map(|(a, s, p, z)| (
            a,
            s,
            p,
            z * 10
        ))
    );
    assert!(
        !report.notes.iter().any(|note| note.contains("gaps")),
        "{:?}",
        report.notes
    );
}

#[test]
fn the_book_ticker_finds_a_book_that_is_wrong() {
    let folder = tempdir().unwrap();
    let ticker = |update: u64, bid: &str| {
        format!(
            r#"{{"stream":"ab@bookTicker","data":{{"u":{update},"s":"ABUSDT","b":"{bid}","B":"2","a":"10.5","A":"1.5"}}}}"#
        )
    };
    let text = |bid: &str| {
        [
            line(1, &depth(104, 106, None, r#"["9.5","1"]"#)),
            line(2, SNAPSHOT),
            line(3, &ticker(106, bid)),
            line(4, &depth(107, 108, None, r#"["9.0","1"]"#)),
            line(5, &ticker(109, "10.0")),
        ]
        .concat()
    };
    for (bid, equal) in [("10.0", 2), ("9.9", 0)] {
        imported(folder.path(), &text(bid)).unwrap();
        let capture = folder.path().join("capture.txt");
        let verified = verify_against(&folder.path().join("x.tape"), &[capture]).unwrap();
        let against = verified.against.clone().unwrap();
        assert_eq!((against.rows, against.equal[0]), (2, equal), "{verified}");
        assert_eq!(verified.is_sound(), equal == 2);
    }
}

#[test]
fn without_depth_the_book_ticker_is_the_book_and_single_trades_come_before_aggregates() {
    let folder = tempdir().unwrap();
    let text = [
        line(1, r#"{"stream":"ab@bookTicker","data":{"u":1,"s":"ABUSDT","b":"10.0","B":"2","a":"10.5","A":"1"}}"#),
        line(2, r#"{"e":"aggTrade","E":1723161600002,"T":1723161600002,"s":"ABUSDT","a":5,"f":1,"l":2,"p":"10.5","q":"1","m":false}"#),
        line(3, r#"{"e":"trade","E":1723161600003,"T":1723161600003,"s":"ABUSDT","t":1,"p":"10.5","q":"1","m":false}"#),
        line(4, r#"{"e":"kline","E":1723161600003,"s":"ABUSDT","k":{"t":1}}"#),
    ]
    .concat();
    let (report, rows) = imported(folder.path(), &text).unwrap();
    assert_eq!(
        told(&rows),
        [('A', 'B', 100, 2), ('A', 'A', 105, 1), ('T', 'B', 105, 1)]
    );
    assert_eq!(rows[2].ts_recv % 1_000_000_000, 3_000_000);
    assert!(
        report
            .notes
            .iter()
            .any(|note| note.starts_with("1 messages of other streams")),
        "{:?}",
        report.notes
    );
}

#[test]
fn lines_that_are_no_messages_are_named() {
    let folder = tempdir().unwrap();
    for (bad, why) in [
        ("hello", "line 2: it is no captured message"),
        (
            "1723161600000000000 {\"e\":\"trade\"}",
            "line 2: its JSON has no `t`",
        ),
        (
            "1723161600000000000 {\"e\":",
            "line 2: its JSON cannot be read",
        ),
        (
            "1723161600000000000 {\"e\":\"trade\",\"t\":1,\"s\":\"A\",\"T\":1,\"p\":\"x\",\"q\":\"1\",\"m\":true}",
            "\"x\" is no number",
        ),
    ] {
        let text = format!("{}{bad}\n", line(1, &depth(104, 106, None, "")));
        let error = imported(folder.path(), &text).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn okx_bybit_and_coinbase_are_known_by_their_messages() {
    let folder = tempdir().unwrap();
    let okx = [
        r#"1652459225.5: {"event":"subscribe","arg":{"channel":"books","instId":"A-B"}}"#,
        r#"1652459225.6: {"arg":{"channel":"books","instId":"A-B"},"action":"snapshot","data":[{"asks":[["10.5","1","0","1"]],"bids":[["10","2","0","1"]],"ts":"1652459225500","checksum":1}]}"#,
        r#"1652459225.7: {"arg":{"channel":"trades","instId":"A-B"},"data":[{"instId":"A-B","tradeId":"5","px":"10","sz":"1","side":"sell","ts":"1652459225600"}]}"#,
        r#"1652459225.8: {"arg":{"channel":"books","instId":"A-B"},"action":"update","data":[{"asks":[],"bids":[["10","1","0","1"]],"ts":"1652459225700","checksum":1}]}"#,
    ];
    let bybit = [
        r#"{"topic":"orderbook.500.AB","type":"snapshot","ts":1652459225500,"data":{"s":"AB","b":[["10","2"]],"a":[["10.5","1"]],"u":1,"seq":1},"cts":1652459225500}"#,
        r#"{"topic":"publicTrade.AB","type":"snapshot","ts":1652459225600,"data":[{"T":1652459225600,"s":"AB","S":"Sell","v":"1","p":"10","i":"x"}]}"#,
        r#"{"topic":"orderbook.500.AB","type":"delta","ts":1652459225700,"data":{"s":"AB","b":[["10","1"]],"a":[],"u":2,"seq":2},"cts":1652459225700}"#,
    ];
    let coinbase = [
        r#"1652459225.5: {"type":"snapshot","product_id":"A-B","asks":[["10.5","1"]],"bids":[["10","2"]]}"#,
        r#"1652459225.6: {"type":"match","trade_id":1,"side":"buy","size":"1","price":"10","product_id":"A-B","sequence":5,"time":"2022-05-13T16:27:05.600000Z"}"#,
        r#"1652459225.7: {"type":"l2update","product_id":"A-B","changes":[["buy","10","1"]],"time":"2022-05-13T16:27:05.700000Z"}"#,
    ];
    for (name, lines) in [
        ("okx", &okx[..]),
        ("bybit", &bybit),
        ("coinbase", &coinbase),
    ] {
        let (report, rows) = imported(folder.path(), &lines.join("\n")).unwrap();
        assert_eq!(report.from, name);
        assert_eq!(
            told(&rows),
            [
                ('A', 'B', 100, 2),
                ('A', 'A', 105, 1),
                ('T', 'A', 100, 1),
                ('C', 'B', 100, 1)
            ],
            "{name}"
        );
    }
    let best = r#"1652459225.65: {"arg":{"channel":"bbo-tbt","instId":"A-B"},"data":[{"asks":[["10.5","1","0","1"]],"bids":[["10","2","0","1"]],"ts":"1652459225550"}]}"#;
    let fifty = r#"{"topic":"orderbook.50.AB","type":"snapshot","ts":1652459225650,"data":{"s":"AB","b":[["10","2"]],"a":[["10.5","1"]],"u":1,"seq":1}}"#;
    for (lines, more) in [(&okx[..], best), (&bybit, fifty)] {
        let mut lines = lines.to_vec();
        lines.insert(2, more);
        let error = imported(folder.path(), &lines.join("\n")).unwrap_err();
        assert!(
            error.to_string().contains("comes on the channels"),
            "{error}"
        );
    }
}
