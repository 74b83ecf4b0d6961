//! What sandboxed strategies cost beside their messages: starting one, and a thousand of them at once.
//!
//! Takes in a tape; gives out times and memory, or nothing where the module was not built.

use backplane_benches::market::Market;
use backplane_benches::sources::FirstRows;
use backplane_benches::strategies::{market_maker_params, module_path, replay_from, wants_details};
use backplane_benches::time::{median, timed};
use backplane_engine::Watcher;
use backplane_engine::guest::Guest;
use backplane_guests::wasm::{Limits, Sandbox, Settings, WasmPlugin};
use backplane_sdk::params::Params;
use backplane_sdk::types::Timestamp;

use crate::figures::Sandboxed;
use crate::memory::anonymous;

/// The instances that live at once.
pub const INSTANCES: usize = 1_000;
/// The rows that they go through.
const ROWS: u64 = 100_000;
/// How often a module is started.
const STARTS: usize = 9;

/// The most memory that there was while a tape was replayed.
#[derive(Default)]
struct Peak {
    next: u64,
    bytes: u64,
}

impl Watcher for Peak {
    fn progress(&mut self, rows: u64, _: Timestamp) {
        if rows >= self.next {
            self.next = rows + ROWS / 20;
            self.bytes = self.bytes.max(anonymous());
        }
    }
}

/// Measures the market maker's module.
pub fn measure(market: &Market) -> Option<Sandboxed> {
    let path = module_path("market_maker")?;
    let start = |instances| -> (WasmPlugin, Box<dyn Guest>) {
        let settings = Settings {
            instances,
            ..Settings::default()
        };
        let sandbox = Sandbox::new(&settings).unwrap();
        let plugin = sandbox.load(&path, &Limits::default()).unwrap();
        let params = Params::defaults(&plugin.descriptor().params);
        let guest = plugin.instantiate(&params).unwrap();
        (plugin, Box::new(guest))
    };
    // The first may compile it; the others find it in the cache.
    drop(start(1));
    let starts = (0..STARTS).map(|_| timed(|| drop(start(1))).0.wall_ns);
    let start_ns = median(&starts.collect::<Vec<_>>());
    let (plugin, _first) = start(INSTANCES);
    let before = anonymous();
    let defaults = Params::defaults(&plugin.descriptor().params);
    let guest = |number| -> Box<dyn Guest> {
        let params = market_maker_params(defaults.clone(), number % 256);
        Box::new(plugin.instantiate(&params).unwrap())
    };
    let guests: Vec<Box<dyn Guest>> = (1..INSTANCES as i64).map(guest).collect();
    let made = anonymous();
    let with_details = wants_details(guests[0].as_ref());
    let count = guests.len() as u64;
    let mut peak = Peak::default();
    let (elapsed, summary) = timed(|| {
        let source = &mut FirstRows::new(market.reader(with_details), ROWS);
        replay_from(&market.instruments, source, guests, &mut peak)
    });
    let heard: u64 = summary.instances.iter().map(|x| x.messages).sum();
    Some(Sandboxed {
        start_ns,
        instances: count,
        bytes_each: made.saturating_sub(before) / count,
        bytes_each_most: peak.bytes.saturating_sub(before) / count,
        rows: summary.messages,
        ns_per_message: elapsed.cpu_ns as f64 / heard.max(1) as f64,
    })
}
