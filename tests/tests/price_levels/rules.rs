//! The rules of price-level tapes, applied one row and one contract at a time: own orders in one list, a book of sums.
//!
//! Takes in price-level rows and the script that the strategy follows; gives out every answer. It shares no code with the
//! engine and none of its shortcuts: no blocks, no book that is behind, no arithmetic of quantities ahead. Its rules are
//! those of `docs/fills.md`.

use std::collections::{BTreeMap, VecDeque};

use backplane_engine::record::FillReason;
use backplane_sdk::types::{Order, OrderStatus, OrderType, Reason, Side, TimeInForce};
use backplane_tape::{Row, Signals};

use super::laws::{Law, Queue};
use crate::oracle::scripted::{Deed, reaction, script};
use crate::oracle::{Delays, Effect};

/// An own order, on its way or resting.
#[derive(Clone, Debug)]
struct Own {
    id: u64,
    side: Side,
    price: i64,
    quantity: i64,
    leaves: i64,
    /// What stood at its price when it took its place, and what of that stands there now.
    queue_ahead: i64,
    ahead: i64,
    queue: Queue,
    post_only: bool,
}

impl Own {
    /// Whether an order of the other side at `price` would meet it.
    const fn meets(&self, price: i64) -> bool {
        match self.side {
            Side::Buy => price <= self.price,
            Side::Sell => price >= self.price,
        }
    }
}

/// A price of one side.
type Place = (usize, i64);

struct Exchange {
    law: Law,
    /// What rests, by side and price.
    book: BTreeMap<Place, i64>,
    /// What of it we took.
    taken: BTreeMap<Place, i64>,
    /// Resting orders, in the order of their arrival.
    own: Vec<Own>,
    effects: Vec<(i64, Effect, Side)>,
    delays: Delays,
}

/// Every answer that a strategy following the script gets.
pub(super) fn simulate(rows: &[Row], seed: u64, delays: Delays, law: Law) -> Vec<Effect> {
    let mut exchange = Exchange {
        law,
        book: BTreeMap::new(),
        taken: BTreeMap::new(),
        own: Vec::new(),
        effects: Vec::new(),
        delays,
    };
    let end = rows.last().map_or(0, |x| x.ts_event) + delays.feed;
    // A timer is due a microsecond after it was set at the earliest, and not after the last row.
    let earliest = rows[0].ts_event + delays.feed + 1_000;
    let deeds = script(seed).into_iter().map(|x| (x.0.max(earliest), x.1));
    let mut deeds: VecDeque<(i64, Deed)> = deeds.filter(|x| x.0 <= end).collect();
    let mut tape: VecDeque<&Row> = rows.iter().collect();
    let mut requests: VecDeque<(i64, Deed)> = VecDeque::new();
    let (mut heard, mut submitted) = (0, 0);
    loop {
        let times = [
            tape.front().map(|x| x.ts_event),
            requests.front().map(|x| x.0),
            exchange.effects.get(heard).map(|x| x.0),
            deeds.front().map(|x| x.0),
        ];
        let Some(now) = times.into_iter().flatten().min() else {
            break;
        };
        let sent = match times.iter().position(|x| *x == Some(now)) {
            Some(0) => {
                exchange.hear(tape.pop_front().unwrap());
                None
            }
            Some(1) => {
                let (at, deed) = requests.pop_front().unwrap();
                submitted += u64::from(matches!(deed, Deed::Submit(_)));
                exchange.land(at, submitted, deed);
                None
            }
            Some(2) => {
                heard += 1;
                exchange.reaction(heard - 1)
            }
            _ => deeds.pop_front().map(|x| x.1),
        };
        let lands = now + delays.entry;
        requests.extend(sent.filter(|_| lands <= end).map(|deed| (lands, deed)));
    }
    exchange.effects.into_iter().map(|x| x.1).collect()
}

impl Exchange {
    /// What the strategy sends on hearing an answer.
    fn reaction(&self, number: usize) -> Option<Deed> {
        let (_, effect, side) = self.effects[number];
        match effect {
            Effect::Fill {
                order_id,
                price,
                quantity,
                ..
            } => reaction(order_id, side, price, quantity).map(Deed::Submit),
            Effect::Update { .. } => None,
        }
    }

    fn hear(&mut self, row: &Row) {
        let side = Side::from_code(row.side);
        match (row.action, side) {
            (b'R', _) => {
                self.book.clear();
                self.taken.clear();
            }
            (b'T', Some(aggressor)) => self.trade(row, aggressor.opposite()),
            (b'A' | b'C', Some(side)) => self.change(row, side),
            _ => {}
        }
    }

