//! The translation between [`Message`] and the nouns of [`crate::types`].
//!
//! Takes in a message or a noun; gives out the other. Safe code: words are packed and unpacked by value. A message of
//! an unknown kind, or with a letter that the kind does not know, has no body and is skipped.

use super::v1::{Message, kind};
use crate::types::{
    Action, Bar, Bbo, Fill, Flags, Instrument, InstrumentId, Interval, LevelChange, Liquidity,
    MarketEvent, Mbo, Money, OrderEvent, OrderId, OrderStatus, OrderUpdate, Price, Quantity,
    Reason, Side, Status, TimerId, Timestamp, Trade, TradingStatus,
};

/// What a message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageBody {
    /// Market data.
    Market(MarketEvent),
    /// News of an own order.
    Order(OrderEvent),
    /// A timer is due.
    Timer(TimerId),
    /// The numbers of an instrument's definition.
    Definition {
        /// The smallest step of a limit price.
        tick: Price,
        /// See [`Instrument::multiplier`].
        multiplier: i64,
        /// See [`Instrument::expiration`].
        expiration: Timestamp,
        /// The currency's letters, zeros behind.
        currency: [u8; 8],
    },
    /// Up to 40 further bytes of an instrument's symbol, zeros behind.
    Symbol([u8; 40]),
    /// The run starts.
    Start {
        /// The run's seed for this instance.
        seed: u64,
    },
    /// The run ends.
    Stop,
}

const NO_SIDE: u8 = b'N';

#[inline]
const fn side_code(side: Option<Side>) -> u8 {
    match side {
        Some(side) => side.code(),
        None => NO_SIDE,
    }
}

#[inline]
const fn header(
    kind: u8,
    instrument: InstrumentId,
    ts_event: Timestamp,
    ts_recv: Timestamp,
) -> Message {
    Message {
        kind,
        flags: 0,
        side: NO_SIDE,
        detail: 0,
        instrument: instrument.0,
        ts_event: ts_event.0,
        ts_recv: ts_recv.0,
        words: [0; 5],
    }
}

impl Message {
    /// A timer message.
    pub const fn timer(timer: TimerId, at: Timestamp) -> Message {
        let mut message = header(kind::TIMER, InstrumentId(u32::MAX), at, at);
        message.words[0] = timer.0;
        message
    }

    /// The message that starts a run.
    pub const fn start(seed: u64, at: Timestamp) -> Message {
        let mut message = header(kind::START, InstrumentId(u32::MAX), at, at);
        message.words[0] = seed;
        message
    }

    /// The message that ends a run.
    pub const fn stop(at: Timestamp) -> Message {
        header(kind::STOP, InstrumentId(u32::MAX), at, at)
    }

    /// What the message says; `None` where this version does not know it.
    #[inline]
    pub fn body(&self) -> Option<MessageBody> {
        match self.kind {
            kind::TRADE => Some(MessageBody::Market(MarketEvent::Trade(self.trade()))),
            kind::MBO => Some(MessageBody::Market(MarketEvent::Mbo(self.mbo()?))),
            kind::LEVEL => Some(MessageBody::Market(MarketEvent::Level(self.level()))),
            kind::BBO => Some(MessageBody::Market(MarketEvent::Bbo(self.bbo()))),
            kind::BAR => Some(MessageBody::Market(MarketEvent::Bar(self.bar()?))),
            kind::STATUS => Some(MessageBody::Market(MarketEvent::Status(self.status()?))),
            kind::DEFINITION => Some(self.definition()),
            kind::ORDER_UPDATE => Some(MessageBody::Order(OrderEvent::Update(self.update()?))),
            kind::FILL => Some(MessageBody::Order(OrderEvent::Fill(self.fill()?))),
            kind::TIMER => Some(MessageBody::Timer(TimerId(self.words[0]))),
            kind::START => Some(MessageBody::Start {
                seed: self.words[0],
            }),
            kind::STOP => Some(MessageBody::Stop),
            _ => None,
        }
    }

    const fn instrument_id(&self) -> InstrumentId {
        InstrumentId(self.instrument)
    }

    const fn price(&self, word: usize) -> Price {
        Price(self.words[word] as i64)
    }

    const fn quantity(&self, word: usize) -> Quantity {
        Quantity(self.words[word] as i64)
    }

