//! `backplane features`: the rows of features that a strategy would hear, as a table to train on.
//!
//! Takes in a tape, features by their names and a sampling; gives out a Parquet file. The rows are made by a run through
//! the engine, so that they are those that a strategy over the same features hears, to the bit and to the moment.

use std::cell::RefCell;
use std::fmt;
use std::path::PathBuf;
use std::rc::Rc;

use backplane_analytics::FeatureTable;
use backplane_engine::guest::{Fault, Guest, Replies};
use backplane_engine::record::Unrecorded;
use backplane_engine::summary::Outcome;
use backplane_engine::{Parts, RunConfig, Unwatched, run};
use backplane_sdk::abi::Message;
use backplane_sdk::book::LevelBook;
use backplane_sdk::descriptor::{Descriptor, Schema};
use backplane_sdk::features::{FeatureFeed, FeatureSpec};
use backplane_sdk::types::Timestamp;
use backplane_tape::partial::PartialFile;
use backplane_tape::{Overwrite, TapeReader};
use serde::Serialize;

use super::show;
use crate::arguments::FeatureArguments;
use crate::error::CliError;
use crate::exit;
use crate::models::Models;
use crate::settings::LatencySettings;
use crate::source::{TapeSource, instruments};

/// The most messages of one call.
const BATCH: usize = 1_024;

pub(super) fn execute(arguments: &FeatureArguments, models: &Models) -> Result<u8, CliError> {
    let spec = FeatureSpec::parse(&arguments.features, &arguments.sampling);
    let spec = spec.map_err(|reason| {
        CliError::new(
            exit::USAGE,
            reason,
            "docs/features.md lists features and samplings",
        )
    })?;
    let reader = TapeReader::open(&arguments.tape)?;
    if arguments.output.exists() && !arguments.force {
        return Err(CliError::new(
            exit::DATA,
            format!("{} exists", arguments.output.display()),
            "name another file, or replace it with `--force`",
        ));
    }
    let latency = LatencySettings::of_feed(arguments.feed_latency.as_deref())?;
    let config = RunConfig {
        latency: latency.build(models)?,
        ..RunConfig::default()
    };
    let instruments = instruments(&reader);
    let symbols = instruments.iter().map(|x| x.symbol.clone()).collect();
    let partial = PartialFile::beside(&arguments.output)?;
    let file = partial.as_file().try_clone();
    let file = file.map_err(|error| CliError::io("writing", &arguments.output, &error))?;
    let (features, sampling) = (&arguments.features, &arguments.sampling);
    let table = FeatureTable::create(file, &arguments.output, features, sampling)?;
    let tap = Tap::new(spec, table, symbols);
    let (table, span) = (Rc::clone(&tap.table), Rc::clone(&tap.span));
    let summary = run(Parts {
        instruments: &instruments,
        source: &mut TapeSource::new(reader),
        guests: vec![Box::new(tap)],
        limits: Vec::new(),
        config,
        recorder: &mut Unrecorded,
        watcher: &mut Unwatched,
    })?;
    let outcome = summary.instances.into_iter().next().map(|x| x.outcome);
    if let Some(Outcome::Stopped { fault, .. }) = outcome {
        let hint = "check that the disk is not full";
        return Err(CliError::new(exit::DATA, fault.message, hint));
    }
    let table = Rc::try_unwrap(table).map_err(|_| CliError {
        code: exit::DATA,
        message: "the table of features is still being written".into(),
        hint: None,
    })?;
    let rows = table.into_inner().close()?;
    partial.name(
        &arguments.output,
        match arguments.force {
            true => Overwrite::Replace,
            false => Overwrite::Never,
        },
    )?;
    let (first, last) = *span.borrow();
    let made = Made {
        output: arguments.output.clone(),
        columns: arguments.features.len(),
        sampling: arguments.sampling.clone(),
        rows,
        first,
        last,
    };
    show(&made, arguments.json)?;
    Ok(exit::OK)
}

/// Hears what a strategy over features hears, and writes it down.
struct Tap {
    descriptor: Descriptor,
    feed: FeatureFeed,
    symbols: Vec<String>,
    table: Rc<RefCell<FeatureTable>>,
    span: Rc<RefCell<(i64, i64)>>,
}

impl Tap {
    fn new(spec: FeatureSpec, table: FeatureTable, symbols: Vec<String>) -> Tap {
        let descriptor = Descriptor::new("features", env!("CARGO_PKG_VERSION"));
        Tap {
            descriptor: descriptor.subscribe(Schema::Mbp).subscribe(Schema::Trades),
            feed: FeatureFeed::new(spec),
            symbols,
            table: Rc::new(RefCell::new(table)),
            span: Rc::new(RefCell::new((0, 0))),
        }
    }
}

impl Guest for Tap {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn hear(
        &mut self,
        messages: &[Message],
        _: &[LevelBook],
        _: &mut Replies,
    ) -> Result<usize, Box<Fault>> {
        for message in messages {
            let Some(row) = self.feed.hear(message) else {
                continue;
            };
            let symbol = &self.symbols[row.instrument.index()];
            let mut table = self.table.borrow_mut();
            let pushed = table.push(symbol, row.at.0, row.heard.0, row.values);
            pushed.map_err(|error| Fault::new(error.to_string()))?;
            let mut span = self.span.borrow_mut();
            if span.0 == 0 {
                span.0 = row.at.0;
            }
            span.1 = row.at.0;
        }
        Ok(messages.len())
    }

    fn keeps_books(&self) -> bool {
        true
    }

    fn batch_max(&self) -> usize {
        BATCH
    }

    fn save(&mut self) -> Result<(u32, Vec<u8>), Fault> {
        Err(Fault::new("it keeps no state"))
    }

    fn load(&mut self, _: u32, _: &[u8]) -> Result<(), Fault> {
        Err(Fault::new("it keeps no state"))
    }
}

/// What was made.
#[derive(Serialize)]
struct Made {
    output: PathBuf,
    columns: usize,
    sampling: String,
    rows: u64,
    /// The times of which the first and the last row tell.
    first: i64,
    last: i64,
}

impl fmt::Display for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}: {} rows of {} features, {}",
            self.output.display(),
            self.rows,
            self.columns,
            self.sampling
        )?;
        if self.rows > 0 {
            let (first, last) = (Timestamp(self.first), Timestamp(self.last));
            writeln!(f, "  {first} to {last}")?;
        }
        Ok(())
    }
}
