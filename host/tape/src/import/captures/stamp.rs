//! The local time before a captured message.
//!
//! Takes in a line of a capture; gives out its time and its message. Two ways of writing are known: nanoseconds and a
//! blank (`1723161255030314667 {..}`), and seconds and a colon (`1652459225.5004: {..}`). A line without a time is a
//! message that was archived by the venue itself.

use crate::import::feed::Decimal;

/// What a line of a capture is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// A message, and when it was received: nanoseconds since the Unix epoch.
    Message(Option<i64>, &'a [u8]),
    /// What the recording program noted of its connection.
    Note,
}

/// Takes a line apart; none where it is neither message nor note.
pub(super) fn split(line: &[u8]) -> Option<Line<'_>> {
    let line = line.trim_ascii();
    if line.is_empty()
        || line.starts_with(b"wss://")
        || line.starts_with(b"ws://")
        || line.starts_with(b"http")
    {
        return Some(Line::Note);
    }
    if line.starts_with(b"{") || line.starts_with(b"[") {
        return Some(Line::Message(None, line));
    }
    let end = line.iter().position(|byte| *byte == b' ')?;
    let (stamp, message) = (line.get(..end)?, line.get(end..)?.trim_ascii());
    let stamp = stamp.strip_suffix(b":").unwrap_or(stamp);
    let received = match stamp.contains(&b'.') {
        true => Decimal::parse(stamp)?
            .0
            .checked_div(Decimal::NANO.0)?
            .try_into()
            .ok()?,
        false => epoch(std::str::from_utf8(stamp).ok()?.parse().ok()?)?,
    };
    let is_message = message.starts_with(b"{") || message.starts_with(b"[");
    is_message.then_some(Line::Message(Some(received), message))
}

/// A time in seconds, milliseconds, microseconds or nanoseconds since the Unix epoch, as nanoseconds: times from 1973
/// to 2286 tell their unit by their size.
pub(crate) fn epoch(time: i64) -> Option<i64> {
    let unit = match time {
        100_000_000..10_000_000_000 => 1_000_000_000,
        100_000_000_000..10_000_000_000_000 => 1_000_000,
        100_000_000_000_000..10_000_000_000_000_000 => 1_000,
        100_000_000_000_000_000.. => 1,
        _ => return None,
    };
    time.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_times_and_messages() {
        let message = |at| Some(Line::Message(at, &b"{}"[..]));
        for (line, expected) in [
            (
                "1723161255030314667 {}",
                message(Some(1_723_161_255_030_314_667)),
            ),
            (
                "1652459225.5073643: {}",
                message(Some(1_652_459_225_507_364_300)),
            ),
            ("1652459225: {}", message(Some(1_652_459_225_000_000_000))),
            ("{}", message(None)),
            ("wss://x <-> 1652459224.5", Some(Line::Note)),
            ("", Some(Line::Note)),
            ("hello {}", None),
            ("12 {}", None),
            ("1723161255030314667 hello", None),
            ("1723161255030314667", None),
        ] {
            assert_eq!(split(line.as_bytes()), expected, "{line}");
        }
    }

    #[test]
    fn epochs_tell_their_unit() {
        for (time, nanos) in [
            (1_583_020_803, Some(1_583_020_803_000_000_000)),
            (1_583_020_803_145, Some(1_583_020_803_145_000_000)),
            (1_583_020_803_145_000, Some(1_583_020_803_145_000_000)),
            (1_583_020_803_145_000_000, Some(1_583_020_803_145_000_000)),
            (0, None),
            (-1, None),
            (50_000_000_000, None),
        ] {
            assert_eq!(epoch(time), nanos, "{time}");
        }
    }
}
