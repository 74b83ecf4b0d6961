//! Feeds of price levels and trades, in decimals: what all importers of such sources share.
//!
//! Takes in channels of [`Update`]s in the source's own numbers; gives out a tape of schema `mbp`. A feed is read twice:
//! first to know its instruments, their ticks and lots and how its clocks stand, then to write the tape. Channels are
//! merged by receive time, in their order among equals. Memory holds the books and one update of each channel.

mod aggressor;
mod bars;
mod clock;
mod decimal;
mod grid;
mod merge;
mod resting;
mod survey;
mod update;
mod writing;

use backplane_sdk::types::Price;

use super::inputs::Inputs;
use super::session::Session;
use super::{ImportOptions, ImportReport, Progress};
use crate::error::TapeError;
use crate::format::{Header, InstrumentDefinition, Source};
use survey::{Found, Survey};
use writing::Writing;

pub(crate) use bars::{Bar, BarQueue, Quotes};
pub(crate) use decimal::Decimal;
pub(crate) use update::{Channel, LevelSet, Others, Print, Update};

/// Why the channels are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pass {
    /// To know what there is.
    Survey,
    /// To write it.
    Write,
}

/// What a source says of an instrument besides its prices and sizes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Traits {
    /// The symbol that the tape says, where it is not the updates'.
    pub(crate) symbol: Option<String>,
    /// The venue.
    pub(crate) venue: String,
    /// The smallest step of limit prices, in units of 1e-9; computed from the prices where the source does not say it.
    pub(crate) tick: Option<i64>,
    /// The step of sizes; computed from the sizes where the source does not say it.
    pub(crate) lot: Option<Decimal>,
    /// What a size of one is worth when the price is one, in units of 1e-9; one where the source does not say it.
    pub(crate) multiplier: Option<i64>,
    /// The currency of prices.
    pub(crate) currency: Option<String>,
    /// When trading begins and ends for good, in nanoseconds since the Unix epoch.
    pub(crate) activation: Option<i64>,
    /// See there.
    pub(crate) expiration: Option<i64>,
    /// How many levels of a side the source shows.
    pub(crate) depth: Option<u32>,
}

/// A source of price levels and trades.
pub(crate) trait Feed {
    /// The source's name, as the tape says it.
    fn name(&self) -> String;

    /// The channels from their beginning.
    fn open(&self, pass: Pass) -> Result<Vec<Box<dyn Channel>>, TapeError>;

    /// What is known of an instrument.
    fn traits(&self, symbol: &str) -> Traits {
        let _ = symbol;
        Traits::default()
    }

    /// Whether the source never says who the aggressor of a trade is, so that it must be inferred.
    fn infers_aggressors(&self) -> bool {
        false
    }

    /// What its user should know.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Imports a feed.
///
/// # Errors
/// The source is damaged or not what it says, a price or size is no whole number of ticks or lots and may not be
/// rounded, or the tape cannot be written.
pub(crate) fn import(
    feed: &dyn Feed,
    inputs: &Inputs,
    options: &ImportOptions,
    progress: &mut Progress<'_>,
) -> Result<ImportReport, TapeError> {
    let survey = Survey::of(feed, options)?;
    if survey.instruments.is_empty() {
        let why = match options.symbols.is_empty() {
            true => "it holds neither book nor trades",
            false => "it holds nothing of the symbols that `--symbols` names",
        };
        return Err(TapeError::input(&inputs.first().shown, why));
    }
    let mut definitions = Vec::with_capacity(survey.instruments.len());
    for (symbol, found) in &survey.instruments {
        let traits = feed.traits(symbol);
        let defined = definition(symbol, found, traits, options);
        definitions.push(defined.map_err(|why| TapeError::Request {
            why: format!("importing {symbol}: {why}"),
        })?);
    }
    let header = Header {
        instruments: definitions,
        source: Source {
            from: options.source_name(&feed.name()),
            inputs: inputs.describe()?,
            clock_offset: options.clock_offset,
        },
    };
    let session = Session::levels(&header, options, progress)?;
    let mut writing = Writing::new(session, &survey, &header, options, feed);
    let mut bytes = writing.read(feed)?;
    for _ in 1..options.repetitions() {
        writing.repeat()?;
        bytes = writing.read(feed)?;
    }
    let mut notes = survey.notes(options);
    notes.extend(feed.notes());
    notes.extend(writing.notes());
    let written = writing.finish(bytes)?;
    Ok(ImportReport::new(options, header, written, notes))
}

/// The definition of an instrument, from what was told, what the source says, and what was seen, in this order.
fn definition(
    symbol: &str,
    found: &Found,
    traits: Traits,
    options: &ImportOptions,
) -> Result<InstrumentDefinition, String> {
    let told = options.tick.map(|tick| tick.0).or(traits.tick);
    let seen = found.steps.tick();
    let lot = options.lot.map(Decimal::from).or(traits.lot);
    let lot = lot.unwrap_or_else(|| found.steps.lot());
    let lot_nanos = lot.nanos().filter(|lot| *lot > 0);
    let lot_nanos = lot_nanos
        .ok_or_else(|| format!("its sizes are multiples of {lot}, finer than 1e-9; say `--lot`"))?;
    let one = options
        .multiplier
        .or(traits.multiplier)
        .unwrap_or(Price::SCALE);
    let worth = i128::from(one) * i128::from(lot_nanos);
    let scale = i128::from(Price::SCALE);
    let multiplier = i64::try_from(worth / scale)
        .ok()
        .filter(|_| worth % scale == 0);
    let multiplier = multiplier.filter(|worth| *worth > 0).ok_or_else(|| {
        let one = Price(one);
        format!("a lot of {lot}, of which one whole is worth {one}, cannot be said in units of 1e-9; say `--lot`")
    })?;
    Ok(InstrumentDefinition {
        symbol: traits.symbol.unwrap_or_else(|| symbol.to_owned()),
        tick: told.or(seen).unwrap_or(1),
        tick_inferred: told.is_none(),
        multiplier,
        currency: options
            .currency
            .clone()
            .or(traits.currency)
            .unwrap_or_else(|| "USD".to_owned()),
        expiration: traits.expiration,
        activation: traits.activation,
        venue: traits.venue,
        depth: traits.depth,
        lot: lot_nanos,
    })
}
