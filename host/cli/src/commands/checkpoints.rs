//! The checkpoints of a run: where they are, and of which run.
//!
//! Takes in a job; gives out the folder beside the results in which its strategies' checkpoints are, which goes away when
//! the results are whole. A run that was killed is taken up again only by one that is the same in everything that results
//! depend on.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use backplane_guests::checkpoint::CheckpointFile;
use backplane_tape::TapeReader;
use serde::{Deserialize, Serialize};

use crate::arguments::RunCommand;
use crate::error::CliError;
use crate::exit;
use crate::settings::parse_time;
use crate::supervise::{Checkpoints, Job};

/// The file that says of which run the checkpoints are.
const RUN: &str = "run.json";

/// What the file says.
#[derive(Serialize, Deserialize)]
struct OfRun {
    /// A digest of everything that results depend on.
    run: String,
    /// The nanoseconds from one checkpoint to the next.
    every: i64,
}

/// Keeps a folder of checkpoints to one run, for as long as it is there.
#[derive(Debug)]
pub(super) struct Claim {
    _lock: File,
}

/// The checkpoints of a job, which are this run's alone; none where none are asked for.
pub(super) fn prepare(
    command: &RunCommand,
    output: &Path,
    job: &Job,
    tape: &TapeReader,
) -> Result<Option<(Checkpoints, Claim)>, CliError> {
    let every = command.checkpoint_every.as_deref().map(parse_every);
    let every = every.transpose()?;
    let folder = folder(output);
    if every.is_none() && !command.resume {
        return Ok(None);
    }
    let run = identity(job, &command.record, tape)?;
    let (every, claim) = if command.resume {
        let of_run = read(&folder)?;
        let claim = claim(&folder)?;
        if of_run.run != run {
            return Err(CliError::new(
                exit::CONFIG,
                format!("the checkpoints in {} are of another run", folder.display()),
                "give the arguments, tape and plugins of the run that was killed, or start anew without `--resume`",
            ));
        }
        (every.unwrap_or(of_run.every), claim)
    } else {
        let every = every.unwrap_or(i64::MAX);
        let claim = begin(&folder, command.run.force, &OfRun { run, every })?;
        (every, claim)
    };
    let checkpoints = Checkpoints {
        folder,
        every: Some(every),
        first: None,
        must_go_on: false,
    };
    Ok(Some((checkpoints, claim)))
}

/// The run is over, and needs its checkpoints no more.
pub(super) fn remove(job: &Job) {
    if let Some(checkpoints) = &job.checkpoints {
        // Results are whole; a folder that stays costs room, and is refused by the next run.
        let _ = std::fs::remove_dir_all(&checkpoints.folder);
    }
}

/// The run ended without results. A folder without any checkpoint is of no use to another; of one that stays, an
/// interruption says so.
pub(super) fn outlast(job: &Job, error: CliError) -> CliError {
    let Some(checkpoints) = &job.checkpoints else {
        return error;
    };
    let files = (0..job.strategies.len()).map(|number| checkpoints.file(number));
    let mut whole = files.map(|x| CheckpointFile::read(&x).unwrap_or_default());
    if whole.all(|x| x.is_empty()) {
        remove(job);
        return error;
    }
    if error.code != exit::INTERRUPTED {
        return error;
    }
    let folder = checkpoints.folder.display();
    CliError::new(
        error.code,
        format!("interrupted; there are no results, but checkpoints in {folder}"),
        "go on with `--resume`, or begin anew with `--force`",
    )
}

fn parse_every(text: &str) -> Result<i64, CliError> {
    let every = parse_time(text).map(|x| x.0);
    every
        .and_then(|x| {
            if x > 0 {
                Ok(x)
            } else {
                Err("a time above 0".into())
            }
        })
        .map_err(|allowed| {
            CliError::new(
                exit::USAGE,
                format!("`--checkpoint-every` is `{text}`, but must be {allowed}"),
                "such as `600s`: ten minutes of the strategy's time",
            )
        })
}

