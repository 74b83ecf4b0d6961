//! New York's wall clock.
//!
//! Takes in a date and a time since local midnight; gives out UTC. The rule is written down here because it is short:
//! since 2007 summer time lasts from the second Sunday of March to the first Sunday of November; from 1987 to 2006 it
//! lasted from the first Sunday of April to the last Sunday of October; both change at two in the morning.

use backplane_sdk::types::Timestamp;

/// Nanoseconds in an hour.
const HOUR: i64 = 3_600_000_000_000;
/// Nanoseconds in a day.
const DAY: i64 = 24 * HOUR;

/// A date of the Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Date {
    pub(crate) year: i64,
    /// From 1.
    pub(crate) month: i64,
    /// From 1.
    pub(crate) day: i64,
}

impl Date {
    /// Reads `2012-06-21`; years from 1987 to 2199.
    pub(crate) fn parse(text: &str) -> Option<Date> {
        let mut parts = text.split('-').map(|part| {
            let is_number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            if is_number {
                part.parse::<i64>().ok()
            } else {
                None
            }
        });
        let (Some(Some(year)), Some(Some(month)), Some(Some(day)), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return None;
        };
        let is_possible = (1987..2200).contains(&year)
            && (1..=12).contains(&month)
            && (1..=days_of_month(year, month)).contains(&day);
        is_possible.then_some(Date { year, month, day })
    }

    /// Days since 1970-01-01.
    pub(crate) const fn days(self) -> i64 {
        let year = if self.month <= 2 {
            self.year - 1
        } else {
            self.year
        };
        let era = year.div_euclid(400);
        let year_of_era = year - era * 400;
        let month_from_march = (self.month + 9) % 12;
        let day_of_year = (153 * month_from_march + 2) / 5 + self.day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * 146_097 + day_of_era - 719_468
    }

    /// The number of the weekday, Sunday = 0.
    const fn weekday(self) -> i64 {
        (self.days() + 4).rem_euclid(7)
    }
}

const fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The `nth` Sunday of a month, counted from 1.
const fn sunday(year: i64, month: i64, nth: i64) -> Date {
    let first = Date {
        year,
        month,
        day: 1,
    };
    let day = 1 + (7 - first.weekday()) % 7 + (nth - 1) * 7;
    Date { year, month, day }
}

const fn last_sunday(year: i64, month: i64) -> Date {
    let last = Date {
        year,
        month,
        day: days_of_month(year, month),
    };
    Date {
        year,
        month,
        day: last.day - last.weekday(),
    }
}

/// UTC of a New York wall clock: `since_midnight` nanoseconds into `date`. The hour that comes twice in autumn is taken
/// as the first one.
pub(crate) fn new_york(date: Date, since_midnight: i64) -> Timestamp {
    let (begin, end) = if date.year >= 2007 {
        (sunday(date.year, 3, 2), sunday(date.year, 11, 1))
    } else {
        (sunday(date.year, 4, 1), last_sunday(date.year, 10))
    };
    let local = date
        .days()
        .saturating_mul(DAY)
        .saturating_add(since_midnight);
    let is_summer = local >= begin.days() * DAY + 2 * HOUR && local < end.days() * DAY + 2 * HOUR;
    Timestamp(local.saturating_add(if is_summer { 4 * HOUR } else { 5 * HOUR }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_york_is_four_hours_behind_in_summer_and_five_in_winter() {
        for (date, utc) in [
            ("2012-06-21", "2012-06-21T13:30:00.000000000Z"),
            ("2012-01-03", "2012-01-03T14:30:00.000000000Z"),
            ("2012-03-09", "2012-03-09T14:30:00.000000000Z"),
            ("2012-03-12", "2012-03-12T13:30:00.000000000Z"),
            ("2012-11-02", "2012-11-02T13:30:00.000000000Z"),
            ("2012-11-05", "2012-11-05T14:30:00.000000000Z"),
            ("2006-03-31", "2006-03-31T14:30:00.000000000Z"),
            ("2006-04-03", "2006-04-03T13:30:00.000000000Z"),
            ("2006-10-27", "2006-10-27T13:30:00.000000000Z"),
            ("2006-10-30", "2006-10-30T14:30:00.000000000Z"),
        ] {
            let date = Date::parse(date).unwrap();
            assert_eq!(new_york(date, 34_200_000_000_000).to_string(), utc);
        }
    }

    #[test]
    fn impossible_dates_are_refused() {
        for text in [
            "2012-02-30",
            "2012-13-01",
            "2012-6",
            "20120621",
            "1900-01-01",
            "2012-06-21-1",
            "+012-06-21",
        ] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
    }
}
