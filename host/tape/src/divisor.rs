//! The greatest common divisor: the tick of prices, the lot of sizes.
//!
//! Takes in two whole numbers; gives out the largest that divides both.

pub(crate) const fn greatest_common_divisor(mut one: u64, mut other: u64) -> u64 {
    // The common case, once the divisor is known.
    if one != 0 && other.is_multiple_of(one) {
        return one;
    }
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one
}
