//! Figures of a series of simple returns.
//!
//! Takes in daily returns (0.01 is one per cent); gives out one [`Figure`] each: a finite number, or the reason why there
//! is none. Conventions: 252 periods a year, risk-free rate 0, sample standard deviation (ddof 1), high-water mark
//! starting at 1.0. Names follow empyrical-reloaded 0.7.1 and QuantStats 0.0.86, and so do the values, to 1e-9.

mod distribution;
mod figure;
mod ratios;
mod returns;
mod risk;

pub use figure::Figure;
pub use returns::{PERIODS_PER_YEAR, Returns};

#[cfg(test)]
mod tests;
