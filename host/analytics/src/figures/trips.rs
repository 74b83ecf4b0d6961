//! Round trips: how many earned money, how much, for how long, and what they went through.
//!
//! Takes in round trips in the order in which they were closed; gives out [`TradeStatistics`].

use backplane_sdk::types::Money;
use serde::Serialize;

use super::spread::{Distribution, Spread};
use crate::exact;
use crate::metrics::Figure;

const NO_TRIPS: &str = "no round trips";

/// Statistics of round trips: each part of an opening execution with the closing execution that ends it, first in, first
/// out. Earned and lost are after fees.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TradeStatistics {
    /// The number of round trips.
    pub round_trips: u64,
    /// Those that earned money.
    pub winners: u64,
    /// Those that lost money.
    pub losers: u64,
    /// What the winners earned.
    #[serde(with = "exact::money")]
    pub won: Money,
    /// What the losers lost; negative.
    #[serde(with = "exact::money")]
    pub lost: Money,
    /// The share of round trips that earned money. Of trades, not of days: see
    /// [`crate::metrics::Returns::win_rate`].
    pub trade_win_rate: Figure,
    /// The mean gain of the winners by the size of the mean loss of the losers.
    pub trade_payoff_ratio: Figure,
    /// What the winners earned by the size of what the losers lost.
    pub trade_profit_factor: Figure,
    /// The mean gain of a round trip, in money.
    pub expectancy: Figure,
    /// The largest gain, in money.
    pub largest_win: Figure,
    /// The largest loss, in money; negative.
    pub largest_loss: Figure,
    /// The most round trips in a row that earned money, in the order in which they were closed.
    pub longest_winning_streak: u64,
    /// The most round trips in a row that lost money.
    pub longest_losing_streak: u64,
    /// From opening to closing, in seconds.
    pub holding_seconds: Distribution,
    /// The mean of the deepest losses at the mid while they were open, before fees, in money; zero or less (Sweeney,
    /// "Maximum Adverse Excursion", 1996).
    pub mean_adverse_excursion: Figure,
    /// The mean of the highest gains at the mid while they were open, before fees, in money.
    pub mean_favorable_excursion: Figure,
    /// The deepest of all adverse excursions.
    pub max_adverse_excursion: Figure,
    /// The highest of all favorable excursions.
    pub max_favorable_excursion: Figure,
}

/// A round trip as the tables tell it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trip {
    pub(super) opened: i64,
    pub(super) closed: i64,
    pub(super) gross: Money,
    pub(super) fees: Money,
    /// Adverse and favorable.
    pub(super) excursions: Option<[Money; 2]>,
}

/// Round trips being gathered.
#[derive(Clone, Debug, Default)]
pub(super) struct Trips {
    count: u64,
    winners: u64,
    losers: u64,
    won: Money,
    lost: Money,
    largest: [Money; 2],
    /// The present streak: above zero of winners, below of losers.
    streak: i64,
    streaks: [u64; 2],
    held: Spread,
    measured: u64,
    excursions: [Money; 2],
    deepest: [Money; 2],
}

impl Trips {
    /// Whether there is none.
    pub(super) const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Adds a round trip.
    pub(super) fn add(&mut self, trip: &Trip) {
        let net = trip.gross - trip.fees;
        self.count += 1;
        self.held.add_span(trip.opened, trip.closed);
        self.largest = [self.largest[0].min(net), self.largest[1].max(net)];
        if net > Money::ZERO {
            self.winners += 1;
            self.won += net;
            self.streak = self.streak.max(0) + 1;
            self.streaks[0] = self.streaks[0].max(self.streak.unsigned_abs());
        } else if net < Money::ZERO {
            self.losers += 1;
            self.lost += net;
            self.streak = self.streak.min(0) - 1;
            self.streaks[1] = self.streaks[1].max(self.streak.unsigned_abs());
        } else {
            self.streak = 0;
        }
        if let Some([adverse, favorable]) = trip.excursions {
            self.measured += 1;
            self.excursions[0] += adverse;
            self.excursions[1] += favorable;
            self.deepest = [self.deepest[0].min(adverse), self.deepest[1].max(favorable)];
        }
    }

