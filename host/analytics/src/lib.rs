//! Metrics, result tables and reports of a Backplane run.
//!
//! Takes in the engine's records and its summary; gives out a directory: `run.json`, tables as Parquet, `report.html`.
//! A report can be made again from such a directory alone. This crate knows no clock and no strategy; what it computes
//! follows from the tables, so the same run gives the same bytes.
//!
//! ```
//! use backplane_analytics::metrics::{Figure, Returns};
//!
//! let returns = Returns::new(&[0.01, -0.005, 0.007, 0.0, -0.012, 0.004]);
//! assert!(matches!(returns.sharpe(), Figure::Value(x) if x > 1.0));
//! // A figure that does not exist says why; it is never infinite and never NaN.
//! assert_eq!(Returns::new(&[0.01]).sharpe().reason(), Some("fewer than two returns"));
//! ```
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod description;
pub mod run_file;
pub mod tables;

mod collect;

pub mod metrics;
pub mod trades;

pub mod figures;
pub mod m4;

pub mod report;

pub mod compare;

mod error;
mod exact;
mod flatten;

pub use description::{
    InstanceDescription, InstrumentDescription, RunDescription, SwapDescription, TapeDescription,
};
pub use error::AnalyticsError;
pub use figures::{Calendar, Options};
pub use report::{Report, TextOptions};
pub use run_file::RunFile;
pub use tables::{FeatureTable, ResultsWriter, command_text, complete, key_figures, write_page};
