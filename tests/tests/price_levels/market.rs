//! Random order flow whose trades are printed one by one for each price, and whose cancellations come from where the test
//! says.

use std::collections::BTreeMap;

use backplane_sdk::types::{Action, Flags, Price, Side, Timestamp};
use backplane_tape::SourceMessage;

use crate::oracle::flow::Random;
use crate::oracle::side;

/// Which orders of a level are cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cancels {
    /// Any of them; and orders are replaced.
    Anywhere,
    /// The newest.
    FromBehind,
}

struct Market {
    random: Random,
    cancels: Cancels,
    /// The orders of each level, oldest first: number and size.
    sides: [BTreeMap<i64, Vec<(u64, u32)>>; 2],
    messages: Vec<SourceMessage>,
    now: i64,
    next_id: u64,
}

/// A market of so many steps that is never crossed. It begins and ends with an order that every view shows.
pub(super) fn random(seed: u64, steps: usize, cancels: Cancels) -> Vec<SourceMessage> {
    let mut market = Market {
        random: Random(seed),
        cancels,
        sides: [BTreeMap::new(), BTreeMap::new()],
        messages: Vec::new(),
        now: 1_000,
        next_id: 1,
    };
    for number in 0..8 {
        market.add(side(number));
    }
    for _ in 0..steps {
        market.step();
    }
    market.now += 1_000;
    market.place(Side::Buy, 50, 1);
    market.messages
}

impl Market {
    fn step(&mut self) {
        self.now += [0, 1, 5, 20, 60][self.random.below(5) as usize];
        let side = side(self.random.below(2));
        match self.random.below(10) {
            0..=3 => self.add(side),
            4 | 5 => self.cancel(side),
            6 => self.replace(side),
            7 | 8 => self.take(side),
            _ => self.hidden(side),
        }
    }

    fn best(&self, side: Side) -> Option<i64> {
        let mut prices = self.sides[side.index()].keys();
        match side {
            Side::Buy => prices.next_back().copied(),
            Side::Sell => prices.next().copied(),
        }
    }

    fn add(&mut self, side: Side) {
        let distance = self.random.below(5) as i64 - 2;
        let price = match (side, self.best(side.opposite())) {
            (Side::Buy, Some(ask)) => (100 - distance).min(ask - 1),
            (Side::Sell, Some(bid)) => (100 + distance).max(bid + 1),
            _ => 100 - distance,
        };
        let size = 1 + self.random.below(9) as u32;
        self.place(side, price, size);
    }

    fn place(&mut self, side: Side, price: i64, size: u32) {
        let id = self.next_id;
        self.next_id += 1;
        let level = self.sides[side.index()].entry(price).or_default();
        level.push((id, size));
        self.say((Action::Add, side, id, price, size), true);
    }

    /// Some of an order, or all of it, leaves the book.
    fn cancel(&mut self, side: Side) {
        let Some((price, number)) = self.pick(side) else {
            return;
        };
        let (id, size) = self.sides[side.index()][&price][number];
        let by = size.min(1 + self.random.below(u64::from(size) + 3) as u32);
        self.reduce(side, price, number, by);
        self.say((Action::Cancel, side, id, price, by), true);
    }

    /// An order leaves and another comes, at once.
    fn replace(&mut self, side: Side) {
        if self.cancels == Cancels::FromBehind {
            return;
        }
        let Some((price, number)) = self.pick(side) else {
            return;
        };
        let (id, size) = self.sides[side.index()][&price][number];
        self.reduce(side, price, number, size);
        self.say((Action::Cancel, side, id, price, size), false);
        if self.random.below(2) == 0 {
            let size = 1 + self.random.below(9) as u32;
            self.place(side, price, size);
        } else {
            self.add(side);
        }
    }

    /// A level, and an order in it that may be cancelled.
    fn pick(&mut self, side: Side) -> Option<(i64, usize)> {
        let count = self.sides[side.index()].len() as u64;
        if count == 0 {
            return None;
        }
        let number = self.random.below(count) as usize;
        let (price, orders) = self.sides[side.index()].iter().nth(number)?;
        let place = match self.cancels {
            Cancels::Anywhere => self.random.below(orders.len() as u64) as usize,
            Cancels::FromBehind => orders.len() - 1,
        };
        Some((*price, place))
    }

    fn reduce(&mut self, side: Side, price: i64, number: usize, by: u32) {
        let levels = &mut self.sides[side.index()];
        let Some(orders) = levels.get_mut(&price) else {
            return;
        };
        orders[number].1 -= by;
        orders.retain(|x| x.1 > 0);
        if orders.is_empty() {
            levels.remove(&price);
        }
    }

    /// An aggressor takes from the other side; now and then its rest stays in the book.
    fn take(&mut self, aggressor: Side) {
        let resting = aggressor.opposite();
        let mut left = 1 + self.random.below(25) as u32;
        let mut reached = None;
        while left > 0
            && let Some(price) = self.best(resting)
        {
            reached = Some(price);
            left -= self.take_level(resting, price, left);
        }
        let Some(price) = reached else { return };
        if left > 0 && self.random.below(2) == 0 {
            return self.place(aggressor, price, left);
        }
        if let Some(message) = self.messages.last_mut() {
            message.flags = Flags(Flags::LAST);
        }
    }

    /// Executes up to `size` at a price, oldest order first, with one print; gives how much.
    fn take_level(&mut self, resting: Side, price: i64, size: u32) -> u32 {
        let orders = self.sides[resting.index()][&price].clone();
        let traded = orders.iter().map(|x| x.1).sum::<u32>().min(size);
        let aggressor = resting.opposite();
        self.say((Action::Trade, aggressor, 0, price, traded), false);
        let mut left = traded;
        for (id, order) in orders {
            let executed = left.min(order);
            if executed > 0 {
                left -= executed;
                self.reduce(resting, price, 0, executed);
                self.say((Action::Fill, resting, id, price, executed), false);
            }
        }
        traded
    }

    fn hidden(&mut self, aggressor: Side) {
        let price = 98 + self.random.below(5) as i64;
        let size = 1 + self.random.below(6) as u32;
        self.say((Action::Trade, aggressor, 0, price, size), true);
    }

    fn say(&mut self, what: (Action, Side, u64, i64, u32), is_last: bool) {
        let number = self.messages.len() as u32;
        self.messages.push(message(self.now, number, what, is_last));
    }
}

/// A message at a time with a number: action, side, order, price and size.
pub(crate) const fn message(
    at: i64,
    number: u32,
    (action, side, order_id, price, size): (Action, Side, u64, i64, u32),
    is_last: bool,
) -> SourceMessage {
    SourceMessage {
        ts_event: Timestamp(at),
        ts_recv: Timestamp(at),
        order_id,
        price: Price(price),
        size,
        sequence: number,
        instrument: 0,
        action,
        side: Some(side),
        flags: Flags(if is_last { Flags::LAST } else { 0 }),
    }
}
