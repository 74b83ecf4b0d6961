//! The live orders of one instrument, in price and time priority.
//!
//! Takes in orders to add, reduce and remove; gives out the best prices, the levels and the orders in their queues.
//! Orders live in a slab; each price level is a first-in-first-out list threaded through it; the levels are a ring of
//! ticks around the market, which serves both sides because a tick is never a bid and an ask at once. Every operation
//! but the search for the next best price costs the same however many orders live. Prices here are whole ticks.

/// A place in the slab that stands for "no order".
pub(super) const NONE: u32 = u32::MAX;

/// The index of the bids in an array of two.
pub(super) const BID: usize = 0;
/// The index of the asks in an array of two.
pub(super) const ASK: usize = 1;

/// One live order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resting {
    pub(super) id: u64,
    pub(super) tick: i32,
    pub(super) size: u32,
    /// The order before it in its queue.
    previous: u32,
    /// The order behind it in its queue; in a free place the next free one.
    next: u32,
}

/// One price level.
#[derive(Clone, Copy, Debug)]
pub(super) struct Level {
    head: u32,
    tail: u32,
    /// How many orders rest here.
    pub(super) orders: u32,
    /// The sum of their sizes.
    pub(super) size: u32,
}

const EMPTY: Level = Level {
    head: NONE,
    tail: NONE,
    orders: 0,
    size: 0,
};

/// The book of one instrument.
#[derive(Clone, Debug)]
pub(super) struct Ladder {
    slab: Vec<Resting>,
    free: u32,
    ring: Vec<Level>,
    mask: u32,
    best: [i32; 2],
    orders: [u32; 2],
}

/// The tick that lies `distance` ticks behind `tick`, as seen from the other side.
#[inline]
pub(super) const fn behind(side: usize, tick: i32, distance: i32) -> i32 {
    if side == BID {
        tick - distance
    } else {
        tick + distance
    }
}

impl Ladder {
    /// An empty book with room for `ring_ticks` levels (a power of two) and, at first, `orders` orders. Until the first
    /// orders come, the best bid is just below `tick` and the best ask just above it.
    pub(super) fn new(ring_ticks: u32, orders: usize, tick: i32) -> Ladder {
        Ladder {
            slab: Vec::with_capacity(orders),
            free: NONE,
            ring: vec![EMPTY; ring_ticks as usize],
            mask: ring_ticks - 1,
            best: [tick - 1, tick + 1],
            orders: [0; 2],
        }
    }

    /// The best price of a side.
    #[inline]
    pub(super) fn best(&self, side: usize) -> i32 {
        self.best[side]
    }

    /// The best ask less the best bid.
    #[inline]
    pub(super) fn spread(&self) -> i32 {
        self.best[ASK] - self.best[BID]
    }

    /// How many orders live on a side.
    #[inline]
    pub(super) fn orders(&self, side: usize) -> u32 {
        self.orders[side]
    }

    /// The level at a price.
    #[inline]
    pub(super) fn level(&self, tick: i32) -> &Level {
        &self.ring[(tick as u32 & self.mask) as usize]
    }

    /// The order in a place of the slab.
    #[inline]
    pub(super) fn order(&self, place: u32) -> &Resting {
        &self.slab[place as usize]
    }

    /// The place of the oldest order at a price.
    #[inline]
    pub(super) fn oldest(&self, tick: i32) -> u32 {
        self.level(tick).head
    }

    /// The place of the order that stands behind another one.
    #[inline]
    pub(super) fn after(&self, place: u32) -> u32 {
        self.slab[place as usize].next
    }

    /// The place of the order that has `younger` orders behind it at a price; the level must hold more than those.
    #[inline]
    pub(super) fn nth_youngest(&self, tick: i32, younger: u32) -> u32 {
        let level = self.level(tick);
        if younger > level.orders / 2 {
            let mut place = level.head;
            for _ in 0..level.orders - 1 - younger {
                place = self.slab[place as usize].next;
            }
            return place;
        }
        let mut place = level.tail;
        for _ in 0..younger {
            place = self.slab[place as usize].previous;
        }
        place
    }

