//! The ghost study: on markets of which all is known, and on real ones where they are at hand.

mod market;

use std::path::{Path, PathBuf};

use backplane_calibrate::agreement::Agreement;
use backplane_calibrate::level_report::PriceLevel;
use backplane_calibrate::{Levels, Options, Recording, Report, Study};
use backplane_engine::exchange::Defect;
use backplane_sdk::types::Timestamp;
use backplane_tape::SourceMessage;
use backplane_tape::import::{ImportOptions, import};
use backplane_tests::market_data;
use backplane_tests::rows::{instrument, resolve};

fn recording(seed: u64) -> Recording {
    let rows = resolve(&market::random(seed, 2_000), 1);
    Recording::new("made".to_owned(), vec![instrument()], rows)
}

fn study(recording: &Recording, defect: Option<Defect>) -> Report {
    let options = Options {
        levels: Levels::Orders,
        defect,
        ..Options::default()
    };
    Study::new(recording, options).run(&mut |_| {})
}

/// What differs, of how many that were executed, at the longest horizon, whatever the class.
fn differing(report: &Report) -> (u64, u64) {
    let orders = report.order_level.as_ref().unwrap();
    let all = &orders.at.last().unwrap().everything;
    (all.differing, all.filled)
}

#[test]
fn ghosts_share_the_fate_of_every_order_of_a_market_of_price_and_time() {
    let mut executed = 0;
    for seed in 1..20 {
        let report = study(&recording(seed), None);
        let (differ, filled) = differing(&report);
        assert_eq!(differ, 0, "seed {seed}\n{report}");
        executed += filled;
        let orders = report.order_level.unwrap();
        assert_eq!(orders.behind.violations, 0);
        assert_eq!(orders.natural.differing, 0);
    }
    assert!(executed > 5_000, "{executed}");
}

#[test]
fn every_mistake_that_is_made_on_purpose_is_found() {
    for defect in [
        Defect::DecreaseLosesPlace,
        Defect::IncreaseKeepsPlace,
        Defect::NoConsumptionWithinEvent,
    ] {
        let (differ, filled) = differing(&study(&recording(7), Some(defect)));
        println!("{defect:?}: {differ} of {filled} differ");
        assert!(differ * 100 > filled, "{defect:?}: {differ} of {filled}");
    }
}

/// The study of queue models on price levels.
fn levels(recording: &Recording) -> PriceLevel {
    let options = Options {
        levels: Levels::Prices,
        ..Options::default()
    };
    let report = Study::new(recording, options).run(&mut |_| {});
    report.price_level.unwrap()
}

/// What each model makes of a market, at each horizon, held against the most careful one.
fn careful_and_eager(recording: &Recording) -> Vec<[Agreement; 2]> {
    let at = levels(recording).at.into_iter().map(|at| {
        let first = at.models.first().unwrap();
        let last = at.models.last().unwrap();
        assert_eq!(first.chosen.model, "RiskAverse");
        assert_eq!(last.chosen.model, "all ahead");
        for line in &at.models {
            let filled = line.agreement.quantity_simulated;
            let is_touch = line.chosen.model == "FillAtTouch";
            assert!(is_touch || filled >= first.agreement.quantity_simulated);
        }
        let mut placebos = at.placebos.iter();
        let placebo = placebos.find(|x| x.chosen.model == "trade-through only");
        let placebo = placebo.unwrap().agreement.f1.unwrap();
        assert!(placebo < at.selected.agreement.f1.unwrap());
        [first.agreement.clone(), last.agreement.clone()]
    });
    at.collect()
}

#[test]
fn all_cancellations_behind_and_all_ahead_are_bounds_where_orders_only_shrink() {
    let (mut careful, mut eager) = (0, 0);
    for seed in 1..12 {
        let rows = resolve(&market::plain(seed, 2_000), 1);
        let recording = Recording::new("made".to_owned(), vec![instrument()], rows);
        for [first, last] in careful_and_eager(&recording) {
            // Who is filled by the careful model was executed, and who was executed is filled by the eager one.
            assert_eq!(first.precision, Some(1.0), "seed {seed}");
            assert_eq!(last.recall, Some(1.0), "seed {seed}");
            careful += first.quantity_simulated - first.quantity;
            eager += last.quantity_simulated - last.quantity;
        }
    }
    assert!(careful < -50 && eager > 50, "{careful} {eager}");
}

