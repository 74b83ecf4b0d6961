//! The processor time of the present thread, which other work on the machine does not lengthen.
//!
//! Takes in work; gives out how long a processor was busy with it. The kernel renews its count at least at every tick of
//! the scheduler (1 to 10 ms), so work should last a tenth of a second or more.

/// The nanoseconds of processor time that this thread had so far, as the kernel counts them.
///
/// # Panics
/// Where the kernel does not count them.
pub fn processor_nanos() -> u64 {
    let line = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    let first = line.split_whitespace().next().unwrap();
    first.parse().unwrap()
}

/// How many nanoseconds of processor time `work` takes, and what it gives.
pub fn timed<T>(work: impl FnOnce() -> T) -> (u64, T) {
    let before = processor_nanos();
    let result = work();
    (processor_nanos() - before, result)
}

/// The middle one of some figures; of an even number the lower one of the two in the middle.
///
/// # Panics
/// Where there are none.
pub fn median(figures: &mut [u64]) -> u64 {
    figures.sort_unstable();
    figures[(figures.len() - 1) / 2]
}
