//! The second reading of a feed: updates become messages of the session.
//!
//! Takes in updates in the order of their receive times; gives out their prints and levels in ticks and lots, each update
//! as one atomic event.

use backplane_sdk::types::{Flags, Price, Side, Timestamp};

use super::aggressor::{self, Aggressors};
use super::grid::Grid;
use super::merge::Merge;
use super::resting::Resting;
use super::survey::Survey;
use super::update::{LevelSet, Others, Print, Update};
use super::{Decimal, Feed, ImportOptions, Pass};
use crate::error::TapeError;
use crate::format::{Header, InstrumentDefinition};
use crate::import::session::Session;
use crate::message::{LevelMessage, LevelSays};
use crate::writer::Written;

/// Price levels in one update: a whole book of any venue fits several times.
const LEVELS_MAX: usize = 1 << 17;

/// A tape that is being written.
pub(super) struct Writing<'a, 'b, 'c> {
    session: Session<'a, 'b>,
    survey: &'c Survey,
    instruments: Vec<Instrument>,
    /// Prices and sizes of a side of a whole book, used again.
    image: [Vec<(Price, u32)>; 2],
    clock_offset: i64,
    infers_aggressors: bool,
    /// Ticks between the best prices that are assumed around a bar's print.
    spread: Option<i64>,
    /// Prints of bars that hold less than one lot for each of them.
    thin: u64,
    /// Prints of bars.
    bar_prints: u64,
    /// Whether there were price levels.
    shows_levels: bool,
}

/// What is kept of an instrument.
struct Instrument {
    grid: Grid,
    tick: i64,
    /// The source's levels, where prices are rounded.
    resting: Option<Resting>,
    aggressors: Aggressors,
}

impl Instrument {
    /// The tick of a level, and the lots that rest there once it is set.
    fn level(&mut self, level: &LevelSet) -> Result<(Price, u32), String> {
        let price = self.grid.level_price(level.price)?;
        let size = self.grid.size(level.size)?;
        let Some(resting) = &mut self.resting else {
            return Ok((Price(price), size));
        };
        let total = resting.set(level.side, price, level.price, level.size);
        let size = if total == level.size {
            size
        } else {
            self.grid.size(total)?
        };
        Ok((Price(price), size))
    }
}

/// Of levels of one price, which stand together, the last says what they are together.
fn keep_last_of_each(image: &mut Vec<(Price, u32)>) {
    image.dedup_by(|later, kept| {
        let is_same = later.0 == kept.0;
        if is_same {
            kept.1 = later.1;
        }
        is_same
    });
}

/// Why an update could not be written.
enum Failure {
    /// A value of it does not fit: the number of its level, where it is one, and why.
    Value(Option<usize>, String),
    /// The tape.
    Tape(TapeError),
}

impl From<TapeError> for Failure {
    fn from(error: TapeError) -> Failure {
        Failure::Tape(error)
    }
}

impl From<String> for Failure {
    fn from(why: String) -> Failure {
        Failure::Value(None, why)
    }
}

