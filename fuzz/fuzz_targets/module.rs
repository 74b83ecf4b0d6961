//! Any bytes as a sandboxed plugin.
//!
//! Takes in what the fuzzer makes up; gives out findings. Half of the inputs are made a valid module with the exports of
//! the contract, so that more than the reader is reached.
#![no_main]

mod plugin;

use arbitrary::Unstructured;
use backplane_guests::wasm::check::check;
use libfuzzer_sys::fuzz_target;
use wasm_smith::{Config, Module};

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else {
        return;
    };
    if first % 2 == 0 {
        let _ = check(rest);
        plugin::try_out(rest);
        return;
    }
    let config = Config {
        module_shape: Some(plugin::parsed(&[])),
        max_memory32_bytes: 1 << 22,
        gc_enabled: false,
        threads_enabled: false,
        exceptions_enabled: false,
        tail_call_enabled: false,
        memory64_enabled: false,
        ..Config::default()
    };
    if let Ok(made) = Module::new(config, &mut Unstructured::new(rest)) {
        plugin::try_out(&made.to_bytes());
    }
});
