//! The tables `[orders]` and `[risk]` of a run file.
//!
//! Takes in what a user wrote; gives out the engine's exact units, or an error that names the setting and what it may be.
//! What `[risk.strategy.LABEL]` sets goes before what `[risk]` sets, one setting at a time.

use std::collections::BTreeMap;

use backplane_engine::exchange::{OrderRules, SelfTrade, Taken};
use backplane_engine::limits::{
    AfterLoss, CollarFrom, Distance, LossLimit, OrderRate, PriceCollar, RiskLimits,
};
use backplane_sdk::types::{Money, Nanos, Price, Quantity};
use serde::{Deserialize, Serialize};

use crate::error::CliError;
use crate::settings::{Decimal, parse_decimal, parse_time, wrong};
use crate::strategy::StrategySpec;

/// What a user may choose about orders.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrdersTable {
    self_trade_prevention: Option<SelfTradeChoice>,
    taken_liquidity: Option<TakenChoice>,
    session_end: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SelfTradeChoice {
    #[default]
    Off,
    CancelNewest,
    CancelOldest,
    CancelBoth,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum TakenChoice {
    #[default]
    Stays,
    Returns,
}

/// The same as a job carries it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderSettings {
    self_trade_prevention: SelfTradeChoice,
    taken_liquidity: TakenChoice,
    /// The end of sessions, nanoseconds after the beginning of the UTC day.
    session_end: i64,
}

impl OrdersTable {
    /// The settings, or which of them makes no sense.
    pub(crate) fn settings(&self) -> Result<OrderSettings, CliError> {
        let session_end = self.session_end.as_deref().unwrap_or("00:00");
        let session_end = parse_time_of_day(session_end).ok_or_else(|| {
            let allowed = "a time of day in UTC from `00:00` to `23:59`, or `23:59:59`";
            wrong("orders.session_end", &format!("`{session_end}`"), allowed)
        })?;
        Ok(OrderSettings {
            self_trade_prevention: self.self_trade_prevention.unwrap_or_default(),
            taken_liquidity: self.taken_liquidity.unwrap_or_default(),
            session_end: session_end.0,
        })
    }
}

impl OrderSettings {
    /// The settings in the engine's types.
    pub(crate) const fn rules(&self) -> OrderRules {
        OrderRules {
            self_trade: match self.self_trade_prevention {
                SelfTradeChoice::Off => SelfTrade::Off,
                SelfTradeChoice::CancelNewest => SelfTrade::CancelNewest,
                SelfTradeChoice::CancelOldest => SelfTrade::CancelOldest,
                SelfTradeChoice::CancelBoth => SelfTrade::CancelBoth,
            },
            taken: match self.taken_liquidity {
                TakenChoice::Stays => Taken::Stays,
                TakenChoice::Returns => Taken::Returns,
            },
            session_end: Nanos(self.session_end),
        }
    }
}

/// Reads `HH:MM` or `HH:MM:SS`.
fn parse_time_of_day(text: &str) -> Option<Nanos> {
    let parts: Vec<&str> = text.split(':').collect();
    let number = |text: &str, below: i64| -> Option<i64> {
        let is_pair = text.len() == 2 && text.bytes().all(|x| x.is_ascii_digit());
        let number = text.parse().ok().filter(|_| is_pair)?;
        (number < below).then_some(number)
    };
    let seconds = match parts[..] {
        [hours, minutes] => 3_600 * number(hours, 24)? + 60 * number(minutes, 60)?,
        [hours, minutes, seconds] => {
            3_600 * number(hours, 24)? + 60 * number(minutes, 60)? + number(seconds, 60)?
        }
        _ => return None,
    };
    Some(Nanos::from_secs(seconds))
}

