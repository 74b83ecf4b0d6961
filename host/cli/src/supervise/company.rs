//! The strategies of a run: loaded, made, and seated beside each other.
//!
//! Takes in the strategies of a job; gives out a guest for each with what a run tells of it. A Python strategy that fails
//! by its own code while it is loaded leaves its seat empty.

use std::collections::BTreeMap;
use std::ops::DerefMut;
use std::path::PathBuf;
use std::rc::Rc;

use backplane_analytics::InstanceDescription;
use backplane_engine::fault::Fault;
use backplane_engine::guest::{Guest, Replies};
use backplane_guests::wasm::Settings;
use backplane_guests::{Carrier, Carriers, GuestError, Plugin};
use backplane_sdk::abi::Message;
use backplane_sdk::book::LevelBook;
use backplane_sdk::descriptor::Descriptor;
use backplane_sdk::params::Params;

use super::job::{Finding, Job, JobStrategy, News};
use super::trace::Trace;
use super::worker::{Newsroom, file_name, hex};
use crate::error::CliError;
use crate::exit;

/// A guest that notes when it returns. One whose code runs in this process is never taken down: its library's last words
/// could only harm results that are whole. The worker ends with it.
struct Kept<G> {
    guest: G,
    trace: Option<Rc<Trace>>,
}

impl<G: DerefMut<Target: Guest>> Guest for Kept<G> {
    fn descriptor(&self) -> &Descriptor {
        self.guest.descriptor()
    }

    #[inline]
    fn hear(
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

    fn keeps_books(&self) -> bool {
        self.guest.keeps_books()
    }

    fn batch_max(&self) -> usize {
        self.guest.batch_max()
    }

    fn is_sure(&self) -> bool {
        self.guest.is_sure()
    }

    fn save(&mut self) -> Result<(u32, Vec<u8>), Fault> {
        self.guest.save()
    }

    fn load(&mut self, version: u32, bytes: &[u8]) -> Result<(), Fault> {
        self.guest.load(version, bytes)
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

/// The guests of a run, and what it tells of each.
type Seated = (Vec<Box<dyn Guest>>, Vec<InstanceDescription>);

/// Loads and seats strategies.
pub(super) struct Company<'a> {
    carriers: Carriers,
    loaded: BTreeMap<PathBuf, Plugin>,
    patience: i64,
    python_batch: usize,
    trace: Option<Rc<Trace>>,
    newsroom: &'a Newsroom,
}

impl Company<'_> {
    pub(super) fn new<'a>(
        job: &Job,
        trace: Option<Rc<Trace>>,
        newsroom: &'a Newsroom,
    ) -> Result<Company<'a>, CliError> {
        let carriers = Carriers::new(Settings {
            canonical_nans: job.engine.canonical_nans,
            instances: job.strategies.len(),
            ..Settings::default()
        })?;
        Ok(Company {
            carriers: carriers.with_python(job.python.carrier()?),
            loaded: BTreeMap::new(),
            patience: job.python.start_timeout,
            python_batch: job.python.batch,
            trace,
            newsroom,
        })
    }

    /// Gives each strategy a seat. One that fails by its own code while it is loaded gets a finding.
    pub(super) fn seat(mut self, strategies: &mut [JobStrategy]) -> Result<Seated, CliError> {
        let mut guests: Vec<Box<dyn Guest>> = Vec::new();
        let mut instances = Vec::new();
        for (number, strategy) in strategies.iter_mut().enumerate() {
            if strategy.finding.is_none() {
                if let Some(trace) = &self.trace {
                    trace.loads(number as u32);
                }
                match self.load(strategy) {
                    Ok((guest, instance)) => {
                        guests.push(guest);
                        instances.push(instance);
                    }
                    Err(Unseated::Strategy(finding)) => strategy.finding = Some(finding),
                    Err(Unseated::Run(error)) => return Err(error),
                }
                if let Some(trace) = &self.trace {
                    trace.returns();
                }
            }
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
        strategy: &JobStrategy,
    ) -> Result<(Box<dyn Guest>, InstanceDescription), Unseated> {
        let path = strategy.plugin.as_path();
        if Carrier::of(path) == Carrier::Python {
            self.newsroom.tell(&News::Loads {
                patience: self.patience,
            });
        }
        let plugin = match self.loaded.get(path) {
            Some(plugin) => plugin.clone(),
            None => {
                let plugin = self.carriers.load(path, &strategy.sandbox)?;
                self.loaded.insert(path.to_owned(), plugin.clone());
                plugin
            }
        };
        let params = set_params(strategy, &plugin)?;
        let described = describe_instance(strategy, &plugin, &params);
        let trace = self.trace.clone();
        let features = &strategy.features;
        let sampling = strategy.sampling.as_deref();
        if plugin.carrier() != Carrier::Python && (!features.is_empty() || sampling.is_some()) {
            return Err(Unseated::Run(CliError::new(
                exit::CONFIG,
                format!("strategy `{}` hears no features", strategy.label),
                "`features` and `sampling` are for Python strategies over features",
            )));
        }
        let guest: Box<dyn Guest> = match plugin {
            Plugin::Native(plugin) => Box::new(Kept {
                guest: Box::leak(Box::new(plugin.instantiate(&params)?)),
                trace,
            }),
            Plugin::Wasm(plugin) => {
                let plugin = plugin.with_limits(&strategy.sandbox)?;
                Box::new(Kept {
                    guest: Box::leak(Box::new(plugin.instantiate(&params)?)),
                    trace,
                })
            }
            Plugin::Python(plugin) => {
                // One that fell at one of many messages hears them one by one.
                let batch = match strategy.sandbox.messages_per_call {
                    1 => 1,
                    _ => self.python_batch,
                };
                let plugin = plugin.with_features(features, sampling)?.with_batch(batch);
                Box::new(Kept {
                    guest: Box::new(plugin.instantiate(&params)?),
                    trace,
                })
            }
        };
        Ok((guest, described))
    }
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
