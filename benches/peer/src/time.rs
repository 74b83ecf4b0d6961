//! How long work took: wall time, and the thread's processor time, which other work on the machine does not lengthen.
//!
//! Takes in the moment at which a stopwatch is made; gives out what passed since.
#![allow(
    clippy::disallowed_methods,
    reason = "what is measured here is time itself; no result depends on it"
)]

use std::io;
use std::time::Instant;

use serde::Serialize;

use crate::error::PeerError;

/// What passed, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Elapsed {
    /// On the wall's clock.
    pub wall_ns: u64,
    /// On the processor, as the kernel counts it for this thread. It renews its count at least at every tick of the
    /// scheduler (1 to 10 ms), so work should last a tenth of a second or more.
    pub cpu_ns: u64,
}

impl Elapsed {
    /// The sum of both times of two pieces of work.
    pub const fn plus(self, other: Elapsed) -> Elapsed {
        Elapsed {
            wall_ns: self.wall_ns + other.wall_ns,
            cpu_ns: self.cpu_ns + other.cpu_ns,
        }
    }
}

/// A running stopwatch.
#[derive(Debug)]
pub struct Stopwatch {
    wall: Instant,
    cpu_ns: u64,
}

impl Stopwatch {
    /// Starts.
    ///
    /// # Errors
    /// The kernel does not count processor time.
    pub fn start() -> Result<Stopwatch, PeerError> {
        Ok(Stopwatch {
            cpu_ns: processor_nanos()?,
            wall: Instant::now(),
        })
    }

    /// What passed since the start.
    ///
    /// # Errors
    /// The kernel does not count processor time.
    pub fn elapsed(&self) -> Result<Elapsed, PeerError> {
        let wall_ns = self.wall.elapsed().as_nanos();
        Ok(Elapsed {
            wall_ns: u64::try_from(wall_ns).unwrap_or(u64::MAX),
            cpu_ns: processor_nanos()?.saturating_sub(self.cpu_ns),
        })
    }
}

/// The nanoseconds of processor time that this thread had so far.
fn processor_nanos() -> Result<u64, PeerError> {
    let line = std::fs::read_to_string("/proc/thread-self/schedstat").map_err(PeerError::Clock)?;
    let first = line.split_whitespace().next().and_then(|x| x.parse().ok());
    first.ok_or_else(|| PeerError::Clock(io::Error::other("it is not a number")))
}
