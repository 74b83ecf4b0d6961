//! A strategy's own orders: what it asks for and what it is told.
//!
//! Takes in an author's intentions as an [`Order`]; gives out [`OrderEvent`]s. Names and letters follow FIX.

use super::{Fill, InstrumentId, Nanos, Price, Quantity, Reason, Side, Timestamp};

/// The number that a strategy instance gives to an order (FIX `ClOrdID`): counted from 1, never used twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct OrderId(pub u64);

/// The number that a strategy gives to a timer; setting a timer of the same number again moves it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct TimerId(pub u64);

/// The type of an order (FIX `OrdType`, 40).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum OrderType {
    /// Trades at once at whatever the book offers; what is left is cancelled.
    Market = b'1',
    /// Trades at its price or better and rests with what is left.
    Limit = b'2',
    /// Becomes a market order when the market trades at its stop price.
    Stop = b'3',
    /// Becomes a limit order when the market trades at its stop price.
    StopLimit = b'4',
    /// A stop whose stop price follows the market at a distance.
    TrailingStop = b'P',
}

impl OrderType {
    /// The type that a letter stands for.
    pub const fn from_code(code: u8) -> Option<OrderType> {
        match code {
            b'1' => Some(OrderType::Market),
            b'2' => Some(OrderType::Limit),
            b'3' => Some(OrderType::Stop),
            b'4' => Some(OrderType::StopLimit),
            b'P' => Some(OrderType::TrailingStop),
            _ => None,
        }
    }
}

/// How long an order lives (FIX `TimeInForce`, 59).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum TimeInForce {
    /// Until the session ends.
    Day = b'0',
    /// Until it is cancelled.
    Gtc = b'1',
    /// In the opening auction, or not at all.
    AtTheOpening = b'2',
    /// Immediate or cancel: what does not trade at once is cancelled.
    Ioc = b'3',
    /// Fill or kill: all of it at once, or nothing.
    Fok = b'4',
    /// Until a date.
    Gtd = b'6',
    /// In the closing auction, or not at all.
    AtTheClose = b'7',
}

impl TimeInForce {
    /// The time in force that a letter stands for.
    pub const fn from_code(code: u8) -> Option<TimeInForce> {
        match code {
            b'0' => Some(TimeInForce::Day),
            b'1' => Some(TimeInForce::Gtc),
            b'2' => Some(TimeInForce::AtTheOpening),
            b'3' => Some(TimeInForce::Ioc),
            b'4' => Some(TimeInForce::Fok),
            b'6' => Some(TimeInForce::Gtd),
            b'7' => Some(TimeInForce::AtTheClose),
            _ => None,
        }
    }
}

/// A new order, built from a constructor and the steps that differ from the default (good till cancelled).
///
/// ```
/// use backplane_sdk::prelude::*;
/// let bid = Order::limit(InstrumentId(0), Side::Buy, Price::from_f64(579.40), Quantity(100)).post_only();
/// assert_eq!(bid.time_in_force, TimeInForce::Gtc);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// What to trade.
    pub instrument: InstrumentId,
    /// Buy or sell.
    pub side: Side,
    /// The type.
    pub order_type: OrderType,
    /// How long it lives.
    pub time_in_force: TimeInForce,
    /// The limit price; [`Price::UNDEFINED`] for a market order.
    pub price: Price,
    /// How much.
    pub quantity: Quantity,
    /// The stop price; [`Price::UNDEFINED`] where there is none.
    pub stop_price: Price,
    /// The distance of a trailing stop; zero where there is none.
    pub trail: Price,
    /// The displayed quantity of an iceberg; zero when all of it is displayed.
    pub displayed: Quantity,
    /// When a good-till-date order ends.
    pub expire_at: Timestamp,
    /// Whether the order is rejected rather than taking liquidity.
    pub post_only: bool,
}

impl Order {
    /// A limit order, good till cancelled.
    pub const fn limit(
        instrument: InstrumentId,
        side: Side,
        price: Price,
        quantity: Quantity,
    ) -> Order {
        Order {
            instrument,
            side,
            order_type: OrderType::Limit,
            time_in_force: TimeInForce::Gtc,
            price,
            quantity,
            stop_price: Price::UNDEFINED,
            trail: Price(0),
            displayed: Quantity::ZERO,
            expire_at: Timestamp::MAX,
            post_only: false,
        }
    }

    /// A market order; what the book cannot fill at once is cancelled.
    pub const fn market(instrument: InstrumentId, side: Side, quantity: Quantity) -> Order {
        let order = Order::limit(instrument, side, Price::UNDEFINED, quantity);
        Order {
            order_type: OrderType::Market,
            time_in_force: TimeInForce::Ioc,
            ..order
        }
    }

    /// A stop: a market order once the market trades at `stop_price` or beyond (a buy: above, a sell: below).
    pub const fn stop(
        instrument: InstrumentId,
        side: Side,
        stop_price: Price,
        quantity: Quantity,
    ) -> Order {
        Order {
            order_type: OrderType::Stop,
            stop_price,
            ..Order::limit(instrument, side, Price::UNDEFINED, quantity)
        }
    }

