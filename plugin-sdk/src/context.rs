//! What a strategy may see and do while it is called.
//!
//! Takes in the instance's state and the books of the moment; gives out what a strategy asks about, and collects what it
//! asks for. Everything here but the books follows from the messages that the instance heard, so that it is the same on
//! every carrier.

use crate::abi::{Command, CommandBody};
use crate::book::BookView;
use crate::books::Books;
use crate::by_number::ByNumber;
use crate::state::{LogLevel, LogLine, OpenOrder, SessionStatistics, State};
use crate::types::{
    Instrument, InstrumentId, Order, OrderId, Price, Quantity, TimerId, Timestamp, Trade,
};

/// What a strategy may see and do.
pub struct Context<'a> {
    state: &'a mut State,
    books: Books<'a>,
}

impl<'a> Context<'a> {
    pub(crate) const fn new(state: &'a mut State, books: Books<'a>) -> Context<'a> {
        Context { state, books }
    }

    /// The time at the strategy: when it hears the present message.
    pub const fn now(&self) -> Timestamp {
        self.state.now
    }

    /// The run's seed for this instance, the only source of randomness that a strategy may use.
    pub const fn seed(&self) -> u64 {
        self.state.seed
    }

    /// The instruments of the tape; the place is the number.
    pub fn instruments(&self) -> &[Instrument] {
        &self.state.instruments
    }

    /// The instrument of a symbol.
    pub fn instrument(&self, symbol: &str) -> Option<&Instrument> {
        self.state.instruments.iter().find(|x| x.symbol == symbol)
    }

    /// The book of an instrument, as deep as the subscription makes it (see [`BookView`]).
    #[inline]
    pub fn book(&self, instrument: InstrumentId) -> BookView<'_> {
        self.state.book(instrument, &self.books)
    }

    /// The position in an instrument: bought minus sold, as far as the strategy has heard.
    #[inline]
    pub fn position(&self, instrument: InstrumentId) -> Quantity {
        let positions = &self.state.positions;
        positions
            .get(instrument.index())
            .copied()
            .unwrap_or_default()
    }

    /// The open orders, oldest first: those that were sent and of whose end nothing was heard yet.
    pub const fn open_orders(&self) -> &ByNumber<OpenOrder> {
        &self.state.open_orders
    }

    /// One open order.
    #[inline]
    pub fn open_order(&self, order_id: OrderId) -> Option<&OpenOrder> {
        self.state.open_orders.get(order_id.0)
    }

    /// The latest trade prints of an instrument, newest first, at most [`State::RECENT_TRADES`]. Needs a subscription
    /// to `trades`.
    pub fn recent_trades(&self, instrument: InstrumentId) -> impl Iterator<Item = &Trade> {
        self.state.recent_trades(instrument)
    }

    /// Open, high, low, last and volume since the run began. Needs a subscription to `trades`.
    pub fn session(&self, instrument: InstrumentId) -> SessionStatistics {
        let sessions = &self.state.sessions;
        sessions
            .get(instrument.index())
            .copied()
            .unwrap_or_default()
    }

    /// Sends a new order and gives its number. What becomes of it is heard later, by `on_order`.
    #[inline]
    pub fn submit(&mut self, order: Order) -> OrderId {
        let order_id = self.state.open(&order);
        self.send(Command::submit(order_id, &order));
        order_id
    }

    /// Asks for a new price and a new whole quantity (what is filled already included) of an open order.
    #[inline]
    pub fn modify(&mut self, order_id: OrderId, price: Price, quantity: Quantity) {
        self.send(Command::new(CommandBody::Modify {
            order_id,
            price,
            quantity,
            stop_price: Price::UNDEFINED,
        }));
    }

    /// As [`Context::modify`] for a stop that waits, with a new stop price. `price` is the limit of a stop-limit order,
    /// and undefined for other stops. Of a trailing stop, `stop_price` is where it goes on from.
    pub fn modify_stop(
        &mut self,
        order_id: OrderId,
        stop_price: Price,
        price: Price,
        quantity: Quantity,
    ) {
        self.send(Command::new(CommandBody::Modify {
            order_id,
            price,
            quantity,
            stop_price,
        }));
    }

    /// Asks for the end of an open order.
    #[inline]
    pub fn cancel(&mut self, order_id: OrderId) {
        self.send(Command::new(CommandBody::Cancel { order_id }));
    }

    /// Asks for the end of all open orders of an instrument, or of every instrument.
    pub fn cancel_all(&mut self, instrument: Option<InstrumentId>) {
        self.send(Command::new(CommandBody::CancelAll { instrument }));
    }

    /// Sets a timer; one of the same number is moved.
    pub fn set_timer(&mut self, timer: TimerId, at: Timestamp) {
        self.send(Command::new(CommandBody::SetTimer { timer, at }));
    }

    /// Ends a timer.
    pub fn cancel_timer(&mut self, timer: TimerId) {
        self.send(Command::new(CommandBody::CancelTimer { timer }));
    }

    /// Records a value of a declared series, named by its place in the descriptor.
    pub fn metric(&mut self, metric: u32, value: f64) {
        self.send(Command::new(CommandBody::Metric { metric, value }));
    }

    /// Writes a line to the run's log.
    pub fn log(&mut self, level: LogLevel, text: impl Into<String>) {
        self.state.logs.push(LogLine {
            level,
            text: text.into(),
        });
    }

    #[inline]
    fn send(&mut self, command: Command) {
        self.state.commands.push(command);
    }
}
