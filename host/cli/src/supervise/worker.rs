//! The worker: loads plugins, replays the tape, writes results.
//!
//! Takes in a job; gives out a filled result directory and news on standard output. Standard output belongs to the news:
//! what plugins print goes to standard error.

use std::io::BufRead;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use backplane_analytics::ResultsWriter;
use backplane_engine::replay::RowSource;
use backplane_engine::summary::{Outcome, RunSummary};
use backplane_engine::{Parts, run};
use backplane_guests::wasm::Settings;
use backplane_guests::{Carrier, Carriers, Grant, Plugin};
use backplane_sdk::descriptor::Schema;
use backplane_sdk::types::Timestamp;
use backplane_tape::TapeReader;
use rustix::process::{Resource, Rlimit};

use super::attachments::Attachments;
use super::company::Company;
use super::description::{describe_instrument, describe_run, hex};
use super::job::{Account, Job, News, Order};
use super::newsroom::{Newsroom, Pulse, WorkerWatch};
use super::seats::Retired;
use super::trace::Trace;
use crate::error::CliError;
use crate::exit;
use crate::limits::LimitSettings;
use crate::memory::TapeMemory;
use crate::models::Models;
use crate::prefetch::PrefetchedSource;
use crate::settings::PythonSetting;
use crate::source::{Abandonable, TapeSource, Until, instruments};
use crate::validate;

/// The memory that a worker has for its own work, beside what its strategies were granted: 4 GiB.
const OWN_MEMORY_BYTES: u64 = 4 << 30;

/// Runs a job and tells the supervisor how it went.
///
/// # Errors
/// Only that the supervisor cannot be told.
pub fn run_job(path: &Path, models: &Models) -> Result<u8, CliError> {
    let newsroom = Newsroom::open()?;
    let done = read_job(path).and_then(|job| {
        let mut workshop = Workshop::open(&newsroom, Keeping::Nothing)?;
        let done = workshop.work(&job, models);
        // The process ends with its guests; they are not taken down.
        std::mem::forget(workshop);
        done
    });
    Ok(tell_end(&newsroom, done))
}

/// Runs one job after the other, as they are ordered on standard input, and keeps tape and libraries in between. Ends with
/// standard input.
///
/// # Errors
/// Only that the supervisor cannot be told.
pub fn run_jobs(models: &Models) -> Result<u8, CliError> {
    let newsroom = Newsroom::open()?;
    let is_abandoned = Arc::new(AtomicBool::new(false));
    let jobs = receive_jobs(&is_abandoned);
    let mut workshop = match Workshop::open(&newsroom, Keeping::Tape(is_abandoned)) {
        Ok(workshop) => workshop,
        Err(error) => return Ok(tell_end(&newsroom, Err(error))),
    };
    for job in jobs {
        let done = workshop.work(&job, models);
        workshop.pulse.rest();
        tell_end(&newsroom, done);
        // What a library does while its guest is taken down can harm no results any more.
        workshop.retired.take();
        newsroom.tell(&News::Idle);
    }
    Ok(exit::OK)
}

/// Reads orders on a thread of its own, so that a job can be given up while it runs.
fn receive_jobs(is_abandoned: &Arc<AtomicBool>) -> Receiver<Box<Job>> {
    let is_abandoned = Arc::clone(is_abandoned);
    let (send, jobs) = channel();
    std::thread::spawn(move || {
        let lines = std::io::stdin().lock().lines().map_while(Result::ok);
        for order in lines.filter_map(|line| serde_json::from_str(&line).ok()) {
            match order {
                Order::Abandon => is_abandoned.store(true, Ordering::Relaxed),
                // Jobs of a warm worker begin anew with a new version.
                Order::Swap { .. } => {}
                Order::Run(job) => {
                    is_abandoned.store(false, Ordering::Relaxed);
                    if send.send(job).is_err() {
                        return;
                    }
                }
            }
        }
    });
    jobs
}

/// Tells the supervisor how a job ended.
fn tell_end(newsroom: &Newsroom, done: Result<News, CliError>) -> u8 {
    match done {
        Ok(news) => {
            newsroom.tell(&news);
            exit::OK
        }
        Err(error) => {
            newsroom.tell(&News::Failed(error.clone()));
            error.code
        }
    }
}

/// Loads a plugin and tells the supervisor what it says about itself.
///
/// # Errors
/// Only that the supervisor cannot be told.
pub fn run_describe(path: &Path, grant: &str) -> Result<u8, CliError> {
    let newsroom = Newsroom::open()?;
    // What cannot be read grants nothing.
    let grant: Grant = serde_json::from_str(grant).unwrap_or_default();
    limit_memory(std::iter::once(&grant), 0);
    let news = match describe(path, &grant, &newsroom) {
        Ok(plugin) => News::Described {
            descriptor: serde_json::from_str(&plugin.descriptor().to_json()).unwrap_or_default(),
            digest: hex(&plugin.digest()),
        },
        Err(error) => News::Failed(error),
    };
    newsroom.tell(&news);
    Ok(exit::OK)
}

