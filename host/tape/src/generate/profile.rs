//! The portrait of a market in numbers, to be compared with another market's.
//!
//! Takes in order-level messages of any source, or an order-level tape; gives out [`MarketStatistics`]: what share each
//! action has, how often the best prices change, how wide the spread is, how long the best queues are, how fast and how
//! clustered events come.

use std::collections::BTreeMap;
use std::path::Path;

use backplane_sdk::types::{Action, Instrument, InstrumentId, Nanos, Side};

use super::retell::Retelling;
use super::statistics::MarketStatistics;
use crate::error::TapeError;
use crate::format::TapeSchema;
use crate::message::SourceMessage;
use crate::reader::TapeReader;

/// The length of the windows in which events are counted for the clustering index.
pub const WINDOW: Nanos = Nanos::from_millis(100);
/// Spreads from 1 tick up to one less than this are counted apart, wider ones together.
pub const SPREADS: usize = 9;

/// Counts what a market does, message by message. Snapshots, and all that comes before the end of an instrument's first
/// event of trading, fill the book but are not counted: before an opening auction a market is none. Figures of the book
/// are taken at the end of each atomic event while both sides hold orders and do not cross.
#[derive(Clone, Debug)]
pub struct MarketProfile {
    ticks: Vec<i64>,
    books: Vec<Book>,
    counts: Counts,
}

/// What is counted over all instruments.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) adds: u64,
    pub(super) cancels: u64,
    pub(super) modifies: u64,
    pub(super) trades: u64,
    pub(super) fills: u64,
    /// Atomic events.
    pub(super) events: u64,
    /// Events after which a best price is another one than before.
    pub(super) best_changes: u64,
    /// Events after which the book was whole, and how many of them had each spread.
    pub(super) quotes: u64,
    pub(super) spreads: [u64; SPREADS],
    pub(super) spread_ticks: u64,
    /// The sums over these events of what rests at both best prices.
    pub(super) queue_orders: u64,
    pub(super) queue_size: u64,
    pub(super) traded_size: u64,
    /// Nanoseconds from each instrument's first to its last event, summed.
    pub(super) nanos: u64,
    /// The sum of the squares of the numbers of events in the windows.
    pub(super) window_squares: u64,
}

/// One instrument's book and what is remembered of its past.
#[derive(Clone, Debug, Default)]
struct Book {
    orders: BTreeMap<u64, Live>,
    /// What rests at each price: orders and size, for bids and asks.
    levels: [BTreeMap<i64, Level>; 2],
    best: Option<(i64, i64)>,
    /// Whether an event of trading has ended, and whether the open event is one.
    is_open: bool,
    is_opening: bool,
    first: Option<i64>,
    last: i64,
    window: i64,
    window_events: u64,
}

#[derive(Clone, Copy, Debug)]
struct Live {
    side: Side,
    price: i64,
    size: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Level {
    orders: u64,
    size: u64,
}

impl MarketProfile {
    /// A profile of the given instruments.
    pub fn new(instruments: &[Instrument]) -> MarketProfile {
        MarketProfile {
            ticks: instruments
                .iter()
                .map(|known| known.tick.0.max(1))
                .collect(),
            books: vec![Book::default(); instruments.len()],
            counts: Counts::default(),
        }
    }

    /// The profile of a tape of orders.
    ///
    /// # Errors
    /// The tape cannot be read, or its rows are of price levels.
    pub fn of_tape(path: &Path) -> Result<MarketProfile, TapeError> {
        let mut reader = TapeReader::open(path)?.with_details(true);
        if reader.schema() != TapeSchema::Mbo {
            let why = format!(
                "profiling {}: its rows are of price levels (schema mbp), a profile needs orders (mbo)",
                path.display()
            );
            return Err(TapeError::Request { why });
        }
        let definitions = (0..).map(InstrumentId).zip(&reader.header().instruments);
        let instruments: Vec<Instrument> = definitions
            .map(|(id, known)| known.instrument(id))
            .collect();
        let mut profile = MarketProfile::new(&instruments);
        let mut retelling = Retelling::default();
        while let Some(columns) = reader.next_batch()? {
            for row in columns.iter() {
                retelling.push(&row, &mut |message| profile.push(message));
            }
        }
        retelling.finish(&mut |message| profile.push(message));
        Ok(profile)
    }

