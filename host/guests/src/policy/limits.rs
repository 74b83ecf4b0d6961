//! What an instance may use up.
//!
//! Takes in nothing; gives out limits with their defaults. Which carrier holds an instance to which of them, and what
//! happens where one is exceeded, is in `docs/policy.md`.

use serde::{Deserialize, Serialize};

use crate::wasm;

/// What one instance may use up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// The most bytes of memory.
    pub memory_bytes: u64,
    /// The most bytes of address space of the process of a Python program, interpreter and libraries included.
    pub python_memory_bytes: u64,
    /// The most fuel for one message: about one unit an instruction of a module.
    pub fuel_per_message: u64,
    /// The most fuel for one call, however many messages it delivers.
    pub fuel_per_batch: u64,
    /// The most orders, modifications and cancellations in a second of the tape.
    pub orders_per_second: u64,
    /// The most log lines in a second of the tape.
    pub log_lines_per_second: u64,
    /// The most bytes of log lines in a second of the tape.
    pub log_bytes_per_second: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            memory_bytes: 256 << 20,
            python_memory_bytes: 4 << 30,
            fuel_per_message: 1_000_000_000,
            fuel_per_batch: 1_000_000_000,
            orders_per_second: 100_000,
            log_lines_per_second: 10_000,
            log_bytes_per_second: 4 << 20,
        }
    }
}

impl Limits {
    /// What the sandbox holds an instance to.
    pub fn sandbox(&self) -> wasm::Limits {
        wasm::Limits {
            memory_bytes: self.memory_bytes,
            fuel_per_message: self.fuel_per_message,
            fuel_per_batch: self.fuel_per_batch.min(self.fuel_per_message),
            ..wasm::Limits::default()
        }
    }
}
