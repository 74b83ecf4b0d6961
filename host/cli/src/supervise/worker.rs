//! The worker: loads plugins, replays the tape, writes results.
//!
//! Takes in a job; gives out a filled result directory and news on standard output. Standard output belongs to the news:
//! what plugins print goes to standard error.

use std::any::Any;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::BufRead;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use backplane_analytics::{
    InstanceDescription, InstrumentDescription, ResultsWriter, RunDescription, TapeDescription,
};
use backplane_engine::contract::Contract;
use backplane_engine::fault::Fault;
use backplane_engine::guest::{Guest, Replies};
use backplane_engine::replay::RowSource;
use backplane_engine::summary::{Outcome, RunSummary};
use backplane_engine::{Parts, run};
use backplane_guests::wasm::{Limits, Settings};
use backplane_guests::{Carriers, Plugin};
use backplane_sdk::abi::{Message, definition_messages};
use backplane_sdk::book::LevelBook;
use backplane_sdk::descriptor::{Descriptor, Schema};
use backplane_sdk::params::Params;
use backplane_sdk::types::{Instrument, Money, Price, Timestamp};
use backplane_tape::TapeReader;

use super::attachments::Attachments;
use super::job::{Account, Job, JobStrategy, News, Order};
use super::newsroom::{Newsroom, Pulse, WorkerWatch};
use super::swaps::{Made, Maker};
use super::trace::Trace;
use crate::error::CliError;
use crate::exit;
use crate::limits::LimitSettings;
use crate::memory::TapeMemory;
use crate::models::Models;
use crate::prefetch::PrefetchedSource;
use crate::source::{Abandonable, TapeSource, instruments};

/// Guests whose run is over. Their libraries' last words could only harm results that are not whole yet.
type Retired = Rc<RefCell<Vec<Box<dyn Any>>>>;

/// A guest that outlives its run.
struct Kept<G: 'static> {
    descriptor: Descriptor,
    /// There until it retires.
    guest: Option<Box<G>>,
    trace: Option<Rc<Trace>>,
    retired: Retired,
}

impl<G> Kept<G> {
    #[inline]
    fn guest(&mut self) -> Result<&mut G, Fault> {
        let guest = self.guest.as_deref_mut();
        guest.ok_or_else(|| Fault::new("it has retired"))
    }
}

impl<G> Drop for Kept<G> {
    fn drop(&mut self) {
        if let Some(guest) = self.guest.take() {
            self.retired.borrow_mut().push(guest);
        }
    }
}

impl<G: Guest> Guest for Kept<G> {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    #[inline]
    fn hear(
        &mut self,
        messages: &[Message],
        books: &[LevelBook],
        replies: &mut Replies,
    ) -> Result<usize, Box<Fault>> {
        let heard = self.guest()?.hear(messages, books, replies);
        if let Some(trace) = &self.trace {
            trace.returns();
        }
        heard
    }

    fn keeps_books(&self) -> bool {
        self.guest.as_ref().is_some_and(|x| x.keeps_books())
    }

    fn batch_max(&self) -> usize {
        self.guest.as_ref().map_or(1, |x| x.batch_max())
    }

    fn save(&mut self) -> Result<(u32, Vec<u8>), Fault> {
        self.guest()?.save()
    }

    fn load(&mut self, version: u32, bytes: &[u8]) -> Result<(), Fault> {
        self.guest()?.load(version, bytes)
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
pub fn run_describe(path: &Path) -> Result<u8, CliError> {
    let newsroom = Newsroom::open()?;
    let carriers = Carriers::new(Settings::default());
    let loaded = carriers.and_then(|mut x| x.load(path, &Limits::default()));
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

fn read_job(path: &Path) -> Result<Job, CliError> {
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|error| CliError::io("reading the job", path, &error))?;
    serde_json::from_str(&text).map_err(|error| {
        let message = format!("reading the job {}: {error}", path.display());
        CliError::new(exit::CONFIG, message, "start runs with `backplane run`")
    })
}

type Seated = (Vec<Box<dyn Guest>>, Vec<InstanceDescription>);

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
        let trace = job.trace.as_deref().map(Trace::create).transpose()?;
        let trace = trace.map(Rc::new);
        self.pulse.begin();
        let mut instruments = instruments(&reader);
        let config = job.engine.config(models, &mut instruments)?;
        let mut attachments = Attachments::new(job, &self.newsroom);
        let (guests, instances) =
            self.seat_strategies(job, &instruments, trace.as_ref(), &mut attachments)?;
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
        results.finish(&summary)?;
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
        let Keeping::Tape(is_abandoned) = &self.keeping else {
            return read_ahead(reader);
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
            Some(tape) => Box::new(tape.source()),
            None => read_ahead(reader)?,
        };
        Ok(Box::new(Abandonable::new(source, is_abandoned)))
    }

