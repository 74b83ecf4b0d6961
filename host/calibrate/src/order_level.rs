//! Ghosts on the tape of orders.
//!
//! Takes in a recording; gives out, for each order that was chosen, what was executed of it and what the exchange filled
//! of its ghost.

use backplane_engine::contract::Contract;
use backplane_engine::exchange::{QueueRules, View};
use backplane_engine::market::Market;
use backplane_sdk::book::LevelBook;
use backplane_sdk::types::{Price, Quantity};

use crate::ghost::Ghost;
use crate::history::{Deed, Execution, RealOrder};
use crate::recording::Recording;

/// What a contract is worth: of no account here.
const MULTIPLIER: i64 = 1_000_000_000;

/// Where a ghost stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// In the place of the real order.
    Instead,
    /// Just behind it.
    Behind,
}

/// Real orders are shadowed one by one, in the order of their entry.
pub struct Shadows<'a> {
    recording: &'a Recording,
    market: Market,
    applied: usize,
    contracts: Vec<Contract>,
    /// Books of one side, for orders that cross the other.
    alone: Vec<LevelBook>,
}

/// What became of a ghost.
#[derive(Clone, Debug, Default)]
pub struct Fate {
    /// What stood ahead of it when it entered.
    pub ahead: i64,
    /// What was filled of it.
    pub fills: Vec<Execution>,
}

impl<'a> Shadows<'a> {
    /// No orders yet.
    pub fn new(recording: &'a Recording) -> Shadows<'a> {
        Shadows {
            recording,
            market: Market::new(recording.instruments.len()),
            applied: 0,
            contracts: vec![Contract::linear(MULTIPLIER); recording.instruments.len()],
            alone: vec![LevelBook::new(); recording.instruments.len()],
        }
    }

    /// The fate of the ghost of an order, which entered no earlier than those before. With a time, no further than that.
    pub fn shadow(
        &mut self,
        order: &RealOrder,
        slot: Slot,
        queue: &QueueRules,
        until: Option<i64>,
    ) -> Fate {
        let recording = self.recording;
        self.market
            .apply_all(recording.simulated(), self.applied..order.row);
        self.applied = order.row;
        let number = usize::from(order.instrument);
        let book = &self.market.books()[number];
        let (price, side) = (Price(order.price), order.side);
        let ahead = book.size_at(side, price).0;
        let other = book.best(side.opposite());
        let mut books = self.market.books();
        if other.is_some_and(|x| side.crosses(price, x.price)) {
            // The real order rested: what it crosses is cancelled in the same event, or nothing is matched now.
            self.alone[number].clear();
            for level in book.levels(side) {
                self.alone[number].set(side, level.price, level.size);
            }
            books = &self.alone;
        }
        let view = View {
            rows: recording.simulated(),
            first: 0,
            heard: order.row as u64,
            books,
            grids: &recording.grids,
            contracts: &self.contracts,
            last_trades: &[],
        };
        let behind = usize::from(slot == Slot::Behind);
        let end = until.map_or(recording.rows.len(), |at| recording.row_after(at));
        let mut ghost = Ghost::new(queue.clone(), false, order.instrument, order.side);
        let enters = (order.row + behind) as u64;
        ghost.enter(&view, enters, order.entered, order.price, order.size);
        let mut hidden = Vec::new();
        if order.marks.is_refilled {
            hidden.resize_with(recording.instruments.len(), LevelBook::new);
        }
        for step in &order.steps {
            let row = step.row + behind;
            if row > end {
                break;
            }
            let at = recording.times[step.row.min(recording.times.len() - 1)];
            let Deed::Refill { shown, .. } = step.deed else {
                ghost.follow(&view, row as u64, at, step.deed);
                continue;
            };
            // What is shown next stands behind all that is shown but the real order.
            ghost.advance(&view, row as u64);
            let size = recording.level_before(row, order.instrument, side, ghost.price().0);
            hidden[number].clear();
            hidden[number].set(side, ghost.price(), Quantity((size - shown).max(0)));
            let view = View {
                heard: row as u64,
                books: &hidden,
                ..view
            };
            ghost.follow(&view, row as u64, at, step.deed);
        }
        if ghost.is_open() {
            ghost.advance(&view, end as u64);
        }
        Fate {
            ahead,
            fills: ghost.fills,
        }
    }
}
