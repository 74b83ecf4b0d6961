//! Features of the market: rows of numbers, computed as messages pass.
//!
//! Takes in market events and the book after each of them; gives out a row of `f64` each time the sampling says so. The
//! same code makes the rows that a model is trained on (`backplane features`), those that a Python strategy hears, and
//! those that a native strategy computes for itself, so that they are equal to the bit. A row holds nothing that was not
//! heard before it is given out. Formulas and their sources are in `docs/features.md`.
//!
//! ```
//! use backplane_sdk::features::{FeatureSpec, Features};
//!
//! let spec = FeatureSpec::parse(&["microprice", "spread", "imbalance_5"], "time:100ms")?;
//! let features = Features::new(spec);
//! assert_eq!(features.spec().columns().len(), 3);
//! # Ok::<(), String>(())
//! ```

mod feed;
mod name;
mod sampling;
mod spec;
mod stream;
mod window;

pub use feed::FeatureFeed;
pub use name::Feature;
pub use sampling::Sampling;
pub use spec::FeatureSpec;
pub use stream::FeatureStream;

use crate::book::BookView;
use crate::saved::{Saved, Saver};
use crate::types::{InstrumentId, MarketEvent, Timestamp};

/// A row of features of one instrument.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FeatureRow<'a> {
    /// The instrument.
    pub instrument: InstrumentId,
    /// The time of which the row tells: all that was heard up to then is in it, nothing that was heard later.
    pub at: Timestamp,
    /// When it is given out: at the end of the first event at or after that time.
    pub heard: Timestamp,
    /// The values, in the order of [`FeatureSpec::columns`]; all are finite.
    pub values: &'a [f64],
}

/// The features of all instruments of a run.
#[derive(Clone, Debug)]
pub struct Features {
    spec: FeatureSpec,
    streams: Vec<FeatureStream>,
}

impl Features {
    /// Nothing was heard yet.
    pub const fn new(spec: FeatureSpec) -> Features {
        Features {
            spec,
            streams: Vec::new(),
        }
    }

    /// What is computed, and when.
    pub const fn spec(&self) -> &FeatureSpec {
        &self.spec
    }

    /// Writes down what was heard, to go on from elsewhere: a strategy that computes features saves them with its own
    /// state.
    pub fn save(&self, saver: &mut Saver) {
        let spec = self.spec.text();
        saver.integer(spec.len() as i64);
        spec.bytes().for_each(|x| saver.integer(x.into()));
        saver.integer(self.streams.len() as i64);
        self.streams.iter().for_each(|x| x.save(saver));
    }

    /// Takes over what features of the same specification wrote down.
    ///
    /// # Errors
    /// That the bytes are none of theirs; these features are then as they were.
    pub fn load(&mut self, saved: &mut Saved<'_>) -> Result<(), String> {
        let spec = self.spec.text();
        let mut same = saved.integer()? == spec.len() as i64;
        for byte in spec.bytes() {
            same = same && saved.integer()? == i64::from(byte);
        }
        if !same {
            return Err(format!("the saved state is not of these features: {spec}"));
        }
        let count = saved.integer()?;
        let stream = |_| FeatureStream::load(self.spec.clone(), saved);
        self.streams = (0..count).map(stream).collect::<Result<_, _>>()?;
        Ok(())
    }

    /// Hears a market event and the book of its instrument, as a strategy that subscribes to `mbp` and `trades` does;
    /// gives a row where one is due.
    pub fn hear(&mut self, event: &MarketEvent, book: BookView<'_>) -> Option<FeatureRow<'_>> {
        let instrument = event.instrument();
        let place = instrument.index();
        while self.streams.len() <= place {
            self.streams.push(FeatureStream::new(self.spec.clone()));
        }
        let stream = &mut self.streams[place];
        let (is_due, heard) = match event {
            MarketEvent::Trade(trade) => (stream.hear_trade(trade), trade.ts_recv),
            MarketEvent::Level(level) if level.flags.is_last() => {
                (stream.hear_book(level.ts_recv, book), level.ts_recv)
            }
            _ => return None,
        };
        is_due.then(|| FeatureRow {
            instrument,
            at: stream.at(),
            heard,
            values: stream.values(),
        })
    }
}
