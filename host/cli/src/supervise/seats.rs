//! The guests of a job: instances that outlive their run, stand-ins for those that are not run, and later versions.
//!
//! Takes in plugins and what the job says of a strategy; gives out guests for the engine.

use std::any::Any;
use std::cell::RefCell;
use std::rc::Rc;

use backplane_engine::fault::Fault;
use backplane_engine::guest::{Guest, Replies};
use backplane_guests::wasm::Settings;
use backplane_guests::{Carriers, Plugin};
use backplane_sdk::abi::{Message, definition_messages};
use backplane_sdk::book::LevelBook;
use backplane_sdk::descriptor::Descriptor;
use backplane_sdk::params::Params;
use backplane_sdk::types::{Instrument, Timestamp};

use super::description::hex;
use super::job::JobStrategy;
use super::swaps::{Made, Maker};
use super::trace::Trace;
use crate::error::CliError;
use crate::exit;

/// Guests whose run is over. Their libraries' last words could only harm results that are not whole yet.
pub(super) type Retired = Rc<RefCell<Vec<Box<dyn Any>>>>;

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

/// Makes an instance of a plugin that outlives its run.
pub(super) fn keep(
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
pub(super) fn define(guest: &mut dyn Guest, instruments: &[Instrument]) {
    let mut replies = Replies::default();
    let definitions = instruments
        .iter()
        .flat_map(|x| definition_messages(x, Timestamp(0)));
    for message in definitions {
        let _ = guest.hear(core::slice::from_ref(&message), &[], &mut replies);
    }
}

/// Makes instances of later versions of a strategy.
pub(super) fn maker(
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

/// The parameters of a strategy, as the user wrote them.
pub(super) fn set_params(strategy: &JobStrategy, plugin: &Plugin) -> Result<Params, CliError> {
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
