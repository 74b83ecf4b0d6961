//! Inputs that are made up, so that every expected row can be written down.

use backplane_tape::import::{ImportOptions, import};
use backplane_tape::{Overwrite, Signals, verify};
use tempfile::tempdir;

use crate::common::{dbn_bytes, import_to, record, rows, write_lobster, write_lobster_zip};

const UNIT: i64 = 1_000_000_000;

#[test]
fn a_lobster_day_keeps_its_window() {
    let folder = tempdir().unwrap();
    let inputs = write_lobster(folder.path());
    let tape = folder.path().join("day.tape");
    let report = import_to(&inputs, &tape).unwrap();
    let found = &report.statistics.resolution;
    assert_eq!(
        (
            found.levels_seeded,
            found.levels_revealed,
            found.levels_dropped
        ),
        (4, 2, 2)
    );
    assert_eq!(found.unknown_on_known_levels, 1);
    let verified = verify(&tape, Some(&inputs[1])).unwrap();
    assert!(verified.is_sound(), "{verified}");
    assert_eq!(verified.against.unwrap().equal, [8, 8]);
    let rows = rows(&tape);
    let text: String = rows.iter().map(|row| char::from(row.action)).collect();
    assert_eq!(text, "AAAAACTFAACCFAC");
    let hidden = &rows[6];
    assert_eq!((hidden.price, hidden.side), (100_015_000_000, b'B'));
    assert!(hidden.signals(Signals::TRADE | Signals::HIDDEN | Signals::MATCH | Signals::LAST));
    assert!(rows[7].signals(Signals::TRADE | Signals::MATCH | Signals::BOOK));
    // 2012-06-21 was summer: 9:30 in New York is 13:30 UTC, and the tenth decimal is cut off.
    assert_eq!(rows.last().unwrap().ts_event, 1_340_285_403_123_456_789);
}

#[test]
fn a_zip_and_its_files_give_the_same_tape() {
    let folder = tempdir().unwrap();
    let (one, other) = (
        folder.path().join("one.tape"),
        folder.path().join("other.tape"),
    );
    let from_files = import_to(&write_lobster(folder.path()), &one).unwrap();
    let from_zip = import_to(&[write_lobster_zip(folder.path())], &other).unwrap();
    assert_eq!(from_files.digest, from_zip.digest);
}

#[test]
fn an_execution_that_databento_tells_in_three_records_becomes_one_fill() {
    let folder = tempdir().unwrap();
    let input = folder.path().join("day.dbn");
    let bytes = dbn_bytes(&[
        record(1, *b"AA", 1, 100 * UNIT, 5, 0x80),
        record(2, *b"AA", 2, 100 * UNIT, 7, 0x80),
        // The aggressor takes all of the first order and 3 of the second, then rests with 2.
        record(3, *b"TB", 9, 100 * UNIT, 8, 0),
        record(3, *b"FA", 1, 100 * UNIT, 5, 0),
        record(3, *b"FA", 2, 100 * UNIT, 3, 0),
        record(3, *b"CA", 1, 100 * UNIT, 5, 0),
        record(3, *b"MA", 2, 100 * UNIT, 4, 0x80),
        // A trade that nothing visible accounts for.
        record(4, *b"TA", 9, 99 * UNIT, 1, 0x80),
    ]);
    std::fs::write(&input, bytes).unwrap();
    let tape = folder.path().join("day.tape");
    import_to(&[input], &tape).unwrap();
    let rows = rows(&tape);
    let text: String = rows.iter().map(|row| char::from(row.action)).collect();
    assert_eq!(text, "AATFFT");
    assert_eq!(
        (
            rows[3].size,
            rows[3].priority,
            rows[3].level_size,
            rows[3].remaining
        ),
        (5, 1, 7, 0)
    );
    assert_eq!(
        (
            rows[4].size,
            rows[4].priority,
            rows[4].level_size,
            rows[4].remaining
        ),
        (3, 2, 4, 4)
    );
    assert!(!rows[2].signals(Signals::HIDDEN) && rows[5].signals(Signals::HIDDEN | Signals::MATCH));
    assert!(rows[4].is_last() && !rows[3].is_last());
    assert!(verify(&tape, None).unwrap().is_sound());
}

