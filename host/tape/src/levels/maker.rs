//! Rows of a source that shows price levels and trades itself.
//!
//! Takes in [`LevelMessage`]s in tape order; gives out rows of schema `mbp`, one atomic event at a time, such as
//! [`LevelView`](super::LevelView) makes of orders.

use backplane_sdk::book::{Ladder, Level};
use backplane_sdk::types::{Action, Flags, Price, Side};

use super::event::Event;
use super::is_crossed;
use crate::error::TapeError;
use crate::message::{LevelMessage, LevelSays, StatusMessage};
use crate::row::Row;
use crate::signals::Signals;
use crate::statistics::{Crossed, Resolution};

/// Changes and prints of one event that has not ended: a snapshot of a deep book is one event.
const EVENT_MAX: usize = 1 << 20;

/// Makes price-level rows of price-level messages.
pub(crate) struct LevelMaker {
    instruments: Vec<Instrument>,
    /// The rows of the event that ended last.
    rows: Vec<Row>,
    ts_recv: i64,
    crossed: Crossed,
    resolution: Resolution,
}

/// An instrument's levels, and its event that has not ended.
struct Instrument {
    ladders: [Ladder; 2],
    event: Event,
    /// The latest message's row of the open event; none while no event is open.
    open: Option<Row>,
    /// The best levels when the last event ended.
    best: [Option<Level>; 2],
}

impl LevelMaker {
    /// So many instruments, all with empty books.
    pub(crate) fn new(instruments: usize) -> LevelMaker {
        let instrument = || Instrument {
            ladders: Side::BOTH.map(Ladder::new),
            event: Event::default(),
            open: None,
            best: [None, None],
        };
        LevelMaker {
            instruments: std::iter::repeat_with(instrument)
                .take(instruments)
                .collect(),
            rows: Vec::new(),
            ts_recv: i64::MIN,
            crossed: Crossed::default(),
            resolution: Resolution::default(),
        }
    }

    /// Takes in a message; gives out the rows of the event that it ends.
    ///
    /// # Errors
    /// The instrument is not there, or an event does not end.
    pub(crate) fn push(&mut self, message: &LevelMessage<'_>) -> Result<&[Row], TapeError> {
        self.begin();
        let ts_recv = self.receive(message.ts_recv.0);
        let place = usize::from(message.instrument);
        let Some(instrument) = self.instruments.get_mut(place) else {
            return Err(self.wrong(format!("instrument {place} is not there")));
        };
        let row = Row {
            ts_event: message.ts_event.0,
            ts_recv,
            instrument: message.instrument,
            side: b'N',
            flags: message.flags.0 & !Flags::LAST,
            price: Price::UNDEFINED.0,
            sequence: message.sequence,
            ..Row::default()
        };
        if !instrument.note(&message.says, &row) {
            self.resolution.malformed = self.resolution.malformed.saturating_add(1);
        }
        instrument.open = Some(row);
        if instrument.event.len() > EVENT_MAX {
            let why = format!("an event has not ended after {EVENT_MAX} changes");
            return Err(self.wrong(why));
        }
        if message.flags.is_last() {
            self.close(place);
        }
        Ok(&self.rows)
    }

    /// Takes in a change of trading status; gives out its row, after those of the open event of its instrument.
    ///
    /// # Errors
    /// The instrument is not there.
    pub(crate) fn status(&mut self, message: &StatusMessage) -> Result<&[Row], TapeError> {
        self.begin();
        let ts_recv = self.receive(message.ts_recv.0);
        let place = usize::from(message.instrument);
        if place >= self.instruments.len() {
            return Err(self.wrong(format!("instrument {place} is not there")));
        }
        self.close(place);
        self.rows.push(message.row(ts_recv));
        Ok(&self.rows)
    }

    /// Ends the stream: what is still open ends here, and is counted.
    pub(crate) fn finish(&mut self) -> Result<&[Row], TapeError> {
        self.rows.clear();
        let mut all = Vec::new();
        for place in 0..self.instruments.len() {
            if self.instruments[place].open.is_some() {
                self.resolution.unfinished_events =
                    self.resolution.unfinished_events.saturating_add(1);
                // Rows are sorted by time: what was open before others ended ends no earlier than they did.
                if let Some(row) = &mut self.instruments[place].open {
                    row.ts_recv = row.ts_recv.max(self.ts_recv);
                }
                self.close(place);
                all.append(&mut self.rows);
            }
        }
        self.rows = all;
        Ok(&self.rows)
    }

    /// What was noticed so far.
    pub(crate) const fn resolution(&self) -> &Resolution {
        &self.resolution
    }

    /// For importers, to add what they noticed.
    pub(crate) const fn resolution_mut(&mut self) -> &mut Resolution {
        &mut self.resolution
    }

