//! Random order flow that a price-time exchange could have produced: never crossed, every id known, executions first in,
//! first out.

use backplane_sdk::types::{Action, Flags, Price, Side, Timestamp};
use backplane_tape::SourceMessage;

use super::side;

/// Numerical Recipes' linear congruential generator; its upper bits are random enough for tests.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

#[derive(Clone, Copy)]
struct Order {
    id: u64,
    side: Side,
    price: i64,
    size: u32,
}

struct Flow {
    random: Random,
    /// Oldest first.
    orders: Vec<Order>,
    messages: Vec<SourceMessage>,
    now: i64,
    next_id: u64,
}

pub(crate) fn random(seed: u64, steps: usize) -> Vec<SourceMessage> {
    let mut flow = Flow {
        random: Random(seed),
        orders: Vec::new(),
        messages: Vec::new(),
        now: 1_000,
        next_id: 1,
    };
    for number in 0..8 {
        flow.add(side(number), 100);
    }
    for _ in 0..steps {
        flow.step();
    }
    flow.messages
}

impl Flow {
    fn step(&mut self) {
        self.now += [0, 1, 5, 20, 60][self.random.below(5) as usize];
        let side = side(self.random.below(2));
        match self.random.below(10) {
            0..=3 => self.add(side, 100),
            4 | 5 => self.cancel(),
            6 => self.modify(),
            7 | 8 => self.take(side),
            _ => self.hidden(side),
        }
    }

    fn best(&self, side: Side) -> Option<i64> {
        let prices = self
            .orders
            .iter()
            .filter(|x| x.side == side)
            .map(|x| x.price);
        match side {
            Side::Buy => prices.max(),
            Side::Sell => prices.min(),
        }
    }

    /// A price near the middle that does not cross.
    fn price(&mut self, side: Side, middle: i64) -> i64 {
        let distance = self.random.below(5) as i64;
        let price = match side {
            Side::Buy => middle + 2 - distance,
            Side::Sell => middle - 2 + distance,
        };
        match (side, self.best(side.opposite())) {
            (Side::Buy, Some(ask)) => price.min(ask - 1),
            (Side::Sell, Some(bid)) => price.max(bid + 1),
            _ => price,
        }
    }

    fn add(&mut self, side: Side, middle: i64) {
        let order = Order {
            id: self.next_id,
            side,
            price: self.price(side, middle),
            size: 1 + self.random.below(9) as u32,
        };
        self.next_id += 1;
        self.orders.push(order);
        self.say(
            Action::Add,
            Some(side),
            order.id,
            order.price,
            order.size,
            true,
        );
    }

    fn pick(&mut self) -> Option<usize> {
        let count = self.orders.len() as u64;
        (count > 0).then(|| self.random.below(count) as usize)
    }

    fn cancel(&mut self) {
        let Some(place) = self.pick() else { return };
        let order = self.orders[place];
        let size = 1 + self.random.below(u64::from(order.size) + 3) as u32;
        let size = size.min(order.size);
        self.reduce(place, size);
        self.say(
            Action::Cancel,
            Some(order.side),
            order.id,
            order.price,
            size,
            true,
        );
    }

    fn modify(&mut self) {
        let Some(place) = self.pick() else { return };
        let mut order = self.orders.remove(place);
        let before = order;
        order.size = 1 + self.random.below(9) as u32;
        if self.random.below(2) == 0 {
            order.price = self.price(order.side, 100);
        }
        let keeps_place = order.price == before.price && order.size <= before.size;
        if keeps_place {
            self.orders.insert(place, order);
        } else {
            self.orders.push(order);
        }
        self.say(
            Action::Modify,
            Some(order.side),
            order.id,
            order.price,
            order.size,
            true,
        );
    }

    /// An aggressor takes from the other side; now and then its rest stays in the book.
    fn take(&mut self, aggressor: Side) {
        let resting = aggressor.opposite();
        let mut left = 1 + self.random.below(25) as u32;
        let mut reach: Option<i64> = None;
        let mut fills = Vec::new();
        while left > 0 {
            let Some(price) = self.best(resting) else {
                break;
            };
            if fills.len() > 3 && self.random.below(2) == 0 {
                break;
            }
            let is_front = |x: &Order| x.side == resting && x.price == price;
            let Some(place) = self.orders.iter().position(is_front) else {
                break;
            };
            let order = self.orders[place];
            let size = left.min(order.size);
            left -= size;
            reach = Some(price);
            self.reduce(place, size);
            fills.push((order, size));
        }
        let Some(reach) = reach else { return };
        let traded = fills.iter().map(|x| x.1).sum();
        self.say(Action::Trade, Some(aggressor), 0, reach, traded, false);
        let rests = left > 0 && self.best(resting) != Some(reach) && self.random.below(2) == 0;
        let count = fills.len();
        for (number, (order, size)) in fills.into_iter().enumerate() {
            let is_last = number + 1 == count && !rests;
            self.say(
                Action::Fill,
                Some(resting),
                order.id,
                order.price,
                size,
                is_last,
            );
        }
        if rests {
            let order = Order {
                id: self.next_id,
                side: aggressor,
                price: reach,
                size: left,
            };
            self.next_id += 1;
            self.orders.push(order);
            self.say(Action::Add, Some(aggressor), order.id, reach, left, true);
        }
    }

    fn hidden(&mut self, aggressor: Side) {
        let price = 98 + self.random.below(5) as i64;
        let size = 1 + self.random.below(6) as u32;
        self.say(Action::Trade, Some(aggressor), 0, price, size, true);
    }

    fn reduce(&mut self, place: usize, size: u32) {
        self.orders[place].size -= size;
        if self.orders[place].size == 0 {
            self.orders.remove(place);
        }
    }

    fn say(
        &mut self,
        action: Action,
        side: Option<Side>,
        order_id: u64,
        price: i64,
        size: u32,
        last: bool,
    ) {
        self.messages.push(SourceMessage {
            ts_event: Timestamp(self.now),
            ts_recv: Timestamp(self.now),
            order_id,
            price: Price(price),
            size,
            sequence: self.messages.len() as u32,
            instrument: 0,
            action,
            side,
            flags: Flags(if last { Flags::LAST } else { 0 }),
        });
    }
}
