//! Reading the tables of a directory of results.
//!
//! Takes in a directory; gives out a table's batches with typed columns, one batch at a time. A file that is missing, cut
//! short or of another shape is an error that names it.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::array::{
    Array, ArrayRef, AsArray, Decimal128Array, Float64Array, Int64Array, StringArray,
};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Decimal128Type, Float64Type, Int32Type, Int64Type, TimestampNanosecondType,
};
use arrow::record_batch::RecordBatch;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use super::schema::Table;
use crate::error::AnalyticsError;

/// The rows that are read at once.
const ROWS_PER_BATCH: usize = 16_384;

/// A table being read.
pub(crate) struct TableReader {
    path: PathBuf,
    batches: ParquetRecordBatchReader,
}

impl TableReader {
    /// Opens a table and compares its columns, as far as results of `format` have them, and its number of rows with
    /// what they should be.
    pub(crate) fn open(
        directory: &Path,
        table: &Table,
        rows: Option<u64>,
        format: u64,
    ) -> Result<TableReader, AnalyticsError> {
        let path = directory.join(table.file_name());
        let file = File::open(&path).map_err(|x| match x.kind() {
            std::io::ErrorKind::NotFound => AnalyticsError::MissingTable { path: path.clone() },
            _ => AnalyticsError::file("opening", &path, x),
        })?;
        let failed = |x: parquet::errors::ParquetError| AnalyticsError::table("reading", &path, x);
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(failed)?;
        for column in table.columns.iter().filter(|x| x.since <= format) {
            let wrong = |reason: String| AnalyticsError::Column {
                path: path.clone(),
                column: column.name.into(),
                reason,
            };
            let field = builder.schema().field_with_name(column.name);
            let field = field.map_err(|_| wrong("is missing".into()))?;
            let (found, expected) = (field.data_type(), column.kind.data_type());
            if *found != expected {
                return Err(wrong(format!("is {found}, not {expected}")));
            }
        }
        let found = builder.metadata().file_metadata().num_rows() as u64;
        if let Some(rows) = rows.filter(|x| *x != found) {
            return Err(AnalyticsError::Mismatch {
                reason: format!("it has {found} rows; run.json says {rows}"),
                path,
            });
        }
        let batches = builder.with_batch_size(ROWS_PER_BATCH).build();
        let batches = batches.map_err(failed)?;
        Ok(TableReader { path, batches })
    }

    /// The next batch; none at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Batch<'_>>, AnalyticsError> {
        let Some(batch) = self.batches.next() else {
            return Ok(None);
        };
        match batch {
            Ok(batch) => Ok(Some(Batch {
                path: &self.path,
                batch,
            })),
            Err(error) => Err(AnalyticsError::table("reading", &self.path, error)),
        }
    }
}

/// Some rows of a table.
pub(crate) struct Batch<'a> {
    path: &'a Path,
    batch: RecordBatch,
}

