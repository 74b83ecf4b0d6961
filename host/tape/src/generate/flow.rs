//! The order flow of one instrument: places, cancels and modifies orders; trading is in the module `taking`.
//!
//! Takes in the laws of the market and random numbers; gives out one atomic event a step, written to a [`Writer`].
//! What happens depends on the state of the queues, after the idea of Huang, Lehalle and Rosenbaum, "Simulating and
//! analyzing order book data: the queue-reactive model" (2015): the longer a queue, the likelier one of its orders is
//! cancelled; empty room between bid and ask attracts orders; short queues are traded with more than long ones.
//!
//! Three rules hold at all times. The book is never crossed, because no order is placed at or through the other side.
//! No side runs empty, because a queue is only used up while enough orders stand close behind it. All prices are at
//! least one tick, because nothing is placed below it.

use backplane_sdk::types::{Action, Timestamp};

use super::arrivals::{Arrivals, Kind};
use super::ladder::{ASK, BID, Ladder, behind};
use super::law::Law;
use super::random::Random;
use super::sentiment::Sentiment;
use super::shape::Shape;
use super::writer::Writer;

/// Messages in an event on average: a trade writes one for each order that it executes as well.
const MESSAGES_PER_EVENT: f64 = 1.14;
/// The widest spread that the flow makes, in ticks.
const SPREAD_MAX: i32 = 12;
/// The fewest orders that are left on a side when its best queue is used up.
const SIDE_ORDERS_MIN: u32 = 48;
/// How often a price with room is looked for before a long queue is joined.
const ROOM_DRAWS: u32 = 3;
/// How often an order is looked for before the attempt is given up.
const PICKS_MAX: u32 = 8;
/// The chance in 1024 that a new order improves the best price when the spread is two ticks; it grows by a quarter of
/// itself with each further tick.
const IMPROVE_CHANCE: u32 = 370;
/// How much likelier than one half it is that the best price is improved on the side of the last aggressor, in units of
/// 1/1024.
const FOLLOW_TILT: i32 = 220;
/// The mood counts for one over this much where orders are placed and cancelled.
const MOOD_SHARE: i32 = 2;
/// A best queue with fewer orders than this attracts new ones.
const SHORT_QUEUE_ORDERS: u32 = 10;
/// The chance in 1024 that a new order joins a short best queue.
const JOIN_CHANCE: u32 = 320;
/// Orders in a best queue are picked as if there were so many more of them: the last ones do not stay for long.
const FLIGHT_ORDERS: u32 = 3;
/// The chance in 1024 that a cancelled order stands farther away than any new order is placed.
const STRAY_CHANCE: u64 = 16;
/// The chance in 1024 that an order is picked whatever its place in the queue; else it is one of the youngest.
const ANY_AGE_CHANCE: u32 = 256;
/// How many orders at the end of a queue are the youngest.
const YOUNG_ORDERS: u32 = 4;
/// The chance in 1024 that a modification leaves the price as it is.
const RESIZE_CHANCE: u32 = 150;
/// The chance in 1024 that such a modification increases the size and so loses its place in the queue.
const INCREASE_CHANCE: u32 = 16;
/// The chance in 1024 that a change of price is one of a few ticks.
const STEP_CHANCE: u32 = 560;
/// How far the market may move before the ring of levels follows, in ticks.
const SLIDE_TICKS: i32 = 32;
/// The shortest time from the exchange to the receiver, in nanoseconds.
const LATENCY_MIN_NANOS: u32 = 80_000;
/// The usual range of the latency above its minimum, in nanoseconds.
const LATENCY_RANGE_NANOS: u32 = 60_000;
/// The range of the additional latency of one event in eight, in nanoseconds.
const LATENCY_TAIL_NANOS: u32 = 450_000;

