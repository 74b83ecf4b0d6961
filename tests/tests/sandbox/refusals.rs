//! Modules that are not compiled.
//!
//! Takes in modules with one thing wrong each, cut off and with flipped bits; gives out whether the reason is named in one
//! line, before anything of the module runs.

use backplane_guests::wasm::check::check;
use backplane_guests::wasm::{Limits, check, code, sandbox};
use backplane_guests::{Allowance, CandidateKind, Carrier, Policy, find, scan};
use backplane_sdk::abi::open;
use proptest::prelude::*;

use super::{MODULE, Module, changed};
use crate::native::table_of;

const DOCUMENT: &str = include_str!("../../../docs/wasm.md");

/// The one line that refuses a module.
fn refusal(bytes: &[u8]) -> String {
    let module = Module::new(bytes);
    let error = module.load(&Limits::default()).unwrap_err();
    let text = error.to_string();
    assert!(!text.contains('\n') && !error.hint().is_empty(), "{text}");
    text
}

/// The module's memory under so many names.
fn more_exports(count: usize) -> String {
    (0..count)
        .map(|x| format!("(export \"x{x}\" (memory 0))"))
        .collect()
}

#[test]
fn a_module_by_hand_is_loaded() {
    let module = Module::new(&wat::parse_str(MODULE).unwrap());
    let plugin = module.load(&Limits::default()).unwrap();
    assert_eq!(
        (plugin.name(), plugin.descriptor().metrics.len()),
        ("made_up", 1)
    );
}

#[test]
fn what_a_module_does_wrong_is_named_before_it_is_compiled() {
    let exported = |name: &str| format!("(export \"{name}\")");
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (b"\x7fELF".to_vec(), "it is no WebAssembly module"),
        (
            b"\0asm\x0d\0\x01\0".to_vec(),
            "it is a WebAssembly component",
        ),
        (b"\0asm\x01\0\0\0".to_vec(), "but no Backplane plugin"),
        (
            changed("(result i32) i32.const 1)", "(result i32) i32.const 9)"),
            "built for plugin ABI version 9, but this host speaks version 1",
        ),
        (
            changed(
                "(result i32) i32.const 1)",
                "(result i32) (i32.add (i32.const 4) (i32.const 5)))",
            ),
            "built for plugin ABI version 9, but this host speaks version 1",
        ),
        (
            changed(&exported("backplane_save"), ""),
            "it does not export `backplane_save`",
        ),
        (
            changed("(memory (export \"memory\") 4)", "(memory 4)"),
            "it does not export `memory`",
        ),
        (
            changed(
                "(export \"backplane_load\") (param i32)",
                "(export \"backplane_load\") (param i64)",
            ),
            "`backplane_load` has other parameters",
        ),
        (
            changed(
                "(func $log (param i32 i32 i32))",
                "(func $log (param i32 i32))",
            ),
            "`backplane.log` has other parameters",
        ),
        (
            changed(
                "\"backplane\" \"log\"",
                "\"wasi_snapshot_preview1\" \"fd_write\"",
            ),
            "it imports `wasi_snapshot_preview1.fd_write`",
        ),
        (
            changed(
                "(memory (export",
                "(import \"env\" \"memory\" (memory 1)) (memory (export",
            ),
            "it imports `env.memory`",
        ),
        (
            changed("(func $sin", "(start $sin) (func $sin"),
            "it has a start function",
        ),
        (
            changed("(func $sin", "(table 70000 funcref) (func $sin"),
            "70000 elements of a table, but at most 65536",
        ),
        (
            changed(
                "(func $sin",
                "(table 1 funcref) (table 1 funcref) (func $sin",
            ),
            "2 tables, but at most 1",
        ),
        (
            changed(
                "(memory (export \"memory\") 4)",
                "(memory (export \"memory\") 4 4 shared)",
            ),
            "the module is not valid: threads must be enabled",
        ),
        (
            changed(
                "(memory (export \"memory\") 4)",
                "(memory (export \"memory\") i64 4)",
            ),
            "the module is not valid: memory64 must be enabled",
        ),
        (
            changed(
                "(memory (export \"memory\") 4)",
                "(memory (export \"memory\") 60000)",
            ),
            "memory minimum size of 60000 pages exceeds memory limits",
        ),
        (
            changed("(;sin;)", &format!("(local {})", "i64 ".repeat(10_001))),
            "10001 variables in a function, but at most 10000",
        ),
        (
            changed("(;sin;)", &("(block ".repeat(1_000) + &")".repeat(1_000))),
            "1001 blocks within each other, but at most 1000",
        ),
        (
            changed("(;sin;)", &"(drop (i32.const 1))".repeat(200_000)),
            "bytes of code in a function, but at most 524288",
        ),
        (
            changed(
                "(;sin;)",
                &format!(
                    "(local {}) {}",
                    "i64 ".repeat(9_000),
                    "(block)".repeat(3_000)
                ),
            ),
            "pairs of a variable and a branch",
        ),
        (
            changed(
                "(import \"backplane\"",
                &("(import \"backplane\" \"log\" (func (param i32 i32 i32)))".repeat(16)
                    + "(import \"backplane\""),
            ),
            "17 imports, but at most 16",
        ),
        (
            changed(
                "(func $sin",
                &format!("{} (func $sin", more_exports(10_001)),
            ),
            "exports, but at most 10000",
        ),
        (
            changed(
                "(func $sin",
                &format!("(rec {}) (func $sin", "(type (func))".repeat(10_001)),
            ),
            "10001 types, but at most 10000",
        ),
        (changed("{\\\"name", "[\\\"name"), "the descriptor of"),
    ];
    for (bytes, expected) in cases {
        let found = refusal(&bytes);
        assert!(found.contains(expected), "{expected}: {found}");
    }
}

