//! Lines of text.
//!
//! Takes in a stream that is not trusted; gives out its lines one by one, of bounded length, and their fields as
//! integers that never were floats.

use std::io::{BufRead, Read};

use crate::error::{Place, TapeError};

/// Bytes in a line: two hundred levels of a book fit several times.
const LINE_BYTES_MAX: u64 = 1 << 16;

/// Reads lines and knows where it is.
pub(crate) struct Lines<R> {
    reader: R,
    place: Place,
    limit: u64,
    line: Vec<u8>,
    number: u64,
    bytes: u64,
}

impl<R: BufRead> Lines<R> {
    /// The lines of `reader`, which errors call `place`.
    pub(crate) fn new(reader: R, place: Place) -> Lines<R> {
        Lines {
            reader,
            place,
            limit: LINE_BYTES_MAX,
            line: Vec::new(),
            number: 0,
            bytes: 0,
        }
    }

    /// Lets lines be of up to so many bytes.
    pub(crate) fn with_limit(mut self, bytes: u64) -> Lines<R> {
        self.limit = bytes;
        self
    }

    /// Goes to the next line; false at the end.
    pub(crate) fn advance(&mut self) -> Result<bool, TapeError> {
        self.line.clear();
        self.number = self.number.saturating_add(1);
        let result = self
            .reader
            .by_ref()
            .take(self.limit)
            .read_until(b'\n', &mut self.line);
        let count = result
            .map_err(|error| self.wrong(format!("the file cannot be read further: {error}")))?;
        self.bytes = self.bytes.saturating_add(count as u64);
        if count as u64 == self.limit && self.line.last() != Some(&b'\n') {
            return Err(self.wrong(format!("it is longer than {} bytes", self.limit)));
        }
        while matches!(self.line.last(), Some(b'\n' | b'\r')) {
            self.line.pop();
        }
        Ok(count > 0)
    }

    /// The line itself, without its end.
    pub(crate) fn line(&self) -> &[u8] {
        &self.line
    }

    /// The fields of the line.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &[u8]> {
        self.line.split(|byte| *byte == b',')
    }

    /// The number of the line, counted from 1.
    pub(crate) const fn number(&self) -> u64 {
        self.number
    }

    /// The bytes read so far.
    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What errors call the file.
    pub(crate) const fn place(&self) -> &Place {
        &self.place
    }

    /// An error at this line.
    pub(crate) fn wrong(&self, why: impl Into<String>) -> TapeError {
        TapeError::Line {
            place: self.place.clone(),
            line: self.number,
            why: why.into(),
        }
    }
}

/// A decimal integer with an optional minus sign.
pub(crate) fn integer(field: &[u8]) -> Option<i64> {
    let (is_negative, digits) = match field.split_first() {
        Some((b'-', digits)) => (true, digits),
        _ => (false, field),
    };
    let value = natural(digits)?;
    if is_negative {
        value.checked_neg()
    } else {
        Some(value)
    }
}

/// A decimal integer without a sign.
pub(crate) fn natural(digits: &[u8]) -> Option<i64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_i64, |value, digit| {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit <= 9)?;
        value.checked_mul(10)?.checked_add(i64::from(digit))
    })
}

/// Decimal seconds as nanoseconds; digits beyond the ninth are cut off.
pub(crate) fn nanoseconds(field: &[u8]) -> Option<i64> {
    let mut parts = field.splitn(2, |byte| *byte == b'.');
    let seconds = natural(parts.next()?)?.checked_mul(1_000_000_000)?;
    let Some(decimals) = parts.next() else {
        return Some(seconds);
    };
    if decimals.is_empty() || !decimals.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let nanos = (0..9).fold(0_i64, |value, place| {
        value * 10
            + decimals
                .get(place)
                .map_or(0, |digit| i64::from(digit - b'0'))
    });
    seconds.checked_add(nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_seconds_keep_every_digit_that_they_have() {
        for (text, nanos) in [
            ("34200.18960767", Some(34_200_189_607_670)),
            ("34200", Some(34_200_000_000_000)),
            ("34200.0", Some(34_200_000_000_000)),
            ("34200.123456789012", Some(34_200_123_456_789)),
            ("34200.", None),
            (".5", None),
            ("-1.5", None),
            ("34200.1e5", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(nanoseconds(text.as_bytes()), nanos, "{text}");
        }
    }

    #[test]
    fn integers_that_do_not_fit_are_refused() {
        assert_eq!(integer(b"-12"), Some(-12));
        for text in ["", "-", "1-", "12a", "9223372036854775808", " 1"] {
            assert_eq!(integer(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn lines_of_any_ending_are_counted() {
        let place = Place {
            path: "x.csv".into(),
            entry: None,
        };
        let mut lines = Lines::new(&b"1,2\r\n3\n4"[..], place);
        let mut seen = Vec::new();
        while lines.advance().unwrap() {
            seen.push((lines.number(), lines.fields().count()));
        }
        assert_eq!(seen, [(1, 2), (2, 1), (3, 1)]);
    }

    #[test]
    fn a_line_without_an_end_is_refused() {
        let place = Place {
            path: "x.csv".into(),
            entry: None,
        };
        let mut lines = Lines::new(std::io::BufReader::new(std::io::repeat(b'1')), place);
        assert!(lines.advance().unwrap_err().to_string().contains("line 1"));
    }
}
