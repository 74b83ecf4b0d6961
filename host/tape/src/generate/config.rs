//! What a synthetic market looks like, and which wishes are refused.
//!
//! Takes in a [`GeneratorConfig`]; gives out the same, checked, with what follows from it.

use backplane_sdk::types::{Instrument, InstrumentId, Nanos, Price, Timestamp};
use thiserror::Error;

use crate::format::LOT_WHOLE;

/// The most instruments in one generated tape.
pub const INSTRUMENTS_MAX: u16 = 1_000;
/// The most messages an instrument may send in a second on average.
pub const MESSAGES_PER_SECOND_MAX: u32 = 1_000_000;
/// The fewest and the most resting orders that an instrument's book may hold.
pub const RESTING_ORDERS_RANGE: (u32, u32) = (400, 40_000);
/// The lowest and the highest start price, in ticks.
pub const START_TICKS_RANGE: (i64, i64) = (2_000, 100_000_000);
/// The largest multiple that sizes may be of.
pub const SIZE_UNIT_MAX: u32 = 10_000;
/// The most messages of a tape, opening snapshot included: sequence numbers have 32 bits and never repeat.
pub const TAPE_MESSAGES_MAX: u64 = 4_000_000_000;

/// What a synthetic market looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GeneratorConfig {
    /// The seed: the same seed and settings give the same messages on every machine.
    pub seed: u64,
    /// How many instruments trade, from 1 to [`INSTRUMENTS_MAX`].
    pub instruments: u16,
    /// How many messages follow the opening snapshot; the event that reaches this number is finished.
    pub messages: u64,
    /// How long trading lasts; `None` for as long as the number of messages says. Whichever is reached first ends the
    /// tape.
    pub duration: Option<Nanos>,
    /// The time of the opening snapshot.
    pub start: Timestamp,
    /// The smallest step of prices.
    pub tick: Price,
    /// The price around which the first instrument starts and to which it is slowly drawn back; the others start
    /// between three quarters and five quarters of it.
    pub start_price: Price,
    /// What one contract is worth when the price is one, in units of 1e-9 of the currency.
    pub multiplier: i64,
    /// How many messages an instrument sends in a second on average.
    pub messages_per_second: u32,
    /// How many orders rest in an instrument's book on average.
    pub resting_orders: u32,
    /// What sizes are multiples of, in quantity units.
    pub size_unit: u32,
    /// What a quantity unit is of a whole one, in units of 1e-9: see [`crate::InstrumentDefinition::lot`].
    pub lot: i64,
    /// The currency of prices.
    pub currency: String,
    /// How long after the start the first instrument expires, and each further one after the one before; `None` where none
    /// does. At its expiry an instrument's book is emptied, and nothing of it follows.
    pub expiry: Option<Nanos>,
}

/// What kind of instrument a synthetic market is of: its ticks, sizes, contract and currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MarketKind {
    /// A share at 150 dollars in ticks of a cent, traded in round lots of 100.
    Equity,
    /// An index future at 4800 points in ticks of a quarter point of 12.50 dollars.
    #[default]
    Future,
    /// A coin at 60,000 dollars in ticks of ten cents, traded in thousandths.
    Crypto,
}

impl MarketKind {
    /// The settings of this kind; what is not of the instrument is as in [`GeneratorConfig::default`].
    pub fn config(self) -> GeneratorConfig {
        let future = GeneratorConfig::default();
        match self {
            MarketKind::Future => future,
            MarketKind::Equity => GeneratorConfig {
                tick: Price(10_000_000),
                start_price: Price(150_000_000_000),
                multiplier: 1_000_000_000,
                size_unit: 100,
                ..future
            },
            MarketKind::Crypto => GeneratorConfig {
                tick: Price(100_000_000),
                start_price: Price(60_000_000_000_000),
                multiplier: 1_000_000,
                lot: 1_000_000,
                size_unit: 10,
                currency: String::from("USDT"),
                ..future
            },
        }
    }
}

