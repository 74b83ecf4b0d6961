//! The worker: loads plugins, replays the tape, writes results.
//!
//! Takes in a job; gives out a filled result directory and news on standard output. Standard output belongs to the news:
//! what plugins print goes to standard error.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::rc::Rc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use backplane_analytics::{
    InstanceDescription, InstrumentDescription, ResultsWriter, RunDescription, TapeDescription,
};
use backplane_engine::contract::Contract;
use backplane_engine::fault::Fault;
use backplane_engine::guest::{Around, Guest, Replies};
use backplane_engine::record::InstanceId;
use backplane_engine::replay::RowSource;
use backplane_engine::summary::{Outcome, RunSummary};
use backplane_engine::{Parts, Watcher, run};
use backplane_guests::wasm::Settings;
use backplane_guests::{Carriers, Governed, Grant, Plugin};
use backplane_sdk::abi::Message;
use backplane_sdk::book::LevelBook;
use backplane_sdk::descriptor::{Descriptor, Schema};
use backplane_sdk::params::Params;
use backplane_sdk::types::{Instrument, Money, Price, Timestamp};
use backplane_tape::TapeReader;
use rustix::process::{Resource, Rlimit};

use super::job::{Job, JobStrategy, News};
use super::trace::Trace;
use crate::error::CliError;
use crate::exit;
use crate::limits::LimitSettings;
use crate::models::Models;
use crate::prefetch::PrefetchedSource;
use crate::source::{TapeSource, instruments};
use crate::validate;

/// The memory that a worker has for its own work, beside what its strategies were granted: 4 GiB.
const OWN_MEMORY_BYTES: u64 = 4 << 30;
/// How often a worker tells how far it got.
const PULSE: Duration = Duration::from_millis(100);

/// The way of news to the supervisor.
#[derive(Clone)]
struct Newsroom {
    output: Arc<Mutex<File>>,
}

impl Newsroom {
    /// Takes standard output for the news and sends what plugins print there to standard error.
    fn open() -> Result<Newsroom, CliError> {
        let failed = |error: rustix::io::Errno| {
            CliError::new(
                exit::DATA,
                format!("opening the worker's output: {error}"),
                "raise the limit of open files",
            )
        };
        // Children of plugins must not hold the supervisor's ear when the worker is gone.
        let output = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdout(), 3).map_err(failed)?;
        rustix::stdio::dup2_stdout(rustix::stdio::stderr()).map_err(failed)?;
        // The worker ends when its supervisor does, however that ends.
        let _ =
            rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL));
        Ok(Newsroom {
            output: Arc::new(Mutex::new(File::from(output))),
        })
    }

    fn tell(&self, news: &News) {
        let Ok(mut line) = serde_json::to_string(news) else {
            return;
        };
        line.push('\n');
        if let Ok(mut output) = self.output.lock() {
            // A supervisor that listens no more has ended, and ends this process.
            let _ = output.write_all(line.as_bytes());
        }
    }
}

/// How far the worker got, shared with the thread that tells it.
#[derive(Default)]
struct Pulse {
    rows: AtomicU64,
    messages: AtomicU64,
    at: AtomicI64,
}

impl Pulse {
    /// Tells how far it got for as long as the process lives.
    fn beat(self: &Arc<Pulse>, newsroom: &Newsroom) {
        let (pulse, newsroom) = (Arc::clone(self), newsroom.clone());
        std::thread::spawn(move || {
            loop {
                std::thread::sleep(PULSE);
                newsroom.tell(&News::Progress {
                    rows: pulse.rows.load(Ordering::Relaxed),
                    messages: pulse.messages.load(Ordering::Relaxed),
                    at: pulse.at.load(Ordering::Relaxed),
                });
            }
        });
    }
}

struct WorkerWatch {
    pulse: Arc<Pulse>,
    trace: Option<Rc<Trace>>,
    messages: u64,
}

