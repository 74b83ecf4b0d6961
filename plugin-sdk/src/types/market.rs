//! What a market data feed says.
//!
//! Takes in the kinds of Databento's market schemas; gives out one enum, [`MarketEvent`], that a strategy matches on.

use super::{InstrumentId, Price, Quantity, Side, Timestamp};

/// What an order-level record does to the book. The letters are Databento's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Action {
    /// A new order rests in the book.
    Add = b'A',
    /// An order, or part of it, leaves the book without a trade.
    Cancel = b'C',
    /// An order's size changes at its price. A change of price is a [`Action::Cancel`] and an [`Action::Add`] of the
    /// same order id, of which only the second ends the event.
    Modify = b'M',
    /// The whole book of the instrument is emptied.
    Clear = b'R',
    /// A trade is reported that does not itself change the book.
    Trade = b'T',
    /// A resting order is executed and leaves the book by the executed size.
    Fill = b'F',
}

impl Action {
    /// The action that a letter stands for.
    pub const fn from_code(code: u8) -> Option<Action> {
        match code {
            b'A' => Some(Action::Add),
            b'C' => Some(Action::Cancel),
            b'M' => Some(Action::Modify),
            b'R' => Some(Action::Clear),
            b'T' => Some(Action::Trade),
            b'F' => Some(Action::Fill),
            _ => None,
        }
    }

    /// The letter of this action.
    pub const fn code(self) -> u8 {
        self as u8
    }
}

/// The flag bits of a record; the values are Databento's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct Flags(pub u8);

impl Flags {
    /// The record ends an atomic event: the book is whole again.
    pub const LAST: u8 = 0x80;
    /// The record is part of a snapshot and not a live change.
    pub const SNAPSHOT: u8 = 0x20;
    /// The receive time is not to be trusted.
    pub const BAD_TS_RECV: u8 = 0x08;
    /// A gap was seen: the book may be wrong from here.
    pub const MAYBE_BAD_BOOK: u8 = 0x04;

    /// Whether the record ends an atomic event.
    pub const fn is_last(self) -> bool {
        self.0 & Self::LAST != 0
    }

    /// Whether the record is part of a snapshot.
    pub const fn is_snapshot(self) -> bool {
        self.0 & Self::SNAPSHOT != 0
    }
}

/// A trade print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trade {
    /// What was traded.
    pub instrument: InstrumentId,
    /// The trade's price; hidden executions may print between ticks.
    pub price: Price,
    /// The size traded.
    pub size: Quantity,
    /// The side of the aggressor; `None` where the source does not say.
    pub aggressor: Option<Side>,
    /// The source's sequence number.
    pub sequence: u32,
    /// When it happened at the exchange.
    pub ts_event: Timestamp,
    /// When the strategy hears of it.
    pub ts_recv: Timestamp,
    /// The record's flags.
    pub flags: Flags,
}

/// One order-level message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mbo {
    /// Whose book changes.
    pub instrument: InstrumentId,
    /// What happens.
    pub action: Action,
    /// The side of the order; for [`Action::Trade`] the side of the aggressor; `None` where the source does not say.
    pub side: Option<Side>,
    /// The exchange's number of the order; 0 where it is not known.
    pub order_id: u64,
    /// The order's price; for a trade the price of the trade.
    pub price: Price,
    /// The size that is added, cancelled, executed or traded; for a modification the order's new size.
    pub size: Quantity,
    /// What rests at this price and side after the message.
    pub level_size: Quantity,
    /// The place of the price level in its side, best first, counted from 0: after the message where the level
    /// exists then, before it where the message removes it.
    pub rank: u8,
    /// The source's sequence number.
    pub sequence: u32,
    /// When it happened at the exchange.
    pub ts_event: Timestamp,
    /// When the strategy hears of it.
    pub ts_recv: Timestamp,
    /// The record's flags.
    pub flags: Flags,
}

/// A change of one price level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LevelChange {
    /// Whose book changes.
    pub instrument: InstrumentId,
    /// The side of the level; `None` where the whole book was emptied and price and size mean nothing.
    pub side: Option<Side>,
    /// The price of the level.
    pub price: Price,
    /// What rests there from now on; zero when the level is gone.
    pub size: Quantity,
    /// The source's sequence number.
    pub sequence: u32,
    /// When it happened at the exchange.
    pub ts_event: Timestamp,
    /// When the strategy hears of it.
    pub ts_recv: Timestamp,
    /// The record's flags.
    pub flags: Flags,
}