impl Default for GeneratorConfig {
    /// Four futures at 4800 points with ticks of a quarter point of 12.50 dollars, each with 100 messages a second and
    /// 4,000 resting orders, a million messages in all.
    fn default() -> GeneratorConfig {
        GeneratorConfig {
            seed: 1,
            instruments: 4,
            messages: 1_000_000,
            duration: None,
            start: Timestamp(1_704_205_800_000_000_000),
            tick: Price(250_000_000),
            start_price: Price(4_800_000_000_000),
            multiplier: 50_000_000_000,
            messages_per_second: 100,
            resting_orders: 4_000,
            size_unit: 1,
            lot: LOT_WHOLE,
            currency: String::from("USD"),
            expiry: None,
        }
    }
}

/// Why a market cannot be generated.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum GenerateError {
    /// No instrument, or more than fit.
    #[error("{given} instruments: a generated tape has 1 to {INSTRUMENTS_MAX}")]
    Instruments {
        /// The number asked for.
        given: u16,
    },
    /// No message, or more than there are sequence numbers.
    #[error(
        "{given} messages and {snapshot} in the snapshot: a generated tape has 1 to {TAPE_MESSAGES_MAX} in all"
    )]
    Messages {
        /// The number of messages asked for.
        given: u64,
        /// The most messages that the opening snapshot may take.
        snapshot: u64,
    },
    /// A tape that ends before it begins, or after the last representable time.
    #[error(
        "a tape from {start} that lasts {nanos} ns: it must last at least 1 ns and end before the year 2200"
    )]
    Duration {
        /// When the tape starts.
        start: Timestamp,
        /// How long it was to last, in nanoseconds; 0 where no duration was given.
        nanos: i64,
    },
    /// A tick of zero or less.
    #[error("a tick of {given}: it must be above zero")]
    Tick {
        /// The tick asked for.
        given: Price,
    },
    /// A start price that is not on a tick, or too few or too many ticks from zero.
    #[error(
        "a start price of {given} with a tick of {tick}: it must be a whole number of ticks, from {} to {}",
        START_TICKS_RANGE.0,
        START_TICKS_RANGE.1
    )]
    StartPrice {
        /// The price asked for.
        given: Price,
        /// The tick asked for.
        tick: Price,
    },
    /// A contract that is worth nothing.
    #[error("a multiplier of {given}: it must be above zero")]
    Multiplier {
        /// The multiplier asked for, in units of 1e-9.
        given: i64,
    },
    /// Sizes of nothing, or too large ones.
    #[error("sizes in multiples of {given}: it must be 1 to {SIZE_UNIT_MAX}")]
    SizeUnit {
        /// The multiple asked for.
        given: u32,
    },
    /// A rate of zero or more than [`MESSAGES_PER_SECOND_MAX`].
    #[error("{given} messages a second and instrument: it must be 1 to {MESSAGES_PER_SECOND_MAX}")]
    Rate {
        /// The rate asked for, in messages a second.
        given: u32,
    },
    /// A book too thin to trade in, or too deep to hold.
    #[error(
        "{given} resting orders an instrument: it must be {} to {}",
        RESTING_ORDERS_RANGE.0,
        RESTING_ORDERS_RANGE.1
    )]
    RestingOrders {
        /// The number asked for.
        given: u32,
    },
}

/// No generated tape may reach this time, the start of the year 2200, in nanoseconds since the Unix epoch.
const END_MAX: i64 = 7_258_118_400_000_000_000;

impl GeneratorConfig {
    /// Refuses what cannot be generated.
    pub fn validate(&self) -> Result<(), GenerateError> {
        if !(1..=INSTRUMENTS_MAX).contains(&self.instruments) {
            return Err(GenerateError::Instruments {
                given: self.instruments,
            });
        }
        if !(RESTING_ORDERS_RANGE.0..=RESTING_ORDERS_RANGE.1).contains(&self.resting_orders) {
            return Err(GenerateError::RestingOrders {
                given: self.resting_orders,
            });
        }
        if !(1..=MESSAGES_PER_SECOND_MAX).contains(&self.messages_per_second) {
            return Err(GenerateError::Rate {
                given: self.messages_per_second,
            });
        }
        if !(1..=SIZE_UNIT_MAX).contains(&self.size_unit) {
            return Err(GenerateError::SizeUnit {
                given: self.size_unit,
            });
        }
        if self.multiplier <= 0 {
            return Err(GenerateError::Multiplier {
                given: self.multiplier,
            });
        }
        self.validate_prices()?;
        self.validate_length()
    }

