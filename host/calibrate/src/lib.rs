//! The ghost study: how far simulated fills agree with those that an exchange recorded.
//!
//! Takes in a tape of orders; gives out a report. A ghost is a simulated order that takes a real order's slot in the
//! queue when that order enters: same side, price, size and time, one real order at a time. It goes through the engine's
//! exchange, which sees what everybody did with their orders and what was printed, but not whom a print filled. The ghost
//! follows what the real order's owner does. What is filled of it is held against what was executed of the real order.
//!
//! What this proves is how queues are kept, on the market as it was. It does not prove market impact: nobody reacts to a
//! ghost.
//!
//! In reading order: `recording -> history -> classes -> ghost -> order_level -> agreement -> study -> report`;
//! for queue models on price levels `level_tape -> level_models -> level_study -> level_report`.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod recording;

pub mod history;

pub mod classes;

pub mod ghost;

pub mod order_level;

pub mod level_tape;

pub mod level_models;

pub mod agreement;

pub mod level_study;

pub mod level_report;

pub mod study;

pub mod report;

pub mod page;

mod error;

pub use error::CalibrateError;
pub use recording::Recording;
pub use report::Report;
pub use study::{Levels, Options, Study};
