//! An order-level book: every resting order and its place in the queue.
//!
//! Takes in adds, cancels, executions and modifications by order id; gives out price levels, single orders and the
//! queue at a price in priority order. Every operation costs a constant number of look-ups, whatever the book holds.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::BuildHasherDefault;

use super::{LadderChange, LevelBook};
use crate::types::{Price, Quantity, Side};

/// A map with a keyless hash, so that a run never depends on the operating system's randomness.
type Map<K, V> = HashMap<K, V, BuildHasherDefault<DefaultHasher>>;

/// No slot: the end of a queue.
const NONE: u32 = u32::MAX;

/// One order that rests in the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestingOrder {
    /// The exchange's number of the order.
    pub order_id: u64,
    /// Its side.
    pub side: Side,
    /// Its price.
    pub price: Price,
    /// What is left of it.
    pub size: Quantity,
    /// Its priority as given when it took its place: lower is older.
    pub priority: u64,
}

/// Why an order-level message does not fit the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderBookError {
    /// No such order rests in the book.
    UnknownOrder,
    /// An order of this id rests in the book already.
    DuplicateOrder,
    /// The size is zero or negative.
    InvalidSize,
}

impl core::fmt::Display for OrderBookError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            OrderBookError::UnknownOrder => "no order of this id rests in the book",
            OrderBookError::DuplicateOrder => "an order of this id rests in the book already",
            OrderBookError::InvalidSize => "the size is not positive",
        })
    }
}

impl core::error::Error for OrderBookError {}

#[derive(Clone, Copy, Debug)]
struct Slot {
    order: RestingOrder,
    older: u32,
    newer: u32,
}

#[derive(Clone, Copy, Debug)]
struct Queue {
    oldest: u32,
    newest: u32,
}

/// An order-level book of one instrument.
#[derive(Clone, Debug, Default)]
pub struct OrderBook {
    levels: LevelBook,
    slots: Vec<Slot>,
    free: Vec<u32>,
    slot_of: Map<u64, u32>,
    queues: Map<(Side, Price), Queue>,
}

impl OrderBook {
    /// An empty book.
    pub fn new() -> OrderBook {
        OrderBook::default()
    }

    /// The price levels.
    pub const fn levels(&self) -> &LevelBook {
        &self.levels
    }

    /// How many orders rest in the book.
    pub fn len(&self) -> usize {
        self.slot_of.len()
    }

    /// Whether no order rests in the book.
    pub fn is_empty(&self) -> bool {
        self.slot_of.is_empty()
    }

    /// The order of an id.
    pub fn order(&self, order_id: u64) -> Option<&RestingOrder> {
        let slot = self.slot_of.get(&order_id)?;
        Some(&self.slots[*slot as usize].order)
    }

    /// The orders at a price, oldest first.
    pub fn queue(&self, side: Side, price: Price) -> impl Iterator<Item = &RestingOrder> {
        let mut next = self.queues.get(&(side, price)).map_or(NONE, |x| x.oldest);
        core::iter::from_fn(move || {
            let slot = self.slots.get(next as usize)?;
            next = slot.newer;
            Some(&slot.order)
        })
    }

    /// Rests an order behind all others at its price.
    ///
    /// # Errors
    /// [`OrderBookError::DuplicateOrder`] and [`OrderBookError::InvalidSize`]; the book is then as it was.
    pub fn add(&mut self, order: RestingOrder) -> Result<LadderChange, OrderBookError> {
        if order.size.0 <= 0 {
            return Err(OrderBookError::InvalidSize);
        }
        if self.slot_of.contains_key(&order.order_id) {
            return Err(OrderBookError::DuplicateOrder);
        }
        let slot = self.take_slot(order);
        self.slot_of.insert(order.order_id, slot);
        self.append(slot);
        Ok(self.move_level(order.side, order.price, order.size))
    }

    /// Takes `size` out of an order, or all that is left of it if that is less: a cancel or an execution. The order
    /// keeps its place. Gives the order as it was before and the change of its level.
    ///
    /// # Errors
    /// [`OrderBookError::UnknownOrder`] and [`OrderBookError::InvalidSize`]; the book is then as it was.
    pub fn reduce(
        &mut self,
        order_id: u64,
        size: Quantity,
    ) -> Result<(RestingOrder, LadderChange), OrderBookError> {
        if size.0 <= 0 {
            return Err(OrderBookError::InvalidSize);
        }
        let slot = *self
            .slot_of
            .get(&order_id)
            .ok_or(OrderBookError::UnknownOrder)?;
        let before = self.slots[slot as usize].order;
        let removed = Quantity(size.0.min(before.size.0));
        self.slots[slot as usize].order.size -= removed;
        if self.slots[slot as usize].order.size.is_zero() {
            self.unlink(slot);
            self.slot_of.remove(&order_id);
            self.free.push(slot);
        }
        let change = self.move_level(before.side, before.price, -removed);
        Ok((before, change))
    }

    /// Gives an order a new size at its price and sends it to the back of the queue with a new priority. Gives the
    /// order as it was before and the change of its level.
    ///
    /// # Errors
    /// [`OrderBookError::UnknownOrder`] and [`OrderBookError::InvalidSize`]; the book is then as it was.
    pub fn requeue(
        &mut self,
        order_id: u64,
        size: Quantity,
        priority: u64,
    ) -> Result<(RestingOrder, LadderChange), OrderBookError> {
        if size.0 <= 0 {
            return Err(OrderBookError::InvalidSize);
        }
        let slot = *self
            .slot_of
            .get(&order_id)
            .ok_or(OrderBookError::UnknownOrder)?;
        let before = self.slots[slot as usize].order;
        self.unlink(slot);
        let order = &mut self.slots[slot as usize].order;
        order.size = size;
        order.priority = priority;
        self.append(slot);
        let change = self.move_level(before.side, before.price, size - before.size);
        Ok((before, change))
    }