/// One instrument's orders and what drives them.
#[derive(Clone, Debug)]
pub(super) struct Flow {
    instrument: u16,
    pub(super) ladder: Ladder,
    pub(super) random: Random,
    arrivals: Arrivals,
    pub(super) sentiment: Sentiment,
    /// The side that the last aggressive order took from.
    pub(super) taken_side: usize,
    /// When the next event happens, in nanoseconds since the Unix epoch.
    clock: i64,
    /// What the next event is.
    kind: Kind,
    last_id: u64,
    /// The lowest tick in the ring of levels.
    ring_low: i32,
    ring_ticks: i32,
    orders_wanted: u32,
    /// What one order is of all wanted ones, in units of 2^-26.
    share_of_an_order: u32,
}

/// What an instrument starts with.
#[derive(Clone, Copy, Debug)]
pub(super) struct FlowSettings {
    /// The seed of the whole tape.
    pub(super) seed: u64,
    /// The instrument's number.
    pub(super) instrument: u16,
    /// The start of the tape, in nanoseconds.
    pub(super) start: i64,
    /// The start price, in ticks.
    pub(super) start_tick: i32,
    /// The mean number of messages in a second.
    pub(super) messages_per_second: f64,
    /// The mean number of live orders.
    pub(super) orders: u32,
}

impl Flow {
    /// A book filled with orders, before its first event.
    pub(super) fn new(settings: FlowSettings, shape: &Shape) -> Flow {
        let mut random = Random::new(settings.seed, u64::from(settings.instrument));
        let ring_ticks = (shape.reach() as u32 * 4 + 256).next_power_of_two();
        let mut arrivals = Arrivals::new(settings.messages_per_second / MESSAGES_PER_EVENT);
        let (wait, kind) = arrivals.next(&mut random);
        let mut flow = Flow {
            instrument: settings.instrument,
            ladder: Ladder::new(ring_ticks, settings.orders as usize, settings.start_tick),
            random,
            arrivals,
            sentiment: Sentiment::new(
                settings.start,
                settings.start_tick,
                settings.messages_per_second,
            ),
            taken_side: ASK,
            clock: settings.start + wait,
            kind,
            last_id: (u64::from(settings.instrument) + 1) << 40,
            ring_low: settings.start_tick - ring_ticks as i32 / 2,
            ring_ticks: ring_ticks as i32,
            orders_wanted: settings.orders,
            share_of_an_order: (1 << 26) / settings.orders,
        };
        flow.fill(settings.start_tick, shape);
        flow
    }

    /// Fills the empty book to its mean depth, with a spread of one tick.
    fn fill(&mut self, start_tick: i32, shape: &Shape) {
        for side in [BID, ASK] {
            let best = behind(side, start_tick, (side == BID) as i32);
            for (distance, mean) in shape.depth.iter().enumerate() {
                let tick = behind(side, best, distance as i32);
                if tick < 1 {
                    break;
                }
                // The best queues are shorter on average than they can get, because they are used up.
                let mean = if distance == 0 { mean * 5 / 8 } else { *mean };
                let orders = (mean / 2 + self.random.below(mean + 2)).max(1);
                for _ in 0..orders {
                    let size = shape.size.draw(&mut self.random);
                    let id = self.new_id();
                    self.ladder.add(side, tick, id, size);
                }
            }
        }
    }

    /// When the next event happens.
    #[inline]
    pub(super) fn clock(&self) -> Timestamp {
        Timestamp(self.clock)
    }

    /// Writes the opening snapshot: the book is emptied, then filled in the order of price and time.
    pub(super) fn snapshot(&self, start: Timestamp, writer: &mut Writer) {
        writer.begin(self.instrument, start, 0);
        writer.mark_snapshot();
        writer.clear();
        for side in [BID, ASK] {
            let mut left = self.ladder.orders(side);
            let mut tick = self.ladder.best(side);
            while left > 0 {
                let mut place = self.ladder.oldest(tick);
                for _ in 0..self.ladder.level(tick).orders {
                    let order = self.ladder.order(place);
                    writer.push(Action::Add, side, order.id, order.tick, order.size);
                    place = self.ladder.after(place);
                    left -= 1;
                }
                tick = self.ladder.next_level(side, tick);
            }
        }
        writer.finish();
    }