    /// Takes the next message. One of an instrument that was not given is passed over.
    pub fn push(&mut self, message: &SourceMessage) {
        let index = usize::from(message.instrument);
        let (Some(book), Some(tick)) = (self.books.get_mut(index), self.ticks.get(index)) else {
            return;
        };
        book.apply(message);
        let is_counted = !message.flags.is_snapshot() && book.is_open;
        book.is_opening |= matches!(message.action, Action::Trade | Action::Fill);
        if is_counted {
            self.counts.count(message);
        }
        if !message.flags.is_last() {
            return;
        }
        let best = book.best_prices();
        if is_counted {
            self.counts.events += 1;
            self.counts.best_changes += u64::from(best != book.best);
            self.counts.window_squares += book.count_event(message.ts_event.0);
            if let Some((bid, ask)) = best {
                self.counts.quote(book, bid, ask, *tick);
            }
        }
        book.best = best;
        book.is_open |= book.is_opening;
    }

    /// What was counted so far.
    pub fn statistics(&self) -> MarketStatistics {
        let mut counts = self.counts;
        for book in &self.books {
            if let Some(first) = book.first {
                counts.nanos += book.last.saturating_sub(first).max(0) as u64;
                counts.window_squares += book.window_events * book.window_events;
            }
        }
        MarketStatistics::of(&counts)
    }
}

impl Counts {
    fn count(&mut self, message: &SourceMessage) {
        match message.action {
            Action::Add => self.adds += 1,
            Action::Cancel => self.cancels += 1,
            Action::Modify => self.modifies += 1,
            Action::Trade => {
                self.trades += 1;
                self.traded_size += u64::from(message.size);
            }
            Action::Fill => self.fills += 1,
            Action::Clear => {}
        }
    }

    fn quote(&mut self, book: &Book, bid: i64, ask: i64, tick: i64) {
        let spread = (ask.saturating_sub(bid) / tick).max(1) as u64;
        self.quotes += 1;
        self.spread_ticks += spread;
        self.spreads[(spread as usize - 1).min(SPREADS - 1)] += 1;
        for (side, price) in [(Side::Buy, bid), (Side::Sell, ask)] {
            if let Some(level) = book.levels[side.index()].get(&price) {
                self.queue_orders += level.orders;
                self.queue_size += level.size;
            }
        }
    }
}

impl Book {
    fn apply(&mut self, message: &SourceMessage) {
        match message.action {
            Action::Clear => {
                self.orders.clear();
                self.levels = Default::default();
            }
            Action::Add => {
                self.take(message.order_id, u32::MAX);
                self.add(message);
            }
            Action::Modify => {
                if self.take(message.order_id, u32::MAX) {
                    self.add(message);
                }
            }
            Action::Cancel | Action::Fill => {
                if !self.take(message.order_id, message.size)
                    && let Some(side) = message.side
                {
                    self.shrink(side, message.price.0, message.size, 0);
                }
            }
            Action::Trade => {}
        }
    }

    /// Adds an order, or size of which no order is known.
    fn add(&mut self, message: &SourceMessage) {
        let Some(side) = message.side else { return };
        let (price, size) = (message.price.0, message.size);
        let is_known = message.order_id != 0;
        if is_known {
            self.orders
                .insert(message.order_id, Live { side, price, size });
        }
        let level = self.levels[side.index()].entry(price).or_default();
        level.orders += u64::from(is_known);
        level.size += u64::from(size);
    }

