//! Tables of results.
//!
//! Takes in Parquet files; gives out their columns as plain values.

use std::fs::File;
use std::path::Path;

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int64Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// A table, whole.
pub(super) struct Table {
    rows: RecordBatch,
}

impl Table {
    pub(super) fn read(results: &Path, name: &str) -> Table {
        let file = File::open(results.join(format!("{name}.parquet"))).unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
        let schema = reader.schema().clone();
        let batches: Result<Vec<_>, _> = reader.build().unwrap().collect();
        Table {
            rows: concat_batches(&schema, &batches.unwrap()).unwrap(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.rows.num_rows()
    }

    /// A column of words; where it is null, an empty one.
    pub(super) fn words(&self, name: &str) -> Vec<String> {
        let column = self.rows.column_by_name(name).unwrap();
        let words = cast(column, &DataType::Utf8).unwrap();
        let words = words.as_string::<i32>().iter();
        words.map(|x| x.unwrap_or_default().to_owned()).collect()
    }

    pub(super) fn optional(&self, name: &str) -> Vec<Option<i64>> {
        let column = self.rows.column_by_name(name).unwrap();
        let numbers = cast(column, &DataType::Int64).unwrap();
        numbers.as_primitive::<Int64Type>().iter().collect()
    }

    pub(super) fn numbers(&self, name: &str) -> Vec<i128> {
        let numbers = self.optional(name).into_iter();
        numbers.map(|x| x.unwrap().into()).collect()
    }

    /// A column of money, in units of 1e-9.
    pub(super) fn money(&self, name: &str) -> Vec<i128> {
        let column = self.rows.column_by_name(name).unwrap();
        column
            .as_primitive::<Decimal128Type>()
            .values()
            .iter()
            .copied()
            .collect()
    }

    /// A column of floats, by their bits.
    pub(super) fn bits(&self, name: &str) -> Vec<u64> {
        let column = self.rows.column_by_name(name).unwrap();
        let floats = column.as_primitive::<Float64Type>().values().iter();
        floats.map(|x| x.to_bits()).collect()
    }

    /// The rows of one instance, each as text.
    pub(super) fn rows_of(&self, label: &str) -> Vec<String> {
        let labels = self.words("instance");
        let names = self.rows.schema();
        let columns: Vec<Vec<String>> = names
            .fields()
            .iter()
            .map(|field| match field.data_type() {
                DataType::Timestamp(..) => {
                    let times = self.optional(field.name()).into_iter();
                    times.map(|x| format!("{x:?}")).collect()
                }
                _ => self.words(field.name()),
            })
            .collect();
        let numbers = (0..self.len()).filter(|&row| labels[row] == label);
        numbers
            .map(|row| columns.iter().map(|x| x[row].clone() + "|").collect())
            .collect()
    }
}
