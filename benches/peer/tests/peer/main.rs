//! The peer held against the tape that it is fed: one binary of tests.
//!
//! Takes in generated and hand-made tapes; gives out nothing but failures.
#![allow(clippy::unwrap_used)]

/// Tapes for the tests.
mod tapes;

/// The peer's books follow the tape, whichever way it is driven.
mod follows;

/// The strategy's orders are filled as the peer's rules say.
mod quotes;
