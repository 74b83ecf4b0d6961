//! Executions: what they were, what they cost, what they were worth afterwards.
//!
//! Takes in executions and ended orders; gives out [`ExecutionStatistics`].

use std::collections::BTreeMap;

use backplane_engine::contract::Contract;
use backplane_sdk::types::{Money, Price, Quantity, Side};
use serde::Serialize;

use super::markouts::{Markout, Markouts};
use super::spread::{Distribution, Spread};
use crate::exact;
use crate::metrics::Figure;
use crate::tables::schema::HORIZONS;

const NO_FILLS: &str = "no fills";
/// Why a figure is missing that results of an earlier format have no columns for.
pub(super) const NOT_RECORDED: &str = "results of format 1 do not record it";

/// What executions were and what they cost.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExecutionStatistics {
    /// Executions.
    pub fills: u64,
    /// Executions that gave liquidity.
    pub maker_fills: u64,
    /// Executions that took liquidity.
    pub taker_fills: u64,
    /// The sum of the executed quantities, in quantity units.
    pub volume: i64,
    /// The sum of the sizes of the executed values.
    #[serde(with = "exact::money")]
    pub turnover: Money,
    /// The share of the turnover that gave liquidity.
    pub maker_share: Figure,
    /// What taking cost against the mid that the strategy saw when it submitted the order; positive is a cost.
    pub slippage: Figure,
    /// The same in units of 1e-4 of the value at that mid.
    pub slippage_basis_points: Figure,
    /// The executions over which slippage was measured.
    pub slippage_fills: u64,
    /// What orders cost against the mid at their submission, as far as they were measured.
    pub shortfall: Shortfall,
    /// How long executed orders waited in the queue, in seconds: from taking their place to an execution as maker.
    pub queue_seconds: Distribution,
    /// What stood ahead when an order that was executed as maker took its place, in quantity units.
    pub queue_ahead: Distribution,
    /// From the execution at the exchange to the strategy hearing of it, in seconds.
    pub report_seconds: Distribution,
    /// Executions by reason.
    pub reasons: BTreeMap<String, u64>,
    /// What executions were worth some time afterwards.
    pub markouts: Vec<Markout>,
}

/// Implementation shortfall (Perold, "The implementation shortfall: paper versus reality", Journal of Portfolio
/// Management 14(3), 1988): what a paper portfolio would have earned beyond the real one, had it traded every accepted
/// order whole at the mid that the strategy saw when it submitted the order. Positive is a cost.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Shortfall {
    /// The orders that were measured: those that met the exchange, and saw both sides of the book.
    pub orders: u64,
    /// `side * (price - arrival mid)` over what was executed.
    pub execution: Figure,
    /// The fees of what was executed.
    pub fees: Figure,
    /// `side * (mid at the end - arrival mid)` over what was not executed.
    pub opportunity: Figure,
    /// The sum of the three.
    pub total: Figure,
    /// The sum in units of 1e-4 of the value of all that was ordered, at the arrival mids.
    pub total_basis_points: Figure,
}

/// An execution as the tables tell it.
pub(super) struct Fill<'a> {
    pub(super) contract: Contract,
    pub(super) side: Side,
    pub(super) price: i64,
    pub(super) quantity: i64,
    pub(super) is_taker: bool,
    pub(super) reason: &'a str,
    pub(super) queue_ahead: i64,
    pub(super) at: i64,
    pub(super) heard: i64,
    pub(super) arrived: i64,
    /// The best bid and ask at the submission, where both were there.
    pub(super) arrival: Option<[i64; 2]>,
    pub(super) mids: [Option<i64>; HORIZONS.len()],
}

impl Fill<'_> {
    /// What the quantity is worth at a price.
    fn value(&self, price: i64) -> Money {
        self.contract.value(Price(price), Quantity(self.quantity))
    }

    fn signed(&self, value: Money) -> Money {
        signed(self.side, value)
    }

    /// The size of what was executed.
    pub(super) fn size(&self) -> Money {
        Money(self.value(self.price).0.saturating_abs())
    }
}

/// A buyer's value is its own, a seller's the opposite.
pub(super) fn signed(side: Side, value: Money) -> Money {
    match side {
        Side::Buy => value,
        Side::Sell => -value,
    }
}

/// The value half-way between two prices, as values of inverse contracts are not those of the price half-way.
pub(super) fn middle(contract: &Contract, prices: [i64; 2], quantity: i64) -> Money {
    let [bid, ask] = prices.map(|x| contract.value(Price(x), Quantity(quantity)).0);
    Money(bid.saturating_add(ask) / 2)
}

/// Executions being gathered.
#[derive(Clone, Debug, Default)]
pub(super) struct Executions {
    fills: u64,
    takers: u64,
    volume: i64,
    turnover: Money,
    maker_turnover: Money,
    slippage: Money,
    arrival_value: Money,
    slippage_fills: u64,
    queue: Spread,
    queue_ahead: Spread,
    report: Spread,
    reasons: BTreeMap<String, u64>,
    markouts: Markouts,
    shortfall_orders: u64,
    shortfall: [Money; 3],
    ordered: Money,
}

