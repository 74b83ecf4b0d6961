//! The book of one instrument while it is resolved: every order, every level.
//!
//! Takes in changes of orders and levels; gives out what a row has to say about them.

use backplane_sdk::book::{Ladder, Level};
use backplane_sdk::types::{Price, Quantity, Side};

use crate::hash::{Lookup, lookup};
use crate::signals::Signals;

/// An order that rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) side: Side,
    pub(super) price: Price,
    /// What is left of it.
    pub(super) remaining: u32,
    /// The number of the row at which it took its place in the queue.
    pub(super) priority: u32,
}

/// What a change did to a level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct LevelChange {
    /// Its place, best first, saturated.
    pub(super) rank: u8,
    /// What rests there now.
    pub(super) size: u32,
    /// Whether the change made a new best level.
    pub(super) is_new_best: bool,
}

/// The book of one instrument.
#[derive(Debug)]
pub(super) struct Book {
    /// Never walked, only asked: its order is no one's business.
    orders: Lookup<u64, Order>,
    ladders: [Ladder; 2],
    /// The best levels when the last event ended.
    best: [Option<Level>; 2],
    /// The place, among the rows not handed out yet, of the open event's latest row.
    pub(super) last_row: Option<usize>,
    /// Whether the open event is a snapshot that says nothing new.
    pub(super) skips_event: bool,
}

impl Book {
    /// An empty book.
    pub(super) fn new() -> Book {
        Book {
            orders: lookup(),
            ladders: [Ladder::new(Side::Buy), Ladder::new(Side::Sell)],
            best: [None, None],
            last_row: None,
            skips_event: false,
        }
    }

    /// The levels of a side, best first.
    pub(super) fn levels(&self, side: Side) -> &[Level] {
        self.ladders[side.index()].levels()
    }

    /// The number of orders.
    pub(super) fn orders(&self) -> usize {
        self.orders.len()
    }

    /// Whether neither orders nor levels are there.
    pub(super) fn is_empty(&self) -> bool {
        self.orders.is_empty() && self.ladders.iter().all(|ladder| ladder.levels().is_empty())
    }

    /// Empties the book; the best levels of the last event stay for comparison.
    pub(super) fn clear(&mut self) {
        self.orders.clear();
        for ladder in &mut self.ladders {
            ladder.clear();
        }
    }

    /// The order of a number; none for 0, which means that the source does not know it.
    pub(super) fn order(&self, order_id: u64) -> Option<Order> {
        match order_id {
            0 => None,
            _ => self.orders.get(&order_id).copied(),
        }
    }

    /// Remembers an order, or forgets it where nothing is left of it.
    pub(super) fn set_order(&mut self, order_id: u64, order: Order) {
        if order_id == 0 {
            return;
        }
        if order.remaining == 0 {
            self.orders.remove(&order_id);
        } else {
            self.orders.insert(order_id, order);
        }
    }

    /// What rests at a price.
    pub(super) fn level_size(&self, side: Side, price: Price) -> u32 {
        let size = self.ladders[side.index()].size_at(price).0;
        u32::try_from(size).unwrap_or(u32::MAX)
    }

    /// Changes a level by `added` and `removed`; none where the result does not fit its column. What is removed
    /// beyond what is there is ignored.
    pub(super) fn change_level(
        &mut self,
        side: Side,
        price: Price,
        added: u32,
        removed: u32,
    ) -> Option<LevelChange> {
        let before = self.level_size(side, price);
        let after = before.saturating_sub(removed).checked_add(added)?;
        let change = self.ladders[side.index()].set(price, Quantity(i64::from(after)));
        Some(LevelChange {
            rank: u8::try_from(change.rank).unwrap_or(u8::MAX),
            size: after,
            is_new_best: change.created && change.rank == 0,
        })
    }

    /// A level as a row sees it that does not change it.
    pub(super) fn level(&self, side: Side, price: Price) -> LevelChange {
        let rank = self.ladders[side.index()]
            .find(price)
            .unwrap_or_else(|place| place);
        LevelChange {
            rank: u8::try_from(rank).unwrap_or(u8::MAX),
            size: self.level_size(side, price),
            is_new_best: false,
        }
    }

    /// At the end of an event: the signals of what changed at the best prices since the last one.
    pub(super) fn best_changes(&mut self) -> u8 {
        let now = [self.ladders[0].best(), self.ladders[1].best()];
        let before = std::mem::replace(&mut self.best, now);
        let price = |level: Option<Level>| level.map(|level| level.price);
        let mut signals = 0;
        for (now, before) in now.into_iter().zip(before) {
            if now != before {
                signals |= Signals::BBO;
            }
            if price(now) != price(before) {
                signals |= Signals::BBO_PRICE;
            }
        }
        signals
    }

    /// Whether the best bid is at or above the best ask.
    pub(super) fn is_crossed(&self) -> bool {
        match (self.ladders[0].best(), self.ladders[1].best()) {
            (Some(bid), Some(ask)) => bid.price >= ask.price,
            _ => false,
        }
    }
}
