//! Quantities as integers.
//!
//! Takes in and gives out `i64` counts of the instrument's quantity unit: shares, contracts, or the smallest fraction
//! of a coin that the venue trades.

use core::fmt;
use core::ops::{Add, AddAssign, Neg, Sub, SubAssign};

/// A count of the instrument's quantity unit. Signed where it is a position, not negative where it is a size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    all(feature = "native", not(target_family = "wasm")),
    derive(abi_stable::StableAbi)
)]
#[repr(transparent)]
pub struct Quantity(pub i64);

impl Quantity {
    /// Nothing.
    pub const ZERO: Quantity = Quantity(0);

    /// Whether there is nothing.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The quantity without its sign.
    pub const fn abs(self) -> Quantity {
        Quantity(self.0.saturating_abs())
    }

    /// The quantity as a float, for strategies.
    pub fn as_f64(self) -> f64 {
        self.0 as f64
    }
}

impl Add for Quantity {
    type Output = Quantity;

    fn add(self, other: Quantity) -> Quantity {
        Quantity(self.0.saturating_add(other.0))
    }
}

impl Sub for Quantity {
    type Output = Quantity;

    fn sub(self, other: Quantity) -> Quantity {
        Quantity(self.0.saturating_sub(other.0))
    }
}

impl AddAssign for Quantity {
    fn add_assign(&mut self, other: Quantity) {
        *self = *self + other;
    }
}

impl SubAssign for Quantity {
    fn sub_assign(&mut self, other: Quantity) {
        *self = *self - other;
    }
}

impl Neg for Quantity {
    type Output = Quantity;

    fn neg(self) -> Quantity {
        Quantity(self.0.saturating_neg())
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
