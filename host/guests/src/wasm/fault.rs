//! Why an instance ended.
//!
//! Takes in what the engine says of a trap, and what the host kept of the instance; gives out one fault, in words.

use backplane_engine::fault::Fault;
use wasmtime::{Trap, WasmBacktrace};

use super::host::Host;
use super::sandbox::STACK_BYTES_MAX;
use crate::text::one_line;

/// The most bytes of a fault's message.
const FAULT_BYTES_MAX: usize = 1_000;
/// The most bytes of a function's name in a message.
const FUNCTION_BYTES_MAX: usize = 120;

/// A fault of which only the message is known.
pub(super) fn fault(message: &str) -> Fault {
    Fault::new(one_line(message, FAULT_BYTES_MAX))
}

/// The fault of a call that did not return. `fuel` is what the call was granted.
pub(super) fn of(error: &wasmtime::Error, host: &Host, fuel: u64) -> Fault {
    let trap = error.downcast_ref::<Trap>();
    if let Some(words) = host.last_words.as_ref().filter(|_| trap.is_some()) {
        return last_words(words);
    }
    let place = function(error).map_or(String::new(), |x| format!(", in `{x}`"));
    let message = match trap {
        Some(Trap::OutOfFuel) => format!(
            "it used up its fuel: {fuel} were granted{place}. It loops without an end, or needs more"
        ),
        Some(Trap::StackOverflow) => format!(
            "its call stack exceeds {} KiB{place}",
            STACK_BYTES_MAX / 1024
        ),
        Some(Trap::UnreachableCodeReached) => match host.denied {
            Some(bytes) => format!(
                "it ran out of memory: it asked for {bytes} bytes in all, but may have {}{place}",
                host.limits.memory_bytes
            ),
            None => format!("it trapped: it reached code that ends it{place}"),
        },
        Some(trap) => {
            let trap = trap.to_string();
            let what = trap.strip_prefix("wasm trap: ").unwrap_or(&trap);
            format!("it trapped: {what}{place}")
        }
        None => format!("{error:#}"),
    };
    fault(&message)
}

/// What a module said before its trap: the place in its source, if it is known, then the reason on a line of its own.
fn last_words(words: &str) -> Fault {
    let (place, reason) = words.split_once('\n').unwrap_or(("", words));
    let (file, line) = place.rsplit_once(':').unwrap_or((place, ""));
    Fault {
        message: one_line(reason, FAULT_BYTES_MAX),
        file: (!file.is_empty()).then(|| one_line(file, FAULT_BYTES_MAX)),
        line: line.parse().ok(),
    }
}

/// The innermost function that was running, as far as the module names it.
fn function(error: &wasmtime::Error) -> Option<String> {
    let trace = error.downcast_ref::<WasmBacktrace>()?;
    let frame = trace.frames().first()?;
    let name = match frame.func_name() {
        // The other form adds the hash that Rust's compiler puts behind a name.
        Some(name) => format!("{:#}", rustc_demangle::demangle(name)),
        None => format!("function {}", frame.func_index()),
    };
    Some(one_line(&name, FUNCTION_BYTES_MAX))
}
