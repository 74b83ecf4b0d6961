//! How records become columns.
//!
//! Takes in records and, for each column, the function that gets its value from one; gives out Arrow arrays. Numbers of
//! words stand for words, so that no record copies a text. A column is made of many records at once: rows of cells, made
//! one by one, took twice the time.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, Decimal128Array, DictionaryArray, Float64Array, Int32Array,
    Int64Array, StringArray, TimestampNanosecondArray, UInt64Array,
};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::datatypes::Int32Type;
use arrow::error::ArrowError;

use super::schema::{Kind, MONEY_PRECISION, MONEY_SCALE};

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

impl<R> Get<R> {
    /// The column of these records; `words` are what a [`Kind::Word`] column may say.
    ///
    /// # Errors
    /// Money has more digits than its type.
    pub(crate) fn column(
        &self,
        kind: Kind,
        words: &Arc<StringArray>,
        records: &[R],
    ) -> Result<ArrayRef, ArrowError> {
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
            Get::Money(get) => money(records.iter().map(get).collect(), None)?,
            Get::MoneyOrNone(get) => {
                let (values, nulls) = optional(records, get);
                money(values, nulls)?
            }
            Get::Float(get) => {
                let (values, nulls) = optional(records, get);
                Arc::new(Float64Array::new(values.into(), nulls))
            }
            Get::Flag(get) => Arc::new(records.iter().map(get).collect::<BooleanArray>()),
            Get::Word(get) => {
                let count = words.len();
                let key = |x: &R| get(x).filter(|x| (*x as usize) < count).map(|x| x as i32);
                let (keys, nulls) = optional(records, key);
                let keys = Int32Array::new(keys.into(), nulls);
                Arc::new(DictionaryArray::<Int32Type>::try_new(keys, words.clone())?)
            }
            Get::Text(get) => Arc::new(StringArray::from_iter_values(records.iter().map(get))),
        })
    }
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

fn money(values: Vec<i128>, nulls: Option<NullBuffer>) -> Result<ArrayRef, ArrowError> {
    let array = Decimal128Array::new(values.into(), nulls);
    let array = array.with_precision_and_scale(MONEY_PRECISION, MONEY_SCALE)?;
    Ok(Arc::new(array))
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
