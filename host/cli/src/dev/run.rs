//! One run of the dev loop after the other, in a warm worker.
//!
//! Takes in what is to be run; gives out whole results and their report, or why there are none. A worker that dies is
//! replaced, and who killed it on which message is found out by running once more with every message noted. A worker
//! that has mapped many old versions is replaced too.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use backplane_analytics::Report;
use backplane_tape::TapeReader;

use super::plugins::Version;
use super::screen::Shown;
use super::times;
use crate::arguments::DevArguments;
use crate::error::CliError;
use crate::exit;
use crate::files::FileState;
use crate::output::{self, Staging};
use crate::progress::Meter;
use crate::settings::Settings;
use crate::supervise::{Account, Checkpoints, Job, JobEnd, WarmWorker, culprit, hear_singly};

/// The most native versions that a worker maps before it is replaced.
const LIBRARIES_MAX: u64 = 64;
/// The most bytes of their files.
const LIBRARY_BYTES_MAX: u64 = 512 << 20;

/// What is to be run.
#[derive(Clone, PartialEq)]
pub struct Attempt {
    /// The settings.
    pub settings: Settings,
    /// The plugins, in the order of the strategies.
    pub versions: Vec<Version>,
    /// The tape's file.
    pub tape: Option<FileState>,
}

impl Attempt {
    /// Whether settings and tape are those of another attempt.
    fn follows(&self, base: &Attempt) -> bool {
        (&self.settings, self.tape) == (&base.settings, base.tape)
    }

    /// What is new since another attempt, in words; none where nothing is.
    fn news(&self, before: &Attempt) -> Option<String> {
        if self == before {
            return None;
        }
        let others = self
            .versions
            .iter()
            .filter(|x| !before.versions.contains(x));
        let mut news: Vec<String> = others.map(|x| format!("{} changed", x.label)).collect();
        if self.settings != before.settings {
            news.push("settings changed".into());
        }
        if self.tape != before.tape {
            news.push("the tape changed".into());
        }
        Some(news.join(", "))
    }
}

/// How a run ended.
pub enum Ran {
    /// Its results are whole.
    Whole,
    /// There are none.
    Failed(CliError),
    /// It was given up for a newer version.
    GivenUp,
}

/// Results whose figures are known.
struct Finished {
    report: Report,
    results: PathBuf,
    account: Account,
    read: Duration,
    plugins: Vec<(String, String)>,
}

/// Runs what is due.
pub struct Runner {
    /// Goes away with the loop.
    staging: Staging,
    output: Option<PathBuf>,
    worker: Option<WarmWorker>,
    /// What the worker held last.
    account: Account,
    attempted: Option<Attempt>,
    /// From when on new versions run, as the user says it.
    from: Option<String>,
    /// To when they run, as the user says it.
    to: Option<String>,
    /// Settings and tape of the run whose strategies are followed from then on.
    base: Option<Attempt>,
    number: u64,
    before: Option<Finished>,
    last: Option<Finished>,
    /// What to tell of workers that were replaced.
    notes: Vec<String>,
}

impl Runner {
    /// A runner before its first run.
    ///
    /// # Errors
    /// The result directory exists and may not be replaced, or no directory can be made.
    pub fn new(arguments: &DevArguments) -> Result<Runner, CliError> {
        let output = arguments.run.output.clone();
        let staging = match &output {
            Some(output) => {
                output::check(output, arguments.run.force)?;
                output::stage(output)?
            }
            None => output::stage(&std::env::temp_dir().join("results"))?,
        };
        Ok(Runner {
            staging,
            output,
            worker: None,
            account: Account::default(),
            attempted: None,
            from: arguments.from.clone(),
            to: arguments.to.clone(),
            base: None,
            number: 0,
            before: None,
            last: None,
            notes: Vec::new(),
        })
    }

    /// Why an attempt is to be run, in words; none where it was tried already.
    pub fn due(&self, attempt: &Attempt) -> Option<String> {
        let news = match &self.attempted {
            None => "as it is".into(),
            Some(before) => attempt.news(before)?,
        };
        let is_followed = self.base.as_ref().is_some_and(|base| attempt.follows(base));
        Some(match &self.from {
            Some(from) if is_followed => format!("{news}, from {from} on"),
            _ => news,
        })
    }

