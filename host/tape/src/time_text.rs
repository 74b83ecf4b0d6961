//! Times as users write them.
//!
//! Takes in text: `2024-01-02`, `2024-01-02T14:30`, `2024-01-02T14:30:05.25Z`, or nanoseconds since the Unix epoch; gives
//! out a time. All of them are UTC.

use backplane_sdk::types::Timestamp;

use crate::import::nanoseconds;
use crate::time_zone::Date;

/// Nanoseconds in a second.
const SECOND: i64 = 1_000_000_000;

/// The time that a text says; none where it says none.
pub fn parse_time(text: &str) -> Option<Timestamp> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok().map(Timestamp);
    }
    let text = text.strip_suffix('Z').unwrap_or(text);
    let (date, time) = match text.split_once(['T', ' ']) {
        Some((date, time)) => (date, time),
        None => (text, "00:00"),
    };
    let days = Date::parse(date)?.days();
    let mut parts = time.split(':');
    let (hours, minutes) = (number(parts.next()?, 23)?, number(parts.next()?, 59)?);
    let nanos = match parts.next() {
        None => 0,
        Some(seconds) => {
            number(seconds.split('.').next()?, 59)?;
            nanoseconds(seconds.as_bytes())?
        }
    };
    if parts.next().is_some() {
        return None;
    }
    let seconds = ((days * 24 + hours) * 60 + minutes) * 60;
    Some(Timestamp(seconds.checked_mul(SECOND)?.checked_add(nanos)?))
}

/// A number of two digits that is at most so large.
fn number(text: &str, most: i64) -> Option<i64> {
    let is_number = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    let value = if is_number { text.parse().ok() } else { None };
    value.filter(|value| *value <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_or_refused() {
        for (text, time) in [
            ("1970-01-01", None),
            ("2024-01-02", Some("2024-01-02T00:00:00.000000000Z")),
            ("2024-01-02T14:30", Some("2024-01-02T14:30:00.000000000Z")),
            (
                "2024-01-02 14:30:05.25Z",
                Some("2024-01-02T14:30:05.250000000Z"),
            ),
            (
                "1704205800000000000",
                Some("2024-01-02T14:30:00.000000000Z"),
            ),
            ("", None),
            ("2024-01-02T24:00", None),
            ("2024-01-02T1:30", None),
            ("2024-01-02T14:30:5", None),
            ("2024-01-02T14:30:00+01:00", None),
            ("yesterday", None),
        ] {
            assert_eq!(
                parse_time(text).map(|x| x.to_string()).as_deref(),
                time,
                "{text}"
            );
        }
    }
}
