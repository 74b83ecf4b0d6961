//! Features against a second, naive reckoning, and on both ways to keep a book.
//!
//! Takes in the messages of a generated market; gives out whether each row is what the formulas of `docs/features.md` say of
//! everything that was heard before, reckoned anew from the beginning for each row, and whether a guest that is lent books
//! makes the same rows as one that keeps its own.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use backplane_cli::source::{TapeSource, instruments};
use backplane_engine::guest::{Fault, Guest, Replies};
use backplane_engine::record::Unrecorded;
use backplane_engine::{Parts, RunConfig, Unwatched, run};
use backplane_sdk::abi::{Message, MessageBody};
use backplane_sdk::book::LevelBook;
use backplane_sdk::descriptor::{Descriptor, Schema};
use backplane_sdk::features::{FeatureFeed, FeatureRow, FeatureSpec, Features};
use backplane_sdk::math;
use backplane_sdk::saved::{Saved, Saver};
use backplane_sdk::types::{MarketEvent, Side, Trade};
use backplane_tape::TapeReader;

/// A row: of which time, when it was heard, its values by their bits.
type Row = (i64, i64, Vec<u64>);

/// The features that are reckoned twice.
const COLUMNS: [&str; 15] = [
    "mid",
    "microprice",
    "spread_bp",
    "ask_depth_3",
    "imbalance_5",
    "order_flow_imbalance_3s",
    "trade_sign",
    "trade_imbalance_3s",
    "volume_10s",
    "return_3s",
    "realised_volatility_10s",
    "parkinson_volatility_10s",
    "bid_add_rate_3s",
    "ask_cancel_rate_3s",
    "vwap_distance_10s",
];

fn row(row: FeatureRow<'_>) -> Row {
    let values = row.values.iter().map(|x| x.to_bits()).collect();
    (row.at.0, row.heard.0, values)
}

/// Notes what it hears, and the rows that features with lent books make of it.
struct Ear {
    descriptor: Descriptor,
    batch: usize,
    messages: Rc<RefCell<Vec<Message>>>,
    features: Features,
    rows: Rc<RefCell<Vec<Row>>>,
}

impl Guest for Ear {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn hear(
        &mut self,
        messages: &[Message],
        books: &[LevelBook],
        _: &mut Replies,
    ) -> Result<usize, Box<Fault>> {
        self.messages.borrow_mut().extend_from_slice(messages);
        if let (1, Some(MessageBody::Market(event))) = (self.batch, messages[0].body()) {
            let book = books[event.instrument().index()].view();
            let made = self.features.hear(&event, book).map(row);
            self.rows.borrow_mut().extend(made);
        }
        Ok(messages.len())
    }

    fn keeps_books(&self) -> bool {
        self.batch > 1
    }

    fn batch_max(&self) -> usize {
        self.batch
    }

    fn save(&mut self) -> Result<(u32, Vec<u8>), Fault> {
        Ok((0, Vec::new()))
    }

    fn load(&mut self, _: u32, _: &[u8]) -> Result<(), Fault> {
        Ok(())
    }
}

/// What a guest hears of the small tape in batches of so many, and the rows that it makes of lent books.
fn listen(spec: &FeatureSpec, batch: usize) -> (Vec<Message>, Vec<Row>) {
    let (messages, rows) = (Rc::default(), Rc::default());
    let descriptor = Descriptor::new("ear", "1");
    let ear = Ear {
        descriptor: descriptor.subscribe(Schema::Mbp).subscribe(Schema::Trades),
        batch,
        messages: Rc::clone(&messages),
        features: Features::new(spec.clone()),
        rows: Rc::clone(&rows),
    };
    let reader = TapeReader::open(crate::cli::tape()).unwrap();
    run(Parts {
        instruments: &instruments(&reader),
        source: &mut TapeSource::new(reader),
        guests: vec![Box::new(ear)],
        config: RunConfig::default(),
        limits: Vec::new(),
        recorder: &mut Unrecorded,
        watcher: &mut Unwatched,
    })
    .unwrap();
    (messages.take(), rows.take())
}

/// The price of the best level of a side and what rests there.
type Best = Option<(i64, i64)>;

/// What was heard, as the naive reckoning remembers it.
#[derive(Default)]
struct Memory {
    sides: [BTreeMap<i64, i64>; 2],
    trades: Vec<Trade>,
    /// Times and best levels of each book that was heard whole.
    bests: Vec<(i64, [Best; 2])>,
    /// The best levels of both sides after the last event, deepest last.
    levels: [Vec<(i64, i64)>; 2],
}

impl Memory {
    fn mid_of(best: [Best; 2]) -> Option<f64> {
        let [bid, ask] = best.map(|x| x.map(|x| x.0 as f64 / 1e9));
        Some((bid? + ask?) / 2.0)
    }

