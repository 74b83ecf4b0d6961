//! Tapes as folders of Parquet files, for archives of many days.
//!
//! Takes in a tape; gives out a folder in the hive layout, and its manifest. The rows of a tape stand in
//! `schema=mbo/instrument=ESH4/date=2023-12-25/rows.parquet`: one file for each instrument and UTC day of `ts_recv`. The
//! columns are those of [`mod@crate::format`] but `instrument`, which the folder says, and one more, `row`: the row's
//! number in the tape, counted from 1. Integers are delta-encoded and compressed with Zstandard. What a tape's metadata
//! says is in `_tape.json` beside the folders; programs that read hive folders pass over names that begin so.

mod manifest;
mod writer;

pub(crate) use manifest::Manifest;
pub use manifest::{MANIFEST_NAME, ROW_COLUMN};
pub use writer::write_folder;
