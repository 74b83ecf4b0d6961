//! Databento: order-level (`mbo`) DBN files, plain or compressed, of any DBN version.
//!
//! Takes in one or many files; gives out one tape, merged by receive time. The files are read twice: first to know the
//! instruments and their ticks (the greatest common divisor of the prices at which orders rest), then to resolve.
//!
//! What CME's files hold was looked at in the ES contract of 2023-12-24 and 25 (77,517 records), and the resolver's
//! rules for [`FillConvention::Announces`] follow from it:
//! - An execution is a T (the aggressor's), then an F for each resting order, all without effect on the book; what takes
//!   the size out comes later in the event. For an order that is filled it is a C, for an order of which something is
//!   left it is an M at the same price to what is left. Several Fs of one order are answered by one C or M.
//! - An M that leaves more than the order had, less its fills, is an iceberg showing its next slice (83 of 967): the
//!   order goes to the end of the queue. Its F may be of more than the order showed.
//! - An aggressor that rested before (modified so as to cross) has Fs of its own, on its side and at prices at which it
//!   did not rest; its C or M follows at the old price. These are no executions of the queue, nor are the fills of the
//!   opening auction at a price that is not the order's.
//! - Every day's file begins with a snapshot of all orders, whose receive time is the day's start. The second day's
//!   says just what the first day's book holds, and its last record does not carry the flag that ends an event.

mod file;

use std::collections::BTreeMap;

use backplane_sdk::types::{Action, Flags, Price, Side, Timestamp};
use dbn::{MboMsg, Metadata};

use super::importer::{Head, Importer};
use super::inputs::Inputs;
use super::part::Part;
use super::session::Session;
use super::{ImportOptions, ImportReport, Progress};
use crate::error::TapeError;
use crate::format::{Header, INSTRUMENTS_MAX, InstrumentDefinition, Source};
use crate::message::SourceMessage;
use crate::resolve::{Conventions, FillConvention, UnknownOrders};
use file::{DatabentoFile, is_databento};

/// The importer, for the table.
pub(super) const IMPORTER: Importer = Importer {
    name: "databento",
    about: "Databento DBN files of schema mbo",
    recognizes,
    import: databento,
};

fn recognizes(head: &Head<'_>) -> bool {
    is_databento(head.bytes)
}

/// What a message of this source does to the book.
const CONVENTIONS: Conventions = Conventions {
    fills: FillConvention::Announces,
    unknown_orders: UnknownOrders::Drop,
};
/// One unit of the currency, in units of 1e-9.
const MULTIPLIER: i64 = 1_000_000_000;
/// Databento's time where there is none.
const TIME_UNDEFINED: u64 = u64::MAX;

/// A publisher and its number of an instrument: books of different venues are apart.
type InstrumentKey = (u16, u32);

/// Imports DBN files as one tape.
///
/// # Errors
/// A file is not DBN, not of schema `mbo`, cut off or damaged, or the tape cannot be written.
fn databento(
    inputs: &Inputs,
    options: &ImportOptions,
    progress: &mut Progress<'_>,
) -> Result<ImportReport, TapeError> {
    let mut instruments = BTreeMap::new();
    let parts = inputs.parts()?;
    for part in &parts {
        survey(part, &mut instruments)?;
    }
    let first = inputs.first().shown.as_path();
    if instruments.is_empty() {
        return Err(TapeError::input(first, "it holds no order-level records"));
    }
    if instruments.len() > INSTRUMENTS_MAX {
        let why = format!(
            "the inputs hold {} instruments, a tape at most {INSTRUMENTS_MAX}",
            instruments.len()
        );
        return Err(TapeError::input(first, why));
    }
    let mut notes = Vec::new();
    if options.multiplier.is_none() {
        notes.push(
            "DBN files do not say what a contract is worth: the multiplier is taken as 1"
                .to_owned(),
        );
    }
    let header = Header {
        instruments: instruments
            .values()
            .map(|found| found.definition(options))
            .collect(),
        source: Source {
            from: options.source_name("databento"),
            inputs: inputs.describe()?,
        },
    };
    let places = instruments
        .keys()
        .zip(0_u16..)
        .map(|(key, place)| (*key, place))
        .collect();
    let mut session = Session::orders(&header, CONVENTIONS, options, progress)?;
    let mut bytes = merge(&parts, &places, &mut session)?;
    for _ in 1..options.repetitions() {
        session.repeat()?;
        bytes = merge(&parts, &places, &mut session)?;
    }
    let written = session.finish(bytes)?;
    Ok(ImportReport::new(options, header, written, notes))
}

/// What the first pass finds of an instrument.
#[derive(Clone, Debug, Default)]
struct Found {
    symbol: String,
    /// The greatest common divisor of the prices at which orders rest.
    tick: u64,
}

