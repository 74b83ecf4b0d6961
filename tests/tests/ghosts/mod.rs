//! The ghost study: on markets of which all is known, and on real ones where they are at hand.

mod market;

use std::path::{Path, PathBuf};

use backplane_calibrate::{Levels, Options, Recording, Report, Study};
use backplane_engine::exchange::Defect;
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
