//! Numbers as the bytes of a saved state, and back.
//!
//! Takes in numbers and lists in an order that the strategy chooses; gives out bytes, and from these the same numbers in
//! the same order. Numbers are little-endian; a list is preceded by its length.
//!
//! ```
//! use backplane_sdk::saved::{Saved, Saver};
//!
//! let mut saver = Saver::new();
//! saver.integer(7);
//! saver.floats([1.5, 2.5]);
//! let bytes = saver.finish();
//! let mut saved = Saved::new(&bytes);
//! assert_eq!(saved.integer(), Ok(7));
//! assert_eq!(saved.floats::<Vec<f64>>(), Ok(vec![1.5, 2.5]));
//! assert!(saved.is_empty() && saved.integer().is_err());
//! assert_eq!(saved.end(), Ok(()));
//! ```

/// Writes numbers down.
#[derive(Debug, Default)]
pub struct Saver {
    bytes: Vec<u8>,
}

impl Saver {
    /// Nothing is written yet.
    pub const fn new() -> Saver {
        Saver { bytes: Vec::new() }
    }

    /// Writes a whole number.
    pub fn integer(&mut self, number: i64) {
        self.bytes.extend(number.to_le_bytes());
    }

    /// Writes a number, to the last bit.
    pub fn float(&mut self, number: f64) {
        self.bytes.extend(number.to_le_bytes());
    }

    /// Writes a list of numbers with its length.
    pub fn floats(&mut self, numbers: impl IntoIterator<Item = f64>) {
        let place = self.bytes.len();
        self.integer(0);
        let mut count = 0_i64;
        for number in numbers {
            self.float(number);
            count += 1;
        }
        self.bytes[place..place + 8].copy_from_slice(&count.to_le_bytes());
    }

    /// What was written.
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

/// Reads what a [`Saver`] wrote, in the same order.
#[derive(Clone, Copy, Debug)]
pub struct Saved<'a> {
    bytes: &'a [u8],
}

impl<'a> Saved<'a> {
    /// Reads from the beginning of saved bytes.
    pub const fn new(bytes: &'a [u8]) -> Saved<'a> {
        Saved { bytes }
    }

    /// Whether all was read.
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Checks that all was read.
    ///
    /// # Errors
    /// That more bytes follow than the strategy wrote: it is no state of it.
    pub fn end(self) -> Result<(), String> {
        match self.bytes.len() {
            0 => Ok(()),
            more => Err(format!(
                "the saved state goes on for {more} bytes behind its end"
            )),
        }
    }

    /// A whole number.
    ///
    /// # Errors
    /// That the bytes end before it.
    pub fn integer(&mut self) -> Result<i64, String> {
        let Some((number, rest)) = self.bytes.split_first_chunk() else {
            return Err("the saved state ends too soon".into());
        };
        self.bytes = rest;
        Ok(i64::from_le_bytes(*number))
    }

    /// A number.
    ///
    /// # Errors
    /// That the bytes end before it.
    pub fn float(&mut self) -> Result<f64, String> {
        self.integer().map(|x| f64::from_bits(x as u64))
    }

    /// A list of numbers.
    ///
    /// # Errors
    /// That the bytes end before it does, or that its length is none.
    pub fn floats<C: FromIterator<f64>>(&mut self) -> Result<C, String> {
        let count = u64::try_from(self.integer()?);
        let count = count.map_err(|_| "the saved state has a list of a negative length")?;
        (0..count).map(|_| self.float()).collect()
    }
}
