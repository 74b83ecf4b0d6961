//! The settings of fees.
//!
//! Takes in a run file's tables `fees` and `instrument.SYMBOL.fees` and the flags; gives out plans as a job carries them:
//! all integers, money and shares in units of 1e-9.

use backplane_engine::exchange::{
    Fee, FeePlan, FeeSchedule, Fees, OrderBounds, Tier, Volume, Window,
};
use backplane_sdk::types::Money;
use serde::{Deserialize, Serialize};

use super::{Decimal, parse_decimal, setting, wrong};
use crate::error::CliError;
use crate::exit;
use crate::models::{ModelSetting, Models};

/// A table of fees in a run file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FeesTable {
    #[serde(default)]
    maker: FeeTable,
    #[serde(default)]
    taker: FeeTable,
    #[serde(default)]
    tier: Vec<TierTable>,
    volume: Option<String>,
    window: Option<String>,
    volume_before: Option<Decimal>,
    order_minimum: Option<Decimal>,
    order_maximum: Option<Decimal>,
    order_maximum_rate: Option<Decimal>,
    model: Option<String>,
    settings: Option<toml::Table>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct FeeTable {
    rate: Option<Decimal>,
    per_unit: Option<Decimal>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TierTable {
    from: Decimal,
    #[serde(default)]
    maker: FeeTable,
    #[serde(default)]
    taker: FeeTable,
}

/// What executions cost: a model of somebody's own, or rates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeeSettings {
    /// The fees from no volume on, then those of more volume.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tiers: Vec<TierSetting>,
    /// What volume is: `value` or `quantity`.
    pub volume: VolumeSetting,
    /// The UTC days that volume counts; none for the calendar month.
    pub window_days: Option<u16>,
    /// The volume that counts as reached before the tape.
    pub volume_before: i64,
    /// The least that an order costs.
    pub order_minimum: Option<i64>,
    /// The most that an order costs.
    pub order_maximum: Option<i64>,
    /// The most that an order costs, as a share of its value.
    pub order_maximum_rate: Option<i64>,
    /// The model that says it all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelSetting>,
}

/// What volume is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VolumeSetting {
    /// The value that was traded.
    Value,
    /// The quantity units that were traded.
    Quantity,
}

/// The fees from some volume on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TierSetting {
    /// The volume.
    pub from: i64,
    /// The maker's fee: a share of the value.
    pub maker_rate: i64,
    /// The maker's fee: an amount per quantity unit.
    pub maker_per_unit: i64,
    /// The taker's fee: a share of the value.
    pub taker_rate: i64,
    /// The taker's fee: an amount per quantity unit.
    pub taker_per_unit: i64,
}

/// The flags that override the rates.
#[derive(Clone, Copy, Default)]
pub(super) struct FeeFlags<'a> {
    pub(super) maker: Option<&'a str>,
    pub(super) taker: Option<&'a str>,
}

impl FeeSettings {
    /// The settings of a table called `name`.
    pub(super) fn read(
        name: &str,
        table: &FeesTable,
        flags: FeeFlags<'_>,
    ) -> Result<FeeSettings, CliError> {
        let number = |field: &str, value: &Option<Decimal>| {
            let text = value.as_ref().map(Decimal::text);
            let read = |text| setting(&format!("{name}.{field}"), Some(text), "", parse_decimal);
            text.map(read).transpose()
        };
        let rate = |text: Option<&str>, field: &str, value: &Option<Decimal>| match text {
            Some(text) => setting(
                &format!("{name}.{field}"),
                Some(text.into()),
                "0",
                parse_decimal,
            ),
            None => Ok(number(field, value)?.unwrap_or(0)),
        };
        let mut tiers = vec![TierSetting {
            from: 0,
            maker_rate: rate(flags.maker, "maker.rate", &table.maker.rate)?,
            maker_per_unit: rate(None, "maker.per_unit", &table.maker.per_unit)?,
            taker_rate: rate(flags.taker, "taker.rate", &table.taker.rate)?,
            taker_per_unit: rate(None, "taker.per_unit", &table.taker.per_unit)?,
        }];
        for tier in &table.tier {
            tiers.push(TierSetting {
                from: setting(
                    &format!("{name}.tier.from"),
                    Some(tier.from.text()),
                    "0",
                    parse_decimal,
                )?,
                maker_rate: rate(None, "tier.maker.rate", &tier.maker.rate)?,
                maker_per_unit: rate(None, "tier.maker.per_unit", &tier.maker.per_unit)?,
                taker_rate: rate(None, "tier.taker.rate", &tier.taker.rate)?,
                taker_per_unit: rate(None, "tier.taker.per_unit", &tier.taker.per_unit)?,
            });
        }
        Ok(FeeSettings {
            tiers,
            volume: volume(name, table.volume.as_deref())?,
            window_days: window(name, table.window.as_deref())?,
            volume_before: number("volume_before", &table.volume_before)?.unwrap_or(0),
            order_minimum: number("order_minimum", &table.order_minimum)?,
            order_maximum: number("order_maximum", &table.order_maximum)?,
            order_maximum_rate: number("order_maximum_rate", &table.order_maximum_rate)?,
            model: model(name, table)?,
        })
    }

