//! No allocation per message: once a run has warmed up, replaying further rows takes no memory from the allocator.
//!
//! Takes in a generated tape; counts what this whole program asks its allocator for in the second half of a run. A native
//! plugin brings an allocator of its own, so that the count of its run is the host's part alone; the plugin's part is
//! the same code as that of the run in process.
#![allow(clippy::unwrap_used)]

use std::alloc::System;

use backplane_benches::market::Market;
use backplane_benches::strategies::{MarketMaker, in_process, native, replay_from};
use backplane_engine::Watcher;
use backplane_engine::guest::Guest;
use backplane_sdk::types::Timestamp;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The most times that the second half of a run may ask for memory, for a million rows of it: buffers may still grow.
const REQUESTS_MAX: usize = 64;

/// Notes how often memory was asked for when half of the rows were replayed.
struct Halfway {
    rows: u64,
    requests: Option<usize>,
}

impl Watcher for Halfway {
    fn progress(&mut self, rows: u64, _: Timestamp) {
        if rows >= self.rows && self.requests.is_none() {
            self.requests = Some(requests());
        }
    }
}

/// How often this program asked for memory so far.
fn requests() -> usize {
    let stats = ALLOCATOR.stats();
    stats.allocations + stats.reallocations
}

/// How often memory is asked for in the second half of a run.
fn second_half(market: &Market, guest: Box<dyn Guest>) -> usize {
    let mut halfway = Halfway {
        rows: market.rows / 2,
        requests: None,
    };
    let mut source = market.source(false);
    // The last batch is in it too; what ends the run and makes its summary is a few more.
    let summary = replay_from(&market.instruments, &mut source, vec![guest], &mut halfway);
    assert!(summary.instances[0].fills > 1_000, "the strategy trades");
    requests() - halfway.requests.unwrap()
}

// One test, because the count is the whole program's and tests run side by side.
#[test]
fn a_market_maker_in_steady_state_costs_no_allocation_in_process_and_as_a_native_plugin() {
    let market = Market::generate(4, 2_000_000);
    let before = requests();
    let in_process = second_half(&market, in_process::<MarketMaker<false>>());
    assert!(requests() > before, "the allocator counts");
    let native = second_half(&market, native("market_maker"));
    println!("{in_process} times in process, {native} times with a native plugin");
    assert!(
        in_process <= REQUESTS_MAX && native <= REQUESTS_MAX,
        "in {} rows memory was asked for {in_process} times in process and {native} times with a native plugin",
        market.rows / 2
    );
}
