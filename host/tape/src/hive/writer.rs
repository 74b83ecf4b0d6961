//! Writing a tape as a folder of Parquet files.
//!
//! Takes in an open tape; gives out a folder that appears under its name only when it is whole. The rows that wait for
//! their files are bounded in number, whatever the tape's length.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Int64Array, TimestampNanosecondArray, UInt8Array, UInt32Array, UInt64Array,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use backplane_sdk::types::Timestamp;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;

use super::manifest::{Day, DayFile, MANIFEST_NAME, Manifest, ROW_COLUMN};
use crate::error::TapeError;
use crate::format::{COLUMNS, ColumnType, FORMAT_VERSION, KEY_FORMAT, KEY_SCHEMA};
use crate::partial::PartialFolder;
use crate::reader::TapeReader;
use crate::row::Row;
use crate::writer::Overwrite;

/// Rows of one instrument that are handed to its file at once.
const CHUNK_ROWS: usize = 8_192;
/// Rows that wait in all files of a day before the row groups are closed.
const WAITING_ROWS_MAX: usize = 1 << 21;
/// The name of a file of rows.
const FILE_NAME: &str = "rows.parquet";
/// How hard Zstandard tries.
const ZSTANDARD_LEVEL: i32 = 3;
/// Nanoseconds in a day.
const DAY_NANOS: i64 = 86_400_000_000_000;

/// Writes all rows of a tape as a folder; tells `progress` how many rows are done. Gives the number of files.
///
/// # Errors
/// The folder exists and may not be replaced, the tape cannot be read, or the disk refuses.
pub fn write_folder(
    mut reader: TapeReader,
    folder: &Path,
    overwrite: Overwrite,
    progress: &mut dyn FnMut(u64),
) -> Result<u64, TapeError> {
    if folder.exists() && (overwrite == Overwrite::Never || !folder.is_dir()) {
        return Err(TapeError::Exists {
            path: folder.to_path_buf(),
        });
    }
    if folder.exists() && !folder.join(MANIFEST_NAME).is_file() {
        let why = format!(
            "the folder {} holds no tape, so it is not replaced",
            folder.display()
        );
        return Err(TapeError::Request { why });
    }
    let temporary = PartialFolder::beside(folder)?;
    let mut writer = FolderWriter::new(temporary.path(), &reader);
    while let Some(columns) = reader.next_batch()? {
        let first = columns.first_row;
        for (number, row) in (first..).zip(columns.iter()) {
            writer.push(number, &row)?;
        }
        progress(first + columns.len() as u64 - 1);
    }
    let files = writer.finish(&reader)?;
    temporary.name(folder)?;
    Ok(files)
}

/// A folder that is being written.
struct FolderWriter {
    folder: PathBuf,
    schema_name: &'static str,
    symbols: Vec<String>,
    arrow: SchemaRef,
    /// The present day, in days since the Unix epoch, and its files by instrument.
    day: Option<i64>,
    files: BTreeMap<u16, RowFile>,
    days: Vec<Day>,
    /// Rows that were handed to files and may wait in them.
    waiting: usize,
    rows: u64,
}

/// The file of one instrument and day.
struct RowFile {
    /// Within the folder.
    path: PathBuf,
    writer: ArrowWriter<File>,
    chunk: Vec<(u32, Row)>,
    rows: u64,
}

impl FolderWriter {
    fn new(folder: &Path, reader: &TapeReader) -> FolderWriter {
        let mut taken: BTreeMap<String, u32> = BTreeMap::new();
        let symbols = reader.header().instruments.iter().map(|instrument| {
            let name = folder_name(&instrument.symbol);
            let times = taken.entry(name.clone()).or_default();
            *times += 1;
            match times {
                1 => name,
                _ => format!("{name}%{times}"),
            }
        });
        FolderWriter {
            folder: folder.to_path_buf(),
            schema_name: reader.schema().name(),
            symbols: symbols.collect(),
            arrow: Arc::new(arrow_schema(reader)),
            day: None,
            files: BTreeMap::new(),
            days: Vec::new(),
            waiting: 0,
            rows: 0,
        }
    }