    /// Writes the next event and draws when the one after it happens.
    pub(super) fn step(&mut self, shape: &Shape, writer: &mut Writer) {
        self.sentiment.advance(self.clock, &mut self.random);
        let latency = self.latency();
        writer.begin(self.instrument, Timestamp(self.clock), latency);
        let has_happened = match self.steered(self.kind) {
            Kind::Place => false,
            Kind::Cancel => self.cancel(shape, writer),
            Kind::Modify => self.modify(shape, writer),
            Kind::Trade => self.trade(shape, writer),
        };
        if !has_happened {
            self.place(shape, writer);
        }
        self.slide_ring(writer);
        writer.finish();
        let (wait, kind) = self.arrivals.next(&mut self.random);
        self.clock += wait;
        self.kind = kind;
    }

    fn latency(&mut self) -> i64 {
        let usual = LATENCY_MIN_NANOS + self.random.below(LATENCY_RANGE_NANOS);
        let tail = if self.random.chance(128) {
            self.random.below(LATENCY_TAIL_NANOS)
        } else {
            0
        };
        i64::from(usual + tail)
    }

    /// Holds the number of live orders near its mean: places instead of cancelling where they are too few, and the
    /// reverse where they are too many.
    fn steered(&mut self, kind: Kind) -> Kind {
        let live = self.ladder.orders(BID) + self.ladder.orders(ASK);
        let wanted = self.orders_wanted;
        let share = self.share_of_an_order;
        let chance = |off: u32| ((u64::from(off) * u64::from(share)) >> 13).min(700) as u32;
        match kind {
            Kind::Place if live > wanted && self.random.chance(chance(live - wanted)) => {
                Kind::Cancel
            }
            Kind::Cancel if live < wanted && self.random.chance(chance(wanted - live)) => {
                Kind::Place
            }
            _ => kind,
        }
    }

    pub(super) fn new_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// Whether the best queue of a side may be used up: enough orders are left, and close by.
    pub(super) fn may_empty(&self, side: usize) -> bool {
        let best = self.ladder.best(side);
        let left = self.ladder.orders(side) - self.ladder.level(best).orders;
        if left < SIDE_ORDERS_MIN {
            return false;
        }
        let next = self.ladder.next_level(side, best);
        (next - best).abs() + self.ladder.spread() <= SPREAD_MAX
    }

    /// Places a limit order.
    fn place(&mut self, shape: &Shape, writer: &mut Writer) {
        let spread = self.ladder.spread();
        let (side, tick) =
            if spread > 1 && self.random.chance(IMPROVE_CHANCE * (spread as u32 + 2) / 4) {
                self.improving_price(spread)
            } else {
                let side = self.side_to_fill();
                let best = self.ladder.best(side);
                let is_short = self.ladder.level(best).orders < SHORT_QUEUE_ORDERS;
                if is_short && self.random.chance(JOIN_CHANCE) {
                    (side, best)
                } else {
                    (side, self.roomy_price(side, &shape.place, shape))
                }
            };
        let size = shape.size.draw(&mut self.random);
        let id = self.new_id();
        self.ladder.add(side, tick, id, size);
        writer.push(Action::Add, side, id, tick, size);
    }

    /// A side and a price inside the spread, which must be wider than a tick.
    fn improving_price(&mut self, spread: i32) -> (usize, i32) {
        let follows = if self.taken_side == ASK {
            FOLLOW_TILT
        } else {
            -FOLLOW_TILT
        };
        let side = self.side_by(self.mood() + follows);
        let step = if self.random.chance(870) {
            1
        } else {
            1 + self.random.below(spread as u32 - 1) as i32
        };
        (side, behind(side, self.ladder.best(side), -step))
    }

