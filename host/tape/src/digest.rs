//! The digest of a tape's columns.
//!
//! Takes in column bytes, batch by batch; gives out one BLAKE3 value that does not depend on how rows were batched, on
//! the order of the columns in the file, nor on the metadata.

use crate::format::column;

/// Hashes every column by itself, then the columns' digests in the format's order.
pub(crate) struct ColumnDigest {
    columns: Vec<blake3::Hasher>,
}

impl ColumnDigest {
    /// The digest of no rows.
    pub(crate) fn new() -> ColumnDigest {
        ColumnDigest {
            columns: vec![blake3::Hasher::new(); column::COUNT],
        }
    }

    /// Takes in the next bytes of a column.
    pub(crate) fn update(&mut self, column: usize, bytes: &[u8]) {
        if let Some(hasher) = self.columns.get_mut(column) {
            hasher.update(bytes);
        }
    }

    /// The digest in hexadecimal.
    pub(crate) fn hexadecimal(&self) -> String {
        let mut all = blake3::Hasher::new();
        for hasher in &self.columns {
            all.update(hasher.finalize().as_bytes());
        }
        all.finalize().to_hex().to_string()
    }
}
