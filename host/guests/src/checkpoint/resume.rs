//! A strategy that goes on from its newest checkpoint.
//!
//! Takes in a file of checkpoints and a new instance of the strategy; gives out one guest: up to the checkpoint it says
//! what was said then, from there on the strategy itself goes on with its saved state.

use backplane_engine::fault::Fault;
use backplane_engine::guest::Guest;

use super::{CheckpointFile, ScriptedGuest};
use crate::succession::{Handover, SucceededGuest, Succession};

/// Whether an instance of a strategy can go on from the newest checkpoint. It has heard the definitions, and is of no use
/// afterwards.
///
/// # Errors
/// Why it cannot: it hears or records something else, or refuses the state.
pub fn check(file: &CheckpointFile, probe: &mut dyn Guest) -> Result<(), String> {
    let Some(newest) = file.checkpoints.last() else {
        return Ok(());
    };
    if newest.hears != super::hears(probe) {
        return Err("it hears or records something else than the one of the checkpoints".into());
    }
    let loaded = probe.load(newest.state_version, &newest.state);
    loaded.map_err(|fault| fault.to_string())
}

/// Lets a strategy go on from its newest checkpoint, as [`check`] says that it can; one of which there is none begins anew.
pub fn resume(file: &CheckpointFile, guest: Box<dyn Guest>) -> Box<dyn Guest> {
    let Some(newest) = file.checkpoints.last() else {
        return guest;
    };
    let script = ScriptedGuest::new(file, guest.as_ref());
    let resumption = Resumption {
        message: newest.heard + 1,
        guest: Some(guest),
    };
    Box::new(SucceededGuest::new(Box::new(script), resumption))
}

/// The strategy itself, which follows what was said before.
struct Resumption {
    message: u64,
    guest: Option<Box<dyn Guest>>,
}

impl Succession for Resumption {
    #[inline]
    fn planned(&self) -> Option<u64> {
        self.guest.as_ref().map(|_| self.message)
    }

    #[inline]
    fn successor(&mut self, number: u64) -> Option<Result<Box<dyn Guest>, String>> {
        if number < self.message {
            return None;
        }
        self.guest.take().map(Ok)
    }

    fn ended(&mut self, handover: &Handover) -> Result<(), Fault> {
        match &handover.refused {
            None => Ok(()),
            Some(why) => Err(Fault::new(format!(
                "it cannot go on from its checkpoint: {why}"
            ))),
        }
    }
}