impl<'a, 'b, 'c> Writing<'a, 'b, 'c> {
    /// Begins to write into a session.
    pub(super) fn new(
        session: Session<'a, 'b>,
        survey: &'c Survey,
        header: &Header,
        options: &ImportOptions,
        feed: &dyn Feed,
    ) -> Writing<'a, 'b, 'c> {
        let instrument = |x: &InstrumentDefinition| Instrument {
            grid: Grid::new(x.tick, Decimal::from(x.lot), options.round),
            tick: x.tick,
            resting: options.round.then(Resting::default),
            aggressors: Aggressors::default(),
        };
        Writing {
            session,
            survey,
            instruments: header.instruments.iter().map(instrument).collect(),
            image: Default::default(),
            clock_offset: options.clock_offset,
            infers_aggressors: feed.infers_aggressors(),
            spread: options.spread.map(|ticks| i64::from(ticks.get())),
            thin: 0,
            bar_prints: 0,
            shows_levels: false,
        }
    }

    /// Reads the feed from its beginning to its end; gives the bytes that were read.
    pub(super) fn read(&mut self, feed: &dyn Feed) -> Result<u64, TapeError> {
        let mut merge = Merge::begin(feed.open(Pass::Write)?)?;
        while let Some((update, channel)) = merge.earliest() {
            if let Some(instrument) = self.survey.place(&update.symbol) {
                let written = self.write(instrument, update, merge.bytes());
                written.map_err(|failure| match failure {
                    Failure::Value(level, why) => merge.wrong(channel, level, why),
                    Failure::Tape(error) => error,
                })?;
            }
            merge.advance(channel)?;
        }
        Ok(merge.bytes())
    }

    /// Ends a repetition of the feed.
    pub(super) fn repeat(&mut self) -> Result<(), TapeError> {
        let resting = self
            .instruments
            .iter_mut()
            .filter_map(|x| x.resting.as_mut());
        resting.for_each(Resting::clear);
        self.session.repeat()
    }

    /// Gives the tape its name.
    pub(super) fn finish(self, bytes: u64) -> Result<Written, TapeError> {
        self.session.finish(bytes)
    }

    /// Writes one update as one atomic event.
    fn write(&mut self, instrument: u16, update: &Update, bytes: u64) -> Result<(), Failure> {
        let marks = if update.is_doubtful {
            Flags::MAYBE_BAD_BOOK
        } else {
            0
        } | if update.is_snapshot {
            Flags::SNAPSHOT
        } else {
            0
        };
        let message = LevelMessage {
            ts_event: Timestamp(update.ts_event),
            ts_recv: Timestamp(update.ts_recv.saturating_add(self.clock_offset)),
            // The lowest bits: numbers wrap.
            sequence: update.sequence as u32,
            instrument,
            flags: Flags(marks),
            says: LevelSays::Nothing,
        };
        let mut printed = None;
        for print in &update.prints {
            let (price, size) = self.print(&message, update, print, bytes)?;
            printed = Some((price, size));
        }
        self.levels(&message, update, bytes)?;
        let flags = Flags(marks | Flags::LAST);
        self.session
            .level(&LevelMessage { flags, ..message }, bytes)?;
        if let (true, Some(printed), Some(ticks)) = (update.is_bar, printed, self.spread) {
            self.assume_quotes(&message, printed, ticks, bytes)?;
        }
        Ok(())
    }

    fn print(
        &mut self,
        message: &LevelMessage<'_>,
        update: &Update,
        print: &Print,
        bytes: u64,
    ) -> Result<(Price, u32), Failure> {
        let instrument = &mut self.instruments[usize::from(message.instrument)];
        let price = Price(instrument.grid.print_price(print.price)?);
        let mut size = instrument.grid.size(print.size)?;
        self.bar_prints = self.bar_prints.saturating_add(u64::from(update.is_bar));
        if let Some((number, count)) = update.share {
            size = share(size, number, count);
            self.thin = self.thin.saturating_add(u64::from(size == 0));
            size = size.max(1);
        }
        let mut aggressor = print.aggressor;
        if self.infers_aggressors && aggressor.is_none() {
            let best = |side| {
                let levels = self.session.levels_of(message.instrument, side);
                levels.first().map(|level| level.price)
            };
            // The path of a bar's prices is known, its quotes between them are not.
            let quotes = if update.is_bar {
                [None, None]
            } else {
                Side::BOTH.map(best)
            };
            aggressor = instrument.aggressors.infer(price, quotes);
        }
        let says = LevelSays::Trade {
            price,
            size,
            aggressor,
        };
        self.session
            .level(&LevelMessage { says, ..*message }, bytes)?;
        Ok((price, size))
    }

    fn levels(
        &mut self,
        message: &LevelMessage<'_>,
        update: &Update,
        bytes: u64,
    ) -> Result<(), Failure> {
        let instrument = &mut self.instruments[usize::from(message.instrument)];
        self.shows_levels |= !update.levels.is_empty();
        if update.levels.len() > LEVELS_MAX {
            let why = format!(
                "it says {} price levels at once, of which {LEVELS_MAX} can be read",
                update.levels.len()
            );
            return Err(Failure::Value(None, why));
        }
        self.image.iter_mut().for_each(Vec::clear);
        if let (Others::Go, Some(resting)) = (update.others, &mut instrument.resting) {
            resting.clear();
        }
        for (number, level) in update.levels.iter().enumerate() {
            let wrong = |why| Failure::Value(Some(number), why);
            let (price, size) = instrument.level(level).map_err(wrong)?;
            let side = level.side;
            if update.others == Others::Go {
                self.image[side.index()].push((price, size));
            } else {
                let says = LevelSays::Level { side, price, size };
                self.session
                    .level(&LevelMessage { says, ..*message }, bytes)?;
            }
        }
        if update.others == Others::Go {
            for side in Side::BOTH {
                let image = &mut self.image[side.index()];
                // Best last: a book has its room in front of the best level, so that none has to move for another.
                match side {
                    Side::Buy => image.sort_by_key(|(price, _)| *price),
                    Side::Sell => image.sort_by_key(|(price, _)| std::cmp::Reverse(*price)),
                }
                if instrument.resting.is_some() {
                    keep_last_of_each(image);
                }
                let levels = image.as_slice();
                let says = LevelSays::Image { side, levels };
                self.session
                    .level(&LevelMessage { says, ..*message }, bytes)?;
            }
        }
        Ok(())
    }

    /// Writes best prices around a print, a nanosecond after it, as an event of their own.
    fn assume_quotes(
        &mut self,
        print: &LevelMessage<'_>,
        (price, size): (Price, u32),
        ticks: i64,
        bytes: u64,
    ) -> Result<(), TapeError> {
        let tick = self.instruments[usize::from(print.instrument)].tick;
        let below = (ticks / 2).saturating_mul(tick);
        let bid = Price(price.0.saturating_sub(below)).floor_to_tick(Price(tick));
        let ask = Price(bid.0.saturating_add(ticks.saturating_mul(tick)));
        let after = |time: Timestamp| Timestamp(time.0.saturating_add(1));
        for (side, price, flags) in [(Side::Buy, bid, 0), (Side::Sell, ask, Flags::LAST)] {
            let levels = [(price, size)];
            let message = LevelMessage {
                ts_event: after(print.ts_event),
                ts_recv: after(print.ts_recv),
                flags: Flags(flags),
                says: LevelSays::Image {
                    side,
                    levels: &levels,
                },
                ..*print
            };
            self.session.level(&message, bytes)?;
        }
        Ok(())
    }

    /// What was rounded, inferred and assumed.
    pub(super) fn notes(&self) -> Vec<String> {
        let rounded = self.instruments.iter().map(|x| x.grid.rounded());
        let (prices, sizes) = rounded.fold((0_u64, 0_u64), |(prices, sizes), more| {
            (
                prices.saturating_add(more.prices),
                sizes.saturating_add(more.sizes),
            )
        });
        let mut notes = Vec::new();
        if (prices, sizes) != (0, 0) {
            notes.push(format!(
                "{prices} prices and {sizes} sizes were rounded to whole ticks and lots"
            ));
        }
        notes.extend(self.bars_note());
        if self.thin > 0 {
            notes.push(format!(
                "{} prints of bars are of one lot, because their bars hold less than a lot for each",
                self.thin
            ));
        }
        let aggressors = self.instruments.iter().map(|x| x.aggressors);
        notes.extend(aggressor::note(&aggressors.collect::<Vec<_>>()));
        notes
    }
}

