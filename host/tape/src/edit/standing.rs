//! What stands in one instrument's book, as the rows of a tape tell it.
//!
//! Takes in rows; gives out, at any time, the messages that make such a book of nothing: level by level, best first, what
//! no known order accounts for before the orders, and these in the order of their places in the queue.

use std::collections::BTreeMap;

use backplane_sdk::types::{Action, Flags, Price, Side, Timestamp, TradingStatus};

use crate::message::SourceMessage;
use crate::row::Row;
use crate::signals::Signals;

/// An order.
#[derive(Clone, Copy, Debug)]
struct Order {
    side: Side,
    price: i64,
    remaining: u32,
    priority: u64,
}

/// A book.
#[derive(Debug, Default)]
pub(super) struct Standing {
    orders: BTreeMap<u64, Order>,
    levels: [BTreeMap<i64, u32>; 2],
    /// The trading status, where a row said it.
    pub(super) status: Option<TradingStatus>,
    /// Whether an event has begun and not ended.
    pub(super) is_open: bool,
}

impl Standing {
    /// Takes in a row, whose number in its tape is counted from 1.
    pub(super) fn apply(&mut self, row: &Row, number: u64) {
        self.is_open = !row.is_last();
        if row.action == crate::format::ACTION_STATUS {
            self.status = u8::try_from(row.size)
                .ok()
                .and_then(TradingStatus::from_code);
            return;
        }
        match Action::from_code(row.action) {
            Some(Action::Clear) => {
                self.orders.clear();
                self.levels = [BTreeMap::new(), BTreeMap::new()];
                return;
            }
            Some(Action::Trade) | None => return,
            Some(_) => {}
        }
        let Some(side) = Side::from_code(row.side) else {
            return;
        };
        match row.level_size {
            0 => self.levels[side.index()].remove(&row.price),
            size => self.levels[side.index()].insert(row.price, size),
        };
        if row.order_id == 0 {
            return;
        }
        let is_new = match row.action {
            b'A' => row.priority > 0,
            b'M' => row.signals(Signals::BOOK),
            _ => false,
        };
        let known = self.orders.get(&row.order_id).map(|order| order.priority);
        match (row.remaining, is_new, known) {
            (0, ..) => {
                self.orders.remove(&row.order_id);
            }
            (_, false, None) => {}
            (remaining, is_new, known) => {
                let priority = match known {
                    Some(known) if !is_new => known,
                    _ => number,
                };
                let order = Order {
                    side,
                    price: row.price,
                    remaining,
                    priority,
                };
                self.orders.insert(row.order_id, order);
            }
        }
    }

    /// Whether nothing rests.
    pub(super) fn is_empty(&self) -> bool {
        self.levels.iter().all(BTreeMap::is_empty)
    }

    /// Whether the best bid is at or above the best ask.
    pub(super) fn is_crossed(&self) -> bool {
        let [bids, asks] = &self.levels;
        match (bids.last_key_value(), asks.first_key_value()) {
            (Some((bid, _)), Some((ask, _))) => bid >= ask,
            _ => false,
        }
    }

    /// The messages of a snapshot at a time, as one atomic event; none where nothing rests.
    pub(super) fn snapshot(&self, instrument: u16, time: i64) -> Vec<SourceMessage> {
        let message = |side: Side, price: i64, order_id: u64, size: u32| SourceMessage {
            ts_event: Timestamp(time),
            ts_recv: Timestamp(time),
            order_id,
            price: Price(price),
            size,
            sequence: 0,
            instrument,
            action: Action::Add,
            side: Some(side),
            flags: Flags(Flags::SNAPSHOT),
        };
        let mut queued: Vec<(&u64, &Order)> = self.orders.iter().collect();
        queued.sort_by_key(|(_, order)| order.priority);
        let mut made = Vec::new();
        for side in Side::BOTH {
            let levels = &self.levels[side.index()];
            let best_first: Vec<(&i64, &u32)> = match side {
                Side::Buy => levels.iter().rev().collect(),
                Side::Sell => levels.iter().collect(),
            };
            let mut by_price: BTreeMap<i64, Vec<(u64, u32)>> = BTreeMap::new();
            for (id, order) in queued.iter().filter(|(_, order)| order.side == side) {
                let at = by_price.entry(order.price).or_default();
                at.push((**id, order.remaining));
            }
            for (price, size) in best_first {
                let orders = by_price.get(price).map_or(&[][..], Vec::as_slice);
                let known = orders.iter().fold(0_u32, |sum, x| sum.saturating_add(x.1));
                let unknown = size.saturating_sub(known);
                if unknown > 0 {
                    made.push(message(side, *price, 0, unknown));
                }
                made.extend(orders.iter().map(|x| message(side, *price, x.0, x.1)));
            }
        }
        if let Some(last) = made.last_mut() {
            last.flags.0 |= Flags::LAST;
        }
        made
    }
}
