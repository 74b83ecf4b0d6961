//! The strategies of the benches on their carriers, and a whole run with one.
//!
//! Takes in a market and a strategy; gives out what the run says.

#[path = "../../plugins/market_maker/src/strategy.rs"]
mod market_maker;
#[path = "../../tests/plugins/no_op/src/strategy.rs"]
mod no_op;

use std::path::{Path, PathBuf};

use backplane_engine::guest::{Around, Guest, InProcess};
use backplane_engine::record::{Recorder, Unrecorded};
use backplane_engine::replay::RowSource;
use backplane_engine::summary::{Outcome, RunSummary};
use backplane_engine::{Parts, RunConfig, Unwatched, Watcher, run};
use backplane_guests::Loader;
use backplane_guests::wasm::{Limits, Sandbox, Settings, WasmPlugin};
use backplane_sdk::Strategy;
use backplane_sdk::descriptor::{Descriptor, Schema};
use backplane_sdk::params::{Params, Value};
use backplane_sdk::types::Instrument;

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

/// A module that `cargo xtask guests` builds; none where it is missing, which is said.
///
/// # Panics
/// Where this program has no path.
pub fn module_path(name: &str) -> Option<PathBuf> {
    let program = std::env::current_exe().unwrap();
    let folders = program.ancestors();
    let mut paths = folders.map(|x| x.join(format!("guests/{name}.wasm")));
    let found = paths.find(|x| x.is_file());
    if found.is_none() {
        eprintln!("left out: {name}.wasm is missing; run `cargo xtask guests`");
    }
    found
}

/// A strategy of a module that `cargo xtask guests` builds, in batches of at most a size, or as large as pays; none where it
/// is missing, which is said.
///
/// # Panics
/// Where the module is not a plugin.
pub fn module(name: &str, batch: Option<usize>) -> Option<WasmPlugin> {
    let path = module_path(name)?;
    let limits = Limits {
        messages_per_call: batch,
        ..Limits::default()
    };
    let sandbox = Sandbox::new(&Settings::default()).unwrap();
    Some(sandbox.load(&path, &limits).unwrap())
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

/// So many instances of a strategy of a library that the workspace builds, each with parameters of its own: `vary` sets
/// those of the instance of a number.
///
/// # Panics
/// Where the library is missing or not a plugin, or refuses the parameters.
pub fn native_instances(
    name: &str,
    count: usize,
    vary: impl Fn(Params, i64) -> Params,
) -> Vec<Box<dyn Guest>> {
    let plugin = Loader::new().unwrap().load(&library(name)).unwrap();
    let defaults = Params::defaults(&plugin.descriptor().params);
    let params = (0..count as i64).map(|number| vary(defaults.clone(), number));
    let guest = |params| -> Box<dyn Guest> { Box::new(plugin.instantiate(&params).unwrap()) };
    params.map(guest).collect()
}

/// The parameters of one of many market makers: sizes from 1 to 8 and limits from 10 to 320 make 256 different ones.
///
/// # Panics
/// Where these are not parameters of a market maker.
pub fn market_maker_params(params: Params, number: i64) -> Params {
    let size = Value::Integer(1 + number % 8);
    let position_max = Value::Integer(10 + 10 * (number / 8));
    let params = params.with("size", size).unwrap();
    params.with("position_max", position_max).unwrap()
}

/// A strategy that hears something else than it asks for.
struct Retuned {
    guest: Box<dyn Guest>,
    descriptor: Descriptor,
}

/// Lets a strategy hear of these schemas instead of those that it asks for.
pub fn hearing(guest: Box<dyn Guest>, schemas: &[Schema]) -> Box<dyn Guest> {
    let bare = Descriptor::new(&guest.descriptor().name, "0");
    let descriptor = schemas.iter().fold(bare, |x, schema| x.subscribe(*schema));
    Box::new(Retuned { guest, descriptor })
}

impl Around for Retuned {
    type Within = dyn Guest;

    fn within(&self) -> &Self::Within {
        self.guest.as_ref()
    }

    fn within_mut(&mut self) -> &mut Self::Within {
        self.guest.as_mut()
    }

    fn descriptor_around(&self) -> &Descriptor {
        &self.descriptor
    }
}

/// Replays a market from disk through one strategy, with the default settings and nothing recorded but the digest.
///
/// # Panics
/// Where the run fails.
pub fn replay(market: &Market, guest: Box<dyn Guest>) -> RunSummary {
    let source = &mut market.source(wants_details(guest.as_ref()));
    replay_from(&market.instruments, source, vec![guest], &mut Unwatched)
}

/// Whether a strategy wants what only subscribers of single orders need.
pub fn wants_details(guest: &dyn Guest) -> bool {
    let subscriptions = &guest.descriptor().subscriptions;
    subscriptions.iter().any(|x| x.schema == Schema::Mbo)
}

/// As [`replay`], with a recorder.
///
/// # Panics
/// Where the run fails or a record cannot be kept.
pub fn replay_recorded(
    market: &Market,
    guest: Box<dyn Guest>,
    recorder: &mut dyn Recorder,
) -> RunSummary {
    let source = &mut market.source(wants_details(guest.as_ref()));
    let instruments = &market.instruments;
    replay_kept(instruments, source, vec![guest], &mut Unwatched, recorder)
}

/// Replays a source through strategies, with the default settings and nothing recorded but the digest.
///
/// # Panics
/// Where the run fails or a strategy is stopped.
pub fn replay_from(
    instruments: &[Instrument],
    source: &mut dyn RowSource,
    guests: Vec<Box<dyn Guest>>,
    watcher: &mut dyn Watcher,
) -> RunSummary {
    replay_kept(instruments, source, guests, watcher, &mut Unrecorded)
}

fn replay_kept(
    instruments: &[Instrument],
    source: &mut dyn RowSource,
    guests: Vec<Box<dyn Guest>>,
    watcher: &mut dyn Watcher,
    recorder: &mut dyn Recorder,
) -> RunSummary {
    let summary = run(Parts {
        instruments,
        source,
        guests,
        config: RunConfig::default(),
        limits: Vec::new(),
        recorder,
        watcher,
    })
    .unwrap();
    for instance in &summary.instances {
        assert_eq!(instance.outcome, Outcome::Finished);
    }
    summary
}