    /// A stop-limit: a limit order at `price` once the market trades at `stop_price` or beyond.
    pub const fn stop_limit(
        instrument: InstrumentId,
        side: Side,
        stop_price: Price,
        price: Price,
        quantity: Quantity,
    ) -> Order {
        Order {
            order_type: OrderType::StopLimit,
            stop_price,
            ..Order::limit(instrument, side, price, quantity)
        }
    }

    /// A trailing stop: a stop whose price stays `trail` behind the best trade price since it arrived (a sell: below the
    /// highest, a buy: above the lowest). It starts from the last trade price, or from [`Order::stop_price`] where one is
    /// set.
    pub const fn trailing_stop(
        instrument: InstrumentId,
        side: Side,
        trail: Price,
        quantity: Quantity,
    ) -> Order {
        Order {
            order_type: OrderType::TrailingStop,
            trail,
            ..Order::limit(instrument, side, Price::UNDEFINED, quantity)
        }
    }

    /// The same order until the end of the session, which the run file sets (without that, the end of the UTC day).
    pub const fn day(self) -> Order {
        Order {
            time_in_force: TimeInForce::Day,
            ..self
        }
    }

    /// The same order until a time at the exchange: what happens then or later finds it gone.
    pub const fn good_till(self, expire_at: Timestamp) -> Order {
        Order {
            time_in_force: TimeInForce::Gtd,
            expire_at,
            ..self
        }
    }

    /// The same order for the opening auction.
    pub const fn at_the_opening(self) -> Order {
        Order {
            time_in_force: TimeInForce::AtTheOpening,
            ..self
        }
    }

    /// The same order for the closing auction.
    pub const fn at_the_close(self) -> Order {
        Order {
            time_in_force: TimeInForce::AtTheClose,
            ..self
        }
    }

    /// The same order as an iceberg: no more than `displayed` of it is shown at a time. Each further part goes to the
    /// back of the queue.
    pub const fn iceberg(self, displayed: Quantity) -> Order {
        Order { displayed, ..self }
    }

    /// The same order as immediate-or-cancel.
    pub const fn ioc(self) -> Order {
        Order {
            time_in_force: TimeInForce::Ioc,
            ..self
        }
    }

    /// The same order as fill-or-kill.
    pub const fn fok(self) -> Order {
        Order {
            time_in_force: TimeInForce::Fok,
            ..self
        }
    }

    /// The same order, rejected if it would take liquidity on arrival.
    pub const fn post_only(self) -> Order {
        Order {
            post_only: true,
            ..self
        }
    }
}

/// What became of an order or of a request about it (FIX `ExecType` where it has one).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum OrderStatus {
    /// The exchange accepted the order.
    New = b'0',
    /// The order is gone before it was filled.
    Canceled = b'4',
    /// The order was replaced as asked.
    Replaced = b'5',
    /// The order was not accepted.
    Rejected = b'8',
    /// A request to cancel was not accepted; the order is as it was.
    CancelRejected = b'9',
    /// The order reached the end of its time.
    Expired = b'C',
    /// A request to modify was not accepted; the order is as it was.
    ReplaceRejected = b'G',
    /// A stop was triggered (FIX "triggered or activated by system"): the order is a market or limit order from now on.
    Triggered = b'L',
}

impl OrderStatus {
    /// The status that a letter stands for.
    pub const fn from_code(code: u8) -> Option<OrderStatus> {
        match code {
            b'0' => Some(OrderStatus::New),
            b'4' => Some(OrderStatus::Canceled),
            b'5' => Some(OrderStatus::Replaced),
            b'8' => Some(OrderStatus::Rejected),
            b'9' => Some(OrderStatus::CancelRejected),
            b'C' => Some(OrderStatus::Expired),
            b'G' => Some(OrderStatus::ReplaceRejected),
            b'L' => Some(OrderStatus::Triggered),
            _ => None,
        }
    }
}

/// News of an order that is not an execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderUpdate {
    /// What the order trades.
    pub instrument: InstrumentId,
    /// The order.
    pub order_id: OrderId,
    /// The order's side; `None` where the order is not known.
    pub side: Option<Side>,
    /// What happened.
    pub status: OrderStatus,
    /// Why.
    pub reason: Reason,
    /// The order's limit price afterwards.
    pub price: Price,
    /// The order's whole quantity afterwards, filled part included.
    pub quantity: Quantity,
    /// What is still open afterwards.
    pub leaves: Quantity,
    /// When it happened at the exchange.
    pub ts_event: Timestamp,
    /// When the strategy hears of it.
    pub ts_recv: Timestamp,
}

impl OrderUpdate {
    /// Whether the order is no longer open after this update.
    pub const fn ends_order(&self) -> bool {
        matches!(
            self.status,
            OrderStatus::Canceled | OrderStatus::Rejected | OrderStatus::Expired
        )
    }

    /// How long the news took from the exchange to the strategy.
    pub const fn response_latency(&self) -> Nanos {
        self.ts_recv.since(self.ts_event)
    }
}

/// What a strategy hears of its own orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderEvent {
    /// The order's state changed, or a request about it was refused.
    Update(OrderUpdate),
    /// A part of the order, or all of it, was executed.
    Fill(Fill),
}

impl OrderEvent {
    /// The order that the news is about.
    pub const fn order_id(&self) -> OrderId {
        match self {
            OrderEvent::Update(x) => x.order_id,
            OrderEvent::Fill(x) => x.order_id,
        }
    }
}
