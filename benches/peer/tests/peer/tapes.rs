//! Tapes for the tests.
//!
//! Takes in messages, or the size of a generated market; gives out a tape in a folder of its own.

use std::path::PathBuf;

use backplane_sdk::types::{Action, Flags, Price, Side, Timestamp};
use backplane_tape::generate::{Generator, GeneratorConfig};
use backplane_tape::import::{self, ImportOptions};
use backplane_tape::resolve::{Conventions, FillConvention, UnknownOrders};
use backplane_tape::{Header, InstrumentDefinition, Source, SourceMessage};
use tempfile::TempDir;

/// The tick of hand-made tapes: a quarter.
pub const TICK: i64 = 250_000_000;

/// A tape, which goes when this goes.
pub struct Tape {
    _directory: TempDir,
    /// The file.
    pub path: PathBuf,
}

/// A generated market of two instruments.
pub fn generated(messages: u64) -> Tape {
    let config = GeneratorConfig {
        instruments: 2,
        messages,
        resting_orders: 1_000,
        ..GeneratorConfig::default()
    };
    let generator = Generator::new(config).unwrap();
    let definitions = generator.instruments().iter().map(InstrumentDefinition::from).collect();
    write(definitions, UnknownOrders::Drop, generator)
}

/// A tape of one instrument made of these messages.
pub fn made_of(messages: Vec<SourceMessage>, unknown_orders: UnknownOrders) -> Tape {
    let definition = InstrumentDefinition {
        symbol: "ONE".into(),
        tick: TICK,
        multiplier: 1_000_000_000,
        currency: "USD".into(),
        expiration: None,
        ..InstrumentDefinition::default()
    };
    write(vec![definition], unknown_orders, messages.into_iter())
}

/// A message that is an event by itself, so many microseconds after the epoch's first second, heard 50 us later. The
/// price is in ticks.
pub fn message(
    micros: i64,
    action: Action,
    side: Side,
    order_id: u64,
    ticks: i64,
    size: u32,
) -> SourceMessage {
    let ts_event = 1_000_000_000 + micros * 1_000;
    SourceMessage {
        ts_event: Timestamp(ts_event),
        ts_recv: Timestamp(ts_event + 50_000),
        order_id,
        price: Price(ticks * TICK),
        size,
        sequence: 0,
        instrument: 0,
        action,
        side: Some(side),
        flags: Flags(Flags::LAST),
    }
}

fn write(
    instruments: Vec<InstrumentDefinition>,
    unknown_orders: UnknownOrders,
    messages: impl Iterator<Item = SourceMessage>,
) -> Tape {
    let directory = tempfile::tempdir().unwrap();
    let options = ImportOptions {
        output: directory.path().join("test.tape"),
        ..ImportOptions::default()
    };
    let header = Header {
        instruments,
        source: Source::default(),
    };
    let conventions = Conventions {
        fills: FillConvention::TakesOut,
        unknown_orders,
    };
    import::messages(header, conventions, messages, &options, &mut |_, _| {}).unwrap();
    Tape {
        _directory: directory,
        path: options.output,
    }
}

