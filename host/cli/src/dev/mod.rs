//! `backplane dev`: save the file, see the result.
//!
//! Takes in a run file or flags, and a folder of plugins or a strategy's sources; gives out the key figures of each new
//! version beside those of the one before. This process watches and builds, and never loads a plugin; a warm worker keeps
//! the tape in memory and runs job after job ([`crate::supervise::WarmWorker`]).
//!
//! What is to be run follows from what the files are, not from what was told of them: after each hint all of them are
//! looked at, and a run is due exactly when settings, plugins or tape are others than those that were tried last. So no
//! event can be lost, and none runs twice. Files are read once they have been still for a moment, and a plugin's bytes
//! are checked and put aside at once: what is run is what was checked, whatever becomes of the file meanwhile.

mod build;
mod cargo;
mod figures;
mod page;
mod plugins;
mod run;
mod screen;
mod seen;
mod times;
mod watch;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::arguments::DevArguments;
use crate::error::CliError;
use crate::exit;
use crate::files::FileState;
use crate::models::Models;
use crate::settings::{Fallbacks, Settings};
use crate::supervise::{is_interrupted, watch_for_interruption};
use build::Source;
use page::Page;
use plugins::Version;
use run::{Attempt, Ran, Runner};
use screen::Screen;
use seen::{Seen, Watched};
use watch::{Events, Watch, working};

/// How long files must be still before they are read.
const STILL: Duration = Duration::from_millis(25);
/// How often to look where no hint comes.
const LOOK: Duration = Duration::from_secs(2);
/// The longest wait at once, so that an interruption is soon heard.
const WAIT: Duration = Duration::from_millis(100);
/// How long a file may be no whole plugin before the reason is shown: it may be half-written.
const PATIENCE: Duration = Duration::from_secs(1);

/// Watches, builds and runs until it is interrupted.
///
/// # Errors
/// Arguments that cannot be used, or a machine that has no process, thread or port to give. What a new version does
/// wrong is no error here: it is shown, and the next one is waited for.
pub fn dev(arguments: &DevArguments, models: &Models) -> Result<u8, CliError> {
    watch_for_interruption();
    let mut dev = Dev::new(arguments, models)?;
    let ended = dev.follow();
    match ended {
        Err(error) if error.code == exit::INTERRUPTED => Ok(exit::OK),
        other => other.map(|()| exit::OK),
    }
}

struct Dev<'a> {
    arguments: &'a DevArguments,
    models: &'a Models,
    source: Option<Source>,
    /// The sources that were built last.
    built: Option<Seen>,
    /// The sources that changed while they were built last.
    rewritten: BTreeSet<PathBuf>,
    /// Those of which was told that the build itself writes them.
    told: BTreeSet<PathBuf>,
    settings: Option<Settings>,
    /// The run file's state when the settings were read.
    run_file: Option<Seen>,
    runner: Runner,
    screen: Screen,
    page: Option<Page>,
    /// A plugin that could not be used, since when, until the reason is shown.
    refused: Option<(Instant, CliError)>,
}

