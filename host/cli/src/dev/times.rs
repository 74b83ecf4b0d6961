//! A time on a tape, as a user says it.
//!
//! Takes in `15:30`, `15:30:00` or `2024-01-02T15:30:00`, UTC; gives out nanoseconds since the Unix epoch. A time without a
//! date is that of the tape's first day.

use crate::error::CliError;
use crate::exit;

const SECOND: i64 = 1_000_000_000;
const DAY: i64 = 86_400 * SECOND;

/// Reads a time on a tape whose first row is heard at `first`.
///
/// # Errors
/// Says what would be allowed.
pub fn parse(flag: &str, text: &str, first: i64) -> Result<i64, CliError> {
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (days(date), time),
        None => (Some(first.div_euclid(DAY)), text),
    };
    let nanos = date.zip(seconds(time.trim_end_matches('Z')));
    let nanos = nanos.and_then(|(day, second)| day.checked_mul(DAY)?.checked_add(second * SECOND));
    nanos.ok_or_else(|| {
        CliError::new(
            exit::USAGE,
            format!("`{flag}` is `{text}`, but must be a time"),
            "write it as `15:30:00`, on the tape's first day, or as `2024-01-02T15:30:00`, in UTC",
        )
    })
}

fn seconds(time: &str) -> Option<i64> {
    let mut parts = time.split(':');
    let (hour, minute) = (number(parts.next()?, 23)?, number(parts.next()?, 59)?);
    let second = parts.next().map_or(Some(0), |x| number(x, 59))?;
    let is_all = parts.next().is_none();
    is_all.then_some(hour * 3_600 + minute * 60 + second)
}

/// The days from the Unix epoch to a date of the Gregorian calendar (Hinnant, "chrono-Compatible Low-Level Date
/// Algorithms").
fn days(date: &str) -> Option<i64> {
    let mut parts = date.split('-');
    let year = number(parts.next()?, 9_999)?;
    let (month, day) = (number(parts.next()?, 12)?, number(parts.next()?, 31)?);
    if parts.next().is_some() || month == 0 || day == 0 {
        return None;
    }
    let year = year - i64::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let of_era = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    Some(era * 146_097 + of_era - 719_468)
}

fn number(text: &str, most: i64) -> Option<i64> {
    let is_number = (1..=4).contains(&text.len()) && text.bytes().all(|x| x.is_ascii_digit());
    let number = is_number.then(|| text.parse().ok())??;
    (number <= most).then_some(number)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use backplane_sdk::types::Timestamp;

    use super::*;

    #[test]
    fn times_are_those_of_the_tape_s_first_day_or_of_their_date() {
        let first = 1_704_205_800 * SECOND;
        let read = |text| parse("--from", text, first).map(|x| Timestamp(x).to_string());
        let expected = "2024-01-02T15:30:00.000000000Z";
        for text in [
            "15:30",
            "15:30:00",
            "2024-01-02T15:30:00",
            "2024-01-02T15:30Z",
        ] {
            assert_eq!(read(text).unwrap(), expected, "{text}");
        }
        let leap = "2024-02-29T00:00:01.000000000Z";
        assert_eq!(read("2024-02-29T00:00:01").unwrap(), leap);
        for text in [
            "",
            "15",
            "24:00",
            "15:60",
            "15:30:00:00",
            "2024-13-01T00:00",
            "+1:30",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
