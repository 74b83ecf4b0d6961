//! Where the columns of a tape stand in its file.
//!
//! Takes in an open file of which nothing is trusted; gives out the header, the footer's texts and the blocks of the
//! record batches, every offset and length checked against the file, so that what follows can only read.

use std::fs::File;
use std::ops::Range;
use std::path::Path;

use arrow::ipc::{
    Block, Endianness, Field, Footer, KeyValue, MessageHeader, MetadataVersion, TimeUnit, Type,
    root_as_footer, root_as_message,
};

use super::buffer::AlignedBuffer;
use crate::error::TapeError;
use crate::format::{
    BATCH_ROWS_MAX, COLUMNS, ColumnType, Header, KEY_DIGEST, KEY_STATISTICS, TapeSchema, column,
};

const MAGIC: &[u8; 6] = b"ARROW1";
/// The magic bytes and their padding at the beginning.
const HEAD_BYTES: u64 = 8;
/// The footer's length and the magic bytes at the end.
const TAIL_BYTES: u64 = 10;
/// The marker and the length before a message's metadata.
const MARKER_BYTES: u64 = 8;
/// Footers and messages longer than this are refused.
const METADATA_BYTES_MAX: u64 = 1 << 28;
/// Columns that are not a tape's may be there, up to this many in all.
const FIELDS_MAX: usize = 256;

/// The place of one record batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct BatchBlock {
    offset: u64,
    metadata_length: u64,
    body_length: u64,
}

/// What the file's footer says.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) header: Header,
    pub(super) schema: TapeSchema,
    pub(super) statistics: Option<String>,
    pub(super) digest: Option<String>,
    pub(super) blocks: Vec<BatchBlock>,
    /// For each column of a tape: its place among the file's fields and its first buffer.
    places: Vec<(usize, usize)>,
    fields: usize,
}

/// Where one batch's columns stand in the file.
#[derive(Debug)]
pub(super) struct BatchLayout {
    pub(super) rows: usize,
    /// The offset of each column's values, in the format's order.
    pub(super) offsets: [u64; column::COUNT],
}

impl Layout {
    /// Reads and checks the footer.
    pub(super) fn read(file: &File, path: &Path) -> Result<Layout, TapeError> {
        let mut buffer = AlignedBuffer::default();
        let footer_range = footer_range(file, path, &mut buffer)?;
        let footer_length = usize::try_from(footer_range.end - footer_range.start)
            .map_err(|_| TapeError::damaged(path, "its footer is too long"))?;
        buffer
            .read(file, footer_range.start, footer_length)
            .map_err(|error| TapeError::io("reading the footer of", path, error))?;
        let footer = root_as_footer(buffer.bytes()).map_err(|error| {
            TapeError::damaged(path, format!("its footer is not valid: {error}"))
        })?;
        if footer.version() < MetadataVersion::V4 {
            return Err(TapeError::unsupported(
                path,
                "its Arrow metadata is older than version 4",
            ));
        }
        if footer.dictionaries().is_some_and(|list| !list.is_empty()) {
            return Err(TapeError::unsupported(
                path,
                "it holds dictionaries, which tapes do not",
            ));
        }
        let schema = footer
            .schema()
            .ok_or_else(|| TapeError::damaged(path, "its footer has no schema"))?;
        if schema.endianness() != Endianness::Little {
            return Err(TapeError::unsupported(path, "its integers are big-endian"));
        }
        let metadata: Vec<KeyValue<'_>> = schema.custom_metadata().into_iter().flatten().collect();
        let header = Header::read(path, |key| find(&metadata, key))?;
        let rows_schema = TapeSchema::read(path, |key| find(&metadata, key))?;
        let fields: Vec<Field<'_>> = schema
            .fields()
            .into_iter()
            .flatten()
            .take(FIELDS_MAX + 1)
            .collect();
        let places = column_places(path, &fields)?;
        let texts: Vec<KeyValue<'_>> = footer.custom_metadata().into_iter().flatten().collect();
        Ok(Layout {
            header,
            schema: rows_schema,
            statistics: find(&texts, KEY_STATISTICS).map(str::to_owned),
            digest: find(&texts, KEY_DIGEST).map(str::to_owned),
            blocks: batch_blocks(path, &footer, footer_range.start)?,
            fields: fields.len(),
            places,
        })
    }

