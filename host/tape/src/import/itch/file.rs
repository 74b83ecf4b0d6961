//! One file of TotalView-ITCH 5.0: messages, each after its length in two bytes.
//!
//! Takes in a file; gives out its messages one by one, and the date that its name says: `01302019.NASDAQ_ITCH50`
//! (month, day, year) or `S013019-v50.txt` (month, day, year of two digits).

use std::io::Read;

use super::super::part::{Part, Stream};
use super::message::{Head, Message, parse};
use crate::error::TapeError;
use crate::time_zone::Date;

/// Bytes of a message's length.
const LENGTH_BYTES: u64 = 2;
/// The most bytes of a message; the specification's longest has 50.
const MESSAGE_BYTES_MAX: usize = 512;

/// Whether bytes begin with the message that every day begins with: the start of messages.
pub(super) fn is_itch(head: &[u8]) -> bool {
    head.get(..3) == Some(b"\0\x0cS") && head.get(13) == Some(&b'O')
}

/// The date that a name says.
pub(super) fn date_of(name: &str) -> Option<Date> {
    let digits = name.strip_prefix('S').unwrap_or(name);
    let count = digits.bytes().take_while(u8::is_ascii_digit).count();
    let digits = digits.get(..count)?;
    let year = match count {
        8 => digits.get(4..)?.to_owned(),
        6 => format!("20{}", digits.get(4..)?),
        _ => return None,
    };
    Date::parse(&format!(
        "{year}-{}-{}",
        digits.get(..2)?,
        digits.get(2..4)?
    ))
}

/// Reads the messages of one file.
pub(super) struct ItchFile {
    part: Part,
    stream: Stream,
    /// Messages so far.
    messages: u64,
    /// Where the latest message begins, in the uncompressed bytes.
    byte: u64,
    /// Where the next message begins.
    next_byte: u64,
}

impl ItchFile {
    /// Opens a file.
    pub(super) fn open(part: &Part) -> Result<ItchFile, TapeError> {
        Ok(ItchFile {
            part: part.clone(),
            stream: part.open()?,
            messages: 0,
            byte: 0,
            next_byte: 0,
        })
    }

    /// The bytes read so far, uncompressed.
    pub(super) const fn bytes(&self) -> u64 {
        self.next_byte
    }

    /// Messages so far.
    pub(super) const fn messages(&self) -> u64 {
        self.messages
    }

    /// An error at the latest message.
    pub(super) fn wrong(&self, why: impl Into<String>) -> TapeError {
        TapeError::Record {
            path: self.part.shown().to_path_buf(),
            record: self.messages,
            byte: Some(self.byte),
            why: why.into(),
        }
    }

    /// The next message. A length of zero ends the day.
    pub(super) fn next(&mut self) -> Result<Option<(Head, Message)>, TapeError> {
        self.byte = self.next_byte;
        let Some(length) = self.length()? else {
            return Ok(None);
        };
        self.messages = self.messages.saturating_add(1);
        let mut buffer = [0; MESSAGE_BYTES_MAX];
        let Some(bytes) = buffer.get_mut(..length) else {
            return Err(self.wrong(format!("a message cannot be {length} bytes long")));
        };
        self.stream
            .read_exact(bytes)
            .map_err(|error| self.wrong(format!("the file ends within it: {error}")))?;
        self.next_byte = self
            .next_byte
            .saturating_add(LENGTH_BYTES)
            .saturating_add(length as u64);
        parse(bytes).map(Some).map_err(|why| self.wrong(why))
    }

    /// The length of the next message; none at the end.
    fn length(&mut self) -> Result<Option<usize>, TapeError> {
        let mut length = [0; LENGTH_BYTES as usize];
        let mut filled = 0;
        while let Some(rest) = length.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            let count = self
                .stream
                .read(rest)
                .map_err(|error| self.wrong(format!("the file cannot be read further: {error}")))?;
            if count == 0 && filled == 0 {
                return Ok(None);
            }
            if count == 0 {
                return Err(self.wrong("the file ends within the length of a message"));
            }
            filled += count;
        }
        let length = usize::from(u16::from_be_bytes(length));
        Ok((length > 0).then_some(length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_the_date() {
        let date = |text| Date::parse(text);
        assert_eq!(date_of("01302019.NASDAQ_ITCH50"), date("2019-01-30"));
        assert_eq!(date_of("S013019-v50.txt"), date("2019-01-30"));
        for name in ["20190130.NASDAQ_ITCH50", "itch.bin", "S0130-v50.txt", ""] {
            assert_eq!(date_of(name), None, "{name}");
        }
    }
}