    /// Puts an order at the end of its price's queue.
    pub(super) fn add(&mut self, side: usize, tick: i32, id: u64, size: u32) {
        let index = (tick as u32 & self.mask) as usize;
        let level = &mut self.ring[index];
        let order = Resting {
            id,
            tick,
            size,
            previous: level.tail,
            next: NONE,
        };
        let place = if self.free == NONE {
            self.slab.push(order);
            self.slab.len() as u32 - 1
        } else {
            let place = self.free;
            self.free = self.slab[place as usize].next;
            self.slab[place as usize] = order;
            place
        };
        if level.tail == NONE {
            level.head = place;
        } else {
            self.slab[level.tail as usize].next = place;
        }
        level.tail = place;
        level.orders += 1;
        level.size += size;
        self.orders[side] += 1;
        if self.orders[side] == 1 || self.is_better(side, tick) {
            self.best[side] = tick;
        }
    }

    #[inline]
    fn is_better(&self, side: usize, tick: i32) -> bool {
        if side == BID {
            tick > self.best[BID]
        } else {
            tick < self.best[ASK]
        }
    }

    /// Takes `size`, which must be less than all of it, from an order; it keeps its place in the queue.
    pub(super) fn reduce(&mut self, place: u32, size: u32) {
        let order = &mut self.slab[place as usize];
        order.size -= size;
        self.ring[(order.tick as u32 & self.mask) as usize].size -= size;
    }

    /// Takes an order out of the book. The best price moves to the next level that holds an order; while none does, it
    /// stays.
    pub(super) fn remove(&mut self, side: usize, place: u32) {
        let Resting {
            tick,
            size,
            previous,
            next,
            ..
        } = self.slab[place as usize];
        let level = &mut self.ring[(tick as u32 & self.mask) as usize];
        level.orders -= 1;
        level.size -= size;
        if previous == NONE {
            level.head = next;
        } else {
            self.slab[previous as usize].next = next;
        }
        if next == NONE {
            level.tail = previous;
        } else {
            self.slab[next as usize].previous = previous;
        }
        let emptied = level.orders == 0;
        self.slab[place as usize].next = self.free;
        self.free = place;
        self.orders[side] -= 1;
        if emptied && tick == self.best[side] && self.orders[side] > 0 {
            self.best[side] = self.next_level(side, tick);
        }
    }

    /// The price of the next level behind `tick` that holds an order, or `tick` itself where there is none.
    pub(super) fn next_level(&self, side: usize, tick: i32) -> i32 {
        let reach = self.mask as i32;
        (1..reach)
            .map(|distance| behind(side, tick, distance))
            .find(|candidate| self.level(*candidate).orders > 0)
            .unwrap_or(tick)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book() -> Ladder {
        let mut ladder = Ladder::new(64, 8, 1_000);
        ladder.add(BID, 999, 1, 5);
        ladder.add(BID, 999, 2, 7);
        ladder.add(BID, 997, 3, 1);
        ladder.add(ASK, 1_001, 4, 2);
        ladder
    }

    #[test]
    fn orders_queue_in_the_order_of_their_arrival() {
        let ladder = book();
        let oldest = ladder.oldest(999);
        assert_eq!(ladder.order(oldest).id, 1);
        assert_eq!(ladder.order(ladder.after(oldest)).id, 2);
        assert_eq!(ladder.order(ladder.nth_youngest(999, 0)).id, 2);
        assert_eq!(ladder.order(ladder.nth_youngest(999, 1)).id, 1);
        assert_eq!(ladder.level(999).size, 12);
    }

    #[test]
    fn the_best_price_follows_adds_and_removals() {
        let mut ladder = book();
        ladder.add(BID, 1_000, 5, 1);
        assert_eq!((ladder.best(BID), ladder.spread()), (1_000, 1));
        ladder.remove(BID, ladder.oldest(1_000));
        ladder.remove(BID, ladder.oldest(999));
        ladder.remove(BID, ladder.oldest(999));
        assert_eq!((ladder.best(BID), ladder.spread()), (997, 4));
        assert_eq!(ladder.orders(BID), 1);
    }

    #[test]
    fn a_reduced_order_keeps_its_place_and_a_freed_place_is_used_again() {
        let mut ladder = book();
        ladder.reduce(ladder.oldest(999), 3);
        assert_eq!(ladder.level(999).size, 9);
        assert_eq!(ladder.order(ladder.oldest(999)).size, 2);
        let places = ladder.slab.len();
        ladder.remove(BID, ladder.oldest(999));
        ladder.add(ASK, 1_003, 6, 4);
        assert_eq!(ladder.slab.len(), places);
        assert_eq!(ladder.order(ladder.oldest(1_003)).id, 6);
    }
}
