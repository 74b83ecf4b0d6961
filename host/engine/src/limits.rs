//! The limits that a user sets on a strategy.
//!
//! Takes in a run's settings; gives out which of them an order would break.

use backplane_sdk::types::{Money, Nanos, Price, Quantity, Side, Timestamp};

use crate::error::RunError;

/// The limits of one strategy instance; without any by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RiskLimits {
    /// The largest position of an instrument, long or short, with all open orders of one side filled.
    pub position_max: Option<Quantity>,
    /// The largest quantity of one order.
    pub order_size_max: Option<Quantity>,
    /// The most orders and modifications in a window of time.
    pub order_rate_max: Option<OrderRate>,
    /// The most orders that may be open or on their way.
    pub open_orders_max: Option<usize>,
    /// How far beyond the market a limit may be.
    pub price_collar: Option<PriceCollar>,
    /// The largest loss, and what happens then.
    pub loss_max: Option<LossLimit>,
}

/// What a position needs of the account's equity: shares of its value, in units of 1e-9.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Margin {
    /// To make a position larger.
    pub initial: i64,
    /// To keep it: with less equity all positions are closed.
    pub maintenance: i64,
}

/// So many in a window of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderRate {
    /// The most orders and modifications.
    pub orders: u32,
    /// The length of every window, in the strategy's time.
    pub window: Nanos,
}

/// How far beyond the market a limit may be: above it to buy, below it to sell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceCollar {
    /// How far.
    pub distance: Distance,
    /// From where.
    pub from: CollarFrom,
}

/// A distance between prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distance {
    /// In price.
    Price(Price),
    /// As a share of the price that it is measured from, in units of 1e-9.
    Share(i64),
}

/// From where the distance of a limit is measured, as the strategy's market shows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CollarFrom {
    /// The best price of the other side; the last trade's while that is empty.
    #[default]
    Best,
    /// The last trade's price.
    Last,
}

/// The largest loss since the beginning, and what happens then: all orders are cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LossLimit {
    /// The loss at which it happens.
    pub loss: Money,
    /// Whether positions are closed by market orders once the orders are cancelled.
    pub flatten: bool,
    /// What becomes of the strategy.
    pub then: AfterLoss,
}

/// What becomes of a strategy that lost too much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AfterLoss {
    /// It is stopped.
    #[default]
    Stop,
    /// It goes on, and its orders are refused.
    Refuse,
}

/// What became of a strategy that lost too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kill {
    /// When, in the strategy's time.
    pub at: Timestamp,
    /// What it had lost.
    pub loss: Money,
    /// What it was allowed to lose.
    pub limit: LossLimit,
}

impl PriceCollar {
    /// Whether a limit is within it; without a reference none is.
    pub(crate) fn allows(&self, side: Side, limit: Price, reference: Option<Price>) -> bool {
        let Some(reference) = reference.map(|x| i128::from(x.0)) else {
            return false;
        };
        let distance = match self.distance {
            Distance::Price(price) => price.0.into(),
            Distance::Share(share) => reference.abs() * i128::from(share) / 1_000_000_000,
        };
        let limit = i128::from(limit.0);
        match side {
            Side::Buy => limit <= reference + distance,
            Side::Sell => limit >= reference - distance,
        }
    }
}

impl RiskLimits {
    /// Checks that limits make sense.
    ///
    /// # Errors
    /// Names the limit, its value and what it may be.
    pub(crate) fn check_all(limits: &[RiskLimits]) -> Result<(), RunError> {
        let wrong = limits.iter().find_map(RiskLimits::out_of_range);
        wrong.map_or(Ok(()), |(field, value, allowed)| {
            Err(RunError::Config {
                field,
                value,
                allowed: allowed.into(),
            })
        })
    }

    /// The name and value of the first limit that makes no sense, and what it may be.
    pub fn out_of_range(&self) -> Option<(&'static str, String, &'static str)> {
        let is_negative = |x: Option<Quantity>| x.is_some_and(|x| x.0 < 0);
        if let Some(x) = self.position_max.filter(|x| is_negative(Some(*x))) {
            return Some(("risk.max_position", x.0.to_string(), "at least 0"));
        }
        if let Some(x) = self.order_size_max.filter(|x| x.0 < 1) {
            return Some(("risk.max_order_size", x.0.to_string(), "at least 1"));
        }
        if let Some(x) = self.order_rate_max.filter(|x| x.window.0 < 1) {
            let value = format!("{} ns", x.window.0);
            return Some(("risk.max_order_rate", value, "in a window of at least 1 ns"));
        }
        if let Some(x) = self.loss_max.filter(|x| x.loss.0 < 1) {
            return Some(("risk.max_loss", format!("{} 1e-9", x.loss.0), "more than 0"));
        }
        let distance = self.price_collar.map(|x| match x.distance {
            Distance::Price(price) => price.0,
            Distance::Share(share) => share,
        });
        let distance = distance.filter(|x| *x < 0);
        distance.map(|x| ("risk.price_collar", format!("{x} 1e-9"), "at least 0"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collar_binds_beyond_the_market_only() {
        let collar = |distance| PriceCollar {
            distance,
            from: CollarFrom::Best,
        };
        let reference = Some(Price(1_000));
        for collar in [
            collar(Distance::Price(Price(20))),
            collar(Distance::Share(20_000_000)),
        ] {
            assert!(collar.allows(Side::Buy, Price(1_020), reference));
            assert!(!collar.allows(Side::Buy, Price(1_021), reference));
            assert!(collar.allows(Side::Buy, Price(1), reference));
            assert!(collar.allows(Side::Sell, Price(980), reference));
            assert!(!collar.allows(Side::Sell, Price(979), reference));
            assert!(!collar.allows(Side::Sell, Price(5_000), None));
        }
    }
}
