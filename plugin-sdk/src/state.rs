//! What an instance knows from the messages that it heard.
//!
//! Takes in messages; gives out position, open orders, recent trades, session statistics and, where no book is lent,
//! the books. It is the same on every carrier, because it follows from the messages alone.

use std::collections::VecDeque;

use crate::abi::{Command, MessageBody};
use crate::book::{BookView, Level, LevelBook};
use crate::books::Books;
use crate::by_number::ByNumber;
use crate::descriptor::{Descriptor, Schema};
use crate::types::{
    Action, Bbo, Fill, Instrument, InstrumentId, LevelChange, Mbo, Order, OrderId, OrderStatus,
    OrderType, OrderUpdate, Price, Quantity, Side, Timestamp, Trade,
};

/// How important a line of the log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u32)]
pub enum LogLevel {
    /// Something is wrong.
    Error = 1,
    /// Something looks wrong.
    Warning = 2,
    /// Something worth knowing.
    Information = 3,
    /// Something for the author alone.
    Debug = 4,
}

impl LogLevel {
    /// The level that a number stands for.
    pub const fn from_code(code: u32) -> Option<LogLevel> {
        match code {
            1 => Some(LogLevel::Error),
            2 => Some(LogLevel::Warning),
            3 => Some(LogLevel::Information),
            4 => Some(LogLevel::Debug),
            _ => None,
        }
    }
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// How important it is.
    pub level: LogLevel,
    /// The text.
    pub text: String,
}

/// An open order as its owner knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenOrder {
    /// Its number.
    pub order_id: OrderId,
    /// What it trades.
    pub instrument: InstrumentId,
    /// Its side.
    pub side: Side,
    /// Its type.
    pub order_type: OrderType,
    /// Its limit price, as last confirmed.
    pub price: Price,
    /// Its whole quantity, as last confirmed.
    pub quantity: Quantity,
    /// What is still open.
    pub leaves: Quantity,
    /// Whether the exchange has accepted it.
    pub accepted: bool,
    /// Whether it was a stop and has been triggered.
    pub triggered: bool,
}

/// What was traded in an instrument since the run began.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SessionStatistics {
    /// The first trade's price.
    pub open: Price,
    /// The highest trade's price.
    pub high: Price,
    /// The lowest trade's price.
    pub low: Price,
    /// The last trade's price.
    pub last: Price,
    /// The sum of the sizes.
    pub volume: Quantity,
    /// The number of trades.
    pub trades: u64,
    /// The sum of price times size, in units of 1e-9 of the currency per quantity unit.
    pub turnover: i128,
}

impl SessionStatistics {
    /// The volume-weighted average price; `None` before the first trade.
    pub fn vwap(&self) -> Option<Price> {
        (self.volume.0 > 0).then(|| Price((self.turnover / i128::from(self.volume.0)) as i64))
    }

    fn add(&mut self, trade: &Trade) {
        if self.trades == 0 {
            self.open = trade.price;
            self.high = trade.price;
            self.low = trade.price;
        }
        self.high = self.high.max(trade.price);
        self.low = self.low.min(trade.price);
        self.last = trade.price;
        self.volume += trade.size;
        self.trades += 1;
        let value = i128::from(trade.price.0) * i128::from(trade.size.0);
        self.turnover = self.turnover.saturating_add(value);
    }
}

/// How much of a book a strategy may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Depth {
    None,
    Best,
    All,
}

/// The best level of each side, as last heard.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Top {
    /// By [`Side::index`].
    pub(crate) levels: [Level; 2],
}

impl Top {
    const EMPTY: Top = Top {
        levels: [Level {
            price: Price::UNDEFINED,
            size: Quantity::ZERO,
        }; 2],
    };

    fn side(&self, side: Side) -> &[Level] {
        let level = core::slice::from_ref(&self.levels[side.index()]);
        if level[0].price.is_defined() {
            level
        } else {
            &[]
        }
    }
}

