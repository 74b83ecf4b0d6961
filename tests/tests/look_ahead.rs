//! Nothing that a strategy sees or gets depends on what is later.
//!
//! Takes in random markets; gives out that books show no more than was heard, whatever a strategy tries, and that a market
//! that goes on otherwise after a moment changes nothing up to it.

use std::cell::RefCell;
use std::collections::BTreeSet;

use backplane_engine::guest::{Guest, InProcess};
use backplane_engine::record::{
    CommandRecord, EquityRecord, FillRecord, LogRecord, MetricRecord, OrderRecord, RecordError,
    Recorder, Unrecorded,
};
use backplane_sdk::prelude::*;
use backplane_tape::{Row, SourceMessage};
use backplane_tests::rows::{Rows, levels, play, resolve};
use proptest::prelude::*;

use crate::batches::guests;
use crate::oracle::{Delays, flow, special};
use crate::price_levels::message;

/// All that was recorded, with the time at which the strategy gave or heard it.
#[derive(Default)]
struct Told(Vec<(i64, String)>);

impl Told {
    fn note(&mut self, at: Timestamp, what: impl std::fmt::Debug) -> Result<(), RecordError> {
        self.0.push((at.0, format!("{what:?}")));
        Ok(())
    }

    fn until(&self, at: i64) -> Vec<&(i64, String)> {
        self.0.iter().filter(|x| x.0 <= at).collect()
    }
}

impl Recorder for Told {
    fn command(&mut self, record: &CommandRecord) -> Result<(), RecordError> {
        self.note(record.at, record)
    }
    fn order(&mut self, record: &OrderRecord) -> Result<(), RecordError> {
        self.note(record.update.ts_recv, record)
    }
    fn fill(&mut self, record: &FillRecord) -> Result<(), RecordError> {
        self.note(record.fill.ts_recv, record)
    }
    fn equity(&mut self, record: &EquityRecord) -> Result<(), RecordError> {
        self.note(record.at, record)
    }
    fn metric(&mut self, record: &MetricRecord) -> Result<(), RecordError> {
        self.note(record.at, record)
    }
    fn log(&mut self, _: &LogRecord<'_>) -> Result<(), RecordError> {
        Ok(())
    }
}

/// How a market goes on after a moment.
#[derive(Clone, Copy, Debug)]
enum After {
    /// Everything happens so much later.
    Later(i64),
    /// Nothing happens any more.
    Never,
    /// The book is cleared, and another market begins.
    Other,
}

/// The market after the events up to `until`, which may go on otherwise.
fn changed(messages: &[SourceMessage], until: i64, after: After) -> Vec<SourceMessage> {
    let known = messages.partition_point(|x| x.ts_event.0 <= until);
    let (before, rest) = messages.split_at(known);
    let mut all = before.to_vec();
    match after {
        After::Later(by) => {
            let later = |x: Timestamp| Timestamp(x.0 + by);
            all.extend(rest.iter().map(|x| SourceMessage {
                ts_event: later(x.ts_event),
                ts_recv: later(x.ts_recv),
                ..*x
            }));
        }
        After::Never => {}
        After::Other => {
            let number = before.len() as u32;
            let clear = (backplane_sdk::types::Action::Clear, Side::Buy, 0, 0, 0);
            all.push(message(until + 1, number, clear, true));
            let other = flow::random(before.len() as u64 + 1, 60);
            all.extend(other.into_iter().map(|x| SourceMessage {
                ts_event: Timestamp(x.ts_event.0 + until),
                ts_recv: Timestamp(x.ts_recv.0 + until),
                order_id: x.order_id + 1_000_000,
                ..x
            }));
        }
    }
    all
}

/// What is told of a market to strategies that look at all they can, and to one that sends orders of any kind.
fn told(rows: &[Row], shows_levels: bool, seed: u64, batch: usize, delays: Delays) -> Told {
    let mut source = match shows_levels {
        true => Rows::of_levels(levels(rows, 1), 13),
        false => Rows::new(rows.to_vec(), 13),
    };
    let mut all = guests(5, batch, shows_levels);
    all.push(special(seed));
    let mut told = Told::default();
    play(&mut source, all, delays.latency(), &mut told).unwrap();
    told
}

/// When the last row that the tape shows happened.
fn last(rows: &[Row], shows_levels: bool) -> i64 {
    let shown = match shows_levels {
        true => levels(rows, 1),
        false => rows.to_vec(),
    };
    shown.last().map_or(0, |row| row.ts_event)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_market_that_goes_on_otherwise_changes_nothing_before(
        seed in 1u64..u64::from(u32::MAX),
        feed in 0i64..80,
        entry in 0i64..80,
        response in 0i64..80,
        steps in 40usize..250,
        share in 0.1f64..0.95,
        later in 1i64..2_000,
        which in 0usize..3,
        shows_levels in any::<bool>(),
        batch in prop_oneof![Just(1usize), Just(64)],
    ) {
        let delays = Delays { feed, entry, response };
        let messages = flow::random(seed, steps);
        let place = (messages.len() as f64 * share) as usize;
        let until = messages[place].ts_event.0;
        let after = [After::Later(later), After::Never, After::Other][which];
        let before = resolve(&messages, 1);
        let otherwise = resolve(&changed(&messages, until, after), 1);
        let first = told(&before, shows_levels, seed, batch, delays);
        let second = told(&otherwise, shows_levels, seed, batch, delays);
        // The end of a tape is itself told at the time of the last row that it shows.
        let known = match after {
            After::Never => last(&otherwise, shows_levels).min(until) - 1,
            _ => until,
        };
        prop_assert_eq!(first.until(known), second.until(known));
    }
}

