//! Tapes made of tapes: other shapes, parts, and several as one.

use std::path::{Path, PathBuf};

use backplane_sdk::types::Timestamp;
use backplane_tape::edit::{SliceOptions, convert, merge, slice};
use backplane_tape::generate::{Generator, GeneratorConfig, MarketKind};
use backplane_tape::import::{ImportOptions, messages};
use backplane_tape::resolve::{Conventions, FillConvention, UnknownOrders};
use backplane_tape::{
    Header, Overwrite, Row, Signals, Source, TapeReader, TapeSchema, inspect, verify,
};
use proptest::prelude::*;
use tempfile::{TempDir, tempdir};

use crate::common::{import_to, real_data, rows, write_lobster};

/// A market of three instruments that goes over midnight.
fn market(folder: &Path, schema: TapeSchema) -> PathBuf {
    let generator = Generator::new(GeneratorConfig {
        messages: 6_000,
        instruments: 3,
        resting_orders: 400,
        start: Timestamp(1_704_239_990_000_000_000),
        ..MarketKind::Crypto.config()
    })
    .unwrap();
    let header = Header {
        instruments: generator.definitions(),
        source: Source::default(),
    };
    let options = ImportOptions {
        output: folder.join("market.tape"),
        schema: Some(schema),
        ..ImportOptions::default()
    };
    let conventions = Conventions {
        fills: FillConvention::TakesOut,
        unknown_orders: UnknownOrders::Drop,
    };
    messages(header, conventions, generator, &options, &mut |_, _| {}).unwrap();
    options.output
}

fn is_sound(tape: &Path) {
    let verified = verify(tape, None).unwrap();
    assert!(verified.is_sound(), "{verified}");
}

fn cut(tape: &Path, output: &Path, from: Option<i64>, to: Option<i64>, symbols: &[&str]) {
    let options = SliceOptions {
        from: from.map(Timestamp),
        to: to.map(Timestamp),
        symbols: symbols.iter().map(ToString::to_string).collect(),
        overwrite: Overwrite::Replace,
    };
    slice(tape, output, &options, &mut |_| {}).unwrap();
}

/// What of a row does not depend on its number.
fn unnumbered(row: &Row) -> Row {
    Row {
        priority: 0,
        ..*row
    }
}

#[test]
fn a_folder_of_parquet_files_is_the_same_tape_and_back() {
    for schema in [TapeSchema::Mbo, TapeSchema::Mbp] {
        let folder = tempdir().unwrap();
        let tape = market(folder.path(), schema);
        let (archive, again) = (
            folder.path().join("archive"),
            folder.path().join("again.tape"),
        );
        let report = convert(&tape, &archive, Overwrite::Never, &mut |_| {}).unwrap();
        assert_eq!(report.files, Some(6), "three instruments on two days");
        let day = archive.join(format!("schema={schema}/instrument=SYN001/date=2024-01-03"));
        assert!(day.join("rows.parquet").is_file());
        assert_eq!(rows(&archive), rows(&tape));
        let (one, other) = (inspect(&tape).unwrap(), inspect(&archive).unwrap());
        assert_eq!(one.header, other.header);
        assert_eq!(one.digest, other.digest);
        assert_eq!(one.statistics, other.statistics);
        is_sound(&archive);
        let back = convert(&archive, &again, Overwrite::Never, &mut |_| {}).unwrap();
        assert_eq!((back.digest, back.notes), (one.digest, Vec::new()));
        assert_eq!(
            std::fs::read(&tape).unwrap(),
            std::fs::read(&again).unwrap()
        );
    }
}

