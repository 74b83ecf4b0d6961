//! The oracle: one clock, every queue kept as a list, own orders standing in it among the tape's.
//!
//! It shares no code with the engine and none of its shortcuts: no priorities, no blocks, no second cursor. Its rules
//! are those of `docs/fills.md`.

use std::collections::{BTreeMap, VecDeque};

use backplane_engine::record::FillReason;
use backplane_sdk::types::{Action, Order, OrderStatus, OrderType, Reason, Side, TimeInForce};
use backplane_tape::SourceMessage;

use super::Effect;
use super::jitter::Travel;
use super::scripted::{Deed, reaction, script};

#[derive(Clone, Copy, Debug)]
struct Own {
    id: u64,
    quantity: i64,
    leaves: i64,
    queue_ahead: i64,
    post_only: bool,
}

#[derive(Clone, Copy, Debug)]
enum Entry {
    Tape { id: u64, size: i64, number: u64 },
    Own(Own),
}

#[derive(Default)]
struct Level {
    queue: Vec<Entry>,
    /// What we took and the tape still shows, and the number of the last tape order that we took from.
    taken: i64,
    taken_until: u64,
}

impl Level {
    fn shown(&self) -> i64 {
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

struct Exchange<'a> {
    sides: [BTreeMap<i64, Level>; 2],
    arrivals: u64,
    effects: Vec<(i64, Effect, Side)>,
    travel: &'a mut Travel,
}

/// Every answer that a strategy following the script gets.
pub(crate) fn simulate(messages: &[SourceMessage], seed: u64, travel: &mut Travel) -> Vec<Effect> {
    let [start, end] = travel.heard(messages);
    let mut exchange = Exchange {
        sides: [BTreeMap::new(), BTreeMap::new()],
        arrivals: 0,
        effects: Vec::new(),
        travel,
    };
    let mut deeds: VecDeque<(i64, Deed)> = script(seed).into();
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
    fn levels(&mut self, side: Side) -> &mut BTreeMap<i64, Level> {
        &mut self.sides[side.index()]
    }

    /// The prices of a side, best first.
    fn prices(&self, side: Side) -> Vec<i64> {
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
                    usize::MAX,
                    left,
                    at,
                    FillReason::Crossed,
                );
            }
        }
        self.arrivals += 1;
        let number = self.arrivals;
        let level = self.levels(side).entry(price).or_default();
        level.queue.push(Entry::Tape { id, size, number });
        if left < size {
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
                    usize::MAX,
                    left,
                    at,
                    FillReason::TradedThrough,
                );
            } else if own_price == price
                && let Some(id) = order
            {
                let queue = &self.sides[side.index()][&price].queue;
                let place = queue
                    .iter()
                    .position(|x| matches!(x, Entry::Tape { id: other, .. } if *other == id));
                left -= self.fill_level(
                    side,
                    price,
                    place.unwrap_or(0),
                    left,
                    at,
                    FillReason::QueueReached,
                );
            }
        }
    }

    /// Fills own orders among the first `places` of a level with up to `size`; gives how much.
    fn fill_level(
        &mut self,
        side: Side,
        price: i64,
        places: usize,
        size: i64,
        at: i64,
        reason: FillReason,
    ) -> i64 {
        let Some(level) = self.levels(side).get_mut(&price) else {
            return 0;
        };
        let mut left = size;
        let mut fills = Vec::new();
        for entry in level.queue.iter_mut().take(places) {
            if let Entry::Own(own) = entry
                && left > 0
            {
                let quantity = left.min(own.leaves);
                own.leaves -= quantity;
                left -= quantity;
                fills.push((*own, quantity));
            }
        }
        level
            .queue
            .retain(|x| !matches!(x, Entry::Own(own) if own.leaves == 0));
        if level.queue.is_empty() {
            self.levels(side).remove(&price);
        }
        for (own, quantity) in fills {
            self.filled(&own, side, price, quantity, at, reason);
        }
        size - left
    }

    fn filled(
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

    fn tell(&mut self, id: u64, status: OrderStatus, reason: Reason, leaves: i64, at: i64) {
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

    fn land(&mut self, at: i64, id: u64, deed: Deed) {
        match deed {
            Deed::Submit(order) => self.submit(at, id, &order),
            Deed::Cancel { order_id } => match self.pull(order_id) {
                Some(_) => self.tell(order_id, OrderStatus::Canceled, Reason::None, 0, at),
                None => self.tell(
                    order_id,
                    OrderStatus::CancelRejected,
                    Reason::UnknownOrder,
                    0,
                    at,
                ),
            },
            Deed::CancelAll => {
                let mut ids: Vec<u64> = self.own_ids();
                ids.sort_unstable();
                for order_id in ids {
                    self.pull(order_id);
                    self.tell(order_id, OrderStatus::Canceled, Reason::None, 0, at);
                }
            }
            Deed::Modify {
                order_id,
                price,
                quantity,
            } => self.modify(at, order_id, price, quantity),
        }
    }

    fn own_ids(&self) -> Vec<u64> {
        let levels = self.sides.iter().flat_map(BTreeMap::values);
        let entries = levels.flat_map(|x| &x.queue);
        entries
            .filter_map(|x| match x {
                Entry::Own(own) => Some(own.id),
                Entry::Tape { .. } => None,
            })
            .collect()
    }

    /// Takes an own order out of its queue; gives its side, price, place and what it was.
    fn pull(&mut self, id: u64) -> Option<(Side, i64, usize, Own)> {
        for side in Side::BOTH {
            for price in self.prices(side) {
                let level = self.levels(side).get_mut(&price)?;
                let place = level
                    .queue
                    .iter()
                    .position(|x| matches!(x, Entry::Own(own) if own.id == id));
                if let Some(place) = place
                    && let Entry::Own(own) = level.queue.remove(place)
                {
                    if level.queue.is_empty() {
                        self.levels(side).remove(&price);
                    }
                    return Some((side, price, place, own));
                }
            }
        }
        None
    }

    /// What an order could take now: price and quantity, best first.
    fn offers(&self, side: Side, limit: Option<i64>) -> Vec<(i64, i64)> {
        let other = side.opposite();
        let within = |price: &i64| {
            limit.is_none_or(|x| match side {
                Side::Buy => *price <= x,
                Side::Sell => *price >= x,
            })
        };
        let prices = self.prices(other).into_iter().filter(within);
        let offers = prices.map(|price| {
            let level = &self.sides[other.index()][&price];
            (price, level.shown() - level.taken)
        });
        offers.filter(|x| x.1 > 0).collect()
    }

    fn submit(&mut self, at: i64, id: u64, order: &Order) {
        let is_market = order.order_type == OrderType::Market;
        let limit = (!is_market).then_some(order.price.0);
        let offers = self.offers(order.side, limit);
        let offered: i64 = offers.iter().map(|x| x.1).sum();
        let own = Own {
            id,
            quantity: order.quantity.0,
            leaves: order.quantity.0,
            queue_ahead: 0,
            post_only: order.post_only,
        };
        if order.post_only && offered > 0 {
            return self.tell(id, OrderStatus::Rejected, Reason::PostOnlyWouldCross, 0, at);
        }
        if is_market && offered == 0 {
            return self.tell(id, OrderStatus::Rejected, Reason::NoLiquidity, 0, at);
        }
        self.tell(id, OrderStatus::New, Reason::None, own.leaves, at);
        let is_fok = order.time_in_force == TimeInForce::Fok;
        if is_fok && offered < own.quantity {
            return self.tell(id, OrderStatus::Canceled, Reason::FillOrKill, 0, at);
        }
        let own = self.take(at, order.side, own, &offers);
        if own.leaves == 0 {
            return;
        }
        if order.time_in_force == TimeInForce::Gtc {
            self.rest(order.side, order.price.0, own);
        } else {
            self.tell(id, OrderStatus::Canceled, Reason::ImmediateOrCancel, 0, at);
        }
    }

    fn take(&mut self, at: i64, side: Side, mut own: Own, offers: &[(i64, i64)]) -> Own {
        for (price, offered) in offers {
            let quantity = own.leaves.min(*offered);
            if quantity == 0 {
                break;
            }
            own.leaves -= quantity;
            self.filled(
                &Own {
                    queue_ahead: 0,
                    ..own
                },
                side,
                *price,
                quantity,
                at,
                FillReason::Taker,
            );
            let arrivals = self.arrivals;
            let level = self.levels(side.opposite()).entry(*price).or_default();
            level.taken += quantity;
            level.taken_until = arrivals;
        }
        own
    }

    fn rest(&mut self, side: Side, price: i64, own: Own) {
        let level = self.levels(side).entry(price).or_default();
        let queue_ahead = level.shown();
        level.queue.push(Entry::Own(Own { queue_ahead, ..own }));
    }

    fn modify(&mut self, at: i64, id: u64, price: i64, quantity: i64) {
        let Some((side, old_price, place, own)) = self.pull(id) else {
            return self.tell(
                id,
                OrderStatus::ReplaceRejected,
                Reason::UnknownOrder,
                0,
                at,
            );
        };
        let filled = own.quantity - own.leaves;
        let changed = Own {
            quantity,
            leaves: quantity - filled,
            ..own
        };
        let keeps_place = price == old_price && quantity <= own.quantity;
        let offers = if keeps_place {
            Vec::new()
        } else {
            self.offers(side, Some(price))
        };
        let refusal = if changed.leaves <= 0 {
            Some(Reason::InvalidQuantity)
        } else if own.post_only && !offers.is_empty() {
            Some(Reason::PostOnlyWouldCross)
        } else {
            None
        };
        if let Some(reason) = refusal {
            let level = self.levels(side).entry(old_price).or_default();
            level.queue.insert(place, Entry::Own(own));
            return self.tell(id, OrderStatus::ReplaceRejected, reason, own.leaves, at);
        }
        self.tell(id, OrderStatus::Replaced, Reason::None, changed.leaves, at);
        if keeps_place {
            let level = self.levels(side).entry(price).or_default();
            level.queue.insert(place, Entry::Own(changed));
            return;
        }
        let after = self.take(at, side, changed, &offers);
        if after.leaves > 0 {
            self.rest(side, price, after);
        }
    }
}