#[test]
fn files_are_merged_by_receive_time() {
    let folder = tempdir().unwrap();
    let files: Vec<_> = [[1, 4, 6], [2, 3, 5]]
        .iter()
        .enumerate()
        .map(|(number, times)| {
            let records = times.map(|time| record(time, *b"AB", time, UNIT, 1, 0x80));
            let path = folder.path().join(format!("{number}.dbn"));
            std::fs::write(&path, dbn_bytes(&records)).unwrap();
            path
        })
        .collect();
    let tape = folder.path().join("both.tape");
    import_to(&files, &tape).unwrap();
    let order: Vec<u64> = rows(&tape).iter().map(|row| row.order_id).collect();
    assert_eq!(order, [1, 2, 3, 4, 5, 6]);
}

#[test]
fn an_existing_output_is_replaced_only_when_asked() {
    let folder = tempdir().unwrap();
    let inputs = write_lobster(folder.path());
    let tape = folder.path().join("day.tape");
    std::fs::write(&tape, "precious").unwrap();
    let error = import_to(&inputs, &tape).unwrap_err();
    assert!(error.to_string().contains("exists"), "{error}");
    assert_eq!(std::fs::read(&tape).unwrap(), b"precious");
    let options = ImportOptions {
        output: tape.clone(),
        overwrite: Overwrite::Replace,
        ..ImportOptions::default()
    };
    import(&inputs, &options, &mut |_, _| {}).unwrap();
    assert!(verify(&tape, None).unwrap().is_sound());
}

#[test]
fn a_bad_line_is_named() {
    let folder = tempdir().unwrap();
    let inputs = write_lobster(folder.path());
    let tape = folder.path().join("day.tape");
    for (bad, expected) in [
        (
            "34200.1,1,11,100,1000000",
            "line 2: the field direction is missing",
        ),
        (
            "34200.1,7,0,0,2,-1",
            "line 2: the price of a halt cannot be \"2\"",
        ),
        (
            "34200.1,1,11,x,1000000,1",
            "line 2: the size cannot be \"x\"",
        ),
        (
            "34200.1,9,11,1,1000000,1",
            "line 2: the type cannot be \"9\"",
        ),
    ] {
        let text = format!("34200.1,1,11,100,1000000,1\n{bad}\n");
        std::fs::write(&inputs[0], text).unwrap();
        let error = import_to(&inputs[..1], &tape).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert!(error.contains("MADE_2012-06-21"), "{error}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}

#[test]
fn halts_and_crosses_of_lobster_have_rows_of_their_own() {
    let folder = tempdir().unwrap();
    let inputs = write_lobster(folder.path());
    let halts = "34200.1,7,0,0,-1,-1\n34200.2,1,12,50,1000100,1\n34200.3,7,0,0,0,-1\n34200.4,6,0,500,1000200,1\n\
                 34200.5,7,0,0,1,-1\n";
    let book = "1000400,10,1000000,100\n".to_owned() + &"1000400,10,1000100,50\n".repeat(4);
    std::fs::write(&inputs[0], halts).unwrap();
    let tape = folder.path().join("day.tape");
    for (with_book, expected) in [(false, "SASTS"), (true, "AASACSTS")] {
        std::fs::write(&inputs[1], &book).unwrap();
        let count = if with_book { 2 } else { 1 };
        import_to(&inputs[..count], &tape).unwrap();
        let rows = rows(&tape);
        let text: String = rows.iter().map(|row| char::from(row.action)).collect();
        assert_eq!(text, expected);
        let statuses: Vec<u32> = rows
            .iter()
            .filter(|row| row.action == b'S')
            .map(|row| row.size)
            .collect();
        assert_eq!(statuses, [3, 2, 1]);
        let cross = rows.iter().find(|row| row.action == b'T').unwrap();
        assert_eq!((cross.side, cross.signals(Signals::HIDDEN)), (b'N', false));
        let against = with_book.then_some(inputs[1].as_path());
        let verified = verify(&tape, against).unwrap();
        assert!(verified.is_sound(), "{verified}");
        std::fs::remove_file(&tape).unwrap();
    }
}