#[test]
fn nobody_is_filled_too_early_by_the_careful_model_whatever_orders_do() {
    let mut careful = 0;
    for seed in 1..12 {
        for [first, last] in careful_and_eager(&recording(seed)) {
            assert_eq!(first.precision, Some(1.0), "seed {seed}");
            // An order that grows loses its place, and what is cancelled within a match event is shown after its trades:
            // levels show less of both than left from ahead.
            assert!(last.recall > Some(0.9), "seed {seed}");
            careful += first.quantity_simulated - first.quantity;
        }
    }
    assert!(careful < -500, "{careful}");
}

#[test]
fn a_model_is_chosen_before_it_is_scored() {
    let messages = market::random(5, 2_000);
    // The last orders come and go half a minute later: that changes what becomes of them within their horizon.
    let keep = messages.len() * 19 / 20;
    let studied = |later: i64| {
        let late = |(place, x): (usize, &SourceMessage)| {
            let by = if place < keep {
                0
            } else {
                later * place as i64
            };
            SourceMessage {
                ts_event: Timestamp(x.ts_event.0 + by),
                ts_recv: Timestamp(x.ts_recv.0 + by),
                ..*x
            }
        };
        let messages: Vec<_> = messages.iter().enumerate().map(late).collect();
        let rows = resolve(&messages, 1);
        levels(&Recording::new("made".to_owned(), vec![instrument()], rows))
    };
    for (before, after) in studied(0).at.iter().zip(&studied(1_000_000_000).at) {
        assert_eq!(before.choices.len(), 5);
        assert_eq!(before.choices, after.choices);
        assert_ne!(before.selected.agreement, after.selected.agreement);
    }
}

#[test]
fn a_sample_is_drawn_by_its_seed() {
    let recording = recording(3);
    let of = |seed| {
        let options = Options {
            sample: Some(100),
            seed,
            ..Options::default()
        };
        let report = Study::new(&recording, options).run(&mut |_| {});
        assert_eq!(report.ghosts, 100);
        format!("{report}")
    };
    assert_eq!(of(1), of(1));
    assert_ne!(of(1), of(2));
}

/// A tape of recorded messages, imported into a directory.
fn imported(directory: &Path, inputs: &[PathBuf]) -> Recording {
    let options = ImportOptions {
        output: directory.join("real.tape"),
        ..ImportOptions::default()
    };
    import(inputs, &options, &mut |_, _| {}).unwrap();
    Recording::read(&options.output).unwrap()
}

#[test]
fn ghosts_share_the_fate_of_real_orders() {
    let Some(data) = market_data() else { return };
    let es = ["esh4-glbx-mdp3-20231224", "esh4-glbx-mdp3-20231225"];
    let es = es.map(|x| data.join(format!("databento_dbn/{x}.mbo.dbn.zst")));
    let goog = [data.join("lobster/LOBSTER_SampleFile_GOOG_2012-06-21_10.zip")];
    for inputs in [&es[..], &goog[..]] {
        let directory = tempfile::tempdir().unwrap();
        let report = study(&imported(directory.path(), inputs), None);
        let orders = report.order_level.as_ref().unwrap();
        assert_eq!(orders.behind.violations, 0);
        for at in &orders.at[1..] {
            let (all, known) = (&at.everything, &at.after_classes);
            assert!((all.ratio.unwrap() - 1.0).abs() < 0.01, "{report}");
            assert!(all.jaccard.unwrap() >= 0.98, "{report}");
            assert!(known.jaccard.unwrap() >= 0.999, "{report}");
            assert!(known.differing * 1_000 <= known.filled, "{report}");
        }
    }
}
