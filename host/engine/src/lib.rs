//! The engine: what happens in the market.
//!
//! Takes in a tape's rows, strategies on any carrier, and settings; gives out records of all that happens and a summary
//! with a digest. The engine is pure: no files, no clock, no randomness from outside, no knowledge of plugins, so that
//! the same input gives the same digest wherever it runs.
//!
//! In reading order, one module a step; no step imports another, only [`mod@run`] joins them:
//! `replay -> market -> router -> guest -> orders -> risk -> latency -> exchange -> account -> journal`.
//! The nouns that steps share are `row`, `rows`, `later`, `contract`, `grid`, `limits`, `schedule`, `request`, `random`, `delay`,
//! `record`, `summary`, `fault` and `error`.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod row;

pub mod rows;

pub mod later;

pub mod contract;

pub mod grid;

pub mod schedule;

pub mod request;

pub mod random;

pub mod delay;

pub mod record;

pub mod fault;

pub mod error;

pub mod limits;

pub mod summary;

pub mod replay;

pub mod market;

pub mod router;

pub mod guest;

pub mod orders;

pub mod risk;

pub mod latency;

pub mod exchange;

pub mod account;

pub mod journal;

pub mod run;

pub use run::{Parts, RunConfig, Unwatched, Watcher, event_name, run};
