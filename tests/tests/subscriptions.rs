//! What a strategy hears of each schema, held against a book that the test keeps itself.
//!
//! Takes in a generated market; fails where a message, a book or a figure of the context is not what the tape said up to
//! then, or where anything is later than the message at hand.

use std::cell::RefCell;
use std::rc::Rc;

use backplane_engine::guest::InProcess;
use backplane_engine::record::Unrecorded;
use backplane_engine::{Parts, RunConfig, Unwatched, run};
use backplane_sdk::book::{LevelBook, OrderBook, RestingOrder};
use backplane_sdk::prelude::*;
use backplane_tape::generate::{Generator, GeneratorConfig};
use backplane_tape::resolve::{Conventions, FillConvention, Resolver, UnknownOrders};
use backplane_tape::{Row, SourceMessage, StatusMessage};
use backplane_tests::rows::Rows;

/// What the listener counted, shared with the test.
#[derive(Default)]
struct Heard {
    mbo: usize,
    trades: usize,
    mbp: usize,
    bbo: usize,
    bbo_price: usize,
    bars: usize,
    volume: i64,
    bar_volume: i64,
    statuses: Vec<TradingStatus>,
}

thread_local! {
    static HEARD: Rc<RefCell<Heard>> = Rc::default();
}

/// Hears everything and checks it against two books of its own.
#[derive(Default)]
struct Listener {
    levels: LevelBook,
    orders: OrderBook,
    priority: u64,
    best: Option<(Option<Level>, Option<Level>)>,
    last_trade: Option<Trade>,
    bar: Option<(Price, Price, Price, Price, i64)>,
    now: Timestamp,
}

impl Listener {
    fn apply(&mut self, mbo: &Mbo) {
        let Some(side) = mbo.side else { return };
        self.priority += 1;
        let known = mbo.order_id;
        match mbo.action {
            Action::Add => {
                let order = RestingOrder {
                    order_id: known,
                    side,
                    price: mbo.price,
                    size: mbo.size,
                    priority: self.priority,
                };
                self.orders.add(order).unwrap();
            }
            Action::Cancel | Action::Fill => {
                self.orders.reduce(known, mbo.size).unwrap();
            }
            Action::Modify => {
                self.orders.requeue(known, mbo.size, self.priority).unwrap();
            }
            Action::Clear | Action::Trade => return,
        }
        self.levels
            .set_at(side, mbo.rank.into(), mbo.price, mbo.level_size);
        let shown = self.orders.levels().size_at(side, mbo.price);
        assert_eq!(shown, mbo.level_size, "the level is the sum of its orders");
    }

    fn trade(&mut self, trade: &Trade, ctx: &Context<'_>) {
        assert_eq!(ctx.recent_trades(trade.instrument).next(), Some(trade));
        let session = ctx.session(trade.instrument);
        assert_eq!(session.last, trade.price);
        assert!(session.low <= trade.price && trade.price <= session.high);
        self.last_trade = Some(*trade);
        let (price, size) = (trade.price, trade.size.0);
        let (open, high, low, _, volume) = self.bar.unwrap_or((price, price, price, price, 0));
        self.bar = Some((open, high.max(price), low.min(price), price, volume + size));
    }

    fn check_best(&mut self, bbo: &Bbo) {
        let view = self.levels.view();
        let best = (view.best_bid(), view.best_ask());
        let level =
            |price: Price, size: Quantity| price.is_defined().then_some(Level { price, size });
        let told = (
            level(bbo.bid_price, bbo.bid_size),
            level(bbo.ask_price, bbo.ask_size),
        );
        assert_eq!(told, best, "the best prices are those of the book");
        assert_ne!(self.best, Some(best), "only changes are told");
        self.best = Some(best);
    }
}

impl Strategy for Listener {
    fn descriptor() -> Descriptor {
        Descriptor::new("listener", "1.0.0")
            .subscribe(Schema::Mbo)
            .subscribe(Schema::Trades)
            .subscribe(Schema::Mbp)
            .subscribe(Schema::Bbo)
            .subscribe(Schema::Ohlcv(Interval::Second))
            .subscribe(Schema::Status)
    }

    fn new(_: &Params) -> Result<Self, String> {
        Ok(Listener::default())
    }

