//! The quoting strategy of the `market_maker` plugin, for the peer.
//!
//! Takes in the peer's state after some time has elapsed; gives out orders: one post-only bid and ask of size one at the
//! best prices of each instrument. When a side's best price moves, its quote is cancelled and sent anew there; a quote
//! that was filled is replaced at the next change. A side rests while a fill of it could bring the position beyond
//! [`POSITION_MAX`].

use std::collections::VecDeque;

use hftbacktest::backtest::BacktestError;
use hftbacktest::depth::{INVALID_MAX, INVALID_MIN, MarketDepth};
use hftbacktest::types::{Bot, OrdType, Order, OrderId, Side, Status, TimeInForce};

use crate::backtest::ROUND_TRIP;
use crate::fills::Fill;

/// The quantity of each quote.
const SIZE: f64 = 1.0;
/// The largest position to hold.
pub const POSITION_MAX: f64 = 10.0;

/// The best level of a side: its price in ticks, and its size where the strategy acts on sizes, else 0.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Level {
    tick: i64,
    size: f64,
}

/// An order of ours and the best level at which it was sent.
#[derive(Clone, Copy, Debug)]
struct Quote {
    order_id: OrderId,
    level: Level,
}

/// One instrument: the best levels when it was last looked at, and its quotes, bid first.
#[derive(Clone, Copy, Debug)]
struct Instrument {
    best: [Level; 2],
    quotes: [Option<Quote>; 2],
}

/// An order to cancel as soon as the peer has answered its submission.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    instrument: usize,
    order_id: OrderId,
    answered_at: i64,
}

/// The strategy. With `ON_SIZE` it quotes anew when the best size changes, too.
#[derive(Debug)]
pub struct Quoter<const ON_SIZE: bool> {
    instruments: Vec<Instrument>,
    waiting: VecDeque<Waiting>,
    last_order: OrderId,
    fills: Option<Vec<Fill>>,
    /// Orders sent.
    pub orders: u64,
    /// Cancels sent.
    pub cancels: u64,
}

impl<const ON_SIZE: bool> Quoter<ON_SIZE> {
    /// A strategy that has sent nothing yet; it notes each fill where asked to.
    pub fn new(instruments: usize, with_fills: bool) -> Self {
        let none = |tick| Level { tick, size: 0.0 };
        let instrument = Instrument {
            best: [none(INVALID_MIN), none(INVALID_MAX)],
            quotes: [None; 2],
        };
        Quoter {
            instruments: vec![instrument; instruments],
            waiting: VecDeque::new(),
            last_order: 0,
            fills: with_fills.then(Vec::new),
            orders: 0,
            cancels: 0,
        }
    }

    /// When the next answer is there on which a cancel waits.
    pub fn answer_due(&self) -> Option<i64> {
        self.waiting.front().map(|x| x.answered_at)
    }

    /// Sends the cancels that waited for answers which are there now.
    ///
    /// # Errors
    /// The peer refuses one.
    pub fn settle<MD: MarketDepth>(
        &mut self,
        bot: &mut impl Bot<MD, Error = BacktestError>,
    ) -> Result<(), BacktestError> {
        let now = bot.current_timestamp();
        while let Some(first) = self.waiting.front().copied() {
            if first.answered_at > now {
                return Ok(());
            }
            self.waiting.pop_front();
            let order = bot.orders(first.instrument).get(&first.order_id);
            if order.is_some_and(|x| is_open(x) && x.req == Status::None) {
                self.cancels += 1;
                bot.cancel(first.instrument, first.order_id, false)?;
            }
        }
        Ok(())
    }

