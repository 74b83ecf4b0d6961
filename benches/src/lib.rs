//! What the benches share: a synthetic market on disk, the strategies, and the clock of a thread.
//!
//! Takes in how large a market is wanted; gives out tapes, their rows in memory, and strategies on their carriers.
#![allow(clippy::unwrap_used)] // A bench that cannot make its market has nothing else to do than to stop.

pub mod market;

pub mod databento;

pub mod histogram;

pub mod sources;

pub mod strategies;

pub mod time;
