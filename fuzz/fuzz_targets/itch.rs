//! Any bytes as an input of the importer `itch`.
//!
//! Takes in what the fuzzer makes up; gives out findings.
#![no_main]

mod common;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| common::imported("itch", "01302019.NASDAQ_ITCH50", bytes));
