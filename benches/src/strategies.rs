//! The strategies of the benches on their carriers, and a whole run with one.
//!
//! Takes in a market and a strategy; gives out what the run says.

#[path = "../../plugins/market_maker/src/strategy.rs"]
mod market_maker;
#[path = "../../tests/plugins/no_op/src/strategy.rs"]
mod no_op;

use std::path::{Path, PathBuf};

use backplane_engine::guest::{Fault, Guest, InProcess, Replies};
use backplane_engine::record::Unrecorded;
use backplane_engine::summary::RunSummary;
use backplane_engine::{Parts, RunConfig, Unwatched, run};
use backplane_guests::Loader;
use backplane_sdk::Strategy;
use backplane_sdk::abi::Message;
use backplane_sdk::book::LevelBook;
use backplane_sdk::descriptor::{Descriptor, Schema};
use backplane_sdk::params::Params;

pub use market_maker::MarketMaker;
pub use no_op::NoOp;

use crate::market::Market;

/// A strategy that is linked into this program, with its default parameters.
///
/// # Panics
/// Where the strategy refuses its own defaults.
pub fn in_process<S: Strategy>() -> Box<dyn Guest> {
    let params = Params::defaults(&S::descriptor().params);
    Box::new(InProcess::<S>::new(&params).unwrap())
}

/// A strategy of a library that the workspace builds, with its default parameters.
///
/// # Panics
/// Where the library is missing or not a plugin.
pub fn native(name: &str) -> Box<dyn Guest> {
    let plugin = Loader::new().unwrap().load(&library(name)).unwrap();
    let params = Params::defaults(&plugin.descriptor().params);
    Box::new(plugin.instantiate(&params).unwrap())
}

/// A built library: beside this program, or one level up where this is a bench.
fn library(name: &str) -> PathBuf {
    let program = std::env::current_exe().unwrap();
    let folders = program.ancestors().skip(1).take(2);
    let candidates: Vec<PathBuf> = folders.map(|x| x.join(format!("lib{name}.so"))).collect();
    let found = candidates.iter().find(|x| Path::exists(x));
    let missing = || panic!("lib{name}.so is missing: build the whole workspace first");
    found.cloned().unwrap_or_else(missing)
}

/// A strategy that hears less than it asks for.
struct Narrowed {
    guest: Box<dyn Guest>,
    descriptor: Descriptor,
}

/// Lets a strategy hear of one schema alone.
pub fn narrowed(guest: Box<dyn Guest>, schema: Schema) -> Box<dyn Guest> {
    let descriptor = Descriptor::new(&guest.descriptor().name, "0").subscribe(schema);
    Box::new(Narrowed { guest, descriptor })
}

impl Guest for Narrowed {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn hear(
        &mut self,
        messages: &[Message],
        books: &[LevelBook],
        replies: &mut Replies,
    ) -> Result<usize, Fault> {
        self.guest.hear(messages, books, replies)
    }

    fn save(&mut self) -> Result<(u32, Vec<u8>), Fault> {
        self.guest.save()
    }

    fn load(&mut self, version: u32, bytes: &[u8]) -> Result<(), Fault> {
        self.guest.load(version, bytes)
    }
}

/// Replays a market from disk through one strategy, with the default settings and nothing recorded but the digest.
///
/// # Panics
/// Where the run fails.
pub fn replay(market: &Market, guest: Box<dyn Guest>) -> RunSummary {
    let subscriptions = &guest.descriptor().subscriptions;
    let with_details = subscriptions.iter().any(|x| x.schema == Schema::Mbo);
    let source = &mut market.source(with_details);
    run(Parts {
        instruments: &market.instruments,
        source,
        guests: vec![guest],
        config: RunConfig::default(),
        recorder: &mut Unrecorded,
        watcher: &mut Unwatched,
    })
    .unwrap()
}
