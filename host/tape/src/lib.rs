//! Tapes: their format, how they are imported, proven and generated. This crate knows no engine.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod message;

mod error;
pub mod format;
mod row;
mod signals;
mod statistics;

mod digest;
mod reader;
mod writer;

pub use error::{Place, TapeError};
pub use format::{Header, InstrumentDefinition, Source, SourceFile};
pub use message::SourceMessage;
pub use reader::{Columns, Details, TapeReader};
pub use row::Row;
pub use signals::Signals;
pub use statistics::{Crossed, Resolution, RowStatistics, Statistics};
pub use writer::{Overwrite, TapeWriter, Written};