impl Watcher for WorkerWatch {
    fn progress(&mut self, rows: u64, at: Timestamp) {
        self.pulse.rows.store(rows, Ordering::Relaxed);
        self.pulse.at.store(at.0, Ordering::Relaxed);
    }

    fn traces(&self) -> bool {
        true
    }

    #[inline]
    fn before(&mut self, instance: InstanceId, number: u64, message: &Message) {
        self.messages += 1;
        self.pulse.messages.store(self.messages, Ordering::Relaxed);
        if let Some(trace) = &self.trace {
            trace.hears(instance, number, message);
        }
    }
}

/// A guest that is never taken down: its library's last words could only harm results that are whole. The worker ends
/// with it.
struct Kept<G: 'static> {
    guest: &'static mut G,
    trace: Option<Rc<Trace>>,
}

impl<G: Guest> Around for Kept<G> {
    type Within = G;

    fn within(&self) -> &Self::Within {
        self.guest
    }

    fn within_mut(&mut self) -> &mut Self::Within {
        self.guest
    }

    #[inline]
    fn hear_around(
        &mut self,
        messages: &[Message],
        books: &[LevelBook],
        replies: &mut Replies,
    ) -> Result<usize, Box<Fault>> {
        let heard = self.guest.hear(messages, books, replies);
        if let Some(trace) = &self.trace {
            trace.returns();
        }
        heard
    }
}

/// Stands for a strategy that an earlier worker died of.
struct Absent {
    descriptor: Descriptor,
    fault: Fault,
}

impl Guest for Absent {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn hear(
        &mut self,
        _: &[Message],
        _: &[LevelBook],
        _: &mut Replies,
    ) -> Result<usize, Box<Fault>> {
        Err(Box::new(self.fault.clone()))
    }

    fn save(&mut self) -> Result<(u32, Vec<u8>), Fault> {
        Err(self.fault.clone())
    }

    fn load(&mut self, _: u32, _: &[u8]) -> Result<(), Fault> {
        Err(self.fault.clone())
    }
}

/// Runs a job and tells the supervisor how it went.
///
/// # Errors
/// Only that the supervisor cannot be told.
pub fn run_job(path: &Path, models: &Models) -> Result<u8, CliError> {
    let newsroom = Newsroom::open()?;
    let done = read_job(path).and_then(|job| work(&job, models, &newsroom));
    Ok(match done {
        Ok(news) => {
            newsroom.tell(&news);
            exit::OK
        }
        Err(error) => {
            newsroom.tell(&News::Failed(error.clone()));
            error.code
        }
    })
}

