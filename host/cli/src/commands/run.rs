//! `backplane run`: strategies over a tape.
//!
//! Takes in settings; gives out a result directory and its key figures. The directory gets its name when it is whole: a
//! run that is killed leaves nothing that looks done.

use std::path::{Path, PathBuf};
use std::time::Duration;

use backplane_analytics::Report;
use backplane_analytics::run_file::RUN_FILE;
use backplane_guests::Policy;
use backplane_guests::wasm::Limits;
use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::arguments::RunArguments;
use crate::error::CliError;
use crate::exit;
use crate::models::Models;
use crate::settings::Settings;
use crate::source::instruments;
use crate::strategy::StrategySpec;
use crate::supervise::{Job, JobStrategy, supervise};

pub(super) fn execute(arguments: &RunArguments, models: &Models) -> Result<u8, CliError> {
    let settings = Settings::read(arguments, models)?;
    check_output(&settings.output, settings.force)?;
    // The tape first: it is the likeliest to be mistyped, and cheap to look at.
    let tape = backplane_tape::TapeReader::open(&settings.tape)?;
    settings.engine.config(models, &mut instruments(&tape))?;
    let policy = crate::policy::read(&arguments.policy, &settings.plugins)?;
    let strategies = settings.strategies.iter();
    let strategies = strategies.map(|spec| locate(spec, &settings, &policy));
    let staging = stage(&settings.output)?;
    let results = staging.path().join("results");
    let mut job = Job {
        tape: absolute(&settings.tape)?,
        results: results.clone(),
        engine: settings.engine.clone(),
        strategies: strategies.collect::<Result<_, _>>()?,
        limits: settings.limits.clone(),
        trace: None,
    };
    let stall_timeout = Duration::from_nanos(settings.stall_timeout.0.unsigned_abs());
    let finished = supervise(&mut job, staging.path(), stall_timeout, &empty)?;
    publish(&settings, &results, staging)?;
    let report = Report::read(&settings.output)?;
    super::report::print(&report, &settings.output, arguments.json)?;
    Ok(if finished.stopped > 0 {
        exit::STRATEGY
    } else {
        exit::OK
    })
}

/// Nothing is replaced unasked, and nothing but results ever.
fn check_output(output: &Path, force: bool) -> Result<(), CliError> {
    if !output.exists() {
        return Ok(());
    }
    let is_empty = std::fs::read_dir(output).is_ok_and(|mut entries| entries.next().is_none());
    if !is_empty && !output.join(RUN_FILE).is_file() {
        return Err(CliError::new(
            exit::DATA,
            format!(
                "{} exists and is no result directory: it has no `{}`",
                output.display(),
                RUN_FILE
            ),
            "name another directory; only results are ever replaced",
        ));
    }
    if force {
        return Ok(());
    }
    Err(CliError::new(
        exit::DATA,
        format!("the result directory {} exists", output.display()),
        "name another, or replace it with `--force`",
    ))
}

fn locate(
    spec: &StrategySpec,
    settings: &Settings,
    policy: &Policy,
) -> Result<JobStrategy, CliError> {
    let found = backplane_guests::find(&settings.plugins, &spec.name, policy)?;
    let grant = policy.grant(&found.name);
    Ok(JobStrategy {
        label: spec.label.clone().unwrap_or_else(|| spec.name.clone()),
        plugin: absolute(&found.path)?,
        sandbox: Limits {
            messages_per_call: settings.batch,
            ..grant.limits.sandbox()
        },
        grant,
        params: spec.params.clone(),
        finding: None,
    })
}

fn absolute(path: &Path) -> Result<PathBuf, CliError> {
    std::path::absolute(path).map_err(|error| CliError::io("finding", path, &error))
}

/// A directory beside the output, on the same file system, that goes away by itself.
fn stage(output: &Path) -> Result<tempfile::TempDir, CliError> {
    let parent = match output.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let failed = |error| CliError::io("creating the result directory in", parent, &error);
    std::fs::create_dir_all(parent).map_err(failed)?;
    let parent = absolute(parent)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".backplane-run-");
    builder.tempdir_in(parent).map_err(failed)
}

/// An empty directory for a new worker.
fn empty(results: &Path) -> Result<(), CliError> {
    if results.exists() {
        let removed = std::fs::remove_dir_all(results);
        removed.map_err(|error| CliError::io("emptying", results, &error))?;
    }
    let made = std::fs::create_dir(results);
    made.map_err(|error| CliError::io("creating", results, &error))
}

/// Gives whole results their name. What they replace is moved aside first and goes away with the staging directory.
/// Results that cannot get their name are kept where they are: they took a run to make.
fn publish(
    settings: &Settings,
    results: &Path,
    staging: tempfile::TempDir,
) -> Result<(), CliError> {
    let output = &settings.output;
    let published = check_output(output, settings.force).and_then(|()| {
        if output.exists() {
            let aside = std::fs::rename(output, staging.path().join("replaced"));
            aside.map_err(|error| CliError::io("replacing", output, &error))?;
        }
        // A run that finished meanwhile is not replaced.
        let moved = renameat_with(CWD, results, CWD, output, RenameFlags::NOREPLACE);
        moved.map_err(|error| CliError::io("writing the result directory", output, &error.into()))
    });
    published.map_err(|error| {
        let kept = staging.keep().join("results");
        CliError {
            hint: Some(format!(
                "the results are whole, and kept in {}",
                kept.display()
            )),
            ..error
        }
    })
}
