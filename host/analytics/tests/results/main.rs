//! Directories of results, from the records of a made-up run to the reports.
#![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]

/// The made-up run.
mod synthetic;

/// What is written is what was recorded, and comes back.
mod tables;

/// What is known of executions, orders and round trips beyond single records.
mod collected;

/// Results of earlier formats.
mod formats;

/// Directories that are not whole.
mod damaged;

/// The reports in words and in a browser.
mod reports;

/// `docs/results.md` lists the columns that there are.
mod documentation;
