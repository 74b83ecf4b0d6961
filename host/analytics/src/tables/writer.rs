//! The recorder that writes a run's results.
//!
//! Takes in the engine's records while the run goes on; gives out a directory with a Parquet table of each kind,
//! `run.json` and `report.html`. The engine only copies its records; a thread makes rows and files of them, in the same
//! order, so that the run is slowed down by little and the bytes are always the same.

use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use backplane_engine::record::{
    CommandRecord, EquityRecord, FillRecord, LogRecord, MetricRecord, OrderRecord, QuoteRecord,
    RecordError, Recorder, SettlementRecord,
};
use backplane_engine::summary::RunSummary;
use backplane_sdk::types::Timestamp;
use crossbeam_channel::{Receiver, Sender, bounded};

use super::returns;
use super::schema::RETURNS;
use crate::collect::{Collector, LogLine, Record};
use crate::description::{RunDescription, SwapDescription};
use crate::error::AnalyticsError;
use crate::figures::{self, Options};
use crate::report::{REPORT_FILE, Report};
use crate::run_file::{RUN_FILE, RunFile};

/// The records that travel together.
const BATCH: usize = 256;
/// The most batches on their way: the engine waits where the tables are slower than it.
const BATCHES_MAX: usize = 32;

/// Writes the results of one run into a directory.
pub struct ResultsWriter {
    directory: PathBuf,
    description: RunDescription,
    series_count: Vec<u32>,
    batch: Vec<Record>,
    full: Option<Sender<Vec<Record>>>,
    empty: Receiver<Vec<Record>>,
    thread: Option<JoinHandle<Result<Collector, AnalyticsError>>>,
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
    /// A file could not be created, the system gives no thread, or two instances or two instruments have the same name.
    pub fn create(
        directory: &Path,
        description: RunDescription,
    ) -> Result<ResultsWriter, AnalyticsError> {
        description.check()?;
        let collector = Collector::create(directory, &description)?;
        let (full, records) = bounded(BATCHES_MAX);
        let (emptied, empty) = bounded(BATCHES_MAX);
        let thread = std::thread::Builder::new().name("tables".into());
        let thread = thread.spawn(move || collect(collector, &records, &emptied));
        let thread =
            thread.map_err(|x| AnalyticsError::file("starting a thread to write", directory, x))?;
        Ok(ResultsWriter {
            directory: directory.to_owned(),
            series_count: (description.instances.iter())
                .map(|x| x.metrics.len() as u32)
                .collect(),
            batch: Vec::with_capacity(BATCH),
            full: Some(full),
            empty,
            thread: Some(thread),
            description,
        })
    }

    /// Notes the versions that took over while the run went on.
    pub fn note_swaps(&mut self, swaps: Vec<SwapDescription>) {
        self.description.swaps = swaps;
    }

    /// Closes the tables, makes the key figures from them, and writes `returns.parquet`, `run.json` and `report.html`.
    ///
    /// # Errors
    /// A file could not be written or read back, or the summary is not one of this run.
    pub fn finish(self, summary: &RunSummary) -> Result<Report, AnalyticsError> {
        let directory = self.directory.clone();
        self.close(summary)?;
        complete(&directory)
    }

    /// Closes the tables and writes `run.json`. What [`ResultsWriter::finish`] does beyond that is left to [`complete`], in
    /// this process or another.
    ///
    /// # Errors
    /// A file could not be written, or the summary is not one of this run.
    pub fn close(mut self, summary: &RunSummary) -> Result<(), AnalyticsError> {
        self.send();
        let tables = self.join()?.finish(summary.last.0)?;
        let path = self.directory.join(RUN_FILE);
        let run = RunFile::new(self.description, summary, tables)?;
        write(&path, &run.to_json(&path)?)
    }

    #[inline]
    fn put(&mut self, record: Record) -> Result<(), RecordError> {
        self.batch.push(record);
        if self.batch.len() < BATCH {
            return Ok(());
        }
        if self.send() {
            return Ok(());
        }
        // The thread ended before its time: it says why.
        match self.join() {
            Ok(_) => Err(RecordError("writing the tables: the thread ended".into())),
            Err(error) => Err(error.into()),
        }
    }

