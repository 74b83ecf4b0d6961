//! Orders of which the tape itself says that no queue could tell their fate.
//!
//! Takes in a recording and its orders; gives out a class for each, found before anything is simulated.

use std::collections::BTreeMap;

use backplane_sdk::types::{Action, Side};
use serde::Serialize;

use crate::history::{History, RealOrder};
use crate::recording::Recording;
use backplane_engine::market::Market;
use backplane_sdk::types::InstrumentId;
use backplane_tape::Signals;

/// Why an order's fate is not the queue's alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// What was executed was shown again from a hidden rest.
    Iceberg,
    /// It was cancelled in a match event that executed others at its price.
    SelfMatch,
    /// It rested while the book was crossed: before an opening, in an auction.
    Auction,
    /// It came in the place of another: its number had been used before, or an order of its side, price and size left
    /// in the same match event.
    Relisted,
    /// Its level left the levels that the source shows.
    LeftWindow,
    /// It was changed in a match event in which its own side aggressed.
    ModifiedToCross,
}

impl Class {
    /// Every class, the first that holds counts.
    pub const ALL: [Class; 6] = [
        Class::Iceberg,
        Class::SelfMatch,
        Class::Auction,
        Class::Relisted,
        Class::LeftWindow,
        Class::ModifiedToCross,
    ];

    /// The class in words.
    pub const fn text(self) -> &'static str {
        match self {
            Class::Iceberg => "iceberg or refreshed",
            Class::SelfMatch => "self-match",
            Class::Auction => "auction or pre-open",
            Class::Relisted => "re-listed",
            Class::LeftWindow => "left the level window",
            Class::ModifiedToCross => "modified to cross",
        }
    }
}

/// What the tape says of its own troubles.
struct Troubles {
    /// For each instrument the times from which to which its book was crossed.
    crossed: Vec<Vec<(i64, i64)>>,
    /// The times at which a level was dropped out of sight.
    dropped: BTreeMap<(u16, usize, i64), Vec<i64>>,
}

/// What the tape says of an order before anything is simulated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Its class; none where the queue says all of its fate.
    pub class: Option<Class>,
    /// When its level left the levels that the source shows: what became of it afterwards is not known.
    pub censored: Option<i64>,
}

/// The standing of each order, in the order of the orders.
pub fn assign(recording: &Recording, history: &History) -> Vec<Standing> {
    let troubles = Troubles::find(recording);
    let standing = |order: &RealOrder| {
        let until = order.ended.map_or(i64::MAX, |row| recording.times[row]);
        let censored = troubles.dropped(order, until);
        let holds = |class: &&Class| match class {
            Class::Iceberg => order.marks.is_refilled,
            Class::SelfMatch => order.marks.is_self_match,
            Class::Auction => troubles.was_crossed(order, until),
            Class::Relisted => order.marks.is_relisted,
            Class::LeftWindow => censored.is_some(),
            Class::ModifiedToCross => order.marks.modified_to_cross,
        };
        Standing {
            class: Class::ALL.iter().find(holds).copied(),
            censored,
        }
    };
    history.orders.iter().map(standing).collect()
}

impl Troubles {
    fn find(recording: &Recording) -> Troubles {
        let mut market = Market::new(recording.instruments.len());
        let mut troubles = Troubles {
            crossed: vec![Vec::new(); recording.instruments.len()],
            dropped: BTreeMap::new(),
        };
        for (place, row) in recording.rows.iter().enumerate() {
            market.apply_all(recording.simulated(), place..place + 1);
            let at = recording.times[place];
            let side = Side::from_code(row.side);
            if let Some(side) = side
                && row.action == Action::Cancel.code()
                && row.order_id == 0
                && row.level_size == 0
            {
                let level = (row.instrument, side.index(), row.price);
                troubles.dropped.entry(level).or_default().push(at);
            }
            if row.signals(Signals::LAST | Signals::BBO_PRICE) {
                let best = market.best(InstrumentId(row.instrument.into()));
                let is_crossed = match (best.bid, best.ask) {
                    (Some(bid), Some(ask)) => bid.price >= ask.price,
                    _ => false,
                };
                troubles.note_crossed(usize::from(row.instrument), at, is_crossed);
            }
        }
        troubles
    }

    fn note_crossed(&mut self, instrument: usize, at: i64, is_crossed: bool) {
        let spans = &mut self.crossed[instrument];
        let open = spans.last_mut().filter(|x| x.1 == i64::MAX);
        match (open, is_crossed) {
            (None, true) => spans.push((at, i64::MAX)),
            (Some(span), false) => span.1 = at,
            _ => {}
        }
    }

    fn was_crossed(&self, order: &RealOrder, until: i64) -> bool {
        let spans = &self.crossed[usize::from(order.instrument)];
        spans.iter().any(|x| x.0 <= until && x.1 >= order.entered)
    }

    /// When an order's level was first dropped out of sight while it rested.
    fn dropped(&self, order: &RealOrder, until: i64) -> Option<i64> {
        let level = (order.instrument, order.side.index(), order.price);
        let times = self.dropped.get(&level)?;
        let next = times.partition_point(|x| *x < order.entered);
        times.get(next).copied().filter(|x| *x <= until)
    }
}