impl Found {
    fn definition(&self, options: &ImportOptions) -> InstrumentDefinition {
        let inferred = i64::try_from(self.tick).unwrap_or(i64::MAX).max(1);
        InstrumentDefinition {
            symbol: self.symbol.clone(),
            tick: options.tick.map_or(inferred, |tick| tick.0),
            multiplier: options.multiplier.unwrap_or(MULTIPLIER),
            currency: options.currency.clone().unwrap_or_else(|| "USD".to_owned()),
            tick_inferred: options.tick.is_none(),
            ..InstrumentDefinition::default()
        }
    }
}

/// Reads a whole file and notes its instruments.
fn survey(part: &Part, instruments: &mut BTreeMap<InstrumentKey, Found>) -> Result<(), TapeError> {
    let mut file = DatabentoFile::open(part)?;
    let symbols = symbols(file.metadata());
    while let Some(record) = file.next()? {
        let key = (record.hd.publisher_id, record.hd.instrument_id);
        let found = instruments.entry(key).or_insert_with(|| Found {
            symbol: symbols
                .get(&key.1)
                .cloned()
                .unwrap_or_else(|| key.1.to_string()),
            tick: 0,
        });
        let rests = matches!(record.action as u8, b'A' | b'M');
        if rests && record.price != dbn::UNDEF_PRICE {
            found.tick = greatest_common_divisor(found.tick, record.price.unsigned_abs());
        }
    }
    Ok(())
}

/// The symbols by instrument number, whichever way round the metadata maps them.
fn symbols(metadata: &Metadata) -> BTreeMap<u32, String> {
    let mut symbols = BTreeMap::new();
    for mapping in &metadata.mappings {
        for interval in &mapping.intervals {
            if let Ok(number) = interval.symbol.parse() {
                symbols
                    .entry(number)
                    .or_insert_with(|| mapping.raw_symbol.clone());
            } else if let Ok(number) = mapping.raw_symbol.parse() {
                symbols
                    .entry(number)
                    .or_insert_with(|| interval.symbol.clone());
            }
        }
    }
    symbols
}

const fn greatest_common_divisor(mut one: u64, mut other: u64) -> u64 {
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one
}

/// A file and its next record.
struct Channel {
    file: DatabentoFile,
    next: Option<MboMsg>,
}

/// Reads all files in step, the earliest receive time first, in the order of the inputs among equals.
fn merge(
    parts: &[Part],
    places: &BTreeMap<InstrumentKey, u16>,
    session: &mut Session<'_, '_>,
) -> Result<u64, TapeError> {
    let mut channels = Vec::with_capacity(parts.len());
    for part in parts {
        let mut file = DatabentoFile::open(part)?;
        let next = file.next()?;
        channels.push(Channel { file, next });
    }
    let total = |channels: &[Channel]| {
        channels.iter().fold(0_u64, |sum, channel| {
            sum.saturating_add(channel.file.bytes())
        })
    };
    loop {
        let earliest = channels
            .iter()
            .enumerate()
            .filter_map(|(place, channel)| {
                channel
                    .next
                    .as_ref()
                    .map(|record| (received(record), place))
            })
            .min();
        let Some((_, place)) = earliest else {
            return Ok(total(&channels));
        };
        let bytes = total(&channels);
        let Some(channel) = channels.get_mut(place) else {
            continue;
        };
        let following = channel.file.next()?;
        if let Some(record) = std::mem::replace(&mut channel.next, following) {
            let key = (record.hd.publisher_id, record.hd.instrument_id);
            let Some(instrument) = places.get(&key) else {
                return Err(channel
                    .file
                    .wrong("its instrument was not there when the file was read first"));
            };
            match message(&record, *instrument) {
                Converted::Message(message) => session.push(&message, bytes)?,
                Converted::Nothing { ends_event: true } => session.end_event(*instrument)?,
                Converted::Nothing { ends_event: false } => {}
                Converted::Wrong(why) => return Err(channel.file.wrong(why)),
            }
        }
    }
}

/// The receive time by which files are merged.
fn received(record: &MboMsg) -> u64 {
    if record.ts_recv == TIME_UNDEFINED {
        record.hd.ts_event
    } else {
        record.ts_recv
    }
}

/// What a record is for the resolver.
enum Converted {
    Message(SourceMessage),
    /// It has no action, but may end an event.
    Nothing {
        ends_event: bool,
    },
    Wrong(String),
}

fn message(record: &MboMsg, instrument: u16) -> Converted {
    let flags = Flags(record.flags.raw());
    let letter = record.action as u8;
    if letter == b'N' {
        return Converted::Nothing {
            ends_event: flags.is_last(),
        };
    }
    let Some(action) = Action::from_code(letter) else {
        return Converted::Wrong(format!("its action {:?} is not known", char::from(letter)));
    };
    let (Ok(ts_event), Ok(ts_recv)) = (
        i64::try_from(record.hd.ts_event),
        i64::try_from(received(record)),
    ) else {
        return Converted::Wrong("it has no time".to_owned());
    };
    Converted::Message(SourceMessage {
        ts_event: Timestamp(ts_event),
        ts_recv: Timestamp(ts_recv),
        order_id: record.order_id,
        price: Price(record.price),
        size: record.size,
        sequence: record.sequence,
        instrument,
        action,
        side: Side::from_code(record.side as u8),
        flags,
    })
}
