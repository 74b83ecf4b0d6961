//! How records become columns.
//!
//! Takes in records and, for each column, the function that gets its value from one; gives out values in column chunks.
//! Numbers of words stand for words, so that no record copies a text. A column is made of many records at once: rows of
//! cells, made one by one, took twice the time.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, StringArray, TimestampNanosecondArray,
    UInt64Array,
};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::datatypes::Field;
use parquet::arrow::arrow_writer::{ArrowColumnWriter, compute_leaves};
use parquet::errors::ParquetError;

use super::chunk::{Amounts, Chunk, Words};
use super::schema::Kind;

/// Gets a column's value from a record; `None` is null.
pub(crate) enum Get<R> {
    /// For `Time`, `Price`, `Multiplier` and `Quantity`.
    Integer(fn(&R) -> i64),
    /// The same, where it may be null.
    IntegerOrNone(fn(&R) -> Option<i64>),
    /// For `Number`.
    Number(fn(&R) -> u64),
    /// For `Number` that may be null.
    NumberOrNone(fn(&R) -> Option<u64>),
    /// For `Money`.
    Money(fn(&R) -> i128),
    /// For `Money` that may be null.
    MoneyOrNone(fn(&R) -> Option<i128>),
    /// For `Float`.
    Float(fn(&R) -> Option<f64>),
    /// For `Flag`.
    Flag(fn(&R) -> Option<bool>),
    /// For `Word`: the place in the column's list of words. A place beyond the list is null.
    Word(fn(&R) -> Option<u32>),
    /// For `Text`.
    Text(fn(&R) -> &str),
}

/// A column's chunk of the row group that is being made.
pub(crate) enum Filling {
    /// Of words.
    Words(Chunk<Words>),
    /// Of money.
    Money(Chunk<Amounts>),
    /// Of any other kind: the library's.
    Other(Box<ArrowColumnWriter>),
}

impl<R> Get<R> {
    /// Adds the values of records.
    ///
    /// # Errors
    /// Money has more digits than its type, or a value is missing that may not be.
    pub(crate) fn fill(
        &self,
        (kind, field): (Kind, &Field),
        records: &[R],
        filling: &mut Filling,
    ) -> Result<(), ParquetError> {
        match (self, filling) {
            (Get::Word(get), Filling::Words(chunk)) => {
                records.iter().try_for_each(|x| chunk.push(get(x)))
            }
            (Get::Money(get), Filling::Money(chunk)) => {
                records.iter().try_for_each(|x| chunk.push(Some(get(x))))
            }
            (Get::MoneyOrNone(get), Filling::Money(chunk)) => {
                records.iter().try_for_each(|x| chunk.push(get(x)))
            }
            (get, Filling::Other(writer)) => {
                let leaves = compute_leaves(field, &get.array(kind, records)?)?;
                leaves.iter().try_for_each(|x| writer.write(x))
            }
            _ => Err(not_a(kind)),
        }
    }

    /// The values of records that the library encodes.
    fn array(&self, kind: Kind, records: &[R]) -> Result<ArrayRef, ParquetError> {
        Ok(match self {
            Get::Integer(get) => integers(kind, records.iter().map(get).collect(), None),
            Get::IntegerOrNone(get) => {
                let (values, nulls) = optional(records, get);
                integers(kind, values, nulls)
            }
            Get::Number(get) => {
                let values: Vec<u64> = records.iter().map(get).collect();
                Arc::new(UInt64Array::from(values))
            }
            Get::NumberOrNone(get) => {
                let (values, nulls) = optional(records, get);
                Arc::new(UInt64Array::new(values.into(), nulls))
            }
            Get::Float(get) => {
                let (values, nulls) = optional(records, get);
                Arc::new(Float64Array::new(values.into(), nulls))
            }
            Get::Flag(get) => Arc::new(records.iter().map(get).collect::<BooleanArray>()),
            Get::Text(get) => Arc::new(StringArray::from_iter_values(records.iter().map(get))),
            Get::Money(_) | Get::MoneyOrNone(_) | Get::Word(_) => return Err(not_a(kind)),
        })
    }
}

fn not_a(kind: Kind) -> ParquetError {
    ParquetError::General(format!(
        "a column of {} gets other values",
        kind.type_text()
    ))
}

fn integers(kind: Kind, values: Vec<i64>, nulls: Option<NullBuffer>) -> ArrayRef {
    match kind {
        Kind::Time => {
            let array = TimestampNanosecondArray::new(values.into(), nulls);
            Arc::new(array.with_timezone("UTC"))
        }
        _ => Arc::new(Int64Array::new(values.into(), nulls)),
    }
}

/// The values, with the places that are null where any is.
fn optional<R, T: Default>(
    records: &[R],
    get: impl Fn(&R) -> Option<T>,
) -> (Vec<T>, Option<NullBuffer>) {
    let mut known = true;
    let value = |record| {
        let value = get(record);
        known &= value.is_some();
        value.unwrap_or_default()
    };
    let values = records.iter().map(value).collect();
    let is_known = |place: usize| get(&records[place]).is_some();
    let nulls = (!known).then(|| BooleanBuffer::collect_bool(records.len(), is_known));
    (values, nulls.map(NullBuffer::new))
}
