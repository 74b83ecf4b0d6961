//! The harness with which authors test their strategies.
//!
//! Takes in a strategy, its parameters and market events of the author's making; gives out the orders that the strategy
//! gave and what it logged. There is no exchange behind it: fills and order news are fed like everything else.
//!
//! ```
//! use backplane_sdk::prelude::*;
//! use backplane_sdk::testing::Harness;
//!
//! struct BuyOnce;
//!
//! impl Strategy for BuyOnce {
//!     fn descriptor() -> Descriptor {
//!         Descriptor::new("buy_once", "1.0.0").subscribe(Schema::BboPrice)
//!     }
//!     fn new(_: &Params) -> Result<Self, String> {
//!         Ok(BuyOnce)
//!     }
//!     fn on_market(&mut self, event: &MarketEvent, ctx: &mut Context) {
//!         if ctx.position(event.instrument()).is_zero() && ctx.open_orders().is_empty() {
//!             ctx.submit(Order::market(event.instrument(), Side::Buy, Quantity(1)));
//!         }
//!     }
//! }
//!
//! let mut harness = Harness::<BuyOnce>::new(&[]).unwrap();
//! harness.bbo(579.0, 579.1);
//! assert_eq!(harness.orders().len(), 1);
//! harness.fill_all(579.1);
//! harness.bbo(579.1, 579.2);
//! assert_eq!(harness.orders().len(), 0, "it holds a position now");
//! ```

use crate::abi::{Command, CommandBody, Message, command_order, definition_messages};
use crate::book::LevelBook;
use crate::books::Books;
use crate::context::Context;
use crate::instance::Instance;
use crate::params::Params;
use crate::state::{LogLine, OpenOrder};
use crate::strategy::Strategy;
use crate::types::{
    Bbo, Fill, Flags, Instrument, InstrumentId, Liquidity, Money, Nanos, Order, OrderId, Price,
    Quantity, Side, TimerId, Timestamp, Trade,
};

/// One instance of a strategy, one instrument by default, and a clock that the test moves.
pub struct Harness<S> {
    instance: Instance<S>,
    books: Vec<LevelBook>,
    now: Timestamp,
    commands: Vec<Command>,
    logs: Vec<LogLine>,
}

impl<S: Strategy> Harness<S> {
    /// An instance with the parameters given as a user writes them, and one share of tick 0.01, symbol `TEST`.
    ///
    /// # Errors
    /// What does not fit the declared parameters, or what the strategy's `new` says.
    pub fn new(params: &[(&str, &str)]) -> Result<Harness<S>, String> {
        let share = Instrument {
            id: InstrumentId(0),
            symbol: "TEST".into(),
            tick: Price(Price::SCALE / 100),
            multiplier: 1_000_000_000,
            currency: "USD".into(),
            expiration: Timestamp::MAX,
        };
        Harness::with_instruments(params, &[share])
    }

    /// As [`Harness::new`], with instruments of the test's making, numbered from 0 in their order.
    ///
    /// # Errors
    /// What does not fit the declared parameters, or what the strategy's `new` says.
    pub fn with_instruments(
        params: &[(&str, &str)],
        instruments: &[Instrument],
    ) -> Result<Harness<S>, String> {
        let mut values = Params::defaults(&S::descriptor().params);
        for (id, text) in params {
            values = values.with_text(id, text)?;
        }
        let mut harness = Harness {
            instance: Instance::new(&values, false)?,
            books: instruments.iter().map(|_| LevelBook::new()).collect(),
            now: Timestamp(0),
            commands: Vec::new(),
            logs: Vec::new(),
        };
        for instrument in instruments {
            for message in definition_messages(instrument, harness.now) {
                harness.hear(&message);
            }
        }
        harness.hear(&Message::start(1, harness.now));
        Ok(harness)
    }

    /// Moves the clock.
    pub fn advance(&mut self, by: Nanos) {
        self.now = self.now + by;
    }

    /// The strategy hears a message of any kind.
    pub fn hear(&mut self, message: &Message) {
        self.instance.hear(message, Books::Borrowed(&self.books));
        self.commands = self.instance.commands().to_vec();
        self.logs.extend_from_slice(self.instance.logs());
    }

    /// The best bid and ask of instrument 0 move, 100 on each side; the strategy hears of it.
    pub fn bbo(&mut self, bid: f64, ask: f64) {
        let size = Quantity(100);
        let message = Bbo {
            instrument: InstrumentId(0),
            bid_price: Price::from_f64(bid),
            bid_size: size,
            ask_price: Price::from_f64(ask),
            ask_size: size,
            sequence: 0,
            ts_event: self.now,
            ts_recv: self.now,
            flags: Flags(Flags::LAST),
        };
        let book = &mut self.books[0];
        book.clear();
        book.set(Side::Buy, message.bid_price, size);
        book.set(Side::Sell, message.ask_price, size);
        self.hear(&Message::from(&message));
    }

    /// Instrument 0 trades; the strategy hears of it.
    pub fn trade(&mut self, price: f64, size: i64, aggressor: Side) {
        self.hear(&Message::from(&Trade {
            instrument: InstrumentId(0),
            price: Price::from_f64(price),
            size: Quantity(size),
            aggressor: Some(aggressor),
            sequence: 0,
            ts_event: self.now,
            ts_recv: self.now,
            flags: Flags(Flags::LAST),
        }));
    }

    /// A timer is due now.
    pub fn timer(&mut self, timer: TimerId) {
        self.hear(&Message::timer(timer, self.now));
    }

    /// The run ends.
    pub fn stop(&mut self) {
        self.hear(&Message::stop(self.now));
    }

    /// Every open order is filled whole at `price`; the strategy hears of each.
    pub fn fill_all(&mut self, price: f64) {
        let open: Vec<OpenOrder> = self.instance.state().open_orders.iter().copied().collect();
        for order in open {
            self.hear(&Message::from(&Fill {
                instrument: order.instrument,
                order_id: order.order_id,
                side: order.side,
                price: Price::from_f64(price),
                quantity: order.leaves,
                leaves: Quantity::ZERO,
                fee: Money::ZERO,
                liquidity: Liquidity::Taker,
                ts_event: self.now,
                ts_recv: self.now,
            }));
        }
    }

    /// What the strategy asked for when it heard the last message.
    pub fn commands(&self) -> Vec<CommandBody> {
        self.commands.iter().filter_map(Command::body).collect()
    }

    /// The orders that the strategy submitted when it heard the last message.
    pub fn orders(&self) -> Vec<(OrderId, Order)> {
        self.commands.iter().filter_map(command_order).collect()
    }

    /// All that the strategy logged.
    pub fn logs(&self) -> &[LogLine] {
        &self.logs
    }

    /// The book of an instrument, to be changed by the test.
    pub fn book_mut(&mut self, instrument: InstrumentId) -> &mut LevelBook {
        &mut self.books[instrument.index()]
    }

    /// The strategy itself.
    pub const fn strategy(&self) -> &S {
        self.instance.strategy()
    }

    /// What the strategy sees now.
    pub fn context(&mut self) -> Context<'_> {
        self.instance.context(Books::Borrowed(&self.books))
    }
}
