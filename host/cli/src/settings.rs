//! The settings of a run: run file and flags, joined and checked.
//!
//! Takes in a TOML run file and the flags that override it; gives out one [`Settings`] in the engine's exact units, or an
//! error that names file, line and setting.
//!
//! ```toml
//! tape = "goog.tape"
//! plugins = "plugins"
//! output = "results"
//! seed = 1
//! cash = "1000000"
//! sample_interval = "1s"
//! stall_timeout = "10s"
//!
//! [latency]
//! feed = "recorded"
//! entry = "100us"
//! response = "100us"
//!
//! [fees.maker]
//! rate = "-0.00002"
//!
//! [fees.taker]
//! rate = "0.0003"
//! per_unit = "0.001"
//!
//! [orders]
//! self_trade_prevention = "cancel_newest"
//!
//! [risk]
//! max_position = 10
//!
//! [[strategy]]
//! name = "momentum"
//! label = "fast"
//! params = { lookback = 20 }
//! ```

mod fees;
mod instrument;
mod latency;
mod python;
mod schedule;
mod wasm;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use backplane_engine::RunConfig;
use backplane_engine::exchange::QueueRules;
use backplane_sdk::types::{Instrument, Money, Nanos};
use serde::{Deserialize, Serialize};

use crate::arguments::RunArguments;
use crate::error::CliError;
use crate::exit;
use crate::limits::{LimitSettings, OrderSettings, OrdersTable, RiskTable};
use crate::models::{ModelSetting, Models};
use crate::strategy::StrategySpec;
use fees::{FeeFlags, FeesTable};
use instrument::{InstrumentTable, MarginTable};
use latency::{LatencyFlags, LatencyTable};
use python::PythonTable;
use wasm::WasmTable;

pub use fees::{FeeSettings, TierSetting, VolumeSetting};
pub use instrument::{AccountSettings, InstrumentSettings, MarginSetting};
pub use latency::{DelaySetting, EntrySetting, LatencySettings};
pub use python::PythonSetting;
pub use schedule::ScheduleSettings;

/// A run file as it stands.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RunFile {
    tape: Option<PathBuf>,
    plugins: Option<PathBuf>,
    output: Option<PathBuf>,
    seed: Option<u64>,
    cash: Option<Decimal>,
    sample_interval: Option<String>,
    stall_timeout: Option<String>,
    open_orders_max: Option<usize>,
    #[serde(default)]
    latency: LatencyTable,
    #[serde(default)]
    fees: FeesTable,
    currency: Option<String>,
    #[serde(default)]
    currencies: BTreeMap<String, Decimal>,
    #[serde(default)]
    instrument: BTreeMap<String, InstrumentTable>,
    #[serde(default)]
    orders: OrdersTable,
    queue: Option<toml::Value>,
    margin: Option<MarginTable>,
    #[serde(default)]
    risk: RiskTable,
    #[serde(default)]
    wasm: WasmTable,
    #[serde(default)]
    python: PythonTable,
    #[serde(default)]
    strategy: Vec<StrategyTable>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StrategyTable {
    name: String,
    label: Option<String>,
    #[serde(default)]
    params: BTreeMap<String, toml::Value>,
    #[serde(default)]
    features: Vec<String>,
    sampling: Option<String>,
}

/// A number as the user wrote it, so that no float comes between text and integer.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Decimal {
    Text(String),
    Integer(i64),
    Float(f64),
}

impl Decimal {
    pub(crate) fn text(&self) -> String {
        match self {
            Decimal::Text(x) => x.clone(),
            Decimal::Integer(x) => x.to_string(),
            Decimal::Float(x) => x.to_string(),
        }
    }
}

/// The settings of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The tape.
    pub tape: PathBuf,
    /// The directory of plugins.
    pub plugins: PathBuf,
    /// The strategies.
    pub strategies: Vec<StrategySpec>,
    /// The result directory.
    pub output: PathBuf,
    /// Whether an existing result directory is replaced.
    pub force: bool,
    /// The engine's settings.
    pub engine: EngineSettings,
    /// The limits of each strategy, in their order.
    pub limits: Vec<LimitSettings>,
    /// The most messages that one call delivers to a sandboxed strategy; as many as pay where it is not said.
    pub batch: Option<usize>,
    /// How long a worker may show no progress.
    pub stall_timeout: Nanos,
    /// How Python strategies are carried.
    pub python: PythonSetting,
}

/// What to take where neither a flag nor the run file says it.
#[derive(Clone, Debug, Default)]
pub struct Fallbacks {
    /// The directory of plugins.
    pub plugins: Option<PathBuf>,
    /// The name of the only strategy.
    pub strategy: Option<String>,
}