    /// The number of the last run whose results are whole; 0 before the first.
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// What there is to tell of workers that were replaced since the last time.
    pub fn take_notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    /// The last run whose results are whole, to be shown beside the one before.
    pub fn shown<'a>(
        &'a self,
        why: &'a str,
        detect: Duration,
        build: Option<Duration>,
    ) -> Option<Shown<'a>> {
        let last = self.last.as_ref()?;
        Some(Shown {
            number: self.number,
            why,
            report: &last.report,
            before: self.before.as_ref().map(|x| &x.report),
            plugins: &last.plugins,
            detect,
            build,
            account: last.account,
            read: last.read,
            results: self.output.as_deref().unwrap_or(&last.results),
        })
    }

    /// Runs an attempt. `is_stale` is asked again and again meanwhile; once it says so, the run is given up.
    ///
    /// # Errors
    /// An interruption, or a machine that has no process to give.
    pub fn run(
        &mut self,
        attempt: Attempt,
        is_stale: &mut dyn FnMut() -> bool,
    ) -> Result<Ran, CliError> {
        let number = self.number + 1;
        let results = self.staging.path().join(format!("results-{number}"));
        let plugins = self.staging.path().join("plugins");
        let ended = self.run_in(&attempt, &results, &plugins, is_stale);
        // Copies that cannot be removed now go away with the staging directory.
        let _ = std::fs::remove_dir_all(&plugins);
        let ran = match ended? {
            Ended::Whole(account) => match self.finish(&attempt, &results, account) {
                Ok(finished) => {
                    self.number = number;
                    self.base.get_or_insert_with(|| attempt.clone());
                    self.keep(finished);
                    Ran::Whole
                }
                Err(error) => Ran::Failed(error),
            },
            Ended::Failed(error) => Ran::Failed(error),
            Ended::GivenUp => Ran::GivenUp,
        };
        if !matches!(ran, Ran::Whole) {
            let _ = std::fs::remove_dir_all(&results);
        }
        if !matches!(ran, Ran::GivenUp) {
            self.attempted = Some(attempt);
        }
        Ok(ran)
    }

    fn run_in(
        &mut self,
        attempt: &Attempt,
        results: &Path,
        plugins: &Path,
        is_stale: &mut dyn FnMut() -> bool,
    ) -> Result<Ended, CliError> {
        let versions = attempt.versions.iter().enumerate();
        let strategies = versions.map(|(place, x)| {
            x.put_aside(&plugins.join(place.to_string()), attempt.settings.batch)
        });
        // A tape that is being written is whole at a later look.
        let until = time(attempt, "--to", self.to.as_deref());
        let prepared = until.and_then(|x| Ok((x, self.checkpoints(attempt)?)));
        let (until, checkpoints) = match prepared {
            Ok(prepared) => prepared,
            Err(error) => return Ok(Ended::Failed(error)),
        };
        let mut job = Job {
            tape: output::absolute(&attempt.settings.tape)?,
            results: results.to_owned(),
            engine: attempt.settings.engine.clone(),
            strategies: strategies.collect::<Result<_, _>>()?,
            limits: attempt.settings.limits.clone(),
            python: attempt.settings.python.clone(),
            takes_swaps: false,
            until,
            checkpoints,
            leaves_report: true,
            trace: None,
        };
        let stall_timeout = attempt.settings.stall_timeout;
        let patience = Duration::from_nanos(stall_timeout.0.unsigned_abs());
        let mut is_given_up = false;
        loop {
            output::empty(results)?;
            let mut asked = || {
                is_given_up = is_given_up || is_stale();
                is_given_up
            };
            let meter = Meter::new();
            let ended = self.worker()?.run(&job, patience, &meter, &mut asked);
            meter.finish();
            let cause = match ended? {
                JobEnd::Done { account, .. } => return Ok(Ended::Whole(account)),
                JobEnd::Unsure(strategies) => {
                    hear_singly(&mut job, &strategies)?;
                    continue;
                }
                JobEnd::Failed(_) if is_given_up => return Ok(Ended::GivenUp),
                JobEnd::Failed(error) => return Ok(Ended::Failed(error)),
                JobEnd::Lost(cause) => cause,
            };
            self.worker = None;
            let Some(trace) = &job.trace else {
                // Again, noting every message.
                job.trace = Some(self.staging.path().join("trace"));
                continue;
            };
            return Ok(Ended::Failed(lost(&job, trace, &cause)));
        }
    }

    /// Where the strategies are followed from `--from` on, or the checkpoints for that are made.
    fn checkpoints(&mut self, attempt: &Attempt) -> Result<Option<Checkpoints>, CliError> {
        let Some(from) = time(attempt, "--from", self.from.as_deref())? else {
            return Ok(None);
        };
        let folder = self.staging.path().join("from");
        let goes_on = self.base.as_ref().is_some_and(|base| attempt.follows(base));
        let mut checkpoints = Checkpoints {
            folder,
            every: None,
            first: None,
            must_go_on: true,
        };
        if goes_on {
            return Ok(Some(checkpoints));
        }
        self.base = None;
        output::empty(&checkpoints.folder)?;
        checkpoints.first = Some(from);
        checkpoints.every = Some(i64::MAX);
        Ok(Some(checkpoints))
    }

    /// A worker that is ready for a job.
    fn worker(&mut self) -> Result<&mut WarmWorker, CliError> {
        if self.worker.as_mut().is_some_and(|x| !x.is_ready()) {
            self.notes.push(
                "the worker died while the last version was taken down; another took its place"
                    .into(),
            );
            self.worker = None;
        }
        let account = &self.account;
        if account.libraries >= LIBRARIES_MAX || account.library_bytes >= LIBRARY_BYTES_MAX {
            let count = account.libraries;
            let mebibytes = account.library_bytes >> 20;
            self.notes.push(format!(
                "{count} native versions were mapped ({mebibytes} MiB); a new worker took the old one's place"
            ));
            self.worker = None;
        }
        self.account = Account::default();
        match &mut self.worker {
            Some(worker) => Ok(worker),
            empty => Ok(empty.insert(WarmWorker::start()?)),
        }
    }

    /// Makes the figures of whole tables.
    fn finish(
        &mut self,
        attempt: &Attempt,
        results: &Path,
        account: Account,
    ) -> Result<Finished, CliError> {
        self.account = account;
        let began = Instant::now();
        let report = backplane_analytics::key_figures(results)?;
        let read = began.elapsed();
        failed_at_start(&report)?;
        let plugins = attempt.versions.iter();
        Ok(Finished {
            report,
            results: results.to_owned(),
            account,
            read,
            plugins: plugins
                .map(|x| (x.label.clone(), x.digest.clone()))
                .collect(),
        })
    }

    /// Writes the page of the last run, and gives its results their place; the page.
    ///
    /// # Errors
    /// It cannot be written, or the results cannot be put in place.
    pub fn publish(&mut self) -> Result<String, CliError> {
        let Some(last) = &mut self.last else {
            return Ok(String::new());
        };
        let page = backplane_analytics::write_page(&last.results, &last.report)?;
        if let Some(output) = &self.output {
            let aside = self.staging.path().join("replaced");
            output::put_in_place(&last.results, output, true, &aside)?;
            let _ = std::fs::remove_dir_all(&aside);
            last.results.clone_from(output);
        }
        Ok(page)
    }

    /// Keeps a run; the files of the one before go away.
    fn keep(&mut self, finished: Finished) {
        self.before = self.last.replace(finished);
        if let (None, Some(before)) = (&self.output, &self.before) {
            let _ = std::fs::remove_dir_all(&before.results);
        }
    }
}

