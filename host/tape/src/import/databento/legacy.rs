//! DBZ, the precursor of DBN: records of version 1 in a Zstandard stream that begins with its metadata.
//!
//! Takes in a file that is not trusted; gives out the schema and the symbols that its metadata says. What follows it is
//! read like DBN of version 1, since a Zstandard decoder passes over the frame in which the metadata stands. The library
//! still has a decoder of this format, but one that believes every count that a file claims; so the layout is written
//! down here: a skippable frame of 96 bytes of fixed fields, then the lists of symbols as a Zstandard stream.

use std::collections::BTreeMap;
use std::io::{self, Read};

use dbn::enums::Schema;

use super::super::part::Stream;

/// The version of DBN whose records DBZ files hold.
pub(super) const DBN_VERSION: u8 = 1;
/// The first bytes of Zstandard's skippable frames, as little-endian numbers.
const SKIPPABLE: std::ops::RangeInclusive<u32> = 0x184D_2A50..=0x184D_2A5F;
/// Bytes of the frame's magic and length.
const FRAME_HEAD_BYTES: usize = 8;
/// Bytes of the fixed fields: `DBZ`, a version, the dataset, the schema and what is not needed here.
const FIXED_BYTES: usize = 96;
/// Where the schema stands among them.
const SCHEMA_AT: usize = 20;
/// Bytes of a symbol.
const SYMBOL_BYTES: usize = 22;
/// The most bytes of the lists of symbols that are read.
const LISTS_BYTES_MAX: u64 = 1 << 26;

/// What the metadata says.
#[derive(Debug, Default)]
pub(super) struct Legacy {
    pub(super) schema: Option<Schema>,
    /// The symbols by instrument number.
    pub(super) symbols: BTreeMap<u32, String>,
}

/// Whether a file begins so.
pub(super) fn is_dbz(head: &[u8]) -> bool {
    let magic = head.first_chunk().map(|bytes| u32::from_le_bytes(*bytes));
    magic.is_some_and(|magic| SKIPPABLE.contains(&magic))
        && head.get(FRAME_HEAD_BYTES..FRAME_HEAD_BYTES + 4) == Some(b"DBZ\x01")
}

/// What a file says about itself; its frame has `length` bytes.
pub(super) fn metadata(mut stream: Stream, length: u64) -> io::Result<Legacy> {
    let cut = || io::Error::new(io::ErrorKind::InvalidData, "its metadata is cut off");
    let mut head = [0; FRAME_HEAD_BYTES];
    stream.read_exact(&mut head)?;
    let mut frame = Vec::new();
    stream.take(length).read_to_end(&mut frame)?;
    if frame.len() as u64 != length {
        return Err(cut());
    }
    let (fixed, packed) = frame.split_at_checked(FIXED_BYTES).ok_or_else(cut)?;
    let schema = fixed.get(SCHEMA_AT..).and_then(|rest| rest.first_chunk());
    let schema = schema.and_then(|bytes| Schema::try_from(u16::from_le_bytes(*bytes)).ok());
    let mut lists = Vec::new();
    zstd::stream::read::Decoder::with_buffer(packed)?
        .take(LISTS_BYTES_MAX)
        .read_to_end(&mut lists)?;
    let symbols = Lists(&lists).symbols().ok_or_else(cut)?;
    Ok(Legacy { schema, symbols })
}

/// The lists of symbols that are left to read.
struct Lists<'a>(&'a [u8]);

impl Lists<'_> {
    fn number(&mut self) -> Option<u32> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*first))
    }

    fn symbol(&mut self) -> Option<String> {
        let (first, rest) = self.0.split_at_checked(SYMBOL_BYTES)?;
        self.0 = rest;
        let text = String::from_utf8_lossy(first);
        Some(text.trim_end_matches('\0').to_owned())
    }

    /// Three lists of symbols, then those by instrument number, each with the days from which and to which it holds.
    fn symbols(&mut self) -> Option<BTreeMap<u32, String>> {
        if self.number()? != 0 {
            return None;
        }
        for _ in 0..3 {
            for _ in 0..self.number()? {
                self.symbol()?;
            }
        }
        let mut symbols = BTreeMap::new();
        for _ in 0..self.number()? {
            let symbol = self.symbol()?;
            for _ in 0..self.number()? {
                self.number()?;
                self.number()?;
                if let Ok(number) = self.symbol()?.parse() {
                    symbols.entry(number).or_insert_with(|| symbol.clone());
                }
            }
        }
        Some(symbols)
    }
}
