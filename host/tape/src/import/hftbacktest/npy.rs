//! One NumPy array of hftbacktest's events.
//!
//! Takes in a `.npy` file, or the one within an `.npz`; gives out its rows one by one. The array's own description of
//! its fields is checked: eight little-endian fields of eight bytes.

use std::io::Read;

use super::super::part::{Part, Stream};
use crate::error::TapeError;

/// The first bytes of a `.npy` file.
pub(super) const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// Bytes of a row.
const ROW_BYTES: usize = 64;
/// Bytes of a field.
const FIELD_BYTES: usize = 8;
/// The most bytes of a header that are read.
const HEADER_BYTES_MAX: usize = 1 << 16;
/// The fields in their order: name and NumPy's name of the type.
const FIELDS: [(&str, &str); 8] = [
    ("ev", "<u8"),
    ("exch_ts", "<i8"),
    ("local_ts", "<i8"),
    ("px", "<f8"),
    ("qty", "<f8"),
    ("order_id", "<u8"),
    ("ival", "<i8"),
    ("fval", "<f8"),
];

/// A row, as it is stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Event {
    /// What happens, and to whom it is known: see [`super::event`].
    pub(super) ev: u64,
    /// The exchange's time, nanoseconds.
    pub(super) exch_ts: i64,
    /// The local time, nanoseconds.
    pub(super) local_ts: i64,
    pub(super) px: f64,
    pub(super) qty: f64,
    pub(super) order_id: u64,
}

/// Reads the rows of one array.
pub(super) struct Npy {
    part: Part,
    stream: Stream,
    rows: u64,
    /// The row that was read last, counted from 1.
    row: u64,
    /// Where that row begins.
    byte: u64,
    header_bytes: u64,
}

impl Npy {
    /// Opens an array and checks its header.
    pub(super) fn open(part: &Part) -> Result<Npy, TapeError> {
        let mut stream = part.open()?;
        let header = header(&mut stream).map_err(|why| TapeError::input(part.shown(), why))?;
        let rows = rows(&header.text).map_err(|why| TapeError::input(part.shown(), why))?;
        Ok(Npy {
            part: part.clone(),
            stream,
            rows,
            row: 0,
            byte: 0,
            header_bytes: header.bytes,
        })
    }

    /// The bytes read so far, uncompressed.
    pub(super) const fn bytes(&self) -> u64 {
        self.byte.saturating_add(ROW_BYTES as u64)
    }

    /// An error at the latest row.
    pub(super) fn wrong(&self, why: impl Into<String>) -> TapeError {
        TapeError::Record {
            path: self.part.shown().to_path_buf(),
            record: self.row,
            byte: Some(self.byte),
            why: why.into(),
        }
    }

    /// The next row.
    pub(super) fn next(&mut self) -> Result<Option<Event>, TapeError> {
        if self.row == self.rows {
            return Ok(None);
        }
        self.byte = self
            .header_bytes
            .saturating_add(self.row.saturating_mul(ROW_BYTES as u64));
        self.row = self.row.saturating_add(1);
        let mut bytes = [0; ROW_BYTES];
        self.stream.read_exact(&mut bytes).map_err(|error| {
            self.wrong(format!(
                "the array of {} rows ends within it: {error}",
                self.rows
            ))
        })?;
        let field = |place: usize| {
            let start = place * FIELD_BYTES;
            let field = bytes.get(start..).and_then(|rest| rest.first_chunk());
            field.copied().unwrap_or_default()
        };
        Ok(Some(Event {
            ev: u64::from_le_bytes(field(0)),
            exch_ts: i64::from_le_bytes(field(1)),
            local_ts: i64::from_le_bytes(field(2)),
            px: f64::from_le_bytes(field(3)),
            qty: f64::from_le_bytes(field(4)),
            order_id: u64::from_le_bytes(field(5)),
        }))
    }
}

struct Header {
    text: String,
    bytes: u64,
}

/// The text of a header: magic, version, length (two bytes in version 1, four in later ones), a Python dictionary.
fn header(stream: &mut Stream) -> Result<Header, String> {
    let cut = |_| "its header is cut off".to_owned();
    let mut start = [0; 8];
    stream.read_exact(&mut start).map_err(cut)?;
    if !start.starts_with(MAGIC) {
        return Err("it does not begin like a NumPy array".to_owned());
    }
    let (length, before) = if start[6] == 1 {
        let mut length = [0; 2];
        stream.read_exact(&mut length).map_err(cut)?;
        (usize::from(u16::from_le_bytes(length)), 10)
    } else {
        let mut length = [0; 4];
        stream.read_exact(&mut length).map_err(cut)?;
        (u32::from_le_bytes(length) as usize, 12)
    };
    if length > HEADER_BYTES_MAX {
        return Err(format!("its header cannot be {length} bytes long"));
    }
    let mut text = vec![0; length];
    stream.read_exact(&mut text).map_err(cut)?;
    let text = String::from_utf8(text).map_err(|_| "its header is no text".to_owned())?;
    Ok(Header {
        text,
        bytes: length as u64 + before,
    })
}

/// The number of rows, where the header describes rows of events.
fn rows(header: &str) -> Result<u64, String> {
    let text: String = header.chars().filter(|x| !x.is_whitespace()).collect();
    let text = text.replace('"', "'");
    let fields: Vec<String> = FIELDS
        .iter()
        .map(|(name, kind)| format!("('{name}','{kind}')"))
        .collect();
    let wanted = format!("'descr':[{}]", fields.join(","));
    if !text.contains(&wanted) {
        let is_old = text.contains("'descr':'<f8'");
        return Err(match is_old {
            true => "its rows are plain numbers, as hftbacktest before version 2 wrote them; convert them with \
                     hftbacktest's own tools"
                .to_owned(),
            false => "its rows are not hftbacktest's events of 64 bytes".to_owned(),
        });
    }
    let shape = text.split_once("'shape':(").map(|(_, rest)| rest);
    let count = shape
        .and_then(|rest| rest.split_once(",)"))
        .map(|(count, _)| count);
    let count = count.and_then(|count| count.trim_end_matches('L').parse().ok());
    count.ok_or_else(|| "its header does not say that it is a list of rows".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(fields: &str, shape: &str) -> String {
        format!("{{'descr': [{fields}], 'fortran_order': False, 'shape': {shape}, }}   \n")
    }

    #[test]
    fn the_header_must_describe_the_rows() {
        let fields: Vec<String> = FIELDS
            .iter()
            .map(|(name, kind)| format!("('{name}', '{kind}')"))
            .collect();
        let fields = fields.join(", ");
        assert_eq!(rows(&described(&fields, "(12,)")), Ok(12));
        assert!(rows(&described(&fields, "(12, 2)")).is_err());
        assert!(rows(&described(&fields.replace("<f8", "<f4"), "(12,)")).is_err());
        let old = "{'descr': '<f8', 'fortran_order': False, 'shape': (9, 6), }";
        assert!(rows(old).unwrap_err().contains("before version 2"));
    }
}
