//! One DBN file.
//!
//! Takes in a file of any DBN version, or of its precursor DBZ; gives out its records one by one. That a file is cut off
//! is noticed: the decoder takes the end of a stream for the end of the data, so what it consumed is compared with what
//! was there.

use std::collections::BTreeMap;
use std::io::{self, Read};

use dbn::decode::dbn::{MetadataDecoder, RecordDecoder};
use dbn::enums::Schema;
use dbn::{Metadata, Record, VersionUpgradePolicy};

use super::super::part::{Part, Stream, decompressed};
use super::legacy;
use super::record::{Item, Shape, Sides, item};
use crate::error::TapeError;

/// The first bytes of an uncompressed DBN file.
const DBN_MAGIC: &[u8; 3] = b"DBN";
/// Bytes before the part of the metadata that its length counts.
const PRELUDE_BYTES: u64 = 8;
/// The bytes that tell a DBZ file.
const DBZ_HEAD_BYTES: usize = 12;
/// The most bytes of metadata that are read.
const METADATA_BYTES_MAX: u32 = 1 << 26;

/// Whether uncompressed bytes begin like DBN or DBZ.
pub(super) fn is_databento(head: &[u8]) -> bool {
    head.starts_with(DBN_MAGIC) || legacy::is_dbz(head)
}

/// Counts bytes, and turns the end of a cut-off stream into an error that the decoder cannot take for an end.
struct Strict {
    inner: Stream,
    bytes: u64,
}

impl Read for Strict {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self
            .inner
            .read(buffer)
            .map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => io::Error::new(
                    io::ErrorKind::InvalidData,
                    "the compressed stream is cut off",
                ),
                _ => error,
            })?;
        self.bytes = self.bytes.saturating_add(count as u64);
        Ok(count)
    }
}

/// Reads the records of one file.
pub(super) struct DatabentoFile {
    part: Part,
    decoder: RecordDecoder<Strict>,
    shape: Shape,
    symbols: BTreeMap<u32, String>,
    /// The levels that the latest record shows.
    pub(super) sides: Sides,
    /// Records so far.
    records: u64,
    /// Where the next record begins in the uncompressed bytes.
    byte: u64,
}

impl DatabentoFile {
    /// Opens a file and reads its metadata.
    pub(super) fn open(part: &Part) -> Result<DatabentoFile, TapeError> {
        let head = part.head(DBZ_HEAD_BYTES)?;
        let opened = if legacy::is_dbz(&head) {
            open_dbz(part, &head)?
        } else if head.starts_with(DBN_MAGIC) {
            open_dbn(part)?
        } else {
            let why = match part.name().contains(".frag") {
                true => {
                    "it is a fragment of a DBN file: without the beginning, nothing says of which version its records \
                     are; put the parts together"
                }
                false => "it does not begin like a DBN file",
            };
            return Err(TapeError::input(part.shown(), why));
        };
        let strict = Strict {
            inner: opened.records,
            bytes: opened.byte,
        };
        let (version, policy) = (opened.shape.version, VersionUpgradePolicy::AsIs);
        let decoder = RecordDecoder::with_version(strict, version, policy, opened.ts_out)
            .map_err(|error| unreadable(part, &error))?;
        Ok(DatabentoFile {
            part: part.clone(),
            decoder,
            shape: opened.shape,
            symbols: opened.symbols,
            sides: Sides::default(),
            records: 0,
            byte: opened.byte,
        })
    }

    /// The symbols by instrument number.
    pub(super) const fn symbols(&self) -> &BTreeMap<u32, String> {
        &self.symbols
    }

    /// The schema of the file's records; none where it holds several.
    pub(super) const fn schema(&self) -> Option<Schema> {
        self.shape.schema
    }

    /// The bytes read so far, uncompressed.
    pub(super) fn bytes(&self) -> u64 {
        self.decoder.get_ref().bytes
    }

    /// An error at the latest record.
    pub(super) fn wrong(&self, why: impl Into<String>) -> TapeError {
        TapeError::Record {
            path: self.part.shown().to_path_buf(),
            record: self.records,
            byte: Some(self.byte),
            why: why.into(),
        }
    }

