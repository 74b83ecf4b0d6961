//! `backplane tape`: import, inspect, verify, generate.
//!
//! Takes in paths and options; gives out tapes and reports on them. The work is done by the tape crate.

use backplane_sdk::types::{Instrument, Price};
use backplane_tape::generate::{Generator, GeneratorConfig, MarketComparison, MarketProfile};
use backplane_tape::import::{self, ImportOptions, ImportReport};
use backplane_tape::resolve::{Conventions, FillConvention, UnknownOrders};
use backplane_tape::{
    Header, InstrumentDefinition, Overwrite, Source, SourceMessage, TapeSchema, inspect, verify,
};
use serde::Serialize;

use super::show;
use crate::arguments::{GenerateArguments, ImportArguments, TapeCommand};
use crate::error::CliError;
use crate::exit;
use crate::progress::Meter;
use crate::settings::parse_decimal;

pub(super) fn execute(command: &TapeCommand) -> Result<u8, CliError> {
    match command {
        TapeCommand::Import(arguments) => import_files(arguments),
        TapeCommand::Inspect { tape, json } => {
            show(&inspect(tape)?, *json)?;
            Ok(exit::OK)
        }
        TapeCommand::Verify {
            tape,
            against,
            json,
        } => {
            let report = verify(tape, against.as_deref())?;
            show(&report, *json)?;
            Ok(if report.is_sound() {
                exit::OK
            } else {
                exit::VERIFICATION
            })
        }
        TapeCommand::Generate(arguments) => generate(arguments),
    }
}

fn import_files(arguments: &ImportArguments) -> Result<u8, CliError> {
    let options = ImportOptions {
        output: arguments.output.clone(),
        overwrite: overwrite(arguments.force),
        from: arguments.from.clone(),
        schema: arguments.schema.map(TapeSchema::from),
        symbols: arguments.symbols.clone(),
        book: arguments.book.clone(),
        tick: decimal("tick", arguments.tick.as_deref())?.map(Price),
        multiplier: decimal("multiplier", arguments.multiplier.as_deref())?,
        currency: arguments.currency.clone(),
        repeat: Some(arguments.repeat),
    };
    let report = measured(|progress| {
        let made = import::import(&arguments.inputs, &options, progress)?;
        Ok(made)
    })?;
    show(&report, arguments.json)?;
    Ok(exit::OK)
}

/// What `tape generate` did: the tape, the comparison, or both.
#[derive(Serialize)]
struct Generated {
    #[serde(flatten)]
    tape: Option<ImportReport>,
    comparison: Option<MarketComparison>,
}

impl std::fmt::Display for Generated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(tape) = &self.tape {
            write!(f, "{tape}")?;
        }
        if let Some(comparison) = &self.comparison {
            write!(f, "{comparison}")?;
        }
        Ok(())
    }
}

fn generate(arguments: &GenerateArguments) -> Result<u8, CliError> {
    let config = GeneratorConfig {
        seed: arguments.seed,
        instruments: arguments.instruments,
        messages: arguments.messages,
        messages_per_second: arguments.messages_per_second,
        resting_orders: arguments.resting_orders,
        ..GeneratorConfig::default()
    };
    let generator = Generator::new(config).map_err(|error| {
        CliError::new(
            exit::CONFIG,
            format!("generating a market of {error}"),
            "see `backplane tape generate --help`",
        )
    })?;
    let Some(recorded) = &arguments.compare else {
        let tape = write_generated(arguments, &generator.instruments(), generator)?;
        return show_generated(arguments, tape, None);
    };
    // The recorded market first: it is what may be wrong.
    let recorded = MarketProfile::of_tape(recorded)?.statistics();
    let instruments = generator.instruments();
    let mut profile = MarketProfile::new(&instruments);
    let messages = generator.inspect(|message| profile.push(message));
    let tape = write_generated(arguments, &instruments, messages)?;
    let comparison = MarketComparison::new(&profile.statistics(), &recorded);
    show_generated(arguments, tape, Some(comparison))
}

fn show_generated(
    arguments: &GenerateArguments,
    tape: Option<ImportReport>,
    comparison: Option<MarketComparison>,
) -> Result<u8, CliError> {
    show(&Generated { tape, comparison }, arguments.json)?;
    Ok(exit::OK)
}

/// Makes a tape of the messages where one is asked for; else takes them all and leaves them.
fn write_generated(
    arguments: &GenerateArguments,
    instruments: &[Instrument],
    messages: impl Iterator<Item = SourceMessage>,
) -> Result<Option<ImportReport>, CliError> {
    let Some(output) = &arguments.output else {
        messages.for_each(drop);
        return Ok(None);
    };
    let options = ImportOptions {
        output: output.clone(),
        overwrite: overwrite(arguments.force),
        schema: Some(arguments.schema.into()),
        ..ImportOptions::default()
    };
    let header = Header {
        instruments: instruments.iter().map(InstrumentDefinition::from).collect(),
        source: Source {
            from: format!("generator, seed {}", arguments.seed),
            inputs: Vec::new(),
        },
    };
    let conventions = Conventions {
        fills: FillConvention::TakesOut,
        unknown_orders: UnknownOrders::Drop,
    };
    let report = measured(|progress| {
        let made = import::messages(header, conventions, messages, &options, progress)?;
        Ok(made)
    })?;
    Ok(Some(report))
}

/// Runs an import under a progress line.
fn measured(
    work: impl FnOnce(&mut import::Progress<'_>) -> Result<ImportReport, CliError>,
) -> Result<ImportReport, CliError> {
    let meter = Meter::new();
    let report = work(&mut |rows, _| meter.count(rows));
    meter.finish();
    report
}

const fn overwrite(force: bool) -> Overwrite {
    if force {
        Overwrite::Replace
    } else {
        Overwrite::Never
    }
}

fn decimal(name: &str, text: Option<&str>) -> Result<Option<i64>, CliError> {
    let parsed = text.map(parse_decimal).transpose();
    match parsed {
        Ok(Some(value)) if value <= 0 => Err("a decimal number above zero".to_owned()),
        other => other,
    }
    .map_err(|allowed| {
        let value = text.unwrap_or_default();
        CliError::new(
            exit::USAGE,
            format!("`--{name}` is `{value}`, but must be {allowed}"),
            "see `backplane tape import --help`",
        )
    })
}
