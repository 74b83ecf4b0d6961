//! One column's values until a row group is full.
//!
//! Takes in values row by row; gives out an Arrow array. Numbers of words stand for words, so that a row copies no text.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Decimal128Array, DictionaryArray, Float64Array, Int32Array, Int64Array,
    StringArray, TimestampNanosecondArray, UInt64Array,
};
use arrow::datatypes::Int32Type;
use arrow::error::ArrowError;

use super::schema::{Kind, MONEY_PRECISION, MONEY_SCALE};

/// A value of a cell; `None` within is null.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cell<'a> {
    /// For `Time`, `Price`, `Multiplier` and `Quantity`.
    Integer(Option<i64>),
    /// For `Number`.
    Number(Option<u64>),
    /// For `Money`.
    Money(i128),
    /// For `Money` that may be null.
    MoneyOrNone(Option<i128>),
    /// For `Float`.
    Float(Option<f64>),
    /// For `Flag`.
    Flag(Option<bool>),
    /// For `Word`: the place in the column's list of words.
    Word(Option<u32>),
    /// For `Text`.
    Text(&'a str),
}

/// The values of one column.
#[derive(Debug)]
pub(crate) enum Buffer {
    Time(Vec<Option<i64>>),
    Integer(Vec<Option<i64>>),
    Number(Vec<Option<u64>>),
    Money(Vec<Option<i128>>),
    Float(Vec<Option<f64>>),
    Flag(Vec<Option<bool>>),
    Word(Vec<Option<i32>>, Arc<StringArray>),
    Text(Vec<String>),
}

impl Buffer {
    /// An empty column; `words` are what a [`Kind::Word`] column may say.
    pub(crate) fn new(kind: Kind, words: &Arc<StringArray>) -> Buffer {
        match kind {
            Kind::Time => Buffer::Time(Vec::new()),
            Kind::Price | Kind::Multiplier | Kind::Quantity => Buffer::Integer(Vec::new()),
            Kind::Number => Buffer::Number(Vec::new()),
            Kind::Money => Buffer::Money(Vec::new()),
            Kind::Float => Buffer::Float(Vec::new()),
            Kind::Flag => Buffer::Flag(Vec::new()),
            Kind::Word => Buffer::Word(Vec::new(), words.clone()),
            Kind::Text => Buffer::Text(Vec::new()),
        }
    }

    /// Appends a value and says whether it was of the column's type.
    #[inline]
    pub(crate) fn push(&mut self, cell: Cell<'_>) -> bool {
        match (self, cell) {
            (Buffer::Time(x) | Buffer::Integer(x), Cell::Integer(value)) => x.push(value),
            (Buffer::Number(x), Cell::Number(value)) => x.push(value),
            (Buffer::Money(x), Cell::Money(value)) => x.push(Some(value)),
            (Buffer::Money(x), Cell::MoneyOrNone(value)) => x.push(value),
            (Buffer::Float(x), Cell::Float(value)) => x.push(value),
            (Buffer::Flag(x), Cell::Flag(value)) => x.push(value),
            (Buffer::Word(x, words), Cell::Word(value)) => {
                let known = value.filter(|x| (*x as usize) < arrow::array::Array::len(&**words));
                x.push(known.map(|x| x as i32));
            }
            (Buffer::Text(x), Cell::Text(value)) => x.push(value.to_owned()),
            _ => return false,
        }
        true
    }

    /// The column as an array; the buffer is empty afterwards.
    pub(crate) fn take(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(match self {
            Buffer::Time(x) => {
                let array: TimestampNanosecondArray = take(x).into();
                Arc::new(array.with_timezone("UTC"))
            }
            Buffer::Integer(x) => Arc::new(Int64Array::from(take(x))),
            Buffer::Number(x) => Arc::new(UInt64Array::from(take(x))),
            Buffer::Money(x) => Arc::new(
                Decimal128Array::from(take(x))
                    .with_precision_and_scale(MONEY_PRECISION, MONEY_SCALE)?,
            ),
            Buffer::Float(x) => Arc::new(Float64Array::from(take(x))),
            Buffer::Flag(x) => Arc::new(BooleanArray::from(take(x))),
            Buffer::Word(x, words) => {
                let keys = Int32Array::from(take(x));
                Arc::new(DictionaryArray::<Int32Type>::try_new(keys, words.clone())?)
            }
            Buffer::Text(x) => Arc::new(StringArray::from(take(x))),
        })
    }
}

/// The values; room for as many is left behind, since row groups are of one size.
fn take<T>(values: &mut Vec<T>) -> Vec<T> {
    let room = Vec::with_capacity(values.len());
    std::mem::replace(values, room)
}
