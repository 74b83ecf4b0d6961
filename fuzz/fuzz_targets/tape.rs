//! Any bytes as a tape.
//!
//! Takes in what the fuzzer makes up; gives out findings.
#![no_main]

use backplane_tape::{TapeReader, verify};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(folder) = tempfile::tempdir() else {
        return;
    };
    let tape = folder.path().join("any.tape");
    if std::fs::write(&tape, bytes).is_err() {
        return;
    }
    if let Ok(mut reader) = TapeReader::open(&tape) {
        while let Ok(Some(_)) = reader.next_batch() {}
    }
    let _ = verify(&tape, None);
});