/// The folder of checkpoints beside a result directory.
fn folder(output: &Path) -> PathBuf {
    let mut name = output.file_name().unwrap_or_default().to_owned();
    name.push(".checkpoints");
    output.with_file_name(name)
}

fn begin(folder: &Path, force: bool, of_run: &OfRun) -> Result<Claim, CliError> {
    if folder.exists() {
        if !force {
            return Err(CliError::new(
                exit::DATA,
                format!(
                    "a run was killed whose checkpoints are in {}",
                    folder.display()
                ),
                "go on with it by `--resume`, or begin anew by `--force`",
            ));
        }
        if folder.join(RUN).exists() {
            claim(folder)?;
        }
        let removed = std::fs::remove_dir_all(folder);
        removed.map_err(|error| CliError::io("removing", folder, &error))?;
    }
    let text = serde_json::to_vec(of_run).unwrap_or_default();
    let written = std::fs::create_dir(folder).and_then(|()| std::fs::write(folder.join(RUN), text));
    written.map_err(|error| CliError::io("creating the checkpoints in", folder, &error))?;
    claim(folder)
}

/// Two runs that add to the same checkpoints would spoil them. The claim of one that was killed is gone with it.
fn claim(folder: &Path) -> Result<Claim, CliError> {
    let path = folder.join(RUN);
    let failed = |error| CliError::io("claiming the checkpoints of", &path, &error);
    let lock = File::open(&path).map_err(failed)?;
    match lock.try_lock() {
        Ok(()) => Ok(Claim { _lock: lock }),
        Err(TryLockError::WouldBlock) => Err(CliError::new(
            exit::DATA,
            format!(
                "the run whose checkpoints are in {} is still going on",
                folder.display()
            ),
            "wait for its end, or name another result directory",
        )),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

fn read(folder: &Path) -> Result<OfRun, CliError> {
    let path = folder.join(RUN);
    let text = std::fs::read(&path).map_err(|error| CliError {
        hint: Some(
            "run with `--checkpoint-every`; a run that was finished has no checkpoints any more"
                .into(),
        ),
        ..CliError::io("looking for checkpoints in", &path, &error)
    })?;
    serde_json::from_slice(&text).map_err(|error| {
        CliError::new(
            exit::DATA,
            format!("reading {}: {error}", path.display()),
            "begin anew by `--force`, without `--resume`",
        )
    })
}

/// A digest of everything that results depend on: program, settings, tape, strategies.
fn identity(job: &Job, recorded: &[String], tape: &TapeReader) -> Result<String, CliError> {
    let mut hasher = blake3::Hasher::new();
    let mut add = |bytes: &[u8]| {
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    add(env!("CARGO_PKG_VERSION").as_bytes());
    add(tape.digest().unwrap_or_default().as_bytes());
    add(&tape.rows().to_le_bytes());
    add(&serde_json::to_vec(&job.engine).unwrap_or_default());
    add(&serde_json::to_vec(&job.limits).unwrap_or_default());
    for strategy in &job.strategies {
        let read = std::fs::read(&strategy.plugin);
        let bytes = read.map_err(|error| CliError::io("reading", &strategy.plugin, &error))?;
        add(strategy.label.as_bytes());
        add(blake3::hash(&bytes).as_bytes());
        add(&serde_json::to_vec(&strategy.params).unwrap_or_default());
        add(&serde_json::to_vec(&strategy.sandbox).unwrap_or_default());
        add(&serde_json::to_vec(&strategy.grant).unwrap_or_default());
        add(&serde_json::to_vec(&strategy.features).unwrap_or_default());
        add(&serde_json::to_vec(&strategy.sampling).unwrap_or_default());
        // Who is recorded hears every change of a level: its messages have other numbers.
        add(&[u8::from(recorded.contains(&strategy.label))]);
    }
    Ok(hasher.finalize().to_hex().to_string())
}
