//! Points in time and spans of time, in whole nanoseconds.
//!
//! Takes in and gives out `i64` nanoseconds; arithmetic saturates, because a time read from a damaged tape must never
//! be able to stop the host.

use core::fmt;
use core::ops::{Add, Sub};

/// A point in time: nanoseconds since the Unix epoch, UTC (Databento's `ts_event` and `ts_recv`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Timestamp(pub i64);

/// A span of time in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Nanos(pub i64);

impl Timestamp {
    /// The earliest representable time.
    pub const MIN: Timestamp = Timestamp(i64::MIN);
    /// The latest representable time, used for "never".
    pub const MAX: Timestamp = Timestamp(i64::MAX);

    /// The span from `earlier` to this time; negative when `earlier` is later.
    pub const fn since(self, earlier: Timestamp) -> Nanos {
        Nanos(self.0.saturating_sub(earlier.0))
    }

    /// This time in seconds since the Unix epoch, for strategies that compute in floats.
    pub fn as_seconds_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// The start of the interval of length `span` that holds this time; spans are counted from the Unix epoch.
    /// A span of zero or less gives the time itself.
    pub const fn floor(self, span: Nanos) -> Timestamp {
        if span.0 <= 0 {
            return self;
        }
        Timestamp(self.0.div_euclid(span.0).saturating_mul(span.0))
    }
}

impl Nanos {
    /// No time at all.
    pub const ZERO: Nanos = Nanos(0);

    /// A span of whole microseconds.
    pub const fn from_micros(micros: i64) -> Nanos {
        Nanos(micros.saturating_mul(1_000))
    }

    /// A span of whole milliseconds.
    pub const fn from_millis(millis: i64) -> Nanos {
        Nanos(millis.saturating_mul(1_000_000))
    }

    /// A span of whole seconds.
    pub const fn from_secs(secs: i64) -> Nanos {
        Nanos(secs.saturating_mul(1_000_000_000))
    }

    /// This span in seconds.
    pub fn as_seconds_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }
}

impl Add<Nanos> for Timestamp {
    type Output = Timestamp;

    fn add(self, span: Nanos) -> Timestamp {
        Timestamp(self.0.saturating_add(span.0))
    }
}

impl Sub<Nanos> for Timestamp {
    type Output = Timestamp;

    fn sub(self, span: Nanos) -> Timestamp {
        Timestamp(self.0.saturating_sub(span.0))
    }
}

impl Add for Nanos {
    type Output = Nanos;

    fn add(self, other: Nanos) -> Nanos {
        Nanos(self.0.saturating_add(other.0))
    }
}

/// Writes the time as `2012-06-21T13:30:00.015105074Z` (ISO 8601, UTC, all nine decimals).
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.div_euclid(1_000_000_000);
        let nanos = self.0.rem_euclid(1_000_000_000);
        let (year, month, day) = civil_from_days(seconds.div_euclid(86_400));
        let second_of_day = seconds.rem_euclid(86_400);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{nanos:09}Z",
            second_of_day / 3_600,
            second_of_day / 60 % 60,
            second_of_day % 60,
        )
    }
}

/// The proleptic Gregorian date of a day counted from 1970-01-01: shifts the year to begin in March, so that the
/// leap day is the last day of the year and every month's first day is a linear function of its number.
const fn civil_from_days(days: i64) -> (i64, i64, i64) {
    const DAYS_PER_ERA: i64 = 146_097;
    const DAYS_FROM_MARCH_0000: i64 = 719_468;
    let shifted = days + DAYS_FROM_MARCH_0000;
    let era = shifted.div_euclid(DAYS_PER_ERA);
    let day_of_era = shifted.rem_euclid(DAYS_PER_ERA);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_iso_8601_with_nanoseconds() {
        let cases = [
            (0, "1970-01-01T00:00:00.000000000Z"),
            (1_340_285_400_015_105_074, "2012-06-21T13:30:00.015105074Z"),
            (951_782_400_000_000_000, "2000-02-29T00:00:00.000000000Z"),
            (-1, "1969-12-31T23:59:59.999999999Z"),
            (i64::MAX, "2262-04-11T23:47:16.854775807Z"),
        ];
        for (nanos, text) in cases {
            assert_eq!(Timestamp(nanos).to_string(), text);
        }
    }

    #[test]
    fn arithmetic_saturates_instead_of_wrapping() {
        assert_eq!(Timestamp::MAX + Nanos(1), Timestamp::MAX);
        assert_eq!(Timestamp::MIN - Nanos(1), Timestamp::MIN);
        assert_eq!(Timestamp::MAX.since(Timestamp::MIN), Nanos(i64::MAX));
    }

    #[test]
    fn floors_to_the_start_of_an_interval_before_and_after_the_epoch() {
        assert_eq!(Timestamp(1_999).floor(Nanos(1_000)), Timestamp(1_000));
        assert_eq!(Timestamp(-1).floor(Nanos(1_000)), Timestamp(-1_000));
        assert_eq!(Timestamp(7).floor(Nanos(0)), Timestamp(7));
    }
}
