//! The settings of instruments and of the account's currency.
//!
//! Takes in a run file's tables `instrument.SYMBOL` and `currencies`; gives out what is changed of the tape's definitions,
//! and what each instrument is worth in the account's currency.

use std::collections::BTreeMap;

use backplane_engine::contract::{Contract, ContractKind, RATE_ONE};
use backplane_engine::exchange::FeePlans;
use backplane_engine::grid::Grid;
use backplane_engine::limits::Margin;
use backplane_sdk::types::{Instrument, Price, Quantity, Timestamp};
use serde::{Deserialize, Serialize};

use super::fees::{FeeFlags, FeeSettings, FeesTable};
use super::schedule::{FundingTable, ScheduleSettings, ScheduleTables};
use super::{Decimal, parse_decimal, setting, wrong};
use crate::error::CliError;
use crate::exit;
use crate::models::Models;

/// A table `instrument.SYMBOL` of a run file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InstrumentTable {
    contract: Option<String>,
    multiplier: Option<Decimal>,
    currency: Option<String>,
    tick: Option<Decimal>,
    #[serde(default)]
    tick_table: Vec<(Decimal, Decimal)>,
    lot: Option<i64>,
    margin: Option<MarginTable>,
    expiration: Option<toml::value::Datetime>,
    settlement_price: Option<Decimal>,
    funding: Option<FundingTable>,
    borrow_rate: Option<Decimal>,
    actions: Option<String>,
    fees: Option<FeesTable>,
}

impl InstrumentTable {
    fn schedule(&self) -> ScheduleTables<'_> {
        ScheduleTables {
            funding: self.funding.as_ref(),
            borrow_rate: self.borrow_rate.as_ref(),
            actions: self.actions.as_deref(),
            expiration: self.expiration.as_ref(),
            settlement_price: self.settlement_price.as_ref(),
        }
    }
}

/// What a run says of an instrument, in units of 1e-9; what it leaves out is as the tape says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstrumentSettings {
    /// The kind of contract.
    pub contract: String,
    /// What a quantity unit is worth.
    pub multiplier: Option<i64>,
    /// The currency in which it is paid.
    pub currency: Option<String>,
    /// The smallest step of a limit price.
    pub tick: Option<i64>,
    /// From which price on which tick holds; none where one holds for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tick_table: Vec<(i64, i64)>,
    /// Quantities are multiples of this; any where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lot: Option<i64>,
    /// What positions need of the equity; as the run's where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub margin: Option<MarginSetting>,
    /// What happens to positions.
    #[serde(flatten)]
    pub schedule: ScheduleSettings,
    /// What executions cost; none where the common fees hold.
    pub fees: Option<FeeSettings>,
}

/// A table `margin` of a run file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MarginTable {
    initial: Decimal,
    maintenance: Option<Decimal>,
}

/// What positions need of the equity, as shares of their value in units of 1e-9.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarginSetting {
    /// To make a position larger.
    pub initial: i64,
    /// To keep it.
    pub maintenance: i64,
}

impl MarginTable {
    /// The settings of a table called `name`.
    pub(super) fn read(&self, name: &str) -> Result<MarginSetting, CliError> {
        let share = |field: &str, value: &Decimal| {
            let name = format!("{name}.{field}");
            let share = setting(&name, Some(value.text()), "", parse_decimal)?;
            match share {
                0.. => Ok(share),
                _ => Err(wrong(&name, &format!("`{}`", value.text()), "at least 0")),
            }
        };
        let initial = share("initial", &self.initial)?;
        let maintenance = self.maintenance.as_ref();
        let maintenance = maintenance.map_or(Ok(initial), |x| share("maintenance", x))?;
        if maintenance > initial {
            let name = format!("{name}.maintenance");
            return Err(wrong(&name, "more than `initial`", "no more than that"));
        }
        Ok(MarginSetting {
            initial,
            maintenance,
        })
    }
}

impl MarginSetting {
    const fn margin(self) -> Margin {
        Margin {
            initial: self.initial,
            maintenance: self.maintenance,
        }
    }
}

/// What a run says of instruments and money.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AccountSettings {
    /// The account's currency; none where amounts of all currencies are added up as one.
    pub currency: Option<String>,
    /// What one unit of other currencies is worth in it, in units of 1e-9.
    #[serde(default)]
    pub currencies: BTreeMap<String, i64>,
    /// The instruments of which something is said, by their symbols.
    #[serde(default)]
    pub instruments: BTreeMap<String, InstrumentSettings>,
}