/// What an instance knows. What every message touches lies together in front: hundreds of instances hear the same
/// message one after the other, and each line of memory that a call needs is fetched anew.
#[derive(Debug)]
#[repr(C, align(64))]
pub struct State {
    pub(crate) now: Timestamp,
    pub(crate) commands: Vec<Command>,
    pub(crate) logs: Vec<LogLine>,
    pub(crate) last_order_id: u64,
    pub(crate) open_orders: ByNumber<OpenOrder>,
    pub(crate) positions: Vec<Quantity>,
    pub(crate) tops: Vec<Top>,
    pub(crate) seed: u64,
    pub(crate) instruments: Vec<Instrument>,
    pub(crate) trades: Vec<VecDeque<Trade>>,
    pub(crate) sessions: Vec<SessionStatistics>,
    descriptor: Descriptor,
    depths: Vec<Depth>,
    /// The books of a guest that is lent none.
    pub(crate) books: Option<Vec<LevelBook>>,
}

impl State {
    /// How many trades of each instrument are remembered.
    pub const RECENT_TRADES: usize = 256;

    /// The state before any message. `keeps_books` says whether books are to be kept from the messages because none are
    /// lent.
    pub(crate) fn new(descriptor: Descriptor, keeps_books: bool) -> State {
        State {
            now: Timestamp::MIN,
            seed: 0,
            instruments: Vec::new(),
            positions: Vec::new(),
            open_orders: ByNumber::default(),
            last_order_id: 0,
            trades: Vec::new(),
            sessions: Vec::new(),
            commands: Vec::new(),
            logs: Vec::new(),
            descriptor,
            depths: Vec::new(),
            tops: Vec::new(),
            books: keeps_books.then(Vec::new),
        }
    }

    /// Forgets what was asked for and logged in the last call. Nothing is written where there was nothing, as in most
    /// calls.
    #[inline]
    pub(crate) fn forget_replies(&mut self) {
        if !self.commands.is_empty() {
            self.commands.clear();
        }
        if !self.logs.is_empty() {
            self.logs.clear();
        }
    }

    /// The run starts.
    pub(crate) fn start(&mut self, seed: u64) {
        self.seed = seed;
        self.set_depths();
    }

    #[inline]
    pub(crate) fn hear_bbo(&mut self, bbo: &Bbo) {
        if let Some(top) = self.tops.get_mut(bbo.instrument.index()) {
            top.levels = [
                Level {
                    price: bbo.bid_price,
                    size: bbo.bid_size,
                },
                Level {
                    price: bbo.ask_price,
                    size: bbo.ask_size,
                },
            ];
        }
    }

    #[inline]
    pub(crate) fn hear_trade(&mut self, trade: &Trade) {
        let place = trade.instrument.index();
        if let (Some(session), Some(trades)) =
            (self.sessions.get_mut(place), self.trades.get_mut(place))
        {
            session.add(trade);
            if trades.len() == Self::RECENT_TRADES {
                trades.pop_back();
            }
            trades.push_front(*trade);
        }
    }

    #[inline]
    pub(crate) fn hear_mbo(&mut self, mbo: &Mbo) {
        let books = self.books.as_mut();
        let Some(book) = books.and_then(|x| x.get_mut(mbo.instrument.index())) else {
            return;
        };
        match (mbo.action, mbo.side) {
            (Action::Clear, _) => book.clear(),
            (Action::Trade, _) | (_, None) => {}
            (_, Some(side)) => {
                book.set_at(side, mbo.rank.into(), mbo.price, mbo.level_size);
            }
        }
    }

    #[inline]
    pub(crate) fn hear_level(&mut self, level: &LevelChange) {
        let books = self.books.as_mut();
        let Some(book) = books.and_then(|x| x.get_mut(level.instrument.index())) else {
            return;
        };
        match level.side {
            Some(side) => {
                book.set(side, level.price, level.size);
            }
            None => book.clear(),
        }
    }

