//! One DBN file of order-level records.
//!
//! Takes in a path; gives out its records one by one. That a file is cut off is noticed: the decoder takes the end of a
//! stream for the end of the data, so what it consumed is compared with what was there.

use std::io::{self, Read};
use std::path::PathBuf;

use dbn::decode::DbnMetadata;
use dbn::enums::Schema;
use dbn::{MboMsg, Metadata, Record, RecordRef, VersionUpgradePolicy};

use super::super::part::{Part, Stream};
use crate::error::TapeError;

/// The first bytes of an uncompressed DBN file.
const DBN_MAGIC: &[u8; 3] = b"DBN";
/// Bytes before the part of the metadata that its length counts.
const PRELUDE_BYTES: u64 = 8;

/// Whether uncompressed bytes begin like DBN.
pub(super) fn is_databento(head: &[u8]) -> bool {
    head.starts_with(DBN_MAGIC)
}

/// Counts bytes, and turns the end of a cut-off stream into an error that the decoder cannot take for an end.
struct Strict<R> {
    inner: R,
    bytes: u64,
    prelude: Vec<u8>,
}

impl<R: Read> Read for Strict<R> {
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
        let missing = (PRELUDE_BYTES as usize).saturating_sub(self.prelude.len());
        self.prelude.extend(buffer.iter().take(count.min(missing)));
        Ok(count)
    }
}

/// Reads the order-level records of one file.
pub(super) struct DatabentoFile {
    path: PathBuf,
    decoder: dbn::decode::dbn::Decoder<Strict<Stream>>,
    /// Records so far.
    records: u64,
    /// Where the next record begins in the uncompressed bytes.
    byte: u64,
}

impl DatabentoFile {
    /// Opens a file and reads its metadata.
    pub(super) fn open(part: &Part) -> Result<DatabentoFile, TapeError> {
        let path = part.path();
        if !is_databento(&part.head(DBN_MAGIC.len())?) {
            return Err(TapeError::input(path, "it does not begin like a DBN file"));
        }
        let strict = Strict {
            inner: part.open()?,
            bytes: 0,
            prelude: Vec::new(),
        };
        let decoder =
            dbn::decode::dbn::Decoder::with_upgrade_policy(strict, VersionUpgradePolicy::AsIs)
                .map_err(|error| {
                    TapeError::input(path, format!("its metadata cannot be read: {error}"))
                })?;
        if !matches!(decoder.metadata().schema, Some(Schema::Mbo) | None) {
            let schema = decoder
                .metadata()
                .schema
                .map(|schema| schema.to_string())
                .unwrap_or_default();
            return Err(TapeError::input(
                path,
                format!("its schema is {schema}; only mbo can be replayed"),
            ));
        }
        let length = match decoder.get_ref().prelude.as_slice() {
            [_, _, _, _, length @ ..] => length
                .first_chunk::<4>()
                .map_or(0, |bytes| u32::from_le_bytes(*bytes)),
            _ => 0,
        };
        let byte = PRELUDE_BYTES.saturating_add(u64::from(length));
        Ok(DatabentoFile {
            path: path.to_path_buf(),
            decoder,
            records: 0,
            byte,
        })
    }

    /// What the file says about itself.
    pub(super) fn metadata(&self) -> &Metadata {
        self.decoder.metadata()
    }

    /// The bytes read so far, uncompressed.
    pub(super) fn bytes(&self) -> u64 {
        self.decoder.get_ref().bytes
    }

    /// An error at the latest record.
    pub(super) fn wrong(&self, why: impl Into<String>) -> TapeError {
        TapeError::Record {
            path: self.path.clone(),
            record: self.records,
            byte: Some(self.byte),
            why: why.into(),
        }
    }

    /// The next order-level record; others are passed over.
    pub(super) fn next(&mut self) -> Result<Option<MboMsg>, TapeError> {
        loop {
            let (size, record) = match self.decoder.decode_ref() {
                Ok(Some(record)) => (record.record_size(), order_level(&record)),
                Ok(None) => {
                    self.records = self.records.saturating_add(1);
                    return match self.bytes().checked_sub(self.byte) {
                        Some(0) => Ok(None),
                        _ => Err(self.wrong("the file ends within it")),
                    };
                }
                Err(error) => {
                    self.records = self.records.saturating_add(1);
                    return Err(self.wrong(error.to_string()));
                }
            };
            self.records = self.records.saturating_add(1);
            let record = record.map_err(|why| self.wrong(why))?;
            self.byte = self.byte.saturating_add(size as u64);
            if record.is_some() {
                return Ok(record);
            }
        }
    }
}

/// The record, where it is an order-level one; an error where it says so and is too short to be one.
fn order_level(record: &RecordRef<'_>) -> Result<Option<MboMsg>, String> {
    if !record.has::<MboMsg>() {
        return Ok(None);
    }
    match record.try_get::<MboMsg>() {
        Ok(record) => Ok(Some(record.clone())),
        Err(error) => Err(error.to_string()),
    }
}
