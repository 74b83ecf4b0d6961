//! The supervisor: starts workers, watches over them, names what kills them.
//!
//! Takes in a job; gives out how many strategies were stopped, once the job's result directory is whole. It never loads a
//! plugin itself.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use backplane_guests::Grant;

use super::job::{Account, Job, News};
use super::live::LiveVersions;
use super::trace::last_note;
use crate::error::CliError;
use crate::exit;
use crate::interruption::requests;
use crate::progress::Meter;
use crate::validate::Verdict;

/// How long loading and describing a plugin may take.
const DESCRIBE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a worker may take to say its first word, at least: that is the machine's affair and no strategy's.
const START_TIMEOUT: Duration = Duration::from_secs(10);
/// How often the supervisor looks up while no news comes.
const LOOK: Duration = Duration::from_millis(50);

/// Set by Ctrl-C and by a polite request to end (SIGTERM).
static INTERRUPTED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// A job that was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finished {
    /// How many strategies were stopped.
    pub stopped: usize,
}

/// How a worker ended.
pub(super) enum Ending {
    Done {
        stopped: usize,
        account: Account,
    },
    /// Strategies fell at one of many messages.
    Unsure(Vec<usize>),
    Failed(CliError),
    /// It said what it was asked.
    Said(News),
    /// It died or stalled; in words.
    Lost(String),
}

/// Does a job, whatever its strategies do. `restart` empties the job's result directory for a new worker. The versions
/// that `live` finds take over while it goes on; the job is told of those that did.
///
/// # Errors
/// What no strategy is to blame for: tape, settings, plugins that cannot be loaded, a full disk, an interruption.
pub fn supervise(
    job: &mut Job,
    directory: &Path,
    stall_timeout: Duration,
    restart: &dyn Fn(&Path) -> Result<(), CliError>,
    mut live: Option<&mut LiveVersions>,
) -> Result<Finished, CliError> {
    watch_for_interruption();
    let trace = directory.join("trace");
    loop {
        restart(&job.results)?;
        let ending = work(job, directory, stall_timeout, live.as_deref_mut())?;
        let cause = match ending {
            Ending::Done { stopped, .. } => return Ok(Finished { stopped }),
            Ending::Unsure(strategies) => {
                hear_singly(job, &strategies)?;
                continue;
            }
            Ending::Failed(error) => return Err(error),
            Ending::Said(_) => return Err(nonsense()),
            Ending::Lost(cause) => cause,
        };
        if job.trace.is_none() {
            // Again, noting every message.
            job.trace = Some(trace.clone());
            continue;
        }
        let named = last_note(&trace, &cause);
        let culprit = named.and_then(|(number, finding)| {
            let strategy = job.strategies.get_mut(number)?;
            strategy
                .finding
                .is_none()
                .then(|| strategy.finding = Some(finding))
        });
        if culprit.is_none() {
            return Err(CliError::new(
                exit::STRATEGY,
                format!("{cause}, and no strategy can be blamed for it"),
                "run the strategies one by one to find the one that does it",
            ));
        }
        // From here on without it; should another one fall, it is named in the same way.
    }
}

/// The strategies of these numbers hear one message a call from now on. Each is told so once at most, so that a job ends.
pub(crate) fn hear_singly(job: &mut Job, strategies: &[usize]) -> Result<(), CliError> {
    for number in strategies {
        match job.strategies.get_mut(*number) {
            Some(strategy) if strategy.sandbox.messages_per_call != Some(1) => {
                strategy.sandbox.messages_per_call = Some(1);
            }
            _ => return Err(nonsense()),
        }
    }
    Ok(())
}

/// Loads a plugin in a process of its own and asks it to describe itself: its descriptor as JSON, and its digest.
///
/// # Errors
/// Why the plugin cannot be loaded, or what it did to the process.
pub fn describe(plugin: &Path, grant: &Grant) -> Result<(serde_json::Value, String), CliError> {
    let grant = serde_json::to_string(grant).unwrap_or_default();
    let mut worker = start(&["describe".as_ref(), plugin.as_os_str(), grant.as_ref()])?;
    match listen(&mut worker, DESCRIBE_TIMEOUT, &Meter::hidden())? {
        Ending::Said(News::Described { descriptor, digest }) => Ok((descriptor, digest)),
        Ending::Failed(error) => Err(error),
        Ending::Lost(cause) => Err(CliError::new(
            exit::PLUGIN,
            format!("loading {}: {cause}", plugin.display()),
            "the library's initialisers or its `descriptor` end the process; correct and rebuild it",
        )),
        Ending::Done { .. } | Ending::Unsure(_) | Ending::Said(_) => Err(nonsense()),
    }
}

