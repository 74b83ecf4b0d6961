//! What becomes of each action.
//!
//! Takes in one message of a whole event; changes the book and gives out the rows that say so.

use backplane_sdk::types::{Action, Flags, Price, Side};

use super::book::{LevelChange, Order};
use super::event::Event;
use super::{FillConvention, Resolver, UnknownOrders};
use crate::error::TapeError;
use crate::message::SourceMessage;
use crate::row::Row;
use crate::signals::Signals;

/// What a row says besides its message.
struct Resolved {
    action: Action,
    side: Option<Side>,
    price: Price,
    size: u32,
    level: LevelChange,
    priority: u32,
    remaining: u32,
    signals: u8,
}

impl Resolver {
    /// Resolves one message.
    pub(super) fn resolve(
        &mut self,
        message: &SourceMessage,
        number: usize,
        event: Event,
    ) -> Result<(), TapeError> {
        if !self.is_well_formed(message) {
            self.resolution.malformed = self.resolution.malformed.saturating_add(1);
            return Ok(());
        }
        match message.action {
            Action::Add => self.add(message),
            Action::Modify => self.modify(message, number),
            Action::Clear => self.clear(message),
            Action::Trade => self.trade(message, event),
            Action::Cancel => {
                let left = match self.conventions.fills {
                    FillConvention::TakesOut => message.size,
                    FillConvention::Announces => {
                        self.executions
                            .cancel(number, message.order_id, message.size)
                    }
                };
                if left == 0 {
                    return Ok(());
                }
                self.remove(message, left, Signals::BOOK)
            }
            Action::Fill => {
                let print = if event.has_trade { 0 } else { Signals::TRADE };
                let signals = Signals::BOOK | Signals::MATCH | print;
                match self.conventions.fills {
                    FillConvention::TakesOut => self.remove(message, message.size, signals),
                    FillConvention::Announces => self.announced_fill(message, number, signals),
                }
            }
        }
    }

    /// Whether the message has what its action needs.
    fn is_well_formed(&self, message: &SourceMessage) -> bool {
        let is_placed = message.side.is_some() && message.price.is_defined();
        match message.action {
            Action::Add => is_placed && message.size > 0,
            Action::Modify => is_placed,
            Action::Clear => true,
            Action::Trade => message.price.is_defined() && message.size > 0,
            Action::Cancel | Action::Fill => {
                message.size > 0
                    && (is_placed || self.conventions.unknown_orders == UnknownOrders::Drop)
            }
        }
    }

    fn add(&mut self, message: &SourceMessage) -> Result<(), TapeError> {
        let Some(side) = message.side else {
            return Ok(());
        };
        if let Some(old) = self.book(message).order(message.order_id) {
            self.resolution.duplicate_adds = self.resolution.duplicate_adds.saturating_add(1);
            self.reduce(message, old, old.remaining, Signals::BOOK, Action::Cancel)?;
        }
        let level = self.change_level(message, side, message.price, message.size, 0)?;
        let priority = match message.order_id {
            0 => 0,
            _ => self.next_row()?,
        };
        let order = Order {
            side,
            price: message.price,
            remaining: message.size,
            priority,
        };
        self.book(message).set_order(message.order_id, order);
        let is_match = if level.is_new_best { Signals::MATCH } else { 0 };
        self.emit(
            message,
            Resolved {
                action: Action::Add,
                side: Some(side),
                price: message.price,
                size: message.size,
                level,
                priority,
                remaining: if message.order_id == 0 {
                    0
                } else {
                    message.size
                },
                signals: Signals::BOOK | is_match,
            },
        )
    }

    /// Takes `size` of a cancel or fill out of the book.
    fn remove(&mut self, message: &SourceMessage, size: u32, signals: u8) -> Result<(), TapeError> {
        let order = self.book(message).order(message.order_id);
        match (self.conventions.unknown_orders, order) {
            (UnknownOrders::Drop, Some(order)) => {
                self.reduce(message, order, size, signals, message.action)
            }
            (UnknownOrders::Drop, None) => {
                self.count_unknown(message.action);
                Ok(())
            }
            (UnknownOrders::ReduceLevel, order) => self.reduce_level(message, order, size, signals),
        }
    }

