//! A directory that is not whole gives an error that names the file and what to do.

use std::fs;
use std::path::Path;

use backplane_analytics::{AnalyticsError, Report, ResultsWriter};

use crate::synthetic::{Behaviour, Spec, description, run};

fn small(directory: &Path) -> Spec {
    let spec = Spec::new(
        vec![Behaviour::new("a", 3, true), Behaviour::new("b", 5, false)],
        200,
        1_000_000_000,
    );
    run(directory, &spec);
    spec
}

fn error_after(change: impl FnOnce(&Path)) -> AnalyticsError {
    let directory = tempfile::tempdir().unwrap();
    small(directory.path());
    change(directory.path());
    Report::read(directory.path()).unwrap_err()
}

#[test]
fn a_missing_table_is_named() {
    for table in [
        "orders",
        "journal",
        "fills",
        "equity",
        "metrics",
        "log",
        "lifecycles",
        "trips",
        "returns",
    ] {
        let name = format!("{table}.parquet");
        let error = error_after(|x| fs::remove_file(x.join(&name)).unwrap());
        let text = error.to_string();
        assert!(
            text.contains(&name) && text.ends_with("the table is missing"),
            "{text}"
        );
        assert!(!error.hint().is_empty());
    }
}

#[test]
fn a_table_cut_short_or_overwritten_is_named_wherever_the_cut_is() {
    let directory = tempfile::tempdir().unwrap();
    small(directory.path());
    let path = directory.path().join("fills.parquet");
    let whole = fs::read(&path).unwrap();
    for length in (0..whole.len()).step_by(97) {
        fs::write(&path, &whole[..length]).unwrap();
        let text = Report::read(directory.path()).unwrap_err().to_string();
        assert!(text.contains("fills.parquet"), "cut at {length}: {text}");
    }
}

#[test]
fn a_table_of_another_run_is_refused() {
    let error = error_after(|x| {
        let other = tempfile::tempdir().unwrap();
        let spec = Spec::new(
            vec![Behaviour::new("a", 2, true), Behaviour::new("b", 5, false)],
            400,
            1,
        );
        run(other.path(), &spec);
        fs::copy(other.path().join("fills.parquet"), x.join("fills.parquet")).unwrap();
    });
    assert!(matches!(error, AnalyticsError::Mismatch { .. }), "{error}");
    let error = error_after(|x| {
        fs::copy(x.join("log.parquet"), x.join("equity.parquet")).unwrap();
    });
    assert!(matches!(error, AnalyticsError::Column { .. }), "{error}");
}

#[test]
fn a_run_file_that_is_missing_damaged_or_newer_is_named() {
    let error = error_after(|x| fs::remove_file(x.join("run.json")).unwrap());
    assert!(error.to_string().starts_with("reading ") && error.to_string().contains("run.json"));
    let error = error_after(|x| fs::write(x.join("run.json"), "{\"format\": 1}").unwrap());
    assert!(matches!(error, AnalyticsError::RunFile { .. }), "{error}");
    let error = error_after(|x| fs::write(x.join("run.json"), "{\"format\": 99}").unwrap());
    assert!(
        error
            .to_string()
            .ends_with("format 99 is not known; this version reads formats up to 2"),
        "{error}"
    );
}

#[test]
fn two_instances_of_one_name_are_refused_before_anything_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let spec = Spec::new(
        vec![Behaviour::new("a", 0, true), Behaviour::new("a", 0, true)],
        1,
        1,
    );
    let error = ResultsWriter::create(directory.path(), description(&spec)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "describing the run: two instances are called `a`"
    );
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}
