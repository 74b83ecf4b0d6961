//! Aggressive orders: whom they meet, how much they take and what is left of them.
//!
//! Takes in the state of an instrument's flow; gives out trades: a print for each price and a fill for each resting
//! order that is executed, oldest first. Aggressive orders go where the queue is short, and many are sized to take just
//! what rests there, as found by Farmer, Gillemot, Lillo, Mike and Sen, "What really causes large price changes?"
//! (2004). What a marketable limit order cannot trade comes to rest at its limit.

use backplane_sdk::types::Action;

use super::flow::Flow;
use super::ladder::{ASK, BID};
use super::shape::Shape;
use super::writer::Writer;

/// The most prices that one aggressive order trades at.
const SWEEP_LEVELS_MAX: u32 = 3;
/// The chance in 1024 that an order which is larger than the best queue goes on to the next price.
const SWEEP_CHANCE: u32 = 150;
/// The chance in 1024 that what is left of an aggressive order comes to rest at its limit.
const REST_CHANCE: u32 = 130;
/// The size of a queue that every second aggressive order is made to use up; the chance falls with the size's fourth
/// power.
const TAKE_ALL_SIZE: u32 = 9;
/// The chance in 1024 that an aggressive order is a further part of the one before it. That the signs of trades
/// persist because large orders are split was shown by Lillo and Farmer, "The long memory of the efficient market"
/// (2004).
const REPEAT_CHANCE: u32 = 340;

/// An aggressive order on its way.
struct Aggressor {
    id: u64,
    /// The side that it takes from.
    side: usize,
    /// What it still wants.
    wanted: u32,
    /// The last price that it traded at.
    tick: i32,
}

impl Flow {
    /// Lets an aggressive order trade; false where the side that it meets must be spared.
    pub(super) fn trade(&mut self, shape: &Shape, writer: &mut Writer) -> bool {
        let side = if self.random.chance(REPEAT_CHANCE) {
            self.taken_side
        } else {
            self.side_to_take()
        };
        self.taken_side = side;
        let queue = self.ladder.level(self.ladder.best(side)).size;
        let mut wanted = shape.trade_size.draw(&mut self.random);
        if wanted < queue && self.is_used_up(queue) {
            wanted = queue;
        }
        if wanted >= queue && !self.may_empty(side) {
            wanted = queue - 1;
        }
        if wanted == 0 {
            return false;
        }
        let mut aggressor = Aggressor {
            id: self.new_id(),
            side,
            wanted,
            tick: self.ladder.best(side),
        };
        for _ in 0..SWEEP_LEVELS_MAX {
            let emptied = self.execute(&mut aggressor, writer);
            let goes_on = emptied && aggressor.wanted > 0 && self.random.chance(SWEEP_CHANCE);
            if !goes_on || !self.may_empty(side) {
                break;
            }
        }
        // The queue that was met is used up here, so its price is free for the other side.
        if aggressor.wanted > 0 && self.random.chance(REST_CHANCE) {
            let own = 1 - side;
            self.ladder
                .add(own, aggressor.tick, aggressor.id, aggressor.wanted);
            writer.push(
                Action::Add,
                own,
                aggressor.id,
                aggressor.tick,
                aggressor.wanted,
            );
        }
        true
    }

    /// Whether an aggressive order is sized to take all of a queue of this size.
    fn is_used_up(&mut self, queue: u32) -> bool {
        const FOURTH_POWER: u32 = TAKE_ALL_SIZE.pow(4);
        let queue = queue.min(64);
        self.random
            .chance(1_000 * FOURTH_POWER / (FOURTH_POWER + queue.pow(4)))
    }

    /// The side whose orders are taken: the shorter queue is likelier, and the mood counts.
    fn side_to_take(&mut self) -> usize {
        let [bids, asks] = [BID, ASK].map(|side| {
            let size = u64::from(self.ladder.level(self.ladder.best(side)).size);
            size * size
        });
        let chance = (bids * 1_024 / (bids + asks)) as i32;
        1 - self.side_by(chance - 512 + self.mood())
    }

    /// Trades with the best queue, oldest order first; true where the queue is used up.
    fn execute(&mut self, aggressor: &mut Aggressor, writer: &mut Writer) -> bool {
        let side = aggressor.side;
        let tick = self.ladder.best(side);
        let queue = self.ladder.level(tick).size;
        let traded = aggressor.wanted.min(queue);
        aggressor.wanted -= traded;
        aggressor.tick = tick;
        writer.push(Action::Trade, 1 - side, aggressor.id, tick, traded);
        let mut left = traded;
        while left > 0 {
            let place = self.ladder.oldest(tick);
            let order = *self.ladder.order(place);
            let size = left.min(order.size);
            left -= size;
            writer.push(Action::Fill, side, order.id, tick, size);
            if size == order.size {
                self.ladder.remove(side, place);
            } else {
                self.ladder.reduce(place, size);
            }
        }
        traded == queue
    }
}
