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
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowRowGroupWriterFactory;
use parquet::basic::{Compression, Encoding};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;

use super::chunk::Chunk;
use super::column::{Filling, Get};
use super::schema::{Column, Kind, Table};
use crate::error::AnalyticsError;

/// The most rows of a row group.
pub(super) const ROWS_PER_GROUP: usize = 65_536;
/// The most records of a table that wait until columns are made of them: few enough to stay in a cache, and a part of a
/// row group.
const RECORDS_MAX: usize = 1_024;
const _: () = assert!(ROWS_PER_GROUP.is_multiple_of(RECORDS_MAX));

/// A table of records of one kind, being written.
pub(crate) struct TableWriter<R: 'static> {
    path: PathBuf,
    schema: SchemaRef,
    writer: SerializedFileWriter<BufWriter<File>>,
    factory: ArrowRowGroupWriterFactory,
    /// The columns of the row group that is being made; none where it has no rows.
    group: Vec<Filling>,
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
        let (writer, factory) = ArrowWriter::try_new(file, schema.clone(), Some(properties))
            .and_then(ArrowWriter::into_serialized_writer)
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
            factory,
            group: Vec::new(),
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
        self.end_group()?;
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

    /// Makes columns of the records that wait.
    fn write(&mut self) -> Result<(), AnalyticsError> {
        if self.records.is_empty() {
            return Ok(());
        }
        let filled = self.fill();
        filled.map_err(|x| AnalyticsError::table("writing", &self.path, x))?;
        self.rows += self.records.len() as u64;
        self.records.clear();
        if self.rows.is_multiple_of(ROWS_PER_GROUP as u64) {
            return self.end_group();
        }
        Ok(())
    }

    fn fill(&mut self) -> Result<(), ParquetError> {
        if self.group.is_empty() {
            self.group = self.begin_group()?;
        }
        let fields = self.schema.fields();
        let columns = self.columns.iter().zip(fields).zip(&mut self.group);
        for (((get, kind, _), field), filling) in columns {
            get.fill((*kind, field), &self.records, filling)?;
        }
        Ok(())
    }

    /// The empty columns of the next row group.
    fn begin_group(&self) -> Result<Vec<Filling>, ParquetError> {
        let number = self.writer.flushed_row_groups().len();
        let writers = self.factory.create_column_writers(number)?;
        let described = self.writer.schema_descr().columns();
        let columns = self.columns.iter().zip(described).zip(writers);
        let columns = columns.map(|(((_, kind, words), column), writer)| match kind {
            Kind::Word => Filling::Words(Chunk::words(column.clone(), words.clone())),
            Kind::Money => Filling::Money(Chunk::money(column.clone())),
            _ => Filling::Other(Box::new(writer)),
        });
        Ok(columns.collect())
    }

    /// Writes the row group, where it has rows.
    fn end_group(&mut self) -> Result<(), AnalyticsError> {
        let columns = std::mem::take(&mut self.group);
        let written = append_group(&mut self.writer, columns);
        written.map_err(|x| AnalyticsError::table("writing", &self.path, x))
    }
}

fn append_group(
    writer: &mut SerializedFileWriter<BufWriter<File>>,
    columns: Vec<Filling>,
) -> Result<(), ParquetError> {
    if columns.is_empty() {
        return Ok(());
    }
    let mut group = writer.next_row_group()?;
    for column in columns {
        let chunk = match column {
            Filling::Words(chunk) => chunk.finish()?,
            Filling::Money(chunk) => chunk.finish()?,
            Filling::Other(writer) => {
                writer.close()?.append_to_row_group(&mut group)?;
                continue;
            }
        };
        group.append_column(&chunk.bytes, chunk.close)?;
    }
    group.close().map(drop)
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