#[test]
fn a_folder_from_which_a_file_was_taken_is_not_replayed() {
    let folder = tempdir().unwrap();
    let tape = market(folder.path(), TapeSchema::Mbo);
    let archive = folder.path().join("archive");
    convert(&tape, &archive, Overwrite::Never, &mut |_| {}).unwrap();
    let error = convert(&tape, &archive, Overwrite::Never, &mut |_| {}).unwrap_err();
    assert!(error.to_string().contains("exists"), "{error}");
    let all = |archive: &Path| -> Result<u64, String> {
        let mut reader = TapeReader::open(archive).map_err(|error| error.to_string())?;
        while reader
            .next_batch()
            .map_err(|error| error.to_string())?
            .is_some()
        {}
        Ok(reader.rows())
    };
    let file = archive.join("schema=mbo/instrument=SYN001/date=2024-01-03/rows.parquet");
    let bytes = std::fs::read(&file).unwrap();
    for length in [0, 3, bytes.len() / 2, bytes.len() - 1] {
        std::fs::write(&file, &bytes[..length]).unwrap();
        assert!(all(&archive).unwrap_err().contains("rows.parquet"));
    }
    let other = archive.join("schema=mbo/instrument=SYN002/date=2024-01-03/rows.parquet");
    std::fs::copy(&other, &file).unwrap();
    assert!(all(&archive).unwrap_err().contains("is missing"));
    std::fs::remove_file(&file).unwrap();
    assert!(all(&archive).is_err());
    let manifest = archive.join("_tape.json");
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(
        &manifest,
        text.replace("schema=mbo/instrument=SYN001", "../x"),
    )
    .unwrap();
    assert!(
        all(&archive)
            .unwrap_err()
            .contains("cannot be one of its own")
    );
    std::fs::remove_file(&manifest).unwrap();
    assert!(all(&archive).unwrap_err().contains("no _tape.json"));
}

#[test]
fn a_folder_that_is_no_tape_is_never_replaced() {
    let folder = tempdir().unwrap();
    let tape = market(folder.path(), TapeSchema::Mbo);
    let precious = folder.path().join("precious");
    std::fs::create_dir(&precious).unwrap();
    std::fs::write(precious.join("x"), "x").unwrap();
    let error = convert(&tape, &precious, Overwrite::Replace, &mut |_| {}).unwrap_err();
    assert!(error.to_string().contains("holds no tape"), "{error}");
    assert!(precious.join("x").is_file());
    let archive = folder.path().join("archive");
    for _ in 0..2 {
        convert(&tape, &archive, Overwrite::Replace, &mut |_| {}).unwrap();
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3);
}

