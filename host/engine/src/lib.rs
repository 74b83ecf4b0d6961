//! The engine: what happens in the market.
#![forbid(unsafe_code)]

pub mod guest;
pub mod record;
pub mod summary;
