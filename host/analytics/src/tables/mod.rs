//! The tables of a run's results, as Parquet files.
//!
//! Takes in records while the run goes on ([`ResultsWriter`]); gives them out again from a directory (`reader`).
//! [`schema`] says what each column holds, in one place: the writer, the reader and `docs/results.md` follow it.

pub mod schema;

mod chunk;
pub(crate) mod column;
mod command_text;
mod features;
pub(crate) mod reader;
mod returns;
pub(crate) mod rows;
pub(crate) mod table_writer;
pub(crate) mod words;
mod writer;

pub use command_text::command_text;
pub use features::FeatureTable;
pub use writer::{ResultsWriter, complete, key_figures, write_page};
