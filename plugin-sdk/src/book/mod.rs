//! The order books, used by the engine, by the importers and by guests alike.
//!
//! Takes in price levels or order-level messages; gives out what rests where. [`LevelBook`] knows prices and sizes,
//! [`OrderBook`] knows every order and its place in the queue, [`BookView`] is either one seen by a strategy.
//! [`KeptBooks`] are made of the messages that a guest hears.

mod kept;
mod ladder;
mod levels;
mod orders;
mod view;

pub use kept::KeptBooks;
pub use ladder::{Ladder, LadderChange};
pub use levels::LevelBook;
pub use orders::{OrderBook, OrderBookError, RestingOrder};
pub use view::{BookView, Level};