impl Batch<'_> {
    /// The number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.batch.num_rows()
    }

    fn wrong(&self, name: &str, reason: &str) -> AnalyticsError {
        AnalyticsError::Column {
            path: self.path.to_owned(),
            column: name.into(),
            reason: reason.into(),
        }
    }

    fn column(&self, name: &str) -> Result<&ArrayRef, AnalyticsError> {
        let column = self.batch.column_by_name(name);
        column.ok_or_else(|| self.wrong(name, "is missing"))
    }

    /// A column, if the table has it.
    pub(crate) fn column_or_none(&self, name: &str) -> Option<&ArrayRef> {
        self.batch.column_by_name(name)
    }

    /// A column whose every value is text: dictionaries by their words, times by their nanoseconds.
    pub(crate) fn plain(&self, name: &str) -> Result<ArrayRef, AnalyticsError> {
        let column = self.column(name)?;
        let column = match column.data_type() {
            DataType::Timestamp(..) => cast(column, &DataType::Int64),
            _ => Ok(column.clone()),
        };
        let text = column.and_then(|x| cast(&x, &DataType::Utf8));
        text.map_err(|x| self.wrong(name, &x.to_string()))
    }

    /// A column of times, prices or quantities.
    pub(crate) fn integers(&self, name: &str) -> Result<Integers, AnalyticsError> {
        let column = self.column(name)?;
        if let Some(x) = column.as_primitive_opt::<TimestampNanosecondType>() {
            return Ok(Integers(x.reinterpret_cast::<Int64Type>()));
        }
        let column = column.as_primitive_opt::<Int64Type>();
        let column = column.ok_or_else(|| self.wrong(name, "is no integer"))?;
        Ok(Integers(column.clone()))
    }

    /// A column of money.
    pub(crate) fn money(&self, name: &str) -> Result<&Decimal128Array, AnalyticsError> {
        let column = self.column(name)?.as_primitive_opt::<Decimal128Type>();
        column.ok_or_else(|| self.wrong(name, "is no money"))
    }

    /// A column of floats.
    pub(crate) fn floats(&self, name: &str) -> Result<&Float64Array, AnalyticsError> {
        let column = self.column(name)?.as_primitive_opt::<Float64Type>();
        column.ok_or_else(|| self.wrong(name, "holds no floats"))
    }

    /// A column of words.
    pub(crate) fn words(&self, name: &str) -> Result<Words<'_>, AnalyticsError> {
        let column = self.column(name)?.as_dictionary_opt::<Int32Type>();
        let column = column.ok_or_else(|| self.wrong(name, "is no dictionary"))?;
        let values = column.values().as_string_opt::<i32>();
        Ok(Words {
            keys: column.keys(),
            values: values.ok_or_else(|| self.wrong(name, "holds no strings"))?,
        })
    }

    /// A column of words as the places of these words in a list; an unknown word is an error.
    pub(crate) fn places(
        &self,
        name: &str,
        list: &Places,
    ) -> Result<Vec<Option<usize>>, AnalyticsError> {
        let words = self.words(name)?;
        let of_value: Vec<Option<usize>> = words.values.iter().map(|x| list.find(x?)).collect();
        let mut places = Vec::with_capacity(self.rows());
        for row in 0..self.rows() {
            let place = match words.key(row) {
                None => None,
                Some(key) => match of_value.get(key).copied().flatten() {
                    Some(place) => Some(place),
                    None => return Err(self.wrong(name, "names what run.json does not describe")),
                },
            };
            places.push(place);
        }
        Ok(places)
    }
}

/// Integers of a column.
pub(crate) struct Integers(Int64Array);

impl Integers {
    /// The value of a row; none where it is null.
    pub(crate) fn get(&self, row: usize) -> Option<i64> {
        self.0.is_valid(row).then(|| self.0.value(row))
    }

    /// The value of a row of a column without nulls.
    pub(crate) fn at(&self, row: usize) -> i64 {
        self.0.value(row)
    }
}

/// Words of a column.
pub(crate) struct Words<'a> {
    keys: &'a arrow::array::Int32Array,
    values: &'a StringArray,
}

impl<'a> Words<'a> {
    fn key(&self, row: usize) -> Option<usize> {
        let key = self.keys.is_valid(row).then(|| self.keys.value(row))?;
        usize::try_from(key).ok()
    }

    /// The word of a row; empty where it is null.
    pub(crate) fn at(&self, row: usize) -> &'a str {
        match self.key(row) {
            Some(key) if key < self.values.len() => self.values.value(key),
            _ => "",
        }
    }
}

/// A list of names in which places are found.
pub(crate) struct Places(BTreeMap<String, usize>);

impl Places {
    /// A list of names, each of which is there once.
    pub(crate) fn new<'a>(names: impl Iterator<Item = &'a str>) -> Places {
        Places(names.enumerate().map(|(i, x)| (x.to_owned(), i)).collect())
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.0.get(name).copied()
    }
}
