//! The price-level view of a market: rows of schema `mbp` made of rows of schema `mbo`.
//!
//! Takes in resolved order-level rows in tape order; gives out what a feed of price levels and trades would have shown
//! of them, one atomic event at a time: the event's trade prints, then each level that it changed, with its final size.
//! What the rows hold is said in [`mod@crate::format`]. All rows of an event bear the times of its last order-level row:
//! a subscriber of the best prices hears the same changes at the same times from either tape.
//!
//! ```
//! use backplane_tape::{Row, Signals, levels::LevelView};
//!
//! let mut view = LevelView::new(1);
//! let add = Row { action: b'A', side: b'B', price: 5, size: 2, order_id: 7, ..Row::default() };
//! let first = Row { level_size: 2, signals: Signals::BOOK, ..add };
//! let last = Row { level_size: 4, signals: Signals::BOOK | Signals::LAST, order_id: 8, ..add };
//! assert!(view.push(&first).is_empty());
//! assert_eq!(view.push(&last)[0].size, 4);
//! ```

mod event;
mod maker;

use backplane_sdk::book::Ladder;
use backplane_sdk::types::Side;

use crate::format::ACTION_STATUS;
use crate::row::Row;
use crate::statistics::Crossed;
use event::Event;

pub(crate) use maker::LevelMaker;

/// Makes price-level rows of one tape's order-level rows.
#[derive(Debug)]
pub struct LevelView {
    instruments: Vec<Instrument>,
    /// The rows of the event that ended last.
    rows: Vec<Row>,
    crossed: Crossed,
}

/// An instrument's levels, and its event that has not ended.
#[derive(Debug)]
struct Instrument {
    ladders: [Ladder; 2],
    event: Event,
}

impl LevelView {
    /// A view of so many instruments, all with empty books.
    pub fn new(instruments: usize) -> LevelView {
        let instrument = || Instrument {
            ladders: Side::BOTH.map(Ladder::new),
            event: Event::default(),
        };
        LevelView {
            instruments: std::iter::repeat_with(instrument)
                .take(instruments)
                .collect(),
            rows: Vec::new(),
            crossed: Crossed::default(),
        }
    }

    /// Takes in an order-level row; gives out the rows of the event that it ends: none while the event is open, where
    /// nothing of it is to be seen, and for an instrument that is not there.
    pub fn push(&mut self, row: &Row) -> &[Row] {
        self.rows.clear();
        let Some(instrument) = self.instruments.get_mut(usize::from(row.instrument)) else {
            return &[];
        };
        if row.action == ACTION_STATUS {
            self.rows.push(*row);
            return &self.rows;
        }
        instrument.event.note(row);
        if row.is_last() {
            instrument
                .event
                .close(row, &mut instrument.ladders, &mut self.rows);
            if !self.rows.is_empty() && is_crossed(&instrument.ladders) {
                self.crossed.count(row.ts_event);
            }
        }
        &self.rows
    }

    /// The crossed books so far, at the end of events that gave rows.
    pub const fn crossed(&self) -> Crossed {
        self.crossed
    }
}

/// Whether the best bid is at or above the best ask.
fn is_crossed(ladders: &[Ladder; 2]) -> bool {
    match (ladders[0].best(), ladders[1].best()) {
        (Some(bid), Some(ask)) => bid.price >= ask.price,
        _ => false,
    }
}
