//! `backplane tape generate`: a synthetic market, a comparison with a recorded one, or both.
//!
//! Takes in settings; gives out a tape and a report. The work is done by the tape crate.

use backplane_sdk::types::Nanos;
use backplane_tape::generate::{
    FAULTS_MAX, Faults, Faulty, Generator, GeneratorConfig, MarketComparison, MarketKind,
    MarketProfile,
};
use backplane_tape::import::{self, ImportOptions, ImportReport};
use backplane_tape::resolve::{Conventions, FillConvention, UnknownOrders};
use backplane_tape::{Header, InstrumentDefinition, Source, SourceMessage};
use serde::Serialize;

use super::super::show;
use super::{measured, overwrite};
use crate::arguments::GenerateArguments;
use crate::error::CliError;
use crate::exit;
use crate::settings::parse_time;

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

pub(super) fn execute(arguments: &GenerateArguments) -> Result<u8, CliError> {
    let faults = faults(&arguments.faults)?;
    let config = GeneratorConfig {
        seed: arguments.seed,
        instruments: arguments.instruments,
        messages: arguments.messages,
        messages_per_second: arguments.messages_per_second,
        resting_orders: arguments.resting_orders,
        expiry: expiry(arguments.expire_after.as_deref())?,
        ..MarketKind::from(arguments.profile).config()
    };
    let generator = Generator::new(config).map_err(|error| {
        CliError::new(
            exit::CONFIG,
            format!("generating a market of {error}"),
            "see `backplane tape generate --help`",
        )
    })?;
    let definitions = generator.definitions();
    let instruments = generator.instruments();
    let messages = Faulty::new(generator, faults, arguments.seed, arguments.messages);
    let Some(recorded) = &arguments.compare else {
        let tape = write_generated(arguments, definitions, faults, messages)?;
        return show_generated(arguments, tape, None);
    };
    // The recorded market first: it is what may be wrong.
    let recorded = MarketProfile::of_tape(recorded)?.statistics();
    let mut profile = MarketProfile::new(&instruments);
    let messages = messages.inspect(|message| profile.push(message));
    let tape = write_generated(arguments, definitions, faults, messages)?;
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
    instruments: Vec<InstrumentDefinition>,
    faults: Faults,
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
        instruments,
        source: Source {
            from: match faults.is_empty() {
                true => format!("generator, seed {}", arguments.seed),
                false => format!("generator, seed {}, with faults: {faults}", arguments.seed),
            },
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

fn expiry(text: Option<&str>) -> Result<Option<Nanos>, CliError> {
    let parsed = text.map(parse_time).transpose();
    parsed.map_err(|allowed| {
        let text = text.unwrap_or_default();
        let message = format!("`--expire-after` is `{text}`, but must be {allowed}");
        CliError::new(exit::USAGE, message, "see `backplane tape generate --help`")
    })
}

/// Reads `gaps=3`, `crossed=2`, `late=5` and `jumps=1`.
fn faults(texts: &[String]) -> Result<Faults, CliError> {
    let mut faults = Faults::default();
    for text in texts {
        let (kind, count) = text.split_once('=').unwrap_or((text, ""));
        let place = match kind {
            "gaps" => Some(&mut faults.gaps),
            "crossed" => Some(&mut faults.crossed),
            "late" => Some(&mut faults.late),
            "jumps" => Some(&mut faults.jumps),
            _ => None,
        };
        match (place, count.parse()) {
            (Some(place), Ok(count)) if count <= FAULTS_MAX => *place = count,
            _ => {
                let message = format!(
                    "`--faults` has `{text}`, but must be gaps, crossed, late or jumps, each with a count such as `gaps=3` \
                     of at most {FAULTS_MAX}"
                );
                let hint = "see `backplane tape generate --help`";
                return Err(CliError::new(exit::USAGE, message, hint));
            }
        }
    }
    Ok(faults)
}