    #[inline]
    pub(crate) const fn trade(&self) -> Trade {
        Trade {
            instrument: self.instrument_id(),
            price: self.price(0),
            size: self.quantity(1),
            aggressor: Side::from_code(self.side),
            sequence: self.words[2] as u32,
            ts_event: Timestamp(self.ts_event),
            ts_recv: Timestamp(self.ts_recv),
            flags: Flags(self.flags),
        }
    }

    #[inline]
    pub(crate) fn mbo(&self) -> Option<Mbo> {
        Some(Mbo {
            instrument: self.instrument_id(),
            action: Action::from_code(self.detail)?,
            side: Side::from_code(self.side),
            order_id: self.words[0],
            price: self.price(1),
            size: self.quantity(2),
            level_size: self.quantity(3),
            rank: (self.words[4] >> 32) as u8,
            sequence: self.words[4] as u32,
            ts_event: Timestamp(self.ts_event),
            ts_recv: Timestamp(self.ts_recv),
            flags: Flags(self.flags),
        })
    }

    #[inline]
    pub(crate) const fn level(&self) -> LevelChange {
        LevelChange {
            instrument: self.instrument_id(),
            side: Side::from_code(self.side),
            price: self.price(0),
            size: self.quantity(1),
            sequence: self.words[2] as u32,
            ts_event: Timestamp(self.ts_event),
            ts_recv: Timestamp(self.ts_recv),
            flags: Flags(self.flags),
        }
    }

    #[inline]
    pub(crate) const fn bbo(&self) -> Bbo {
        Bbo {
            instrument: self.instrument_id(),
            bid_price: self.price(0),
            bid_size: self.quantity(1),
            ask_price: self.price(2),
            ask_size: self.quantity(3),
            sequence: self.words[4] as u32,
            ts_event: Timestamp(self.ts_event),
            ts_recv: Timestamp(self.ts_recv),
            flags: Flags(self.flags),
        }
    }

    fn bar(&self) -> Option<Bar> {
        Some(Bar {
            instrument: self.instrument_id(),
            interval: Interval::from_code(self.detail)?,
            open: self.price(0),
            high: self.price(1),
            low: self.price(2),
            close: self.price(3),
            volume: self.quantity(4),
            ts_event: Timestamp(self.ts_event),
            ts_recv: Timestamp(self.ts_recv),
        })
    }

    fn status(&self) -> Option<Status> {
        Some(Status {
            instrument: self.instrument_id(),
            status: TradingStatus::from_code(self.detail)?,
            ts_event: Timestamp(self.ts_event),
            ts_recv: Timestamp(self.ts_recv),
        })
    }

    fn definition(&self) -> MessageBody {
        if self.detail == 0 {
            return MessageBody::Definition {
                tick: self.price(0),
                multiplier: self.words[1] as i64,
                expiration: Timestamp(self.words[2] as i64),
                currency: self.words[3].to_le_bytes(),
            };
        }
        let mut symbol = [0; 40];
        for (chunk, word) in symbol.chunks_exact_mut(8).zip(self.words) {
            chunk.copy_from_slice(&word.to_le_bytes());
        }
        MessageBody::Symbol(symbol)
    }

    #[inline]
    pub(crate) fn update(&self) -> Option<OrderUpdate> {
        Some(OrderUpdate {
            instrument: self.instrument_id(),
            order_id: OrderId(self.words[0]),
            side: Side::from_code(self.side),
            status: OrderStatus::from_code(self.detail)?,
            reason: Reason::from_code(self.words[4] as u16)?,
            price: self.price(1),
            quantity: self.quantity(2),
            leaves: self.quantity(3),
            ts_event: Timestamp(self.ts_event),
            ts_recv: Timestamp(self.ts_recv),
        })
    }

    #[inline]
    pub(crate) fn fill(&self) -> Option<Fill> {
        Some(Fill {
            instrument: self.instrument_id(),
            order_id: OrderId(self.words[0]),
            side: Side::from_code(self.side)?,
            price: self.price(1),
            quantity: self.quantity(2),
            leaves: self.quantity(3),
            fee: Money(i128::from(self.words[4] as i64)),
            liquidity: Liquidity::from_code(self.detail)?,
            ts_event: Timestamp(self.ts_event),
            ts_recv: Timestamp(self.ts_recv),
        })
    }
}

impl From<&Trade> for Message {
    #[inline]
    fn from(x: &Trade) -> Message {
        Message {
            flags: x.flags.0,
            side: side_code(x.aggressor),
            words: [x.price.0 as u64, x.size.0 as u64, x.sequence.into(), 0, 0],
            ..header(kind::TRADE, x.instrument, x.ts_event, x.ts_recv)
        }
    }
}

