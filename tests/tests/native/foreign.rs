//! Other languages, and libraries that abort.
//!
//! Takes in sources that are compiled here; gives out whether a plugin in C works, and whether one that is really built
//! with `panic=abort` is refused. Where there is no compiler the test says so and skips.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use backplane_engine::guest::Guest;
use backplane_guests::{GuestError, Loader, Refusal, guard};
use backplane_sdk::abi::command_order;
use backplane_sdk::book::LevelBook;
use backplane_sdk::types::{InstrumentId, Order, OrderId, Price, Quantity, Side, Timestamp};
use backplane_tests::build_directory;
use tempfile::TempDir;

use super::{hear, level, load, params, play};

fn source(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Runs a compiler; `None`, with a word about it, where there is none.
fn compile(compiler: &str, args: &[&str]) -> Option<Output> {
    match Command::new(compiler)
        .args(args)
        .env("CARGO_PKG_VERSION", "1.0.0")
        .output()
    {
        Ok(output) => Some(output),
        Err(error) => {
            println!("skipped: `{compiler}` cannot be run: {error}");
            None
        }
    }
}

fn c_plugin(folder: &TempDir) -> Option<PathBuf> {
    let library = folder.path().join("libplain_c.so");
    let (out, from) = (library.to_str().unwrap(), source("c/plugin.c"));
    let header = source("../plugin-sdk/c");
    let args = [
        "-std=c11",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-shared",
        "-fPIC",
        "-I",
        header.to_str().unwrap(),
        "-o",
        out,
        from.to_str().unwrap(),
    ];
    let output = compile("cc", &args)?;
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Some(library)
}

#[test]
fn a_plugin_written_in_c_trades_logs_saves_and_loads() {
    let folder = TempDir::new().unwrap();
    let Some(library) = c_plugin(&folder) else {
        return;
    };
    let plugin = load(&library);
    assert_eq!(
        (plugin.name(), plugin.descriptor().version.as_str()),
        ("plain_c", "1.0.0")
    );
    let mut guest = plugin
        .instantiate(&params(&plugin, &[("quantity", "7")]))
        .unwrap();
    let mut books = vec![LevelBook::new()];
    let (ask, size) = (Price(101_000_000_000), Quantity(3));
    books[0].set(Side::Sell, ask, size);
    let message = level(InstrumentId(0), Side::Sell, ask, size, Timestamp(1));
    let replies = hear(&mut guest, &message, &books).unwrap();
    let expected = Order::limit(InstrumentId(0), Side::Buy, ask, Quantity(7));
    let (id, order) = command_order(&replies.commands[0]).unwrap();
    assert_eq!(
        (id, order.price, order.quantity),
        (OrderId(1), expected.price, expected.quantity)
    );
    assert_eq!(replies.logs[0].text, "bought from C");

    let (version, bytes) = guest.save().unwrap();
    let mut heir = plugin.instantiate(&params(&plugin, &[])).unwrap();
    heir.load(version, &bytes).unwrap();
    assert!(
        hear(&mut heir, &message, &books)
            .unwrap()
            .commands
            .is_empty(),
        "it bought before"
    );
    let fault = heir.load(2, &bytes).unwrap_err();
    assert_eq!(fault.message, "eight bytes of version 1 are needed");
    let mut orders = 0;
    let mut fresh = plugin.instantiate(&params(&plugin, &[])).unwrap();
    play(2, 100, |message, books| {
        orders += hear(&mut fresh, message, books).unwrap().commands.len()
    });
    assert_eq!(orders, 1);
}

#[test]
fn a_plugin_written_in_c_is_refused_wherever_it_is_cut_off() {
    let folder = TempDir::new().unwrap();
    let Some(library) = c_plugin(&folder) else {
        return;
    };
    let bytes = std::fs::read(library).unwrap();
    assert!(guard::check(&bytes).is_ok());
    for len in 0..bytes.len() {
        assert!(guard::check(&bytes[..len]).is_err(), "cut at {len}");
    }
}

/// The SDK as this test was built with it, newest first.
fn sdk_libraries() -> Vec<PathBuf> {
    let entries = build_directory().join("deps").read_dir().unwrap();
    let mut found: Vec<_> = entries
        .map(|x| x.unwrap())
        .filter(|x| {
            let name = x.file_name().to_string_lossy().into_owned();
            name.starts_with("libbackplane_sdk-") && name.ends_with(".rlib")
        })
        .map(|x| (x.metadata().unwrap().modified().unwrap(), x.path()))
        .collect();
    found.sort();
    found.into_iter().rev().map(|x| x.1).collect()
}

#[test]
fn a_plugin_that_is_built_with_panic_abort_is_refused() {
    const ATTEMPTS: usize = 4;
    let folder = TempDir::new().unwrap();
    let library = folder.path().join("libaborts.so");
    let deps = format!("dependency={}", build_directory().join("deps").display());
    let from = source("plugins/misbehave/src/lib.rs");
    let mut complaint = String::new();
    for sdk in sdk_libraries().iter().take(ATTEMPTS) {
        let sdk = format!("backplane_sdk={}", sdk.display());
        let out = library.to_str().unwrap();
        #[rustfmt::skip]
        let args = [
            "--edition", "2024", "--crate-name", "aborts", "--crate-type", "cdylib", "-C", "panic=abort",
            "-L", &deps, "--extern", &sdk, "-o", out, from.to_str().unwrap(),
        ];
        let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
        let Some(output) = compile(&rustc, &args) else {
            return;
        };
        if output.status.success() {
            let error = Loader::new().unwrap().load(&library).unwrap_err();
            let GuestError::Refused { reason, .. } = error else {
                panic!("it was not refused, but: {error}");
            };
            // One that was built without the native side of the contract makes no plugin.
            if matches!(reason, Refusal::PanicsAbort) {
                return;
            }
            complaint = reason.to_string();
            continue;
        }
        complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    }
    panic!("no library was refused as it should be: {complaint}");
}