/// A time on the tape of an attempt, as a flag says it.
fn time(attempt: &Attempt, flag: &str, text: Option<&str>) -> Result<Option<i64>, CliError> {
    let Some(text) = text else {
        return Ok(None);
    };
    let tape = TapeReader::open(&attempt.settings.tape)?;
    let first = tape.statistics().and_then(|x| x.rows.ts_recv_first);
    times::parse(flag, text, first.unwrap_or_default()).map(Some)
}

/// How a job ended.
enum Ended {
    Whole(Account),
    Failed(CliError),
    GivenUp,
}

/// Who killed the worker, on which message.
fn lost(job: &Job, trace: &Path, cause: &str) -> CliError {
    let named = culprit(trace, cause);
    let named = named.and_then(|(number, finding)| Some((job.strategies.get(number)?, finding)));
    match named {
        Some((strategy, finding)) => CliError::new(
            exit::STRATEGY,
            format!(
                "strategy `{}` on message {} ({}): {cause}",
                strategy.label, finding.message, finding.event
            ),
            "a new worker takes the place of the one that died",
        ),
        None => CliError::new(
            exit::STRATEGY,
            format!("{cause}, and no strategy can be blamed for it"),
            "run the strategies one by one to find the one that does it",
        ),
    }
}

/// A strategy that was stopped before it heard of the market did not come up.
fn failed_at_start(report: &Report) -> Result<(), CliError> {
    let run = report.run();
    let instances = run.description.instances.iter().zip(&run.summary.instances);
    for (described, outcome) in instances {
        let stop = outcome.stopped.as_ref();
        let starts = |event: &str| matches!(event, "loading" | "definition" | "start");
        if let Some(stop) = stop.filter(|x| starts(&x.event)) {
            return Err(CliError::new(
                exit::STRATEGY,
                format!("strategy `{}` was stopped {}", described.name, stop.text()),
                "correct what it does when it starts",
            ));
        }
    }
    Ok(())
}