impl AccountSettings {
    pub(super) fn read(
        currency: Option<&String>,
        currencies: &BTreeMap<String, Decimal>,
        instruments: &BTreeMap<String, InstrumentTable>,
    ) -> Result<AccountSettings, CliError> {
        if currency.is_none() && !currencies.is_empty() {
            return Err(CliError::new(
                exit::CONFIG,
                "`currencies` are set, but not the account's `currency` to convert them to",
                "set `currency = \"USD\"` or whatever the account is kept in",
            ));
        }
        let rate = |(code, rate): (&String, &Decimal)| {
            let name = format!("currencies.{code}");
            above_zero(&name, rate).map(|rate| (code.clone(), rate))
        };
        let instrument = |(symbol, table): (&String, &InstrumentTable)| {
            InstrumentSettings::read(symbol, table).map(|x| (symbol.clone(), x))
        };
        Ok(AccountSettings {
            currency: currency.cloned(),
            currencies: currencies.iter().map(rate).collect::<Result<_, _>>()?,
            instruments: instruments
                .iter()
                .map(instrument)
                .collect::<Result<_, _>>()?,
        })
    }

    /// Changes the definitions of a tape's instruments to what the run says, and gives what each of them is worth.
    ///
    /// # Errors
    /// Names an instrument that the tape does not have, or a currency without a rate.
    pub fn apply(&self, instruments: &mut [Instrument]) -> Result<Vec<Contract>, CliError> {
        for (symbol, settings) in &self.instruments {
            let found = instruments.iter_mut().find(|x| x.symbol == *symbol);
            let Some(instrument) = found else {
                let symbols = instruments.iter().map(|x| x.symbol.as_str()).take(8);
                let symbols: Vec<&str> = symbols.collect();
                return Err(CliError::new(
                    exit::CONFIG,
                    format!("`instrument.{symbol}` is set, but the tape has no such instrument"),
                    format!("the tape has {}", symbols.join(", ")),
                ));
            };
            settings.define(instrument);
        }
        let contracts = instruments.iter().map(|x| self.contract(x));
        contracts.collect()
    }

    /// The steps of prices and quantities of a tape's instruments, as [`AccountSettings::apply`] defined them.
    ///
    /// # Errors
    /// Names a table that makes no sense.
    pub fn grids(&self, instruments: &[Instrument]) -> Result<Vec<Grid>, CliError> {
        let grid = |instrument: &Instrument| {
            let grid = Grid::new(instrument.tick);
            let Some(settings) = self.instruments.get(&instrument.symbol) else {
                return Ok(grid);
            };
            let bands = settings.tick_table.iter();
            let bands = bands.map(|x| (Price(x.0), Price(x.1))).collect();
            let lot = Quantity(settings.lot.unwrap_or(1));
            grid.with(bands, lot).map_err(|why| {
                let what = format!("`instrument.{}`: {why}", instrument.symbol);
                CliError::new(
                    exit::CONFIG,
                    what,
                    "docs/accounts.md says what a tick table is",
                )
            })
        };
        instruments.iter().map(grid).collect()
    }

    /// What positions in a tape's instruments need of the equity, `common` where nothing is said of one; none where nothing
    /// is said at all.
    pub fn margins(
        &self,
        common: Option<MarginSetting>,
        instruments: &[Instrument],
    ) -> Vec<Margin> {
        let of = |instrument: &Instrument| {
            let own = self.instruments.get(&instrument.symbol);
            own.and_then(|x| x.margin).or(common)
        };
        let all: Vec<Option<MarginSetting>> = instruments.iter().map(of).collect();
        if all.iter().all(Option::is_none) {
            return Vec::new();
        }
        let margins = all.into_iter().map(|x| x.map(MarginSetting::margin));
        margins.map(Option::unwrap_or_default).collect()
    }

    fn contract(&self, instrument: &Instrument) -> Result<Contract, CliError> {
        let settings = self.instruments.get(&instrument.symbol);
        let kind = settings.and_then(|x| ContractKind::from_text(&x.contract));
        Ok(Contract {
            kind: kind.unwrap_or_default(),
            multiplier: instrument.multiplier,
            rate: self.rate(instrument)?,
        })
    }

