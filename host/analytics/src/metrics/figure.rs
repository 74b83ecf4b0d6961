//! A figure that may not exist.
//!
//! Takes in the result of a formula; gives out a finite number or a reason, never infinity and never NaN.

use serde::ser::{Serialize, SerializeStruct, Serializer};

/// A finite number, or the reason why there is none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Figure {
    /// The number; always finite.
    Value(f64),
    /// Why there is none, in words.
    Undefined(&'static str),
}

impl Figure {
    /// `value` where it is finite.
    pub const fn of(value: f64) -> Figure {
        if value.is_finite() {
            Figure::Value(value)
        } else {
            Figure::Undefined("too large to be a number")
        }
    }

    /// `numerator / denominator`, or `reason` where the denominator is zero.
    pub fn ratio(numerator: f64, denominator: f64, reason: &'static str) -> Figure {
        if denominator == 0.0 {
            return Figure::Undefined(reason);
        }
        Figure::of(numerator / denominator)
    }

    /// The number, where there is one.
    pub const fn value(self) -> Option<f64> {
        match self {
            Figure::Value(value) => Some(value),
            Figure::Undefined(_) => None,
        }
    }

    /// Why there is no number, where there is none.
    pub const fn reason(self) -> Option<&'static str> {
        match self {
            Figure::Value(_) => None,
            Figure::Undefined(reason) => Some(reason),
        }
    }

    /// The figure of a number that follows from this one.
    pub fn map(self, formula: impl FnOnce(f64) -> f64) -> Figure {
        match self {
            Figure::Value(value) => Figure::of(formula(value)),
            undefined => undefined,
        }
    }
}

/// A number as itself; no number as `{"value": null, "reason": "..."}`.
impl Serialize for Figure {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Figure::Value(value) => to.serialize_f64(*value),
            Figure::Undefined(reason) => {
                let mut fields = to.serialize_struct("Figure", 2)?;
                fields.serialize_field("value", &None::<f64>)?;
                fields.serialize_field("reason", reason)?;
                fields.end()
            }
        }
    }
}
