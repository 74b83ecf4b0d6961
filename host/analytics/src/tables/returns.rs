//! The table of daily returns, made from the figures once a run has ended.
//!
//! Takes in what was computed; gives out `returns.parquet`, so that other tools start from the same series.

use std::path::Path;

use super::column::Get;
use super::schema::RETURNS;
use super::table_writer::TableWriter;
use super::words::Words;
use crate::error::AnalyticsError;
use crate::figures::{Computed, Daily, NANOS_PER_DAY};
use crate::run_file::RunFile;

/// A day of an instance, or of all together.
struct Day {
    instance: Option<u32>,
    day: i64,
    equity: i128,
    change: Option<f64>,
}

const COLUMNS: &[Get<Day>] = &[
    Get::Word(|x| x.instance),
    Get::Integer(|x| x.day),
    Get::Money(|x| x.equity),
    Get::Float(|x| x.change),
];

/// Writes the table; gives the number of its rows.
pub(super) fn write(
    directory: &Path,
    run: &RunFile,
    computed: &Computed,
) -> Result<u64, AnalyticsError> {
    let words = Words::new(&run.description);
    let mut table = TableWriter::create(directory, RETURNS, COLUMNS, |x| words.of(RETURNS, x))?;
    let instances = computed.daily.iter().enumerate();
    let instances = instances.map(|(number, daily)| (Some(number as u32), daily));
    let all = std::iter::once((None, &computed.portfolio_daily));
    for (instance, daily) in instances.chain(all) {
        write_one(&mut table, instance, daily, &computed.days)?;
    }
    table.close()
}

fn write_one(
    table: &mut TableWriter<Day>,
    instance: Option<u32>,
    daily: &Daily,
    days: &[i64],
) -> Result<(), AnalyticsError> {
    let returns = daily.returns.as_deref().unwrap_or_default();
    for (place, (day, close)) in days.iter().zip(&daily.closes).enumerate() {
        table.push(Day {
            instance,
            day: day.saturating_mul(NANOS_PER_DAY),
            equity: close.0,
            change: returns.get(place).copied(),
        })?;
    }
    Ok(())
}
