//! A random market of which all is known: price, then time, and every rule of a queue is exercised.
//!
//! Takes in a seed and a number of steps; gives out the messages of a feed that shows orders. Each price of a sweep has
//! its prints, some prices two of them; some aggressors meet their owner's order, which is cancelled instead.

use std::collections::BTreeMap;

use backplane_sdk::types::{Action, Flags, Price, Side, Timestamp};
use backplane_tape::SourceMessage;

use crate::oracle::flow::Random;
use crate::oracle::side;

type Levels = BTreeMap<i64, Vec<(u64, u32)>>;

struct Market {
    random: Random,
    /// The orders of each level, oldest first: number and size.
    sides: [Levels; 2],
    messages: Vec<SourceMessage>,
    now: i64,
    next_id: u64,
    /// Whether orders grow and move, and aggressors meet orders of their owner.
    is_plain: bool,
}

/// The messages of so many steps, each at a time of its own.
pub(super) fn random(seed: u64, steps: usize) -> Vec<SourceMessage> {
    messages(seed, steps, false)
}

/// As [`random`], where orders only come, shrink and are executed: price levels hide nothing but whose a cancellation is.
pub(super) fn plain(seed: u64, steps: usize) -> Vec<SourceMessage> {
    messages(seed, steps, true)
}

fn messages(seed: u64, steps: usize, is_plain: bool) -> Vec<SourceMessage> {
    let mut market = Market {
        is_plain,
        random: Random(seed),
        sides: [Levels::new(), Levels::new()],
        messages: Vec::new(),
        now: 1_000,
        next_id: 1,
    };
    for step in 0..steps {
        market.now += 1 + market.random.below(2_000_000_000) as i64;
        let side = side(market.random.below(2));
        let kind = if step < 20 {
            0
        } else {
            market.random.below(12)
        };
        match kind {
            0..=4 => market.add(side),
            5..=8 if is_plain => market.change(side, Change::Reduce),
            5 | 6 => market.change(side, Change::Reduce),
            7 => market.change(side, Change::Grow),
            8 => market.change(side, Change::Move),
            _ => market.take(side),
        }
        if let Some(last) = market.messages.last_mut() {
            last.flags = Flags(Flags::LAST);
        }
    }
    market.messages
}

#[derive(Clone, Copy)]
enum Change {
    Reduce,
    Grow,
    Move,
}

impl Market {
    fn best(&self, side: Side) -> Option<i64> {
        let mut prices = self.sides[side.index()].keys();
        match side {
            Side::Buy => prices.next_back().copied(),
            Side::Sell => prices.next().copied(),
        }
    }

    /// A price that does not cross.
    fn price(&mut self, side: Side) -> i64 {
        let distance = self.random.below(3) as i64;
        match (side, self.best(side.opposite())) {
            (Side::Buy, Some(ask)) => (100 - distance).min(ask - 1),
            (Side::Sell, Some(bid)) => (101 + distance).max(bid + 1),
            (Side::Buy, None) => 100 - distance,
            (Side::Sell, None) => 101 + distance,
        }
    }

    fn add(&mut self, side: Side) {
        let (price, size) = (self.price(side), 1 + self.random.below(9) as u32);
        self.place(side, price, size);
    }

    fn place(&mut self, side: Side, price: i64, size: u32) {
        let id = self.next_id;
        self.next_id += 1;
        let level = self.sides[side.index()].entry(price).or_default();
        level.push((id, size));
        self.say(Action::Add, side, id, price, size);
    }

    fn change(&mut self, side: Side, change: Change) {
        let count = self.sides[side.index()].len() as u64;
        if count == 0 {
            return;
        }
        let place = self.random.below(count) as usize;
        let (price, orders) = self.sides[side.index()].iter().nth(place).unwrap();
        let (price, place) = (*price, self.random.below(orders.len() as u64) as usize);
        let (id, size) = self.sides[side.index()][&price][place];
        match change {
            Change::Reduce => {
                let by = size.min(1 + self.random.below(u64::from(size) + 1) as u32);
                self.reduce(side, price, place, by);
                self.say(Action::Cancel, side, id, price, by);
            }
            Change::Grow | Change::Move => {
                let grown = size + 1 + self.random.below(5) as u32;
                self.reduce(side, price, place, size);
                let to = match change {
                    Change::Move => self.price(side),
                    _ => price,
                };
                let level = self.sides[side.index()].entry(to).or_default();
                level.push((id, grown));
                self.say(Action::Modify, side, id, to, grown);
            }
        }
    }

    fn reduce(&mut self, side: Side, price: i64, place: usize, by: u32) {
        let levels = &mut self.sides[side.index()];
        let orders = levels.get_mut(&price).unwrap();
        orders[place].1 -= by;
        orders.retain(|x| x.1 > 0);
        if orders.is_empty() {
            levels.remove(&price);
        }
    }

    /// An aggressor takes from the other side. One of the orders that it would meet may be its owner's.
    fn take(&mut self, aggressor: Side) {
        let resting = aggressor.opposite();
        let mut left = 1 + self.random.below(20) as u32;
        let own = self.random.below(8) as usize;
        while left > 0
            && let Some(price) = self.best(resting)
        {
            let orders = self.sides[resting.index()][&price].clone();
            let meets_own = !self.is_plain && orders.len() > 1;
            let kept = orders.get(own).filter(|_| meets_own).copied();
            let before = self.messages.len();
            let prints = 1 + self.random.below(2) as u32;
            for print in 0..prints {
                let rest = if print + 1 == prints { left } else { left / 2 };
                left -= self.take_level(resting, price, rest, kept.map(|x| x.0));
            }
            if let Some((id, size)) = kept
                && self.messages.len() > before
            {
                // Said at the end of the event, it goes before the prints.
                let orders = &self.sides[resting.index()][&price];
                let place = orders.iter().position(|x| x.0 == id).unwrap();
                self.reduce(resting, price, place, size);
                self.say(Action::Cancel, resting, id, price, size);
            }
        }
    }

    /// Executes up to `size` at a price, oldest order first, but for one; gives how much.
    fn take_level(&mut self, resting: Side, price: i64, size: u32, kept: Option<u64>) -> u32 {
        let Some(orders) = self.sides[resting.index()].get(&price).cloned() else {
            return 0;
        };
        let orders = orders.into_iter().filter(|x| Some(x.0) != kept);
        let orders: Vec<_> = orders.collect();
        let traded = orders.iter().map(|x| x.1).sum::<u32>().min(size);
        if traded == 0 {
            return 0;
        }
        self.say(Action::Trade, resting.opposite(), 0, price, traded);
        let mut left = traded;
        for (id, order) in orders {
            let executed = left.min(order);
            if executed > 0 {
                left -= executed;
                let level = &self.sides[resting.index()][&price];
                let place = level.iter().position(|x| x.0 == id).unwrap();
                self.reduce(resting, price, place, executed);
                self.say(Action::Fill, resting, id, price, executed);
            }
        }
        traded
    }

    fn say(&mut self, action: Action, side: Side, order_id: u64, price: i64, size: u32) {
        self.messages.push(SourceMessage {
            ts_event: Timestamp(self.now),
            ts_recv: Timestamp(self.now),
            order_id,
            price: Price(price),
            size,
            sequence: self.messages.len() as u32,
            instrument: 0,
            action,
            side: Some(side),
            flags: Flags(0),
        });
    }
}
