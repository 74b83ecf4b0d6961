//! What a definition record says of an instrument.
//!
//! Takes in Databento's definition; gives out symbol, tick, multiplier, currency and the times between which the
//! instrument is traded.

use dbn::InstrumentDefMsg;

/// One, in units of 1e-9.
const ONE: i128 = 1_000_000_000;

/// What is taken of a definition; none where it does not say it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Definition {
    pub(super) symbol: Option<String>,
    /// The smallest step of prices, in units of 1e-9.
    pub(super) tick: Option<i64>,
    /// In units of 1e-9.
    pub(super) multiplier: Option<i64>,
    pub(super) currency: Option<String>,
    /// Nanoseconds since the Unix epoch.
    pub(super) activation: Option<i64>,
    /// Nanoseconds since the Unix epoch.
    pub(super) expiration: Option<i64>,
}

impl From<&InstrumentDefMsg> for Definition {
    fn from(message: &InstrumentDefMsg) -> Definition {
        let positive = |value: i64| (value > 0 && value != i64::MAX).then_some(value);
        let time = |value: u64| i64::try_from(value).ok().and_then(positive);
        let text = |value: dbn::Result<&str>| {
            let text = value.unwrap_or_default();
            (!text.is_empty()).then(|| text.to_owned())
        };
        Definition {
            symbol: text(message.raw_symbol()),
            tick: positive(message.min_price_increment),
            multiplier: multiplier(message),
            currency: text(message.currency()),
            activation: time(message.activation),
            expiration: time(message.expiration),
        }
    }
}

/// What one contract is worth when the price is one: as the exchange says it, else what a tick is worth over the tick,
/// else the quantity of the underlying.
fn multiplier(message: &InstrumentDefMsg) -> Option<i64> {
    let is_said = |value: i64| value > 0 && value != i64::MAX;
    let said = message.contract_multiplier;
    if said > 0 && said != i32::MAX {
        return i64::from(said).checked_mul(1_000_000_000);
    }
    let (tick, worth) = (
        message.min_price_increment,
        message.min_price_increment_amount,
    );
    if is_said(tick) && is_said(worth) {
        return i64::try_from(i128::from(worth) * ONE / i128::from(tick))
            .ok()
            .filter(|found| *found > 0);
    }
    Some(message.unit_of_measure_qty).filter(|quantity| is_said(*quantity))
}
