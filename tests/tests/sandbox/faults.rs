//! What ends an instance, and what is said of it.
//!
//! Takes in modules that do one thing wrong when they hear; gives out whether the fault says what it was, the instance is
//! gone afterwards, and others of the same module go on.

use backplane_engine::guest::{Fault, Guest, Replies};
use backplane_guests::wasm::{Limits, Sandbox, Settings, WasmGuest};
use backplane_sdk::abi::Message;
use backplane_sdk::params::Params;
use backplane_sdk::types::Timestamp;

use super::{MODULE, Module, changed};

fn limits() -> Limits {
    Limits {
        memory_bytes: 1 << 20,
        fuel_per_message: 1_000_000,
        fuel_per_batch: 1_000_000,
        log_lines_per_call: 3,
        log_lines: 5,
        ..Limits::default()
    }
}

/// An instance of the module with a part replaced.
fn guest(from: &str, to: &str) -> WasmGuest {
    let plugin = Module::new(&changed(from, to)).load(&limits()).unwrap();
    let params = Params::defaults(&plugin.descriptor().params);
    plugin.instantiate(&params).unwrap()
}

fn hear(guest: &mut WasmGuest, count: usize, replies: &mut Replies) -> Result<usize, Fault> {
    let messages = vec![Message::start(1, Timestamp(5)); count];
    guest.hear(&messages, &[], replies).map_err(|fault| *fault)
}

fn falls(from: &str, to: &str) -> Fault {
    let mut guest = guest(from, to);
    assert_eq!(guest.memory_bytes(), 4 << 16);
    let fault = hear(&mut guest, 2, &mut Replies::default()).unwrap_err();
    assert_eq!(guest.memory_bytes(), 0, "its memory is given back");
    let again = hear(&mut guest, 1, &mut Replies::default()).unwrap_err();
    assert_eq!(again, fault, "it is not called again");
    assert!(guest.save().is_err() && guest.load(0, &[]).is_err());
    fault
}

#[test]
fn each_trap_says_what_it_was_and_where() {
    let sin = "(;sin;)";
    let cases = [
        (
            sin,
            "unreachable",
            "it trapped: it reached code that ends it, in `sin`",
        ),
        (
            sin,
            "(loop $again (br $again))",
            "it used up its fuel: 1000000 were granted, in `sin`",
        ),
        (sin, "call $sin", "its call stack exceeds 512 KiB, in `sin`"),
        (
            sin,
            "(drop (i32.load (i32.const -4)))",
            "it trapped: out of bounds memory access, in `sin`",
        ),
        (
            sin,
            "(drop (i32.div_u (i32.const 1) (i32.const 0)))",
            "it trapped: integer divide by zero, in `sin`",
        ),
        (
            sin,
            "(drop (memory.grow (i32.const 100))) unreachable",
            "it ran out of memory: it asked for 6815744 bytes in all, but may have 1048576, in `sin`",
        ),
        (
            sin,
            "(call $log (i32.const 1) (i32.const -8) (i32.const 100))",
            "it logged 100 bytes at address 4294967288, but its memory has 262144 bytes",
        ),
        (
            "(i64.const 32)",
            "(i64.const 33)",
            "it says that it heard 4 messages of 2",
        ),
        (
            "(local.get $count)",
            "(i32.const 0)",
            "it says that it heard 0 messages of 2",
        ),
        (
            "(i64.shl (i64.extend_i32_u (local.get $count)) (i64.const 32))",
            "(i64.const 0x2ffffffff)",
            "it gave 4294967295 commands on one message",
        ),
        (
            "(i64.shl (i64.extend_i32_u (local.get $count)) (i64.const 32))",
            "(i64.const 0x200010000)",
            "its 5242880 bytes of commands are at address 8192, but its memory has 262144 bytes",
        ),
        (
            "(param i32) (result i32) i32.const 65536",
            "(param i32) (result i32) i32.const -1",
            "`backplane_message_buffer` gave address 4294967295 for 128 bytes",
        ),
        (
            "(param i32) (result i32) i32.const 65536",
            "(param i32) (result i32) i32.const 0",
            "`backplane_message_buffer` gave address 0 for 128 bytes",
        ),
    ];
    for (from, to, expected) in cases {
        let fault = falls(from, to);
        assert!(fault.to_string().contains(expected), "{expected}: {fault}");
    }
}