    /// Reads and checks the metadata of one batch.
    pub(super) fn batch(
        &self,
        file: &File,
        path: &Path,
        block: BatchBlock,
        buffer: &mut AlignedBuffer,
    ) -> Result<BatchLayout, TapeError> {
        let damaged = |why: &str| {
            TapeError::damaged(path, format!("the batch at byte {}: {why}", block.offset))
        };
        let bytes = read_message(file, path, block, buffer)?;
        let message = root_as_message(bytes)
            .map_err(|error| damaged(&format!("its metadata is not valid: {error}")))?;
        if message.header_type() != MessageHeader::RecordBatch {
            return Err(damaged("it is no record batch"));
        }
        let batch = message
            .header_as_record_batch()
            .ok_or_else(|| damaged("it has no content"))?;
        if batch.compression().is_some() {
            return Err(TapeError::unsupported(path, "its batches are compressed"));
        }
        let rows =
            usize::try_from(batch.length()).map_err(|_| damaged("its length is negative"))?;
        if rows > BATCH_ROWS_MAX {
            let why =
                format!("a batch holds {rows} rows; at most {BATCH_ROWS_MAX} are read at once");
            return Err(TapeError::unsupported(path, why));
        }
        let nodes = batch.nodes().ok_or_else(|| damaged("it has no columns"))?;
        let buffers = batch
            .buffers()
            .ok_or_else(|| damaged("it has no buffers"))?;
        if nodes.len() != self.fields {
            return Err(damaged("its columns are not those of the schema"));
        }
        let offsets = [0; column::COUNT];
        let mut layout = BatchLayout { rows, offsets };
        for ((place, offset), (name, kind)) in
            self.places.iter().zip(&mut layout.offsets).zip(COLUMNS)
        {
            let (field, first) = *place;
            let wrong = |why: &str| damaged(&format!("column `{name}`: {why}"));
            let node = nodes.get(field);
            if node.null_count() != 0 {
                let why = format!("column `{name}` holds nulls, which tapes do not");
                return Err(TapeError::unsupported(path, why));
            }
            if usize::try_from(node.length()) != Ok(rows) {
                return Err(wrong("it has another number of rows than the batch"));
            }
            let values = first.checked_add(1).filter(|place| *place < buffers.len());
            let values = buffers.get(values.ok_or_else(|| wrong("it has no values"))?);
            let needed = rows.saturating_mul(kind.width());
            *offset = values_offset(block, values.offset(), values.length(), needed)
                .ok_or_else(|| wrong("its values are not all within the batch"))?;
        }
        Ok(layout)
    }
}

/// The place in the file of a column's values, where they lie within the block and are long enough.
fn values_offset(block: BatchBlock, offset: i64, length: i64, needed: usize) -> Option<u64> {
    let offset = u64::try_from(offset).ok()?;
    let length = u64::try_from(length).ok()?;
    let end = offset.checked_add(length)?;
    if end > block.body_length || length < u64::try_from(needed).ok()? {
        return None;
    }
    block
        .offset
        .checked_add(block.metadata_length)?
        .checked_add(offset)
}

/// Reads a batch's metadata and gives out its flatbuffer.
fn read_message<'a>(
    file: &File,
    path: &Path,
    block: BatchBlock,
    buffer: &'a mut AlignedBuffer,
) -> Result<&'a [u8], TapeError> {
    let damaged =
        |why: &str| TapeError::damaged(path, format!("the batch at byte {}: {why}", block.offset));
    let length =
        usize::try_from(block.metadata_length).map_err(|_| damaged("its metadata is too long"))?;
    buffer
        .read(file, block.offset, length)
        .map_err(|error| TapeError::io("reading a batch of", path, error))?;
    message_bytes(buffer.bytes()).ok_or_else(|| damaged("its metadata is cut off"))
}

/// The flatbuffer of a message, after its length and, in files since 2019, the marker before that.
fn message_bytes(bytes: &[u8]) -> Option<&[u8]> {
    let (first, rest) = bytes.split_first_chunk::<4>()?;
    let (length, rest) = match u32::from_le_bytes(*first) {
        u32::MAX => {
            let (second, rest) = rest.split_first_chunk::<4>()?;
            (u32::from_le_bytes(*second), rest)
        }
        length => (length, rest),
    };
    rest.get(..usize::try_from(length).ok()?)
}

fn footer_range(
    file: &File,
    path: &Path,
    buffer: &mut AlignedBuffer,
) -> Result<Range<u64>, TapeError> {
    let io = |error| TapeError::io("reading", path, error);
    let length = file.metadata().map_err(io)?.len();
    if length < HEAD_BYTES + TAIL_BYTES {
        return Err(TapeError::damaged(
            path,
            format!("{length} bytes are too few for an Arrow IPC file"),
        ));
    }
    buffer.read(file, 0, MAGIC.len()).map_err(io)?;
    if buffer.bytes() != MAGIC {
        return Err(TapeError::damaged(
            path,
            "it does not begin like an Arrow IPC file",
        ));
    }
    buffer
        .read(file, length - TAIL_BYTES, TAIL_BYTES as usize)
        .map_err(io)?;
    let Some((footer_length, magic)) = buffer.bytes().split_first_chunk::<4>() else {
        return Err(TapeError::damaged(path, "its end is missing"));
    };
    if magic != MAGIC {
        return Err(TapeError::damaged(
            path,
            "it does not end like an Arrow IPC file: it is cut off",
        ));
    }
    let footer_length = u64::from(u32::from_le_bytes(*footer_length));
    if footer_length == 0
        || footer_length > METADATA_BYTES_MAX
        || footer_length > length - HEAD_BYTES - TAIL_BYTES
    {
        return Err(TapeError::damaged(
            path,
            format!("its footer cannot be {footer_length} bytes long"),
        ));
    }
    let end = length - TAIL_BYTES;
    Ok(end - footer_length..end)
}

