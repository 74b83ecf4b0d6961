//! The recorder that writes a run's results.
//!
//! Takes in the engine's records while the run goes on; gives out a directory with a Parquet table of each kind,
//! `run.json` and `report.html`. At most one row group of each table is held in memory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::StringArray;
use backplane_engine::record::{
    CommandRecord, EquityRecord, FillRecord, LogRecord, MetricRecord, OrderRecord, RecordError,
    Recorder, SettlementRecord,
};
use backplane_engine::schedule::Occasion;
use backplane_engine::summary::RunSummary;

use super::buffer::Cell;
use super::rows;
use super::schema::{EQUITY, FILLS, JOURNAL, LOG, METRICS, ORDERS, SETTLEMENTS, Table};
use super::table_writer::TableWriter;
use crate::description::RunDescription;
use crate::error::AnalyticsError;
use crate::report::{REPORT_FILE, Report};
use crate::run_file::{RUN_FILE, RunFile};

/// Writes the results of one run into a directory.
pub struct ResultsWriter {
    directory: PathBuf,
    description: RunDescription,
    orders: TableWriter,
    journal: TableWriter,
    fills: TableWriter,
    equity: TableWriter,
    settlements: TableWriter,
    metrics: TableWriter,
    log: TableWriter,
    multipliers: Vec<i64>,
    /// The place of each instance's first series among all series.
    series_start: Vec<u32>,
    series_count: Vec<u32>,
}

impl std::fmt::Debug for ResultsWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResultsWriter")
            .field("directory", &self.directory)
            .finish_non_exhaustive()
    }
}

impl ResultsWriter {
    /// Creates the tables in `directory`, which must exist and hold none of them yet. Whoever calls gives a directory
    /// of a temporary name and renames it once [`ResultsWriter::finish`] is through.
    ///
    /// # Errors
    /// A file could not be created, or two instances or two instruments have the same name.
    pub fn create(
        directory: &Path,
        description: RunDescription,
    ) -> Result<ResultsWriter, AnalyticsError> {
        description.check()?;
        let words = Words::new(&description);
        let create = |table: Table| TableWriter::create(directory, table, |x| words.of(table, x));
        let mut series_start = Vec::new();
        let mut series_count = Vec::new();
        let mut total = 0;
        for instance in &description.instances {
            let count = instance.metrics.len() as u32;
            series_start.push(total);
            series_count.push(count);
            total += count;
        }
        let instruments = &description.tape.instruments;
        Ok(ResultsWriter {
            directory: directory.to_owned(),
            orders: create(ORDERS)?,
            journal: create(JOURNAL)?,
            fills: create(FILLS)?,
            equity: create(EQUITY)?,
            settlements: create(SETTLEMENTS)?,
            metrics: create(METRICS)?,
            log: create(LOG)?,
            multipliers: instruments.iter().map(|x| x.multiplier).collect(),
            series_start,
            series_count,
            description,
        })
    }

    /// Closes the tables, writes `run.json`, makes the key figures from the tables and writes `report.html`.
    ///
    /// # Errors
    /// A file could not be written or read back, or the summary is not one of this run.
    pub fn finish(self, summary: &RunSummary) -> Result<Report, AnalyticsError> {
        let tables = BTreeMap::from([
            (ORDERS.name.to_owned(), self.orders.close()?),
            (JOURNAL.name.to_owned(), self.journal.close()?),
            (FILLS.name.to_owned(), self.fills.close()?),
            (EQUITY.name.to_owned(), self.equity.close()?),
            (SETTLEMENTS.name.to_owned(), self.settlements.close()?),
            (METRICS.name.to_owned(), self.metrics.close()?),
            (LOG.name.to_owned(), self.log.close()?),
        ]);
        let run = RunFile::new(self.description, summary, tables)?;
        let path = self.directory.join(RUN_FILE);
        write(&path, &run.to_json(&path)?)?;
        let report = Report::read(&self.directory)?;
        write(&self.directory.join(REPORT_FILE), report.html().as_bytes())?;
        Ok(report)
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), AnalyticsError> {
    std::fs::write(path, bytes).map_err(|x| AnalyticsError::file("writing", path, x))
}

/// The lists of words that the tables' columns use.
struct Words {
    instances: Arc<StringArray>,
    instruments: Arc<StringArray>,
    series: Arc<StringArray>,
}

impl Words {
    fn new(description: &RunDescription) -> Words {
        let instances = description.instances.iter();
        let instruments = description.tape.instruments.iter();
        let series = instances.clone().flat_map(|x| x.metrics.iter());
        Words {
            instances: list(instances.map(|x| x.name.as_str())),
            instruments: list(instruments.map(|x| x.symbol.as_str())),
            series: list(series.map(String::as_str)),
        }
    }

