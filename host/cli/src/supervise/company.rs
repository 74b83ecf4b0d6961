//! The strategies of a run: loaded, made, and seated beside each other.
//!
//! Takes in the strategies of a job; gives out a guest for each with what a run tells of it. A Python strategy that fails
//! by its own code while it is loaded leaves its seat empty.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use backplane_analytics::InstanceDescription;
use backplane_engine::guest::Guest;
use backplane_guests::wasm::Settings;
use backplane_guests::{Carrier, Carriers, Governed, GuestError, Plugin};
use backplane_sdk::descriptor::Descriptor;
use backplane_sdk::params::Params;
use backplane_sdk::types::Instrument;

use super::attachments::Attachments;
use super::description::{describe_absent, describe_instance};
use super::job::{Finding, Job, JobStrategy, News};
use super::newsroom::Newsroom;
use super::seats::{Absent, Retired, Seating, define, set_params};
use super::trace::Trace;
use crate::error::CliError;
use crate::exit;

/// The guests of a run, and what it tells of each.
pub(super) type Seated = (Vec<Box<dyn Guest>>, Vec<InstanceDescription>);

/// Loads and seats the strategies of a job.
pub(super) struct Company<'a> {
    carriers: &'a mut Carriers,
    loaded: BTreeMap<PathBuf, Plugin>,
    settings: Settings,
    seating: Seating,
    instruments: &'a [Instrument],
    newsroom: &'a Newsroom,
    /// How long a Python strategy may take to load, in nanoseconds.
    patience: i64,
}

impl<'a> Company<'a> {
    /// Sets up the carriers for a job.
    pub(super) fn new(
        job: &Job,
        carriers: &'a mut Carriers,
        instruments: &'a [Instrument],
        trace: Option<Rc<Trace>>,
        retired: Retired,
        newsroom: &'a Newsroom,
    ) -> Result<Company<'a>, CliError> {
        let settings = Settings {
            canonical_nans: job.engine.canonical_nans,
            instances: job.strategies.len(),
            ..Settings::default()
        };
        let python = job.python.carrier()?;
        carriers.set_up(&settings, python.clone());
        Ok(Company {
            carriers,
            loaded: BTreeMap::new(),
            settings,
            seating: Seating {
                trace,
                retired,
                python,
                newsroom: newsroom.clone(),
                patience: job.python.start_timeout,
            },
            instruments,
            newsroom,
            patience: job.python.start_timeout,
        })
    }

    /// Gives each strategy a seat. One that fails by its own code while it is loaded gets a finding.
    pub(super) fn seat(
        mut self,
        job: &mut Job,
        attachments: &mut Attachments,
    ) -> Result<Seated, CliError> {
        let mut guests: Vec<Box<dyn Guest>> = Vec::new();
        let mut instances = Vec::new();
        for number in 0..job.strategies.len() {
            if job.strategies[number].finding.is_none() {
                if let Some(trace) = &self.seating.trace {
                    trace.loads(number as u32);
                }
                match self.load(number, job, attachments) {
                    Ok((guest, instance)) => {
                        guests.push(guest);
                        instances.push(instance);
                    }
                    Err(Unseated::Strategy(finding)) => {
                        job.strategies[number].finding = Some(finding);
                    }
                    Err(Unseated::Run(error)) => return Err(error),
                }
                if let Some(trace) = &self.seating.trace {
                    trace.returns();
                }
            }
            let strategy = &job.strategies[number];
            if let Some(finding) = &strategy.finding {
                guests.push(Box::new(Absent {
                    descriptor: Descriptor::new(&strategy.label, ""),
                    fault: finding.fault(),
                }));
                instances.push(describe_absent(strategy));
            }
        }
        Ok((guests, instances))
    }

    fn load(
        &mut self,
        number: usize,
        job: &Job,
        attachments: &mut Attachments,
    ) -> Result<(Box<dyn Guest>, InstanceDescription), Unseated> {
        let strategy = &job.strategies[number];
        tell_of_loading(self.newsroom, &strategy.plugin, self.patience);
        let plugin = self.plugin(strategy)?;
        hears_its_features(strategy, &plugin)?;
        let params = set_params(strategy, &plugin)?;
        let described = describe_instance(strategy, &plugin, &params);
        let guest = if Attachments::are_none(job, strategy) {
            self.seating.seat(&plugin, strategy, &params)?
        } else {
            self.attach(number, job, (&plugin, &params), &described, attachments)?
        };
        Ok((guest, described))
    }

    fn plugin(&mut self, strategy: &JobStrategy) -> Result<Plugin, GuestError> {
        let path = strategy.plugin.as_path();
        if let Some(plugin) = self.loaded.get(path) {
            return Ok(plugin.clone());
        }
        let plugin = self.carriers.load(path, &strategy.grant)?;
        self.loaded.insert(path.to_owned(), plugin.clone());
        Ok(plugin)
    }

    /// A guest with what the job attaches to it: versions that follow, checkpoints, a recording.
    fn attach(
        &self,
        number: usize,
        job: &Job,
        (plugin, params): (&Plugin, &Params),
        described: &InstanceDescription,
        attachments: &mut Attachments,
    ) -> Result<Box<dyn Guest>, Unseated> {
        let strategy = &job.strategies[number];
        let seat = || self.seating.seat_ungoverned(plugin, strategy, params);
        let guest = seat()?;
        let make = self.seating.maker(strategy, &self.settings);
        let digest = &described.plugin_digest;
        let guest = attachments.follow(number, strategy, digest, guest, make);
        let probe = || {
            let mut probe = seat()?;
            define(probe.as_mut(), self.instruments);
            Ok(probe)
        };
        let guest = attachments.checkpoint(number, job, guest, probe)?;
        let suspects = self.seating.trace.is_some();
        let guest = attachments.record(strategy, described, guest, suspects)?;
        Ok(Box::new(Governed::new(guest, strategy.grant.limits)))
    }
}

/// Says that the process of a Python strategy is started, which may take its time: up to three are, one for its
/// description, one for the instance and one that tries a checkpoint.
pub(super) fn tell_of_loading(newsroom: &Newsroom, plugin: &Path, patience: i64) {
    if Carrier::of(plugin) == Some(Carrier::Python) {
        newsroom.tell(&News::Loads {
            patience: patience.saturating_mul(3),
        });
    }
}

/// Features are named for strategies that hear them.
fn hears_its_features(strategy: &JobStrategy, plugin: &Plugin) -> Result<(), CliError> {
    let names_any = !strategy.features.is_empty() || strategy.sampling.is_some();
    if plugin.carrier() == Carrier::Python || !names_any {
        return Ok(());
    }
    Err(CliError::new(
        exit::CONFIG,
        format!("strategy `{}` hears no features", strategy.label),
        "`features` and `sampling` are for Python strategies over features",
    ))
}

/// Why a strategy has no seat.
enum Unseated {
    /// Its own code failed: it alone is to blame.
    Strategy(Finding),
    /// The run cannot begin.
    Run(CliError),
}

impl From<CliError> for Unseated {
    fn from(error: CliError) -> Unseated {
        Unseated::Run(error)
    }
}

impl From<GuestError> for Unseated {
    fn from(error: GuestError) -> Unseated {
        let GuestError::Strategy {
            fault, traceback, ..
        } = error
        else {
            return Unseated::Run(error.into());
        };
        anstream::eprintln!("{traceback}");
        Unseated::Strategy(Finding {
            cause: fault.to_string(),
            message: 0,
            event: "loading".into(),
            at: 0,
        })
    }
}