fn describe(path: &Path, grant: &Grant, newsroom: &Newsroom) -> Result<Plugin, CliError> {
    let python = PythonSetting::default();
    if Carrier::of(path) == Some(Carrier::Python) {
        newsroom.tell(&News::Loads {
            patience: python.start_timeout,
        });
    }
    let carriers = Carriers::new(Settings::default())?;
    let mut carriers = carriers.with_python(python.carrier()?);
    Ok(carriers.load(path, grant)?)
}

/// Makes a check of a plugin and tells the supervisor how it ended.
///
/// # Errors
/// That there is no such check, or that the supervisor cannot be told.
pub fn run_check(path: &Path, grant: &str, name: &str, seed: u64) -> Result<u8, CliError> {
    let newsroom = Newsroom::open()?;
    newsroom.tell(&News::Progress {
        rows: 0,
        messages: 0,
        at: 0,
    });
    let grant: Grant = serde_json::from_str(grant).unwrap_or_default();
    limit_memory(std::iter::once(&grant), 0);
    let verdict = validate::perform(name, path, &grant, seed);
    newsroom.tell(&News::Checked(verdict.ok_or_else(|| {
        CliError::new(
            exit::USAGE,
            format!("there is no check `{name}`"),
            "`backplane plugin validate --list` lists them",
        )
    })?));
    Ok(exit::OK)
}

/// Bounds the memory of this process, so that a plugin that takes all that there is ends its worker and not the machine. A
/// tape that is kept in memory takes its bytes beside that.
fn limit_memory<'a>(grants: impl Iterator<Item = &'a Grant>, tape_bytes: u64) {
    let own = OWN_MEMORY_BYTES.saturating_add(tape_bytes);
    let granted = grants.fold(own, |sum, grant| {
        sum.saturating_add(grant.limits.memory_bytes)
    });
    let before = rustix::process::getrlimit(Resource::Data);
    let limit = Rlimit {
        current: Some(before.maximum.map_or(granted, |x| x.min(granted))),
        maximum: before.maximum,
    };
    // A system that cannot do this runs on without.
    let _ = rustix::process::setrlimit(Resource::Data, limit);
}

fn read_job(path: &Path) -> Result<Job, CliError> {
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|error| CliError::io("reading the job", path, &error))?;
    serde_json::from_str(&text).map_err(|error| {
        let message = format!("reading the job {}: {error}", path.display());
        CliError::new(exit::CONFIG, message, "start runs with `backplane run`")
    })
}

/// What a worker keeps from one job to the next.
enum Keeping {
    /// There is one job only.
    Nothing,
    /// The tape, where there is memory for it; a job is given up when the flag is set.
    Tape(Arc<AtomicBool>),
}

/// Where jobs are done.
struct Workshop {
    newsroom: Newsroom,
    pulse: Arc<Pulse>,
    carriers: Carriers,
    retired: Retired,
    keeping: Keeping,
    tape: Option<TapeMemory>,
}

impl Workshop {
    fn open(newsroom: &Newsroom, keeping: Keeping) -> Result<Workshop, CliError> {
        Ok(Workshop {
            newsroom: newsroom.clone(),
            pulse: Pulse::start(newsroom),
            carriers: Carriers::new(Settings::default())?,
            retired: Retired::default(),
            keeping,
            tape: None,
        })
    }