impl Writing<'_, '_, '_> {
    /// What the user should know of bars of trades.
    fn bars_note(&self) -> Option<String> {
        match (self.bar_prints, self.spread) {
            (0, _) => None,
            (_, Some(ticks)) => Some(format!(
                "bars show no book: best prices {ticks} ticks apart around each of their prints are assumed (`--spread`)"
            )),
            (_, None) if self.shows_levels => None,
            (_, None) => Some(
                "bars show no book, so that market orders will be refused for want of liquidity, and resting orders are \
                 filled as prices pass them; `--spread 2` assumes best prices two ticks apart"
                    .to_owned(),
            ),
        }
    }
}

/// The part of a whole that is the `number`th of so many: all the same, the last one with what is left.
const fn share(whole: u32, number: u8, count: u8) -> u32 {
    let (number, count) = (number as u32, if count == 0 { 1 } else { count as u32 });
    let part = whole / count;
    if number + 1 == count {
        whole - part * number
    } else {
        part
    }
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn shares_are_the_whole() {
        for whole in [0, 1, 3, 4, 10, u32::MAX] {
            for count in 1..=4 {
                let parts = (0..count).map(|number| u64::from(share(whole, number, count)));
                assert_eq!(parts.sum::<u64>(), u64::from(whole));
            }
        }
    }
}
