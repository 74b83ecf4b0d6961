//! Why an order was rejected, cancelled or expired.
//!
//! Takes in what the host decided; gives out a number that is part of the ABI and words for tables and reports.

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
    /// An option of the order (stop, trail, displayed quantity, expiry, flag) is not simulated, or not with this order type
    /// and time in force.
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
    /// The stop price is missing or not on a tick, or stands where there is none.
    InvalidStopPrice = 17,
    /// The distance of a trailing stop is missing, negative or not on a tick.
    InvalidTrail = 18,
    /// The market trades at the stop price or beyond already.
    StopWouldTrigger = 19,
    /// The displayed quantity is negative.
    InvalidDisplayed = 20,
    /// A good-till-date order names no time, or one that has passed.
    InvalidExpiry = 21,
    /// A day order reached the end of its session.
    EndOfSession = 22,
    /// A good-till-date order reached its time.
    ExpiryReached = 23,
    /// The tape tells of no auction in which the order could take part.
    NoAuction = 24,
    /// The order would have traded with an order of the same strategy.
    SelfTrade = 25,
    /// A limit of the run: the position might become too large.
    RiskPosition = 26,
    /// A limit of the run: the order is too large.
    RiskOrderSize = 27,
    /// A limit of the run: too many orders within its window of time.
    RiskOrderRate = 28,
    /// A limit of the run: too many orders are open or on their way.
    RiskOpenOrders = 29,
    /// A limit of the run: the price is too far beyond the market, or there is no market to compare it with.
    RiskPriceCollar = 30,
    /// A limit of the run: the strategy lost too much, and trades no more.
    KillSwitch = 31,
    /// Trading in the instrument has ended for good.
    InstrumentExpired = 32,
    /// A split of the instrument, which ends its orders.
    CorporateAction = 33,
    /// The account has too little for the margin of the order.
    InsufficientMargin = 34,
    /// The account had too little for the margin of its positions, which are being closed.
    Liquidation = 35,
}

impl Reason {
    /// Every reason with its number, in order.
    pub const ALL: [Reason; 36] = [
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
        Reason::InvalidStopPrice,
        Reason::InvalidTrail,
        Reason::StopWouldTrigger,
        Reason::InvalidDisplayed,
        Reason::InvalidExpiry,
        Reason::EndOfSession,
        Reason::ExpiryReached,
        Reason::NoAuction,
        Reason::SelfTrade,
        Reason::RiskPosition,
        Reason::RiskOrderSize,
        Reason::RiskOrderRate,
        Reason::RiskOpenOrders,
        Reason::RiskPriceCollar,
        Reason::KillSwitch,
        Reason::InstrumentExpired,
        Reason::CorporateAction,
        Reason::InsufficientMargin,
        Reason::Liquidation,
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
            Reason::InvalidStopPrice => "invalid stop price",
            Reason::InvalidTrail => "invalid trail",
            Reason::StopWouldTrigger => "stop would trigger at once",
            Reason::InvalidDisplayed => "invalid displayed quantity",
            Reason::InvalidExpiry => "invalid expiry",
            Reason::EndOfSession => "end of session",
            Reason::ExpiryReached => "expiry reached",
            Reason::NoAuction => "no auction",
            Reason::SelfTrade => "self-trade prevention",
            Reason::RiskPosition => "risk: position",
            Reason::RiskOrderSize => "risk: order size",
            Reason::RiskOrderRate => "risk: order rate",
            Reason::RiskOpenOrders => "risk: open orders",
            Reason::RiskPriceCollar => "risk: price collar",
            Reason::KillSwitch => "risk: kill switch",
            Reason::InstrumentExpired => "instrument expired",
            Reason::CorporateAction => "corporate action",
            Reason::InsufficientMargin => "insufficient margin",
            Reason::Liquidation => "liquidation",
        }
    }
}
