//! Numbers in words that people read.
//!
//! Takes in money, counts, shares, times; gives out short text: groups of three digits, two decimals of money, per cent.

use backplane_sdk::types::{Money, Timestamp};

use crate::metrics::Figure;

/// What stands where a figure does not exist.
pub const NONE: &str = "–";

/// A whole number in groups of three digits: `1,234,567`.
pub fn count(value: impl Into<i128>) -> String {
    let value = value.into();
    let digits = value.unsigned_abs().to_string();
    let mut out = String::new();
    if value < 0 {
        out.push('-');
    }
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// An amount with two decimals: `-1,234.50`. Halves of a cent go away from zero; what is less than a cent but not zero
/// shows its first digit.
pub fn money(value: Money) -> String {
    let nanos = value.0.unsigned_abs();
    if (1..5_000_000).contains(&nanos) {
        let decimals = if nanos >= 1_000_000 { 3 } else { 6 };
        return format!("{:.decimals$}", value.as_f64());
    }
    let cents = nanos.saturating_add(5_000_000) / 10_000_000;
    let sign = if value.0 < 0 && cents > 0 { "-" } else { "" };
    let whole = count(i128::try_from(cents / 100).unwrap_or(i128::MAX));
    format!("{sign}{whole}.{:02}", cents % 100)
}

/// An amount with its sign: `+12.00`.
pub fn signed_money(value: Money) -> String {
    let sign = if value > Money::ZERO { "+" } else { "" };
    format!("{sign}{}", money(value))
}

/// A number with so many decimals and groups of three digits; very large ones as a power of ten.
pub fn decimal(value: f64, decimals: usize) -> String {
    if value.abs() >= 1e9 {
        return format!("{value:.1e}");
    }
    let text = format!("{value:.decimals$}");
    let text = match text.strip_prefix('-') {
        Some(rest) if rest.bytes().all(|x| matches!(x, b'0' | b'.')) => rest.to_owned(),
        _ => text,
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let negative = whole.starts_with('-');
    let magnitude: i128 = whole.trim_start_matches('-').parse().unwrap_or(0);
    let sign = if negative { "-" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{}{point}{fraction}", count(magnitude))
}

/// A figure with so many decimals.
pub fn figure(figure: Figure, decimals: usize) -> String {
    figure
        .value()
        .map_or_else(|| NONE.into(), |x| decimal(x, decimals))
}

/// A share as per cent: `1.25%`.
pub fn percent(figure: Figure, decimals: usize) -> String {
    match figure.value() {
        None => NONE.into(),
        Some(share) if share.abs() >= 10.0 => format!("{}%", decimal(share * 100.0, 0)),
        Some(share) => format!("{}%", decimal(share * 100.0, decimals)),
    }
}

/// A span of seconds in the two largest units that matter: `6 h 30 min`.
pub fn span(seconds: f64) -> String {
    let magnitude = seconds.abs();
    if magnitude < 1e-3 {
        return format!("{} µs", decimal(seconds * 1e6, 0));
    }
    if magnitude < 1.0 {
        return format!("{} ms", decimal(seconds * 1e3, 0));
    }
    if magnitude < 60.0 {
        return format!("{} s", decimal(seconds, 1));
    }
    let whole = seconds.round() as i64;
    let two = |large: i64, unit: &str, small: i64, of: &str| match small {
        0 => format!("{} {unit}", count(large)),
        _ => format!("{} {unit} {small} {of}", count(large)),
    };
    match whole {
        ..3_600 => two(whole / 60, "min", whole % 60, "s"),
        3_600..86_400 => two(whole / 3_600, "h", whole % 3_600 / 60, "min"),
        _ => two(whole / 86_400, "d", whole % 86_400 / 3_600, "h"),
    }
}

/// A figure of seconds as a span.
pub fn span_figure(figure: Figure) -> String {
    figure.value().map_or_else(|| NONE.into(), span)
}

/// A time to the second: `2012-06-21 13:30:00`.
pub fn time(at: i64) -> String {
    let text = Timestamp(at).to_string();
    let (seconds, _) = text.split_once('.').unwrap_or((&text, ""));
    seconds.replace('T', " ")
}

/// A time to the microsecond: `2012-06-21 13:30:00.015105`.
pub fn time_micros(at: i64) -> String {
    let text = Timestamp(at).to_string().replace('T', " ");
    text.trim_end_matches('Z')
        .char_indices()
        .nth(26)
        .map_or(text.clone(), |(end, _)| text[..end].to_owned())
}

/// A day counted from 1970-01-01: `2012-06-21`.
pub fn day(day: i64) -> String {
    let text = Timestamp(day.saturating_mul(crate::figures::NANOS_PER_DAY)).to_string();
    text.chars().take(10).collect()
}

/// The first twelve digits of a digest.
pub fn short_digest(digest: &str) -> String {
    digest.chars().take(12).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(-123), "-123");
        assert_eq!(money(Money(-1_234_505_000_000)), "-1,234.51");
        assert_eq!(money(Money(0)), "0.00");
        assert_eq!(money(Money(-1_500_000)), "-0.002");
        assert_eq!(signed_money(Money::from_units(12)), "+12.00");
        assert_eq!(decimal(-0.001, 2), "0.00");
        assert_eq!(decimal(-12_345.678, 1), "-12,345.7");
        assert_eq!(decimal(3e12, 1), "3.0e12");
        assert_eq!(percent(Figure::Value(0.01254), 2), "1.25%");
        assert_eq!(percent(Figure::Undefined("no fills"), 2), "–");
    }

    #[test]
    fn spans_and_times_read_well() {
        for (seconds, text) in [
            (0.000_012, "12 µs"),
            (0.25, "250 ms"),
            (12.34, "12.3 s"),
            (90.0, "1 min 30 s"),
            (23_400.0, "6 h 30 min"),
            (172_800.0, "2 d"),
        ] {
            assert_eq!(span(seconds), text);
        }
        assert_eq!(time(1_340_285_400_015_105_074), "2012-06-21 13:30:00");
        assert_eq!(
            time_micros(1_340_285_400_015_105_074),
            "2012-06-21 13:30:00.015105"
        );
    }
}
