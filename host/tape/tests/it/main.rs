//! The crate's integration tests, one binary.
#![allow(clippy::unwrap_used)]

/// What the tests share: made-up inputs, and where real data is.
mod common;
/// Files that are cut off or changed.
mod damage;
/// Databento's schemas.
mod databento;
/// Tapes made of tapes.
mod edit;
/// Generated tapes, the same bytes everywhere.
mod generated;
/// hftbacktest's arrays.
mod hftbacktest;
/// NASDAQ ITCH, by an encoder of its own.
mod itch;
/// The price-level view beside the orders that it is made of.
mod levels;
/// Inputs that are made up, so that every expected row can be written down.
mod made_up;
/// What the format's document tells Python programs.
mod python;
/// Real data, where it is at hand.
mod real_data;
/// Inputs that are read several times over.
mod repeated;
/// Writing and reading again.
mod round_trip;
/// Tapes of older versions.
mod versions;
