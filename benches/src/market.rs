//! A synthetic market as a tape on disk.
//!
//! Takes in its size; gives out the tape and the ways to read it: from disk, and as rows in memory.

use std::path::{Path, PathBuf};

use backplane_cli::source::{self, TapeSource};
use backplane_engine::replay::{Clock, RowSource, Window};
use backplane_engine::row::Row;
use backplane_engine::rows::Rows;
use backplane_sdk::types::Instrument;
use backplane_tape::generate::{Generator, GeneratorConfig};
use backplane_tape::import::{ImportOptions, messages};
use backplane_tape::resolve::{Conventions, FillConvention, UnknownOrders};
use backplane_tape::{
    Header, InstrumentDefinition, Overwrite, Source, TapeError, TapeReader, TapeSchema,
};
use tempfile::TempDir;

/// What the generator's messages mean.
pub const CONVENTIONS: Conventions = Conventions {
    fills: FillConvention::TakesOut,
    unknown_orders: UnknownOrders::Drop,
};

/// A tape.
pub struct Market {
    /// The directory that goes when this goes; none where the tape stays.
    _directory: Option<TempDir>,
    /// Where the tape is.
    pub path: PathBuf,
    /// The tape's instruments.
    pub instruments: Vec<Instrument>,
    /// The number of the tape's rows.
    pub rows: u64,
    /// The number of messages of the source from which the rows were made; the rows' where the tape does not say.
    pub messages: u64,
}

/// Writes the tape of a synthetic market: of its orders, or of its price levels.
///
/// # Errors
/// The settings make no sense, or the tape cannot be written.
pub fn write_tape(
    config: &GeneratorConfig,
    schema: TapeSchema,
    path: &Path,
) -> Result<(), TapeError> {
    let wrong = |error: &dyn std::fmt::Display| TapeError::Request {
        why: error.to_string(),
    };
    let generator = Generator::new(config.clone()).map_err(|error| wrong(&error))?;
    let header = Header {
        instruments: generator
            .instruments()
            .iter()
            .map(InstrumentDefinition::from)
            .collect(),
        source: Source {
            from: format!("generator, seed {}", config.seed),
            inputs: Vec::new(),
        },
    };
    let options = ImportOptions {
        output: path.to_owned(),
        overwrite: Overwrite::Replace,
        schema: Some(schema),
        ..ImportOptions::default()
    };
    messages(header, CONVENTIONS, generator, &options, &mut |_, _| {})?;
    Ok(())
}

impl Market {
    /// A tape that lies on disk already, and stays there.
    ///
    /// # Errors
    /// The file cannot be read or is no tape.
    pub fn open(path: &Path) -> Result<Market, TapeError> {
        let reader = TapeReader::open(path)?;
        let rows = reader.rows();
        let said = reader.statistics().map(|x| x.resolution.messages);
        Ok(Market {
            _directory: None,
            path: path.to_owned(),
            instruments: source::instruments(&reader),
            rows,
            messages: said.filter(|x| *x > 0).unwrap_or(rows),
        })
    }

    /// Generates a market of so many instruments and messages and writes its tape to a directory of its own, which goes
    /// when the market goes.
    ///
    /// # Panics
    /// Where the market cannot be generated or the tape not be written.
    pub fn generate(instrument_count: u16, message_count: u64) -> Market {
        let config = GeneratorConfig {
            instruments: instrument_count,
            messages: message_count,
            ..GeneratorConfig::default()
        };
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("market.tape");
        write_tape(&config, TapeSchema::Mbo, &path).unwrap();
        Market {
            _directory: Some(directory),
            ..Market::open(&path).unwrap()
        }
    }

    /// The market of the benches: four instruments, three million messages.
    pub fn standard() -> Market {
        Market::generate(4, 3_000_000)
    }

    /// The tape's reader; with what only subscribers of single orders need, if asked for.
    ///
    /// # Panics
    /// Where the tape cannot be read.
    pub fn reader(&self, with_details: bool) -> TapeReader {
        let reader = TapeReader::open(&self.path).unwrap();
        reader.with_details(with_details)
    }

    /// The tape, read from disk; with what only subscribers of single orders need, if asked for.
    ///
    /// # Panics
    /// Where the tape cannot be read.
    pub fn source(&self, with_details: bool) -> TapeSource {
        TapeSource::new(self.reader(with_details))
    }

    /// Replays the tape from disk batch by batch and shows each batch's rows.
    ///
    /// # Panics
    /// Where the tape cannot be read.
    pub fn decode(&self, mut show: impl FnMut(&Rows)) {
        let mut source = self.source(false);
        let mut window = Window::new(Clock::new(None));
        while window.load(&mut source, window.end()).unwrap() {
            show(window.rows());
        }
    }

    /// The tape's first rows in memory, up to the end of the batch that reaches so many.
    ///
    /// # Panics
    /// Where the tape cannot be read.
    pub fn window(&self, most: u64) -> Window {
        let mut source: Box<dyn RowSource> = Box::new(self.source(false));
        let mut window = Window::new(Clock::new(None));
        while window.end() < most && window.load(source.as_mut(), 0).unwrap() {}
        window
    }
}

/// Walks over rows, one after the other as they lie in memory, and touches each; gives a sum, so that the walk is not
/// left out. This is the yardstick beside which other machines' figures are put, so it does not follow the engine's
/// ways of keeping rows.
pub fn scan(rows: &[Row]) -> i64 {
    let touch = |sum: i64, row: &Row| sum ^ row.local() ^ row.price ^ i64::from(row.level_size);
    rows.iter().fold(0, touch)
}
