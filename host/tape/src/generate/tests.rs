//! What a generated tape must keep to, checked by a book that shares no code with the generator.
//!
//! Takes in generated messages; gives out a verdict: the same bytes for the same seed, no impossible message, fills
//! in the order of price and time, and the figures of the real market within a fifth.

use std::collections::BTreeMap;

use backplane_sdk::types::{Action, Flags, Nanos, Price, Side, Timestamp};

use super::retell::Retelling;
use super::*;
use crate::message::SourceMessage;
use crate::resolve::{Conventions, FillConvention, Resolver, UnknownOrders};

/// The hash of the first 100,000 messages of the default market. It changes when, and only when, the generator gives
/// other bytes for the same seed.
const GOLDEN_HASH: u64 = 0xc1ee_69e3_eb15_8f88;

/// The figures of the E-mini S&P 500 future in the hour from 2023-12-25 23:00 UTC, in the order of the profile's rows.
const RECORDED: [(&str, f64); 14] = [
    ("add share", 0.3794),
    ("cancel share", 0.2342),
    ("modify share", 0.2104),
    ("trade share", 0.0562),
    ("fill share", 0.1198),
    ("best-price changes a message", 0.0327),
    ("mean spread, ticks", 1.1124),
    ("spread of 1 tick, share", 0.8950),
    ("spread of 2 ticks, share", 0.0984),
    ("spread of 3 ticks or more, share", 0.0067),
    ("orders at a best price, mean", 12.9841),
    ("size at a best price, mean", 30.2613),
    ("size of a trade, mean", 3.3136),
    ("clustering in 100 ms, Fano factor", 32.2937),
];

fn generator(change: impl FnOnce(&mut GeneratorConfig)) -> Generator {
    let mut config = GeneratorConfig::default();
    change(&mut config);
    Generator::new(config).unwrap()
}

