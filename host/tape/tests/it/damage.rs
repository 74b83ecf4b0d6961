//! Files that are cut off or changed: always an error or a sound answer, never a panic, never half a tape.

use std::path::{Path, PathBuf};

use backplane_tape::{TapeReader, verify};
use proptest::prelude::*;
use tempfile::tempdir;

use crate::common::{dbn_bytes, import_to, real_data, record, write_lobster, write_lobster_zip};

/// Where a file of `length` bytes is cut: at every hundredth and around its ends.
fn cuts(length: usize) -> impl Iterator<Item = usize> {
    (0..100)
        .map(move |part| length * part / 100)
        .chain([1, length.saturating_sub(1)])
}

/// Cuts `whole` at many lengths; no cut may import, nor leave anything in the folder.
fn no_cut_imports(whole: &Path, may_import: impl Fn(&[u8]) -> bool) {
    let bytes = std::fs::read(whole).unwrap();
    let folder = tempdir().unwrap();
    let input = folder.path().join(whole.file_name().unwrap());
    let tape = folder.path().join("out.tape");
    for length in cuts(bytes.len()) {
        std::fs::write(&input, &bytes[..length]).unwrap();
        match import_to(std::slice::from_ref(&input), &tape) {
            Ok(_) => {
                assert!(may_import(&bytes[..length]), "cut at {length} imports");
                std::fs::remove_file(&tape).unwrap();
            }
            Err(error) => {
                assert!(!error.to_string().is_empty() && !error.hint().is_empty());
            }
        }
        assert_eq!(
            std::fs::read_dir(folder.path()).unwrap().count(),
            1,
            "cut at {length} leaves a file"
        );
    }
}

#[test]
fn a_zip_that_is_cut_off_does_not_import() {
    let folder = tempdir().unwrap();
    no_cut_imports(&write_lobster_zip(folder.path()), |_| false);
    if let Some(data) = real_data("lobster") {
        no_cut_imports(
            &data.join("LOBSTER_SampleFile_GOOG_2012-06-21_1.zip"),
            |_| false,
        );
    }
}

#[test]
fn a_csv_that_is_cut_off_within_a_line_does_not_import() {
    let is_whole_lines =
        |bytes: &[u8]| bytes.ends_with(b"\n") || bytes.ends_with(b",1") || bytes.ends_with(b",-1");
    let folder = tempdir().unwrap();
    no_cut_imports(&write_lobster(folder.path())[0], is_whole_lines);
    if let Some(data) = real_data("lobster") {
        no_cut_imports(
            &data.join("AAPL_2012-06-21_34200000_37800000_message_50.csv"),
            is_whole_lines,
        );
    }
}

#[test]
fn a_book_that_is_shorter_than_its_messages_does_not_import() {
    let folder = tempdir().unwrap();
    let inputs = write_lobster(folder.path());
    let tape = folder.path().join("out.tape");
    for place in [0, 1] {
        let bytes = std::fs::read(&inputs[place]).unwrap();
        let line = bytes.iter().position(|byte| *byte == b'\n').unwrap();
        std::fs::write(&inputs[place], &bytes[..=line]).unwrap();
        let error = import_to(&inputs, &tape).unwrap_err().to_string();
        assert!(error.contains("the file ends here"), "{error}");
        std::fs::write(&inputs[place], &bytes).unwrap();
    }
}

#[test]
fn a_dbn_file_that_is_cut_off_does_not_import() {
    let folder = tempdir().unwrap();
    let plain = folder.path().join("day.dbn");
    let records: Vec<_> = (1..50)
        .map(|time| record(time, *b"AB", time, 1_000, 1, 0x80))
        .collect();
    let bytes = dbn_bytes(&records);
    let metadata = bytes.len() - 49 * 56;
    std::fs::write(&plain, bytes).unwrap();
    no_cut_imports(&plain, |bytes| {
        bytes.len() > metadata && (bytes.len() - metadata).is_multiple_of(56)
    });
    if let Some(data) = real_data("databento_dbn") {
        no_cut_imports(&data.join("esh4-glbx-mdp3-20231225.mbo.dbn.zst"), |_| false);
    }
}

#[test]
fn a_dbn_error_names_record_and_byte() {
    let folder = tempdir().unwrap();
    let plain = folder.path().join("day.dbn");
    let bytes = dbn_bytes(&[
        record(1, *b"AB", 1, 1_000, 1, 0x80),
        record(2, *b"AB", 2, 1_000, 1, 0x80),
    ]);
    std::fs::write(&plain, &bytes[..bytes.len() - 3]).unwrap();
    let error = import_to(&[plain], &folder.path().join("out.tape"))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains(&format!("record 2 at byte {}", bytes.len() - 56)),
        "{error}"
    );
}