    /// Takes `size` out of an order that is known, and out of its level.
    fn reduce(
        &mut self,
        message: &SourceMessage,
        order: Order,
        size: u32,
        signals: u8,
        action: Action,
    ) -> Result<(), TapeError> {
        if size > order.remaining {
            self.resolution.over_cancels = self.resolution.over_cancels.saturating_add(1);
        }
        let size = size.min(order.remaining);
        let remaining = order.remaining - size;
        let level = self.change_level(message, order.side, order.price, 0, size)?;
        self.book(message)
            .set_order(message.order_id, Order { remaining, ..order });
        self.emit(
            message,
            Resolved {
                action,
                side: Some(order.side),
                price: order.price,
                size,
                level,
                priority: order.priority,
                remaining,
                signals,
            },
        )
    }

    /// Takes `size` out of the level that the message names, whether its order is known or not.
    fn reduce_level(
        &mut self,
        message: &SourceMessage,
        order: Option<Order>,
        size: u32,
        signals: u8,
    ) -> Result<(), TapeError> {
        let Some(side) = message.side else {
            return Ok(());
        };
        let rests = self.book(message).level_size(side, message.price);
        if rests == 0 {
            self.count_unknown(message.action);
            return Ok(());
        }
        let most = order.map_or(rests, |order| order.remaining.min(rests));
        if size > most {
            self.resolution.over_cancels = self.resolution.over_cancels.saturating_add(1);
        }
        if order.is_none() && message.order_id != 0 {
            let unknown = &mut self.resolution.unknown_on_known_levels;
            *unknown = unknown.saturating_add(1);
        }
        let size = size.min(rests);
        let level = self.change_level(message, side, message.price, 0, size)?;
        let remaining = order.map_or(0, |order| order.remaining.saturating_sub(size));
        if let Some(order) = order {
            self.book(message)
                .set_order(message.order_id, Order { remaining, ..order });
        }
        self.emit(
            message,
            Resolved {
                action: message.action,
                side: Some(side),
                price: message.price,
                size,
                level,
                priority: order.map_or(0, |order| order.priority),
                remaining,
                signals,
            },
        )
    }

    /// A fill whose size leaves the book only because a cancel or a modification follows: it is brought forward, so
    /// that fills leave in the order of the queue and an aggressor's rest does not seem to cross them.
    fn announced_fill(
        &mut self,
        message: &SourceMessage,
        number: usize,
        signals: u8,
    ) -> Result<(), TapeError> {
        let Some(order) = self.book(message).order(message.order_id) else {
            self.count_unknown(Action::Fill);
            return Ok(());
        };
        if order.price != message.price || message.side.is_some_and(|side| side != order.side) {
            self.resolution.fills_elsewhere = self.resolution.fills_elsewhere.saturating_add(1);
            return Ok(());
        }
        let size = self
            .executions
            .fill(number, message.order_id, message.size, order.remaining);
        if size < message.size {
            let counter = match size {
                0 => &mut self.resolution.fills_unconfirmed,
                _ => &mut self.resolution.fills_clipped,
            };
            *counter = counter.saturating_add(1);
        }
        if size == 0 {
            return Ok(());
        }
        self.reduce(message, order, size, signals, Action::Fill)
    }

    fn modify(&mut self, message: &SourceMessage, number: usize) -> Result<(), TapeError> {
        let Some(order) = self.book(message).order(message.order_id) else {
            if message.size > 0 && self.executions.exhausted(number, message.order_id) {
                self.resolution.refills = self.resolution.refills.saturating_add(1);
                return self.add(message);
            }
            self.count_unknown(Action::Modify);
            return Ok(());
        };
        if order.price != message.price || message.side != Some(order.side) {
            self.reduce(
                message,
                order,
                order.remaining,
                Signals::BOOK,
                Action::Cancel,
            )?;
            return match message.size {
                0 => Ok(()),
                _ => self.add(message),
            };
        }
        if message.size < order.remaining {
            let size = order.remaining - message.size;
            return self.reduce(message, order, size, Signals::BOOK, Action::Cancel);
        }
        if message.size == order.remaining && self.executions.took_from(number, message.order_id) {
            return Ok(());
        }
        self.resize(message, order)
    }

