//! The table of daily returns, made from the figures once a run has ended.
//!
//! Takes in what was computed; gives out `returns.parquet`, so that other tools start from the same series.

use std::path::Path;

use super::buffer::Cell;
use super::schema::RETURNS;
use super::table_writer::TableWriter;
use super::words::Words;
use crate::error::AnalyticsError;
use crate::figures::{Computed, Daily, NANOS_PER_DAY};
use crate::run_file::RunFile;

/// Writes the table; gives the number of its rows.
pub(super) fn write(
    directory: &Path,
    run: &RunFile,
    computed: &Computed,
) -> Result<u64, AnalyticsError> {
    let words = Words::new(&run.description);
    let mut table = TableWriter::create(directory, RETURNS, |x| words.of(RETURNS, x))?;
    let instances = computed.daily.iter().enumerate();
    let instances = instances.map(|(number, daily)| (Some(number as u32), daily));
    let all = std::iter::once((None, &computed.portfolio_daily));
    for (instance, daily) in instances.chain(all) {
        write_one(&mut table, instance, daily, &computed.days)?;
    }
    table.close()
}

fn write_one(
    table: &mut TableWriter,
    instance: Option<u32>,
    daily: &Daily,
    days: &[i64],
) -> Result<(), AnalyticsError> {
    let returns = daily.returns.as_deref().unwrap_or_default();
    for (place, (day, close)) in days.iter().zip(&daily.closes).enumerate() {
        table.push([
            Cell::Word(instance),
            Cell::Integer(Some(day.saturating_mul(NANOS_PER_DAY))),
            Cell::Money(close.0),
            Cell::Float(returns.get(place).copied()),
        ])?;
    }
    Ok(())
}