    /// Empties the book.
    pub fn clear(&mut self) {
        self.levels.clear();
        self.slots.clear();
        self.free.clear();
        self.slot_of.clear();
        self.queues.clear();
    }

    fn take_slot(&mut self, order: RestingOrder) -> u32 {
        let slot = Slot {
            order,
            older: NONE,
            newer: NONE,
        };
        match self.free.pop() {
            Some(place) => {
                self.slots[place as usize] = slot;
                place
            }
            None => {
                self.slots.push(slot);
                (self.slots.len() - 1) as u32
            }
        }
    }

    fn append(&mut self, slot: u32) {
        let order = self.slots[slot as usize].order;
        let queue = self
            .queues
            .entry((order.side, order.price))
            .or_insert(Queue {
                oldest: slot,
                newest: NONE,
            });
        let before = core::mem::replace(&mut queue.newest, slot);
        self.slots[slot as usize].older = before;
        self.slots[slot as usize].newer = NONE;
        if let Some(neighbour) = self.slots.get_mut(before as usize) {
            neighbour.newer = slot;
        }
    }

    fn unlink(&mut self, slot: u32) {
        let Slot {
            order,
            older,
            newer,
        } = self.slots[slot as usize];
        if let Some(neighbour) = self.slots.get_mut(older as usize) {
            neighbour.newer = newer;
        }
        if let Some(neighbour) = self.slots.get_mut(newer as usize) {
            neighbour.older = older;
        }
        let key = (order.side, order.price);
        if older == NONE && newer == NONE {
            self.queues.remove(&key);
        } else if let Some(queue) = self.queues.get_mut(&key) {
            if older == NONE {
                queue.oldest = newer;
            }
            if newer == NONE {
                queue.newest = older;
            }
        }
    }

    fn move_level(&mut self, side: Side, price: Price, by: Quantity) -> LadderChange {
        let size = self.levels.size_at(side, price) + by;
        self.levels.set(side, price, size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn order(order_id: u64, price: i64, size: i64, priority: u64) -> RestingOrder {
        RestingOrder {
            order_id,
            side: Side::Buy,
            price: Price(price),
            size: Quantity(size),
            priority,
        }
    }

    fn ids(book: &OrderBook, price: i64) -> Vec<u64> {
        book.queue(Side::Buy, Price(price))
            .map(|x| x.order_id)
            .collect()
    }

    #[test]
    fn keeps_the_queue_in_order_of_arrival() {
        let mut book = OrderBook::new();
        for id in 1..=4 {
            book.add(order(id, 100, 10, id)).unwrap();
        }
        book.reduce(2, Quantity(10)).unwrap();
        book.reduce(1, Quantity(3)).unwrap();
        book.requeue(1, Quantity(20), 5).unwrap();
        assert_eq!(ids(&book, 100), [3, 4, 1]);
        assert_eq!(book.levels().size_at(Side::Buy, Price(100)), Quantity(40));
    }

    #[test]
    fn refuses_what_does_not_fit_and_stays_as_it_was() {
        let mut book = OrderBook::new();
        book.add(order(1, 100, 10, 1)).unwrap();
        assert_eq!(
            book.add(order(1, 90, 1, 2)),
            Err(OrderBookError::DuplicateOrder)
        );
        assert_eq!(
            book.add(order(2, 90, 0, 2)),
            Err(OrderBookError::InvalidSize)
        );
        assert_eq!(
            book.reduce(9, Quantity(1)),
            Err(OrderBookError::UnknownOrder)
        );
        assert_eq!(ids(&book, 100), [1]);
        let (before, change) = book.reduce(1, Quantity(999)).unwrap();
        assert_eq!((before.size, change.previous), (Quantity(10), Quantity(10)));
        assert!(book.is_empty());
    }

    proptest! {
        #[test]
        fn levels_always_equal_the_sum_of_their_orders(
            steps in prop::collection::vec((0u8..3, 1u64..30, 1i64..6, 1i64..9), 1..300),
        ) {
            let mut book = OrderBook::new();
            let mut truth: Vec<RestingOrder> = Vec::new();
            for (step, (kind, id, price, size)) in steps.into_iter().enumerate() {
                let priority = step as u64;
                let place = truth.iter().position(|x| x.order_id == id);
                match (kind, place) {
                    (0, None) => {
                        book.add(order(id, price, size, priority)).unwrap();
                        truth.push(order(id, price, size, priority));
                    }
                    (1, Some(place)) => {
                        book.reduce(id, Quantity(size)).unwrap();
                        truth[place].size = Quantity((truth[place].size.0 - size).max(0));
                        truth.retain(|x| x.size.0 > 0);
                    }
                    (2, Some(place)) => {
                        book.requeue(id, Quantity(size), priority).unwrap();
                        let mut moved = truth.remove(place);
                        moved.size = Quantity(size);
                        moved.priority = priority;
                        truth.push(moved);
                    }
                    _ => {}
                }
                for price in 1..6 {
                    let queue: Vec<RestingOrder> =
                        truth.iter().copied().filter(|x| x.price == Price(price)).collect();
                    let found: Vec<RestingOrder> =
                        book.queue(Side::Buy, Price(price)).copied().collect();
                    prop_assert_eq!(&found, &queue);
                    let sum: i64 = queue.iter().map(|x| x.size.0).sum();
                    prop_assert_eq!(book.levels().size_at(Side::Buy, Price(price)), Quantity(sum));
                }
            }
        }
    }
}
