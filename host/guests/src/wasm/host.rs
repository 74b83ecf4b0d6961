//! What the host keeps of an instance while it runs, and the one function that a module may import.
//!
//! Takes in lines that the module logs, and its wishes for memory; gives out what is taken over of them.

use backplane_sdk::state::{LogLevel, LogLine};
use wasmtime::{Caller, Linker, Memory, ResourceLimiter};

use super::Limits;
use super::check::{MEMORY, TABLE_ELEMENTS_MAX};

/// The most bytes of a log line; what is longer is cut.
const LINE_BYTES_MAX: usize = 64 * 1024;
/// The most bytes of all lines of a call; lines beyond are dropped.
const CALL_BYTES_MAX: usize = 1 << 20;
/// What a log line costs a module in fuel beside one for each byte, so that it cannot keep the host busy for nothing.
const LINE_FUEL: u64 = 1_000;
/// The level of a line that says why the module is about to trap.
const LAST_WORDS: u32 = 0;

/// What the host keeps of an instance.
pub(super) struct Host {
    pub(super) limits: Limits,
    /// The instance's memory; none before there is an instance.
    pub(super) memory: Option<Memory>,
    /// What it logged in the present call.
    pub(super) lines: Vec<LogLine>,
    /// The bytes of those lines.
    bytes: usize,
    /// How many of its lines were dropped in the present call.
    pub(super) dropped: u64,
    /// How many lines were taken over since it was made.
    taken: u64,
    /// What it said last before a trap.
    pub(super) last_words: Option<String>,
    /// How many bytes of memory it asked for in vain.
    pub(super) denied: Option<usize>,
}

impl Host {
    pub(super) const fn new(limits: Limits) -> Host {
        Host {
            limits,
            memory: None,
            lines: Vec::new(),
            bytes: 0,
            dropped: 0,
            taken: 0,
            last_words: None,
            denied: None,
        }
    }

    /// Whether another line of so many bytes may be taken over.
    fn admits_line(&mut self, bytes: usize) -> bool {
        let is_admitted = (self.lines.len() as u64) < self.limits.log_lines_per_call
            && self.taken < self.limits.log_lines
            && self.bytes + bytes <= CALL_BYTES_MAX;
        if is_admitted {
            self.taken += 1;
            self.bytes += bytes;
        } else {
            self.dropped += 1;
        }
        is_admitted
    }

    /// What was logged in the present call, and how much of it was dropped.
    pub(super) fn take_lines(&mut self, to: &mut Vec<LogLine>) {
        to.append(&mut self.lines);
        self.bytes = 0;
        let dropped = std::mem::take(&mut self.dropped);
        if dropped > 0 {
            to.push(LogLine {
                level: LogLevel::Warning,
                text: format!("{dropped} more lines were dropped: a limit of the log is reached"),
            });
        }
    }
}

impl ResourceLimiter for Host {
    fn memory_growing(
        &mut self,
        _: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let most = maximum.unwrap_or(usize::MAX) as u64;
        let is_allowed = desired as u64 <= self.limits.memory_bytes.min(most);
        if !is_allowed {
            self.denied = Some(desired);
        }
        Ok(is_allowed)
    }

    fn table_growing(
        &mut self,
        _: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let most = maximum.unwrap_or(usize::MAX) as u64;
        Ok(desired as u64 <= TABLE_ELEMENTS_MAX.min(most))
    }

    fn instances(&self) -> usize {
        1
    }

    fn tables(&self) -> usize {
        1
    }

    fn memories(&self) -> usize {
        1
    }
}

/// Defines the one function that a module may import.
pub(super) fn link(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    linker.func_wrap("backplane", "log", log)?;
    Ok(())
}

fn log(mut caller: Caller<'_, Host>, level: u32, address: u32, len: u32) -> wasmtime::Result<()> {
    let bytes = u64::from(len).min(LINE_BYTES_MAX as u64);
    let left = caller.get_fuel()?.checked_sub(LINE_FUEL + bytes);
    caller.set_fuel(left.unwrap_or_default())?;
    if left.is_none() {
        return Err(wasmtime::Trap::OutOfFuel.into());
    }
    let memory = caller.data().memory;
    let memory = memory.or_else(|| caller.get_export(MEMORY)?.into_memory());
    let Some(memory) = memory else {
        return Err(wasmtime::Error::msg("it logged before it had a memory"));
    };
    let (bytes, host) = memory.data_and_store_mut(&mut caller);
    let (from, until) = (address as usize, address as usize + len as usize);
    let Some(text) = bytes.get(from..until) else {
        return Err(wasmtime::Error::msg(format!(
            "it logged {len} bytes at address {address}, but its memory has {} bytes",
            bytes.len()
        )));
    };
    let text = &text[..text.len().min(LINE_BYTES_MAX)];
    if level == LAST_WORDS {
        host.last_words = Some(String::from_utf8_lossy(text).into_owned());
    } else if host.admits_line(text.len()) {
        host.lines.push(LogLine {
            level: LogLevel::from_code(level).unwrap_or(LogLevel::Information),
            text: String::from_utf8_lossy(text).into_owned(),
        });
    }
    Ok(())
}
