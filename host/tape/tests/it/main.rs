//! The crate's integration tests, one binary.
#![allow(clippy::unwrap_used)]

/// What the tests share: made-up inputs, and where real data is.
mod common;
/// Files that are cut off or changed.
mod damage;
/// Generated tapes, the same bytes everywhere.
mod generated;
/// The price-level view beside the orders that it is made of.
mod levels;
/// Inputs that are made up, so that every expected row can be written down.
mod made_up;
/// Real data, where it is at hand.
mod real_data;
/// Inputs that are read several times over.
mod repeated;
/// Writing and reading again.
mod round_trip;
