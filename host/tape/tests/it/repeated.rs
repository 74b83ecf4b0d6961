//! Inputs that are read several times over.
//!
//! Takes in made-up and recorded days; gives out whether each repetition is the first one again, later, from empty books.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use backplane_tape::import::{ImportOptions, ImportReport, import};
use backplane_tape::{Row, TapeError, TapeSchema, inspect, verify};
use tempfile::tempdir;

use crate::common::{dbn_bytes, real_data, record, rows, write_lobster};

const SECOND: i64 = 1_000_000_000;

fn import_repeated(
    inputs: &[PathBuf],
    output: &Path,
    times: u32,
    schema: TapeSchema,
) -> Result<ImportReport, TapeError> {
    let options = ImportOptions {
        output: output.to_path_buf(),
        repeat: NonZeroU32::new(times),
        schema: Some(schema),
        ..ImportOptions::default()
    };
    import(inputs, &options, &mut |_, _| {})
}

/// A row of a repetition as it is in the first one: `rows_before` it, `nanos` earlier.
fn moved_back(row: &Row, rows_before: u32, nanos: i64) -> Row {
    Row {
        ts_event: row.ts_event - nanos,
        ts_recv: row.ts_recv - nanos,
        priority: row.priority.saturating_sub(rows_before),
        ..*row
    }
}

/// Imports once and several times over; each repetition must be the first one again, `nanos` after the one before, behind
/// a clear of each instrument. The tapes are of either schema.
fn each_repetition_is_the_first_again(inputs: &[PathBuf], times: u32, nanos: i64) {
    let folder = tempdir().unwrap();
    for schema in [TapeSchema::Mbo, TapeSchema::Mbp] {
        let once = folder.path().join(format!("once-{schema}.tape"));
        let often = folder.path().join(format!("often-{schema}.tape"));
        let instruments = import_repeated(inputs, &once, 1, schema)
            .unwrap()
            .instruments
            .len();
        import_repeated(inputs, &often, times, schema).unwrap();
        let verified = verify(&often, None).unwrap();
        assert!(verified.is_sound(), "{verified}");
        let (once, often) = (rows(&once), rows(&often));
        assert_eq!(often[..once.len()], once);
        let mut rows_before = once.len();
        for time in 1..i64::from(times) {
            let clears = &often[rows_before..rows_before + instruments];
            let cleared = |(instrument, row): (u16, &Row)| {
                (row.action, row.instrument, row.ts_recv)
                    == (b'R', instrument, once[0].ts_recv + nanos * time)
            };
            assert!((0..).zip(clears).all(cleared), "{clears:?}");
            rows_before += instruments;
            let repetition = &often[rows_before..rows_before + once.len()];
            for (row, first) in repetition.iter().zip(&once) {
                let before = u32::try_from(rows_before).unwrap();
                assert_eq!(moved_back(row, before, nanos * time), *first);
            }
            rows_before += once.len();
        }
        assert_eq!(often.len(), rows_before);
    }
}

#[test]
fn a_lobster_day_is_repeated_from_its_first_book() {
    let folder = tempdir().unwrap();
    let inputs = write_lobster(folder.path());
    // The day lasts 3.023456789 s.
    each_repetition_is_the_first_again(&inputs, 4, 5 * SECOND);
    each_repetition_is_the_first_again(&inputs[..1], 3, 5 * SECOND);
}

#[test]
fn dbn_files_are_repeated_together_and_open_events_end_with_each_repetition() {
    let folder = tempdir().unwrap();
    let write = |name: &str, records: &[_]| {
        let path = folder.path().join(name);
        std::fs::write(&path, dbn_bytes(records)).unwrap();
        path
    };
    let unit = SECOND;
    let inputs = [
        write(
            "one.dbn",
            &[
                record(1_000_000_000, *b"AB", 1, 99 * unit, 5, 0x80),
                record(3_000_000_000, *b"AB", 2, 98 * unit, 6, 0),
            ],
        ),
        write(
            "two.dbn",
            &[record(2_000_000_000, *b"AA", 3, 101 * unit, 7, 0x80)],
        ),
    ];
    // From 1.000000005 s to 3.000000005 s.
    each_repetition_is_the_first_again(&inputs, 3, 3 * SECOND);
}

#[test]
fn a_tape_says_how_often_its_source_was_read() {
    let folder = tempdir().unwrap();
    let inputs = write_lobster(folder.path());
    let tape = folder.path().join("often.tape");
    let mut bytes = 0;
    let options = ImportOptions {
        output: tape.clone(),
        repeat: NonZeroU32::new(3),
        ..ImportOptions::default()
    };
    let report = import(&inputs, &options, &mut |_, read| bytes = read).unwrap();
    assert_eq!(bytes, 3 * std::fs::metadata(&inputs[0]).unwrap().len());
    assert_eq!(report.from, "lobster, read 3 times over");
    assert_eq!(inspect(&tape).unwrap().header.source.from, report.from);
}

#[test]
fn times_that_a_tape_cannot_say_are_refused_and_nothing_is_left() {
    let folder = tempdir().unwrap();
    let input = folder.path().join("long.dbn");
    let late = u64::try_from(i64::MAX / 2).unwrap();
    let records = [
        record(1, *b"AB", 1, SECOND, 5, 0x80),
        record(late, *b"AB", 2, SECOND, 6, 0x80),
    ];
    std::fs::write(&input, dbn_bytes(&records)).unwrap();
    let tape = folder.path().join("long.tape");
    let error = import_repeated(&[input], &tape, 3, TapeSchema::Mbo).unwrap_err();
    assert!(
        error.to_string().contains("repeat it less often"),
        "{error}"
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn two_days_of_es_make_a_tape_of_any_length() {
    let Some(data) = real_data("databento_dbn") else {
        return;
    };
    let inputs =
        ["24", "25"].map(|day| data.join(format!("esh4-glbx-mdp3-202312{day}.mbo.dbn.zst")));
    // From 2023-12-24T13:00:05.7 to 2023-12-25T23:59:59.4 UTC.
    each_repetition_is_the_first_again(&inputs, 3, 125_995 * SECOND);
}
