//! What travels between a strategy and its exchange.
//!
//! Takes in validated commands on the way out and what is known of fills on the way back; gives out plain values with
//! the time at which each arrives. Answers travel as the messages that the strategy will hear.

use crate::grid::Grid;
use backplane_sdk::types::{InstrumentId, OrderId, Price, Quantity, Reason, Side, Timestamp};

use crate::record::{BestLevels, FillReason};
use crate::schedule::Event;

/// The largest quantity of one order, so that no sum over many orders can overflow.
pub const QUANTITY_MAX: Quantity = Quantity(1 << 40);

/// The largest magnitude of a limit price, so that no sum or difference of two can overflow.
pub const PRICE_MAX: Price = Price(i64::MAX / 4);

/// Whether a limit price is one, and on a tick.
#[inline]
pub fn is_valid_price(price: Price, grid: &Grid) -> bool {
    price.0.unsigned_abs() < PRICE_MAX.0 as u64 && grid.has_price(price)
}

/// Whether a quantity is from 1 to [`QUANTITY_MAX`], and whole lots.
#[inline]
pub const fn is_valid_quantity(quantity: Quantity, grid: &Grid) -> bool {
    quantity.0 > 0 && quantity.0 <= QUANTITY_MAX.0 && grid.has_quantity(quantity)
}

/// A new order that passed the checks that need no market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewOrder {
    /// Its number.
    pub order_id: OrderId,
    /// What it trades.
    pub instrument: InstrumentId,
    /// Its side.
    pub side: Side,
    /// The limit; `None` for a market order.
    pub limit: Option<Price>,
    /// How much.
    pub quantity: Quantity,
    /// What becomes of what does not trade at once.
    pub rest: Rest,
    /// Whether it is rejected rather than taking liquidity.
    pub post_only: bool,
}

/// A new order that is more than a limit or market order until it is cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpecialOrder {
    /// The order; of a stop, what it becomes when it is triggered.
    pub order: NewOrder,
    /// What it waits for; `None` where it arrives at once.
    pub stop: Option<Stop>,
    /// How much is shown at a time; zero where all of it is.
    pub displayed: Quantity,
    /// When it ends by itself.
    pub expiry: Option<Expiry>,
}

/// What a stop waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop {
    /// A trade at this price or beyond; undefined for a trailing stop that starts from the market.
    pub price: Price,
    /// How far the price stays behind the best trade price; zero where it does not follow.
    pub trail: Price,
}

/// When an order ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// With the session in which it arrives.
    Session,
    /// At this time at the exchange.
    At(i64),
}

impl NewOrder {
    /// The same, refused.
    pub const fn refused(&self, reason: Reason) -> Refused {
        Refused {
            order_id: self.order_id,
            instrument: self.instrument,
            side: Some(self.side),
            price: match self.limit {
                Some(limit) => limit,
                None => Price::UNDEFINED,
            },
            quantity: self.quantity,
            reason,
        }
    }
}

/// What becomes of the part of an order that does not trade at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// It rests in the book.
    Rests,
    /// It is cancelled.
    Cancels,
    /// Then nothing of the order trades.
    Kills,
}

/// An order that was refused before it met the market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its number.
    pub order_id: OrderId,
    /// What it was to trade.
    pub instrument: InstrumentId,
    /// Its side, where there was one.
    pub side: Option<Side>,
    /// Its price.
    pub price: Price,
    /// Its quantity.
    pub quantity: Quantity,
    /// Why.
    pub reason: Reason,
}

/// What is asked of the exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestBody {
    /// A new order.
    Submit(NewOrder),
    /// A new order that is more than that; apart, because it is larger and rare.
    SubmitSpecial(Box<SpecialOrder>),
    /// A new order that is refused. The refusal takes its way through the latencies like every answer.
    Refuse(Refused),
    /// A new price and whole quantity that are refused. The refusal takes its way like every answer.
    RefuseModify {
        /// Of which order.
        order_id: OrderId,
        /// Why.
        reason: Reason,
    },
    /// A new price and whole quantity.
    Modify {
        /// Of which order.
        order_id: OrderId,
        /// The new limit.
        price: Price,
        /// The new whole quantity, filled part included.
        quantity: Quantity,
        /// The new stop price of a stop that waits; undefined where it stays.
        stop_price: Price,
    },
    /// The end of an order.
    Cancel {
        /// Of which order.
        order_id: OrderId,
    },
    /// The end of all orders.
    CancelAll {
        /// Of this instrument; of all where there is none.
        instrument: Option<InstrumentId>,
    },
}

/// The kinds of requests that take ways of their own lengths to the exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestKind {
    /// A new order, refused or not.
    New = 0,
    /// A modification.
    Modify = 1,
    /// A cancellation, of one order or of all.
    Cancel = 2,
}

impl RequestBody {
    /// The kind of the request.
    #[inline]
    pub const fn kind(&self) -> RequestKind {
        match self {
            RequestBody::Submit(_) | RequestBody::SubmitSpecial(_) | RequestBody::Refuse(_) => {
                RequestKind::New
            }
            RequestBody::Modify { .. } | RequestBody::RefuseModify { .. } => RequestKind::Modify,
            RequestBody::Cancel { .. } | RequestBody::CancelAll { .. } => RequestKind::Cancel,
        }
    }
}

/// A request on its way to the exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// When it arrives at the exchange. What the tape says of that nanosecond comes first.
    pub lands: i64,
    /// What is asked.
    pub body: RequestBody,
}

/// The kind of a message that tells the run of a [`Happening`], and never a strategy.
pub const HAPPENING: u8 = 0;

/// Something that happened to an instrument at the exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Happening {
    /// What and when.
    pub event: Event,
    /// The exchange's mid then, or the last trade while a side was empty; `None` before either.
    pub mark: Option<Price>,
    /// The last trade's price then; `None` before the first.
    pub last: Option<Price>,
}

/// What is known of a fill beyond what the strategy is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FillContext {
    /// Why it happened.
    pub reason: FillReason,
    /// What stood ahead when the order took its place.
    pub queue_ahead: Quantity,
    /// When it took its place, or arrived.
    pub arrived: Timestamp,
    /// The exchange's best levels just before.
    pub best: BestLevels,
}
