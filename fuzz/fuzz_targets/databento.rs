//! Any bytes as an input of the importer `databento`.
//!
//! Takes in what the fuzzer makes up; gives out findings.
#![no_main]

mod common;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| common::imported("databento", "day.dbn", bytes));
