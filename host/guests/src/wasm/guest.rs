//! An instance of a module, as the engine drives it.
//!
//! Takes in messages, many in one call; gives out commands and log lines, or a fault. The guest keeps its own books.

use std::sync::Arc;

use backplane_engine::guest::{Fault, Guest, Replies};
use backplane_sdk::abi::Message;
use backplane_sdk::book::LevelBook;
use backplane_sdk::descriptor::Descriptor;

use super::Limits;
use super::calls::Calls;
use super::fault::fault;

/// An instance of a sandboxed plugin.
pub struct WasmGuest {
    descriptor: Arc<Descriptor>,
    /// The instance; after a fault there is none any more, and its memory is given back.
    calls: Option<Calls>,
    /// The fault after which there is no instance.
    fault: Option<Fault>,
    batch_max: usize,
    fuel_per_message: u64,
    fuel_per_batch: u64,
    /// What a message took of fuel at most, of late.
    heaviest: u64,
}

impl std::fmt::Debug for WasmGuest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("WasmGuest");
        let shown = shown.field("name", &self.descriptor.name);
        shown.field("fault", &self.fault).finish_non_exhaustive()
    }
}

impl WasmGuest {
    pub(super) fn new(descriptor: Arc<Descriptor>, calls: Calls, limits: &Limits) -> WasmGuest {
        WasmGuest {
            batch_max: limits.batch(&descriptor),
            descriptor,
            calls: Some(calls),
            fault: None,
            fuel_per_message: limits.fuel_per_message,
            fuel_per_batch: limits.fuel_per_batch,
            heaviest: 0,
        }
    }

    /// The bytes of memory that the instance has; none after a fault.
    pub fn memory_bytes(&self) -> usize {
        self.calls.as_ref().map_or(0, Calls::memory_bytes)
    }

    /// How many messages a call may deliver so that what it is granted is likely to suffice. The first of them is never
    /// granted less than a message alone is.
    fn batch_fit(&self) -> usize {
        let half = self.fuel_per_batch / 2;
        let fit = half.checked_div(self.heaviest).unwrap_or(u64::MAX);
        usize::try_from(fit)
            .unwrap_or(usize::MAX)
            .clamp(1, self.batch_max)
    }

    fn note_fuel(&mut self, heard: usize, fuel: u64) {
        let each = fuel / heard.max(1) as u64;
        self.heaviest = each.max(self.heaviest - self.heaviest / 8);
    }

    /// Drops the instance.
    #[cold]
    fn failed(&mut self, fault: Fault) -> Fault {
        self.calls = None;
        self.fault = Some(fault.clone());
        fault
    }

    #[cold]
    fn had_a_fault(&self) -> Fault {
        let fault = self.fault.clone();
        fault.unwrap_or_else(fault_before)
    }

    fn hear_some(
        &mut self,
        messages: &[Message],
        replies: &mut Replies,
    ) -> Result<usize, Box<Fault>> {
        let fit = if messages.len() == 1 {
            1
        } else {
            self.batch_fit()
        };
        let some = &messages[..messages.len().min(fit)];
        let fuel = match some.len() {
            1 => self.fuel_per_message,
            _ => self.fuel_per_batch,
        };
        let Some(calls) = &mut self.calls else {
            return Err(Box::new(self.had_a_fault()));
        };
        let heard = calls.hear(some, fuel, &mut replies.commands);
        calls.take_lines(&mut replies.logs);
        match heard {
            Ok((heard, fuel)) => {
                if messages.len() > 1 {
                    self.note_fuel(heard, fuel);
                }
                Ok(heard)
            }
            Err(fault) => Err(Box::new(self.failed(fault))),
        }
    }

    /// What a call outside of the market gives: a fault ends the instance, a refusal does not.
    fn settle<T>(&mut self, result: Result<Result<T, String>, Fault>) -> Result<T, Fault> {
        match result {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(reason)) => Err(fault(&reason)),
            Err(fault) => Err(self.failed(fault)),
        }
    }
}

#[cold]
fn fault_before() -> Fault {
    fault("the instance had a fault before")
}

impl Guest for WasmGuest {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    #[inline]
    fn hear(
        &mut self,
        messages: &[Message],
        _: &[LevelBook],
        replies: &mut Replies,
    ) -> Result<usize, Box<Fault>> {
        if messages.is_empty() {
            return Ok(0);
        }
        self.hear_some(messages, replies)
    }

    fn keeps_books(&self) -> bool {
        true
    }

    fn batch_max(&self) -> usize {
        self.batch_max
    }

    fn save(&mut self) -> Result<(u32, Vec<u8>), Fault> {
        let Some(calls) = &mut self.calls else {
            return Err(self.had_a_fault());
        };
        let saved = calls.save().map(Ok);
        self.settle(saved)
    }

    fn load(&mut self, version: u32, bytes: &[u8]) -> Result<(), Fault> {
        let Some(calls) = &mut self.calls else {
            return Err(self.had_a_fault());
        };
        let loaded = calls.load(version, bytes);
        self.settle(loaded)
    }
}
