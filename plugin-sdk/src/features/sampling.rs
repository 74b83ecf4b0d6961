//! When a row is made.
//!
//! Takes in the words of a user; gives out one of four clocks.

use super::name::parse_time;
use crate::types::{Nanos, Quantity};

/// When a row is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sampling {
    /// `time:100ms`: at whole multiples of this time since midnight UTC, where something was heard since the last.
    Time(Nanos),
    /// `trades:50`: after so many trades.
    Trades(u64),
    /// `volume:1000`: after so much was traded.
    Volume(Quantity),
    /// `best-price`: after each change of the best bid or ask.
    BestPrice,
}

impl Sampling {
    /// The sampling of a user's words.
    ///
    /// # Errors
    /// Says what would be allowed.
    pub fn parse(text: &str) -> Result<Sampling, String> {
        let whole = |x: &str| x.parse().ok().filter(|x: &i64| *x > 0);
        let known = match text.split_once(':') {
            None if text == "best-price" => Some(Sampling::BestPrice),
            Some(("time", time)) => parse_time(time).map(Sampling::Time),
            Some(("trades", count)) => whole(count).map(|x| Sampling::Trades(x.unsigned_abs())),
            Some(("volume", volume)) => whole(volume).map(|x| Sampling::Volume(Quantity(x))),
            _ => None,
        };
        known.ok_or_else(|| {
            format!(
                "the sampling is `{text}`, but must be one of `time:100ms`, `trades:50`, `volume:1000`, `best-price`"
            )
        })
    }
}
