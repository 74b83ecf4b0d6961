//! Which days count, and how many of them make a year.
//!
//! Takes in the days of a run and those with a valuation; gives out the days of returns.

use std::collections::BTreeSet;

pub(crate) const NANOS_PER_DAY: i64 = 86_400_000_000_000;

/// Which days count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Calendar {
    /// Every day where most weekend days of the run have a valuation, else days of the week.
    #[default]
    Auto,
    /// Monday to Friday, and weekend days with a valuation; 252 make a year.
    Weekdays,
    /// Every day; 365 make a year.
    EveryDay,
}

/// The days that count.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Days {
    /// Counted from 1970-01-01, in their order.
    pub(crate) days: Vec<i64>,
    /// How many make a year.
    pub(crate) periods: f64,
    /// Which they are, in words.
    pub(crate) words: &'static str,
}

/// The day that holds a time, counted from 1970-01-01.
pub(crate) const fn day_of(at: i64) -> i64 {
    at.div_euclid(NANOS_PER_DAY)
}

/// Whether a day counted from 1970-01-01, which was a Thursday, is a Saturday or a Sunday.
const fn is_weekend(day: i64) -> bool {
    day.rem_euclid(7) == 2 || day.rem_euclid(7) == 3
}

impl Calendar {
    /// The days from the one of `first` to the one of `last`; `active` are those with a valuation.
    pub(crate) fn days(self, first: i64, last: i64, active: &BTreeSet<i64>) -> Days {
        let all = day_of(first)..=day_of(last);
        let every_day = match self {
            Calendar::EveryDay => true,
            Calendar::Weekdays => false,
            Calendar::Auto => {
                let weekend = all.clone().filter(|x| is_weekend(*x));
                let (traded, count) = weekend.fold((0, 0), |(traded, count), day| {
                    (traded + i64::from(active.contains(&day)), count + 1)
                });
                2 * traded > count
            }
        };
        if every_day {
            return Days {
                days: all.collect(),
                periods: 365.0,
                words: "UTC days, all of the week",
            };
        }
        Days {
            days: all
                .filter(|day| !is_weekend(*day) || active.contains(day))
                .collect(),
            periods: 252.0,
            words: "UTC days, Monday to Friday, and weekend days with a valuation",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = NANOS_PER_DAY;

    #[test]
    fn a_market_that_trades_on_weekends_counts_every_day() {
        // 1970-01-01 is a Thursday: days 2 and 3 are the weekend.
        let days = |calendar: Calendar, active: &[i64]| {
            let active = active.iter().copied().collect();
            calendar.days(0, 5 * DAY, &active)
        };
        let week = days(Calendar::Auto, &[]);
        assert_eq!((week.days, week.periods), (vec![0, 1, 4, 5], 252.0));
        // A future that opens on Sunday evening is none.
        assert_eq!(days(Calendar::Auto, &[3]).days, [0, 1, 3, 4, 5]);
        let crypto = days(Calendar::Auto, &[2, 3]);
        assert_eq!((crypto.days.len(), crypto.periods), (6, 365.0));
        assert_eq!(days(Calendar::EveryDay, &[]).periods, 365.0);
        assert_eq!(days(Calendar::Weekdays, &[2, 3]).periods, 252.0);
    }
}
