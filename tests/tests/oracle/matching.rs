//! The oracle: one clock, every queue kept as a list, own orders standing in it among the tape's.
//!
//! It shares no code with the engine and none of its shortcuts: no priorities, no blocks, no second cursor. Its rules
//! are those of `docs/fills.md`.

use std::collections::{BTreeMap, VecDeque};

use backplane_engine::exchange::{OrderRules, Taken};
use backplane_engine::record::FillReason;
use backplane_sdk::types::{Action, OrderStatus, Reason, Side};
use backplane_tape::SourceMessage;

use super::Effect;
use super::jitter::Travel;
use super::scripted::{Deed, reaction, script};
use super::waiting::Waiting;

#[derive(Clone, Copy, Debug)]
pub(super) struct Own {
    pub(super) id: u64,
    pub(super) quantity: i64,
    /// What is open, and what of it is shown.
    pub(super) leaves: i64,
    pub(super) shown: i64,
    /// How much is shown at a time.
    pub(super) displayed: i64,
    pub(super) queue_ahead: i64,
    pub(super) post_only: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Entry {
    Tape { id: u64, size: i64, number: u64 },
    Own(Own),
}

#[derive(Default)]
pub(super) struct Level {
    pub(super) queue: Vec<Entry>,
    /// What we took and the tape still shows, and the number of the last tape order that we took from.
    pub(super) taken: i64,
    pub(super) taken_until: u64,
}

impl Level {
    pub(super) fn shown(&self) -> i64 {
        self.queue
            .iter()
            .map(|x| match x {
                Entry::Tape { size, .. } => *size,
                Entry::Own(_) => 0,
            })
            .sum()
    }

    fn old(&self) -> i64 {
        self.queue
            .iter()
            .map(|x| match x {
                Entry::Tape { size, number, .. } if *number <= self.taken_until => *size,
                _ => 0,
            })
            .sum()
    }

    fn settle(&mut self) {
        self.taken = self.taken.min(self.old()).max(0);
    }
}

/// How far a row reaches into a queue.
#[derive(Clone, Copy)]
struct Reach {
    /// How many of its entries come first.
    places: usize,
    /// What the row executes of the tape there, which is gone when a next part of an iceberg takes its place.
    executed: i64,
}

impl Reach {
    const ALL: Reach = Reach {
        places: usize::MAX,
        executed: 0,
    };
}

pub(super) struct Exchange<'a> {
    pub(super) sides: [BTreeMap<i64, Level>; 2],
    pub(super) arrivals: u64,
    effects: Vec<(i64, Effect, Side)>,
    travel: &'a mut Travel,
    pub(super) rules: OrderRules,
    pub(super) waiting: Waiting,
}

/// Every answer that a strategy gets which follows the script of a seed.
pub(crate) fn simulate(messages: &[SourceMessage], seed: u64, travel: &mut Travel) -> Vec<Effect> {
    follow(messages, script(seed), travel, OrderRules::default())
}

/// Every answer that a strategy following a script gets, where the user chose some rules.
pub(crate) fn follow(
    messages: &[SourceMessage],
    script: Vec<(i64, Deed)>,
    travel: &mut Travel,
    rules: OrderRules,
) -> Vec<Effect> {
    let [start, end] = travel.heard(messages);
    let mut exchange = Exchange {
        sides: [BTreeMap::new(), BTreeMap::new()],
        arrivals: 0,
        effects: Vec::new(),
        travel,
        rules,
        waiting: Waiting::default(),
    };
    let mut deeds: VecDeque<(i64, Deed)> = script.into();
    // A timer is due a microsecond after it was set at the earliest, and not after the last message.
    for (at, _) in &mut deeds {
        *at = (*at).max(start + 1_000);
    }
    deeds.retain(|x| x.0 <= end);
    let mut tape: VecDeque<SourceMessage> = messages.to_vec().into();
    let mut requests: VecDeque<(i64, u64, Deed)> = VecDeque::new();
    let (mut heard, mut next_id) = (0, 1);
    loop {
        let tape_at = tape.front().map_or(i64::MAX, |x| x.ts_event.0);
        let request_at = requests.front().map_or(i64::MAX, |x| x.0);
        let answer_at = exchange.effects.get(heard).map_or(i64::MAX, |x| x.0);
        let deed_at = deeds.front().map_or(i64::MAX, |x| x.0);
        let now = tape_at.min(request_at).min(answer_at).min(deed_at);
        let expires = exchange.waiting.next_expiry();
        if expires <= now.min(end) {
            exchange.expire(expires);
            continue;
        }
        if now == i64::MAX {
            break;
        }
        let mut send = |requests: &mut VecDeque<_>, travel: &mut Travel, deed: Deed| {
            let id = next_id;
            next_id += u64::from(matches!(deed, Deed::Submit(_)));
            let lands = travel.lands(now, &deed);
            if lands <= end {
                requests.push_back((lands, id, deed));
            }
        };
        if tape_at == now {
            exchange.hear(&tape.pop_front().unwrap());
        } else if request_at == now {
            let (at, id, deed) = requests.pop_front().unwrap();
            exchange.land(at, id, deed);
        } else if answer_at == now {
            let (_, effect, side) = exchange.effects[heard];
            heard += 1;
            if let Effect::Fill {
                order_id,
                price,
                quantity,
                ..
            } = effect
                && let Some(order) = reaction(order_id, side, price, quantity)
            {
                send(&mut requests, exchange.travel, Deed::Submit(order));
            }
        } else {
            let (_, deed) = deeds.pop_front().unwrap();
            send(&mut requests, exchange.travel, deed);
        }
    }
    exchange.effects.into_iter().map(|x| x.1).collect()
}