impl Executions {
    /// Adds an execution.
    pub(super) fn add(&mut self, fill: &Fill<'_>) {
        let size = fill.size();
        self.fills += 1;
        self.volume = self.volume.saturating_add(fill.quantity);
        self.turnover += size;
        self.report.add_span(fill.at, fill.heard);
        match self.reasons.get_mut(fill.reason) {
            Some(count) => *count += 1,
            None => {
                self.reasons.insert(fill.reason.to_owned(), 1);
            }
        }
        let liquidity = if fill.is_taker {
            self.takers += 1;
            self.slip(fill);
            "taker"
        } else {
            self.maker_turnover += size;
            self.queue.add_span(fill.arrived, fill.at);
            self.queue_ahead.add(fill.queue_ahead);
            "maker"
        };
        for (horizon, mid) in fill.mids.iter().enumerate() {
            let Some(mid) = *mid else { continue };
            let money = fill.signed(fill.value(mid) - fill.value(fill.price));
            if fill.price != 0 {
                let step = (mid - fill.price) as f64 / fill.price.abs() as f64 * 1e4;
                let sign = if fill.side == Side::Buy { 1.0 } else { -1.0 };
                let groups = [liquidity, fill.reason];
                self.markouts.add(horizon, groups, sign * step, money);
            }
        }
    }

    fn slip(&mut self, fill: &Fill<'_>) {
        let Some(arrival) = fill.arrival else { return };
        let at_mid = middle(&fill.contract, arrival, fill.quantity);
        self.slippage += fill.signed(fill.value(fill.price) - at_mid);
        self.arrival_value += Money(at_mid.0.saturating_abs());
        self.slippage_fills += 1;
    }

    /// Adds what an order cost: execution, fees, opportunity; `ordered` is the value of all of it at the arrival mid.
    pub(super) fn add_shortfall(&mut self, parts: [Money; 3], ordered: Money) {
        self.shortfall_orders += 1;
        for (sum, part) in self.shortfall.iter_mut().zip(parts) {
            *sum += part;
        }
        self.ordered += Money(ordered.0.saturating_abs());
    }

    /// The figures; `records` says whether the results hold what executions were preceded and followed by.
    pub(super) fn figures(&self, records: bool) -> ExecutionStatistics {
        let slippage = match (self.takers, self.slippage_fills) {
            (0, _) => Err("no taker fills"),
            _ if !records => Err(NOT_RECORDED),
            (_, 0) => Err("the strategies saw no two-sided book"),
            _ => Ok(self.slippage.as_f64()),
        };
        let points = |x: f64| Figure::ratio(x * 1e4, self.arrival_value.as_f64(), "no value");
        let maker = self.maker_turnover.as_f64();
        ExecutionStatistics {
            fills: self.fills,
            maker_fills: self.fills - self.takers,
            taker_fills: self.takers,
            volume: self.volume,
            turnover: self.turnover,
            maker_share: Figure::ratio(maker, self.turnover.as_f64(), NO_FILLS),
            slippage: slippage.map_or_else(Figure::Undefined, Figure::of),
            slippage_basis_points: slippage.map_or_else(Figure::Undefined, points),
            slippage_fills: self.slippage_fills,
            shortfall: self.shortfall(records),
            queue_seconds: self.queue.distribution(1e9, "no maker fills"),
            queue_ahead: self.queue_ahead.distribution(1.0, "no maker fills"),
            report_seconds: self.report.distribution(1e9, NO_FILLS),
            reasons: self.reasons.clone(),
            markouts: if records {
                self.markouts.figures()
            } else {
                Vec::new()
            },
        }
    }

    /// Takes over what was added to others by [`Executions::add_shortfall`].
    pub(super) const fn take_shortfall(&mut self, from: &Executions) {
        (self.shortfall_orders, self.shortfall) = (from.shortfall_orders, from.shortfall);
        self.ordered = from.ordered;
    }

    fn shortfall(&self, records: bool) -> Shortfall {
        let of = |value: f64| match (records, self.shortfall_orders) {
            (false, _) => Figure::Undefined(NOT_RECORDED),
            (_, 0) => Figure::Undefined("no accepted order saw a two-sided book"),
            _ => Figure::of(value),
        };
        let [execution, fees, opportunity] = self.shortfall;
        let total = execution + fees + opportunity;
        let ordered = self.ordered.as_f64();
        Shortfall {
            orders: self.shortfall_orders,
            execution: of(execution.as_f64()),
            fees: of(fees.as_f64()),
            opportunity: of(opportunity.as_f64()),
            total: of(total.as_f64()),
            total_basis_points: match of(0.0) {
                Figure::Value(_) => Figure::ratio(total.as_f64() * 1e4, ordered, "no value"),
                undefined => undefined,
            },
        }
    }
}