/// The engine's settings as a job carries them: all integers, times in nanoseconds, money and shares in units of 1e-9.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EngineSettings {
    /// The seed.
    pub seed: u64,
    /// The starting cash.
    pub cash: i64,
    /// The latencies.
    #[serde(flatten)]
    pub latency: LatencySettings,
    /// What executions cost.
    pub fees: FeeSettings,
    /// Instruments and the account's currency.
    #[serde(flatten)]
    pub account: AccountSettings,
    /// How often accounts are valued.
    pub sample_interval: i64,
    /// The most open orders an instance.
    pub open_orders_max: usize,
    /// What a user may choose about orders.
    pub orders: OrderSettings,
    /// The queue model.
    pub queue: ModelSetting,
    /// What positions need of the equity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub margin: Option<MarginSetting>,
    /// Whether every NaN of sandboxed strategies has the same bits.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub canonical_nans: bool,
}

impl EngineSettings {
    /// The settings in the engine's types, for a tape's instruments, whose definitions are changed to what the run says.
    ///
    /// # Errors
    /// Names the setting and what is wrong with it.
    pub fn config(
        &self,
        models: &Models,
        instruments: &mut [Instrument],
    ) -> Result<RunConfig, CliError> {
        let contracts = self.account.apply(instruments)?;
        let config = RunConfig {
            grids: self.account.grids(instruments)?,
            margins: self.account.margins(self.margin, instruments),
            latency: self.latency.build(models)?,
            fees: self.account.fees(&self.fees, instruments, models)?,
            contracts,
            schedule: schedule::schedule(&self.account, instruments)?,
            starting_cash: Money(self.cash.into()),
            seed: self.seed,
            sample_interval: Nanos(self.sample_interval),
            open_orders_max: self.open_orders_max,
            orders: self.orders.rules(),
            queue: self.queue_rules(models)?,
        };
        config.check()?;
        Ok(config)
    }

    fn queue_rules(&self, models: &Models) -> Result<QueueRules, CliError> {
        let rules = models.build_queue(&self.queue);
        rules.map_err(|why| queue_error(&why))
    }

    /// The same without the texts of files: what a run is told of.
    #[must_use]
    pub fn described(&self) -> EngineSettings {
        EngineSettings {
            latency: self.latency.described(),
            fees: self.fees.described(),
            account: self.account.described(),
            queue: self.queue.described(),
            ..self.clone()
        }
    }
}

impl Settings {
    /// Joins a run file, if there is one, and flags.
    ///
    /// # Errors
    /// Names the file, the line or the flag, and what would be allowed.
    pub fn read(arguments: &RunArguments, models: &Models) -> Result<Settings, CliError> {
        Settings::read_with(arguments, models, Fallbacks::default())
    }

    /// As [`Settings::read`], with what to take where neither says it.
    ///
    /// # Errors
    /// As [`Settings::read`].
    pub fn read_with(
        arguments: &RunArguments,
        models: &Models,
        fallbacks: Fallbacks,
    ) -> Result<Settings, CliError> {
        let file = match &arguments.run_file {
            Some(path) => read_file(path)?,
            None => RunFile::default(),
        };
        let strategies = strategies(arguments, &file, fallbacks.strategy)?;
        let stall_timeout = setting(
            "stall_timeout",
            arguments
                .stall_timeout
                .clone()
                .or(file.stall_timeout.clone()),
            "10s",
            parse_time,
        )?;
        let settings = Settings {
            tape: required(arguments.tape.clone().or(file.tape.clone()), "tape")?,
            plugins: required(
                arguments
                    .plugins
                    .clone()
                    .or(file.plugins.clone())
                    .or(fallbacks.plugins),
                "plugins",
            )?,
            output: required(arguments.output.clone().or(file.output.clone()), "output")?,
            limits: file.risk.settings(&strategies)?,
            strategies,
            force: arguments.force,
            engine: engine(arguments, &file)?,
            batch: file.wasm.batch()?,
            python: PythonSetting::read(&file.python, stall_timeout)?,
            stall_timeout,
        };
        if settings.stall_timeout < Nanos::from_millis(100) {
            return Err(wrong("stall_timeout", "less than 100ms", "a longer time"));
        }
        settings.engine.latency.build(models)?;
        settings.engine.queue_rules(models)?;
        Ok(settings)
    }
}