    /// The crossed books so far, at the end of events that gave rows.
    pub(crate) const fn crossed(&self) -> Crossed {
        self.crossed
    }

    /// The levels of an instrument's side after the last finished event, best first.
    pub(crate) fn levels(&self, instrument: u16, side: Side) -> &[Level] {
        self.instruments
            .get(usize::from(instrument))
            .map_or(&[], |found| found.ladders[side.index()].levels())
    }

    fn begin(&mut self) {
        self.rows.clear();
        self.resolution.messages = self.resolution.messages.saturating_add(1);
    }

    /// The receive time, never before the one before.
    fn receive(&mut self, ts_recv: i64) -> i64 {
        let raised = &mut self.resolution.receive_times_raised;
        *raised = raised.saturating_add(u64::from(ts_recv < self.ts_recv));
        self.ts_recv = self.ts_recv.max(ts_recv);
        self.ts_recv
    }

    /// Ends the open event of an instrument.
    fn close(&mut self, place: usize) {
        let instrument = &mut self.instruments[place];
        let Some(last) = instrument.open.take() else {
            return;
        };
        let last = Row {
            ts_recv: last.ts_recv.max(self.ts_recv),
            signals: Signals::LAST,
            ..last
        };
        instrument
            .event
            .close(&last, &mut instrument.ladders, &mut self.rows);
        let Some(row) = self.rows.last_mut() else {
            return;
        };
        row.signals |= best_changes(&mut instrument.best, &instrument.ladders);
        if is_crossed(&instrument.ladders) {
            self.crossed.count(row.ts_event);
        }
    }

    fn wrong(&self, why: String) -> TapeError {
        TapeError::Message {
            message: self.resolution.messages,
            why,
        }
    }
}

/// The signals of what changed at the best prices since the last event.
fn best_changes(best: &mut [Option<Level>; 2], ladders: &[Ladder; 2]) -> u8 {
    let now = [ladders[0].best(), ladders[1].best()];
    let before = std::mem::replace(best, now);
    let prices = |best: [Option<Level>; 2]| best.map(|level| level.map(|level| level.price));
    let mut signals = 0;
    if now != before {
        signals |= Signals::BBO;
    }
    if prices(now) != prices(before) {
        signals |= Signals::BBO_PRICE;
    }
    signals
}

impl Instrument {
    /// Notes what a message says; whether it could be understood.
    fn note(&mut self, says: &LevelSays<'_>, row: &Row) -> bool {
        match *says {
            LevelSays::Nothing => true,
            LevelSays::Clear => {
                self.event.note(&Row {
                    action: Action::Clear.code(),
                    signals: Signals::BOOK,
                    ..*row
                });
                true
            }
            LevelSays::Trade {
                price,
                size,
                aggressor,
            } => {
                let is_whole = price.is_defined() && size > 0;
                if is_whole {
                    self.event.note(&Row {
                        action: Action::Trade.code(),
                        side: aggressor.map_or(b'N', Side::code),
                        signals: Signals::TRADE,
                        price: price.0,
                        size,
                        ..*row
                    });
                }
                is_whole
            }
            LevelSays::Level { side, price, size } => {
                if price.is_defined() {
                    self.set(side, price, size, row);
                }
                price.is_defined()
            }
            LevelSays::Gone { side, through } => {
                let is_gone = |price: Price| price == through || side.is_better(price, through);
                self.remove(side, row, is_gone);
                through.is_defined()
            }
            LevelSays::Image { side, levels } => {
                self.image(side, levels, row);
                levels.iter().all(|(price, _)| price.is_defined())
            }
        }
    }

    fn set(&mut self, side: Side, price: Price, size: u32, row: &Row) {
        self.event.note(&Row {
            action: Action::Add.code(),
            side: side.code(),
            signals: Signals::BOOK,
            price: price.0,
            level_size: size,
            ..*row
        });
    }

    /// Takes away the levels whose price is gone: those of the last event's end, and those that came since.
    fn remove(&mut self, side: Side, row: &Row, is_gone: impl Fn(Price) -> bool) {
        let known = self.ladders[side.index()].levels().iter();
        let mut gone: Vec<Price> = known.map(|level| level.price).collect();
        gone.extend(self.event.changed(side));
        gone.retain(|price| is_gone(*price));
        for price in gone {
            self.set(side, price, 0, row);
        }
    }

    /// All other levels of the side are gone.
    fn image(&mut self, side: Side, levels: &[(Price, u32)], row: &Row) {
        self.remove(side, row, |price| {
            levels.iter().all(|(kept, _)| *kept != price)
        });
        for (price, size) in levels {
            if price.is_defined() {
                self.set(side, *price, *size, row);
            }
        }
    }
}
