//! When futures of the CME group end, by the rules of their contracts.
//!
//! Takes in the root of a contract and its month; gives out the moment after which it is not traded. The rules are those
//! of the CME Group's rulebook, chapter "trading termination" of each product:
//! - stock indices (ES, NQ, RTY, YM): third Friday, 9:30 New York;
//! - metals (GC, SI, HG): third last business day of the month, 13:30, 13:25 and 13:00 New York;
//! - currencies (6A, 6B, 6C, 6E, 6J, 6S): second business day before the third Wednesday, 10:16 New York;
//! - crude oil (CL): third business day before the 25th of the month before, or before the last business day ahead of it
//!   where it is none, 14:30 New York;
//! - natural gas (NG): third last business day of the month before, 14:30 New York;
//! - bonds (ZB, ZN): seventh business day before the last of the month, 13:01 New York; notes (ZF, ZT): the last one.
//!
//! Business days are those without weekends and the exchanges' holidays in the United States.

use crate::time_zone::{Date, new_york};

const MINUTE: i64 = 60_000_000_000;

/// When the contract of a month ends, in nanoseconds since the Unix epoch; none where the rule is not known.
pub(super) fn expiration(root: &str, (year, month): (i64, i64)) -> Option<i64> {
    let (before_year, before_month) = if month == 1 {
        (year - 1, 12)
    } else {
        (year, month - 1)
    };
    let (day, hour, minute) = match root.to_uppercase().as_str() {
        "ES" | "MES" | "NQ" | "MNQ" | "RTY" | "M2K" | "YM" | "MYM" | "EMD" => {
            (nth_weekday(year, month, 5, 3), 9, 30)
        }
        "GC" | "MGC" => (last_business_day(year, month, 3), 13, 30),
        "SI" | "SIL" => (last_business_day(year, month, 3), 13, 25),
        "HG" => (last_business_day(year, month, 3), 13, 0),
        // One business day before the third Wednesday; the other currencies have two.
        "6C" => (
            business_days_before(nth_weekday(year, month, 3, 3), 1),
            10,
            16,
        ),
        "6A" | "6B" | "6E" | "6J" | "6S" | "M6E" => (
            business_days_before(nth_weekday(year, month, 3, 3), 2),
            10,
            16,
        ),
        "CL" | "QM" => {
            let mut day = Date {
                year: before_year,
                month: before_month,
                day: 25,
            };
            if !is_business_day(day) {
                day = business_days_before(day, 1);
            }
            (business_days_before(day, 3), 14, 30)
        }
        "NG" => (last_business_day(before_year, before_month, 3), 14, 30),
        "ZB" | "ZN" | "UB" | "TN" => (
            business_days_before(last_business_day(year, month, 1), 7),
            13,
            1,
        ),
        "ZF" | "ZT" => (last_business_day(year, month, 1), 13, 1),
        _ => return None,
    };
    Some(new_york(day, (hour * 60 + minute) * MINUTE).0)
}

/// The `nth` of a weekday (Sunday = 0) in a month, counted from 1.
const fn nth_weekday(year: i64, month: i64, weekday: i64, nth: i64) -> Date {
    let first = Date {
        year,
        month,
        day: 1,
    };
    let day = 1 + (weekday - first.weekday()).rem_euclid(7) + (nth - 1) * 7;
    Date { year, month, day }
}

/// The `nth` last business day of a month, the last one being 1.
fn last_business_day(year: i64, month: i64, nth: i64) -> Date {
    let (next_year, next_month) = if month == 12 {
        (year + 1, 1)
    } else {
        (year, month + 1)
    };
    business_days_before(
        Date {
            year: next_year,
            month: next_month,
            day: 1,
        },
        nth,
    )
}

/// So many business days before a day.
fn business_days_before(day: Date, count: i64) -> Date {
    let mut day = day;
    let mut left = count;
    while left > 0 {
        day = Date::from_days(day.days() - 1);
        left -= i64::from(is_business_day(day));
    }
    day
}

fn is_business_day(day: Date) -> bool {
    !matches!(day.weekday(), 0 | 6) && !is_holiday(day)
}

/// The exchanges' holidays in the United States.
fn is_holiday(date: Date) -> bool {
    let Date { year, month, day } = date;
    let is_nth = |weekday, nth| date == nth_weekday(year, month, weekday, nth);
    // A holiday at the weekend is kept on Friday or Monday.
    let is_kept = |month, day| {
        let holiday = Date { year, month, day };
        let shift = match holiday.weekday() {
            6 => -1,
            0 => 1,
            _ => 0,
        };
        date == Date::from_days(holiday.days() + shift)
    };
    match month {
        1 => (is_kept(1, 1) && day <= 2) || is_nth(1, 3) && year >= 1998,
        2 => is_nth(1, 3),
        3 | 4 => date.days() == easter(year).days() - 2,
        5 => date.weekday() == 1 && day > 24,
        6 => year >= 2022 && is_kept(6, 19),
        7 => is_kept(7, 4),
        9 => is_nth(1, 1),
        11 => is_nth(4, 4),
        12 => is_kept(12, 25),
        _ => false,
    }
}

/// Easter Sunday of the Gregorian calendar, by the anonymous rule of 1876 (Meeus, Astronomical Algorithms, chapter 8).
const fn easter(year: i64) -> Date {
    let (a, b, c) = (year % 19, year / 100, year % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let sum = h + l - 7 * m + 114;
    Date {
        year,
        month: sum / 31,
        day: sum % 31 + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use backplane_sdk::types::Timestamp;

    #[test]
    fn contracts_end_when_their_rules_say() {
        for (root, month, end) in [
            ("es", (2013, 12), Some("2013-12-20T14:30:00.000000000Z")),
            ("ES", (2024, 3), Some("2024-03-15T13:30:00.000000000Z")),
            ("GC", (2013, 10), Some("2013-10-29T17:30:00.000000000Z")),
            ("GC", (2024, 12), Some("2024-12-27T18:30:00.000000000Z")),
            ("6E", (2024, 3), Some("2024-03-18T14:16:00.000000000Z")),
            ("CL", (2024, 1), Some("2023-12-19T19:30:00.000000000Z")),
            ("CL", (2024, 6), Some("2024-05-21T18:30:00.000000000Z")),
            ("NG", (2024, 1), Some("2023-12-27T19:30:00.000000000Z")),
            ("ZN", (2024, 3), Some("2024-03-19T17:01:00.000000000Z")),
            ("VX", (2024, 3), None),
        ] {
            let found = expiration(root, month).map(|time| Timestamp(time).to_string());
            assert_eq!(found.as_deref(), end, "{root} {month:?}");
        }
    }

    #[test]
    fn easter_is_where_the_calendar_has_it() {
        for (year, month, day) in [(2013, 3, 31), (2024, 3, 31), (2025, 4, 20), (2000, 4, 23)] {
            assert_eq!(easter(year), Date { year, month, day });
        }
    }
}