    /// Sends what is gathered; `false` where nobody takes it any more.
    fn send(&mut self) -> bool {
        let next = self.empty.try_recv();
        let next = next.unwrap_or_else(|_| Vec::with_capacity(BATCH));
        let batch = std::mem::replace(&mut self.batch, next);
        self.full.as_ref().is_some_and(|x| x.send(batch).is_ok())
    }

    fn join(&mut self) -> Result<Collector, AnalyticsError> {
        self.full = None;
        let ended = self.thread.take().map(JoinHandle::join);
        match ended {
            Some(Ok(collector)) => collector,
            _ => Err(AnalyticsError::table(
                "writing",
                &self.directory,
                "the thread that writes tables broke down",
            )),
        }
    }

    fn is_described(&self, number: usize, of: usize, what: &str) -> Result<(), RecordError> {
        if number < of {
            return Ok(());
        }
        let reason = format!("recording the equity: no {what} {number} is described");
        Err(RecordError(reason))
    }
}

/// Makes the key figures of tables that were closed, and writes `returns.parquet`, `run.json` and `report.html`.
///
/// # Errors
/// A file could not be read or written, or contradicts `run.json`.
pub fn complete(directory: &Path) -> Result<Report, AnalyticsError> {
    let report = key_figures(directory)?;
    write_page(directory, &report)?;
    Ok(report)
}

/// What [`complete`] does, but for the page: whoever waits for the figures need not wait for [`write_page`] too.
///
/// # Errors
/// A file could not be read or written, or contradicts `run.json`.
pub fn key_figures(directory: &Path) -> Result<Report, AnalyticsError> {
    let mut run = RunFile::read(directory)?;
    let computed = figures::compute(directory, &run, &Options::default())?;
    let rows = returns::write(directory, &run, &computed)?;
    run.tables.insert(RETURNS.name.to_owned(), rows);
    let path = directory.join(RUN_FILE);
    write(&path, &run.to_json(&path)?)?;
    Ok(Report::new(run, computed))
}

/// Writes `report.html` beside the tables, and gives its text.
///
/// # Errors
/// The file could not be written.
pub fn write_page(directory: &Path, report: &Report) -> Result<String, AnalyticsError> {
    let page = report.html();
    write(&directory.join(REPORT_FILE), page.as_bytes())?;
    Ok(page)
}

/// What the thread does: takes batches until no more come, and hands them back empty.
fn collect(
    mut collector: Collector,
    records: &Receiver<Vec<Record>>,
    emptied: &Sender<Vec<Record>>,
) -> Result<Collector, AnalyticsError> {
    for mut batch in records {
        for record in batch.drain(..) {
            collector.take(record)?;
        }
        // Whoever does not take it back makes a new one.
        let _ = emptied.try_send(batch);
    }
    Ok(collector)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), AnalyticsError> {
    std::fs::write(path, bytes).map_err(|x| AnalyticsError::file("writing", path, x))
}

impl Recorder for ResultsWriter {
    #[inline]
    fn command(&mut self, record: &CommandRecord) -> Result<(), RecordError> {
        self.put(Record::Command(*record))
    }

    #[inline]
    fn order(&mut self, record: &OrderRecord) -> Result<(), RecordError> {
        self.put(Record::Order(*record))
    }

    #[inline]
    fn fill(&mut self, record: &FillRecord) -> Result<(), RecordError> {
        self.put(Record::Fill(*record))
    }

    #[inline]
    fn equity(&mut self, record: &EquityRecord) -> Result<(), RecordError> {
        let (number, of) = (
            record.instrument.index(),
            self.description.tape.instruments.len(),
        );
        self.is_described(number, of, "instrument")?;
        self.put(Record::Equity(*record))
    }

    fn settlement(&mut self, record: &SettlementRecord) -> Result<(), RecordError> {
        self.put(Record::Settlement(*record))
    }

    fn passed(&mut self, _: Timestamp) -> Result<(), RecordError> {
        self.put(Record::Passed)
    }

    #[inline]
    fn quote(&mut self, record: &QuoteRecord) -> Result<(), RecordError> {
        self.put(Record::Quote(*record))
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
        self.put(Record::Metric(*record))
    }

    fn log(&mut self, record: &LogRecord<'_>) -> Result<(), RecordError> {
        self.put(Record::Log(LogLine {
            instance: record.instance,
            at: record.at,
            level: record.level,
            text: record.text.to_owned(),
        }))
    }
}
