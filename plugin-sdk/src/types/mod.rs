//! The nouns of the house: times, prices, quantities, money, instruments, market events, orders, fills.
//!
//! Takes in nothing; gives out plain values that cross every boundary unchanged. Prices, quantities, money and times
//! are integers, each its own type with its scale in its documentation, so that no result depends on rounding.
//! Names follow Databento for market data and FIX for orders.

mod time;

mod money;
mod price;
mod quantity;
mod side;

mod instrument;
mod market;

mod fill;
mod order;
mod reason;

pub use fill::{Fill, Liquidity};
pub use instrument::{Instrument, InstrumentId};
pub use market::{
    Action, Bar, Bbo, Flags, Interval, LevelChange, MarketEvent, Mbo, Status, Trade, TradingStatus,
};
pub use money::Money;
pub use order::{
    Order, OrderEvent, OrderId, OrderStatus, OrderType, OrderUpdate, TimeInForce, TimerId,
};
pub use price::Price;
pub use quantity::Quantity;
pub use reason::Reason;
pub use side::Side;
pub use time::{Nanos, Timestamp};