    /// Takes up to `size` from an order, which is removed when nothing is left; false where the order is unknown.
    fn take(&mut self, order_id: u64, size: u32) -> bool {
        let Some(order) = self.orders.get_mut(&order_id) else {
            return false;
        };
        let taken = size.min(order.size);
        order.size -= taken;
        let Live { side, price, size } = *order;
        self.shrink(side, price, taken, u64::from(size == 0));
        if size == 0 {
            self.orders.remove(&order_id);
        }
        true
    }

    /// Takes size and orders from a level, as far as they are there.
    fn shrink(&mut self, side: Side, price: i64, size: u32, orders: u64) {
        let levels = &mut self.levels[side.index()];
        if let Some(level) = levels.get_mut(&price) {
            level.size = level.size.saturating_sub(u64::from(size));
            level.orders = level.orders.saturating_sub(orders);
            if level.size == 0 {
                levels.remove(&price);
            }
        }
    }

    /// The best bid and ask, where both exist and do not cross.
    fn best_prices(&self) -> Option<(i64, i64)> {
        let [bids, asks] = &self.levels;
        let bid = *bids.last_key_value()?.0;
        let ask = *asks.first_key_value()?.0;
        (bid < ask).then_some((bid, ask))
    }

    /// Counts an event; gives the square of the number of events in a window that it finds over.
    fn count_event(&mut self, time: i64) -> u64 {
        let first = *self.first.get_or_insert(time);
        self.last = self.last.max(time);
        let window = time.saturating_sub(first) / WINDOW.0;
        if window == self.window {
            self.window_events += 1;
            return 0;
        }
        self.window = window;
        let finished = self.window_events;
        self.window_events = 1;
        finished * finished
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use backplane_sdk::types::{Flags, Price, Timestamp};

    fn message(action: Action, side: Side, order_id: u64, price: i64, size: u32) -> SourceMessage {
        SourceMessage {
            ts_event: Timestamp(order_id as i64),
            ts_recv: Timestamp(order_id as i64),
            order_id,
            price: Price(price),
            size,
            sequence: 1,
            instrument: 0,
            action,
            side: Some(side),
            flags: Flags(Flags::LAST),
        }
    }

    #[test]
    fn counts_actions_and_looks_at_the_book_after_each_event() {
        let instrument = Instrument {
            id: InstrumentId(0),
            symbol: String::from("X"),
            tick: Price(5),
            multiplier: 1,
            currency: String::from("USD"),
            expiration: Timestamp::MAX,
        };
        let mut profile = MarketProfile::new(&[instrument]);
        // The opening auction, which is not counted.
        profile.push(&message(Action::Add, Side::Buy, 9, 150, 1));
        profile.push(&message(Action::Trade, Side::Sell, 9, 150, 1));
        profile.push(&message(Action::Cancel, Side::Buy, 9, 150, 1));
        profile.push(&message(Action::Add, Side::Buy, 1, 100, 2));
        profile.push(&message(Action::Add, Side::Sell, 2, 110, 4));
        profile.push(&message(Action::Add, Side::Buy, 3, 105, 1));
        profile.push(&message(Action::Fill, Side::Buy, 3, 105, 1));
        profile.push(&message(Action::Modify, Side::Sell, 2, 105, 3));
        let statistics = profile.statistics();
        assert_eq!(statistics.messages, 6);
        assert_eq!(statistics.add_share, 0.5);
        // Both sides exist after the third event; spreads are then 2, 1, 2 and 1 ticks.
        assert_eq!(statistics.spread_shares[..2], [0.5, 0.5]);
        assert_eq!(statistics.mean_spread_ticks, 1.5);
        assert_eq!(statistics.best_changes_per_message, 4.0 / 6.0);
        assert_eq!(statistics.mean_best_orders, 1.0);
        assert_eq!(statistics.mean_best_size, (6.0 + 5.0 + 6.0 + 5.0) / 8.0);
    }
}