impl Exchange<'_> {
    pub(super) fn levels(&mut self, side: Side) -> &mut BTreeMap<i64, Level> {
        &mut self.sides[side.index()]
    }

    /// The prices of a side, best first.
    pub(super) fn prices(&self, side: Side) -> Vec<i64> {
        let prices = self.sides[side.index()].keys().copied();
        match side {
            Side::Buy => prices.rev().collect(),
            Side::Sell => prices.collect(),
        }
    }

    fn hear(&mut self, message: &SourceMessage) {
        let at = message.ts_event.0;
        let (price, size) = (message.price.0, i64::from(message.size));
        let Some(side) = message.side else { return };
        match message.action {
            Action::Add => self.add(side, message.order_id, price, size, at),
            Action::Cancel => self.remove(message.order_id, size),
            Action::Modify => self.modify_tape(side, message.order_id, price, size, at),
            Action::Fill => {
                self.hit(side, price, Some(message.order_id), size, at);
                self.eat(side, price, message.order_id, size);
                self.remove(message.order_id, size);
            }
            // In these markets every visible trade is followed by its fills; a trade alone is hidden.
            Action::Trade if message.flags.is_last() => {
                self.hit(side.opposite(), price, None, size, at);
            }
            Action::Trade | Action::Clear => {}
        }
        if message.action == Action::Trade {
            self.waiting.trade(price);
        }
        if message.flags.is_last() {
            self.trigger(at);
        }
    }

    fn add(&mut self, side: Side, id: u64, price: i64, size: i64, at: i64) {
        let mut left = size;
        for own_price in self.prices(side.opposite()) {
            let meets = match side {
                Side::Buy => own_price <= price,
                Side::Sell => own_price >= price,
            };
            if meets {
                left -= self.fill_level(
                    side.opposite(),
                    own_price,
                    Reach::ALL,
                    left,
                    at,
                    FillReason::Crossed,
                );
            }
        }
        self.arrivals += 1;
        let number = self.arrivals;
        let stays = self.rules.taken == Taken::Stays;
        let level = self.levels(side).entry(price).or_default();
        level.queue.push(Entry::Tape { id, size, number });
        if left < size && stays {
            level.taken += size - left;
            level.taken_until = number;
        }
    }

    /// The tape's executions eat what we took first: it stood in front.
    fn eat(&mut self, side: Side, price: i64, id: u64, size: i64) {
        if let Some(level) = self.levels(side).get_mut(&price) {
            let is_old = level.queue.iter().any(|x| {
                matches!(x, Entry::Tape { id: other, number, .. } if *other == id && *number <= level.taken_until)
            });
            if is_old {
                level.taken -= size;
            }
        }
    }

    fn remove(&mut self, id: u64, by: i64) {
        for levels in &mut self.sides {
            for level in levels.values_mut() {
                for entry in &mut level.queue {
                    if let Entry::Tape {
                        id: other, size, ..
                    } = entry
                        && *other == id
                    {
                        *size -= by;
                    }
                }
                level
                    .queue
                    .retain(|x| !matches!(x, Entry::Tape { size, .. } if *size <= 0));
                level.settle();
            }
            levels.retain(|_, level| !level.queue.is_empty());
        }
    }

    fn modify_tape(&mut self, side: Side, id: u64, price: i64, size: i64, at: i64) {
        let mut found = None;
        for (level_price, level) in self.levels(side).iter() {
            for entry in &level.queue {
                if let Entry::Tape {
                    id: other, size, ..
                } = entry
                    && *other == id
                {
                    found = Some((*level_price, *size));
                }
            }
        }
        let Some((old_price, old_size)) = found else {
            return;
        };
        if price != old_price {
            self.remove(id, old_size);
            self.add(side, id, price, size, at);
        } else if size <= old_size {
            self.remove(id, old_size - size);
        } else {
            self.arrivals += 1;
            let number = self.arrivals;
            let level = self.levels(side).entry(price).or_default();
            level
                .queue
                .retain(|x| !matches!(x, Entry::Tape { id: other, .. } if *other == id));
            level.queue.push(Entry::Tape { id, size, number });
            level.settle();
        }
    }

    /// A resting order of `side` is executed at `price`: own orders that are better, or stand before it, come first.
    /// Without an order, only better prices are reached.
    fn hit(&mut self, side: Side, price: i64, order: Option<u64>, size: i64, at: i64) {
        let mut left = size;
        for own_price in self.prices(side) {
            let is_better = match side {
                Side::Buy => own_price > price,
                Side::Sell => own_price < price,
            };
            if is_better {
                left -= self.fill_level(
                    side,
                    own_price,
                    Reach::ALL,
                    left,
                    at,
                    FillReason::TradedThrough,
                );
            } else if own_price == price
                && let Some(id) = order
            {
                let level = &self.sides[side.index()][&price];
                let queue = &level.queue;
                let place = queue
                    .iter()
                    .position(|x| matches!(x, Entry::Tape { id: other, .. } if *other == id));
                left -= self.fill_level(
                    side,
                    price,
                    Reach {
                        places: place.unwrap_or(0),
                        executed: size,
                    },
                    left,
                    at,
                    FillReason::QueueReached,
                );
            }
        }
    }

    /// Fills own orders among the first of a level with up to `size`; gives how much.
    fn fill_level(
        &mut self,
        side: Side,
        price: i64,
        reach: Reach,
        size: i64,
        at: i64,
        reason: FillReason,
    ) -> i64 {
        let Some(level) = self.levels(side).get_mut(&price) else {
            return 0;
        };
        let (mut left, mut places) = (size, reach.places);
        let mut fills = Vec::new();
        while left > 0 {
            let mut reached = level.queue.iter().take(places);
            let Some(place) = reached.position(|x| matches!(x, Entry::Own(_))) else {
                break;
            };
            let Entry::Own(mut own) = level.queue[place] else {
                break;
            };
            let quantity = left.min(own.shown);
            left -= quantity;
            own.shown -= quantity;
            own.leaves -= quantity;
            fills.push((own, quantity));
            if own.shown > 0 {
                level.queue[place] = Entry::Own(own);
                break;
            }
            level.queue.remove(place);
            // Places without end stay so: a whole queue is reached, its new end included.
            places = places.saturating_sub(usize::from(places < usize::MAX));
            if own.leaves > 0 {
                own.shown = own.displayed.min(own.leaves);
                own.queue_ahead = level.shown() - reach.executed;
                level.queue.push(Entry::Own(own));
            }
        }
        if level.queue.is_empty() {
            self.levels(side).remove(&price);
        }
        for (own, quantity) in fills {
            self.filled(&own, side, price, quantity, at, reason);
        }
        size - left
    }

    pub(super) fn filled(
        &mut self,
        own: &Own,
        side: Side,
        price: i64,
        quantity: i64,
        at: i64,
        reason: FillReason,
    ) {
        let due = self.travel.answered(at);
        let effect = Effect::Fill {
            order_id: own.id,
            price,
            quantity,
            leaves: own.leaves,
            reason,
            queue_ahead: own.queue_ahead,
            at: due,
        };
        self.effects.push((due, effect, side));
    }

    pub(super) fn tell(
        &mut self,
        id: u64,
        status: OrderStatus,
        reason: Reason,
        leaves: i64,
        at: i64,
    ) {
        let due = self.travel.answered(at);
        let effect = Effect::Update {
            order_id: id,
            status,
            reason,
            leaves,
            at: due,
        };
        self.effects.push((due, effect, Side::Buy));
    }
}
