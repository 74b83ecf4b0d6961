//! What was at stake: the value of positions over time.
//!
//! Takes in valuations of all instruments of an account; gives out the sizes of its positions' values, weighted by time.

use std::collections::BTreeMap;

use backplane_sdk::types::Money;
use serde::Serialize;

use crate::exact;
use crate::metrics::Figure;

/// The value of positions over time. Gross adds the sizes of long and short positions, net lets them cancel out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExposureStatistics {
    /// The largest gross exposure.
    #[serde(with = "exact::money")]
    pub max_gross: Money,
    /// The gross exposure, averaged over the time of the run.
    pub mean_gross: Figure,
    /// The net exposure, averaged over the time of the run.
    pub mean_net: Figure,
    /// The largest gross exposure by the equity of that moment.
    pub max_leverage: Figure,
    /// The mean gross exposure by the cash at the start.
    pub mean_leverage: Figure,
    /// The share of the time of the run during which there was any exposure.
    pub time_exposed: Figure,
}

/// Exposure being gathered.
#[derive(Clone, Debug)]
pub(super) struct Exposure {
    since: i64,
    values: BTreeMap<(usize, usize), i128>,
    gross: i128,
    net: i128,
    max_gross: i128,
    max_leverage: f64,
    gross_area: f64,
    net_area: f64,
    exposed: f64,
}

impl Exposure {
    /// No position at the start of the run.
    pub(super) fn new(first: i64) -> Exposure {
        Exposure {
            since: first,
            values: BTreeMap::new(),
            gross: 0,
            net: 0,
            max_gross: 0,
            max_leverage: 0.0,
            gross_area: 0.0,
            net_area: 0.0,
            exposed: 0.0,
        }
    }

    /// The position of `account` (instance and instrument) is worth `value` from `at` on, at which all of it together
    /// has this equity.
    pub(super) fn set(&mut self, at: i64, account: (usize, usize), value: Money, equity: Money) {
        self.pass(at);
        let before = self.values.insert(account, value.0).unwrap_or(0);
        self.gross += value.0.saturating_abs() - before.saturating_abs();
        self.net += value.0 - before;
        self.max_gross = self.max_gross.max(self.gross);
        if equity > Money::ZERO {
            let leverage = Money(self.gross).as_f64() / equity.as_f64();
            self.max_leverage = self.max_leverage.max(leverage);
        }
    }

    fn pass(&mut self, at: i64) {
        let span = (i128::from(at) - i128::from(self.since)).max(0) as f64;
        self.since = self.since.max(at);
        self.gross_area += Money(self.gross).as_f64() * span;
        self.net_area += Money(self.net).as_f64() * span;
        if self.gross != 0 {
            self.exposed += span;
        }
    }

    /// The figures at the end of the run.
    pub(super) fn figures(&mut self, first: i64, last: i64, cash: Money) -> ExposureStatistics {
        self.pass(last);
        let span = (i128::from(last) - i128::from(first)).max(0) as f64;
        let mean = |area: f64| Figure::ratio(area, span, "the run has no length");
        let has_cash = cash > Money::ZERO;
        let of_cash = |figure: Figure| match has_cash {
            true => figure,
            false => Figure::Undefined("no cash at the start"),
        };
        let mean_gross = mean(self.gross_area);
        ExposureStatistics {
            max_gross: Money(self.max_gross),
            mean_gross,
            mean_net: mean(self.net_area),
            max_leverage: of_cash(Figure::of(self.max_leverage)),
            mean_leverage: of_cash(mean_gross.map(|x| x / cash.as_f64())),
            time_exposed: mean(self.exposed),
        }
    }
}
