//! The machine on which was measured.
//!
//! Takes in nothing; gives out its processor, threads, memory and load.

use serde::Serialize;

/// The machine.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    /// The processor's name.
    pub processor: String,
    /// How many threads run at once.
    pub threads: usize,
    /// Memory in bytes.
    pub memory: u64,
    /// How many threads wanted to run over the last minute, on average, when measuring began.
    pub load: f64,
}

impl Machine {
    /// This machine, now. What the kernel does not tell is `unknown` or zero.
    pub fn look() -> Machine {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let processors = read("/proc/cpuinfo");
        let named = processors
            .lines()
            .find_map(|x| x.strip_prefix("model name"));
        let processor = named.map_or("unknown", |x| x.trim_matches([' ', '\t', ':']));
        let load = read("/proc/loadavg");
        let load = load.split_whitespace().next().and_then(|x| x.parse().ok());
        Machine {
            processor: processor.to_owned(),
            threads: std::thread::available_parallelism().map_or(0, usize::from),
            memory: kilobytes(&read("/proc/meminfo"), "MemTotal:").unwrap_or(0) * 1_024,
            load: load.unwrap_or(0.0),
        }
    }
}

/// The kilobytes that a line of one of the kernel's reports tells.
pub fn kilobytes(report: &str, name: &str) -> Option<u64> {
    let line = report.lines().find_map(|x| x.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}
