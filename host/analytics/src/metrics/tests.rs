//! The figures against values computed by hand, and against empyrical and QuantStats where their vectors are at hand.

use std::path::PathBuf;

use super::{Figure, Returns};

fn all(returns: &Returns) -> Vec<(&'static str, Figure)> {
    vec![
        ("total_return", returns.total_return()),
        ("annual_return", returns.annual_return()),
        ("annual_volatility", returns.annual_volatility()),
        ("sharpe", returns.sharpe()),
        ("sortino", returns.sortino()),
        ("downside_risk", returns.downside_risk()),
        ("max_drawdown", returns.max_drawdown()),
        ("calmar", returns.calmar()),
        ("var_hist_95", returns.value_at_risk_historical()),
        (
            "cvar_hist_95",
            returns.conditional_value_at_risk_historical(),
        ),
        ("var_gauss_95", returns.value_at_risk_gaussian()),
        (
            "cvar_gauss_95",
            returns.conditional_value_at_risk_gaussian(),
        ),
        ("skew_biased", returns.skew_biased()),
        ("kurtosis_excess_biased", returns.kurtosis_excess_biased()),
        ("skew_unbiased", returns.skew_unbiased()),
        (
            "kurtosis_excess_unbiased",
            returns.kurtosis_excess_unbiased(),
        ),
        ("tail_ratio", returns.tail_ratio()),
        ("omega_0", returns.omega_0()),
        ("profit_factor", returns.profit_factor()),
        ("win_rate_nonzero", returns.win_rate()),
        ("avg_win", returns.average_win()),
        ("avg_loss", returns.average_loss()),
        ("payoff_ratio", returns.payoff_ratio()),
        ("ulcer_index", returns.ulcer_index()),
        ("gain_to_pain", returns.gain_to_pain()),
        ("recovery_factor", returns.recovery_factor()),
        ("stability_r2", returns.stability()),
    ]
}

fn assert_near(name: &str, found: Figure, expected: f64) {
    let Figure::Value(value) = found else {
        panic!("{name}: {found:?}, not {expected}");
    };
    let allowed = 1e-9 * expected.abs().max(1.0);
    assert!(
        (value - expected).abs() <= allowed,
        "{name}: {value}, not {expected}"
    );
}

#[test]
fn gains_and_losses_of_four_days_are_as_computed_by_hand() {
    // Growth: 1.10, 1.045, 1.045, 1.254; high-water mark 1.10 until the last day; mean 0.0625.
    let returns = Returns::new(&[0.10, -0.05, 0.0, 0.20]);
    assert_near("total", returns.total_return(), 0.254);
    assert_near("drawdown", returns.max_drawdown(), -0.05);
    // Squared deviations: 0.00140625 + 0.01265625 + 0.00390625 + 0.01890625 = 0.036875.
    assert_near(
        "sd",
        returns.standard_deviation(),
        (0.036875_f64 / 3.0).sqrt(),
    );
    // One loss of 0.05 among four: sqrt(0.0025 / 4) = 0.025 a day.
    assert_near(
        "sortino",
        returns.sortino(),
        0.0625 / 0.025 * 252_f64.sqrt(),
    );
    assert_near("win rate", returns.win_rate(), 2.0 / 3.0);
    assert_near("payoff", returns.payoff_ratio(), 0.15 / 0.05);
    assert_near("profit factor", returns.profit_factor(), 6.0);
    // The 5 % percentile lies at place 0.15 between -0.05 and 0.
    assert_near("value at risk", returns.value_at_risk_historical(), -0.0425);
    assert_near(
        "shortfall",
        returns.conditional_value_at_risk_historical(),
        -0.05,
    );
    assert_near(
        "ulcer",
        returns.ulcer_index(),
        (2.0 * 0.0025_f64 / 3.0).sqrt(),
    );
    // The growth of a year is the growth of four days to the power of 63.
    assert_near("annual", returns.annual_return(), 1.254_f64.powi(63) - 1.0);
}

#[test]
fn a_loss_on_the_first_day_is_a_drawdown() {
    assert_near(
        "drawdown",
        Returns::new(&[-0.03, 0.01]).max_drawdown(),
        -0.03,
    );
}

#[test]
fn what_does_not_exist_has_a_reason_and_no_value() {
    for (values, reason) in [
        (&[][..], "no returns"),
        (&[0.01][..], "fewer than two returns"),
        (&[0.01, 0.01][..], "all returns are equal"),
    ] {
        let returns = Returns::new(values);
        let found = if values.is_empty() {
            returns.total_return()
        } else {
            returns.sharpe()
        };
        assert_eq!(found.reason(), Some(reason));
    }
    assert_eq!(
        Returns::new(&[0.01, 0.02]).sortino().reason(),
        Some("no losses")
    );
    assert_eq!(
        Returns::new(&[0.01, 0.02]).calmar().reason(),
        Some("no drawdown")
    );
    assert!(
        Returns::new(&[-1.5, 0.1])
            .annual_return()
            .reason()
            .is_some()
    );
}

#[test]
fn no_figure_is_ever_infinite_or_nan() {
    let series: [&[f64]; 8] = [
        &[],
        &[0.0],
        &[-1.0],
        &[-1.0, -1.0],
        &[1e300, 1e300],
        &[-5.0, 3.0],
        &[0.3; 5],
        &[f64::NAN, f64::INFINITY, 0.1],
    ];
    for values in series {
        for (name, figure) in all(&Returns::new(values)) {
            let finite = figure.value().is_none_or(f64::is_finite);
            assert!(finite, "{name} of {values:?} is {figure:?}");
        }
    }
}

/// The reference vectors: in the directory that `BACKPLANE_METRICS` names, or in `shared/metrics` beside the workspace.
fn reference_vectors() -> Option<PathBuf> {
    let directory = match std::env::var_os("BACKPLANE_METRICS") {
        Some(directory) => PathBuf::from(directory),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/metrics"),
    };
    let path = directory.join("reference_vectors.json");
    path.is_file().then_some(path)
}

#[test]
fn every_formula_agrees_with_empyrical_and_quantstats() {
    let Some(path) = reference_vectors() else {
        println!("skipped: no reference vectors (BACKPLANE_METRICS names their directory)");
        return;
    };
    let text = std::fs::read(path).unwrap();
    let vectors: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let mut compared = 0;
    for (series, vector) in vectors["series"].as_object().unwrap() {
        let values: Vec<f64> = serde_json::from_value(vector["returns"].clone()).unwrap();
        let figures = all(&Returns::new(&values));
        let expected = vector["formula"].as_object().unwrap();
        assert_eq!(expected.len(), figures.len(), "each key has its figure");
        for (name, figure) in figures {
            match expected[name].as_f64() {
                Some(value) => assert_near(&format!("{series} {name}"), figure, value),
                None => assert!(figure.reason().is_some(), "{series} {name}: {figure:?}"),
            }
            compared += 1;
        }
    }
    assert!(compared >= 100, "{compared}");
}
