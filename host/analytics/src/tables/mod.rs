//! The tables of a run's results, as Parquet files.
//!
//! Takes in records while the run goes on ([`ResultsWriter`]); gives them out again from a directory (`reader`).
//! [`schema`] says what each column holds, in one place: the writer, the reader and `docs/results.md` follow it.

pub mod schema;

mod buffer;
mod features;
pub(crate) mod reader;
mod rows;
mod table_writer;
mod writer;

pub use features::FeatureTable;
pub use writer::ResultsWriter;
