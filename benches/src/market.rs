//! A synthetic market as a tape on disk.
//!
//! Takes in its size; gives out the tape and the ways to read it: from disk, and as rows in memory.

use std::path::PathBuf;

use backplane_cli::source::{self, TapeSource};
use backplane_engine::replay::{Clock, RowSource, Window};
use backplane_engine::row::Row;
use backplane_sdk::types::Instrument;
use backplane_tape::generate::{Generator, GeneratorConfig};
use backplane_tape::import::{ImportOptions, messages};
use backplane_tape::resolve::{Conventions, FillConvention, UnknownOrders};
use backplane_tape::{Header, InstrumentDefinition, Source, TapeReader};
use tempfile::TempDir;

/// A tape in a directory of its own, which goes when this goes.
pub struct Market {
    _directory: TempDir,
    path: PathBuf,
    /// The tape's instruments.
    pub instruments: Vec<Instrument>,
    /// The number of the tape's rows.
    pub rows: u64,
}

impl Market {
    /// Generates a market of so many instruments and messages and writes its tape.
    ///
    /// # Panics
    /// Where the market cannot be generated or the tape not be written.
    pub fn generate(instrument_count: u16, message_count: u64) -> Market {
        let config = GeneratorConfig {
            instruments: instrument_count,
            messages: message_count,
            ..GeneratorConfig::default()
        };
        let generator = Generator::new(config).unwrap();
        let instruments = generator.instruments();
        let header = Header {
            instruments: instruments.iter().map(define).collect(),
            source: Source {
                from: "generator".into(),
                inputs: Vec::new(),
            },
        };
        let conventions = Conventions {
            fills: FillConvention::TakesOut,
            unknown_orders: UnknownOrders::Drop,
        };
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("market.tape");
        let options = ImportOptions {
            output: path.clone(),
            ..ImportOptions::default()
        };
        messages(header, conventions, generator, &options, &mut |_, _| {}).unwrap();
        let reader = TapeReader::open(&path).unwrap();
        Market {
            _directory: directory,
            instruments: source::instruments(&reader),
            rows: reader.rows(),
            path,
        }
    }

    /// The market of the benches: four instruments, three million messages.
    pub fn standard() -> Market {
        Market::generate(4, 3_000_000)
    }

    /// The tape, read from disk; with what only subscribers of single orders need, if asked for.
    ///
    /// # Panics
    /// Where the tape cannot be read.
    pub fn source(&self, with_details: bool) -> TapeSource {
        TapeSource::new(
            TapeReader::open(&self.path)
                .unwrap()
                .with_details(with_details),
        )
    }

    /// Replays the tape from disk batch by batch and shows each batch's rows.
    ///
    /// # Panics
    /// Where the tape cannot be read.
    pub fn decode(&self, mut show: impl FnMut(&[Row])) {
        let mut source = self.source(false);
        let mut window = Window::new(Clock::new(None));
        while window.load(&mut source, window.end()).unwrap() {
            show(window.rows());
        }
    }

    /// All rows in memory.
    ///
    /// # Panics
    /// Where the tape cannot be read.
    pub fn window(&self) -> Window {
        let mut source: Box<dyn RowSource> = Box::new(self.source(false));
        let mut window = Window::new(Clock::new(None));
        while window.load(source.as_mut(), 0).unwrap() {}
        window
    }
}

fn define(instrument: &Instrument) -> InstrumentDefinition {
    InstrumentDefinition {
        symbol: instrument.symbol.clone(),
        tick: instrument.tick.0,
        multiplier: instrument.multiplier,
        currency: instrument.currency.clone(),
        expiration: None,
        tick_inferred: false,
    }
}

/// Walks over rows and touches each; gives a sum, so that the walk is not left out.
pub fn scan(rows: &[Row]) -> i64 {
    let touch = |sum: i64, row: &Row| sum ^ row.local() ^ row.price ^ i64::from(row.level_size);
    rows.iter().fold(0, touch)
}
