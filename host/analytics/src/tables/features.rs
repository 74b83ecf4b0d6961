//! A table of features, to train models on.
//!
//! Takes in rows; gives out a Parquet file: `instrument`, `ts` (of which the row tells), `ts_recv` (when a strategy hears
//! of it), then a column of `float64` for each feature under its name. The sampling is in the file's metadata.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, StringArray, TimestampNanosecondArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::schema::Kind;
use super::table_writer::ROWS_PER_GROUP;
use crate::error::AnalyticsError;

/// A table of features being written.
pub struct FeatureTable {
    path: PathBuf,
    schema: SchemaRef,
    writer: ArrowWriter<BufWriter<File>>,
    instruments: Vec<String>,
    times: [Vec<i64>; 2],
    columns: Vec<Vec<f64>>,
    rows: u64,
}

impl FeatureTable {
    /// Begins a table of these columns in an empty file, which errors call `path`; `sampling` says when rows are made.
    ///
    /// # Errors
    /// Why the file cannot be written to.
    pub fn create(
        file: File,
        path: &Path,
        columns: &[String],
        sampling: &str,
    ) -> Result<FeatureTable, AnalyticsError> {
        let time = || Kind::Time.data_type();
        let mut fields = vec![
            Field::new("instrument", DataType::Utf8, false),
            Field::new("ts", time(), false),
            Field::new("ts_recv", time(), false),
        ];
        let features = columns.iter();
        fields.extend(features.map(|x| Field::new(x, DataType::Float64, false)));
        let metadata = [("sampling".to_owned(), sampling.to_owned())];
        let schema = Arc::new(Schema::new_with_metadata(fields, metadata.into()));
        let failed = |x: &dyn std::fmt::Display| AnalyticsError::table("creating", path, x);
        let level = ZstdLevel::try_new(1).map_err(|x| failed(&x))?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(level))
            .set_created_by("backplane".into())
            .build();
        let file = BufWriter::new(file);
        let writer = ArrowWriter::try_new(file, schema.clone(), Some(properties));
        Ok(FeatureTable {
            writer: writer.map_err(|x| failed(&x))?,
            path: path.to_owned(),
            schema,
            instruments: Vec::new(),
            times: [Vec::new(), Vec::new()],
            columns: vec![Vec::new(); columns.len()],
            rows: 0,
        })
    }

    /// Appends a row: the instrument's symbol, the time of which it tells, when it is heard, and a value a column.
    ///
    /// # Errors
    /// Why it cannot be written.
    pub fn push(
        &mut self,
        instrument: &str,
        ts: i64,
        ts_recv: i64,
        values: &[f64],
    ) -> Result<(), AnalyticsError> {
        self.instruments.push(instrument.to_owned());
        self.times[0].push(ts);
        self.times[1].push(ts_recv);
        for (column, value) in self.columns.iter_mut().zip(values) {
            column.push(*value);
        }
        self.rows += 1;
        if self.instruments.len() >= ROWS_PER_GROUP {
            self.write_group()?;
        }
        Ok(())
    }

    /// Writes what is left; gives the number of rows.
    ///
    /// # Errors
    /// Why it cannot be written.
    pub fn close(mut self) -> Result<u64, AnalyticsError> {
        self.write_group()?;
        let path = self.path;
        let file = self.writer.into_inner();
        let file = file.map_err(|x| AnalyticsError::table("closing", &path, x))?;
        let failed = |x| AnalyticsError::file("writing", &path, x);
        let file = file.into_inner().map_err(|x| failed(x.into_error()))?;
        file.sync_all().map_err(failed)?;
        Ok(self.rows)
    }

    fn write_group(&mut self) -> Result<(), AnalyticsError> {
        if self.instruments.is_empty() {
            return Ok(());
        }
        let instruments = std::mem::take(&mut self.instruments);
        let mut arrays: Vec<ArrayRef> = vec![Arc::new(StringArray::from(instruments))];
        for times in &mut self.times {
            let times = TimestampNanosecondArray::from(std::mem::take(times));
            arrays.push(Arc::new(times.with_timezone("UTC")));
        }
        for column in &mut self.columns {
            arrays.push(Arc::new(Float64Array::from(std::mem::take(column))));
        }
        let failed = |x: &dyn std::fmt::Display| AnalyticsError::table("writing", &self.path, x);
        let batch = RecordBatch::try_new(self.schema.clone(), arrays).map_err(|x| failed(&x))?;
        self.writer.write(&batch).map_err(|x| failed(&x))?;
        self.writer.flush().map_err(|x| failed(&x))
    }
}