impl From<&Mbo> for Message {
    #[inline]
    fn from(x: &Mbo) -> Message {
        let last = u64::from(x.sequence) | u64::from(x.rank) << 32;
        Message {
            flags: x.flags.0,
            side: side_code(x.side),
            detail: x.action.code(),
            words: [
                x.order_id,
                x.price.0 as u64,
                x.size.0 as u64,
                x.level_size.0 as u64,
                last,
            ],
            ..header(kind::MBO, x.instrument, x.ts_event, x.ts_recv)
        }
    }
}

impl From<&LevelChange> for Message {
    #[inline]
    fn from(x: &LevelChange) -> Message {
        Message {
            flags: x.flags.0,
            side: side_code(x.side),
            words: [x.price.0 as u64, x.size.0 as u64, x.sequence.into(), 0, 0],
            ..header(kind::LEVEL, x.instrument, x.ts_event, x.ts_recv)
        }
    }
}

impl From<&Bbo> for Message {
    #[inline]
    fn from(x: &Bbo) -> Message {
        Message {
            flags: x.flags.0,
            words: [
                x.bid_price.0 as u64,
                x.bid_size.0 as u64,
                x.ask_price.0 as u64,
                x.ask_size.0 as u64,
                x.sequence.into(),
            ],
            ..header(kind::BBO, x.instrument, x.ts_event, x.ts_recv)
        }
    }
}

impl From<&Bar> for Message {
    fn from(x: &Bar) -> Message {
        Message {
            detail: x.interval as u8,
            words: [
                x.open.0 as u64,
                x.high.0 as u64,
                x.low.0 as u64,
                x.close.0 as u64,
                x.volume.0 as u64,
            ],
            ..header(kind::BAR, x.instrument, x.ts_event, x.ts_recv)
        }
    }
}

impl From<&Status> for Message {
    fn from(x: &Status) -> Message {
        Message {
            detail: x.status as u8,
            ..header(kind::STATUS, x.instrument, x.ts_event, x.ts_recv)
        }
    }
}

impl From<&OrderUpdate> for Message {
    #[inline]
    fn from(x: &OrderUpdate) -> Message {
        Message {
            side: side_code(x.side),
            detail: x.status as u8,
            words: [
                x.order_id.0,
                x.price.0 as u64,
                x.quantity.0 as u64,
                x.leaves.0 as u64,
                x.reason as u64,
            ],
            ..header(kind::ORDER_UPDATE, x.instrument, x.ts_event, x.ts_recv)
        }
    }
}

impl From<&Fill> for Message {
    #[inline]
    fn from(x: &Fill) -> Message {
        let fee = x.fee.0.clamp(i64::MIN.into(), i64::MAX.into()) as i64;
        Message {
            side: x.side.code(),
            detail: x.liquidity as u8,
            words: [
                x.order_id.0,
                x.price.0 as u64,
                x.quantity.0 as u64,
                x.leaves.0 as u64,
                fee as u64,
            ],
            ..header(kind::FILL, x.instrument, x.ts_event, x.ts_recv)
        }
    }
}

/// The messages that define an instrument: its numbers, then its symbol in parts of 40 bytes. They precede the start.
pub fn definition_messages(instrument: &Instrument, at: Timestamp) -> Vec<Message> {
    let head = header(kind::DEFINITION, instrument.id, at, at);
    let mut currency = [0; 8];
    for (to, from) in currency.iter_mut().zip(instrument.currency.bytes()) {
        *to = from;
    }
    let numbers = Message {
        words: [
            instrument.tick.0 as u64,
            instrument.multiplier as u64,
            instrument.expiration.0 as u64,
            u64::from_le_bytes(currency),
            0,
        ],
        ..head
    };
    let parts = instrument.symbol.as_bytes().chunks(40).zip(1..=u8::MAX);
    let symbols = parts.map(|(part, number)| {
        let mut message = Message {
            detail: number,
            ..head
        };
        for (word, chunk) in message.words.iter_mut().zip(part.chunks(8)) {
            let mut bytes = [0; 8];
            bytes[..chunk.len()].copy_from_slice(chunk);
            *word = u64::from_le_bytes(bytes);
        }
        message
    });
    core::iter::once(numbers).chain(symbols).collect()
}
