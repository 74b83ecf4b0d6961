//! The guests of a job: instances that outlive their run, stand-ins for those that are not run, and later versions.
//!
//! Takes in plugins and what the job says of a strategy; gives out guests for the engine.

use std::any::Any;
use std::cell::RefCell;
use std::rc::Rc;

use backplane_engine::fault::Fault;
use backplane_engine::guest::{Guest, Replies};
use backplane_guests::python::{PythonPlugin, PythonSettings};
use backplane_guests::wasm::Settings;
use backplane_guests::{Carriers, Governed, GuestError, Plugin};
use backplane_sdk::abi::{Message, definition_messages};
use backplane_sdk::book::LevelBook;
use backplane_sdk::descriptor::Descriptor;
use backplane_sdk::params::Params;
use backplane_sdk::types::{Instrument, Timestamp};

use super::company::tell_of_loading;
use super::description::hex;
use super::job::JobStrategy;
use super::newsroom::Newsroom;
use super::swaps::{Made, Maker};
use super::trace::Trace;
use crate::error::CliError;
use crate::exit;

/// Guests whose run is over. Their libraries' last words could only harm results that are not whole yet.
pub(super) type Retired = Rc<RefCell<Vec<Box<dyn Any>>>>;

/// A guest that notes when it returns. One whose code runs in this process outlives its run.
struct Kept<G: 'static> {
    descriptor: Descriptor,
    /// There until it retires.
    guest: Option<Box<G>>,
    trace: Option<Rc<Trace>>,
    /// Where it retires to; none for a process of its own, which ends with its run.
    retired: Option<Retired>,
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
        if let (Some(guest), Some(retired)) = (self.guest.take(), &self.retired) {
            retired.borrow_mut().push(guest);
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

    fn is_sure(&self) -> bool {
        self.guest.as_ref().is_some_and(|x| x.is_sure())
    }

    fn looks_ahead(&self) -> bool {
        self.guest.as_ref().is_some_and(|x| x.looks_ahead())
    }

    fn save(&mut self) -> Result<(u32, Vec<u8>), Fault> {
        self.guest()?.save()
    }

    fn load(&mut self, version: u32, bytes: &[u8]) -> Result<(), Fault> {
        self.guest()?.load(version, bytes)
    }
}

/// Stands for a strategy that an earlier worker died of.
pub(super) struct Absent {
    pub(super) descriptor: Descriptor,
    pub(super) fault: Fault,
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

/// How instances are made and kept.
#[derive(Clone)]
pub(super) struct Seating {
    pub(super) trace: Option<Rc<Trace>>,
    pub(super) retired: Retired,
    pub(super) python: PythonSettings,
    pub(super) newsroom: Newsroom,
    /// How long a Python strategy may take to load, in nanoseconds.
    pub(super) patience: i64,
}

impl Seating {
    /// Makes an instance of a plugin that outlives its run, held to its grant.
    pub(super) fn seat(
        &self,
        plugin: &Plugin,
        strategy: &JobStrategy,
        params: &Params,
    ) -> Result<Box<dyn Guest>, GuestError> {
        let limits = strategy.grant.limits;
        Ok(match plugin {
            Plugin::Native(plugin) => self.keep(Governed::new(plugin.instantiate(params)?, limits)),
            Plugin::Wasm(plugin) => {
                let plugin = plugin.with_limits(&strategy.sandbox)?;
                self.keep(Governed::new(plugin.instantiate(params)?, limits))
            }
            Plugin::Python(plugin) => {
                let plugin = self.set_up(plugin, strategy)?;
                self.release(Governed::new(plugin.instantiate(params)?, limits))
            }
        })
    }

    /// Makes an instance of a plugin that outlives its run, to be followed, recorded or saved: what comes out of all that is
    /// held to the grant, so that a version that takes over stands where the one before stood.
    pub(super) fn seat_ungoverned(
        &self,
        plugin: &Plugin,
        strategy: &JobStrategy,
        params: &Params,
    ) -> Result<Box<dyn Guest>, GuestError> {
        Ok(match plugin {
            Plugin::Native(plugin) => self.keep(plugin.instantiate(params)?),
            Plugin::Wasm(plugin) => {
                let plugin = plugin.with_limits(&strategy.sandbox)?;
                self.keep(plugin.instantiate(params)?)
            }
            Plugin::Python(plugin) => {
                self.release(self.set_up(plugin, strategy)?.instantiate(params)?)
            }
        })
    }

    /// A Python strategy with its features. One that fell at one of many messages hears them one by one.
    fn set_up(
        &self,
        plugin: &PythonPlugin,
        strategy: &JobStrategy,
    ) -> Result<PythonPlugin, GuestError> {
        let batch = match strategy.sandbox.messages_per_call {
            Some(1) => 1,
            _ => self.python.batch,
        };
        let sampling = strategy.sampling.as_deref();
        let plugin = plugin.clone().with_features(&strategy.features, sampling)?;
        Ok(plugin.with_batch(batch))
    }

    fn keep<G: Guest + 'static>(&self, guest: G) -> Box<dyn Guest> {
        self.traced(guest, Some(Rc::clone(&self.retired)))
    }

    /// For a guest whose process is to end with it.
    fn release<G: Guest + 'static>(&self, guest: G) -> Box<dyn Guest> {
        self.traced(guest, None)
    }

    fn traced<G: Guest + 'static>(&self, guest: G, retired: Option<Retired>) -> Box<dyn Guest> {
        Box::new(Kept {
            descriptor: guest.descriptor().clone(),
            guest: Some(Box::new(guest)),
            trace: self.trace.clone(),
            retired,
        })
    }

    /// Makes instances of later versions of a strategy. Each must have been granted too.
    pub(super) fn maker(&self, strategy: &JobStrategy, settings: &Settings) -> Maker {
        let settings = settings.clone();
        let (strategy, seating) = (strategy.clone(), self.clone());
        Box::new(move |path| {
            tell_of_loading(&seating.newsroom, path, seating.patience);
            // Libraries stay mapped whatever becomes of their loader.
            let carriers = Carriers::new(settings.clone());
            let carriers = carriers.map(|x| x.with_python(seating.python.clone()));
            let loaded = carriers.and_then(|mut x| x.load(path, &strategy.grant));
            let plugin = loaded.map_err(|error| error.to_string())?;
            let params = set_params(&strategy, &plugin).map_err(|error| error.message)?;
            let guest = seating.seat_ungoverned(&plugin, &strategy, &params);
            Ok(Made {
                guest: guest.map_err(|error| error.to_string())?,
                digest: hex(&plugin.digest()),
                version: plugin.descriptor().version.clone(),
            })
        })
    }
}

/// Tells a guest of the instruments. One that fails at that fails at what it is asked next.
pub(super) fn define(guest: &mut dyn Guest, instruments: &[Instrument]) {
    let mut replies = Replies::default();
    let definitions = instruments
        .iter()
        .flat_map(|x| definition_messages(x, Timestamp(0)));
    for message in definitions {
        let _ = guest.hear(core::slice::from_ref(&message), &[], &mut replies);
    }
}

/// The parameters of a strategy, as the user wrote them and the policy allows them.
pub(super) fn set_params(strategy: &JobStrategy, plugin: &Plugin) -> Result<Params, CliError> {
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