/// The footer's record batches: within the file, in order and apart, so that no file can name the same bytes often.
fn batch_blocks(
    path: &Path,
    footer: &Footer<'_>,
    footer_start: u64,
) -> Result<Vec<BatchBlock>, TapeError> {
    let mut blocks = Vec::new();
    let mut free_from = HEAD_BYTES;
    for block in footer.recordBatches().into_iter().flatten() {
        let checked = checked_block(block, free_from, footer_start).ok_or_else(|| {
            TapeError::damaged(
                path,
                format!(
                    "its footer puts a batch at byte {}, where none can be",
                    block.offset()
                ),
            )
        })?;
        free_from = checked.1;
        blocks.push(checked.0);
    }
    Ok(blocks)
}

fn checked_block(block: &Block, free_from: u64, footer_start: u64) -> Option<(BatchBlock, u64)> {
    let offset = u64::try_from(block.offset()).ok()?;
    let metadata_length = u64::try_from(block.metaDataLength()).ok()?;
    let body_length = u64::try_from(block.bodyLength()).ok()?;
    let end = offset
        .checked_add(metadata_length)?
        .checked_add(body_length)?;
    let has_metadata = (MARKER_BYTES..=METADATA_BYTES_MAX).contains(&metadata_length);
    let possible = offset >= free_from && end <= footer_start && has_metadata;
    possible.then_some((
        BatchBlock {
            offset,
            metadata_length,
            body_length,
        },
        end,
    ))
}

fn find<'a>(metadata: &[KeyValue<'a>], key: &str) -> Option<&'a str> {
    metadata
        .iter()
        .find(|pair| pair.key() == Some(key))
        .and_then(|pair| pair.value())
}

/// For each column of a tape: which field it is and which buffer is its first.
fn column_places(path: &Path, fields: &[Field<'_>]) -> Result<Vec<(usize, usize)>, TapeError> {
    if fields.len() > FIELDS_MAX {
        return Err(TapeError::unsupported(
            path,
            format!("it has more than {FIELDS_MAX} columns"),
        ));
    }
    let mut firsts = Vec::with_capacity(fields.len());
    let mut first: usize = 0;
    for field in fields {
        firsts.push(first);
        first = first.saturating_add(buffers_of(path, field)?);
    }
    let mut places = Vec::with_capacity(COLUMNS.len());
    for (name, kind) in COLUMNS {
        let mut named = fields
            .iter()
            .enumerate()
            .filter(|(_, field)| field.name() == Some(name));
        let Some((place, field)) = named.next() else {
            return Err(TapeError::unsupported(
                path,
                format!("column `{name}` is missing"),
            ));
        };
        if named.next().is_some() {
            return Err(TapeError::unsupported(
                path,
                format!("column `{name}` is there twice"),
            ));
        }
        if !has_type(field, kind) {
            let why = format!(
                "column `{name}` must be {}, it is {}",
                kind.arrow(),
                field
                    .type_type()
                    .variant_name()
                    .unwrap_or("of an unknown type")
            );
            return Err(TapeError::unsupported(path, why));
        }
        places.push((place, firsts.get(place).copied().unwrap_or_default()));
    }
    Ok(places)
}

/// How many buffers a field has; nested fields are refused, since their buffers cannot simply be skipped.
fn buffers_of(path: &Path, field: &Field<'_>) -> Result<usize, TapeError> {
    let name = field.name().unwrap_or_default();
    if field.dictionary().is_some() {
        return Err(TapeError::unsupported(
            path,
            format!("column `{name}` is dictionary-encoded"),
        ));
    }
    match field.type_type() {
        Type::Null => Ok(0),
        Type::Int
        | Type::FloatingPoint
        | Type::Bool
        | Type::Decimal
        | Type::Date
        | Type::Time
        | Type::Timestamp
        | Type::Duration
        | Type::FixedSizeBinary => Ok(2),
        Type::Utf8 | Type::Binary | Type::LargeUtf8 | Type::LargeBinary => Ok(3),
        other => {
            let kind = other.variant_name().unwrap_or("of an unknown type");
            Err(TapeError::unsupported(
                path,
                format!("the extra column `{name}` is {kind}"),
            ))
        }
    }
}

fn has_type(field: &Field<'_>, kind: ColumnType) -> bool {
    let is_integer = |bytes: usize, signed: bool| {
        field.type_as_int().is_some_and(|int| {
            usize::try_from(int.bitWidth()) == Ok(bytes.saturating_mul(8))
                && int.is_signed() == signed
        })
    };
    match kind {
        ColumnType::Time => field.type_as_timestamp().is_some_and(|time| {
            time.unit() == TimeUnit::NANOSECOND
                && matches!(time.timezone(), Some("UTC" | "+00:00" | "Etc/UTC" | "Z"))
        }),
        ColumnType::Int64 => is_integer(8, true),
        ColumnType::Unsigned(bytes) => is_integer(bytes, false),
    }
}
