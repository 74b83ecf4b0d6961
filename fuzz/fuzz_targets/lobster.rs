//! Any bytes as an input of the importer `lobster`.
//!
//! Takes in what the fuzzer makes up; gives out findings.
#![no_main]

mod common;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| common::imported("lobster", "X_2012-06-21_34200000_57600000_message_1.csv", bytes));