#[test]
fn what_is_compared_holds_fills_and_goes_on_otherwise_afterwards() {
    let delays = Delays {
        feed: 10,
        entry: 25,
        response: 15,
    };
    let (mut same, mut other) = (0, 0);
    for seed in 1..30 {
        let messages = flow::random(seed, 200);
        let until = messages[messages.len() / 2].ts_event.0;
        let rows = resolve(&messages, 1);
        let first = told(&rows, false, seed, 1, delays);
        let rows = resolve(&changed(&messages, until, After::Other), 1);
        let second = told(&rows, false, seed, 1, delays);
        let is_fill = |x: &&&(i64, String)| x.1.starts_with("FillRecord");
        same += first.until(until).iter().filter(is_fill).count();
        other += usize::from(first.0 != second.0);
    }
    assert!(same > 200 && other > 25, "{same} {other}");
}

/// What a strategy saw when it was called: the time, and the levels of the book.
type Seen = (i64, [Vec<(i64, i64)>; 2]);

thread_local! {
    static SEEN: RefCell<Vec<Seen>> = const { RefCell::new(Vec::new()) };
}

/// Looks wherever it can for something later than what it hears.
struct Peeker;

impl Peeker {
    fn look(&self, heard: Timestamp, ctx: &mut Context) {
        assert!(heard <= ctx.now(), "it hears of what is to come");
        let instrument = InstrumentId(0);
        for trade in ctx.recent_trades(instrument) {
            assert!(trade.ts_recv <= ctx.now() && trade.ts_event <= ctx.now());
        }
        let book = ctx.book(instrument);
        let levels = Side::BOTH.map(|side| {
            let levels = book.levels(side).iter();
            levels.map(|x| (x.price.0, x.size.0)).collect()
        });
        let now = ctx.now().0;
        SEEN.with(|x| x.borrow_mut().push((now, levels)));
    }
}

impl backplane_sdk::Strategy for Peeker {
    fn descriptor() -> Descriptor {
        let bare = Descriptor::new("peeker", "1.0.0");
        bare.subscribe(Schema::Mbo).subscribe(Schema::Trades)
    }
    fn new(_: &Params) -> Result<Self, String> {
        Ok(Peeker)
    }
    fn on_start(&mut self, ctx: &mut Context) {
        ctx.set_timer(TimerId(1), Timestamp(0));
    }
    fn on_market(&mut self, event: &MarketEvent, ctx: &mut Context) {
        let heard = match event {
            MarketEvent::Mbo(x) => x.ts_recv,
            MarketEvent::Trade(x) => x.ts_recv,
            _ => ctx.now(),
        };
        self.look(heard, ctx);
        if ctx.now().0 % 3 == 0 {
            // A timer of long ago, and orders that ended long ago: neither brings the past back.
            ctx.set_timer(TimerId(2), Timestamp(1));
            let order = Order::limit(InstrumentId(0), Side::Buy, Price(100), Quantity(1));
            ctx.submit(order.good_till(Timestamp(1)));
            ctx.submit(order);
        }
    }
    fn on_order(&mut self, event: &OrderEvent, ctx: &mut Context) {
        let heard = match event {
            OrderEvent::Fill(fill) => {
                assert!(fill.ts_event <= fill.ts_recv);
                fill.ts_recv
            }
            OrderEvent::Update(update) => update.ts_recv,
        };
        self.look(heard, ctx);
    }
    fn on_timer(&mut self, timer: TimerId, ctx: &mut Context) {
        let now = ctx.now();
        self.look(now, ctx);
        if timer.0 == 1 {
            ctx.set_timer(TimerId(1), Timestamp(now.0 - 50));
        }
    }
}

/// The levels of a book after each event, with the time at which the event is heard.
fn books(rows: &[Row], feed: i64) -> Vec<Seen> {
    let mut book = backplane_sdk::book::LevelBook::new();
    let mut all = vec![(i64::MIN, [Vec::new(), Vec::new()])];
    for row in rows {
        let side = Side::from_code(row.side);
        let changes = row.signals & backplane_engine::row::signal::BOOK != 0;
        if let Some(side) = side.filter(|_| changes) {
            book.set(side, Price(row.price), Quantity(row.level_size.into()));
        }
        let levels = Side::BOTH.map(|side| {
            let levels = book.levels(side).iter();
            levels.map(|x| (x.price.0, x.size.0)).collect()
        });
        all.push((row.ts_event + feed, levels));
    }
    all
}

#[test]
fn a_strategy_that_looks_ahead_finds_nothing_later_than_its_message() {
    let mut looks = 0;
    for seed in 1..60 {
        let delays = Delays {
            feed: seed as i64 % 7 * 9,
            entry: seed as i64 % 5 * 11,
            response: seed as i64 % 3 * 13,
        };
        let rows = resolve(&flow::random(seed, 200), 1);
        let books = books(&rows, delays.feed);
        SEEN.with(|x| x.borrow_mut().clear());
        let params = Params::defaults(&Peeker::descriptor().params);
        let guest: Box<dyn Guest> = Box::new(InProcess::<Peeker>::new(&params).unwrap());
        let mut source = Rows::new(rows.clone(), 17);
        play(&mut source, vec![guest], delays.latency(), &mut Unrecorded).unwrap();
        let seen = SEEN.with(|x| x.take());
        let mut before = i64::MIN;
        for (now, levels) in &seen {
            assert!(*now >= before, "time does not run backwards");
            before = *now;
            let known = books.iter().take_while(|x| x.0 <= *now);
            let known: BTreeSet<_> = known.map(|x| &x.1).collect();
            assert!(
                known.contains(levels),
                "seed {seed}: at {now} it saw {levels:?}"
            );
        }
        looks += seen.len();
    }
    assert!(looks > 10_000, "{looks}");
}
