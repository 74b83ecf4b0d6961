//! What native plugins can do wrong.
//!
//! Takes in nothing; gives out cases. A native plugin is trusted code: what no host survives costs the worker process, in
//! which nothing of worth is, and the run is made again without the culprit.

use super::case::{Allowed, Case, Deed, STALLED, cut, flip, read};
use super::shared;
use super::stage::Stage;
use crate::native_plugin;

/// The cases of native plugins.
pub fn cases() -> Vec<Case> {
    [shared::cases("native", STALLED), conduct(), returns()].concat()
}

/// Addresses, lengths, counts and statuses that a plugin returns.
fn returns() -> Vec<Case> {
    let wild = |sin, number, cause| Case {
        sin,
        carrier: "native",
        deed: Deed::Wild(number),
        allowed: Allowed::Stopped("mbp", cause),
    };
    vec![
        wild("commands beyond memory", 1, "SIGSEGV"),
        wild("endless many commands", 2, "at most 65536 are allowed"),
        wild("commands at no address", 13, "it gave"),
        wild("log lines beyond memory", 3, "SIGSEGV"),
        wild("a log line beyond memory", 4, "SIGSEGV"),
        wild("a log line without end", 5, "at most 65536 are allowed"),
        wild("a reason beyond memory", 6, "SIGSEGV"),
        wild("a reason without end", 7, "no reason was given"),
        wild("an unknown status", 9, "77"),
        wild(
            "an unknown command",
            10,
            "it gave a command of unknown kind 99",
        ),
        Case {
            allowed: Allowed::Runs,
            ..wild("an unknown level of the log", 12, "")
        },
        Case {
            allowed: Allowed::Refused("gave no instance"),
            ..wild("an instance at no address", 11, "")
        },
    ]
}

/// What the strategy does when it is called, beside what it does on every carrier, and its file.
fn conduct() -> Vec<Case> {
    let case = |sin, deed, allowed| Case {
        sin,
        carrier: "native",
        deed,
        allowed,
    };
    let run = |sin, number, event, cause| Case::stopped("native", sin, number, (event, cause));
    let check = |sin, number, name, why| Case::check_fails("native", sin, number, (name, why));
    let file = |sin, name: &str, make, why| {
        case(sin, Deed::File(name.into(), make), Allowed::Refused(why))
    };
    vec![
        run("endless loop in new", 27, "loading", STALLED),
        run("recursion without end", 17, "mbp", "SIGABRT"),
        case(
            "memory without end",
            Deed::Governed(33, "memory = \"64MiB\""),
            Allowed::Stopped("mbp", "SIGABRT"),
        ),
        check(
            "a kilobyte more with each message",
            34,
            "no-growth",
            "it grew by",
        ),
        run(
            "panic without a text",
            9,
            "mbp",
            "a panic without a message",
        ),
        run(
            "panic that panics again",
            10,
            "mbp",
            "a panic without a message",
        ),
        case("panic in drop", Deed::Sin(18), Allowed::Runs),
        run("trap", 35, "mbp", "SIGILL"),
        run("write to address 0", 11, "mbp", "SIGSEGV"),
        run("abort", 12, "mbp", "SIGABRT"),
        run("exit that claims success", 13, "mbp", "exit(0)"),
        run("exit with a code", 14, "mbp", "exit(7)"),
        case("abort in drop", Deed::Sin(26), Allowed::Runs),
        run(
            "a million log lines in one call",
            22,
            "mbp",
            "at most 4096 are allowed",
        ),
        run(
            "a log line of a megabyte",
            23,
            "mbp",
            "at most 65536 are allowed",
        ),
        check(
            "a saved state of 1 GiB",
            24,
            "saves",
            "at most 268435456 are allowed",
        ),
        file(
            "another ABI version",
            "libother_abi.so",
            other_abi,
            "plugin ABI version 99",
        ),
        file(
            "a library that is no plugin",
            "libno_plugin.so",
            no_plugin,
            "no Backplane plugin",
        ),
        file("panics that abort", "libaborts.so", aborts, "panic=abort"),
        file("an empty file", "libempty.so", empty, "the file is empty"),
        file("a text", "libtext.so", text, "not a native library"),
        case("cut off at every 1 %", Deed::Files(cut), Allowed::Contained),
        case(
            "a bit flipped at every 1 %",
            Deed::Files(flip),
            Allowed::Contained,
        ),
    ]
}

fn other_abi(_: &Stage) -> Result<Vec<u8>, String> {
    read(&native_plugin("other_abi"))
}

fn no_plugin(_: &Stage) -> Result<Vec<u8>, String> {
    read(&native_plugin("no_plugin"))
}

/// A plugin whose header says that its panics end the process.
fn aborts(stage: &Stage) -> Result<Vec<u8>, String> {
    let mut bytes = read(&stage.plugin("native", "momentum"))?;
    let header = b"BACKPLN\0\x01\0\0\0\x01\0\0\0";
    let place = bytes.windows(header.len()).position(|x| x == header);
    bytes[place.ok_or("there is no header")? + 12] = 2;
    Ok(bytes)
}

fn empty(_: &Stage) -> Result<Vec<u8>, String> {
    Ok(Vec::new())
}

fn text(_: &Stage) -> Result<Vec<u8>, String> {
    Ok(b"import numpy as np\n".to_vec())
}