    fn of(&self, table: Table, column: &str) -> Arc<StringArray> {
        match column {
            "instance" => self.instances.clone(),
            "instrument" => self.instruments.clone(),
            "series" => self.series.clone(),
            "side" => list(rows::SIDES.iter().copied()),
            "status" => list(rows::STATUSES.iter().copied()),
            "kind" => list(rows::COMMANDS.iter().copied()),
            "order_type" => list(rows::ORDER_TYPES.iter().copied()),
            "time_in_force" => list(rows::TIMES_IN_FORCE.iter().copied()),
            "liquidity" => list(rows::LIQUIDITIES.iter().copied()),
            "occasion" => list(Occasion::TEXTS.into_iter()),
            "level" => list(rows::LOG_LEVELS.iter().copied()),
            _ if table == FILLS => list(rows::FILL_REASONS.iter().copied()),
            _ => list(rows::reasons().into_iter()),
        }
    }
}

fn list<'a>(words: impl Iterator<Item = &'a str>) -> Arc<StringArray> {
    Arc::new(StringArray::from(words.collect::<Vec<&str>>()))
}

impl Recorder for ResultsWriter {
    fn command(&mut self, record: &CommandRecord) -> Result<(), RecordError> {
        match rows::command(record) {
            Some(row) => Ok(self.journal.push(row)?),
            None => Ok(()),
        }
    }

    fn order(&mut self, record: &OrderRecord) -> Result<(), RecordError> {
        Ok(self.orders.push(rows::order(record))?)
    }

    fn fill(&mut self, record: &FillRecord) -> Result<(), RecordError> {
        Ok(self.fills.push(rows::fill(record))?)
    }

    fn equity(&mut self, record: &EquityRecord) -> Result<(), RecordError> {
        let multiplier = self.multipliers.get(record.instrument.index());
        let Some(&multiplier) = multiplier else {
            let number = record.instrument.0;
            return Err(RecordError(format!(
                "recording the equity: no instrument {number} is described"
            )));
        };
        Ok(self.equity.push(rows::equity(record, multiplier))?)
    }

    fn settlement(&mut self, record: &SettlementRecord) -> Result<(), RecordError> {
        Ok(self.settlements.push(rows::settlement(record))?)
    }

    fn metric(&mut self, record: &MetricRecord) -> Result<(), RecordError> {
        let instance = record.instance.index();
        let known = self.series_count.get(instance).copied().unwrap_or(0);
        if record.metric >= known {
            return Err(RecordError(format!(
                "recording a value: instance {instance} declares {known} series, {} was given",
                record.metric
            )));
        }
        let series = self.series_start[instance] + record.metric;
        Ok(self.metrics.push([
            Cell::Word(Some(record.instance.0)),
            Cell::Integer(Some(record.at.0)),
            Cell::Word(Some(series)),
            Cell::Float(record.value),
        ])?)
    }

    fn log(&mut self, record: &LogRecord<'_>) -> Result<(), RecordError> {
        Ok(self.log.push([
            Cell::Word(Some(record.instance.0)),
            Cell::Integer(Some(record.at.0)),
            Cell::Word(Some(record.level as u32 - 1)),
            Cell::Text(record.text),
        ])?)
    }
}