/// Makes one check of a plugin in a process of its own. What the process prints is nobody's concern.
///
/// # Errors
/// Only that no such process can be had; what the plugin does to it is a verdict.
pub fn check(
    plugin: &Path,
    grant: &Grant,
    (name, seed): (&str, u64),
    timeout: Duration,
) -> Result<Verdict, CliError> {
    let grant = serde_json::to_string(grant).unwrap_or_default();
    let seed = seed.to_string();
    let arguments = [
        "check".as_ref(),
        plugin.as_os_str(),
        grant.as_ref(),
        name.as_ref(),
        seed.as_ref(),
    ];
    let mut worker = start_with(&arguments, Stdio::null(), Stdio::null())?;
    match listen(&mut worker, timeout, &Meter::hidden())? {
        Ending::Said(News::Checked(verdict)) => Ok(verdict),
        Ending::Lost(cause) => Ok(Verdict::Failed(cause)),
        Ending::Failed(error) => Err(error),
        Ending::Done { .. } | Ending::Unsure(_) | Ending::Said(_) => Err(nonsense()),
    }
}

fn work(
    job: &mut Job,
    directory: &Path,
    stall_timeout: Duration,
    live: Option<&mut LiveVersions>,
) -> Result<Ending, CliError> {
    let path = directory.join("job.json");
    let text = serde_json::to_string(job).map_err(|error| {
        let message = format!("writing the job: {error}");
        CliError::new(exit::CONFIG, message, "name files in UTF-8")
    })?;
    let written = std::fs::write(&path, text);
    written.map_err(|error| CliError::io("writing the job", &path, &error))?;
    let arguments = ["run".as_ref(), path.as_os_str()];
    let meter = Meter::new();
    let ending = match live {
        None => listen(&mut start(&arguments)?, stall_timeout, &meter),
        Some(live) => {
            let mut worker = start_with(&arguments, Stdio::piped(), Stdio::inherit())?;
            let (ending, swaps) = live.listen(&mut worker, stall_timeout, &meter);
            for swap in swaps {
                job.note_swap(&swap);
            }
            ending
        }
    };
    meter.finish();
    ending
}

fn start(arguments: &[&OsStr]) -> Result<Child, CliError> {
    start_with(arguments, Stdio::null(), Stdio::inherit())
}

/// Starts a worker with these for its standard input and its standard error.
pub(super) fn start_with(
    arguments: &[&OsStr],
    input: Stdio,
    errors: Stdio,
) -> Result<Child, CliError> {
    let failed = |error: std::io::Error| {
        CliError::new(
            exit::DATA,
            format!("starting a worker process: {error}"),
            "check the limits of processes and memory",
        )
    };
    let program = std::env::current_exe().map_err(failed)?;
    let mut command = Command::new(program);
    command.arg("worker").args(arguments);
    command.stdin(input).stdout(Stdio::piped());
    command.stderr(errors);
    command.spawn().map_err(failed)
}

/// Listens to a worker until its only job is done, and ends it.
fn listen(worker: &mut Child, stall_timeout: Duration, meter: &Meter) -> Result<Ending, CliError> {
    let news = receive(worker);
    let ending = follow(worker, &news, stall_timeout, meter, &mut |_| {});
    // A plugin's threads or destructors may keep a worker that has done its work.
    end(worker);
    ending
}