    fn push(&mut self, number: u64, row: &Row) -> Result<(), TapeError> {
        let number = u32::try_from(number).map_err(|_| TapeError::Request {
            why: format!("a tape holds at most {} rows", u32::MAX),
        })?;
        let day = row.ts_recv.div_euclid(DAY_NANOS);
        if self.day != Some(day) {
            self.end_day()?;
            self.day = Some(day);
        }
        if !self.files.contains_key(&row.instrument) {
            let file = self.open(row.instrument, day)?;
            self.files.insert(row.instrument, file);
        }
        let Some(file) = self.files.get_mut(&row.instrument) else {
            return Ok(());
        };
        file.chunk.push((number, *row));
        self.rows += 1;
        if file.chunk.len() == CHUNK_ROWS {
            self.waiting += file.flush(&self.folder, &self.arrow)?;
        }
        if self.waiting >= WAITING_ROWS_MAX {
            self.waiting = 0;
            for file in self.files.values_mut() {
                file.flush(&self.folder, &self.arrow)?;
                let closed = file.writer.flush();
                closed.map_err(|error| parquet_error(&self.folder.join(&file.path), error))?;
            }
        }
        Ok(())
    }

    fn open(&self, instrument: u16, day: i64) -> Result<RowFile, TapeError> {
        let symbol = &self.symbols[usize::from(instrument)];
        let date = date_of(day);
        let inner = format!(
            "schema={}/instrument={symbol}/date={date}",
            self.schema_name
        );
        let folder = self.folder.join(&inner);
        let path = folder.join(FILE_NAME);
        let file = std::fs::create_dir_all(&folder)
            .and_then(|()| File::create_new(&path))
            .map_err(|error| TapeError::io("creating", &path, error))?;
        let writer = properties(self.schema_name)
            .and_then(|properties| {
                ArrowWriter::try_new(file, Arc::clone(&self.arrow), Some(properties))
            })
            .map_err(|error| parquet_error(&path, error))?;
        Ok(RowFile {
            path: PathBuf::from(inner).join(FILE_NAME),
            writer,
            chunk: Vec::with_capacity(CHUNK_ROWS),
            rows: 0,
        })
    }

    /// Closes the files of the present day.
    fn end_day(&mut self) -> Result<(), TapeError> {
        let Some(day) = self.day.take() else {
            return Ok(());
        };
        let mut files = Vec::new();
        for (instrument, mut file) in std::mem::take(&mut self.files) {
            file.flush(&self.folder, &self.arrow)?;
            let closed = file.writer.close();
            closed.map_err(|error| parquet_error(&self.folder.join(&file.path), error))?;
            files.push(DayFile {
                instrument,
                path: file.path,
                rows: file.rows,
            });
        }
        self.waiting = 0;
        self.days.push(Day {
            date: date_of(day),
            files,
        });
        Ok(())
    }

    fn finish(mut self, reader: &TapeReader) -> Result<u64, TapeError> {
        self.end_day()?;
        let files = self.days.iter().map(|day| day.files.len() as u64).sum();
        let manifest = Manifest {
            format: FORMAT_VERSION.to_owned(),
            schema: reader.schema(),
            instruments: reader.header().instruments.clone(),
            source: reader.header().source.clone(),
            statistics: reader.statistics().cloned(),
            digest: reader.digest().map(str::to_owned),
            rows: self.rows,
            days: self.days,
        };
        let path = self.folder.join(MANIFEST_NAME);
        let text = serde_json::to_string_pretty(&manifest).map_err(std::io::Error::other);
        text.and_then(|text| std::fs::write(&path, text))
            .map_err(|error| TapeError::io("writing", &path, error))?;
        Ok(files)
    }
}

impl RowFile {
    /// Hands the waiting rows to the file; gives their number.
    fn flush(&mut self, folder: &Path, schema: &SchemaRef) -> Result<usize, TapeError> {
        let count = self.chunk.len();
        if count == 0 {
            return Ok(0);
        }
        let columns = columns(&self.chunk);
        let batch = RecordBatch::try_new(Arc::clone(schema), columns);
        batch
            .map_err(ParquetError::from)
            .and_then(|batch| self.writer.write(&batch))
            .map_err(|error| parquet_error(&folder.join(&self.path), error))?;
        self.rows += count as u64;
        self.chunk.clear();
        Ok(count)
    }
}