    /// The side for a new order: the one with fewer orders is likelier.
    fn side_to_fill(&mut self) -> usize {
        let lack = i64::from(self.ladder.orders(ASK)) - i64::from(self.ladder.orders(BID));
        let tilt = ((lack * i64::from(self.share_of_an_order)) >> 19).clamp(-300, 300) as i32;
        self.side_by(tilt + self.mood() / MOOD_SHARE)
    }

    /// How much likelier than one half buying is, in units of 1/1024.
    #[inline]
    pub(super) fn mood(&self) -> i32 {
        self.sentiment.mood(self.ladder.best(BID))
    }

    /// The bids with a chance of one half and `tilt` / 1024 more, else the asks.
    #[inline]
    pub(super) fn side_by(&mut self, tilt: i32) -> usize {
        let chance = (512 + tilt).clamp(32, 992) as u32;
        if self.random.chance(chance) { BID } else { ASK }
    }

    /// A distance from the best price; large ones are spread over the prices between the law's quantiles.
    fn distance(&mut self, law: &Law) -> i32 {
        let distance = law.draw(&mut self.random);
        self.spread_out(distance)
    }

    #[inline]
    fn spread_out(&mut self, distance: u32) -> i32 {
        if distance < 32 {
            return distance as i32;
        }
        (distance + self.random.below(distance / 8)) as i32
    }

    /// A price behind the best one of a side by a law of distances, which passes over long queues as long as another
    /// draw is left. So prices that the market has come to anew are filled up.
    fn roomy_price(&mut self, side: usize, law: &Law, shape: &Shape) -> i32 {
        let mut tick = self.ladder.best(side);
        for _ in 0..ROOM_DRAWS {
            let distance = self.distance(law);
            tick = self.price_behind(side, distance);
            let usual = shape.depth_at(distance as u32);
            if self.random.below(usual * 2) >= self.ladder.level(tick).orders {
                break;
            }
        }
        tick
    }

    /// The price `distance` ticks behind the best one of a side; the best one where there is none.
    fn price_behind(&self, side: usize, distance: i32) -> i32 {
        let best = self.ladder.best(side);
        let tick = behind(side, best, distance);
        if tick < 1 { best } else { tick }
    }

    /// Picks an order: first a price by the law of distances, which long queues pass more often than short ones, then
    /// a place in the queue, where the youngest are picked most. Gives the side and the order's place in the slab.
    fn pick(&mut self, law: &Law, shape: &Shape) -> Option<(usize, u32)> {
        let bid_chance = (512 - self.mood() / MOOD_SHARE).clamp(32, 992) as u64;
        for _ in 0..PICKS_MAX {
            // One draw serves four decisions, ten bits, ten bits, the law's bits and the upper half.
            let bits = self.random.bits();
            let side = if bits % 1_024 < bid_chance { BID } else { ASK };
            let distance = if (bits >> 10) % 1_024 < STRAY_CHANCE {
                shape.reach() + self.random.below(shape.reach() as u32) as i32
            } else {
                self.spread_out(law.at(bits >> 20))
            };
            let tick = behind(side, self.ladder.best(side), distance);
            let orders = self.ladder.level(tick).orders;
            let usual = shape.depth_at(distance as u32);
            let hurry = if distance == 0 { FLIGHT_ORDERS } else { 0 };
            let chosen = ((bits >> 32) * u64::from(usual * 2)) >> 32;
            if tick < 1 || orders == 0 || chosen >= u64::from(orders + hurry) {
                continue;
            }
            if distance == 0 && orders == 1 && !self.may_empty(side) {
                continue;
            }
            let is_any = self.random.chance(ANY_AGE_CHANCE);
            let younger = self.random.below(if is_any {
                orders
            } else {
                orders.min(YOUNG_ORDERS)
            });
            return Some((side, self.ladder.nth_youngest(tick, younger)));
        }
        None
    }