    fn seat_strategies(
        &mut self,
        job: &Job,
        instruments: &[Instrument],
        trace: Option<&Rc<Trace>>,
        attachments: &mut Attachments,
    ) -> Result<Seated, CliError> {
        let settings = Settings {
            canonical_nans: job.engine.canonical_nans,
            instances: job.strategies.len(),
            ..Settings::default()
        };
        self.carriers.set_up(&settings);
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
            let plugin = match loaded.get(strategy.plugin.as_path()) {
                Some(plugin) => plugin.clone(),
                None => {
                    let plugin = self.carriers.load(&strategy.plugin, &strategy.sandbox)?;
                    loaded.insert(&strategy.plugin, plugin.clone());
                    plugin
                }
            };
            let params = set_params(strategy, &plugin)?;
            let described = describe_instance(strategy, &plugin, &params);
            let guest = keep(&plugin, strategy, &params, trace, &self.retired)?;
            let make = maker(strategy, &settings, trace, &self.retired);
            let digest = &described.plugin_digest;
            let guest = attachments.follow(number, strategy, digest, guest, make);
            let probe = || {
                let mut probe = keep(&plugin, strategy, &params, trace, &self.retired)?;
                define(probe.as_mut(), instruments);
                Ok(probe)
            };
            let guest = attachments.checkpoint(number, job, guest, probe)?;
            let suspects = trace.is_some();
            guests.push(attachments.record(strategy, &described, guest, suspects)?);
            instances.push(described);
            if let Some(trace) = trace {
                trace.returns();
            }
        }
        Ok((guests, instances))
    }
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

/// Makes an instance of a plugin that outlives its run.
fn keep(
    plugin: &Plugin,
    strategy: &JobStrategy,
    params: &Params,
    trace: Option<&Rc<Trace>>,
    retired: &Retired,
) -> Result<Box<dyn Guest>, CliError> {
    match plugin {
        Plugin::Native(plugin) => Ok(keep_guest(plugin.instantiate(params)?, trace, retired)),
        Plugin::Wasm(plugin) => {
            let plugin = plugin.with_limits(&strategy.sandbox)?;
            Ok(keep_guest(plugin.instantiate(params)?, trace, retired))
        }
    }
}

fn keep_guest<G: Guest + 'static>(
    guest: G,
    trace: Option<&Rc<Trace>>,
    retired: &Retired,
) -> Box<dyn Guest> {
    Box::new(Kept {
        descriptor: guest.descriptor().clone(),
        guest: Some(Box::new(guest)),
        trace: trace.cloned(),
        retired: Rc::clone(retired),
    })
}

/// Tells a guest of the instruments. One that fails at that fails at what it is asked next.
fn define(guest: &mut dyn Guest, instruments: &[Instrument]) {
    let mut replies = Replies::default();
    let definitions = instruments
        .iter()
        .flat_map(|x| definition_messages(x, Timestamp(0)));
    for message in definitions {
        let _ = guest.hear(core::slice::from_ref(&message), &[], &mut replies);
    }
}

/// Makes instances of later versions of a strategy.
fn maker(
    strategy: &JobStrategy,
    settings: &Settings,
    trace: Option<&Rc<Trace>>,
    retired: &Retired,
) -> Maker {
    let settings = settings.clone();
    let (strategy, trace, retired) = (strategy.clone(), trace.cloned(), Rc::clone(retired));
    Box::new(move |path| {
        // Libraries stay mapped whatever becomes of their loader.
        let carriers = Carriers::new(settings.clone());
        let loaded = carriers.and_then(|mut x| x.load(path, &strategy.sandbox));
        let plugin = loaded.map_err(|error| error.to_string())?;
        let params = set_params(&strategy, &plugin).map_err(|error| error.message)?;
        let guest = keep(&plugin, &strategy, &params, trace.as_ref(), &retired);
        Ok(Made {
            guest: guest.map_err(|error| error.message)?,
            digest: hex(&plugin.digest()),
            version: plugin.descriptor().version.clone(),
        })
    })
}

fn set_params(strategy: &JobStrategy, plugin: &Plugin) -> Result<Params, CliError> {
    let mut params = Params::defaults(&plugin.descriptor().params);
    for (id, text) in &strategy.params {
        params = params.with_text(id, text).map_err(|reason| {
            CliError::new(
                exit::CONFIG,
                format!("strategy `{}`: {reason}", strategy.label),
                format!(
                    "`backplane plugin inspect {}` lists its parameters",
                    strategy.plugin.display()
                ),
            )
        })?;
    }
    Ok(params)
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
        swaps: Vec::new(),
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

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