/// A small sound tape.
fn sound_tape(folder: &Path) -> PathBuf {
    let tape = folder.join("sound.tape");
    import_to(&write_lobster(folder), &tape).unwrap();
    tape
}

/// Reads all that can be read; whatever comes out, it comes out without a panic.
fn read_all(tape: &Path) -> bool {
    let Ok(mut reader) = TapeReader::open(tape) else {
        return false;
    };
    loop {
        match reader.next_batch() {
            Ok(Some(_)) => {}
            Ok(None) => return true,
            Err(_) => return false,
        }
    }
}

#[test]
fn a_tape_that_is_cut_off_does_not_open() {
    let folder = tempdir().unwrap();
    let bytes = std::fs::read(sound_tape(folder.path())).unwrap();
    let cut = folder.path().join("cut.tape");
    for length in 0..bytes.len() {
        std::fs::write(&cut, &bytes[..length]).unwrap();
        assert!(TapeReader::open(&cut).is_err(), "cut at {length} opens");
    }
}

#[test]
fn a_tape_that_shrinks_while_it_is_read_is_an_error() {
    let folder = tempdir().unwrap();
    let tape = sound_tape(folder.path());
    let mut reader = TapeReader::open(&tape).unwrap();
    std::fs::OpenOptions::new()
        .write(true)
        .open(&tape)
        .unwrap()
        .set_len(100)
        .unwrap();
    assert!(reader.next_batch().is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn flipped_bits_never_panic(flips in proptest::collection::vec((any::<prop::sample::Index>(), 0_u8..8), 1..6)) {
        use std::sync::OnceLock;
        static WHOLE: OnceLock<Vec<u8>> = OnceLock::new();
        let whole = WHOLE.get_or_init(|| std::fs::read(sound_tape(tempdir().unwrap().path())).unwrap());
        let mut bytes = whole.clone();
        for (place, bit) in flips {
            let place = place.index(bytes.len());
            bytes[place] ^= 1 << bit;
        }
        let folder = tempdir().unwrap();
        let tape = folder.path().join("flipped.tape");
        std::fs::write(&tape, bytes).unwrap();
        if read_all(&tape) {
            let _ = verify(&tape, None);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_inputs_never_panic(
        kind in 0_usize..3,
        flips in proptest::collection::vec((any::<prop::sample::Index>(), 0_u8..8), 1..4),
    ) {
        let folder = tempdir().unwrap();
        let input = match kind {
            0 => write_lobster(folder.path()).remove(0),
            1 => write_lobster_zip(folder.path()),
            _ => {
                let path = folder.path().join("day.dbn");
                let records: Vec<_> = (1..9).map(|time| record(time, *b"AB", time, 1_000, 1, 0x80)).collect();
                std::fs::write(&path, dbn_bytes(&records)).unwrap();
                path
            }
        };
        let mut bytes = std::fs::read(&input).unwrap();
        for (place, bit) in flips {
            let place = place.index(bytes.len());
            bytes[place] ^= 1 << bit;
        }
        std::fs::write(&input, bytes).unwrap();
        let tape = folder.path().join("out.tape");
        if import_to(&[input], &tape).is_ok() {
            prop_assert!(verify(&tape, None).is_ok());
        } else {
            prop_assert!(!tape.exists());
        }
    }
}

#[test]
fn every_bit_of_a_dbn_record_and_of_its_prelude_may_be_wrong() {
    let folder = tempdir().unwrap();
    let (input, tape) = (
        folder.path().join("day.dbn"),
        folder.path().join("out.tape"),
    );
    let records: Vec<_> = (1..4)
        .map(|time| record(time, *b"AB", time, 1_000, 1, 0x80))
        .collect();
    let whole = dbn_bytes(&records);
    let first_record = whole.len() - 3 * 56;
    for place in (0..8).chain(first_record..first_record + 56) {
        for bit in 0..8 {
            let mut bytes = whole.clone();
            bytes[place] ^= 1 << bit;
            std::fs::write(&input, bytes).unwrap();
            if import_to(std::slice::from_ref(&input), &tape).is_ok() {
                std::fs::remove_file(&tape).unwrap();
            }
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        }
    }
}

#[test]
fn every_single_byte_of_a_footer_may_be_wrong() {
    let folder = tempdir().unwrap();
    let whole = std::fs::read(sound_tape(folder.path())).unwrap();
    let tape = folder.path().join("flipped.tape");
    for place in whole.len().saturating_sub(3_000)..whole.len() {
        let mut bytes = whole.clone();
        bytes[place] = !bytes[place];
        std::fs::write(&tape, bytes).unwrap();
        read_all(&tape);
    }
}