impl<'a> Dev<'a> {
    fn new(arguments: &'a DevArguments, models: &'a Models) -> Result<Dev<'a>, CliError> {
        let command = arguments.build.as_deref();
        let source = arguments.source.as_deref();
        let source = source.map(|x| Source::open(x, command));
        let mut dev = Dev {
            source: source.transpose()?,
            built: None,
            rewritten: BTreeSet::new(),
            told: BTreeSet::new(),
            settings: None,
            run_file: None,
            runner: Runner::new(arguments)?,
            screen: Screen::new(arguments.run.json),
            page: arguments.serve.map(Page::serve).transpose()?,
            refused: None,
            arguments,
            models,
        };
        if dev.source.is_none() {
            // Mistakes of the first moment are the user's to mend; later ones are waited for.
            let settings = dev.read_settings()?;
            let policy = crate::policy::read(&arguments.run.policy, &settings.plugins)?;
            plugins::check_grants(&settings, &policy)?;
            dev.settings = Some(settings);
        }
        if let Some(page) = &dev.page {
            let text = format!("the report is served at http://{}/", page.address());
            dev.screen.note("serving", &text);
        }
        Ok(dev)
    }

    fn read_settings(&self) -> Result<Settings, CliError> {
        let plugin = self.source.as_ref().and_then(|x| x.plugin.as_deref());
        let folder = plugin.and_then(Path::parent);
        let fallbacks = Fallbacks {
            plugins: folder.map(PathBuf::from),
            strategy: self.source.as_ref().and_then(Source::strategy),
        };
        // Results are put where a flag says, and nowhere else.
        let mut arguments = self.arguments.run.clone();
        arguments.output.get_or_insert_default();
        Settings::read_with(&arguments, self.models, fallbacks)
    }

    fn watched(&self) -> Watched {
        let mut files: Vec<PathBuf> = self.arguments.run.run_file.iter().cloned().collect();
        files.extend(self.arguments.run.policy.policy.clone());
        let mut plugins = None;
        if let Some(settings) = &self.settings {
            files.push(settings.tape.clone());
            let built = self.source.as_ref().and_then(Source::strategy);
            let names = settings
                .strategies
                .iter()
                .map(|x| plugins::plain_name(&x.name));
            let wanted: BTreeSet<String> = names.filter(|x| Some(x) != built.as_ref()).collect();
            if !wanted.is_empty() {
                plugins = Some((settings.plugins.clone(), wanted));
            }
        }
        if let Some(source) = &self.source {
            files.extend(source.others.iter().cloned());
        }
        Watched {
            files,
            plugins,
            sources: self.source.as_ref().map(|x| x.root.clone()),
            built: self
                .source
                .as_ref()
                .filter(|x| !x.is_crate())
                .map(|x| x.root.join(build::BUILT)),
        }
    }

    fn follow(&mut self) -> Result<(), CliError> {
        let mut seen = self.watched().look();
        let mut directories = seen.directories.clone();
        let mut watch = self.watch(&directories);
        let mut looked = Instant::now();
        // What changed since the files were last still, and when.
        let mut changed = Some(Change::first());
        while !is_interrupted() {
            let is_hinted = watch.wait(if changed.is_some() { STILL } else { WAIT });
            if is_hinted || changed.is_some() || looked.elapsed() >= LOOK {
                let now = self.watched().look();
                looked = Instant::now();
                if now != seen {
                    changed = Some(Change::between(&seen, &now));
                    seen = now;
                }
            }
            if let Some(change) = changed.take_if(|x| x.seen.elapsed() >= STILL) {
                // A run that was given up is due again, even where the change that ended it was none.
                let is_due = self.act(&seen, &change)?;
                changed = is_due.then(Change::first);
            }
            for directory in seen.directories.difference(&directories) {
                // One that cannot be watched is looked at every other second.
                let _ = watch.add(directory);
            }
            directories.extend(seen.directories.iter().cloned());
            self.show_refusal();
        }
        Ok(())
    }

    /// Events where they come, else polling, which is said.
    fn watch(&self, directories: &BTreeSet<PathBuf>) -> Box<dyn Watch> {
        let directories: Vec<PathBuf> = directories.iter().cloned().collect();
        let events = Events::new().map(|x| Box::new(x) as Box<dyn Watch>);
        let (watch, why) = working(events, &directories);
        match why {
            Some(why) => {
                let text = format!("looking at the files every 100 ms: {why}");
                self.screen.note("polling", &text);
            }
            None => self.screen.note("watching", "watching; Ctrl-C ends it"),
        }
        watch
    }

    /// The files are still: builds and runs what is due. Whether it was given up.
    fn act(&mut self, seen: &Seen, change: &Change) -> Result<bool, CliError> {
        self.refused = None;
        let detect = change.age();
        let prepared = self.build(seen).and_then(|build| {
            self.refresh_settings(seen)?;
            Ok(build)
        });
        let build = match prepared {
            Ok(build) => build,
            Err(error) => {
                self.fail(&error);
                return Ok(false);
            }
        };
        let Some(settings) = self.settings.clone() else {
            return Ok(false);
        };
        // Until here and not further: what changes from now on ends the run.
        let watched = self.watched();
        let looked = watched.look();
        let versions = match self.read_plugins(&settings) {
            Ok(versions) => versions,
            Err(error) => {
                self.refused = Some((Instant::now(), error));
                return Ok(false);
            }
        };
        let attempt = Attempt {
            tape: FileState::of(&settings.tape),
            settings,
            versions,
        };
        let Some(why) = self.runner.due(&attempt) else {
            // What was wrong meanwhile is mended, and nothing is left to do.
            if self.screen.recovered() {
                let text = format!("as it was: run {} stands", self.runner.number());
                self.screen.note("unchanged", &text);
            }
            return Ok(false);
        };
        let mut is_stale = || watched.look() != looked;
        match self.runner.run(attempt, &mut is_stale)? {
            Ran::Whole => self.show(&why, detect, build),
            Ran::Failed(error) => self.fail(&error),
            Ran::GivenUp => return Ok(true),
        }
        Ok(false)
    }

    /// The plugins as they are now, and as the policy is now.
    fn read_plugins(&self, settings: &Settings) -> Result<Vec<Version>, CliError> {
        let policy = crate::policy::read(&self.arguments.run.policy, &settings.plugins)?;
        plugins::read(settings, &policy, self.source.as_ref())
    }

    /// Builds the sources, if there are any and they are others than those that were built last.
    fn build(&mut self, seen: &Seen) -> Result<Option<Duration>, CliError> {
        let Some(source) = &mut self.source else {
            return Ok(None);
        };
        let policy = crate::policy::read(&self.arguments.run.policy, &source.root)?;
        let sources = seen.part(&source.root, &source.others);
        if self.built.as_ref() == Some(&sources) {
            return Ok(None);
        }
        if let Some(page) = &self.page {
            page.tell("building".into(), false);
        }
        let began = Instant::now();
        let done = source.build(&policy);
        let took = began.elapsed();
        self.note_built(sources);
        done.map(|()| Some(took))
    }

    /// Notes which sources were built. What a user saves meanwhile is built once more; a file that changed while it was
    /// built twice in a row is written by the build itself, which would go on for ever.
    fn note_built(&mut self, mut built: Seen) {
        let Some(source) = &self.source else {
            return;
        };
        let after = self.watched().look().part(&source.root, &source.others);
        let rewritten = after.others_than(&built);
        for path in rewritten.intersection(&self.rewritten) {
            built.take_over(path, &after);
            if self.told.insert(path.clone()) {
                let path = path.display();
                let text = format!("{path} is written by the build: no reason to build again");
                self.screen.note("rewritten", &text);
            }
        }
        self.rewritten = rewritten;
        self.built = Some(built);
    }

    /// Reads the settings anew, if the run file is another. Sources that were never built have none yet.
    fn refresh_settings(&mut self, seen: &Seen) -> Result<(), CliError> {
        if self.source.as_ref().is_some_and(|x| x.plugin.is_none()) {
            return Ok(());
        }
        let files: Vec<PathBuf> = self.arguments.run.run_file.iter().cloned().collect();
        let run_file = seen.only(&files);
        if self.settings.is_some() && self.run_file.as_ref() == Some(&run_file) {
            return Ok(());
        }
        self.settings = Some(self.read_settings()?);
        self.run_file = Some(run_file);
        Ok(())
    }

    fn show(&mut self, why: &str, detect: Duration, build: Option<Duration>) {
        for note in self.runner.take_notes() {
            self.screen.note("worker", &note);
        }
        // A person sees the figures first; to a program they say that the results are there.
        let published = match self.screen.is_for_programs() {
            true => Some(self.runner.publish()),
            false => None,
        };
        let Some(shown) = self.runner.shown(why, detect, build) else {
            return;
        };
        let status = screen::status(&shown);
        self.screen.run(&shown);
        match published.unwrap_or_else(|| self.runner.publish()) {
            Ok(report) => {
                if let Some(page) = &self.page {
                    page.show(report, status);
                }
            }
            Err(error) => self.fail(&error),
        }
    }

    fn fail(&mut self, error: &CliError) {
        self.screen.failure(error);
        if let Some(page) = &self.page {
            page.tell(
                format!("{error}; the report is that of the version before"),
                true,
            );
        }
    }

    /// Shows why a plugin cannot be used, once it is clear that it is not just being written.
    fn show_refusal(&mut self) {
        let refused = self.refused.take_if(|x| x.0.elapsed() >= PATIENCE);
        if let Some((_, error)) = refused {
            self.fail(&error);
        }
    }
}

/// A change of the watched files.
struct Change {
    /// When it was seen.
    seen: Instant,
    /// When the latest of the files changed, nanoseconds since the Unix epoch; none where that is not known.
    at: Option<i128>,
}

impl Change {
    fn first() -> Change {
        Change {
            seen: Instant::now(),
            at: None,
        }
    }

    fn between(before: &Seen, now: &Seen) -> Change {
        Change {
            seen: Instant::now(),
            at: now.changed_since(before),
        }
    }

    /// How long ago it happened.
    fn age(&self) -> Duration {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.map_or(0, |x| x.as_nanos());
        let age = self
            .at
            .map_or(0, |at| now.saturating_sub(at.max(0).unsigned_abs()));
        Duration::from_nanos(u64::try_from(age).unwrap_or(u64::MAX))
    }
}
