//! Tapes: their format, how they are imported, proven and generated. This crate knows no engine.
//!
//! A tape is an Arrow IPC file of order-level rows whose look-ups were done when it was made: each row says what rests
//! at its level, where in the queue its order stands and whether the best prices change, so that replaying it is
//! arithmetic. A tape may also hold the price-level view of such rows ([`levels`]). The format is described in
//! [`mod@format`].
//!
//! ```no_run
//! use backplane_tape::import::{ImportOptions, import};
//! use backplane_tape::{TapeReader, verify};
//!
//! # fn main() -> Result<(), backplane_tape::TapeError> {
//! let options = ImportOptions { output: "goog.tape".into(), ..ImportOptions::default() };
//! let report = import(&["GOOG_2012-06-21_10.zip".into()], &options, &mut |rows, _bytes| eprintln!("{rows} rows"))?;
//! println!("{report}");
//!
//! let verified = verify("goog.tape".as_ref(), Some("GOOG_2012-06-21_10.zip".as_ref()))?;
//! assert!(verified.is_sound());
//!
//! let mut tape = TapeReader::open("goog.tape".as_ref())?;
//! while let Some(columns) = tape.next_batch()? {
//!     for (price, size) in columns.price.iter().zip(columns.size) {
//!         println!("{size} at {price}");
//!     }
//! }
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod divisor;
mod error;
pub mod format;
mod row;
mod signals;
mod statistics;

pub mod claim;
mod digest;
mod hash;
pub mod partial;
mod reader;
mod writer;

pub mod message;
pub mod resolve;

pub mod levels;

pub mod import;
mod time_text;
mod time_zone;

pub mod edit;
pub mod hive;

pub mod generate;

mod inspect;
mod verify;

pub use error::{Place, TapeError};
pub use format::{Header, InstrumentDefinition, Source, SourceFile, TapeSchema};
pub use inspect::{Inspection, inspect};
pub use message::{LevelMessage, LevelSays, SourceMessage, StatusMessage};
pub use reader::{Columns, Details, TapeReader};
pub use row::Row;
pub use signals::Signals;
pub use statistics::{Crossed, Published, Resolution, RowStatistics, Statistics};
pub use time_text::parse_time;
pub use verify::{Check, Comparison, Observed, VerifyReport, verify, verify_against};
pub use writer::{Overwrite, TapeWriter, Written};