/// The columns of some rows, in the schema's order.
fn columns(rows: &[(u32, Row)]) -> Vec<ArrayRef> {
    let bytes = |value: fn(&Row) -> u8| -> ArrayRef {
        Arc::new(UInt8Array::from_iter_values(
            rows.iter().map(|x| value(&x.1)),
        ))
    };
    let words = |value: fn(&Row) -> u32| -> ArrayRef {
        Arc::new(UInt32Array::from_iter_values(
            rows.iter().map(|x| value(&x.1)),
        ))
    };
    let times = |value: fn(&Row) -> i64| -> ArrayRef {
        let values = rows.iter().map(|x| value(&x.1));
        Arc::new(TimestampNanosecondArray::from_iter_values(values).with_timezone("UTC"))
    };
    vec![
        Arc::new(UInt32Array::from_iter_values(rows.iter().map(|x| x.0))),
        times(|row| row.ts_event),
        times(|row| row.ts_recv),
        bytes(|row| row.action),
        bytes(|row| row.side),
        bytes(|row| row.flags),
        bytes(|row| row.signals),
        bytes(|row| row.rank),
        Arc::new(Int64Array::from_iter_values(rows.iter().map(|x| x.1.price))),
        words(|row| row.size),
        words(|row| row.level_size),
        words(|row| row.priority),
        Arc::new(UInt64Array::from_iter_values(
            rows.iter().map(|x| x.1.order_id),
        )),
        words(|row| row.remaining),
        words(|row| row.sequence),
    ]
}

fn arrow_schema(reader: &TapeReader) -> Schema {
    let mut fields = vec![Field::new(ROW_COLUMN, DataType::UInt32, false)];
    let others = COLUMNS.iter().filter(|(name, _)| *name != "instrument");
    fields.extend(others.map(|(name, kind)| Field::new(*name, kind.arrow(), false)));
    let schema = reader.schema().name().to_owned();
    Schema::new_with_metadata(
        fields,
        [
            (KEY_FORMAT.to_owned(), FORMAT_VERSION.to_owned()),
            (KEY_SCHEMA.to_owned(), schema),
        ]
        .into(),
    )
}

/// Delta encoding of what is wide, dictionaries of what is a letter.
fn properties(schema: &str) -> Result<WriterProperties, ParquetError> {
    let mut builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTANDARD_LEVEL)?))
        .set_dictionary_enabled(true)
        .set_key_value_metadata(Some(vec![
            KeyValue::new(KEY_FORMAT.to_owned(), FORMAT_VERSION.to_owned()),
            KeyValue::new(KEY_SCHEMA.to_owned(), schema.to_owned()),
        ]));
    let wide = COLUMNS
        .iter()
        .filter(|(_, kind)| !matches!(kind, ColumnType::Unsigned(1 | 2)))
        .map(|(name, _)| *name);
    for name in std::iter::once(ROW_COLUMN).chain(wide) {
        let column = ColumnPath::from(name);
        builder = builder
            .set_column_dictionary_enabled(column.clone(), false)
            .set_column_encoding(column, Encoding::DELTA_BINARY_PACKED);
    }
    Ok(builder.build())
}

/// A symbol as the name of a folder: what hive readers or file systems take otherwise is told by its number.
fn folder_name(symbol: &str) -> String {
    let mut name = String::new();
    for byte in symbol.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.' | b'+' => {
                name.push(char::from(byte));
            }
            _ => name.push_str(&format!("%{byte:02X}")),
        }
    }
    match name.as_str() {
        "" | "." | ".." => format!("%{name}"),
        _ => name,
    }
}

/// The date of a day since the Unix epoch: `2023-12-25`.
fn date_of(day: i64) -> String {
    let text = Timestamp(day.saturating_mul(DAY_NANOS)).to_string();
    text.split('T').next().unwrap_or_default().to_owned()
}

fn parquet_error(path: &Path, error: ParquetError) -> TapeError {
    TapeError::io("writing", path, std::io::Error::other(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_become_names_that_every_reader_takes() {
        for (symbol, name) in [
            ("ESH4", "ESH4"),
            ("BRK.B", "BRK.B"),
            ("BTC/USDT", "BTC%2FUSDT"),
            ("..", "%.."),
            ("", "%"),
            ("ES=F", "ES%3DF"),
        ] {
            assert_eq!(folder_name(symbol), name);
        }
        assert_eq!(date_of(19_716), "2023-12-25");
    }
}