    fn rate(&self, instrument: &Instrument) -> Result<i64, CliError> {
        let paid = &instrument.currency;
        match &self.currency {
            None => Ok(RATE_ONE),
            Some(account) if account == paid => Ok(RATE_ONE),
            Some(account) => self.currencies.get(paid).copied().ok_or_else(|| {
                CliError::new(
                    exit::CONFIG,
                    format!(
                        "{} is paid in {paid}, the account is kept in {account}, and nothing says what one is worth in the other",
                        instrument.symbol
                    ),
                    format!("set `{paid} = \"...\"` under `[currencies]` to the worth of one {paid} in {account}"),
                )
            }),
        }
    }

    /// The fees of all instruments: `common` for those without fees of their own.
    pub(super) fn fees(
        &self,
        common: &FeeSettings,
        instruments: &[Instrument],
        models: &Models,
    ) -> Result<FeePlans, CliError> {
        let mut plans = FeePlans::new(common.build("fees", models)?);
        for (symbol, settings) in &self.instruments {
            let Some(fees) = &settings.fees else { continue };
            let plan = fees.build(&format!("instrument.{symbol}.fees"), models)?;
            if let Some(instrument) = instruments.iter().find(|x| x.symbol == *symbol) {
                plans = plans.with(instrument.id, plan);
            }
        }
        Ok(plans)
    }

    /// The same without the texts of files.
    pub(super) fn described(&self) -> AccountSettings {
        let mut described = self.clone();
        for settings in described.instruments.values_mut() {
            settings.fees = settings.fees.as_ref().map(FeeSettings::described);
            settings.schedule = settings.schedule.described();
        }
        described
    }
}

impl InstrumentSettings {
    fn read(symbol: &str, table: &InstrumentTable) -> Result<InstrumentSettings, CliError> {
        let name = |field: &str| format!("instrument.{symbol}.{field}");
        let number = |field: &str, value: &Option<Decimal>| {
            let value = value.as_ref();
            value.map(|x| above_zero(&name(field), x)).transpose()
        };
        let contract = table.contract.clone().unwrap_or_else(|| "linear".into());
        if ContractKind::from_text(&contract).is_none() {
            let known = ContractKind::ALL.map(|x| format!("`{}`", x.text()));
            let found = format!("`{contract}`");
            return Err(wrong(&name("contract"), &found, &known.join(", ")));
        }
        let read = |table| FeeSettings::read(&name("fees"), table, FeeFlags::default());
        Ok(InstrumentSettings {
            contract,
            multiplier: number("multiplier", &table.multiplier)?,
            currency: table.currency.clone(),
            tick: number("tick", &table.tick)?,
            tick_table: tick_table(&name("tick_table"), table)?,
            lot: table.lot,
            margin: table
                .margin
                .as_ref()
                .map(|x| x.read(&name("margin")))
                .transpose()?,
            schedule: ScheduleSettings::read(&name, table.schedule())?,
            fees: table.fees.as_ref().map(read).transpose()?,
        })
    }

    fn define(&self, instrument: &mut Instrument) {
        if let Some(multiplier) = self.multiplier {
            instrument.multiplier = multiplier;
        }
        if let Some(currency) = &self.currency {
            instrument.currency.clone_from(currency);
        }
        if let Some(tick) = self.tick {
            instrument.tick = Price(tick);
        }
        if let Some(smallest) = self.tick_table.iter().map(|x| x.1).min() {
            instrument.tick = Price(smallest);
        }
        if let Some(expiration) = self.schedule.expiration {
            instrument.expiration = Timestamp(expiration);
        }
    }
}

/// The bands of a tick table, in units of 1e-9.
fn tick_table(name: &str, table: &InstrumentTable) -> Result<Vec<(i64, i64)>, CliError> {
    if table.tick.is_some() && !table.tick_table.is_empty() {
        return Err(wrong(name, "set", "left out where `tick` is set"));
    }
    let band = |(from, tick): &(Decimal, Decimal)| {
        let from = setting(name, Some(from.text()), "", parse_decimal)?;
        Ok((from, above_zero(name, tick)?))
    };
    table.tick_table.iter().map(band).collect()
}

fn above_zero(name: &str, value: &Decimal) -> Result<i64, CliError> {
    let number = setting(name, Some(value.text()), "", parse_decimal)?;
    if number <= 0 {
        let found = format!("`{}`", value.text());
        return Err(wrong(name, &found, "above zero"));
    }
    Ok(number)
}