    /// The figures; `missing` says why round trips have no excursions where they have none.
    pub(super) fn figures(&self, missing: &'static str) -> TradeStatistics {
        let count = self.count as f64;
        let (won, lost) = (self.won.as_f64(), -self.lost.as_f64());
        let of = |number: u64, reason, value: f64| match (self.count, number) {
            (0, _) => Figure::Undefined(NO_TRIPS),
            (_, 0) => Figure::Undefined(reason),
            _ => Figure::of(value),
        };
        let per = |sum: f64, number: u64| sum / number.max(1) as f64;
        let win = of(
            self.winners,
            "no winning round trips",
            per(won, self.winners),
        );
        let by_loss = |x: f64, y: f64| Figure::ratio(x, y, "no losing round trips");
        let with_mid = |value: f64| of(self.measured, missing, value);
        TradeStatistics {
            round_trips: self.count,
            winners: self.winners,
            losers: self.losers,
            won: self.won,
            lost: self.lost,
            trade_win_rate: Figure::ratio(self.winners as f64, count, NO_TRIPS),
            trade_payoff_ratio: match win {
                Figure::Value(win) => by_loss(win, per(lost, self.losers)),
                undefined => undefined,
            },
            trade_profit_factor: match self.count {
                0 => Figure::Undefined(NO_TRIPS),
                _ => by_loss(won, lost),
            },
            expectancy: Figure::ratio(won - lost, count, NO_TRIPS),
            largest_win: of(
                self.winners,
                "no winning round trips",
                self.largest[1].as_f64(),
            ),
            largest_loss: of(
                self.losers,
                "no losing round trips",
                self.largest[0].as_f64(),
            ),
            longest_winning_streak: self.streaks[0],
            longest_losing_streak: self.streaks[1],
            holding_seconds: self.held.distribution(1e9, NO_TRIPS),
            mean_adverse_excursion: with_mid(per(self.excursions[0].as_f64(), self.measured)),
            mean_favorable_excursion: with_mid(per(self.excursions[1].as_f64(), self.measured)),
            max_adverse_excursion: with_mid(self.deepest[0].as_f64()),
            max_favorable_excursion: with_mid(self.deepest[1].as_f64()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trip(net: i64) -> Trip {
        Trip {
            opened: 0,
            closed: 1_000_000_000,
            gross: Money::from_units(net + 1),
            fees: Money::from_units(1),
            excursions: Some([Money::from_units(-3), Money::from_units(net.max(0) + 2)]),
        }
    }

    #[test]
    fn gains_streaks_and_excursions_are_as_computed_by_hand() {
        let mut trips = Trips::default();
        [5, 1, -2, 0, -4, -6, 3]
            .iter()
            .for_each(|x| trips.add(&trip(*x)));
        let found = trips.figures("none");
        assert_eq!((found.round_trips, found.winners, found.losers), (7, 3, 3));
        assert_eq!(found.trade_win_rate, Figure::of(3.0 / 7.0));
        assert_eq!(found.trade_payoff_ratio, Figure::of(3.0 / 4.0));
        assert_eq!(found.trade_profit_factor, Figure::of(9.0 / 12.0));
        assert_eq!(found.expectancy, Figure::of(-3.0 / 7.0));
        assert_eq!(found.largest_loss, Figure::of(-6.0));
        assert_eq!(found.longest_winning_streak, 2);
        assert_eq!(
            found.longest_losing_streak, 2,
            "nothing earned ends a streak"
        );
        assert_eq!(found.mean_adverse_excursion, Figure::of(-3.0));
        assert_eq!(found.max_favorable_excursion, Figure::of(7.0));
    }

    #[test]
    fn statistics_of_no_round_trip_are_undefined() {
        let none = Trips::default().figures("none");
        for figure in [
            none.trade_win_rate,
            none.trade_payoff_ratio,
            none.trade_profit_factor,
            none.expectancy,
            none.largest_win,
            none.mean_adverse_excursion,
            none.holding_seconds.mean,
        ] {
            assert_eq!(figure.reason(), Some("no round trips"));
        }
    }
}
