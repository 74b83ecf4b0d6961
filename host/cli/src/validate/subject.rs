//! The plugin that is checked.
//!
//! Takes in a file and its grant; gives out instances of it, and what becomes of them in a market.

use std::path::{Path, PathBuf};

use backplane_engine::guest::Guest;
use backplane_engine::latency::{FeedLatency, Latency};
use backplane_engine::record::Unrecorded;
use backplane_engine::summary::{InstanceSummary, Outcome};
use backplane_engine::{Parts, RunConfig, Unwatched, Watcher, run};
use backplane_guests::wasm::{Limits as WasmLimits, Settings};
use backplane_guests::{Carriers, Governed, Grant, GuestError, Plugin};
use backplane_sdk::descriptor::Descriptor;
use backplane_sdk::params::{Param, Params, Range, Value};
use backplane_sdk::types::Nanos;

use super::Miss;
use super::market::{Market, Numbers, Source};
use super::twins::{Make, Weighed};
use crate::settings::PythonSetting;

/// The rows that the engine is given at a time, where nothing else is said.
pub(super) const BATCH: usize = 4_096;

/// The plugin that is checked.
pub(super) struct Subject {
    pub(super) path: PathBuf,
    pub(super) grant: Grant,
    pub(super) seed: u64,
    plugin: Plugin,
}

/// Settings of a play.
#[derive(Clone)]
pub(super) struct Play {
    pub(super) batch: usize,
    pub(super) seed: u64,
    pub(super) latency: Latency,
}

impl Play {
    /// A play with a fixed latency there and back.
    pub(super) fn delayed(seed: u64, nanos: i64) -> Play {
        Play {
            batch: BATCH,
            seed,
            latency: Latency::fixed(FeedLatency::Recorded, Nanos(nanos), Nanos(nanos)),
        }
    }
}

impl Subject {
    /// Loads the plugin.
    pub(super) fn load(path: &Path, grant: Grant, seed: u64) -> Result<Subject, Miss> {
        let python = PythonSetting::default().carrier();
        let python = python.map_err(|x| Miss::Failed(x.message))?;
        let carriers = Carriers::new(Settings::default())?;
        let plugin = carriers.with_python(python).load(path, &grant);
        let plugin = plugin.map_err(|error| Miss::Unloaded(error.to_string()))?;
        Ok(Subject {
            path: path.to_owned(),
            grant,
            seed,
            plugin,
        })
    }

    pub(super) fn descriptor(&self) -> &Descriptor {
        self.plugin.descriptor()
    }

    /// The parameters of a run that sets none.
    pub(super) fn defaults(&self) -> Result<Params, Miss> {
        Ok(self.grant.params(&self.descriptor().params, &[])?)
    }

    /// An instance, held to its grant.
    pub(super) fn instance(&self, params: &Params) -> Result<Box<dyn Guest>, Miss> {
        Ok(self.make(params)?)
    }

    /// An instance, or what the plugin says to the parameters.
    pub(super) fn make(&self, params: &Params) -> Result<Box<dyn Guest>, GuestError> {
        make(&self.plugin, &self.grant, params)
    }

    /// An instance that hears at most so many messages in a call, where it hears several at all.
    pub(super) fn instance_of_batches(&self, most: usize) -> Result<Box<dyn Guest>, Miss> {
        let params = self.defaults()?;
        let Plugin::Wasm(plugin) = &self.plugin else {
            return self.instance(&params);
        };
        let plugin = plugin.with_limits(&WasmLimits {
            messages_per_call: Some(most),
            ..plugin.limits().clone()
        })?;
        Ok(make(&Plugin::Wasm(plugin), &self.grant, &params)?)
    }

    /// The size of the state that an instance saves after it heard a market, in bytes.
    pub(super) fn state_after(&self, market: &Market) -> Result<usize, Miss> {
        let guest = self.instance(&self.defaults()?)?;
        let (weighed, bytes) = Weighed::new(guest);
        self.of_one(
            market,
            Box::new(weighed),
            &Play::delayed(self.seed, 100_000),
        )?;
        Ok(bytes.get())
    }

