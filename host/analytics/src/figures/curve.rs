//! The equity of one account over time.
//!
//! Takes in valuations in the order of their times; gives out drawdowns, the equity at the end of each day and reduced
//! curves. Of several valuations at one time only the last counts: the ones before it saw a part of the change.

use std::collections::BTreeMap;

use backplane_sdk::types::Money;

use super::Curves;
use super::calendar::day_of;
use crate::m4::M4;
use crate::metrics::Figure;

/// An account's equity over time.
#[derive(Clone, Debug)]
pub(super) struct Curve {
    start: Money,
    current: Money,
    pending: Option<i64>,
    peak: Money,
    max_drawdown_money: Money,
    max_drawdown: f64,
    /// The reduced curves of profit and drawdown, where they are drawn.
    drawn: Option<[M4; 2]>,
    /// Equity at the end of each day with a valuation.
    pub(super) days: BTreeMap<i64, Money>,
}

impl Curve {
    /// An account that is not drawn.
    pub(super) fn new(start: Money) -> Curve {
        Curve {
            start,
            current: start,
            pending: None,
            peak: start,
            max_drawdown_money: Money::ZERO,
            max_drawdown: 0.0,
            drawn: None,
            days: BTreeMap::new(),
        }
    }

    /// The same account with its curves between two times, of so many buckets.
    pub(super) fn drawn(self, first: i64, last: i64, buckets: usize) -> Curve {
        let mut curve = M4::new(first, last, buckets);
        curve.push(first, 0.0);
        Curve {
            drawn: Some([curve.clone(), curve]),
            ..self
        }
    }

    /// The equity is `equity` from `at` on.
    pub(super) fn set(&mut self, at: i64, equity: Money) {
        if self.pending.is_some_and(|x| x != at) {
            self.settle();
        }
        self.pending = Some(at);
        self.current = equity;
    }

    /// The equity now.
    pub(super) fn current(&self) -> Money {
        self.current
    }

    /// Ends the curve with the equity that the run ended with.
    pub(super) fn end(&mut self, at: i64, equity: Money) {
        self.set(at, equity);
        self.settle();
    }

    fn settle(&mut self) {
        let Some(at) = self.pending.take() else {
            return;
        };
        self.peak = self.peak.max(self.current);
        let fall = self.current - self.peak;
        self.max_drawdown_money = self.max_drawdown_money.min(fall);
        let share = if self.peak > Money::ZERO {
            fall.as_f64() / self.peak.as_f64()
        } else {
            0.0
        };
        self.max_drawdown = self.max_drawdown.min(share);
        if let Some([pnl, drawdown]) = &mut self.drawn {
            pnl.push(at, (self.current - self.start).as_f64());
            let has_cash = self.start > Money::ZERO;
            drawdown.push(at, if has_cash { share } else { fall.as_f64() });
        }
        self.days.insert(day_of(at), self.current);
    }

    pub(super) fn max_drawdown_money(&self) -> Money {
        self.max_drawdown_money
    }

    pub(super) fn max_drawdown(&self) -> Figure {
        if self.start <= Money::ZERO {
            return Figure::Undefined("no cash at the start");
        }
        Figure::of(self.max_drawdown)
    }

    pub(super) fn curves(&self) -> Curves {
        match &self.drawn {
            Some([pnl, drawdown]) => Curves {
                pnl: pnl.points(),
                drawdown: drawdown.points(),
            },
            None => Curves::default(),
        }
    }

    /// The equity at the end of each of these days; a day without a valuation carries the day before.
    pub(super) fn closes(&self, days: &[i64]) -> Vec<Money> {
        let mut known = self.days.iter().peekable();
        let mut close = self.start;
        let mut closes = Vec::with_capacity(days.len());
        for day in days {
            while let Some((_, equity)) = known.next_if(|(x, _)| *x <= day) {
                close = *equity;
            }
            closes.push(close);
        }
        closes
    }
}

/// Simple returns from the end of each day to the end of the next; the first from the cash at the start.
pub(super) fn daily_returns(start: Money, closes: &[Money]) -> Result<Vec<f64>, &'static str> {
    if start <= Money::ZERO {
        return Err("no cash at the start");
    }
    let mut before = start;
    let mut returns = Vec::with_capacity(closes.len());
    for close in closes {
        if before <= Money::ZERO {
            return Err("equity fell to zero or below");
        }
        returns.push((*close - before).as_f64() / before.as_f64());
        before = *close;
    }
    Ok(returns)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = crate::figures::calendar::NANOS_PER_DAY;

    #[test]
    fn drawdown_counts_from_the_cash_at_the_start() {
        let mut curve = Curve::new(Money::from_units(100));
        curve.set(1, Money::from_units(90));
        curve.set(2, Money::from_units(120));
        curve.end(3, Money::from_units(114));
        assert_eq!(curve.max_drawdown_money(), Money::from_units(-10));
        assert_eq!(curve.max_drawdown(), Figure::Value(-0.1));
    }

    #[test]
    fn of_several_valuations_at_one_time_only_the_last_counts() {
        let mut curve = Curve::new(Money::from_units(100));
        curve.set(1, Money::from_units(10));
        curve.set(1, Money::from_units(101));
        curve.end(2, Money::from_units(101));
        assert_eq!(curve.max_drawdown_money(), Money::ZERO);
    }

    #[test]
    fn days_without_a_valuation_carry_the_day_before() {
        let mut curve = Curve::new(Money::from_units(100));
        curve.set(DAY / 2, Money::from_units(110));
        curve.end(5 * DAY, Money::from_units(99));
        let closes = curve.closes(&[0, 1, 4, 5]);
        let returns = daily_returns(Money::from_units(100), &closes).unwrap();
        assert_eq!(returns, [0.1, 0.0, 0.0, -0.1]);
    }

    #[test]
    fn returns_end_where_everything_is_lost() {
        let mut curve = Curve::new(Money::from_units(100));
        curve.set(0, Money::from_units(-5));
        curve.end(DAY, Money::from_units(5));
        let closes = curve.closes(&[0, 1]);
        let returns = daily_returns(Money::from_units(100), &closes);
        assert_eq!(returns, Err("equity fell to zero or below"));
    }
}