    /// A modification at the same price to a size that is not smaller.
    fn resize(&mut self, message: &SourceMessage, order: Order) -> Result<(), TapeError> {
        let grown = message.size - order.remaining;
        let (level, signals, priority) = match grown {
            0 => (
                self.book(message).level(order.side, order.price),
                0,
                order.priority,
            ),
            _ => {
                let level = self.change_level(message, order.side, order.price, grown, 0)?;
                (level, Signals::BOOK, self.next_row()?)
            }
        };
        self.book(message).set_order(
            message.order_id,
            Order {
                remaining: message.size,
                priority,
                ..order
            },
        );
        self.emit(
            message,
            Resolved {
                action: Action::Modify,
                side: Some(order.side),
                price: order.price,
                size: message.size,
                level,
                priority: order.priority,
                remaining: message.size,
                signals,
            },
        )
    }

    /// Empties the book.
    pub(super) fn clear(&mut self, message: &SourceMessage) -> Result<(), TapeError> {
        self.book(message).clear();
        let message = SourceMessage {
            order_id: 0,
            ..*message
        };
        self.emit(
            &message,
            Resolved {
                action: Action::Clear,
                side: None,
                price: Price::UNDEFINED,
                size: 0,
                level: LevelChange::default(),
                priority: 0,
                remaining: 0,
                signals: Signals::BOOK,
            },
        )
    }

    fn trade(&mut self, message: &SourceMessage, event: Event) -> Result<(), TapeError> {
        let is_hidden = !event.has_fill && message.side.is_some();
        let hidden = if is_hidden {
            Signals::HIDDEN | Signals::MATCH
        } else {
            0
        };
        self.emit(
            message,
            Resolved {
                action: Action::Trade,
                side: message.side,
                price: message.price,
                size: message.size,
                level: LevelChange::default(),
                priority: 0,
                remaining: 0,
                signals: Signals::TRADE | hidden,
            },
        )
    }

    fn count_unknown(&mut self, action: Action) {
        let counter = match action {
            Action::Modify => &mut self.resolution.unknown_modifies,
            Action::Fill => &mut self.resolution.unknown_fills,
            _ => &mut self.resolution.unknown_cancels,
        };
        *counter = counter.saturating_add(1);
    }

    fn book(&mut self, message: &SourceMessage) -> &mut super::book::Book {
        &mut self.books[usize::from(message.instrument)]
    }

    fn change_level(
        &mut self,
        message: &SourceMessage,
        side: Side,
        price: Price,
        added: u32,
        removed: u32,
    ) -> Result<LevelChange, TapeError> {
        self.book(message)
            .change_level(side, price, added, removed)
            .ok_or_else(|| {
                self.wrong(format!(
                    "more than {} rests at {price}: no row can say that",
                    u32::MAX
                ))
            })
    }

    /// The number of the row that comes next, counted from 1.
    fn next_row(&self) -> Result<u32, TapeError> {
        let number = self
            .rows_before
            .saturating_add(self.rows.len() as u64)
            .saturating_add(1);
        u32::try_from(number)
            .map_err(|_| self.wrong(format!("a tape holds at most {} rows", u32::MAX)))
    }

    fn emit(&mut self, message: &SourceMessage, resolved: Resolved) -> Result<(), TapeError> {
        self.next_row()?;
        let place = self.rows.len();
        self.rows.push(Row {
            ts_event: message.ts_event.0,
            ts_recv: message.ts_recv.0,
            instrument: message.instrument,
            action: resolved.action.code(),
            side: resolved.side.map_or(b'N', Side::code),
            flags: message.flags.0 & !Flags::LAST,
            signals: resolved.signals,
            rank: resolved.level.rank,
            price: resolved.price.0,
            size: resolved.size,
            level_size: resolved.level.size,
            priority: resolved.priority,
            order_id: message.order_id,
            remaining: resolved.remaining,
            sequence: message.sequence,
        });
        self.book(message).last_row = Some(place);
        Ok(())
    }
}
