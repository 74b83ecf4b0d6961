//! Ctrl-C and polite requests to end, while a command writes or reads at length in this process alone.
//!
//! Takes in signals; gives out the end of the process, after what it was writing is removed. Commands with workers note
//! the request instead and end them first ([`crate::supervise`]).

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::exit;

/// The signals that ask this process to end. That the terminal is closed is none where it is ignored, as by `nohup`.
pub(crate) fn requests() -> Vec<i32> {
    let mut signals = vec![SIGINT, SIGTERM];
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|x| x.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|x| u64::from_str_radix(x.trim(), 16).ok());
    if ignored.is_some_and(|x| x & 1 << (SIGHUP - 1) == 0) {
        signals.push(SIGHUP);
    }
    signals
}

/// From now on a request to end ends the process at once, and leaves nothing half-written.
pub(crate) fn end_at_once() {
    // Where no handler can be set, the signal ends the process all the same.
    let Ok(mut signals) = Signals::new(requests()) else {
        return;
    };
    let wait = move || {
        if signals.forever().next().is_some() {
            let _nothing_more_is_written = backplane_tape::partial::remove_all();
            anstream::eprintln!("error: interrupted; nothing half-written is left");
            std::process::exit(exit::INTERRUPTED.into());
        }
    };
    let _ = std::thread::Builder::new()
        .name("interruption".into())
        .spawn(wait);
}
