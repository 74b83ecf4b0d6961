//! One table being written.
//!
//! Takes in records, a row each; gives out a Parquet file in row groups of at most [`ROWS_PER_GROUP`] rows, which bounds
//! the memory.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::StringArray;
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;

use super::column::Get;
use super::schema::{Column, Kind, Table};
use crate::error::AnalyticsError;

/// The most rows of a row group.
pub(super) const ROWS_PER_GROUP: usize = 65_536;
/// The most records of a table that wait until columns are made of them: few enough to stay in a cache.
const RECORDS_MAX: usize = 1_024;

/// A table of records of one kind, being written.
pub(crate) struct TableWriter<R: 'static> {
    path: PathBuf,
    schema: SchemaRef,
    writer: ArrowWriter<BufWriter<File>>,
    /// What each column gets from a record, with its type and its words.
    columns: Vec<(&'static Get<R>, Kind, Arc<StringArray>)>,
    records: Vec<R>,
    rows: u64,
}

impl<R> TableWriter<R> {
    /// Creates the table's file. `words` gives the list of words of a column by the column's name.
    pub(crate) fn create(
        directory: &Path,
        table: Table,
        columns: &'static [Get<R>],
        words: impl Fn(&str) -> Arc<StringArray>,
    ) -> Result<TableWriter<R>, AnalyticsError> {
        let path = directory.join(table.file_name());
        let file =
            File::create_new(&path).map_err(|x| AnalyticsError::file("creating", &path, x))?;
        let schema = table.schema();
        let properties = properties(&table)
            .map_err(|x| AnalyticsError::table("creating", &path, x))?
            .build();
        let file = BufWriter::new(file);
        let writer = ArrowWriter::try_new(file, schema.clone(), Some(properties))
            .map_err(|x| AnalyticsError::table("creating", &path, x))?;
        let nothing = Arc::new(StringArray::from(Vec::<&str>::new()));
        let words = |x: &Column| match x.kind {
            Kind::Word => words(x.name),
            _ => nothing.clone(),
        };
        let columns = columns.iter().zip(table.columns);
        Ok(TableWriter {
            path,
            schema,
            writer,
            columns: columns.map(|(get, x)| (get, x.kind, words(x))).collect(),
            records: Vec::with_capacity(RECORDS_MAX),
            rows: 0,
        })
    }

    /// Appends a row.
    #[inline]
    pub(crate) fn push(&mut self, record: R) -> Result<(), AnalyticsError> {
        self.records.push(record);
        if self.records.len() < RECORDS_MAX {
            return Ok(());
        }
        self.write()
    }

    /// Writes what is left and the file's footer; gives the number of rows.
    pub(crate) fn close(mut self) -> Result<u64, AnalyticsError> {
        self.write()?;
        let path = self.path;
        let file = self.writer.into_inner();
        let file = file.map_err(|x| AnalyticsError::table("closing", &path, x))?;
        let file = file
            .into_inner()
            .map_err(|x| AnalyticsError::file("writing", &path, x.into_error()))?;
        file.sync_all()
            .map_err(|x| AnalyticsError::file("writing", &path, x))?;
        Ok(self.rows)
    }

    fn write(&mut self) -> Result<(), AnalyticsError> {
        if self.records.is_empty() {
            return Ok(());
        }
        let columns = self.columns.iter();
        let arrays = columns.map(|(get, kind, words)| get.column(*kind, words, &self.records));
        let batch = (arrays.collect::<Result<Vec<_>, _>>())
            .and_then(|arrays| RecordBatch::try_new(self.schema.clone(), arrays));
        let written = batch
            .map_err(Into::into)
            .and_then(|batch| self.writer.write(&batch));
        written.map_err(|x| AnalyticsError::table("writing", &self.path, x))?;
        self.rows += self.records.len() as u64;
        self.records.clear();
        Ok(())
    }
}

/// Snappy, which costs two thirds of what Zstandard does at its fastest, for files an eighth larger; times, prices and
/// quantities as deltas, which is smaller and faster than a dictionary of them.
///
/// Of times alone each row group says the lowest and the highest, which lets readers pass by what they do not look for.
/// Of money it would hold the memory of the whole row group until the file is closed.
fn properties(table: &Table) -> Result<WriterPropertiesBuilder, parquet::errors::ParquetError> {
    let mut builder = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_max_row_group_row_count(Some(ROWS_PER_GROUP))
        .set_statistics_enabled(EnabledStatistics::None)
        .set_offset_index_disabled(true)
        .set_created_by("backplane".into());
    for column in table.columns {
        let path = ColumnPath::from(column.name);
        let delta = matches!(
            column.kind,
            Kind::Time | Kind::Price | Kind::Quantity | Kind::Number
        );
        if delta {
            builder = builder.set_column_encoding(path.clone(), Encoding::DELTA_BINARY_PACKED);
        }
        if column.kind == Kind::Time {
            builder = builder.set_column_statistics_enabled(path.clone(), EnabledStatistics::Chunk);
        }
        if delta || column.kind == Kind::Money {
            builder = builder.set_column_dictionary_enabled(path, false);
        }
    }
    Ok(builder)
}