    /// What was added to and removed from the best level of a side between two books.
    fn flow(side: usize, old: Best, new: Best) -> (i64, i64) {
        let (Some(old), Some(new)) = (old, new) else {
            return (new.map_or(0, |x| x.1), old.map_or(0, |x| x.1));
        };
        let better = if side == 0 {
            new.0 - old.0
        } else {
            old.0 - new.0
        };
        match better.signum() {
            1 => (new.1, 0),
            -1 => (0, old.1),
            _ => ((new.1 - old.1).max(0), (old.1 - new.1).max(0)),
        }
    }

    fn trades(&self, at: i64, seconds: i64) -> Vec<&Trade> {
        let start = at - seconds * 1_000_000_000;
        let within = |x: &&Trade| x.ts_recv.0 > start && x.ts_recv.0 <= at;
        self.trades.iter().filter(within).collect()
    }

    fn flows(&self, at: i64, seconds: i64) -> [i64; 4] {
        let start = at - seconds * 1_000_000_000;
        let empty = (i64::MIN, [None; 2]);
        let before = std::iter::once(&empty).chain(&self.bests);
        let mut sums = [0; 4];
        for (old, new) in before.zip(&self.bests) {
            if new.0 > start && new.0 <= at {
                for side in 0..2 {
                    let (added, removed) = Memory::flow(side, old.1[side], new.1[side]);
                    sums[2 * side] += added;
                    sums[2 * side + 1] += removed;
                }
            }
        }
        sums
    }

    fn mids(&self) -> Vec<(i64, f64)> {
        let mids = self.bests.iter();
        let mids = mids.filter_map(|x| Some((x.0, Memory::mid_of(x.1)?)));
        let mut changes: Vec<(i64, f64)> = Vec::new();
        for (at, mid) in mids {
            if changes.last().is_none_or(|x| x.1 != mid) {
                changes.push((at, mid));
            }
        }
        changes
    }

    fn values(&self, at: i64) -> Option<Vec<f64>> {
        let first = self.bests.iter().find(|x| Memory::mid_of(x.1).is_some())?.0;
        if first + 10_000_000_000 > at {
            return None;
        }
        let [bids, asks] = &self.levels;
        let (bid, ask) = (*bids.first()?, *asks.first()?);
        let price = |x: i64| x as f64 / 1e9;
        let mid = (price(bid.0) + price(ask.0)) / 2.0;
        let (p, q) = (bid.1 as f64, ask.1 as f64);
        let depth = |side: &[(i64, i64)], n: usize| side.iter().take(n).map(|x| x.1).sum::<i64>();
        let (deep_bids, deep_asks) = (depth(bids, 5) as f64, depth(asks, 5) as f64);
        let [bid_added, bid_removed, ask_added, ask_removed] = self.flows(at, 3);
        let bought = |x: &[&Trade]| volume(x, Some(Side::Buy));
        let sold = |x: &[&Trade]| volume(x, Some(Side::Sell));
        let (short, long) = (self.trades(at, 3), self.trades(at, 10));
        let traded = bought(&short) + sold(&short);
        let all: i64 = long.iter().map(|x| x.size.0).sum();
        let turnover: i128 = long.iter().map(|x| i128::from(x.price.0 * x.size.0)).sum();
        let (high, low) = (
            long.iter().map(|x| x.price.0).max(),
            long.iter().map(|x| x.price.0).min(),
        );
        let mids = self.mids();
        let past = |seconds: i64| {
            let start = at - seconds * 1_000_000_000;
            mids.iter().rfind(|x| x.0 <= start).copied()
        };
        let since = at - 10_000_000_000;
        let squares = mids.windows(2).filter(|x| x[1].0 > since && x[1].0 <= at);
        let squares: f64 = squares.map(|x| math::ln(x[1].1 / x[0].1).powi(2)).sum();
        let last = self.trades.last().and_then(|x| x.aggressor);
        let range = math::ln(high.unwrap_or(1) as f64 / low.unwrap_or(1) as f64);
        let values = vec![
            mid,
            (price(bid.0) * q + price(ask.0) * p) / (p + q),
            price(ask.0 - bid.0) / mid * 10_000.0,
            depth(asks, 3) as f64,
            (deep_bids - deep_asks) / (deep_bids + deep_asks),
            (bid_added - bid_removed - ask_added + ask_removed) as f64,
            last.map_or(0.0, |x| if x == Side::Buy { 1.0 } else { -1.0 }),
            if traded == 0 {
                0.0
            } else {
                (bought(&short) - sold(&short)) as f64 / traded as f64
            },
            all as f64,
            math::ln(mid / past(3)?.1) * 10_000.0,
            squares.sqrt(),
            (range * range / (4.0 * std::f64::consts::LN_2)).sqrt(),
            bid_added as f64 / 3.0,
            (ask_removed - bought(&short)).max(0) as f64 / 3.0,
            (mid - turnover as f64 / all as f64 / 1e9) / mid * 10_000.0,
        ];
        values.iter().all(|x| x.is_finite()).then_some(values)
    }
}

