//! Real data, where it is at hand: the tape's book is the source's book.

use backplane_tape::generate::{Generator, GeneratorConfig, MarketComparison, MarketProfile};
use backplane_tape::verify;
use tempfile::tempdir;

use crate::common::{import_to, real_data};

/// Imports a LOBSTER zip and compares every line at every level.
fn is_equal_on_every_line(
    name: &str,
    lines: u64,
    levels: usize,
) -> Option<backplane_tape::Resolution> {
    let archive = real_data("lobster")?.join(name);
    let folder = tempdir().unwrap();
    let tape = folder.path().join("day.tape");
    let report = import_to(std::slice::from_ref(&archive), &tape).unwrap();
    let verified = verify(&tape, Some(&archive)).unwrap();
    println!("{verified}");
    let against = verified.against.clone().unwrap();
    assert_eq!(against.rows, lines);
    assert_eq!(against.equal, vec![lines; levels]);
    assert_eq!(against.first_difference, None);
    assert!(verified.is_sound());
    assert_eq!(verified.observed.crossed.events, 0);
    Some(report.statistics.resolution)
}

#[test]
fn all_147916_rows_of_goog_are_equal_at_all_ten_levels() {
    if let Some(found) =
        is_equal_on_every_line("LOBSTER_SampleFile_GOOG_2012-06-21_10.zip", 147_916, 10)
    {
        assert_eq!(found.levels_seeded, 20);
        assert_eq!(found.levels_revealed, 44_451);
        assert_eq!(
            found.over_cancels + found.duplicate_adds + found.unknown_cancels,
            0
        );
    }
}

#[test]
fn fewer_levels_and_another_stock_are_equal_too() {
    for (name, lines, levels) in [
        ("LOBSTER_SampleFile_GOOG_2012-06-21_5.zip", 112_673, 5),
        ("LOBSTER_SampleFile_GOOG_2012-06-21_1.zip", 49_482, 1),
        ("LOBSTER_SampleFile_AAPL_2012-06-21_1.zip", 118_497, 1),
    ] {
        is_equal_on_every_line(name, lines, levels);
    }
}

#[test]
fn messages_without_a_book_import_and_the_report_says_what_is_unknown() {
    let Some(data) = real_data("lobster") else {
        return;
    };
    let folder = tempdir().unwrap();
    let tape = folder.path().join("hour.tape");
    let input = data.join("AAPL_2012-06-21_34200000_37800000_message_50.csv");
    let report = import_to(&[input], &tape).unwrap();
    assert!(report.to_string().contains("are unknown"));
    assert!(verify(&tape, None).unwrap().is_sound());
}

#[test]
fn two_days_of_es_make_one_tape_without_a_doubtful_order() {
    let Some(data) = real_data("databento_dbn") else {
        return;
    };
    let inputs =
        ["24", "25"].map(|day| data.join(format!("esh4-glbx-mdp3-202312{day}.mbo.dbn.zst")));
    let folder = tempdir().unwrap();
    let tape = folder.path().join("es.tape");
    let report = import_to(&inputs, &tape).unwrap();
    println!("{report}");
    let found = &report.statistics.resolution;
    assert_eq!(found.messages, 77_517);
    assert_eq!((found.unknown_cancels, found.unknown_modifies), (0, 0));
    assert_eq!((found.over_cancels, found.duplicate_adds), (0, 0));
    assert_eq!(
        (
            found.malformed,
            found.fills_unconfirmed,
            found.unfinished_events
        ),
        (0, 0, 0)
    );
    assert_eq!(
        (found.snapshot_orders_confirmed, found.snapshots_replacing),
        (8_725, 0)
    );
    assert_eq!(report.instruments[0].symbol, "ESH4");
    assert_eq!(report.instruments[0].tick, 250_000_000);
    let verified = verify(&tape, None).unwrap();
    assert!(verified.is_sound(), "{verified}");
    // 2023-12-25T23:00:00.000069Z: the end of the opening auction.
    assert!(verified.observed.crossed.last.unwrap() <= 1_703_545_200_000_069_000);
    assert_eq!(verified.observed.crossed_in_snapshots.events, 0);
}

#[test]
fn a_generated_market_lies_within_a_fifth_of_the_es_tape() {
    let Some(data) = real_data("databento_dbn") else {
        return;
    };
    let inputs =
        ["24", "25"].map(|day| data.join(format!("esh4-glbx-mdp3-202312{day}.mbo.dbn.zst")));
    let folder = tempdir().unwrap();
    let tape = folder.path().join("es.tape");
    import_to(&inputs, &tape).unwrap();
    let recorded = MarketProfile::of_tape(&tape).unwrap().statistics();
    assert!(recorded.messages > 50_000, "{}", recorded.messages);
    // The hour had so many messages a second.
    let config = GeneratorConfig {
        messages: 1_500_000,
        messages_per_second: 15,
        ..GeneratorConfig::default()
    };
    let generator = Generator::new(config).unwrap();
    let mut profile = MarketProfile::new(&generator.instruments());
    generator.for_each(|message| profile.push(&message));
    let comparison = MarketComparison::new(&profile.statistics(), &recorded);
    println!("{comparison}");
    assert_eq!(comparison.near(), comparison.figures.len(), "{comparison}");
}
