//! Memory while importing does not grow with the file.
//!
//! Takes in generated files of Databento's order-level records, one four times as long as the other; counts what this
//! whole program holds of its allocator's memory at most while each is imported. What the progress callback sees stands
//! for what lies between its calls.
#![allow(clippy::unwrap_used)]

use std::alloc::System;
use std::path::Path;

use backplane_benches::databento::mbo_file;
use backplane_tape::generate::GeneratorConfig;
use backplane_tape::import::{ImportOptions, import};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// By how much the longer file's import may hold more, of 75 MB by which that file is longer: maps and queues of what is
/// in the book grow by doubling, and batches are noted in the tape's footer.
const GROWTH_BYTES_MAX: usize = 2 << 20;

/// The most bytes that are held while a file of so many messages is imported, and the file's length.
fn held(folder: &Path, messages: u64) -> (usize, u64) {
    let config = GeneratorConfig {
        messages,
        ..GeneratorConfig::default()
    };
    let input = folder.join("day.dbn");
    std::fs::write(&input, mbo_file(config).unwrap().0).unwrap();
    let options = ImportOptions {
        output: folder.join(format!("{messages}.tape")),
        ..ImportOptions::default()
    };
    let length = std::fs::metadata(&input).unwrap().len();
    let region = Region::new(ALLOCATOR);
    let mut most = 0;
    let mut calls = 0;
    import(&[input], &options, &mut |_, _| {
        let change = region.change();
        let held = change
            .bytes_allocated
            .saturating_sub(change.bytes_deallocated);
        most = most.max(held);
        calls += 1;
    })
    .unwrap();
    assert!(calls > 2, "the import tells how far it got");
    (most, length)
}

// One test, because the count is the whole program's and tests run side by side.
#[test]
fn memory_while_importing_does_not_grow_with_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let (short, short_length) = held(folder.path(), 400_000);
    let (long, long_length) = held(folder.path(), 1_600_000);
    println!("{short} bytes held for {short_length}, {long} for {long_length}");
    assert!(long_length > 3 * short_length);
    assert!(
        long < short + GROWTH_BYTES_MAX,
        "{long} bytes held, {short} for a quarter of the file"
    );
}
