//! The first reading of a feed.
//!
//! Takes in its channels; gives out the instruments, the steps of their prices and sizes, and how the clocks stand.

use std::collections::{BTreeMap, BTreeSet};

use super::clock::Clocks;
use super::grid::Steps;
use super::{Feed, ImportOptions, Pass};
use crate::error::TapeError;
use crate::format::INSTRUMENTS_MAX;
use crate::import::feed::update::Update;

/// What was seen of an instrument.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Found {
    pub(super) steps: Steps,
}

/// What a feed holds.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// By symbol; an instrument's place is its number in the tape.
    pub(super) instruments: BTreeMap<String, Found>,
    unwanted: BTreeSet<String>,
    places: BTreeMap<String, u16>,
    clocks: Clocks,
    noticed: BTreeMap<&'static str, u64>,
}

impl Survey {
    /// Reads a feed from its beginning to its end.
    pub(super) fn of(feed: &dyn Feed, options: &ImportOptions) -> Result<Survey, TapeError> {
        let mut survey = Survey::default();
        let mut update = Update::default();
        for mut channel in feed.open(Pass::Survey)? {
            while channel.next(&mut update)? {
                if survey.wants(&update.symbol, feed, options) {
                    survey.note(&update, options.clock_offset);
                    if survey.instruments.len() > INSTRUMENTS_MAX {
                        let why = format!(
                            "it is of more than {INSTRUMENTS_MAX} instruments, which is the most that a tape holds"
                        );
                        return Err(channel.wrong(None, why));
                    }
                }
            }
            for (what, count) in channel.noticed() {
                let sum = survey.noticed.entry(what).or_default();
                *sum = sum.saturating_add(count);
            }
        }
        let symbols = survey.instruments.keys().cloned();
        survey.places = symbols.zip(0..=u16::MAX).collect();
        Ok(survey)
    }

    /// Whether the user wants an instrument, which is known from then on.
    fn wants(&mut self, symbol: &str, feed: &dyn Feed, options: &ImportOptions) -> bool {
        if self.instruments.contains_key(symbol) {
            return true;
        }
        if self.unwanted.contains(symbol) {
            return false;
        }
        let traits = feed.traits(symbol);
        let is_wanted = options.wants(traits.symbol.as_deref().unwrap_or(symbol));
        if is_wanted {
            self.instruments.insert(symbol.to_owned(), Found::default());
        } else {
            self.unwanted.insert(symbol.to_owned());
        }
        is_wanted
    }

    fn note(&mut self, update: &Update, offset: i64) {
        let Some(found) = self.instruments.get_mut(&update.symbol) else {
            return;
        };
        for level in &update.levels {
            found.steps.price(level.price);
            found.steps.size(level.size);
        }
        for print in &update.prints {
            found.steps.print(print.price);
            found.steps.size(print.size);
        }
        let received = update.ts_recv.saturating_add(offset);
        self.clocks.note(update.ts_event, received);
    }

    /// The number of an instrument in the tape; none where it is not wanted.
    pub(super) fn place(&self, symbol: &str) -> Option<u16> {
        self.places.get(symbol).copied()
    }

    /// What the user should know.
    pub(super) fn notes(&self, options: &ImportOptions) -> Vec<String> {
        let clock = self.clocks.note_text(options.clock_offset);
        let noticed = self
            .noticed
            .iter()
            .map(|(what, count)| format!("{count} {what}"));
        clock.into_iter().chain(noticed).collect()
    }
}
