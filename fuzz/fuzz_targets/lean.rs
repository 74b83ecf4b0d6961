//! Any bytes as an input of the importer `lean`, where LEAN has its ticks.
//!
//! Takes in what the fuzzer makes up; gives out findings.
#![no_main]

mod common;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| common::imported("lean", "equity/usa/tick/abc/20131007_quote.csv", bytes));
