//! What the targets of the sandbox share: a module that answers what its bytes say, and what is done with a module.
//!
//! Takes in bytes; gives out nothing. That a module is refused or stopped is no finding; a panic, a hang or memory beyond
//! the limits is.

use backplane_engine::guest::{Guest, Replies};
use backplane_guests::wasm::{Limits, Sandbox, Settings};
use backplane_sdk::abi::{Command, Message};
use backplane_sdk::params::Params;
use backplane_sdk::types::Timestamp;

/// Every function but those that describe the strategy gives the next of its bytes: where the first of them is even, the
/// answer that is right, otherwise the four or eight bytes that follow.
const SPEAKER: &str = r#"(module
  (import "backplane" "log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 4)
  (global $at (mut i32) (i32.const 131072))
  (data (i32.const 1024)
    "{\"name\":\"made_up\",\"version\":\"1.0.0\",\"subscriptions\":[{\"schema\":\"trades\",\"symbols\":[]}],\"params\":[],\"metrics\":[\"z\"]}")
  (data (i32.const 131072) "@")
  (func $byte (result i32)
    (global.set $at (i32.add (global.get $at) (i32.const 1)))
    (i32.load8_u (i32.sub (global.get $at) (i32.const 1))))
  (func $word (param $right i32) (result i32)
    (if (result i32) (i32.and (call $byte) (i32.const 1))
      (then
        (global.set $at (i32.add (global.get $at) (i32.const 4)))
        (i32.load (i32.sub (global.get $at) (i32.const 4))))
      (else (local.get $right))))
  (func $pair (param $high i32) (result i64)
    (i64.or
      (i64.shl (i64.extend_i32_u (call $word (local.get $high))) (i64.const 32))
      (i64.extend_i32_u (call $word (i32.const 0)))))
  (func (export "backplane_abi_version") (result i32) i32.const 1)
  (func (export "backplane_describe") (result i32) i32.const 115)
  (func (export "backplane_text") (result i32)
    (if (result i32) (i32.eq (global.get $at) (i32.const 131072))
      (then (i32.const 1024))
      (else (call $word (i32.const 1024)))))
  (func (export "backplane_message_buffer") (param i32) (result i32) (call $word (i32.const 65536)))
  (func (export "backplane_param_buffer") (param i32) (result i32) (call $word (i32.const 4096)))
  (func (export "backplane_text_buffer") (param i32) (result i32) (call $word (i32.const 196608)))
  (func (export "backplane_command_buffer") (result i32) (call $word (global.get $at)))
  (func (export "backplane_create") (result i32) (call $word (i32.const 0)))
  (func (export "backplane_on_events") (param $count i32) (result i64)
    (call $log (i32.const 3) (call $word (i32.const 1024)) (call $word (i32.const 8)))
    (call $pair (local.get $count)))
  (func (export "backplane_save") (result i64) (call $pair (i32.const 0)))
  (func (export "backplane_load") (param i32) (result i32) (call $word (i32.const 0)))
)"#;

/// The module that answers these bytes.
pub fn parsed(bytes: &[u8]) -> Vec<u8> {
    let said: String = bytes.iter().take(1 << 16).map(|x| format!("\\{x:02x}")).collect();
    wat::parse_str(SPEAKER.replacen('@', &said, 1)).expect("the text is a module")
}

/// Loads a module, lets it hear messages, and asks for its state and gives it one.
pub fn try_out(bytes: &[u8]) {
    let Ok(folder) = tempfile::tempdir() else {
        return;
    };
    let path = folder.path().join("made_up.wasm");
    if std::fs::write(&path, bytes).is_err() {
        return;
    }
    let settings = Settings {
        caches: false,
        ..Settings::default()
    };
    let limits = Limits {
        memory_bytes: 1 << 20,
        fuel_per_message: 100_000,
        fuel_per_batch: 100_000,
        ..Limits::default()
    };
    let Ok(plugin) = Sandbox::new(&settings).expect("a sandbox").load(&path, &limits) else {
        return;
    };
    let Ok(mut guest) = plugin.instantiate(&Params::defaults(&plugin.descriptor().params)) else {
        return;
    };
    let mut replies = Replies::default();
    for count in [1, 7, 256] {
        let messages = vec![Message::start(1, Timestamp(5)); count];
        if let Ok(heard) = guest.hear(&messages, &[], &mut replies) {
            assert!((1..=count).contains(&heard));
        }
        let _ = guest.save();
        let _ = guest.load(0, b"state");
    }
    // What was asked for is bytes like any other.
    let read = |x: &Command| Command::from_bytes(&x.to_bytes());
    assert!(replies.commands.iter().all(|x| read(x) == *x));
    assert!(guest.memory_bytes() <= 1 << 20);
}
