//! A strategy's own orders: what it asks for and what it is told.
//!
//! Takes in an author's intentions as an [`Order`]; gives out [`OrderEvent`]s. Names and letters follow FIX.

use super::{Fill, InstrumentId, Nanos, Price, Quantity, Side, Timestamp};

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
    /// Immediate or cancel: what does not trade at once is cancelled.
    Ioc = b'3',
    /// Fill or kill: all of it at once, or nothing.
    Fok = b'4',
    /// Until a date.
    Gtd = b'6',
}

impl TimeInForce {
    /// The time in force that a letter stands for.
    pub const fn from_code(code: u8) -> Option<TimeInForce> {
        match code {
            b'0' => Some(TimeInForce::Day),
            b'1' => Some(TimeInForce::Gtc),
            b'3' => Some(TimeInForce::Ioc),
            b'4' => Some(TimeInForce::Fok),
            b'6' => Some(TimeInForce::Gtd),
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
            _ => None,
        }
    }
}

/// Why an order was rejected, cancelled or expired. The numbers are part of the ABI and are only ever added to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
#[non_exhaustive]
pub enum Reason {
    /// No reason is needed: it was asked for.
    None = 0,
    /// The tape has no such instrument.
    UnknownInstrument = 1,
    /// The side is neither buy nor sell.
    InvalidSide = 2,
    /// The price is missing, not positive where it must be, or not on a tick.
    InvalidPrice = 3,
    /// The quantity is zero, negative or too large.
    InvalidQuantity = 4,
    /// This order type is not simulated.
    UnsupportedOrderType = 5,
    /// This time in force is not simulated, or not with this order type.
    UnsupportedTimeInForce = 6,
    /// An option of the order (stop, trail, displayed quantity, expiry, flag) is not simulated.
    UnsupportedOption = 7,
    /// The order id was used before, or is zero.
    DuplicateOrder = 8,
    /// No order of this id is open (FIX `CxlRejReason` 1); it may have been filled before the request arrived.
    UnknownOrder = 9,
    /// A post-only order would have taken liquidity.
    PostOnlyWouldCross = 10,
    /// There is nothing on the other side to trade with.
    NoLiquidity = 11,
    /// A fill-or-kill order could not be filled whole.
    FillOrKill = 12,
    /// The rest of an immediate-or-cancel or market order.
    ImmediateOrCancel = 13,
    /// The strategy was stopped, and its orders with it.
    StrategyStopped = 14,
    /// The tape ended.
    EndOfRun = 15,
    /// More orders are open than the run allows.
    TooManyOrders = 16,
    /// Trading in the instrument has ended for good.
    InstrumentExpired = 17,
    /// A split of the instrument, which ends its orders.
    CorporateAction = 18,
}

impl Reason {
    /// Every reason with its number, in order.
    pub const ALL: [Reason; 19] = [
        Reason::None,
        Reason::UnknownInstrument,
        Reason::InvalidSide,
        Reason::InvalidPrice,
        Reason::InvalidQuantity,
        Reason::UnsupportedOrderType,
        Reason::UnsupportedTimeInForce,
        Reason::UnsupportedOption,
        Reason::DuplicateOrder,
        Reason::UnknownOrder,
        Reason::PostOnlyWouldCross,
        Reason::NoLiquidity,
        Reason::FillOrKill,
        Reason::ImmediateOrCancel,
        Reason::StrategyStopped,
        Reason::EndOfRun,
        Reason::TooManyOrders,
        Reason::InstrumentExpired,
        Reason::CorporateAction,
    ];

    /// The reason of a number; `None` for one that this version does not know.
    pub fn from_code(code: u16) -> Option<Reason> {
        Self::ALL.get(code as usize).copied()
    }

    /// The reason in words, lower-case, for tables and reports.
    pub const fn text(self) -> &'static str {
        match self {
            Reason::None => "none",
            Reason::UnknownInstrument => "unknown instrument",
            Reason::InvalidSide => "invalid side",
            Reason::InvalidPrice => "invalid price",
            Reason::InvalidQuantity => "invalid quantity",
            Reason::UnsupportedOrderType => "unsupported order type",
            Reason::UnsupportedTimeInForce => "unsupported time in force",
            Reason::UnsupportedOption => "unsupported option",
            Reason::DuplicateOrder => "duplicate order id",
            Reason::UnknownOrder => "unknown order",
            Reason::PostOnlyWouldCross => "post-only would cross",
            Reason::NoLiquidity => "no liquidity",
            Reason::FillOrKill => "fill or kill",
            Reason::ImmediateOrCancel => "immediate or cancel",
            Reason::StrategyStopped => "strategy stopped",
            Reason::EndOfRun => "end of run",
            Reason::TooManyOrders => "too many open orders",
            Reason::InstrumentExpired => "instrument expired",
            Reason::CorporateAction => "corporate action",
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
