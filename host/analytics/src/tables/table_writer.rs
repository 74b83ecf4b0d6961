//! One table being written.
//!
//! Takes in rows; gives out a Parquet file in row groups of at most [`ROWS_PER_GROUP`] rows, which bounds the memory.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::StringArray;
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;

use super::buffer::{Buffer, Cell};
use super::schema::{Kind, Table};
use crate::error::AnalyticsError;

/// The most rows of a row group, and the most rows of one table that are held in memory.
pub(crate) const ROWS_PER_GROUP: usize = 65_536;

/// A table being written.
pub(crate) struct TableWriter {
    table: Table,
    path: PathBuf,
    schema: SchemaRef,
    writer: ArrowWriter<BufWriter<File>>,
    buffers: Vec<Buffer>,
    rows_buffered: usize,
    rows: u64,
}

impl TableWriter {
    /// Creates the table's file. `words` gives the list of words of a column by the column's name.
    pub(crate) fn create(
        directory: &Path,
        table: Table,
        words: impl Fn(&str) -> Arc<StringArray>,
    ) -> Result<TableWriter, AnalyticsError> {
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
        let buffer = |x: &super::schema::Column| match x.kind {
            Kind::Word => Buffer::new(x.kind, &words(x.name)),
            _ => Buffer::new(x.kind, &nothing),
        };
        Ok(TableWriter {
            buffers: table.columns.iter().map(buffer).collect(),
            table,
            path,
            schema,
            writer,
            rows_buffered: 0,
            rows: 0,
        })
    }

    /// Appends a row.
    #[inline]
    pub(crate) fn push<const N: usize>(
        &mut self,
        row: [Cell<'_>; N],
    ) -> Result<(), AnalyticsError> {
        let mut fits = N == self.buffers.len();
        for (buffer, cell) in self.buffers.iter_mut().zip(row) {
            fits &= buffer.push(cell);
        }
        if !fits {
            let reason = format!("a row does not fit the columns of {}", self.table.name);
            return Err(AnalyticsError::table("writing", &self.path, reason));
        }
        self.rows_buffered += 1;
        if self.rows_buffered >= ROWS_PER_GROUP {
            self.write_group()?;
        }
        Ok(())
    }

    /// Writes what is left and the file's footer; gives the number of rows.
    pub(crate) fn close(mut self) -> Result<u64, AnalyticsError> {
        self.write_group()?;
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

    fn write_group(&mut self) -> Result<(), AnalyticsError> {
        if self.rows_buffered == 0 {
            return Ok(());
        }
        let failed = |x: &dyn std::fmt::Display| AnalyticsError::table("writing", &self.path, x);
        let mut arrays = Vec::with_capacity(self.buffers.len());
        for buffer in &mut self.buffers {
            arrays.push(buffer.take().map_err(|x| failed(&x))?);
        }
        let batch = RecordBatch::try_new(self.schema.clone(), arrays).map_err(|x| failed(&x))?;
        self.writer.write(&batch).map_err(|x| failed(&x))?;
        self.writer.flush().map_err(|x| failed(&x))?;
        self.rows += self.rows_buffered as u64;
        self.rows_buffered = 0;
        Ok(())
    }
}

/// Zstandard at its fastest level; times and prices as deltas, which is smaller and faster than a dictionary of them.
///
/// Of times alone each row group says the lowest and the highest, which lets readers pass by what they do not look for.
/// Of money it would hold the memory of the whole row group until the file is closed.
fn properties(table: &Table) -> Result<WriterPropertiesBuilder, parquet::errors::ParquetError> {
    let mut builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
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