/// The best bid and the best ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bbo {
    /// Whose book it is.
    pub instrument: InstrumentId,
    /// The best bid, [`Price::UNDEFINED`] where there is none.
    pub bid_price: Price,
    /// What rests at the best bid.
    pub bid_size: Quantity,
    /// The best ask, [`Price::UNDEFINED`] where there is none.
    pub ask_price: Price,
    /// What rests at the best ask.
    pub ask_size: Quantity,
    /// The source's sequence number of the message that changed it.
    pub sequence: u32,
    /// When it happened at the exchange.
    pub ts_event: Timestamp,
    /// When the strategy hears of it.
    pub ts_recv: Timestamp,
    /// The record's flags.
    pub flags: Flags,
}

/// The length of a bar. The letters end Databento's `ohlcv-1s`, `ohlcv-1m`, `ohlcv-1h`, `ohlcv-1d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Interval {
    /// One second.
    Second = b's',
    /// One minute.
    Minute = b'm',
    /// One hour.
    Hour = b'h',
    /// One day, from midnight to midnight UTC.
    Day = b'd',
}

impl Interval {
    /// Every interval, shortest first.
    pub const ALL: [Interval; 4] = [
        Interval::Second,
        Interval::Minute,
        Interval::Hour,
        Interval::Day,
    ];

    /// The interval that a letter stands for.
    pub const fn from_code(code: u8) -> Option<Interval> {
        match code {
            b's' => Some(Interval::Second),
            b'm' => Some(Interval::Minute),
            b'h' => Some(Interval::Hour),
            b'd' => Some(Interval::Day),
            _ => None,
        }
    }

    /// The length in nanoseconds.
    pub const fn span(self) -> super::Nanos {
        super::Nanos::from_secs(match self {
            Interval::Second => 1,
            Interval::Minute => 60,
            Interval::Hour => 3_600,
            Interval::Day => 86_400,
        })
    }
}

/// Open, high, low, close and volume of the trades that were heard within one interval. No bar is made of an interval
/// without trades.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    /// What was traded.
    pub instrument: InstrumentId,
    /// The bar's length.
    pub interval: Interval,
    /// The first trade's price.
    pub open: Price,
    /// The highest trade's price.
    pub high: Price,
    /// The lowest trade's price.
    pub low: Price,
    /// The last trade's price.
    pub close: Price,
    /// The sum of the trades' sizes.
    pub volume: Quantity,
    /// The start of the interval.
    pub ts_event: Timestamp,
    /// The end of the interval, which is when the bar is heard.
    pub ts_recv: Timestamp,
}

/// Whether an instrument is being traded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum TradingStatus {
    /// Orders are matched as they come.
    Trading = 1,
    /// Orders are collected for an auction or before the open.
    PreOpen = 2,
    /// Trading is halted.
    Halted = 3,
    /// The session is over.
    Closed = 4,
}

impl TradingStatus {
    /// The status that a number stands for.
    pub const fn from_code(code: u8) -> Option<TradingStatus> {
        match code {
            1 => Some(TradingStatus::Trading),
            2 => Some(TradingStatus::PreOpen),
            3 => Some(TradingStatus::Halted),
            4 => Some(TradingStatus::Closed),
            _ => None,
        }
    }
}

/// A change of an instrument's trading status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// Which instrument.
    pub instrument: InstrumentId,
    /// Its status from now on.
    pub status: TradingStatus,
    /// When it happened at the exchange.
    pub ts_event: Timestamp,
    /// When the strategy hears of it.
    pub ts_recv: Timestamp,
}

/// One message of a market data feed, as a strategy hears it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarketEvent {
    /// A trade print (schema `trades`).
    Trade(Trade),
    /// An order-level message (schema `mbo`).
    Mbo(Mbo),
    /// The last change of an atomic event to the price levels (schema `mbp`); the book holds all of the event.
    Level(LevelChange),
    /// A new best bid or ask (schemas `bbo` and `bbo-price`).
    Bbo(Bbo),
    /// A finished bar (schemas `ohlcv-1s` to `ohlcv-1d`).
    Bar(Bar),
    /// A change of trading status (schema `status`).
    Status(Status),
}

impl MarketEvent {
    /// The instrument that the message is about.
    pub const fn instrument(&self) -> InstrumentId {
        match self {
            MarketEvent::Trade(x) => x.instrument,
            MarketEvent::Mbo(x) => x.instrument,
            MarketEvent::Level(x) => x.instrument,
            MarketEvent::Bbo(x) => x.instrument,
            MarketEvent::Bar(x) => x.instrument,
            MarketEvent::Status(x) => x.instrument,
        }
    }
}