fn engine(arguments: &RunArguments, file: &RunFile) -> Result<EngineSettings, CliError> {
    let text = |flag: &Option<String>, table: &Option<String>| flag.clone().or(table.clone());
    let decimal = |flag: &Option<String>, table: &Option<Decimal>| {
        flag.clone().or(table.as_ref().map(Decimal::text))
    };
    let rates = FeeFlags {
        maker: arguments.maker_fee.as_deref(),
        taker: arguments.taker_fee.as_deref(),
    };
    let time = |name, flag: &Option<String>, table: &Option<String>, default| {
        setting(name, text(flag, table), default, parse_time).map(|x| x.0)
    };
    let amount = |name, flag: &Option<String>, table: &Option<Decimal>, default| {
        setting(name, decimal(flag, table), default, parse_decimal)
    };
    let flags = LatencyFlags {
        feed: arguments.feed_latency.as_deref(),
        entry: arguments.entry_latency.as_deref(),
        response: arguments.response_latency.as_deref(),
    };
    Ok(EngineSettings {
        seed: arguments.seed.or(file.seed).unwrap_or(1),
        cash: amount("cash", &arguments.cash, &file.cash, "1000000")?,
        latency: LatencySettings::read(&file.latency, &flags)?,
        fees: FeeSettings::read("fees", &file.fees, rates)?,
        account: AccountSettings::read(file.currency.as_ref(), &file.currencies, &file.instrument)?,
        sample_interval: time("sample_interval", &None, &file.sample_interval, "1s")?,
        open_orders_max: file.open_orders_max.unwrap_or(10_000),
        orders: file.orders.settings()?,
        queue: queue(file.queue.as_ref())?,
        margin: file.margin.as_ref().map(|x| x.read("margin")).transpose()?,
        canonical_nans: file.wasm.canonical_nans,
    })
}

/// The queue model: its name, or a table with its name and settings.
fn queue(value: Option<&toml::Value>) -> Result<ModelSetting, CliError> {
    let named = |model: &str| ModelSetting {
        model: model.to_owned(),
        settings: BTreeMap::new(),
        file: None,
    };
    match value {
        None => Ok(named("RiskAverse")),
        Some(toml::Value::String(model)) => Ok(named(model)),
        Some(toml::Value::Table(table)) => ModelSetting::of(table).map_err(|x| queue_error(&x)),
        Some(_) => Err(queue_error("it is neither a name nor a table")),
    }
}

fn queue_error(why: &str) -> CliError {
    CliError::new(
        exit::CONFIG,
        format!("`queue`: {why}"),
        "docs/fills.md lists the queue models and their settings",
    )
}

fn strategies(
    arguments: &RunArguments,
    file: &RunFile,
    fallback: Option<String>,
) -> Result<Vec<StrategySpec>, CliError> {
    let mut specs: Vec<StrategySpec> = if arguments.strategies.is_empty() {
        let tables = file.strategy.iter().map(|table| StrategySpec {
            label: table.label.clone(),
            name: table.name.clone(),
            params: table
                .params
                .iter()
                .map(|(id, value)| (id.clone(), param_text(value)))
                .collect(),
            features: table.features.clone(),
            sampling: table.sampling.clone(),
        });
        tables.collect()
    } else {
        let texts = arguments.strategies.iter();
        texts
            .map(|x| StrategySpec::parse(x))
            .collect::<Result<_, _>>()?
    };
    if specs.is_empty() {
        specs.extend(fallback.map(|x| StrategySpec::parse(&x)).transpose()?);
    }
    if specs.is_empty() {
        return Err(CliError::new(
            exit::USAGE,
            "no strategy is named",
            "give `--strategy NAME`, or `[[strategy]]` in the run file; `backplane plugin list DIR` shows what there is",
        ));
    }
    StrategySpec::label_all(&mut specs)?;
    Ok(specs)
}