    /// Cancels an order; false where none was found.
    fn cancel(&mut self, shape: &Shape, writer: &mut Writer) -> bool {
        let Some((side, place)) = self.pick(&shape.cancel, shape) else {
            return false;
        };
        let order = *self.ladder.order(place);
        self.ladder.remove(side, place);
        writer.push(Action::Cancel, side, order.id, order.tick, order.size);
        true
    }

    /// Changes an order's size or price; false where none was found.
    fn modify(&mut self, shape: &Shape, writer: &mut Writer) -> bool {
        let Some((side, place)) = self.pick(&shape.modify, shape) else {
            return false;
        };
        let order = *self.ladder.order(place);
        if self.random.chance(RESIZE_CHANCE) && order.size > 1 {
            let size = if self.random.chance(INCREASE_CHANCE) {
                order.size + shape.size.draw(&mut self.random)
            } else {
                1 + self.random.below(order.size - 1)
            };
            if size < order.size {
                self.ladder.reduce(place, order.size - size);
            } else {
                self.ladder.remove(side, place);
                self.ladder.add(side, order.tick, order.id, size);
            }
            writer.push(Action::Modify, side, order.id, order.tick, size);
            return true;
        }
        let tick = self.new_price(side, order.tick, shape);
        if tick == order.tick {
            return false;
        }
        let size = match self.random.below(8) {
            0 if order.size > 1 => order.size - 1,
            1 => order.size + 1,
            _ => order.size,
        };
        self.ladder.remove(side, place);
        self.ladder.add(side, tick, order.id, size);
        writer.push(Action::Modify, side, order.id, tick, size);
        true
    }

    /// Another price for an order at `tick`: one or a few ticks away, or anywhere in the book; never at or through the
    /// other side. The same price where there is no other.
    fn new_price(&mut self, side: usize, tick: i32, shape: &Shape) -> i32 {
        let candidate = if self.random.chance(STEP_CHANCE) {
            let step = if self.random.chance(920) {
                1
            } else {
                2 + self.random.below(2) as i32
            };
            let closer = behind(side, tick, -step);
            let distance = (self.ladder.best(side) - closer).unsigned_abs();
            let usual = shape.depth_at(distance);
            if self.random.below(usual * 2) >= self.ladder.level(closer).orders {
                closer
            } else {
                behind(side, tick, step)
            }
        } else {
            self.roomy_price(side, &shape.relocate, shape)
        };
        let other = self.ladder.best(1 - side);
        let is_allowed = if side == BID {
            candidate < other
        } else {
            candidate > other
        };
        if is_allowed && candidate != tick && candidate >= 1 {
            return candidate;
        }
        let farther = behind(side, tick, 1);
        if farther >= 1 { farther } else { tick }
    }

    /// Lets the ring of levels follow the market. Orders that fall out of it are cancelled.
    fn slide_ring(&mut self, writer: &mut Writer) {
        let centre = self.ladder.best(BID) + self.ladder.spread() / 2;
        let low = centre - self.ring_ticks / 2;
        if (low - self.ring_low).abs() < SLIDE_TICKS {
            return;
        }
        let old = self.ring_low;
        for tick in old..low {
            self.expire(BID, tick, writer);
        }
        for tick in low + self.ring_ticks..old + self.ring_ticks {
            self.expire(ASK, tick, writer);
        }
        self.ring_low = low;
    }

    /// Cancels all orders at a price.
    fn expire(&mut self, side: usize, tick: i32, writer: &mut Writer) {
        for _ in 0..self.ladder.level(tick).orders {
            let place = self.ladder.oldest(tick);
            let order = *self.ladder.order(place);
            self.ladder.remove(side, place);
            writer.push(Action::Cancel, side, order.id, order.tick, order.size);
        }
    }
}
