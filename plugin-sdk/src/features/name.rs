//! The features by their names.
//!
//! Takes in names such as `imbalance_5` or `volume_10s`; gives out features.

use crate::types::{Nanos, Side};

/// The most levels of a book that a feature looks at.
pub const DEPTH_MAX: usize = 100;
/// The longest window.
pub const WINDOW_MAX: Nanos = Nanos::from_secs(86_400);

/// One feature; `docs/features.md` has the formulas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feature {
    /// `mid`: half-way between the best prices, in the quote currency.
    Mid,
    /// `microprice`: the mid weighted by the opposite sizes, in the quote currency.
    Microprice,
    /// `microprice_distance`: microprice less mid, in 1e-4 of the mid.
    MicropriceDistance,
    /// `spread`: best ask less best bid, in the quote currency.
    Spread,
    /// `spread_bp`: the spread in 1e-4 of the mid.
    SpreadBasisPoints,
    /// `bid_depth_N`, `ask_depth_N`: what rests in the best N levels, in quantity units.
    Depth(Side, usize),
    /// `imbalance_N`: bids less asks by their sum over the best N levels, from -1 to 1.
    Imbalance(usize),
    /// `order_flow_imbalance_W`: in quantity units.
    OrderFlowImbalance(Nanos),
    /// `trade_sign`: 1 where the last aggressor bought, -1 where it sold, 0 where that is not known.
    TradeSign,
    /// `trade_imbalance_W`: bought less sold volume by their sum, from -1 to 1; 0 where nothing was traded.
    TradeImbalance(Nanos),
    /// `volume_W`: traded, in quantity units.
    Volume(Nanos),
    /// `trades_W`: the number of trades.
    Trades(Nanos),
    /// `return_W`: the log return of the mid, in 1e-4.
    Return(Nanos),
    /// `realised_volatility_W`: the root of the sum of squared log returns of the mid.
    RealisedVolatility(Nanos),
    /// `parkinson_volatility_W`: from the highest and the lowest trade.
    ParkinsonVolatility(Nanos),
    /// `bid_add_rate_W`, `ask_add_rate_W`: what was added to the best level, in quantity units a second.
    AddRate(Side, Nanos),
    /// `bid_cancel_rate_W`, `ask_cancel_rate_W`: what left the best level without a trade, in quantity units a second.
    CancelRate(Side, Nanos),
    /// `vwap_distance_W`: mid less the volume-weighted price of the window's trades, in 1e-4 of the mid.
    VwapDistance(Nanos),
    /// `time_of_day`: seconds since midnight UTC.
    TimeOfDay,
}

/// The names as a user may write them, `N` for a number of levels and `W` for a time.
pub const NAMES: [&str; 22] = [
    "mid",
    "microprice",
    "microprice_distance",
    "spread",
    "spread_bp",
    "bid_depth_N",
    "ask_depth_N",
    "imbalance_N",
    "order_flow_imbalance_W",
    "trade_sign",
    "trade_imbalance_W",
    "volume_W",
    "trades_W",
    "return_W",
    "realised_volatility_W",
    "parkinson_volatility_W",
    "bid_add_rate_W",
    "ask_add_rate_W",
    "bid_cancel_rate_W",
    "ask_cancel_rate_W",
    "vwap_distance_W",
    "time_of_day",
];

impl Feature {
    /// The feature of a name.
    ///
    /// # Errors
    /// Says what is wrong with the name, and which there are.
    pub fn parse(name: &str) -> Result<Feature, String> {
        let plain = match name {
            "mid" => Some(Feature::Mid),
            "microprice" => Some(Feature::Microprice),
            "microprice_distance" => Some(Feature::MicropriceDistance),
            "spread" => Some(Feature::Spread),
            "spread_bp" => Some(Feature::SpreadBasisPoints),
            "trade_sign" => Some(Feature::TradeSign),
            "time_of_day" => Some(Feature::TimeOfDay),
            _ => None,
        };
        if let Some(feature) = plain {
            return Ok(feature);
        }
        let unknown = || {
            let names = NAMES.join(", ");
            format!("the feature `{name}` is not known; there are: {names}")
        };
        let (stem, size) = name.rsplit_once('_').ok_or_else(unknown)?;
        let levels = || {
            let levels = size.parse().ok().filter(|x| (1..=DEPTH_MAX).contains(x));
            levels.ok_or_else(|| {
                format!("the feature `{name}` needs a number of levels from 1 to {DEPTH_MAX}")
            })
        };
        let window = || {
            parse_time(size)
                .filter(|x| *x <= WINDOW_MAX)
                .ok_or_else(|| {
                    format!("the feature `{name}` needs a time of at most a day, such as `500ms`, `10s` or `5m`")
                })
        };
        Ok(match stem {
            "bid_depth" => Feature::Depth(Side::Buy, levels()?),
            "ask_depth" => Feature::Depth(Side::Sell, levels()?),
            "imbalance" => Feature::Imbalance(levels()?),
            "order_flow_imbalance" => Feature::OrderFlowImbalance(window()?),
            "trade_imbalance" => Feature::TradeImbalance(window()?),
            "volume" => Feature::Volume(window()?),
            "trades" => Feature::Trades(window()?),
            "return" => Feature::Return(window()?),
            "realised_volatility" => Feature::RealisedVolatility(window()?),
            "parkinson_volatility" => Feature::ParkinsonVolatility(window()?),
            "bid_add_rate" => Feature::AddRate(Side::Buy, window()?),
            "ask_add_rate" => Feature::AddRate(Side::Sell, window()?),
            "bid_cancel_rate" => Feature::CancelRate(Side::Buy, window()?),
            "ask_cancel_rate" => Feature::CancelRate(Side::Sell, window()?),
            "vwap_distance" => Feature::VwapDistance(window()?),
            _ => return Err(unknown()),
        })
    }

    /// The window that the feature looks back on.
    pub const fn window(&self) -> Option<Nanos> {
        match self {
            Feature::OrderFlowImbalance(x)
            | Feature::TradeImbalance(x)
            | Feature::Volume(x)
            | Feature::Trades(x)
            | Feature::Return(x)
            | Feature::RealisedVolatility(x)
            | Feature::ParkinsonVolatility(x)
            | Feature::AddRate(_, x)
            | Feature::CancelRate(_, x)
            | Feature::VwapDistance(x) => Some(*x),
            _ => None,
        }
    }

    /// How many levels of the book the feature looks at, at least the best.
    pub const fn depth(&self) -> usize {
        match self {
            Feature::Depth(_, levels) | Feature::Imbalance(levels) => *levels,
            _ => 1,
        }
    }
}

/// A time such as `500ms`, `10s` or `5m`; more than none.
pub(super) fn parse_time(text: &str) -> Option<Nanos> {
    let digits = text.trim_end_matches(|x: char| x.is_ascii_alphabetic());
    let nanos: i64 = match &text[digits.len()..] {
        "us" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        _ => return None,
    };
    let count: i64 = digits.parse().ok()?;
    let time = count.checked_mul(nanos)?;
    (time > 0).then_some(Nanos(time))
}
