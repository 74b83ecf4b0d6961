//! What sandboxed plugins can do wrong: the strategy that sins on request as a module, and modules by hand that break the
//! contract itself.
//!
//! Takes in nothing; gives out cases. Nothing that a module does may cost the worker process.

use super::case::{Allowed, Case, Deed, cut, flip};
use super::shared;
use super::stage::Stage;

/// A module that does all that the contract asks for, hears everything and does nothing. Cases replace parts of it.
const MODULE: &str = include_str!("../../tests/sandbox/module.wat");

/// Where the module does what it does when it hears.
const SIN: &str = "(;sin;)";
/// How it says what it heard and asked for.
const ANSWER: &str = "(i64.shl (i64.extend_i32_u (local.get $count)) (i64.const 32))";
const MEMORY: &str = "(memory (export \"memory\") 4)";
const IMPORT: &str = "\"backplane\" \"log\"";
const FUEL: &str = "it used up its fuel";

const fn case(sin: &'static str, deed: Deed, allowed: Allowed) -> Case {
    Case {
        sin,
        carrier: "wasm",
        deed,
        allowed,
    }
}

const fn run(sin: &'static str, number: u32, event: &'static str, cause: &'static str) -> Case {
    Case::stopped("wasm", sin, number, (event, cause))
}

const fn check(sin: &'static str, number: u32, name: &'static str, why: &'static str) -> Case {
    Case::check_fails("wasm", sin, number, (name, why))
}

/// A module with a part replaced that falls on its first message.
const fn falls(
    sin: &'static str,
    from: &'static str,
    to: &'static str,
    cause: &'static str,
) -> Case {
    case(
        sin,
        Deed::Module(from, to),
        Allowed::Stopped("definition", cause),
    )
}

/// A module with a part replaced that is not run.
const fn refused(
    sin: &'static str,
    from: &'static str,
    to: &'static str,
    why: &'static str,
) -> Case {
    case(sin, Deed::Module(from, to), Allowed::Refused(why))
}

/// The cases of modules.
pub fn cases() -> Vec<Case> {
    [
        shared::cases("wasm", FUEL),
        conduct(),
        returns(),
        modules(),
        made(),
    ]
    .concat()
}

/// What the strategy does when it is called, beside what it does on every carrier.
fn conduct() -> Vec<Case> {
    vec![
        case("endless loop in new", Deed::Sin(27), Allowed::Refused(FUEL)),
        // The stack that Rust keeps in memory may end before the one that the host bounds.
        run(
            "recursion without end",
            17,
            "mbp",
            "its call stack exceeds|out of bounds memory access",
        ),
        case(
            "memory without end",
            Deed::Governed(33, "memory = \"64MiB\""),
            Allowed::Stopped("mbp", "it ran out of memory"),
        ),
        run("trap", 35, "mbp", "it trapped"),
        run("abort", 12, "mbp", "it trapped"),
        check(
            "a saved state of 1 GiB",
            24,
            "saves",
            "it ran out of memory",
        ),
        case(
            "a kilobyte more with each message",
            Deed::Governed(34, "memory = \"4MiB\""),
            Allowed::Stopped("mbp|trade", "it ran out of memory"),
        ),
    ]
}

/// Addresses, lengths and counts that a module returns.
fn returns() -> Vec<Case> {
    vec![
        falls(
            "more heard than given",
            "(i64.const 32)",
            "(i64.const 33)",
            "it says that it heard",
        ),
        falls(
            "nothing heard",
            "(local.get $count)",
            "(i32.const 0)",
            "it says that it heard 0",
        ),
        falls(
            "4 billion commands",
            ANSWER,
            "(i64.const 0x1ffffffff)",
            "it gave 4294967295 commands",
        ),
        falls(
            "commands beyond memory",
            ANSWER,
            "(i64.const 0x100010000)",
            "of commands are at address",
        ),
        falls(
            "a log line beyond memory",
            SIN,
            "(call $log (i32.const 1) (i32.const -8) (i32.const 100))",
            "it logged 100 bytes at address",
        ),
        falls(
            "a log line of 4 GiB",
            SIN,
            "(call $log (i32.const 1) (i32.const 0) (i32.const -1))",
            "it logged 4294967295 bytes",
        ),
        falls(
            "a read beyond memory",
            SIN,
            "(drop (i32.load (i32.const -4)))",
            "out of bounds memory access",
        ),
        falls(
            "room for messages beyond memory",
            "(param i32) (result i32) i32.const 65536",
            "(param i32) (result i32) i32.const -1",
            "`backplane_message_buffer` gave address 4294967295",
        ),
        refused(
            "a descriptor beyond memory",
            "(export \"backplane_text\") (result i32) i32.const 1024",
            "(export \"backplane_text\") (result i32) i32.const -1",
            "its 115 bytes of text",
        ),
        refused(
            "a descriptor of 4 GiB",
            "(result i32) i32.const 115)",
            "(result i32) i32.const -1)",
            "it gave 4294967295 bytes",
        ),
        refused(
            "a descriptor that is no JSON",
            "{\\\"name",
            "[\\\"name",
            "the descriptor of",
        ),
    ]
}