    /// Each contract of a trade goes to who is first in line.
    fn trade(&mut self, row: &Row, side: Side) {
        let place = (side.index(), row.price);
        let is_hidden = row.signals & Signals::HIDDEN != 0;
        let mut fills = Vec::new();
        let here = self
            .own
            .iter()
            .filter(|x| (x.side.index(), x.price) == place);
        let before: Vec<(u64, i64)> = here.map(|x| (x.id, x.ahead)).collect();
        for _ in 0..row.size {
            let through = self.first(side, |x| x.meets(row.price) && x.price != row.price);
            if let Some(number) = through {
                self.give(number, FillReason::TradedThrough, &mut fills);
                continue;
            }
            if is_hidden {
                break;
            }
            let first = self.first(side, |x| x.price == row.price);
            if let Some(number) = first
                && self.own[number].ahead == 0
            {
                self.give(number, FillReason::QueueReached, &mut fills);
                continue;
            }
            let is_here = |x: &&mut Own| x.side == side && x.price == row.price;
            for own in self.own.iter_mut().filter(is_here) {
                own.ahead = (own.ahead - 1).max(0);
            }
        }
        if !is_hidden {
            for (id, ahead) in before {
                let own = self.own.iter_mut().find(|x| x.id == id).unwrap();
                let filled = fills.iter().any(|x: &(Own, i64, FillReason)| x.0.id == id);
                own.queue.trade(row.size.into(), ahead - own.ahead, filled);
                own.ahead = own.queue.ahead();
            }
        }
        self.tell_fills(&fills, row.ts_event);
        if !is_hidden && let Some(taken) = self.taken.get_mut(&place) {
            *taken = (*taken - i64::from(row.size)).max(0);
        }
    }

    /// A level has a new size.
    fn change(&mut self, row: &Row, side: Side) {
        let place = (side.index(), row.price);
        let shown = i64::from(row.level_size);
        self.book.insert(place, shown);
        let taken = self.taken.entry(place).or_default();
        *taken = (*taken).min(shown);
        let is_here = |x: &&mut Own| x.side == side && x.price == row.price;
        for own in self.own.iter_mut().filter(is_here) {
            own.queue.change(self.law, shown);
            own.ahead = own.queue.ahead();
        }
        if row.action != b'A' {
            return;
        }
        let mut fills = Vec::new();
        for _ in 0..row.size {
            let Some(number) = self.first(side.opposite(), |x| x.meets(row.price)) else {
                break;
            };
            self.give(number, FillReason::Crossed, &mut fills);
            *self.taken.entry(place).or_default() += 1;
        }
        self.tell_fills(&fills, row.ts_event);
    }

    /// Which own order of a side is the first in line of those that `may`.
    fn first(&self, side: Side, may: impl Fn(&Own) -> bool) -> Option<usize> {
        let numbers = 0..self.own.len();
        let those = numbers.filter(|x| {
            let own = &self.own[*x];
            own.side == side && own.leaves > 0 && may(own)
        });
        those.min_by_key(|x| match side {
            Side::Buy => -self.own[*x].price,
            Side::Sell => self.own[*x].price,
        })
    }

    /// Gives one contract to an own order and writes down that it got it.
    fn give(&mut self, number: usize, reason: FillReason, fills: &mut Vec<(Own, i64, FillReason)>) {
        let own = &mut self.own[number];
        own.leaves -= 1;
        match fills.last_mut().filter(|x| x.0.id == own.id) {
            Some(fill) => *fill = (own.clone(), fill.1 + 1, reason),
            None => fills.push((own.clone(), 1, reason)),
        }
    }

    fn tell_fills(&mut self, fills: &[(Own, i64, FillReason)], at: i64) {
        self.own.retain(|x| x.leaves > 0);
        for (own, quantity, reason) in fills {
            self.filled(own, own.price, *quantity, at, *reason);
        }
    }

    fn filled(&mut self, own: &Own, price: i64, quantity: i64, at: i64, reason: FillReason) {
        let due = at + self.delays.response;
        let effect = Effect::Fill {
            order_id: own.id,
            price,
            quantity,
            leaves: own.leaves,
            reason,
            queue_ahead: own.queue_ahead,
            at: due,
        };
        self.effects.push((due, effect, own.side));
    }

    fn tell(&mut self, order_id: u64, status: OrderStatus, reason: Reason, leaves: i64, at: i64) {
        let at = at + self.delays.response;
        let effect = Effect::Update {
            order_id,
            status,
            reason,
            leaves,
            at,
        };
        self.effects.push((at, effect, Side::Buy));
    }

    fn land(&mut self, at: i64, id: u64, deed: Deed) {
        match deed {
            Deed::Submit(order) => self.submit(at, id, &order),
            Deed::Cancel { order_id } => match self.pull(order_id) {
                Some(_) => self.tell(order_id, OrderStatus::Canceled, Reason::None, 0, at),
                None => {
                    let (status, reason) = (OrderStatus::CancelRejected, Reason::UnknownOrder);
                    self.tell(order_id, status, reason, 0, at);
                }
            },
            Deed::CancelAll => {
                let mut ids: Vec<u64> = self.own.drain(..).map(|x| x.id).collect();
                ids.sort_unstable();
                for order_id in ids {
                    self.tell(order_id, OrderStatus::Canceled, Reason::None, 0, at);
                }
            }
            Deed::Modify {
                order_id,
                price,
                quantity,
            } => self.modify(at, order_id, price, quantity),
            Deed::ModifyStop { .. } => unreachable!("these scripts have no stops"),
        }
    }