    /// The plan in the engine's types; `name` is what the run file calls it.
    pub(super) fn build(&self, name: &str, models: &Models) -> Result<FeePlan, CliError> {
        if let Some(model) = &self.model {
            let built = models.build_fees(model);
            return built
                .map(FeePlan::Modeled)
                .map_err(|why| refused(name, &why));
        }
        let bounds = OrderBounds {
            minimum: Money(self.order_minimum.unwrap_or(0).into()),
            maximum: Money(self.order_maximum.map_or(i128::MAX, i128::from)),
            maximum_rate: self.order_maximum_rate.unwrap_or(i64::MAX),
        };
        if let ([only], true) = (&self.tiers[..], bounds == OrderBounds::default()) {
            return Ok(FeePlan::Rates(only.fees()));
        }
        let (volume, scale) = match self.volume {
            VolumeSetting::Value => (Volume::Value, 1),
            VolumeSetting::Quantity => (Volume::Quantity, 1_000_000_000),
        };
        let window = match self.window_days {
            None => Window::Month,
            Some(days) => Window::Days(days - 1),
        };
        let tiers = self.tiers.iter().map(|x| Tier {
            from: i128::from(x.from / scale),
            fees: x.fees(),
        });
        let before = i128::from(self.volume_before / scale);
        let schedule = FeeSchedule::new(tiers.collect(), (volume, window, before), bounds);
        let schedule = schedule.map_err(|why| refused(name, &why))?;
        Ok(FeePlan::Modeled(Box::new(schedule)))
    }

    /// The same without the texts of files.
    pub(super) fn described(&self) -> FeeSettings {
        FeeSettings {
            model: self.model.as_ref().map(ModelSetting::described),
            ..self.clone()
        }
    }
}

impl TierSetting {
    fn fees(&self) -> Fees {
        let fee = |rate, per_unit: i64| Fee {
            rate,
            per_unit: Money(per_unit.into()),
        };
        Fees {
            maker: fee(self.maker_rate, self.maker_per_unit),
            taker: fee(self.taker_rate, self.taker_per_unit),
        }
    }
}

fn volume(name: &str, text: Option<&str>) -> Result<VolumeSetting, CliError> {
    match text {
        None | Some("value") => Ok(VolumeSetting::Value),
        Some("quantity") => Ok(VolumeSetting::Quantity),
        Some(other) => Err(wrong(
            &format!("{name}.volume"),
            &format!("`{other}`"),
            "`value` or `quantity`",
        )),
    }
}

fn window(name: &str, text: Option<&str>) -> Result<Option<u16>, CliError> {
    let text = match text {
        None | Some("month") => return Ok(None),
        Some(text) => text,
    };
    let days = text.strip_suffix('d').and_then(|x| x.parse().ok());
    match days {
        Some(days @ 1..=366) => Ok(Some(days)),
        _ => Err(wrong(
            &format!("{name}.window"),
            &format!("`{text}`"),
            "`month`, or days from `1d` to `366d`",
        )),
    }
}

/// A model stands alone: what it does not read would be forgotten.
fn model(name: &str, table: &FeesTable) -> Result<Option<ModelSetting>, CliError> {
    let Some(model) = &table.model else {
        return match table.settings {
            Some(_) => Err(refused(name, "`settings` are set, but no `model`")),
            None => Ok(None),
        };
    };
    if !table.is_empty() {
        let why = "a `model` says it all; leave rates, tiers and bounds away";
        return Err(refused(name, why));
    }
    let mut settings = table.settings.clone().unwrap_or_default();
    settings.insert("model".into(), model.clone().into());
    let model = ModelSetting::of(&settings).map_err(|why| refused(name, &why))?;
    Ok(Some(model))
}

impl FeesTable {
    /// Whether it has nothing but a model.
    const fn is_empty(&self) -> bool {
        let fees = [&self.maker, &self.taker];
        fees[0].is_empty()
            && fees[1].is_empty()
            && self.tier.is_empty()
            && self.volume.is_none()
            && self.window.is_none()
            && self.volume_before.is_none()
            && self.order_minimum.is_none()
            && self.order_maximum.is_none()
            && self.order_maximum_rate.is_none()
    }
}

impl FeeTable {
    const fn is_empty(&self) -> bool {
        self.rate.is_none() && self.per_unit.is_none()
    }
}

fn refused(name: &str, why: &str) -> CliError {
    CliError::new(
        exit::CONFIG,
        format!("`{name}`: {why}"),
        "docs/accounts.md describes fees",
    )
}
