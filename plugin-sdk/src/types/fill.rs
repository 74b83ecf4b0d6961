//! Executions of a strategy's own orders.
//!
//! Takes in what the exchange simulation matched; gives out one [`Fill`] per execution.

use super::{InstrumentId, Money, OrderId, Price, Quantity, Side, Timestamp};

/// Whether an execution gave liquidity to the market or took it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Liquidity {
    /// The order rested in the book and was hit.
    Maker = b'M',
    /// The order crossed the spread on arrival.
    Taker = b'T',
}

impl Liquidity {
    /// The liquidity that a letter stands for.
    pub const fn from_code(code: u8) -> Option<Liquidity> {
        match code {
            b'M' => Some(Liquidity::Maker),
            b'T' => Some(Liquidity::Taker),
            _ => None,
        }
    }
}

/// One execution of an own order: one message for each, whether it fills the order or a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    /// What was traded.
    pub instrument: InstrumentId,
    /// The order that was filled; order 0, which is none, where the position changed without an order: the instrument
    /// expired and was settled at `price`, or was split (`price` is 0 then).
    pub order_id: OrderId,
    /// The order's side.
    pub side: Side,
    /// The price of this execution.
    pub price: Price,
    /// How much this execution filled; always more than zero.
    pub quantity: Quantity,
    /// What is left of the order afterwards; zero when it is filled.
    pub leaves: Quantity,
    /// What the execution cost; negative for a rebate.
    pub fee: Money,
    /// Maker or taker.
    pub liquidity: Liquidity,
    /// When it happened at the exchange.
    pub ts_event: Timestamp,
    /// When the strategy heard of it.
    pub ts_recv: Timestamp,
}