#[test]
fn large_custom_sections_and_files_are_refused() {
    let mut bytes = wat::parse_str(MODULE).unwrap();
    // A custom section: kind, length (LEB128), length of the name, name, content.
    let content = vec![0; check::CUSTOM_BYTES_MAX + 1];
    let (mut len, mut prefix) = (content.len() + 2, vec![0]);
    while len >= 0x80 {
        prefix.push((len & 0x7f) as u8 | 0x80);
        len >>= 7;
    }
    prefix.extend([len as u8, 1, b'x']);
    bytes.extend(prefix);
    bytes.extend(content);
    assert!(refusal(&bytes).contains("bytes of custom sections, but at most"));
    bytes.resize(check::FILE_BYTES_MAX as usize + 1, 0);
    assert!(refusal(&bytes).contains("larger than 64 MiB"));
}

#[test]
fn the_document_has_the_exports_and_limits_of_the_code() {
    let exports = table_of(DOCUMENT, "Exports").into_iter();
    let exports: Vec<&str> = exports.map(|x| x[0].split('(').next().unwrap()).collect();
    assert_eq!(exports, check::exports().collect::<Vec<_>>());
    let limits = table_of(DOCUMENT, "Limits of a module").into_iter();
    let limits: Vec<u64> = limits.map(|x| x[1].parse().unwrap()).collect();
    let expected = [
        check::FILE_BYTES_MAX,
        check::CUSTOM_BYTES_MAX as u64,
        check::FUNCTIONS_MAX as u64,
        check::TYPES_MAX as u64,
        check::PARAMETERS_MAX as u64,
        1,
        check::TABLE_ELEMENTS_MAX,
        check::GLOBALS_MAX.into(),
        check::IMPORTS_MAX as u64,
        check::EXPORTS_MAX as u64,
        check::SEGMENTS_MAX.into(),
        code::FUNCTION_BYTES_MAX as u64,
        code::LOCALS_MAX,
        code::DEPTH_MAX,
        code::TARGETS_MAX,
        code::WORK_MAX,
        sandbox::STACK_BYTES_MAX as u64,
        open::COMMANDS_PER_CALL_MAX,
        open::TEXT_BYTES_MAX,
    ];
    assert_eq!(limits, expected);
}

#[test]
fn a_directory_names_modules_beside_libraries() {
    let module = Module::new(&wat::parse_str(MODULE).unwrap());
    let folder = module.folder.path();
    std::fs::write(
        folder.join("Other-Name.wasm"),
        wat::parse_str(MODULE).unwrap(),
    )
    .unwrap();
    std::fs::write(folder.join("other.wasm"), b"\0asm\x01\0\0\0").unwrap();
    std::fs::write(folder.join("text.wasm"), b"hello").unwrap();
    let found = scan(folder).unwrap();
    let kind = |x: &CandidateKind| match x {
        CandidateKind::Plugin => "plugin",
        CandidateKind::NoPlugin => "no plugin",
        CandidateKind::Refused(_) => "refused",
    };
    let found: Vec<_> = found
        .iter()
        .map(|x| (x.name.as_str(), kind(&x.kind)))
        .collect();
    let expected = [
        ("Other-Name", "refused"),
        ("made_up", "plugin"),
        ("other", "no plugin"),
        ("text", "refused"),
    ];
    assert_eq!(found, expected);
    let carrier = |name: &str, policy: &Policy| find(folder, name, policy).unwrap().carrier;
    let sandboxed = Policy::default();
    assert_eq!(carrier("made-up", &sandboxed), Carrier::Wasm);
    std::fs::write(folder.join("libmade_up.so"), b"\x7fELF").unwrap();
    assert_eq!(carrier("made_up", &sandboxed), Carrier::Wasm);
    let trusting = Policy::default().with([Allowance {
        carrier: Carrier::Native,
        plugins: Vec::new(),
    }]);
    let error = find(folder, "made_up", &trusting).unwrap_err();
    assert!(error.to_string().contains("libmade_up.so"), "{error}");
    assert_eq!(carrier("made_up.wasm", &trusting), Carrier::Wasm);
}

#[test]
fn a_module_is_refused_wherever_it_is_cut_off() {
    let bytes = wat::parse_str(MODULE).unwrap();
    assert!(check(&bytes).is_ok());
    for len in 0..bytes.len() {
        // Before its data or its names a module is whole, but does nothing.
        let is_before_a_section = matches!(bytes[len], 0 | 11);
        let is_refused = check(&bytes[..len]).is_err();
        assert!(is_refused || is_before_a_section, "cut at {len}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_module_with_a_flipped_bit_is_refused_or_does_no_harm(place in 8usize..900, bit in 0u8..8) {
        let mut bytes = wat::parse_str(MODULE).unwrap();
        let place = place % bytes.len();
        bytes[place] ^= 1 << bit;
        let module = Module::new(&bytes);
        let limits = Limits { fuel_per_message: 100_000, fuel_per_batch: 100_000, ..Limits::default() };
        if let Ok(plugin) = module.load(&limits) {
            let params = backplane_sdk::params::Params::defaults(&plugin.descriptor().params);
            let _ = plugin.instantiate(&params);
        }
    }
}