/// The limits of all strategies, and those of single ones by their labels.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RiskTable {
    max_position: Option<i64>,
    max_order_size: Option<i64>,
    max_order_rate: Option<RateTable>,
    max_open_orders: Option<usize>,
    price_collar: Option<Decimal>,
    price_collar_from: Option<FromChoice>,
    max_loss: Option<Decimal>,
    on_max_loss: Option<LossTable>,
    #[serde(default)]
    strategy: BTreeMap<String, RiskTable>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RateTable {
    orders: u32,
    window: String,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LossTable {
    #[serde(default)]
    flatten: bool,
    #[serde(default)]
    then: ThenChoice,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ThenChoice {
    #[default]
    Stop,
    Refuse,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FromChoice {
    Best,
    Last,
}

/// The limits of one strategy as a job carries them: integers, times in nanoseconds, prices and money in units of 1e-9.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitSettings {
    max_position: Option<i64>,
    max_order_size: Option<i64>,
    /// How many, and the window.
    max_order_rate: Option<(u32, i64)>,
    max_open_orders: Option<usize>,
    /// The distance, and whether it is a share.
    price_collar: Option<(i64, bool)>,
    collar_from_last: bool,
    max_loss: Option<i64>,
    loss_flattens: bool,
    loss_refuses: bool,
}

impl RiskTable {
    /// The limits of each strategy, in their order.
    ///
    /// # Errors
    /// Names a label that no strategy has, or a limit that makes no sense.
    pub(crate) fn settings(&self, specs: &[StrategySpec]) -> Result<Vec<LimitSettings>, CliError> {
        let has = |label: &str| specs.iter().any(|x| x.label.as_deref() == Some(label));
        for (label, table) in &self.strategy {
            let name = format!("risk.strategy.{label}");
            if !has(label) {
                let labels: Vec<&str> = specs.iter().filter_map(|x| x.label.as_deref()).collect();
                let allowed = format!("named after a strategy of the run: {}", labels.join(", "));
                return Err(wrong(&name, "there", &allowed));
            }
            if !table.strategy.is_empty() {
                return Err(wrong(&format!("{name}.strategy"), "there", "left out"));
            }
        }
        let whole = RiskTable::default();
        let tables = specs.iter().map(|spec| {
            let label = spec.label.as_deref().unwrap_or(&spec.name);
            self.strategy.get(label).unwrap_or(&whole)
        });
        tables.map(|own| self.limits_of(own)).collect()
    }

    /// The limits of a strategy that has a table of its own.
    fn limits_of(&self, own: &RiskTable) -> Result<LimitSettings, CliError> {
        let rate = own.max_order_rate.as_ref().or(self.max_order_rate.as_ref());
        let collar = own.price_collar.as_ref().or(self.price_collar.as_ref());
        let from = own.price_collar_from.or(self.price_collar_from);
        let max_loss = own.max_loss.as_ref().or(self.max_loss.as_ref());
        let on_loss = own.on_max_loss.or(self.on_max_loss);
        if from.is_some() && collar.is_none() {
            let allowed = "left out where no `risk.price_collar` is set";
            return Err(wrong("risk.price_collar_from", "set", allowed));
        }
        if on_loss.is_some() && max_loss.is_none() {
            let allowed = "left out where no `risk.max_loss` is set";
            return Err(wrong("risk.on_max_loss", "set", allowed));
        }
        let settings = LimitSettings {
            max_position: own.max_position.or(self.max_position),
            max_order_size: own.max_order_size.or(self.max_order_size),
            max_order_rate: rate.map(parse_rate).transpose()?,
            max_open_orders: own.max_open_orders.or(self.max_open_orders),
            price_collar: collar.map(parse_collar).transpose()?,
            collar_from_last: matches!(from, Some(FromChoice::Last)),
            max_loss: max_loss.map(parse_loss).transpose()?,
            loss_flattens: on_loss.is_some_and(|x| x.flatten),
            loss_refuses: on_loss.is_some_and(|x| matches!(x.then, ThenChoice::Refuse)),
        };
        match settings.limits().out_of_range() {
            Some((name, value, allowed)) => Err(wrong(name, &value, allowed)),
            None => Ok(settings),
        }
    }
}

fn parse_rate(rate: &RateTable) -> Result<(u32, i64), CliError> {
    let window = parse_time(&rate.window);
    let window = window.map_err(|allowed| {
        let value = format!("`{}`", rate.window);
        wrong("risk.max_order_rate.window", &value, &allowed)
    })?;
    Ok((rate.orders, window.0))
}

/// A distance in price, or with a percent sign a share.
fn parse_collar(collar: &Decimal) -> Result<(i64, bool), CliError> {
    let text = collar.text();
    let percent = text.strip_suffix('%');
    let number = parse_decimal(percent.unwrap_or(&text));
    let allowed = "a distance such as `2.5`, or a share such as `1.5%`, of at most nine decimals";
    let number = number.map_err(|_| wrong("risk.price_collar", &format!("`{text}`"), allowed))?;
    match percent {
        Some(_) if number % 100 == 0 => Ok((number / 100, true)),
        Some(_) => Err(wrong("risk.price_collar", &format!("`{text}`"), allowed)),
        None => Ok((number, false)),
    }
}

fn parse_loss(loss: &Decimal) -> Result<i64, CliError> {
    let text = loss.text();
    parse_decimal(&text).map_err(|allowed| wrong("risk.max_loss", &format!("`{text}`"), &allowed))
}

impl LimitSettings {
    /// The limits in the engine's types.
    pub(crate) fn limits(&self) -> RiskLimits {
        let rate = self.max_order_rate.map(|(orders, window)| OrderRate {
            orders,
            window: Nanos(window),
        });
        let from = if self.collar_from_last {
            CollarFrom::Last
        } else {
            CollarFrom::Best
        };
        let then = if self.loss_refuses {
            AfterLoss::Refuse
        } else {
            AfterLoss::Stop
        };
        RiskLimits {
            position_max: self.max_position.map(Quantity),
            order_size_max: self.max_order_size.map(Quantity),
            order_rate_max: rate,
            open_orders_max: self.max_open_orders,
            price_collar: self.price_collar.map(|(distance, is_share)| PriceCollar {
                distance: if is_share {
                    Distance::Share(distance)
                } else {
                    Distance::Price(Price(distance))
                },
                from,
            }),
            loss_max: self.max_loss.map(|loss| LossLimit {
                loss: Money(loss.into()),
                flatten: self.loss_flattens,
                then,
            }),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_is_one_or_none() {
        assert_eq!(parse_time_of_day("21:00"), Some(Nanos::from_secs(75_600)));
        assert_eq!(parse_time_of_day("00:00:01"), Some(Nanos::from_secs(1)));
        for text in ["24:00", "1:00", "12:60", "12", "12:00:60", "+1:00", ""] {
            assert_eq!(parse_time_of_day(text), None, "{text}");
        }
    }

    #[test]
    fn a_strategy_s_own_limits_go_before_those_of_all() {
        let table: RiskTable = toml::from_str(
            "max_position = 10\nprice_collar = \"1.5%\"\nmax_loss = \"2.5\"\n\
             [strategy.fast]\nmax_position = 5\non_max_loss = { flatten = true, then = \"refuse\" }",
        )
        .unwrap();
        let mut specs = ["fast", "slow"].map(|x| StrategySpec::parse(x).unwrap());
        StrategySpec::label_all(&mut specs).unwrap();
        let found = table.settings(&specs).unwrap();
        let limits: Vec<RiskLimits> = found.iter().map(LimitSettings::limits).collect();
        assert_eq!(limits[0].position_max, Some(Quantity(5)));
        assert_eq!(limits[1].position_max, Some(Quantity(10)));
        let collar = limits[0].price_collar.unwrap();
        assert_eq!(collar.distance, Distance::Share(15_000_000));
        let losses = limits.iter().map(|x| x.loss_max.unwrap());
        let losses: Vec<_> = losses.map(|x| (x.loss.0, x.flatten, x.then)).collect();
        let loss = 2_500_000_000;
        assert_eq!(losses[0], (loss, true, AfterLoss::Refuse));
        assert_eq!(losses[1], (loss, false, AfterLoss::Stop));
        let error = table.settings(&specs[1..]).unwrap_err();
        assert!(error.message.contains("risk.strategy.fast"), "{error}");
    }

    #[test]
    fn limits_that_make_no_sense_are_refused() {
        let specs = &mut [StrategySpec::parse("fast").unwrap()];
        StrategySpec::label_all(specs).unwrap();
        for (text, name) in [
            ("max_position = -1", "risk.max_position"),
            ("max_order_size = 0", "risk.max_order_size"),
            (
                "max_order_rate = { orders = 1, window = \"0\" }",
                "risk.max_order_rate",
            ),
            ("price_collar = \"1.0000000001%\"", "risk.price_collar"),
            ("price_collar = \"-1\"", "risk.price_collar"),
            ("price_collar_from = \"last\"", "risk.price_collar_from"),
            ("max_loss = 0", "risk.max_loss"),
            ("on_max_loss = { flatten = true }", "risk.on_max_loss"),
        ] {
            let table: RiskTable = toml::from_str(text).unwrap();
            let error = table.settings(specs).unwrap_err();
            assert!(error.message.contains(name), "{text}: {error}");
        }
    }
}