fn volume(trades: &[&Trade], side: Option<Side>) -> i64 {
    let of = trades.iter().filter(|x| x.aggressor == side);
    of.map(|x| x.size.0).sum()
}

/// The rows of messages, each reckoned anew from all that was heard.
fn reckon(messages: &[Message], step: i64) -> Vec<Row> {
    let mut memory = Memory::default();
    let (mut rows, mut ready, mut before) = (Vec::new(), None, None);
    for message in messages {
        let Some(MessageBody::Market(event)) = message.body() else {
            continue;
        };
        if let MarketEvent::Level(level) = &event {
            let side = level.side.map(Side::index);
            match (side, level.size.0) {
                (None, _) => memory.sides = Default::default(),
                (Some(side), 0) => drop(memory.sides[side].remove(&level.price.0)),
                (Some(side), size) => drop(memory.sides[side].insert(level.price.0, size)),
            }
            if !level.flags.is_last() {
                continue;
            }
        }
        let now = message.ts_recv;
        let boundary = (now - 1).div_euclid(step) * step;
        if before.is_some_and(|x| boundary >= x) {
            ready = memory.values(boundary).map(|x| (boundary, x));
        }
        before = Some(now);
        let ends = match event {
            MarketEvent::Trade(trade) => {
                memory.trades.push(trade);
                trade.flags.is_last()
            }
            _ => {
                let flat = |x: (&i64, &i64)| (*x.0, *x.1);
                let [bids, asks] = &memory.sides;
                memory.levels = [
                    bids.iter().rev().map(flat).collect(),
                    asks.iter().map(flat).collect(),
                ];
                let best = [0, 1].map(|x| memory.levels[x].first().copied());
                memory.bests.push((now, best));
                true
            }
        };
        if let Some((at, values)) = ready.take_if(|_| ends) {
            rows.push((at, now, values.iter().map(|x| x.to_bits()).collect()));
        }
    }
    rows
}

#[test]
fn each_row_is_what_the_formulas_say_of_all_that_was_heard_before() {
    let spec = FeatureSpec::parse(&COLUMNS, "time:5s").unwrap();
    let (messages, _) = listen(&spec, 1_024);
    let mut feed = FeatureFeed::new(spec);
    let found: Vec<Row> = messages
        .iter()
        .filter_map(|x| feed.hear(x).map(row))
        .collect();
    let expected = reckon(&messages, 5_000_000_000);
    assert!(expected.len() > 50, "{}", expected.len());
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!((found.0, found.1), (expected.0, expected.1));
        for (place, name) in COLUMNS.iter().enumerate() {
            let [found, expected] = [found, expected].map(|x| f64::from_bits(x.2[place]));
            let apart = (found - expected).abs();
            assert!(
                apart <= 1e-9 * expected.abs(),
                "{name}: {found} and {expected}"
            );
        }
    }
}

#[test]
fn lent_books_and_own_books_make_the_same_rows() {
    for sampling in ["time:100ms", "trades:3", "volume:20", "best-price"] {
        let spec = FeatureSpec::parse(&COLUMNS, sampling).unwrap();
        let (messages, _) = listen(&spec, 1_024);
        let mut feed = FeatureFeed::new(spec.clone());
        let own: Vec<Row> = messages
            .iter()
            .filter_map(|x| feed.hear(x).map(row))
            .collect();
        let (_, lent) = listen(&spec, 1);
        assert!(own.len() > 100, "{sampling}: {}", own.len());
        assert_eq!(own, lent, "{sampling}");
    }
}

#[test]
fn what_other_features_saved_is_refused() {
    let spec = |columns: &[&str], sampling| FeatureSpec::parse(columns, sampling).unwrap();
    let feed = |spec| FeatureFeed::new(spec);
    let mut saver = Saver::default();
    feed(spec(&["volume_10s"], "time:1s")).save(&mut saver);
    let bytes = saver.finish();
    for other in [
        spec(&["volume_600s"], "time:1s"),
        spec(&["volume_10s"], "time:2s"),
        spec(&["volume_10s", "spread"], "time:1s"),
    ] {
        let refused = feed(other).load(&mut Saved::new(&bytes)).unwrap_err();
        assert!(refused.contains("not of these features"), "{refused}");
    }
    let same = feed(spec(&["volume_10s"], "time:1s")).load(&mut Saved::new(&bytes));
    same.unwrap();
}