/// FNV-1a over the fields of a message as little-endian bytes.
fn hash(messages: impl Iterator<Item = SourceMessage>) -> u64 {
    messages.fold(0xcbf2_9ce4_8422_2325, |state, message| {
        let side = message.side.map_or(b'N', Side::code);
        let mut bytes = Vec::with_capacity(48);
        bytes.extend(message.ts_event.0.to_le_bytes());
        bytes.extend(message.ts_recv.0.to_le_bytes());
        bytes.extend(message.order_id.to_le_bytes());
        bytes.extend(message.price.0.to_le_bytes());
        bytes.extend(message.size.to_le_bytes());
        bytes.extend(message.sequence.to_le_bytes());
        bytes.extend(message.instrument.to_le_bytes());
        bytes.extend([message.action.code(), side, message.flags.0]);
        bytes.iter().fold(state, |state: u64, byte| {
            (state ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
        })
    })
}

/// A book of queues by price, written for plainness.
#[derive(Default)]
struct Checker {
    /// Each order's side and price.
    orders: BTreeMap<u64, (Side, i64)>,
    /// Each price's queue of order ids and sizes, oldest first.
    queues: [BTreeMap<i64, Vec<(u64, u32)>>; 2],
    /// What the last print still has to be matched with: the price, the side that is taken from and the size.
    open_trade: Option<(i64, Side, u32)>,
    has_event_open: bool,
    event_time: i64,
}

impl Checker {
    fn add(&mut self, message: &SourceMessage) {
        let side = message.side.unwrap();
        assert!(message.size > 0, "{message:?}");
        assert!(message.price.0 > 0, "{message:?}");
        let known = self
            .orders
            .insert(message.order_id, (side, message.price.0));
        assert_eq!(known, None, "{message:?}");
        self.queues[side.index()]
            .entry(message.price.0)
            .or_default()
            .push((message.order_id, message.size));
    }

    /// The queue and the place in it of a live order; the message's side and price must be the order's.
    fn find(&mut self, message: &SourceMessage) -> (Side, i64, usize) {
        let (side, price) = self.orders[&message.order_id];
        assert_eq!(message.side, Some(side), "{message:?}");
        let place = self.queues[side.index()][&price]
            .iter()
            .position(|(id, _)| *id == message.order_id)
            .unwrap();
        (side, price, place)
    }

    fn take(&mut self, message: &SourceMessage, size: u32) {
        let (side, price, place) = self.find(message);
        let queue = self.queues[side.index()].get_mut(&price).unwrap();
        queue[place].1 = queue[place].1.checked_sub(size).unwrap();
        if queue[place].1 == 0 {
            queue.remove(place);
            self.orders.remove(&message.order_id);
        }
        if queue.is_empty() {
            self.queues[side.index()].remove(&price);
        }
    }

    fn modify(&mut self, message: &SourceMessage) {
        let (side, price, place) = self.find(message);
        let (_, size) = self.queues[side.index()][&price][place];
        let is_decrease = message.price.0 == price && message.size < size;
        assert!(
            message.price.0 != price || message.size != size,
            "{message:?}"
        );
        if is_decrease {
            self.take(message, size - message.size);
        } else {
            self.take(message, size);
            self.add(message);
        }
    }

    fn fill(&mut self, message: &SourceMessage) {
        let side = message.side.unwrap();
        let queues = &self.queues[side.index()];
        let (best, queue) = match side {
            Side::Buy => queues.last_key_value().unwrap(),
            Side::Sell => queues.first_key_value().unwrap(),
        };
        assert_eq!(message.price.0, *best, "not the best price: {message:?}");
        assert_eq!(message.order_id, queue[0].0, "not the oldest: {message:?}");
        let (price, taken_side, left) = self.open_trade.unwrap();
        assert_eq!((price, taken_side), (message.price.0, side), "{message:?}");
        self.open_trade = match left.checked_sub(message.size).unwrap() {
            0 => None,
            left => Some((price, side, left)),
        };
        self.take(message, message.size);
    }

    fn apply(&mut self, message: &SourceMessage) {
        if self.has_event_open {
            assert_eq!(message.ts_event.0, self.event_time, "{message:?}");
        } else {
            assert!(message.ts_event.0 > self.event_time, "{message:?}");
        }
        self.event_time = message.ts_event.0;
        match message.action {
            Action::Clear => assert!(self.orders.is_empty()),
            Action::Add => self.add(message),
            Action::Cancel => {
                let (side, price, place) = self.find(message);
                let size = self.queues[side.index()][&price][place].1;
                assert_eq!(
                    (message.price.0, message.size),
                    (price, size),
                    "{message:?}"
                );
                self.take(message, size);
            }
            Action::Modify => self.modify(message),
            Action::Trade => {
                let taken = message.side.unwrap().opposite();
                assert_eq!(self.open_trade, None, "{message:?}");
                self.open_trade = Some((message.price.0, taken, message.size));
            }
            Action::Fill => self.fill(message),
        }
        self.has_event_open = !message.flags.is_last();
        if message.flags.is_last() {
            assert_eq!(
                self.open_trade, None,
                "a print without its fills: {message:?}"
            );
            let bid = self.queues[0].last_key_value().unwrap().0;
            let ask = self.queues[1].first_key_value().unwrap().0;
            assert!(bid < ask, "crossed or locked: {message:?}");
        }
    }
}

/// Replays a whole tape; gives the number of its messages after the snapshot.
fn check(generator: Generator) -> u64 {
    let start = generator.config().start;
    let mut checkers: Vec<Checker> = Vec::new();
    checkers.resize_with(generator.instruments().len(), Checker::default);
    let (mut sequence, mut ts_recv, mut count) = (0, start.0, 0);
    let mut is_trading = false;
    let mut last_flags = Flags(0);
    for message in generator {
        assert!(message.sequence > sequence, "{message:?}");
        assert!(message.ts_recv.0 >= ts_recv, "{message:?}");
        sequence = message.sequence;
        ts_recv = message.ts_recv.0;
        last_flags = message.flags;
        if message.flags.is_snapshot() {
            assert!(!is_trading && message.ts_recv == start, "{message:?}");
        } else {
            is_trading = true;
            count += 1;
            assert!(message.ts_recv > message.ts_event, "{message:?}");
        }
        checkers[usize::from(message.instrument)].apply(&message);
    }
    assert!(last_flags.is_last());
    count
}

#[test]
fn the_same_seed_gives_the_same_bytes_on_every_machine() {
    assert_eq!(hash(generator(|_| ()).take(100_000)), GOLDEN_HASH);
}

#[test]
fn another_seed_gives_other_bytes() {
    let of_seed = |seed| hash(generator(|config| config.seed = seed).take(20_000));
    assert_ne!(of_seed(1), of_seed(2));
}

#[test]
fn an_instrument_does_not_depend_on_the_others() {
    let first_of = |instruments| {
        let all = generator(|config| config.instruments = instruments);
        let first = all.filter(|message| message.instrument == 0);
        let ids = first.map(|message| (message.ts_event, message.order_id, message.size));
        ids.take(20_000).collect::<Vec<_>>()
    };
    assert_eq!(first_of(1), first_of(3));
}

#[test]
fn an_independent_book_finds_nothing_impossible() {
    let count = check(generator(|config| config.messages = 200_000));
    assert!((200_000..200_500).contains(&count), "{count}");
}

#[test]
fn thin_and_deep_books_at_low_prices_keep_the_rules_too() {
    for (orders, rate) in [(400, 1_000_000), (1_000, 1), (40_000, 1_000)] {
        check(generator(|config| {
            config.seed = u64::from(orders);
            config.instruments = 2;
            config.messages = 60_000;
            config.tick = Price(10_000_000);
            config.start_price = Price(20_000_000_000);
            config.resting_orders = orders;
            config.messages_per_second = rate;
        }));
    }
}

#[test]
fn many_instruments_with_a_million_live_orders_are_generated() {
    let hard = generator(|config| {
        config.instruments = 250;
        config.messages = 50_000;
    });
    let mut live = 0u64;
    let mut last = Timestamp(0);
    let mut seen = [false; 250];
    for message in hard {
        live += u64::from(message.flags.is_snapshot());
        seen[usize::from(message.instrument)] |= !message.flags.is_snapshot();
        assert!(message.ts_recv >= last);
        last = message.ts_recv;
    }
    assert!((900_000..1_100_000).contains(&live), "{live}");
    assert!(seen.iter().all(|has_traded| *has_traded));
}

#[test]
fn a_duration_ends_the_tape_before_the_count_does() {
    let short = generator(|config| config.duration = Some(Nanos::from_secs(5)));
    let end = short.config().start + Nanos::from_secs(5);
    let messages: Vec<SourceMessage> = short.collect();
    assert!(messages.iter().all(|message| message.ts_event < end));
    assert!(messages.last().unwrap().flags.is_last());
}

#[test]
fn the_figures_lie_within_a_fifth_of_the_real_market() {
    let market = generator(|config| {
        config.messages = 1_500_000;
        config.messages_per_second = 15;
    });
    let mut profile = MarketProfile::new(&market.instruments());
    for message in market {
        profile.push(&message);
    }
    for ((label, got), (name, recorded)) in profile.statistics().rows().into_iter().zip(RECORDED) {
        assert_eq!(label, name);
        let ratio = got / recorded;
        assert!((0.8..1.2).contains(&ratio), "{label}: {got} for {recorded}");
    }
}

#[test]
fn the_price_returns_and_moves_enough_to_be_traded_on() {
    let market = generator(|config| {
        config.instruments = 1;
        config.messages = 3_000_000;
    });
    let start = market.config().start_price.0;
    let tick = market.config().tick.0;
    let prices: Vec<i64> = market
        .filter(|message| message.action == Action::Trade)
        .map(|message| (message.price.0 - start) / tick)
        .collect();
    let lowest = prices.iter().min().unwrap();
    let highest = prices.iter().max().unwrap();
    assert!(highest - lowest > 30, "{lowest} to {highest}");
    assert!(
        *lowest > -2_000 && *highest < 2_000,
        "{lowest} to {highest}"
    );
}

#[test]
fn a_tape_gives_the_profile_of_the_messages_that_it_was_made_of() {
    let market = generator(|config| {
        config.instruments = 2;
        config.messages = 50_000;
    });
    let conventions = Conventions {
        fills: FillConvention::TakesOut,
        unknown_orders: UnknownOrders::Drop,
    };
    let mut profile = MarketProfile::new(&market.instruments());
    let mut retold = profile.clone();
    let mut retelling = Retelling::default();
    let mut resolver = Resolver::new(2, conventions);
    for message in market {
        profile.push(&message);
        for row in resolver.push(&message).unwrap() {
            retelling.push(row, &mut |message| retold.push(message));
        }
    }
    retelling.finish(&mut |message| retold.push(message));
    assert!(profile.statistics().messages > 45_000);
    assert_eq!(profile.statistics(), retold.statistics());
}
