//! What is left of the memory that sandboxed strategies took, once they were stopped.
//!
//! Takes in the module that sins, in this process; gives out the memory of the process before and after.

use std::path::Path;

use backplane_engine::guest::{Guest, Replies};
use backplane_guests::wasm::{Limits, Sandbox, Settings, WasmPlugin};
use backplane_sdk::abi::{Message, definition_messages};
use backplane_sdk::params::{Params, Value};
use backplane_sdk::types::{Flags, LevelChange, Price, Quantity, Side, Timestamp};

use crate::guest_modules;
use crate::rows::instrument;

/// What each strategy may have and takes, in bytes.
const EACH: u64 = 64 << 20;
/// How many strategies are stopped, one after the other.
const STOPPED: u64 = 16;
/// The most bytes that may be left of all of them: what allocators keep.
const LEFT_MAX: u64 = 4 << 20;
/// The sin of taking memory without end.
const BOMB: i64 = 33;

/// The anonymous memory of this process, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// Before any strategy ran.
    pub before: u64,
    /// When all were stopped.
    pub after: u64,
}

impl Memory {
    /// Whether all was given back but what allocators keep.
    pub const fn is_back(self) -> bool {
        self.after <= self.before + LEFT_MAX
    }
}

impl std::fmt::Display for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let left = self.after.saturating_sub(self.before);
        write!(
            f,
            "{} KiB are left of {STOPPED} times {} MiB that sandboxed strategies took, one after the other; at most {} KiB are allowed",
            left >> 10,
            EACH >> 20,
            LEFT_MAX >> 10
        )
    }
}

/// Lets strategies take all memory that they may have, one after the other. None: there are no modules here.
///
/// # Errors
/// A strategy that was not stopped for its memory, or a system that does not tell of memory.
pub fn after_sins() -> Result<Option<Memory>, String> {
    let Some(modules) = guest_modules(&["misbehave"]) else {
        return Ok(None);
    };
    let plugin = load(&modules.join("misbehave.wasm"))?;
    // What the first one sets up for all stays.
    bomb(&plugin)?;
    let before = anonymous()?;
    for _ in 0..STOPPED {
        bomb(&plugin)?;
    }
    Ok(Some(Memory {
        before,
        after: anonymous()?,
    }))
}

fn load(path: &Path) -> Result<WasmPlugin, String> {
    let limits = Limits {
        memory_bytes: EACH,
        ..Limits::default()
    };
    let sandbox = Sandbox::new(&Settings::default()).map_err(|x| x.to_string())?;
    sandbox.load(path, &limits).map_err(|x| x.to_string())
}

/// One strategy that takes memory until it is stopped.
fn bomb(plugin: &WasmPlugin) -> Result<(), String> {
    let params = Params::defaults(&plugin.descriptor().params);
    let params = params.with("sin", Value::Integer(BOMB))?;
    let mut guest = plugin.instantiate(&params).map_err(|x| x.to_string())?;
    let mut messages = definition_messages(&instrument(), Timestamp(0));
    messages.push(Message::start(1, Timestamp(0)));
    messages.push(Message::from(&level()));
    for message in &messages {
        if let Err(fault) = guest.hear(&[*message], &[], &mut Replies::default()) {
            let fault = fault.to_string();
            return match fault.contains("ran out of memory") {
                true => Ok(()),
                false => Err(format!("it was stopped for another reason: {fault}")),
            };
        }
    }
    Err("it took memory without end and was not stopped".into())
}

/// The last change of an event, on which strategies are called.
fn level() -> LevelChange {
    LevelChange {
        instrument: instrument().id,
        side: Some(Side::Buy),
        price: Price(100),
        size: Quantity(1),
        sequence: 1,
        ts_event: Timestamp(1),
        ts_recv: Timestamp(1),
        flags: Flags(Flags::LAST),
    }
}

fn anonymous() -> Result<u64, String> {
    let status = std::fs::read_to_string("/proc/self/status").map_err(|x| x.to_string())?;
    let line = status.lines().find_map(|x| x.strip_prefix("RssAnon:"));
    let kilobytes = line.and_then(|x| x.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
    Ok(kilobytes.ok_or("the system does not tell of a process's memory")? << 10)
}
