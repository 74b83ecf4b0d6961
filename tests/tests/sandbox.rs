//! Sandboxed plugins: what is compiled, what is refused, what a fault costs.
//!
//! Takes in modules that the tests write in WebAssembly's text form; gives out whether the host holds what it promises of
//! them. What the example strategies do as modules is tested from outside (`cli/sandbox.rs`).

/// Modules of random bytes, and random answers.
mod any_module;
/// What ends an instance, and what is said of it.
mod faults;
/// Modules that are not compiled.
mod refusals;

use std::path::PathBuf;

use backplane_guests::GuestError;
use backplane_guests::wasm::{Limits, Sandbox, Settings, WasmPlugin};
use tempfile::TempDir;

/// A module that does all that the contract asks for, hears everything and does nothing.
const MODULE: &str = include_str!("sandbox/module.wat");

/// The module with a part replaced, as bytes.
fn changed(from: &str, to: &str) -> Vec<u8> {
    assert!(MODULE.contains(from), "the module has no `{from}`");
    wat::parse_str(MODULE.replacen(from, to, 1)).unwrap()
}

/// A module on disk.
struct Module {
    folder: TempDir,
}

impl Module {
    fn new(bytes: &[u8]) -> Module {
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("made_up.wasm"), bytes).unwrap();
        Module { folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("made_up.wasm")
    }

    fn load(&self, limits: &Limits) -> Result<WasmPlugin, GuestError> {
        let settings = Settings {
            caches: false,
            ..Settings::default()
        };
        Sandbox::new(&settings).unwrap().load(&self.path(), limits)
    }
}
