//! `backplane run`: strategies over a tape.
//!
//! Takes in settings; gives out a result directory and its key figures. The directory gets its name when it is whole: a
//! run that is killed leaves nothing that looks done.

use std::path::{Path, PathBuf};
use std::time::Duration;

use backplane_analytics::Report;
use backplane_guests::Policy;
use backplane_guests::wasm::Limits;

use super::causal::verify;
use super::{checkpoints, swaps};
use crate::arguments::RunCommand;
use crate::error::CliError;
use crate::exit;
use crate::models::Models;
use crate::output::{self, absolute};
use crate::settings::Settings;
use crate::source::instruments;
use crate::strategy::StrategySpec;
use crate::supervise::{Job, JobStrategy, supervise};

pub(super) fn execute(command: &RunCommand, models: &Models) -> Result<u8, CliError> {
    let arguments = &command.run;
    let settings = Settings::read(arguments, models)?;
    output::check(&settings.output, settings.force)?;
    // The tape first: it is the likeliest to be mistyped, and cheap to look at.
    let tape = backplane_tape::TapeReader::open(&settings.tape)?;
    settings.engine.config(models, &mut instruments(&tape))?;
    let policy = crate::policy::read(&arguments.policy, &settings.plugins)?;
    let strategies = settings.strategies.iter();
    let strategies = strategies.map(|spec| locate(spec, &settings, &policy));
    let staging = output::stage(&settings.output)?;
    let results = staging.path().join("results");
    let mut job = Job {
        tape: absolute(&settings.tape)?,
        results: results.clone(),
        engine: settings.engine.clone(),
        strategies: strategies.collect::<Result<_, _>>()?,
        limits: settings.limits.clone(),
        python: settings.python.clone(),
        takes_swaps: command.watch,
        until: None,
        checkpoints: None,
        leaves_report: false,
        trace: None,
    };
    let prepared = checkpoints::prepare(command, &settings.output, &job, &tape)?;
    let (checkpoints, _claim) = prepared.unzip();
    job.checkpoints = checkpoints;
    let recordings = record(&command.record, &mut job.strategies, staging.path())?;
    let stall_timeout = Duration::from_nanos(settings.stall_timeout.0.unsigned_abs());
    let asked = job.clone();
    let versions = staging.path().join("versions");
    if let Some(earlier) = &command.swaps {
        swaps::plan(earlier, &versions, &mut job.strategies)?;
    }
    let mut live = match command.watch {
        true => Some(swaps::watch(&versions, &mut job.strategies)?),
        false => None,
    };
    let (directory, live) = (staging.path(), live.as_mut());
    let finished = supervise(&mut job, directory, stall_timeout, &output::empty, live);
    let finished = finished.map_err(|error| checkpoints::outlast(&job, error))?;
    let causality = match command.verify_causal {
        true => Some(verify(&asked, &results, staging.path(), stall_timeout)?),
        false => None,
    };
    if job.strategies.iter().any(|x| !x.swaps.is_empty()) {
        put_beside(&versions, &results)?;
    }
    for recording in &recordings {
        put_beside(recording, &results)?;
    }
    publish(&settings, &results, staging)?;
    checkpoints::remove(&job);
    let report = Report::read(&settings.output)?;
    super::report::print(&report, &settings.output, arguments.json)?;
    if let Some(causality) = causality {
        // Standard output belongs to the report where that is JSON.
        match arguments.json {
            true => anstream::eprint!("{causality}"),
            false => anstream::print!("{causality}"),
        }
        if !causality.holds() {
            return Ok(exit::VERIFICATION);
        }
    }
    Ok(if finished.stopped > 0 {
        exit::STRATEGY
    } else {
        exit::OK
    })
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
        features: spec.features.clone(),
        sampling: spec.sampling.clone(),
        swaps: Vec::new(),
        record: None,
        finding: None,
    })
}

/// Lets instances be recorded into files aside; gives the files.
fn record(
    names: &[String],
    strategies: &mut [JobStrategy],
    staging: &Path,
) -> Result<Vec<PathBuf>, CliError> {
    let folder = staging.join("recordings");
    let made = std::fs::create_dir_all(&folder);
    made.map_err(|error| CliError::io("creating", &folder, &error))?;
    let mut files = Vec::new();
    for name in names {
        let known: Vec<String> = strategies
            .iter()
            .map(|x| format!("`{}`", x.label))
            .collect();
        let Some(strategy) = strategies.iter_mut().find(|x| x.label == *name) else {
            return Err(CliError::new(
                exit::USAGE,
                format!("there is no instance `{name}` to record"),
                format!("the run has {}", known.join(", ")),
            ));
        };
        if name.contains('/') || name.starts_with('.') {
            return Err(CliError::new(
                exit::USAGE,
                format!("a recording cannot be called `{name}.heard`"),
                "name the instance otherwise: `LABEL@NAME:...`",
            ));
        }
        let file = folder.join(format!("{name}.heard"));
        strategy.record = Some(file.clone());
        files.push(file);
    }
    Ok(files)
}

/// Moves a file or a folder into the results. One that was never begun, because its strategy could not be, is left out.
fn put_beside(file: &Path, results: &Path) -> Result<(), CliError> {
    let Some(name) = file.file_name().filter(|_| file.exists()) else {
        return Ok(());
    };
    let moved = std::fs::rename(file, results.join(name));
    moved.map_err(|error| CliError::io("moving", file, &error))
}

/// Gives whole results their name. What they replace is moved aside first and goes away with the staging directory.
/// Results that cannot get their name are kept where they are: they took a run to make.
fn publish(settings: &Settings, results: &Path, staging: output::Staging) -> Result<(), CliError> {
    let (output, aside) = (&settings.output, staging.path().join("replaced"));
    let published = output::put_in_place(results, output, settings.force, &aside);
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
