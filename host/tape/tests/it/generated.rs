//! Generated tapes: the same bytes on every machine, and a profile that orders are needed for.

use std::num::NonZeroU32;
use std::path::Path;

use backplane_tape::generate::{Generator, GeneratorConfig, MarketProfile};
use backplane_tape::import::{ImportOptions, ImportReport, messages};
use backplane_tape::resolve::{Conventions, FillConvention, UnknownOrders};
use backplane_tape::{Header, InstrumentDefinition, Source, TapeError, TapeSchema, verify};
use tempfile::tempdir;

/// The digests of the columns of the tapes that [`generate`] makes. They change when, and only when, generator, resolver
/// or price-level view give other bytes for the same seed.
const DIGESTS: [(TapeSchema, &str); 2] = [
    (
        TapeSchema::Mbo,
        "df069099a9b0bcc3ebd2fa57ba86096cfeada27bfd1412ea77199152af0e2895",
    ),
    (
        TapeSchema::Mbp,
        "ddaea5d8c88e77f21ef1dd5b60fed6821124801d68218f8b27b53e757795b19f",
    ),
];

/// Writes a tape of three instruments.
fn generate(
    output: &Path,
    schema: TapeSchema,
    repeat: Option<NonZeroU32>,
) -> Result<ImportReport, TapeError> {
    let generator = Generator::new(GeneratorConfig {
        instruments: 3,
        messages: 100_000,
        ..GeneratorConfig::default()
    })
    .unwrap();
    let instruments = generator.instruments();
    let defined = instruments.iter().map(|known| InstrumentDefinition {
        symbol: known.symbol.clone(),
        tick: known.tick.0,
        multiplier: known.multiplier,
        currency: known.currency.clone(),
        expiration: None,
        ..InstrumentDefinition::default()
    });
    let header = Header {
        instruments: defined.collect(),
        source: Source::default(),
    };
    let conventions = Conventions {
        fills: FillConvention::TakesOut,
        unknown_orders: UnknownOrders::Drop,
    };
    let options = ImportOptions {
        output: output.to_path_buf(),
        schema: Some(schema),
        repeat,
        ..ImportOptions::default()
    };
    messages(header, conventions, generator, &options, &mut |_, _| {})
}

#[test]
fn a_seed_gives_the_same_tape_of_orders_and_of_levels_everywhere() {
    let folder = tempdir().unwrap();
    for (schema, digest) in DIGESTS {
        let tape = folder.path().join(schema.name());
        assert_eq!(generate(&tape, schema, None).unwrap().digest, digest);
        assert!(verify(&tape, None).unwrap().is_sound());
    }
}

#[test]
fn levels_have_no_profile_of_orders() {
    let folder = tempdir().unwrap();
    let tape = folder.path().join("levels.tape");
    generate(&tape, TapeSchema::Mbp, None).unwrap();
    let error = MarketProfile::of_tape(&tape).unwrap_err().to_string();
    assert!(error.contains("schema mbp"), "{error}");
}

#[test]
fn messages_that_are_made_cannot_be_repeated() {
    let folder = tempdir().unwrap();
    let tape = folder.path().join("often.tape");
    let error = generate(&tape, TapeSchema::Mbo, NonZeroU32::new(2)).unwrap_err();
    assert!(error.to_string().contains("make more of them"), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
