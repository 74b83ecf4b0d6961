//! A second book, built from nothing but a tape's rows.
//!
//! Takes in rows of one instrument; gives out what each row should say of level, queue and best prices. It shares no
//! code with the resolver and keeps its levels in another structure, so that the two can only agree by being right.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, DefaultHasher};

use crate::row::Row;
use crate::signals::Signals;

/// An order as the rows tell of it.
#[derive(Clone, Copy, Debug)]
struct Order {
    remaining: u32,
    priority: u32,
}

/// What a row should say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Expected {
    pub(super) rank: u8,
    pub(super) level_size: u32,
    pub(super) priority: u32,
    pub(super) remaining: u32,
    /// The bits BOOK and, for adds and fills, MATCH.
    pub(super) signals: u8,
    /// Whether more was taken out than was there.
    pub(super) is_over: bool,
    /// Whether an order was added that was there.
    pub(super) is_duplicate: bool,
    /// Whether it is of an order that was not added.
    pub(super) is_unknown: bool,
}

/// The best price and its size of a side.
pub(super) type Best = Option<(i64, i64)>;

/// The book of one instrument.
#[derive(Debug, Default)]
pub(super) struct Rebuild {
    bids: BTreeMap<i64, i64>,
    asks: BTreeMap<i64, i64>,
    orders: HashMap<u64, Order, BuildHasherDefault<DefaultHasher>>,
    best_before: [Best; 2],
}

impl Rebuild {
    /// Applies a row, whose number in the tape is counted from 1.
    pub(super) fn apply(&mut self, row: &Row, number: u64) -> Expected {
        match row.action {
            b'A' => self.add(row, number),
            b'C' | b'F' => self.remove(row),
            b'M' => self.modify(row, number),
            b'R' => {
                self.bids.clear();
                self.asks.clear();
                self.orders.clear();
                Expected {
                    signals: Signals::BOOK,
                    ..Expected::default()
                }
            }
            _ => Expected::default(),
        }
    }

    fn add(&mut self, row: &Row, number: u64) -> Expected {
        let (rank, before, after) = self.change(row, i64::from(row.size));
        let is_known = row.order_id != 0;
        let order = Order {
            remaining: row.size,
            priority: u32::try_from(number).unwrap_or(u32::MAX),
        };
        let is_duplicate = is_known && self.orders.insert(row.order_id, order).is_some();
        let is_new_best = before == 0 && rank == 0;
        Expected {
            rank,
            level_size: after,
            priority: if is_known { order.priority } else { 0 },
            remaining: if is_known { row.size } else { 0 },
            signals: Signals::BOOK | if is_new_best { Signals::MATCH } else { 0 },
            is_duplicate,
            ..Expected::default()
        }
    }

    fn remove(&mut self, row: &Row) -> Expected {
        let (rank, before, after) = self.change(row, -i64::from(row.size));
        let order = self.orders.get(&row.order_id).copied();
        let remaining = order.map_or(0, |order| order.remaining.saturating_sub(row.size));
        if let Some(order) = order {
            match remaining {
                0 => self.orders.remove(&row.order_id),
                _ => self
                    .orders
                    .insert(row.order_id, Order { remaining, ..order }),
            };
        }
        Expected {
            rank,
            level_size: after,
            priority: order.map_or(0, |order| order.priority),
            remaining,
            signals: Signals::BOOK
                | if row.action == b'F' {
                    Signals::MATCH
                } else {
                    0
                },
            is_over: before < i64::from(row.size)
                || order.is_some_and(|order| order.remaining < row.size),
            is_duplicate: false,
            is_unknown: row.order_id != 0 && order.is_none(),
        }
    }

    fn modify(&mut self, row: &Row, number: u64) -> Expected {
        let known = self.orders.get(&row.order_id).copied();
        let order = known.unwrap_or(Order {
            remaining: 0,
            priority: 0,
        });
        let grown = i64::from(row.size) - i64::from(order.remaining);
        let (rank, _, after) = self.change(row, grown);
        let priority = if grown == 0 {
            order.priority
        } else {
            u32::try_from(number).unwrap_or(u32::MAX)
        };
        self.orders.insert(
            row.order_id,
            Order {
                remaining: row.size,
                priority,
            },
        );
        Expected {
            rank,
            level_size: after,
            priority: order.priority,
            remaining: row.size,
            signals: if grown == 0 { 0 } else { Signals::BOOK },
            is_over: grown < 0,
            is_duplicate: false,
            is_unknown: known.is_none(),
        }
    }

    /// Changes the row's level; gives its rank, and its size before and after.
    fn change(&mut self, row: &Row, by: i64) -> (u8, i64, u32) {
        let side = if row.side == b'B' {
            &mut self.bids
        } else {
            &mut self.asks
        };
        let before = side.get(&row.price).copied().unwrap_or(0);
        let after = before.saturating_add(by).max(0);
        if after == 0 {
            side.remove(&row.price);
        } else {
            side.insert(row.price, after);
        }
        let most = usize::from(u8::MAX);
        let better = match row.side {
            b'B' => side
                .range(row.price..)
                .filter(|(price, _)| **price != row.price)
                .take(most)
                .count(),
            _ => side.range(..row.price).take(most).count(),
        };
        (
            u8::try_from(better).unwrap_or(u8::MAX),
            before,
            u32::try_from(after).unwrap_or(u32::MAX),
        )
    }

    /// The levels of the bid side, best first.
    pub(super) fn bids(&self) -> impl Iterator<Item = (i64, i64)> + '_ {
        self.bids.iter().rev().map(|(price, size)| (*price, *size))
    }

    /// The levels of the ask side, best first.
    pub(super) fn asks(&self) -> impl Iterator<Item = (i64, i64)> + '_ {
        self.asks.iter().map(|(price, size)| (*price, *size))
    }

    /// The best prices when the last event ended.
    pub(super) const fn best(&self) -> [Best; 2] {
        self.best_before
    }

    /// At the end of an event: the bits BBO and BBO_PRICE.
    pub(super) fn end_event(&mut self) -> u8 {
        let now = [self.bids().next(), self.asks().next()];
        let before = std::mem::replace(&mut self.best_before, now);
        let prices = |best: [Best; 2]| best.map(|level| level.map(|(price, _)| price));
        let mut signals = 0;
        if now != before {
            signals |= Signals::BBO;
        }
        if prices(now) != prices(before) {
            signals |= Signals::BBO_PRICE;
        }
        signals
    }
}