    fn on_market(&mut self, event: &MarketEvent, ctx: &mut Context) {
        assert!(ctx.now() >= self.now, "time goes forward");
        self.now = ctx.now();
        let heard = HEARD.with(Rc::clone);
        let mut heard = heard.borrow_mut();
        match event {
            MarketEvent::Mbo(mbo) => {
                heard.mbo += 1;
                assert!(mbo.ts_event <= mbo.ts_recv && mbo.ts_recv == ctx.now());
                self.apply(mbo);
                assert_eq!(
                    ctx.book(mbo.instrument),
                    self.levels.view(),
                    "nothing later is in the book"
                );
            }
            MarketEvent::Trade(trade) => {
                heard.trades += 1;
                heard.volume += trade.size.0;
                self.trade(trade, ctx);
            }
            MarketEvent::Level(level) => {
                heard.mbp += 1;
                assert!(level.flags.is_last());
                assert_eq!(ctx.book(level.instrument), self.levels.view());
            }
            MarketEvent::Bbo(bbo) => {
                heard.bbo += 1;
                self.check_best(bbo);
            }
            MarketEvent::Bar(bar) => {
                heard.bars += 1;
                heard.bar_volume += bar.volume.0;
                let told = (bar.open, bar.high, bar.low, bar.close, bar.volume.0);
                assert_eq!(Some(told), self.bar.take());
                assert_eq!(bar.ts_recv, bar.ts_event + Nanos::from_secs(1));
            }
            MarketEvent::Status(status) => {
                heard.statuses.push(status.status);
                assert!(status.ts_event <= status.ts_recv && status.ts_recv == ctx.now());
            }
        }
    }
}

/// Hears best prices only.
struct BestPrices {
    last: Option<(Price, Price)>,
}

impl Strategy for BestPrices {
    fn descriptor() -> Descriptor {
        Descriptor::new("best_prices", "1.0.0").subscribe(Schema::BboPrice)
    }

    fn new(_: &Params) -> Result<Self, String> {
        Ok(BestPrices { last: None })
    }

    fn on_market(&mut self, event: &MarketEvent, ctx: &mut Context) {
        let MarketEvent::Bbo(bbo) = event else {
            panic!("only best prices were asked for")
        };
        HEARD.with(|x| x.borrow_mut().bbo_price += 1);
        let prices = (bbo.bid_price, bbo.ask_price);
        assert_ne!(self.last, Some(prices), "only changes of price are told");
        self.last = Some(prices);
        let book = ctx.book(bbo.instrument);
        assert!(
            book.bids().len() <= 1 && book.asks().len() <= 1,
            "no more than was asked for"
        );
        assert_eq!(
            book.best_bid().map_or(Price::UNDEFINED, |x| x.price),
            bbo.bid_price
        );
    }
}

#[test]
fn every_schema_says_what_the_tape_said_up_to_then_and_nothing_more() {
    let generator = Generator::new(GeneratorConfig {
        seed: 3,
        instruments: 1,
        messages: 60_000,
        resting_orders: 600,
        ..GeneratorConfig::default()
    })
    .unwrap();
    let instruments = generator.instruments();
    let messages: Vec<_> = generator.collect();
    let rows = with_halts(&messages);
    let (count, trades) = (
        rows.iter().filter(|x| x.action != b'S').count(),
        rows.iter().filter(|x| x.signals & 1 != 0).count(),
    );
    let defaults = Params::defaults(&[]);
    run(Parts {
        instruments: &instruments,
        source: &mut Rows::new(rows, 1_000),
        guests: vec![
            Box::new(InProcess::<Listener>::new(&defaults).unwrap()),
            Box::new(InProcess::<BestPrices>::new(&defaults).unwrap()),
        ],
        config: RunConfig::default(),
        limits: Vec::new(),
        recorder: &mut Unrecorded,
        watcher: &mut Unwatched,
    })
    .unwrap();
    let heard = HEARD.with(Rc::clone);
    let heard = heard.borrow();
    assert_eq!((heard.mbo, heard.trades), (count, trades));
    assert!(heard.mbp > count / 2 && heard.bbo > 1_000 && heard.bbo_price > 500);
    assert!(heard.bbo_price < heard.bbo);
    assert!(heard.bars > 100 && heard.bar_volume <= heard.volume);
    let told = [TradingStatus::Halted, TradingStatus::Trading].repeat(2);
    assert_eq!(heard.statuses, told);
}

/// The rows of some messages, among which trading is halted twice and goes on at once.
fn with_halts(messages: &[SourceMessage]) -> Vec<Row> {
    let conventions = Conventions {
        fills: FillConvention::TakesOut,
        unknown_orders: UnknownOrders::Drop,
    };
    let mut resolver = Resolver::new(1, conventions);
    let mut rows = Vec::new();
    for (number, message) in messages.iter().enumerate() {
        rows.extend_from_slice(resolver.push(message).unwrap());
        if number != 20_000 && number != 40_000 {
            continue;
        }
        for status in [TradingStatus::Halted, TradingStatus::Trading] {
            let told = resolver.status(&StatusMessage {
                ts_event: message.ts_event,
                ts_recv: message.ts_recv,
                sequence: 0,
                instrument: 0,
                status,
            });
            rows.extend_from_slice(told.unwrap());
        }
    }
    rows
}