    /// Runs a job; gives what is to be told of it.
    fn work(&mut self, job: &Job, models: &Models) -> Result<News, CliError> {
        let began = Instant::now();
        let reader = TapeReader::open(&job.tape)?;
        self.newsroom.tell(&News::Tape {
            rows: reader.rows(),
        });
        let kept = match &self.keeping {
            Keeping::Nothing => 0,
            Keeping::Tape(_) => TapeMemory::bytes_of(reader.rows(), true),
        };
        limit_memory(job.strategies.iter().map(|x| &x.grant), kept);
        let trace = job.trace.as_deref().map(Trace::create).transpose()?;
        let trace = trace.map(Rc::new);
        self.pulse.begin();
        let mut instruments = instruments(&reader);
        let config = job.engine.config(models, &mut instruments)?;
        // A strategy that cannot be loaded gets a finding.
        let job = &mut job.clone();
        let mut attachments = Attachments::new(job, &self.newsroom);
        let (guests, instances) = Company::new(
            job,
            &mut self.carriers,
            &instruments,
            trace.clone(),
            Rc::clone(&self.retired),
            &self.newsroom,
        )?
        .seat(job, &mut attachments)?;
        let needs_details = guests.iter().any(|guest| {
            let subscriptions = &guest.descriptor().subscriptions;
            subscriptions.iter().any(|x| x.schema == Schema::Mbo)
        });
        let reader = reader.with_details(needs_details);
        let described = instruments.iter().zip(&config.contracts);
        let described = described.map(|(x, contract)| describe_instrument(x, contract));
        let description = describe_run(job, &reader, described.collect(), instances);
        let mut results = ResultsWriter::create(&job.results, description)?;
        let pulse = Arc::clone(&self.pulse);
        let mut source = self.source(job, reader, needs_details)?;
        let loaded = Instant::now();
        let mut summary = run(Parts {
            instruments: &instruments,
            source: source.as_mut(),
            guests,
            config,
            limits: job.limits.iter().map(LimitSettings::limits).collect(),
            recorder: &mut results,
            watcher: &mut WorkerWatch {
                pulse,
                trace,
                messages: 0,
            },
        })?;
        drop(source);
        self.newsroom.tell(&News::Replayed);
        let replayed = Instant::now();
        let strategies = unsure(&summary);
        if !strategies.is_empty() {
            return Ok(News::Unsure { strategies });
        }
        attachments.finish()?;
        results.note_swaps(attachments.swaps(job));
        name_absent(job, &mut summary);
        let is_stopped = |outcome: &Outcome| matches!(outcome, Outcome::Stopped { .. });
        let stopped = summary.instances.iter().filter(|x| is_stopped(&x.outcome));
        let stopped = stopped.count();
        if job.leaves_report {
            results.close(&summary)?;
        } else {
            results.finish(&summary)?;
        }
        let account = Account {
            load_nanos: nanos(loaded - began),
            run_nanos: nanos(replayed - loaded),
            report_nanos: nanos(replayed.elapsed()),
            libraries: self.carriers.libraries(),
            library_bytes: self.carriers.library_bytes(),
            tape_bytes: self.tape.as_ref().map_or(0, TapeMemory::bytes),
        };
        Ok(News::Done { stopped, account })
    }

    /// The tape's rows: from memory where the tape is kept, else from its file.
    fn source(
        &mut self,
        job: &Job,
        reader: TapeReader,
        needs_details: bool,
    ) -> Result<Box<dyn RowSource + '_>, CliError> {
        let until = Until::new(job.until);
        let Keeping::Tape(is_abandoned) = &self.keeping else {
            return read_ahead(reader, until);
        };
        let is_abandoned = Arc::clone(is_abandoned);
        let is_kept = |tape: &TapeMemory| tape.is_of(&job.tape, needs_details);
        if !self.tape.as_ref().is_some_and(is_kept) {
            // Room for the new one first.
            self.tape = None;
            if TapeMemory::has_room(reader.rows(), needs_details) {
                self.tape = Some(TapeMemory::read(&job.tape, needs_details)?);
            }
        }
        let source = match &self.tape {
            Some(tape) => Box::new(tape.source(until)),
            None => read_ahead(reader, until)?,
        };
        Ok(Box::new(Abandonable::new(source, is_abandoned)))
    }
}

/// Reads a tape, ahead of the engine where there is a processor for it.
fn read_ahead(reader: TapeReader, until: Until) -> Result<Box<dyn RowSource>, CliError> {
    if std::thread::available_parallelism().is_ok_and(|x| x.get() == 1) {
        return Ok(Box::new(TapeSource::new(reader).until(until)));
    }
    let path = reader.path().to_owned();
    let source = PrefetchedSource::start(reader);
    let source =
        source.map_err(|error| CliError::io("starting a thread to read", &path, &error))?;
    Ok(Box::new(source.until(until)))
}

/// The strategies of which it is not known at which message they fell.
fn unsure(summary: &RunSummary) -> Vec<usize> {
    let is_unsure =
        |outcome: &Outcome| matches!(outcome, Outcome::Stopped { among, .. } if *among > 1);
    let numbered = summary.instances.iter().enumerate();
    let unsure = numbered.filter(|(_, x)| is_unsure(&x.outcome));
    unsure.map(|(number, _)| number).collect()
}

/// Puts what an earlier worker met into the summary.
fn name_absent(job: &Job, summary: &mut RunSummary) {
    for (strategy, instance) in job.strategies.iter().zip(&mut summary.instances) {
        if let Some(finding) = &strategy.finding {
            instance.messages = finding.message;
            instance.outcome = Outcome::Stopped {
                fault: finding.fault(),
                message: finding.message,
                among: 1,
                event: finding.event.clone(),
                at: Timestamp(finding.at),
            };
        }
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
