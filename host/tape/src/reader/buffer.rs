//! A reused, 8-byte-aligned buffer that a part of a file is read into.
//!
//! Takes in an open file, an offset and a length that the caller has checked against the file, or values that were
//! decoded elsewhere; gives out the bytes, or the integers that they are.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use bytemuck::{AnyBitPattern, NoUninit};

/// Bytes whose first is aligned for every integer of a tape.
#[derive(Debug, Default)]
pub(super) struct AlignedBuffer {
    words: Vec<u64>,
    length: usize,
}

impl AlignedBuffer {
    /// Replaces the content by `length` bytes of `file` from `offset`.
    pub(super) fn read(&mut self, file: &File, offset: u64, length: usize) -> io::Result<()> {
        let words = length.div_ceil(8);
        if self.words.len() < words {
            self.words.resize(words, 0);
        }
        self.length = length;
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut self.words);
        match bytes.get_mut(..length) {
            Some(bytes) => file.read_exact_at(bytes, offset),
            None => Err(io::Error::from(io::ErrorKind::InvalidInput)),
        }
    }

    /// Forgets the content.
    pub(super) fn clear(&mut self) {
        self.length = 0;
    }

    /// Appends values; the content so far must be values of the same width.
    pub(super) fn extend<T: NoUninit>(&mut self, values: &[T]) {
        let more: &[u8] = bytemuck::cast_slice(values);
        let length = self.length.saturating_add(more.len());
        let words = length.div_ceil(8);
        if self.words.len() < words {
            self.words.resize(words.next_power_of_two(), 0);
        }
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut self.words);
        if let Some(room) = bytes.get_mut(self.length..length) {
            room.copy_from_slice(more);
        }
        self.length = length;
    }

    /// The bytes that were read.
    pub(super) fn bytes(&self) -> &[u8] {
        let bytes: &[u8] = bytemuck::cast_slice(&self.words);
        bytes.get(..self.length).unwrap_or_default()
    }

    /// The bytes as integers; none where the length does not divide, which the reader's checks exclude.
    pub(super) fn values<T: AnyBitPattern + NoUninit>(&self) -> &[T] {
        bytemuck::try_cast_slice(self.bytes()).unwrap_or_default()
    }
}
