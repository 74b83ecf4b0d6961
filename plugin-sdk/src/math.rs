//! Transcendental functions with the same bits on every carrier.
//!
//! Takes in and gives out `f64`. A C library's `exp` differs from WebAssembly's in one input of ten, so strategies take
//! these functions, which come from the `libm` crate, and not the methods of `f64`. `sqrt`, `abs`, `floor`, `ceil` and
//! the four operations are exact by IEEE 754 and may be used as they are.

/// `e` to the power of `x`.
pub fn exp(x: f64) -> f64 {
    libm::exp(x)
}

/// `e` to the power of `x`, minus one, exact for small `x`.
pub fn exp_m1(x: f64) -> f64 {
    libm::expm1(x)
}

/// The natural logarithm of `x`.
pub fn ln(x: f64) -> f64 {
    libm::log(x)
}

/// The natural logarithm of `1 + x`, exact for small `x`.
pub fn ln_1p(x: f64) -> f64 {
    libm::log1p(x)
}

/// `x` to the power of `y`.
pub fn pow(x: f64, y: f64) -> f64 {
    libm::pow(x, y)
}

/// The sine of `x` radians.
pub fn sin(x: f64) -> f64 {
    libm::sin(x)
}

/// The cosine of `x` radians.
pub fn cos(x: f64) -> f64 {
    libm::cos(x)
}

/// The hyperbolic tangent of `x`.
pub fn tanh(x: f64) -> f64 {
    libm::tanh(x)
}

/// The square root of `x`.
pub fn sqrt(x: f64) -> f64 {
    libm::sqrt(x)
}

/// The error function of `x`.
pub fn erf(x: f64) -> f64 {
    libm::erf(x)
}
