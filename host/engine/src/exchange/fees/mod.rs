//! What executions cost.
//!
//! Takes in executions in the order in which they happen; gives out the fee of each, negative for a rebate. Most runs have
//! plain rates ([`Fees`]); whatever depends on what was traded before is a [`FeeModel`] with a state of its own for each
//! strategy.

mod schedule;

use std::fmt;

use backplane_sdk::types::{
    InstrumentId, Liquidity, Money, OrderId, Price, Quantity, Side, Timestamp,
};

pub use schedule::{FeeSchedule, OrderBounds, Tier, Volume, Window};

/// The fees of one kind of liquidity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fee {
    /// A share of the traded value, in units of 1e-9 (one basis point is 100,000).
    pub rate: i64,
    /// An amount per quantity unit, in the account's currency.
    pub per_unit: Money,
}

/// Plain rates. Negative amounts are rebates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fees {
    /// For orders that rested.
    pub maker: Fee,
    /// For orders that took liquidity.
    pub taker: Fee,
}

/// A share of an amount, in units of 1e-9, rounded to the nearest 1e-9, halves up.
pub(super) fn share(amount: Money, rate: i64) -> Money {
    let product = amount.0.saturating_mul(rate.into());
    Money(
        product
            .saturating_add(Money::SCALE / 2)
            .div_euclid(Money::SCALE),
    )
}

impl Fees {
    /// The fee of an execution of `quantity` units with the unsigned value `notional`:
    /// `notional * rate + quantity * per_unit`, the first part rounded to the nearest 1e-9, halves up.
    pub fn of(&self, liquidity: Liquidity, notional: Money, quantity: Quantity) -> Money {
        let fee = match liquidity {
            Liquidity::Maker => self.maker,
            Liquidity::Taker => self.taker,
        };
        if fee == Fee::default() {
            return Money::ZERO;
        }
        let units = fee.per_unit.0.saturating_mul(quantity.0.into());
        Money(share(notional, fee.rate).0.saturating_add(units))
    }
}

/// An execution as a fee model sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Execution {
    /// What was traded.
    pub instrument: InstrumentId,
    /// The order.
    pub order_id: OrderId,
    /// Its side.
    pub side: Side,
    /// Whether it gave or took liquidity.
    pub liquidity: Liquidity,
    /// The price.
    pub price: Price,
    /// How much was executed.
    pub quantity: Quantity,
    /// What is left of the order.
    pub leaves: Quantity,
    /// The unsigned value, in the account's currency.
    pub notional: Money,
    /// When it happened at the exchange.
    pub at: Timestamp,
}

/// What executions cost, where that depends on more than rates. Each strategy has a model of its own, which meets its
/// executions in the order in which they happen at the exchange.
pub trait FeeModel: fmt::Debug + Send + Sync {
    /// The fee of the next execution, in the account's currency; negative for a rebate.
    fn fee(&mut self, execution: &Execution) -> Money;

    /// An order is gone before it was filled whole.
    fn order_ends(&mut self, order_id: OrderId) {
        let _ = order_id;
    }

    /// A copy with the same state.
    fn boxed(&self) -> Box<dyn FeeModel>;
}

/// What executions of some instruments cost.
#[derive(Debug)]
pub enum FeePlan {
    /// Plain rates.
    Rates(Fees),
    /// As a model says.
    Modeled(Box<dyn FeeModel>),
}

impl Default for FeePlan {
    fn default() -> FeePlan {
        FeePlan::Rates(Fees::default())
    }
}

impl Clone for FeePlan {
    fn clone(&self) -> FeePlan {
        match self {
            FeePlan::Rates(fees) => FeePlan::Rates(*fees),
            FeePlan::Modeled(model) => FeePlan::Modeled(model.boxed()),
        }
    }
}

/// What executions cost, each instrument by its plan.
#[derive(Clone, Debug, Default)]
pub struct FeePlans {
    common: FeePlan,
    /// Instruments with a plan of their own.
    own: Vec<(InstrumentId, FeePlan)>,
    /// Whether one of the plans is a model.
    has_models: bool,
}

impl FeePlans {
    /// One plan for all instruments, whose volumes count together.
    pub const fn new(common: FeePlan) -> FeePlans {
        FeePlans {
            has_models: matches!(common, FeePlan::Modeled(_)),
            common,
            own: Vec::new(),
        }
    }

    /// The same with a plan for one instrument alone.
    #[must_use]
    pub fn with(mut self, instrument: InstrumentId, plan: FeePlan) -> FeePlans {
        self.has_models |= matches!(plan, FeePlan::Modeled(_));
        self.own.push((instrument, plan));
        self
    }

    /// The fee of an execution.
    pub(super) fn fee(&mut self, execution: &Execution) -> Money {
        let own = self.own.iter_mut();
        let mut own = own.filter(|x| x.0 == execution.instrument);
        match own.next().map_or(&mut self.common, |x| &mut x.1) {
            FeePlan::Rates(fees) => {
                fees.of(execution.liquidity, execution.notional, execution.quantity)
            }
            FeePlan::Modeled(model) => model.fee(execution),
        }
    }

    /// An order is gone before it was filled whole.
    #[inline]
    pub(super) fn order_ends(&mut self, order_id: OrderId) {
        if self.has_models {
            let plans = self.own.iter_mut().map(|x| &mut x.1);
            for plan in plans.chain([&mut self.common]) {
                if let FeePlan::Modeled(model) = plan {
                    model.order_ends(order_id);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_value_and_amounts_per_unit_add_up() {
        let fees = Fees {
            maker: Fee {
                rate: -100_000,
                per_unit: Money::ZERO,
            },
            taker: Fee {
                rate: 300_000,
                per_unit: Money(1_000_000),
            },
        };
        let value = Money::from_units(10_000);
        let taker = fees.of(Liquidity::Taker, value, Quantity(100));
        assert_eq!(taker.to_string(), "3.1");
        let maker = fees.of(Liquidity::Maker, value, Quantity(100));
        assert_eq!(maker.to_string(), "-1");
        assert_eq!(fees.of(Liquidity::Taker, Money(1), Quantity(0)), Money(0));
    }
}
