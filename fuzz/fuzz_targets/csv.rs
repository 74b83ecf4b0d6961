//! Any bytes as a table, and any text as the column map that explains it.
//!
//! Takes in what the fuzzer makes up, the map and the table parted by a zero; gives out findings.
#![no_main]

mod common;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let (map, table) = bytes.split_at(end);
    common::explained(map, table.get(1..).unwrap_or_default());
});