fn param_text(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn read_file(path: &Path) -> Result<RunFile, CliError> {
    let text = std::fs::read_to_string(path).map_err(|error| CliError {
        code: exit::CONFIG,
        ..CliError::io("reading the run file", path, &error)
    })?;
    toml::from_str(&text).map_err(|error| {
        let line = error
            .span()
            .map(|span| text[..span.start].matches('\n').count() + 1);
        let place = line.map_or(String::new(), |line| format!(", line {line}"));
        CliError::new(
            exit::CONFIG,
            format!("run file {}{place}: {}", path.display(), error.message()),
            "docs/run-file.md lists every setting",
        )
    })
}

fn required<T>(value: Option<T>, name: &str) -> Result<T, CliError> {
    value.ok_or_else(|| {
        CliError::new(
            exit::USAGE,
            format!("`{name}` is not set"),
            format!("give `--{name}`, or `{name} = ...` in a run file"),
        )
    })
}

fn setting<T>(
    name: &str,
    text: Option<String>,
    default: &str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<T, CliError> {
    let text = text.unwrap_or_else(|| default.to_owned());
    parse(&text).map_err(|allowed| wrong(name, &format!("`{text}`"), &allowed))
}

pub(crate) fn wrong(name: &str, value: &str, allowed: &str) -> CliError {
    CliError::new(
        exit::CONFIG,
        format!("`{name}` is {value}, but must be {allowed}"),
        "docs/run-file.md lists every setting",
    )
}

/// Reads a span of time such as `50us`, `1.5ms`, `10s`.
///
/// # Errors
/// Says what would be allowed.
pub fn parse_time(text: &str) -> Result<Nanos, String> {
    let allowed = || "a time of at least 0 such as `250ns`, `50us`, `1.5ms` or `10s`".to_owned();
    let digits = text.trim_end_matches(|x: char| x.is_ascii_alphabetic());
    let scale = match &text[digits.len()..] {
        "ns" => 1,
        "us" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "" if digits == "0" => 1,
        _ => return Err(allowed()),
    };
    let number = parse_decimal(digits).map_err(|_| allowed())?;
    let nanos = i128::from(number) * scale;
    if number < 0 || nanos % 1_000_000_000 != 0 {
        return Err(allowed());
    }
    let nanos = i64::try_from(nanos / 1_000_000_000).map_err(|_| allowed())?;
    Ok(Nanos(nanos))
}

/// Reads a decimal number of at most nine decimals as a count of 1e-9.
///
/// # Errors
/// Says what would be allowed.
pub fn parse_decimal(text: &str) -> Result<i64, String> {
    let allowed = || "a decimal number of at most nine decimals".to_owned();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |x: &str| x.bytes().all(|b| b.is_ascii_digit());
    let is_empty = whole.is_empty() && fraction.is_empty();
    if is_empty || !is_number(whole) || !is_number(fraction) || fraction.len() > 9 {
        return Err(allowed());
    }
    let padded = format!("{whole}{fraction:0<9}");
    let value: i64 = padded.parse().map_err(|_| allowed())?;
    Ok(sign * value)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::arguments::PolicyArguments;

    #[test]
    fn times_and_numbers_are_read_exactly_or_refused() {
        assert_eq!(parse_time("1.5ms"), Ok(Nanos(1_500_000)));
        assert_eq!(parse_time("0"), Ok(Nanos(0)));
        for text in [
            "",
            "5",
            "-1us",
            "1.5ns",
            "1h",
            "us",
            "1e3us",
            "99999999999s",
        ] {
            assert!(parse_time(text).is_err(), "{text}");
        }
        assert_eq!(parse_decimal("-0.00002"), Ok(-20_000));
        assert_eq!(parse_decimal("1000000"), Ok(1_000_000_000_000_000));
        for text in [
            "",
            ".",
            "1e5",
            "1,5",
            "0.1234567891",
            "99999999999",
            "--1",
            "nan",
        ] {
            assert!(parse_decimal(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_run_file_is_read_whole_and_its_mistakes_have_lines() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("run.toml");
        let good = "tape = \"a\"\nplugins = \"b\"\noutput = \"c\"\n[latency]\nentry = \"5us\"\n\
                    [[strategy]]\nname = \"momentum\"\nparams = { lookback = 20, threshold = 0.5 }\n";
        std::fs::write(&path, good).unwrap();
        let mut arguments = arguments(&path);
        let settings = Settings::read(&arguments, &Models::default()).unwrap();
        let fixed = |nanos| EntrySetting::All(DelaySetting::Fixed(nanos));
        let entry = |settings: &Settings| settings.engine.latency.entry_latency.clone();
        assert_eq!(entry(&settings), fixed(5_000));
        assert_eq!(settings.strategies[0].params[1].1, "0.5");
        arguments.entry_latency = Some("7us".into());
        let settings = Settings::read(&arguments, &Models::default()).unwrap();
        assert_eq!(entry(&settings), fixed(7_000));
        std::fs::write(&path, good.replace("entry", "entree")).unwrap();
        let error = Settings::read(&arguments, &Models::default()).unwrap_err();
        assert_eq!(error.code, exit::CONFIG);
        assert!(
            error.message.contains("line 5: unknown field `entree`"),
            "{error}"
        );
    }

    fn arguments(path: &Path) -> RunArguments {
        RunArguments {
            run_file: Some(path.into()),
            tape: None,
            plugins: None,
            policy: PolicyArguments::default(),
            strategies: Vec::new(),
            output: None,
            force: false,
            seed: None,
            cash: None,
            feed_latency: None,
            entry_latency: None,
            response_latency: None,
            maker_fee: None,
            taker_fee: None,
            stall_timeout: None,
            json: false,
        }
    }
}