    /// The next record.
    pub(super) fn next(&mut self) -> Result<Option<Item>, TapeError> {
        self.records = self.records.saturating_add(1);
        let (size, item) = match self.decoder.decode_ref() {
            Ok(Some(record)) => (
                record.record_size(),
                item(&record, self.shape, &mut self.sides),
            ),
            Ok(None) => {
                return match self.bytes().checked_sub(self.byte) {
                    Some(0) => Ok(None),
                    _ => Err(self.wrong("the file ends within it")),
                };
            }
            Err(error) => {
                let why = error.to_string();
                return Err(self.wrong(why));
            }
        };
        let item = item.map_err(|why| self.wrong(why))?;
        self.byte = self.byte.saturating_add(size as u64);
        Ok(Some(item))
    }
}

/// An opened file before its first record.
struct Opened {
    shape: Shape,
    ts_out: bool,
    symbols: BTreeMap<u32, String>,
    records: Stream,
    /// Where the records begin in the uncompressed bytes.
    byte: u64,
}

/// Opens a DBN file. Its metadata is read whole before it is decoded: the library's decoder takes it that one read gives
/// all of the beginning.
fn open_dbn(part: &Part) -> Result<Opened, TapeError> {
    let mut stream = part.open()?;
    let mut bytes = Vec::new();
    let cut = |error| TapeError::io("reading the metadata of", part.shown(), error);
    stream
        .by_ref()
        .take(PRELUDE_BYTES)
        .read_to_end(&mut bytes)
        .map_err(cut)?;
    let length = metadata_length(part, &bytes)?;
    let whole = PRELUDE_BYTES.saturating_add(length);
    stream
        .by_ref()
        .take(length)
        .read_to_end(&mut bytes)
        .map_err(cut)?;
    if bytes.len() as u64 != whole {
        let why = "it ends within its metadata";
        return Err(TapeError::input(part.shown(), why));
    }
    let policy = VersionUpgradePolicy::AsIs;
    let metadata = MetadataDecoder::with_upgrade_policy(bytes.as_slice(), policy)
        .decode()
        .map_err(|error| unreadable(part, &error))?;
    Ok(Opened {
        shape: Shape {
            version: metadata.version,
            schema: metadata.schema,
        },
        ts_out: metadata.ts_out,
        symbols: symbols(&metadata),
        records: stream,
        byte: whole,
    })
}

/// Opens a DBZ file. Its metadata stands in a frame that a Zstandard decoder passes over.
fn open_dbz(part: &Part, head: &[u8]) -> Result<Opened, TapeError> {
    let io = |error| TapeError::io("reading the metadata of", part.shown(), error);
    let length = metadata_length(part, head)?;
    let metadata = legacy::metadata(part.open()?, length).map_err(io)?;
    Ok(Opened {
        shape: Shape {
            version: legacy::DBN_VERSION,
            schema: metadata.schema,
        },
        ts_out: false,
        symbols: metadata.symbols,
        records: decompressed(part.open()?).map_err(io)?,
        byte: 0,
    })
}

/// The symbols by instrument number, whichever way round the metadata maps them.
fn symbols(metadata: &Metadata) -> BTreeMap<u32, String> {
    let mut symbols = BTreeMap::new();
    for mapping in &metadata.mappings {
        for interval in &mapping.intervals {
            if let Ok(number) = interval.symbol.parse() {
                symbols
                    .entry(number)
                    .or_insert_with(|| mapping.raw_symbol.clone());
            } else if let Ok(number) = mapping.raw_symbol.parse() {
                symbols
                    .entry(number)
                    .or_insert_with(|| interval.symbol.clone());
            }
        }
    }
    symbols
}

fn unreadable(part: &Part, error: &dbn::Error) -> TapeError {
    TapeError::input(
        part.shown(),
        format!("its metadata cannot be read: {error}"),
    )
}

/// The length of the metadata, which stands at the same place in DBN and in DBZ. What no file has is refused before
/// anybody makes room for it.
fn metadata_length(part: &Part, head: &[u8]) -> Result<u64, TapeError> {
    let length = head.get(4..8).and_then(|bytes| bytes.first_chunk::<4>());
    let Some(length) = length.map(|bytes| u32::from_le_bytes(*bytes)) else {
        return Err(TapeError::input(
            part.shown(),
            "it ends within its metadata",
        ));
    };
    if length > METADATA_BYTES_MAX {
        let why = format!("its metadata cannot be {length} bytes long");
        return Err(TapeError::input(part.shown(), why));
    }
    Ok(length.into())
}