    #[inline]
    pub(crate) fn hear_update(&mut self, update: &OrderUpdate) {
        if update.ends_order() {
            self.open_orders.forget(update.order_id.0);
            return;
        }
        let Some(order) = self.open_orders.get_mut(update.order_id.0) else {
            return;
        };
        match update.status {
            OrderStatus::New | OrderStatus::Replaced => {
                order.accepted = true;
                order.price = update.price;
                order.quantity = update.quantity;
                order.leaves = update.leaves;
            }
            OrderStatus::Triggered => order.triggered = true,
            _ => {}
        }
    }

    #[inline]
    pub(crate) fn hear_fill(&mut self, fill: &Fill) {
        if let Some(position) = self.positions.get_mut(fill.instrument.index()) {
            *position += fill.side.signed(fill.quantity);
        }
        if fill.leaves.is_zero() {
            self.open_orders.forget(fill.order_id.0);
        } else if let Some(order) = self.open_orders.get_mut(fill.order_id.0) {
            order.leaves = fill.leaves;
        }
    }

    /// Takes over a part of an instrument's definition. Instruments are defined in the order of their numbers.
    pub(crate) fn define(&mut self, id: InstrumentId, body: &MessageBody) {
        match body {
            MessageBody::Definition {
                tick,
                multiplier,
                expiration,
                currency,
            } if id.index() == self.instruments.len() => {
                self.instruments.push(Instrument {
                    id,
                    symbol: String::new(),
                    tick: *tick,
                    multiplier: *multiplier,
                    currency: text(currency),
                    expiration: *expiration,
                });
                self.positions.push(Quantity::ZERO);
                self.trades.push(VecDeque::new());
                self.sessions.push(SessionStatistics::default());
                self.tops.push(Top::EMPTY);
                if let Some(books) = &mut self.books {
                    books.push(LevelBook::new());
                }
            }
            MessageBody::Symbol(part) => {
                if let Some(instrument) = self.instruments.get_mut(id.index()) {
                    instrument.symbol.push_str(&text(part));
                }
            }
            _ => {}
        }
    }

    pub(crate) fn set_depths(&mut self) {
        let depth = |instrument: &Instrument| {
            let hears = |schema| self.descriptor.hears(schema, &instrument.symbol);
            if hears(Schema::Mbo) || hears(Schema::Mbp) {
                Depth::All
            } else if hears(Schema::Bbo) || hears(Schema::BboPrice) {
                Depth::Best
            } else {
                Depth::None
            }
        };
        self.depths = self.instruments.iter().map(depth).collect();
    }

    /// Whether the strategy sees whole books.
    pub(crate) fn sees_books(&self) -> bool {
        self.depths.contains(&Depth::All)
    }

    /// The book of an instrument, as deep as the subscription makes it.
    #[inline]
    pub(crate) fn book<'a>(&'a self, instrument: InstrumentId, lent: &Books<'a>) -> BookView<'a> {
        match self.depths.get(instrument.index()) {
            Some(Depth::All) => match &self.books {
                Some(books) => books[instrument.index()].view(),
                None => lent.view(instrument),
            },
            Some(Depth::Best) => {
                let top = &self.tops[instrument.index()];
                BookView::new(top.side(Side::Buy), top.side(Side::Sell))
            }
            Some(Depth::None) | None => BookView::default(),
        }
    }

    pub(crate) fn recent_trades(&self, instrument: InstrumentId) -> impl Iterator<Item = &Trade> {
        self.trades.get(instrument.index()).into_iter().flatten()
    }

    /// Opens an order and gives it its number.
    #[inline]
    pub(crate) fn open(&mut self, order: &Order) -> OrderId {
        self.last_order_id += 1;
        let order_id = OrderId(self.last_order_id);
        let opened = OpenOrder {
            order_id,
            instrument: order.instrument,
            side: order.side,
            order_type: order.order_type,
            price: order.price,
            quantity: order.quantity,
            leaves: order.quantity,
            accepted: false,
            triggered: false,
        };
        self.open_orders.insert(order_id.0, opened);
        order_id
    }
}

/// Bytes with zeros behind as text.
fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|x| *x == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}
