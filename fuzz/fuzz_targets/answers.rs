//! Any answers of a sandboxed plugin: addresses, lengths, counts, and the bytes of what it asks for.
//!
//! Takes in what the fuzzer makes up; gives out findings.
#![no_main]

mod plugin;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| plugin::try_out(&plugin::parsed(bytes)));