    fn validate_prices(&self) -> Result<(), GenerateError> {
        if self.tick.0 <= 0 {
            return Err(GenerateError::Tick { given: self.tick });
        }
        let ticks = self.start_price.0 / self.tick.0;
        let fits = (START_TICKS_RANGE.0..=START_TICKS_RANGE.1).contains(&ticks);
        // The price may double before it is drawn back, with room for the far side of the book.
        let has_room = self.start_price.0 <= i64::MAX / 4;
        if !fits || !has_room || !self.start_price.is_on_tick(self.tick) {
            return Err(GenerateError::StartPrice {
                given: self.start_price,
                tick: self.tick,
            });
        }
        Ok(())
    }

    fn validate_length(&self) -> Result<(), GenerateError> {
        let snapshot = u64::from(self.instruments) * u64::from(self.resting_orders) * 2;
        if self.messages == 0 || self.messages.saturating_add(snapshot) > TAPE_MESSAGES_MAX {
            return Err(GenerateError::Messages {
                given: self.messages,
                snapshot,
            });
        }
        let nanos = self.duration.map_or(0, |span| span.0);
        let is_empty = self.duration.is_some_and(|span| span.0 <= 0)
            || self.expiry.is_some_and(|span| span.0 <= 0);
        if is_empty || self.start.0 < 0 || self.start.0.saturating_add(nanos) >= END_MAX {
            return Err(GenerateError::Duration {
                start: self.start,
                nanos,
            });
        }
        Ok(())
    }

    /// The time at which trading ends at the latest.
    pub(super) fn end(&self) -> Timestamp {
        match self.duration {
            Some(span) => self.start + span,
            None => Timestamp(END_MAX),
        }
    }

    /// When an instrument expires.
    pub(super) fn expiration(&self, number: u16) -> Timestamp {
        let times = i64::from(number) + 1;
        let after = self.expiry.and_then(|span| span.0.checked_mul(times));
        let at = after.and_then(|after| self.start.0.checked_add(after));
        at.map_or(Timestamp::MAX, Timestamp)
    }

    /// The definitions of the instruments: `SYN000`, `SYN001` and so on.
    pub(super) fn instruments(&self) -> Vec<Instrument> {
        (0..self.instruments)
            .map(|number| Instrument {
                id: InstrumentId(u32::from(number)),
                symbol: format!("SYN{number:03}"),
                tick: self.tick,
                multiplier: self.multiplier,
                currency: self.currency.clone(),
                expiration: self.expiration(number),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_market_is_accepted() {
        assert_eq!(GeneratorConfig::default().validate(), Ok(()));
    }

    #[test]
    fn what_cannot_be_generated_is_refused_with_its_value() {
        type Spoil = fn(&mut GeneratorConfig);
        let cases: [(Spoil, &str); 9] = [
            (|c| c.instruments = 0, "0 instruments"),
            (|c| c.instruments = 1_001, "1001 instruments"),
            (|c| c.messages = 0, "0 messages"),
            (|c| c.messages = u64::MAX, "in the snapshot"),
            (|c| c.tick = Price(0), "a tick of 0"),
            (|c| c.start_price = Price(4_800_100_000_000), "4800.1"),
            (|c| c.messages_per_second = 0, "0 messages a second"),
            (|c| c.resting_orders = 10, "10 resting orders"),
            (|c| c.duration = Some(Nanos(0)), "lasts 0 ns"),
        ];
        for (spoil, text) in cases {
            let mut config = GeneratorConfig::default();
            spoil(&mut config);
            let message = config.validate().unwrap_err().to_string();
            assert!(message.contains(text), "{message}");
        }
    }
}