    /// Looks at an instrument's best prices and quotes anew where they are not what they were.
    ///
    /// # Errors
    /// The peer refuses an order or a cancel.
    #[inline]
    pub fn look<MD: MarketDepth>(
        &mut self,
        instrument: usize,
        bot: &mut impl Bot<MD, Error = BacktestError>,
    ) -> Result<(), BacktestError> {
        let depth = bot.depth(instrument);
        let sizes = match ON_SIZE {
            true => [depth.best_bid_qty(), depth.best_ask_qty()],
            false => [0.0; 2],
        };
        let ticks = [depth.best_bid_tick(), depth.best_ask_tick()];
        let best = [0, 1].map(|side| Level {
            tick: ticks[side],
            size: sizes[side],
        });
        if best == self.instruments[instrument].best {
            return Ok(());
        }
        self.instruments[instrument].best = best;
        self.quote(instrument, Side::Buy, best[0], bot)?;
        self.quote(instrument, Side::Sell, best[1], bot)?;
        self.note_fills(instrument, bot);
        bot.clear_inactive_orders(Some(instrument));
        Ok(())
    }

    /// Quotes a side whose best level is `level` now.
    fn quote<MD: MarketDepth>(
        &mut self,
        instrument: usize,
        side: Side,
        level: Level,
        bot: &mut impl Bot<MD, Error = BacktestError>,
    ) -> Result<(), BacktestError> {
        let place = usize::from(side == Side::Sell);
        let old = self.instruments[instrument].quotes[place];
        let order = |x: Quote| bot.orders(instrument).get(&x.order_id);
        let open = old.and_then(|x| order(x).filter(|order| is_open(order)).map(|o| (x, o)));
        if open.is_some_and(|(quote, _)| quote.level == level) {
            return Ok(());
        }
        if let Some((quote, order)) = open {
            if order.req == Status::New {
                self.waiting.push_back(Waiting {
                    instrument,
                    order_id: quote.order_id,
                    answered_at: order.local_timestamp + ROUND_TRIP,
                });
            } else {
                self.cancels += 1;
                bot.cancel(instrument, quote.order_id, false)?;
            }
        }
        let quote = match self.is_wanted(bot.position(instrument), side, level) {
            true => Some(self.submit(instrument, side, level, bot)?),
            false => None,
        };
        self.instruments[instrument].quotes[place] = quote;
        Ok(())
    }

    /// Whether there is a price, and a fill there would leave the position within its limit.
    fn is_wanted(&self, position: f64, side: Side, level: Level) -> bool {
        match side {
            Side::Buy => level.tick != INVALID_MIN && position + SIZE <= POSITION_MAX,
            _ => level.tick != INVALID_MAX && SIZE - position <= POSITION_MAX,
        }
    }

    fn submit<MD: MarketDepth>(
        &mut self,
        instrument: usize,
        side: Side,
        level: Level,
        bot: &mut impl Bot<MD, Error = BacktestError>,
    ) -> Result<Quote, BacktestError> {
        self.last_order += 1;
        self.orders += 1;
        let order_id = self.last_order;
        let price = level.tick as f64 * bot.depth(instrument).tick_size();
        let (post_only, limit) = (TimeInForce::GTX, OrdType::Limit);
        match side {
            Side::Buy => {
                bot.submit_buy_order(instrument, order_id, price, SIZE, post_only, limit, false)?
            }
            _ => {
                bot.submit_sell_order(instrument, order_id, price, SIZE, post_only, limit, false)?
            }
        };
        Ok(Quote { order_id, level })
    }

    /// Notes the orders of an instrument that were filled since its inactive orders were last cleared.
    pub fn note_fills<MD: MarketDepth>(
        &mut self,
        instrument: usize,
        bot: &mut impl Bot<MD, Error = BacktestError>,
    ) {
        if let Some(fills) = &mut self.fills {
            let orders = bot.orders(instrument).values();
            let filled = orders.filter(|order| order.status == Status::Filled);
            fills.extend(filled.map(|order| Fill::of(instrument, order)));
        }
    }

    /// The fills that were noted, if any were to be.
    pub fn into_fills(self) -> Vec<Fill> {
        self.fills.unwrap_or_default()
    }
}

/// Whether an order was sent and nothing was heard of its end.
fn is_open(order: &Order) -> bool {
    match order.status {
        Status::None => order.req == Status::New,
        Status::New | Status::PartiallyFilled => true,
        _ => false,
    }
}