/// What is refused of a module before it is compiled.
fn modules() -> Vec<Case> {
    vec![
        refused(
            "another ABI version",
            "(result i32) i32.const 1)",
            "(result i32) i32.const 9)",
            "plugin ABI version 9",
        ),
        refused(
            "a missing export",
            "(export \"backplane_save\")",
            "",
            "it does not export `backplane_save`",
        ),
        refused(
            "no memory",
            MEMORY,
            "(memory 4)",
            "it does not export `memory`",
        ),
        refused(
            "files (WASI)",
            IMPORT,
            "\"wasi_snapshot_preview1\" \"path_open\"",
            "it imports `wasi_snapshot_preview1.path_open`",
        ),
        refused(
            "sockets (WASI)",
            IMPORT,
            "\"wasi_snapshot_preview1\" \"sock_send\"",
            "it imports `wasi_snapshot_preview1.sock_send`",
        ),
        refused(
            "a clock (WASI)",
            IMPORT,
            "\"wasi_snapshot_preview1\" \"clock_time_get\"",
            "it imports `wasi_snapshot_preview1.clock_time_get`",
        ),
        refused(
            "random numbers (WASI)",
            IMPORT,
            "\"wasi_snapshot_preview1\" \"random_get\"",
            "it imports `wasi_snapshot_preview1.random_get`",
        ),
        refused(
            "a start function",
            "(func $sin",
            "(start $sin) (func $sin",
            "it has a start function",
        ),
        refused(
            "a huge table",
            "(func $sin",
            "(table 100000000 funcref) (func $sin",
            "elements of a table",
        ),
        refused(
            "huge memory",
            MEMORY,
            "(memory (export \"memory\") 65000)",
            "memory",
        ),
        refused(
            "threads",
            MEMORY,
            "(memory (export \"memory\") 4 4 shared)",
            "threads must be enabled",
        ),
    ]
}

/// Modules that are too large to be written down.
fn made() -> Vec<Case> {
    let file = |sin, name: &str, make, why| {
        case(sin, Deed::File(name.into(), make), Allowed::Refused(why))
    };
    vec![
        file(
            "custom sections of 100 MB",
            "custom.wasm",
            custom,
            "larger than 64 MiB",
        ),
        file(
            "thousands of locals",
            "locals.wasm",
            locals,
            "variables in a function",
        ),
        file(
            "deep blocks",
            "blocks.wasm",
            blocks,
            "blocks within each other",
        ),
        file(
            "a function of a megabyte",
            "long.wasm",
            long,
            "bytes of code in a function",
        ),
        file(
            "an empty file",
            "empty.wasm",
            |_| Ok(Vec::new()),
            "the file is empty",
        ),
        file(
            "a text",
            "text.wasm",
            |_| Ok(b"hello".to_vec()),
            "it is no WebAssembly module",
        ),
        case("cut off at every 1 %", Deed::Files(cut), Allowed::Contained),
        case(
            "a bit flipped at every 1 %",
            Deed::Files(flip),
            Allowed::Contained,
        ),
    ]
}

/// The module with a part replaced.
pub(super) fn changed(from: &str, to: &str) -> Result<Vec<u8>, String> {
    if !MODULE.contains(from) {
        return Err(format!("the module has no `{from}`"));
    }
    wat::parse_str(MODULE.replacen(from, to, 1)).map_err(|x| x.to_string())
}

/// A module with a section that means nothing, of 100 MB.
fn custom(_: &Stage) -> Result<Vec<u8>, String> {
    let mut bytes = wat::parse_str(MODULE).map_err(|x| x.to_string())?;
    let content = 100_000_000_usize;
    // Kind, length (LEB128), length of the name, name, content.
    bytes.push(0);
    let mut length = content + 2;
    while length >= 0x80 {
        bytes.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    bytes.extend([length as u8, 1, b'x']);
    bytes.resize(bytes.len() + content, 0);
    Ok(bytes)
}

fn locals(_: &Stage) -> Result<Vec<u8>, String> {
    changed(SIN, &format!("(local {})", "i64 ".repeat(50_000)))
}

fn blocks(_: &Stage) -> Result<Vec<u8>, String> {
    changed(SIN, &("(block ".repeat(5_000) + &")".repeat(5_000)))
}

fn long(_: &Stage) -> Result<Vec<u8>, String> {
    changed(SIN, &"(drop (i32.const 1))".repeat(400_000))
}
