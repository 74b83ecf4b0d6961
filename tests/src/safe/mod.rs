//! Everything that a strategy can do wrong, what may come of it, and what does.
//!
//! Takes in a stage, which has a small tape and an honest strategy; gives out a result for each sin on each carrier: what
//! was allowed to happen, what happened, and whether that is the same. In every case the sinner must be stopped with its
//! name, its message and the cause, or be refused before anything runs; the honest strategy beside it must have what it
//! has alone, to the bit; no process may stay behind; and all of that in bounded time.

pub mod case;
pub mod memory;
pub mod native;
pub mod python;
mod shared;
pub mod stage;
pub mod wasm;

pub use case::{Allowed, Case, Deed, Happened};
pub use memory::Memory;
pub use stage::Stage;

/// All cases, sin by sin.
pub fn cases() -> Vec<Case> {
    [native::cases(), wasm::cases(), python::cases()].concat()
}
