//! Files that are not loaded.
//!
//! Takes in damaged, foreign and missing files; gives out whether each is refused with one line that names it, and
//! whether what is loaded is out of reach of whoever changes its file.

use std::io::Write;
use std::path::{Path, PathBuf};

use backplane_guests::{
    Allowance, CandidateKind, Carrier, GuestError, Loader, Policy, Refusal, find, guard, scan,
};
use backplane_sdk::abi::v1::PluginHeader;
use backplane_tests::native_plugin;
use proptest::prelude::*;
use tempfile::TempDir;

use super::{misbehave, params, run};

/// Bytes of an ELF header and of the segment headers that follow it in a library.
const HEADERS_BYTES: usize = 64 + 12 * 56;

fn good() -> Vec<u8> {
    std::fs::read(native_plugin("misbehave")).unwrap()
}

fn write(folder: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

/// Loads a file that must be refused.
fn refusal(path: &Path) -> Refusal {
    let mut loader = Loader::new().unwrap();
    let error = loader.load(path).unwrap_err();
    assert_eq!(loader.libraries(), 0, "nothing of it was loaded");
    let text = error.to_string();
    let name = path.file_name().unwrap().to_str().unwrap();
    assert!(text.contains(name), "{text}");
    assert!(!text.contains('\n') && text.len() < 500, "{text}");
    assert!(!error.hint().is_empty() && !error.hint().contains('\n'));
    match error {
        GuestError::Refused { reason, .. } => reason,
        other => panic!("{path:?} was not refused, but: {other}"),
    }
}

/// The place of the header in the file.
fn header_place(bytes: &[u8]) -> usize {
    let places = bytes.windows(16).enumerate().filter(|(_, x)| {
        x.starts_with(&PluginHeader::MAGIC) && x[8..] == [1, 0, 0, 0, PluginHeader::UNWIND, 0, 0, 0]
    });
    let places: Vec<usize> = places.map(|x| x.0).collect();
    let [place] = places[..] else {
        panic!("the header is in the file once, not {} times", places.len());
    };
    place
}

#[test]
fn a_library_cut_off_anywhere_is_refused() {
    let folder = TempDir::new().unwrap();
    let bytes = good();
    let percents = (1..100).map(|x| bytes.len() * x / 100);
    let ends = [1, 2, 8, 63, 64, 65, 128].map(|x| bytes.len() - x);
    for len in percents.chain(ends).chain(1..64) {
        let path = write(&folder, "libcut.so", &bytes[..len]);
        let reason = refusal(&path);
        let expected =
            matches!(reason, Refusal::Damaged(_)) || len < 4 && matches!(reason, Refusal::NotElf);
        assert!(expected, "cut at {len}: {reason}");
    }
}

#[test]
fn what_is_no_library_is_refused_and_named() {
    let folder = TempDir::new().unwrap();
    assert!(matches!(
        refusal(&write(&folder, "libempty.so", b"")),
        Refusal::Empty
    ));
    let text = write(&folder, "libtext.so", b"import numpy as np\n");
    assert!(matches!(refusal(&text), Refusal::NotElf));
    assert!(matches!(refusal(folder.path()), Refusal::NotAFile));
    let missing = folder.path().join("libmissing.so");
    assert!(matches!(refusal(&missing), Refusal::Unreadable(_)));
    assert!(matches!(refusal(Path::new("/dev/null")), Refusal::NotAFile));
    let huge = folder.path().join("libhuge.so");
    let file = std::fs::File::create(&huge).unwrap();
    file.set_len(guard::FILE_BYTES_MAX + 1).unwrap();
    assert!(matches!(refusal(&huge), Refusal::TooLarge { .. }));
    let newline = write(&folder, "lib\n.so", b"x");
    let error = Loader::new()
        .unwrap()
        .load(&newline)
        .unwrap_err()
        .to_string();
    assert!(!error.contains('\n'), "{error}");
}

#[test]
fn a_library_for_another_machine_is_refused() {
    let folder = TempDir::new().unwrap();
    let patched = |at: usize, value: u8| {
        let mut bytes = good();
        bytes[at] = value;
        refusal(&write(&folder, "libother.so", &bytes)).to_string()
    };
    assert!(patched(4, 1).starts_with("it is built for a 32-bit machine, but this host runs on "));
    assert!(patched(5, 2).starts_with("it is built for a big-endian machine"));
    assert!(patched(18, 243).starts_with("it is built for machine 243"));
    assert_eq!(patched(16, 2), "it is not a shared library, but a program");
}

#[test]
fn a_library_that_is_no_plugin_is_refused_with_what_to_add() {
    let reason = refusal(&native_plugin("no_plugin"));
    assert!(matches!(reason, Refusal::NotAPlugin));
    assert!(reason.hint().contains("export_strategy!"));
}

#[test]
fn a_plugin_of_another_abi_version_is_refused_with_both_versions() {
    let text = refusal(&native_plugin("other_abi")).to_string();
    assert_eq!(
        text,
        "it is built for plugin ABI version 99, but this host speaks version 1"
    );
}

#[test]
fn a_plugin_whose_header_says_that_panics_abort_is_refused() {
    let folder = TempDir::new().unwrap();
    let mut bytes = good();
    let place = header_place(&bytes);
    bytes[place + 12] = PluginHeader::ABORT;
    let reason = refusal(&write(&folder, "libaborts.so", &bytes));
    assert!(matches!(reason, Refusal::PanicsAbort));
    assert!(reason.hint().contains("remove `panic = \"abort\"`"));
    bytes[place + 12] = 3;
    assert!(matches!(
        refusal(&write(&folder, "libodd.so", &bytes)),
        Refusal::Header(_)
    ));
    bytes[place] = b'b';
    assert!(matches!(
        refusal(&write(&folder, "libmagic.so", &bytes)),
        Refusal::Header(_)
    ));
}

fn assert_one_line(checked: Result<(), Refusal>) {
    if let Err(reason) = checked {
        let text = reason.to_string();
        assert!(!text.contains('\n') && text.len() < 300, "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn flipped_bits_of_the_headers_never_harm_the_host(flips in prop::collection::vec((0..HEADERS_BYTES, 0..8_u8), 1..4)) {
        let mut bytes = good();
        for (at, bit) in flips {
            bytes[at] ^= 1 << bit;
        }
        assert_one_line(guard::check(&bytes));
    }

    #[test]
    fn flipped_bits_of_the_section_table_never_harm_the_host(flips in prop::collection::vec((1..2_048_usize, 0..8_u8), 1..4)) {
        let mut bytes = good();
        let len = bytes.len();
        for (from_the_end, bit) in flips {
            bytes[len - from_the_end] ^= 1 << bit;
        }
        assert_one_line(guard::check(&bytes));
    }

    #[test]
    fn flipped_bits_anywhere_never_harm_the_host(flips in prop::collection::vec((any::<prop::sample::Index>(), 0..8_u8), 1..16)) {
        let mut bytes = good();
        for (at, bit) in flips {
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
        }
        assert_one_line(guard::check(&bytes));
    }

    #[test]
    fn no_bytes_harm_the_host(random in prop::collection::vec(any::<u8>(), 0..2_000), at in 0..2_000_usize) {
        assert_one_line(guard::check(&random));
        let mut bytes = good();
        let end = (at + random.len()).min(bytes.len());
        let len = end.saturating_sub(at);
        bytes[at..end].copy_from_slice(&random[..len]);
        assert_one_line(guard::check(&bytes));
    }
}

#[test]
fn overwriting_the_file_of_a_loaded_plugin_does_no_harm() {
    let folder = TempDir::new().unwrap();
    let path = write(&folder, "libmisbehave.so", &good());
    let mut loader = Loader::new().unwrap();
    let first = loader.load(&path).unwrap();
    let mut guest = first.instantiate(&params(&first, &[])).unwrap();
    // In place, so that it is the same file to the system.
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .truncate(true)
        .open(&path)
        .unwrap();
    file.write_all(&vec![0xcc; 100_000]).unwrap();
    drop(file);
    assert!(loader.load(&path).is_err());
    let expected = run(&mut misbehave().instantiate(&params(&first, &[])).unwrap()).unwrap();
    let replies = run(&mut guest).unwrap();
    let commands = |all: &[backplane_engine::guest::Replies]| -> Vec<_> {
        all.iter().flat_map(|x| x.commands.clone()).collect()
    };
    assert_eq!(commands(&replies), commands(&expected));
    drop(loader);
    assert!(run(&mut first.instantiate(&params(&first, &[])).unwrap()).is_ok());
}

#[test]
fn a_changed_file_is_loaded_anew_and_the_old_one_stays() {
    let folder = TempDir::new().unwrap();
    let mut bytes = good();
    let path = write(&folder, "libmisbehave.so", &bytes);
    let mut loader = Loader::new().unwrap();
    let first = loader.load(&path).unwrap();
    let len = bytes.len() as u64;
    // What lies behind the last section is of no importance to anybody.
    bytes.extend(b"changed");
    std::fs::write(&path, &bytes).unwrap();
    let second = loader.load(&path).unwrap();
    assert_ne!(first.digest(), second.digest());
    assert_eq!((loader.libraries(), loader.bytes()), (2, 2 * len + 7));
    let again = write(&folder, "again.so", &good());
    let third = loader.load(&again).unwrap();
    assert_eq!((third.digest(), third.path()), (first.digest(), &*again));
    assert_eq!(loader.libraries(), 2, "what is mapped is not mapped again");
    for plugin in [&first, &second] {
        assert!(run(&mut plugin.instantiate(&params(plugin, &[])).unwrap()).is_ok());
    }
}

#[test]
fn a_directory_lists_plugins_other_libraries_and_what_is_refused() {
    let folder = TempDir::new().unwrap();
    write(&folder, "libgood_one.so", &good());
    write(&folder, "good_two.so", &good());
    write(&folder, "libbroken.so", &good()[..1_000]);
    write(&folder, "readme.txt", b"text");
    std::fs::copy(
        native_plugin("no_plugin"),
        folder.path().join("libaside.so"),
    )
    .unwrap();
    let listed = scan(folder.path()).unwrap();
    let kinds: Vec<(&str, &str)> = listed
        .iter()
        .map(|x| match &x.kind {
            CandidateKind::Plugin => (x.name.as_str(), "plugin"),
            CandidateKind::NoPlugin => (x.name.as_str(), "no plugin"),
            CandidateKind::Refused(_) => (x.name.as_str(), "refused"),
        })
        .collect();
    let expected = [
        ("aside", "no plugin"),
        ("broken", "refused"),
        ("good_one", "plugin"),
        ("good_two", "refused"),
    ];
    assert_eq!(kinds, expected);

    let policy = Policy::default().with([Allowance {
        carrier: Carrier::Native,
        plugins: Vec::new(),
    }]);
    assert_eq!(
        find(folder.path(), "good-one", &policy).unwrap().name,
        "good_one"
    );
    let error = find(folder.path(), "god-one", &policy).unwrap_err();
    assert!(
        error.to_string().ends_with("; there are: good_one"),
        "{error}"
    );
    assert_eq!(error.hint(), "did you mean `good_one`?");
    assert!(matches!(
        find(folder.path(), "broken", &policy).unwrap_err(),
        GuestError::Refused { .. }
    ));
    assert!(matches!(
        find(folder.path(), "aside", &policy).unwrap_err(),
        GuestError::Refused { .. }
    ));
    assert!(matches!(
        find(folder.path(), "../good_one", &policy).unwrap_err(),
        GuestError::NotFound { .. }
    ));
    let nowhere = folder.path().join("nowhere");
    assert!(matches!(
        scan(&nowhere).unwrap_err(),
        GuestError::Directory { .. }
    ));
}
