//! What passes while work is done: on the wall's clock, and on the processor for this thread alone, which other work on
//! the machine does not lengthen.
//!
//! Takes in work; gives out its result and how long it took, in nanoseconds.
#![allow(
    clippy::disallowed_methods,
    reason = "what is measured here is time itself; no result of a backtest depends on it"
)]

use std::time::Instant;

use rustix::time::{ClockId, clock_gettime};

/// What passed, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Elapsed {
    /// On the processor, for this thread.
    pub cpu_ns: u64,
    /// On the wall's clock.
    pub wall_ns: u64,
}

/// How long `work` takes, and what it gives.
pub fn timed<T>(work: impl FnOnce() -> T) -> (Elapsed, T) {
    let (wall, cpu) = (now(), processor_nanos());
    let result = work();
    let cpu_ns = processor_nanos() - cpu;
    let wall_ns = nanos_since(wall);
    (Elapsed { cpu_ns, wall_ns }, result)
}

/// The present moment on the wall's clock.
#[inline]
pub fn now() -> Instant {
    Instant::now()
}

/// The nanoseconds since a moment on the wall's clock.
#[inline]
pub fn nanos_since(moment: Instant) -> u64 {
    moment.elapsed().as_nanos() as u64
}

/// The nanoseconds of processor time that this thread had so far.
fn processor_nanos() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// The middle one of some figures; of an even number the lower one of the two in the middle.
///
/// # Panics
/// Where there are none.
pub fn median(figures: &[u64]) -> u64 {
    let mut sorted = figures.to_vec();
    sorted.sort_unstable();
    sorted[(sorted.len() - 1) / 2]
}