/// Listens to a worker until its job is done, or it is lost. `look` is called again and again meanwhile.
pub(super) fn follow(
    worker: &mut Child,
    news: &Receiver<News>,
    stall_timeout: Duration,
    meter: &Meter,
    look: &mut dyn FnMut(Option<&News>),
) -> Result<Ending, CliError> {
    let mut position = (0, 0);
    let mut moved = Instant::now();
    let (mut has_begun, mut is_replayed) = (false, false);
    let mut loading = Duration::ZERO;
    loop {
        if is_interrupted() {
            end(worker);
            return Err(CliError {
                code: exit::INTERRUPTED,
                message: "interrupted; nothing was written".into(),
                hint: None,
            });
        }
        let item = news.recv_timeout(LOOK);
        look(item.as_ref().ok());
        if item.is_ok() && !has_begun {
            (has_begun, moved) = (true, Instant::now());
        }
        match item {
            Ok(News::Tape { rows }) => meter.expect(rows),
            Ok(News::Loads { patience }) => {
                loading = Duration::from_nanos(patience.unsigned_abs()) + START_TIMEOUT;
                moved = Instant::now();
            }
            Ok(News::Progress { rows, messages, at }) => {
                meter.show(rows, at);
                if (rows, messages) != position {
                    position = (rows, messages);
                    loading = Duration::ZERO;
                    moved = Instant::now();
                }
            }
            Ok(News::Replayed) => is_replayed = true,
            Ok(News::Done { stopped, account }) => return Ok(Ending::Done { stopped, account }),
            Ok(News::Unsure { strategies }) => return Ok(Ending::Unsure(strategies)),
            Ok(News::Failed(error)) => return Ok(Ending::Failed(error)),
            Ok(said @ (News::Described { .. } | News::Checked(_))) => {
                return Ok(Ending::Said(said));
            }
            Ok(News::Idle | News::Swapped(_)) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                let status = worker.wait().map_err(|error| {
                    let message = format!("waiting for the worker process: {error}");
                    CliError::new(exit::DATA, message, "try again")
                })?;
                return Ok(Ending::Lost(death(status)));
            }
        }
        // Writing results takes as long as it takes, and no strategy is to blame for it.
        let patience = if has_begun {
            stall_timeout.max(loading)
        } else {
            stall_timeout.max(START_TIMEOUT)
        };
        if !is_replayed && moved.elapsed() > patience {
            end(worker);
            let seconds = stall_timeout.as_secs_f64();
            return Ok(Ending::Lost(format!(
                "it did not return within {seconds} s"
            )));
        }
    }
}

/// Whether the user asked this process to end.
pub(crate) fn is_interrupted() -> bool {
    INTERRUPTED.get().is_some_and(|x| x.load(Ordering::Relaxed))
}

/// Reads a worker's news on a thread of its own.
pub(super) fn receive(worker: &mut Child) -> Receiver<News> {
    let (sender, receiver) = channel();
    if let Some(output) = worker.stdout.take() {
        std::thread::spawn(move || {
            let lines = BufReader::new(output).lines().map_while(Result::ok);
            let news = lines.filter_map(|line| serde_json::from_str(&line).ok());
            for item in news {
                if sender.send(item).is_err() {
                    break;
                }
            }
        });
    }
    receiver
}

pub(super) fn end(worker: &mut Child) {
    // It may have ended by itself; either way it is gone afterwards.
    let _ = worker.kill();
    let _ = worker.wait();
}

/// How a process ended that should not have.
fn death(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(signal), _) => format!("it ended the worker process by {}", signal_name(signal)),
        (None, Some(code)) => format!("it ended the worker process by calling exit({code})"),
        (None, None) => "it ended the worker process".into(),
    }
}

fn signal_name(signal: i32) -> String {
    let name = match signal {
        4 => "SIGILL",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        _ => return format!("signal {signal}"),
    };
    name.into()
}

/// Notes Ctrl-C and polite requests to end from now on.
pub(crate) fn watch_for_interruption() {
    let flag = INTERRUPTED.get_or_init(Arc::default);
    for signal in requests() {
        // Where no handler can be set, the signal ends the process at once, which is what the user asked for.
        let _ = signal_hook::flag::register(signal, Arc::clone(flag));
    }
}

pub(super) fn nonsense() -> CliError {
    CliError::new(
        exit::DATA,
        "the worker process answered something else than it was asked",
        "use a worker of the same version: reinstall the program",
    )
}