#[test]
fn a_part_without_limits_is_the_whole() {
    for schema in [TapeSchema::Mbo, TapeSchema::Mbp] {
        let folder = tempdir().unwrap();
        let tape = market(folder.path(), schema);
        let part = folder.path().join("part.tape");
        cut(&tape, &part, None, None, &[]);
        assert_eq!(
            inspect(&part).unwrap().digest,
            inspect(&tape).unwrap().digest
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    /// Wherever a tape is cut: both parts are sound, the second goes on with the same rows, and both together end with
    /// the same books.
    #[test]
    fn a_tape_may_be_cut_anywhere(place in 0.0..1.0_f64, levels in any::<bool>()) {
        let folder = tempdir().unwrap();
        let schema = if levels { TapeSchema::Mbp } else { TapeSchema::Mbo };
        let tape = market(folder.path(), schema);
        let all = rows(&tape);
        let at = all[((all.len() - 1) as f64 * place) as usize].ts_recv;
        let [one, other, both] = ["1", "2", "3"].map(|name| folder.path().join(name));
        let has_first = at > all[0].ts_recv;
        if has_first {
            cut(&tape, &one, None, Some(at), &[]);
            is_sound(&one);
        }
        cut(&tape, &other, Some(at), None, &[]);
        is_sound(&other);
        let first = if has_first { rows(&one) } else { Vec::new() };
        prop_assert_eq!(&all[..first.len()], &first[..]);
        let second = rows(&other);
        let (opening, live) = second.split_at(second.len() - (all.len() - first.len()).min(second.len()));
        prop_assert!(opening.iter().all(|row| row.flags & 0x20 != 0 && row.ts_recv <= at));
        let same = live.iter().zip(&all[all.len() - live.len()..]);
        for (new, old) in same {
            prop_assert_eq!(unnumbered(new), unnumbered(old));
        }
        if has_first {
            merge(&[one, other], &both, Overwrite::Never, &mut |_| {}).unwrap();
            is_sound(&both);
            prop_assert_eq!(inspect(&both).unwrap().header.instruments.len(), 3);
        }
    }
}

#[test]
fn instruments_are_cut_out_and_put_together() {
    let folder = tempdir().unwrap();
    let tape = market(folder.path(), TapeSchema::Mbo);
    let [one, other, both] = ["1", "2", "3"].map(|name| folder.path().join(name));
    cut(&tape, &one, None, None, &["SYN001"]);
    cut(&tape, &other, None, None, &["SYN000", "SYN002"]);
    for part in [&one, &other] {
        is_sound(part);
    }
    assert_eq!(inspect(&one).unwrap().header.instruments[0].lot, 1_000_000);
    merge(&[one.clone(), other], &both, Overwrite::Never, &mut |_| {}).unwrap();
    is_sound(&both);
    assert_eq!(rows(&both).len(), rows(&tape).len());
    let overlapping = merge(
        &[one.clone(), tape.clone()],
        &both,
        Overwrite::Replace,
        &mut |_| {},
    );
    let error = overlapping.unwrap_err().to_string();
    assert!(error.contains("both hold SYN001"), "{error}");
    let options = SliceOptions {
        symbols: vec!["NONE".to_owned()],
        ..SliceOptions::default()
    };
    let error = slice(&tape, &both, &options, &mut |_| {}).unwrap_err();
    assert!(error.to_string().contains("no instrument NONE"), "{error}");
}

#[test]
fn what_does_not_fit_together_is_refused() {
    let (folder, levels) = (tempdir().unwrap(), tempdir().unwrap());
    let orders = market(folder.path(), TapeSchema::Mbo);
    let tapes = [orders, market(levels.path(), TapeSchema::Mbp)];
    let output = folder.path().join("x");
    let error = merge(&tapes, &output, Overwrite::Never, &mut |_| {}).unwrap_err();
    assert!(error.to_string().contains("cannot be merged"), "{error}");
    let options = SliceOptions {
        from: Some(Timestamp(5)),
        to: Some(Timestamp(5)),
        ..SliceOptions::default()
    };
    let error = slice(&tapes[0], &output, &options, &mut |_| {}).unwrap_err();
    assert!(error.to_string().contains("there is no time"), "{error}");
    assert!(!output.exists());
}

#[test]
fn levels_without_orders_are_in_the_snapshot_too() {
    let folder = tempdir().unwrap();
    let tape = folder.path().join("day.tape");
    import_to(&write_lobster(folder.path()), &tape).unwrap();
    let all = rows(&tape);
    let part = folder.path().join("part.tape");
    cut(&tape, &part, Some(all[11].ts_recv), None, &[]);
    is_sound(&part);
    let cut = rows(&part);
    // Two bids and two asks, of which one holds an order that was added before.
    let snapshot: Vec<_> = cut.iter().take_while(|row| row.flags & 0x20 != 0).collect();
    assert!(
        snapshot
            .iter()
            .any(|row| row.order_id == 13 && row.priority > 0)
    );
    assert!(snapshot.iter().any(|row| row.order_id == 0));
    assert!(
        snapshot
            .last()
            .unwrap()
            .signals(Signals::LAST | Signals::BBO)
    );
}

fn real_es() -> Option<(TempDir, PathBuf)> {
    let data = real_data("databento_dbn")?;
    let inputs =
        ["24", "25"].map(|day| data.join(format!("esh4-glbx-mdp3-202312{day}.mbo.dbn.zst")));
    let folder = tempdir().unwrap();
    let tape = folder.path().join("es.tape");
    import_to(&inputs, &tape).unwrap();
    Some((folder, tape))
}

#[test]
fn a_recorded_hour_is_cut_archived_and_read_again() {
    let Some((folder, tape)) = real_es() else {
        return;
    };
    let [part, archive] = ["part", "archive"].map(|name| folder.path().join(name));
    // 2023-12-25T23:30:00Z, in the middle of trading.
    cut(&tape, &part, Some(1_703_547_000_000_000_000), None, &[]);
    is_sound(&part);
    convert(&tape, &archive, Overwrite::Never, &mut |_| {}).unwrap();
    is_sound(&archive);
    let (plain, packed) = (
        std::fs::metadata(&tape).unwrap().len(),
        size_of_folder(&archive),
    );
    println!("{plain} bytes as Arrow, {packed} as Parquet");
    assert!(packed * 3 < plain, "{packed} of {plain}");
}

fn size_of_folder(path: &Path) -> u64 {
    let entries = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap());
    let sizes = entries.map(|entry| match entry.path().is_dir() {
        true => size_of_folder(&entry.path()),
        false => entry.metadata().unwrap().len(),
    });
    sizes.sum()
}