/// Loads a plugin and tells the supervisor what it says about itself.
///
/// # Errors
/// Only that the supervisor cannot be told.
pub fn run_describe(path: &Path, grant: &str) -> Result<u8, CliError> {
    let newsroom = Newsroom::open()?;
    // What cannot be read grants nothing.
    let grant: Grant = serde_json::from_str(grant).unwrap_or_default();
    limit_memory(std::iter::once(&grant));
    let carriers = Carriers::new(Settings::default());
    let loaded = carriers.and_then(|mut x| x.load(path, &grant));
    let news = match loaded {
        Ok(plugin) => News::Described {
            descriptor: serde_json::from_str(&plugin.descriptor().to_json()).unwrap_or_default(),
            digest: hex(&plugin.digest()),
        },
        Err(error) => News::Failed(error.into()),
    };
    newsroom.tell(&news);
    Ok(exit::OK)
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
    limit_memory(std::iter::once(&grant));
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

/// Bounds the memory of this process, so that a plugin that takes all that there is ends its worker and not the machine.
fn limit_memory<'a>(grants: impl Iterator<Item = &'a Grant>) {
    let granted = grants.fold(OWN_MEMORY_BYTES, |sum, grant| {
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

/// Runs a job; gives what is to be told of it.
fn work(job: &Job, models: &Models, newsroom: &Newsroom) -> Result<News, CliError> {
    let reader = TapeReader::open(&job.tape)?;
    newsroom.tell(&News::Tape {
        rows: reader.rows(),
    });
    limit_memory(job.strategies.iter().map(|x| &x.grant));
    let trace = job.trace.as_deref().map(Trace::create).transpose()?;
    let trace = trace.map(Rc::new);
    let pulse = Arc::new(Pulse::default());
    pulse.beat(newsroom);
    let mut instruments = instruments(&reader);
    let config = job.engine.config(models, &mut instruments)?;
    let (guests, instances) = seat_strategies(job, trace.as_ref())?;
    let needs_details = guests.iter().any(|guest| {
        let subscriptions = &guest.descriptor().subscriptions;
        subscriptions.iter().any(|x| x.schema == Schema::Mbo)
    });
    let reader = reader.with_details(needs_details);
    let described = instruments.iter().zip(&config.contracts);
    let described = described.map(|(x, contract)| describe_instrument(x, contract));
    let description = describe_run(job, &reader, described.collect(), instances);
    let mut results = ResultsWriter::create(&job.results, description)?;
    let mut source = read_ahead(reader)?;
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
    newsroom.tell(&News::Replayed);
    let strategies = unsure(&summary);
    if !strategies.is_empty() {
        return Ok(News::Unsure { strategies });
    }
    name_absent(job, &mut summary);
    let is_stopped = |outcome: &Outcome| matches!(outcome, Outcome::Stopped { .. });
    let stopped = summary.instances.iter().filter(|x| is_stopped(&x.outcome));
    let stopped = stopped.count();
    results.finish(&summary)?;
    Ok(News::Done { stopped })
}

/// The strategies of which it is not known at which message they fell.
fn unsure(summary: &RunSummary) -> Vec<usize> {
    let is_unsure =
        |outcome: &Outcome| matches!(outcome, Outcome::Stopped { among, .. } if *among > 1);
    let numbered = summary.instances.iter().enumerate();
    let unsure = numbered.filter(|(_, x)| is_unsure(&x.outcome));
    unsure.map(|(number, _)| number).collect()
}

/// Reads a tape, ahead of the engine where there is a processor for it.
fn read_ahead(reader: TapeReader) -> Result<Box<dyn RowSource>, CliError> {
    if std::thread::available_parallelism().is_ok_and(|x| x.get() == 1) {
        return Ok(Box::new(TapeSource::new(reader)));
    }
    let path = reader.path().to_owned();
    let source = PrefetchedSource::start(reader);
    let source =
        source.map_err(|error| CliError::io("starting a thread to read", &path, &error))?;
    Ok(Box::new(source))
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

type Seated = (Vec<Box<dyn Guest>>, Vec<InstanceDescription>);

fn seat_strategies(job: &Job, trace: Option<&Rc<Trace>>) -> Result<Seated, CliError> {
    let mut carriers = Carriers::new(Settings {
        canonical_nans: job.engine.canonical_nans,
        instances: job.strategies.len(),
        ..Settings::default()
    })?;
    let mut loaded: BTreeMap<&Path, Plugin> = BTreeMap::new();
    let mut guests: Vec<Box<dyn Guest>> = Vec::new();
    let mut instances = Vec::new();
    for (number, strategy) in job.strategies.iter().enumerate() {
        if let Some(finding) = &strategy.finding {
            guests.push(Box::new(Absent {
                descriptor: Descriptor::new(&strategy.label, ""),
                fault: finding.fault(),
            }));
            instances.push(describe_absent(strategy));
            continue;
        }
        if let Some(trace) = trace {
            trace.loads(number as u32);
        }
        let path = strategy.plugin.as_path();
        let plugin = match loaded.get(path) {
            Some(plugin) => plugin.clone(),
            None => {
                let plugin = carriers.load(path, &strategy.grant)?;
                loaded.insert(path, plugin.clone());
                plugin
            }
        };
        let params = set_params(strategy, &plugin)?;
        instances.push(describe_instance(strategy, &plugin, &params));
        guests.push(seat(plugin, strategy, &params, trace)?);
        if let Some(trace) = trace {
            trace.returns();
        }
    }
    Ok((guests, instances))
}

/// Makes an instance of a plugin, holds it to its grant and keeps it.
fn seat(
    plugin: Plugin,
    strategy: &JobStrategy,
    params: &Params,
    trace: Option<&Rc<Trace>>,
) -> Result<Box<dyn Guest>, CliError> {
    Ok(match plugin {
        Plugin::Native(plugin) => keep(plugin.instantiate(params)?, strategy, trace),
        Plugin::Wasm(plugin) => {
            let plugin = plugin.with_limits(&strategy.sandbox)?;
            keep(plugin.instantiate(params)?, strategy, trace)
        }
    })
}

fn keep<G: Guest + 'static>(
    guest: G,
    strategy: &JobStrategy,
    trace: Option<&Rc<Trace>>,
) -> Box<dyn Guest> {
    let governed = Governed::new(guest, strategy.grant.limits);
    Box::new(Kept {
        guest: Box::leak(Box::new(governed)),
        trace: trace.cloned(),
    })
}

fn set_params(strategy: &JobStrategy, plugin: &Plugin) -> Result<Params, CliError> {
    let declared = &plugin.descriptor().params;
    let params = strategy.grant.params(declared, &strategy.params);
    params.map_err(|reason| {
        CliError::new(
            exit::CONFIG,
            format!("strategy `{}`: {reason}", strategy.label),
            format!(
                "`backplane plugin inspect {}` lists its parameters",
                strategy.plugin.display()
            ),
        )
    })
}

fn describe_instance(
    strategy: &JobStrategy,
    plugin: &Plugin,
    params: &Params,
) -> InstanceDescription {
    let descriptor = plugin.descriptor();
    InstanceDescription {
        name: strategy.label.clone(),
        strategy: descriptor.name.clone(),
        version: descriptor.version.clone(),
        plugin_file: file_name(&strategy.plugin),
        plugin_digest: hex(&plugin.digest()),
        metrics: descriptor.metrics.clone(),
        parameters: params
            .iter()
            .map(|(param, value)| (param.id.clone(), value.to_string()))
            .collect(),
    }
}

fn describe_absent(strategy: &JobStrategy) -> InstanceDescription {
    InstanceDescription {
        name: strategy.label.clone(),
        strategy: strategy.label.clone(),
        version: String::new(),
        plugin_file: file_name(&strategy.plugin),
        plugin_digest: String::new(),
        metrics: Vec::new(),
        parameters: strategy.params.iter().cloned().collect(),
    }
}

fn describe_run(
    job: &Job,
    reader: &TapeReader,
    instruments: Vec<InstrumentDescription>,
    instances: Vec<InstanceDescription>,
) -> RunDescription {
    let mut config = serde_json::to_value(job.engine.described()).unwrap_or_default();
    let labels = job.strategies.iter().map(|x| x.label.clone());
    let limits: BTreeMap<String, LimitSettings> = labels.zip(job.limits.iter().copied()).collect();
    config["risk"] = serde_json::to_value(limits).unwrap_or_default();
    RunDescription {
        tool_version: env!("CARGO_PKG_VERSION").into(),
        tape: TapeDescription {
            name: file_name(&job.tape),
            digest: reader.digest().unwrap_or_default().into(),
            rows: reader.rows(),
            source: reader.header().source.from.clone(),
            instruments,
        },
        starting_cash: Money(job.engine.cash.into()),
        currency: job.engine.account.currency.clone(),
        config,
        instances,
    }
}

fn describe_instrument(instrument: &Instrument, contract: &Contract) -> InstrumentDescription {
    InstrumentDescription {
        symbol: instrument.symbol.clone(),
        tick: Price(instrument.tick.0),
        multiplier: instrument.multiplier,
        currency: instrument.currency.clone(),
        contract: contract.kind.text().into(),
        rate: contract.rate,
    }
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

fn hex(digest: &[u8; 32]) -> String {
    digest.iter().map(|x| format!("{x:02x}")).collect()
}