    /// Takes an own order out of the list.
    fn pull(&mut self, id: u64) -> Option<Own> {
        let number = self.own.iter().position(|x| x.id == id)?;
        Some(self.own.remove(number))
    }

    /// What an order could take now: price and quantity, best first.
    fn offers(&self, side: Side, limit: Option<i64>) -> Vec<(i64, i64)> {
        let other = side.opposite().index();
        let within = |price: i64| {
            limit.is_none_or(|x| match side {
                Side::Buy => price <= x,
                Side::Sell => price >= x,
            })
        };
        let levels = self.book.iter().filter(|x| x.0.0 == other && within(x.0.1));
        let offers = levels.map(|(place, shown)| {
            let taken = self.taken.get(place).copied().unwrap_or(0);
            (place.1, shown - taken)
        });
        let mut offers: Vec<(i64, i64)> = offers.filter(|x| x.1 > 0).collect();
        if side == Side::Sell {
            offers.reverse();
        }
        offers
    }

    fn submit(&mut self, at: i64, id: u64, order: &Order) {
        let is_market = order.order_type == OrderType::Market;
        let offers = self.offers(order.side, (!is_market).then_some(order.price.0));
        let offered: i64 = offers.iter().map(|x| x.1).sum();
        let own = Own {
            id,
            side: order.side,
            price: order.price.0,
            quantity: order.quantity.0,
            leaves: order.quantity.0,
            queue_ahead: 0,
            ahead: 0,
            queue: Queue::default(),
            post_only: order.post_only,
        };
        let refusal = if own.post_only && offered > 0 {
            Reason::PostOnlyWouldCross
        } else if is_market && offered == 0 {
            Reason::NoLiquidity
        } else {
            Reason::None
        };
        if refusal != Reason::None {
            return self.tell(id, OrderStatus::Rejected, refusal, 0, at);
        }
        self.tell(id, OrderStatus::New, Reason::None, own.leaves, at);
        if order.time_in_force == TimeInForce::Fok && offered < own.quantity {
            return self.tell(id, OrderStatus::Canceled, Reason::FillOrKill, 0, at);
        }
        let own = self.take(at, own, &offers);
        if order.time_in_force == TimeInForce::Gtc {
            self.rest(own);
        } else if own.leaves > 0 {
            self.tell(id, OrderStatus::Canceled, Reason::ImmediateOrCancel, 0, at);
        }
    }

    /// Takes from offers, best first.
    fn take(&mut self, at: i64, mut own: Own, offers: &[(i64, i64)]) -> Own {
        own.queue_ahead = 0;
        for (price, offered) in offers {
            let quantity = own.leaves.min(*offered);
            if quantity > 0 {
                own.leaves -= quantity;
                self.filled(&own, *price, quantity, at, FillReason::Taker);
                let place = (own.side.opposite().index(), *price);
                *self.taken.entry(place).or_default() += quantity;
            }
        }
        own
    }

    /// Puts what is left of an order behind all that is shown at its price.
    fn rest(&mut self, own: Own) {
        let shown = self.book.get(&(own.side.index(), own.price));
        let ahead = shown.copied().unwrap_or(0);
        if own.leaves > 0 {
            self.own.push(Own {
                queue_ahead: ahead,
                ahead,
                queue: Queue::new(ahead),
                ..own
            });
        }
    }

    fn modify(&mut self, at: i64, id: u64, price: i64, quantity: i64) {
        let Some(number) = self.own.iter().position(|x| x.id == id) else {
            let (status, reason) = (OrderStatus::ReplaceRejected, Reason::UnknownOrder);
            return self.tell(id, status, reason, 0, at);
        };
        let before = self.own[number].clone();
        let after = Own {
            price,
            quantity,
            leaves: quantity - (before.quantity - before.leaves),
            ..before.clone()
        };
        let keeps_place = price == before.price && quantity <= before.quantity;
        let offers = match keeps_place {
            true => Vec::new(),
            false => self.offers(before.side, Some(price)),
        };
        let refusal = if after.leaves <= 0 {
            Reason::InvalidQuantity
        } else if before.post_only && !offers.is_empty() {
            Reason::PostOnlyWouldCross
        } else {
            Reason::None
        };
        if refusal != Reason::None {
            return self.tell(id, OrderStatus::ReplaceRejected, refusal, before.leaves, at);
        }
        self.tell(id, OrderStatus::Replaced, Reason::None, after.leaves, at);
        if keeps_place {
            self.own[number] = after;
            return;
        }
        self.own.remove(number);
        let after = self.take(at, after, &offers);
        self.rest(after);
    }
}