    /// Makes instances with default parameters.
    pub(super) fn maker(&self) -> Result<Make, Miss> {
        let (plugin, grant) = (self.plugin.clone(), self.grant.clone());
        let params = self.defaults()?;
        Ok(Box::new(move || {
            make(&plugin, &grant, &params).map_err(|x| x.to_string())
        }))
    }

    /// Parameters of which each is drawn from its range.
    pub(super) fn drawn(&self, numbers: &mut Numbers) -> Result<Params, Miss> {
        let draw = |param: &Param| match param.range {
            Range::Integer { min, max } => {
                let span = (i128::from(max) - i128::from(min) + 1).unsigned_abs();
                let drawn = i128::from(min) + (u128::from(numbers.next()) % span) as i128;
                Value::Integer(drawn as i64)
            }
            Range::Float { min, max } => {
                let share = numbers.below(1 << 53) as f64 / (1_u64 << 53) as f64;
                Value::Float((min * (1.0 - share) + max * share).clamp(min, max))
            }
            Range::Boolean => Value::Boolean(numbers.below(2) == 1),
        };
        self.set(draw)
    }

    /// Parameters of which each is what `choose` says within what the policy allows.
    pub(super) fn set(&self, mut choose: impl FnMut(&Param) -> Value) -> Result<Params, Miss> {
        let declared = &self.descriptor().params;
        let mut params = Params::defaults(declared);
        for param in declared {
            let (allowed, is_fixed) = self.grant.narrow(param)?;
            let value = match is_fixed {
                true => allowed.default,
                false => choose(&allowed),
            };
            params = params.with(&param.id, value)?;
        }
        Ok(params)
    }

    /// What becomes of one instance with default parameters in a market.
    pub(super) fn alone(&self, market: &Market, play: &Play) -> Result<InstanceSummary, Miss> {
        let guest = self.instance(&self.defaults()?)?;
        self.of_one(market, guest, play)
    }

    /// What becomes of one guest in a market.
    pub(super) fn of_one(
        &self,
        market: &Market,
        guest: Box<dyn Guest>,
        play: &Play,
    ) -> Result<InstanceSummary, Miss> {
        let mut all = self.together(market, vec![guest], play)?;
        all.pop().ok_or_else(|| "the run has no result".into())
    }

    /// What becomes of guests that play side by side; a fault of any is a miss.
    pub(super) fn together(
        &self,
        market: &Market,
        guests: Vec<Box<dyn Guest>>,
        play: &Play,
    ) -> Result<Vec<InstanceSummary>, Miss> {
        let source = market.source(play.batch);
        self.over(market, source, guests, play, &mut Unwatched)
    }

    /// As [`Subject::together`], over a source of the market's rows.
    pub(super) fn over(
        &self,
        market: &Market,
        mut source: Source<'_>,
        guests: Vec<Box<dyn Guest>>,
        play: &Play,
        watcher: &mut dyn Watcher,
    ) -> Result<Vec<InstanceSummary>, Miss> {
        let summary = run(Parts {
            instruments: &market.instruments,
            source: &mut source,
            guests,
            config: RunConfig {
                seed: play.seed,
                latency: play.latency.clone(),
                ..RunConfig::default()
            },
            recorder: &mut Unrecorded,
            limits: Vec::new(),
            watcher,
        })?;
        for instance in &summary.instances {
            if let Outcome::Stopped {
                fault,
                message,
                event,
                among,
                ..
            } = &instance.outcome
            {
                let place = match among {
                    0..=1 => format!("message {message} ({event})"),
                    _ => format!("one of {among} messages from {message} ({event}) on"),
                };
                return Err(Miss::Failed(format!("it was stopped on {place}: {fault}")));
            }
        }
        Ok(summary.instances)
    }
}

fn make(plugin: &Plugin, grant: &Grant, params: &Params) -> Result<Box<dyn Guest>, GuestError> {
    Ok(match plugin {
        Plugin::Native(plugin) => {
            Box::new(Governed::new(plugin.instantiate(params)?, grant.limits))
        }
        Plugin::Wasm(plugin) => Box::new(Governed::new(plugin.instantiate(params)?, grant.limits)),
        Plugin::Python(plugin) => {
            Box::new(Governed::new(plugin.instantiate(params)?, grant.limits))
        }
    })
}