#[test]
fn last_words_are_the_fault_with_file_and_line() {
    let fault = falls(
        "(;sin;)",
        "(call $log (i32.const 0) (i32.const 2048) (i32.const 35)) unreachable",
    );
    assert_eq!(fault.to_string(), "it fell on purpose (src/made_up.rs:7)");
}

#[test]
fn log_lines_beyond_the_limits_are_dropped_and_counted() {
    let line = "(call $log (i32.const 3) (i32.const 2048) (i32.const 3))";
    let mut guest = guest("(;sin;)", &line.repeat(4));
    let mut lines = || {
        let mut replies = Replies::default();
        hear(&mut guest, 1, &mut replies).unwrap();
        replies
            .logs
            .iter()
            .map(|x| x.text.clone())
            .collect::<Vec<_>>()
    };
    let dropped = |count| format!("{count} more lines were dropped: a limit of the log is reached");
    assert_eq!(lines(), ["src", "src", "src", &dropped(1)]);
    assert_eq!(lines(), ["src", "src", &dropped(2)]);
    assert_eq!(lines(), [dropped(4)]);
}

#[test]
fn a_batch_is_as_large_as_its_fuel_allows_and_no_larger() {
    // Each message takes some 10,000 of a million.
    let count = |name: &str, until: &str| {
        format!(
            "(br_if ${name} (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) {until}))"
        )
    };
    let work = format!(
        "(local $i i32) (loop $work {})",
        count("work", "(i32.const 1400)")
    );
    let each = format!(
        "(local $i i32) (loop $each (call $sin) {})",
        count("each", "(local.get $count)")
    );
    let text = MODULE
        .replacen("(;sin;)", &work, 1)
        .replacen("call $sin", &each, 1);
    let plugin = Module::new(&wat::parse_str(text).unwrap())
        .load(&limits())
        .unwrap();
    let params = Params::defaults(&plugin.descriptor().params);
    let mut guest = plugin.instantiate(&params).unwrap();
    let mut heard = Vec::new();
    for _ in 0..4 {
        heard.push(hear(&mut guest, 64, &mut Replies::default()).unwrap());
    }
    assert_eq!(heard[0], 64, "nothing is known before the first call");
    assert!(heard[1..].iter().all(|x| (30..60).contains(x)), "{heard:?}");
}

#[test]
fn a_large_state_is_bounded_and_a_refused_one_is_told() {
    let mut large = guest(
        "(result i64) i64.const 0)",
        "(result i64) i64.const 0x20000000)",
    );
    let fault = large.save().unwrap_err();
    assert_eq!(
        fault.message,
        "it gave 536870912 bytes where at most 268435456 are allowed"
    );
    let mut choosy = guest(
        "(export \"backplane_load\") (param i32) (result i32) i32.const 0",
        "(export \"backplane_load\") (param i32) (result i32) i32.const 6",
    );
    assert_eq!(choosy.load(1, b"abc").unwrap_err().message, "{\"name");
    assert!(
        hear(&mut choosy, 1, &mut Replies::default()).is_ok(),
        "it goes on"
    );
}

#[test]
fn hundreds_of_instances_of_one_module_live_side_by_side() {
    let module = Module::new(&wat::parse_str(MODULE).unwrap());
    let settings = Settings {
        instances: 300,
        caches: false,
        ..Settings::default()
    };
    let sandbox = Sandbox::new(&settings).unwrap();
    let plugin = sandbox.load(&module.path(), &limits()).unwrap();
    let params = Params::defaults(&plugin.descriptor().params);
    let mut guests: Vec<WasmGuest> = (0..300)
        .map(|_| plugin.instantiate(&params).unwrap())
        .collect();
    for guest in &mut guests {
        assert_eq!(hear(guest, 64, &mut Replies::default()), Ok(64));
    }
    let too_many =
        (0..100).filter_map(|_| plugin.instantiate(&params).err().map(|x| x.to_string()));
    let refusals: Vec<String> = too_many.collect();
    assert!(
        refusals
            .iter()
            .all(|x| x.contains("made_up") && !x.contains('\n')),
        "{refusals:?}"
    );
}
