//! What it costs to call a strategy that does nothing: linked in, as a native plugin, and as a module that hears one message
//! a call, or 256. A module also keeps a book of what it hears.
//!
//! Takes in one message, heard over and over; gives out times, elements are calls.
#![allow(clippy::unwrap_used)] // A bench whose strategy fails has nothing to measure.

use backplane_benches::strategies::{NoOp, in_process, module, native};
use backplane_engine::guest::{Guest, Replies};
use backplane_sdk::abi::Message;
use backplane_sdk::book::LevelBook;
use backplane_sdk::params::Params;
use backplane_sdk::types::{Action, Flags, InstrumentId, Mbo, Price, Quantity, Side, Timestamp};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Messages a turn, so that the bench's own loop costs nothing.
const CALLS: u64 = 1_000;

fn call(criterion: &mut Criterion) {
    let message = Message::from(&Mbo {
        instrument: InstrumentId(0),
        action: Action::Add,
        side: Some(Side::Buy),
        order_id: 7,
        price: Price(4_800_000_000_000),
        size: Quantity(3),
        level_size: Quantity(30),
        rank: 0,
        sequence: 9,
        ts_event: Timestamp(1_000),
        ts_recv: Timestamp(2_000),
        flags: Flags::default(),
    });
    let messages = vec![message; CALLS as usize];
    let mut carriers: Vec<(String, usize, Box<dyn Guest>)> = vec![
        ("in process".into(), 1, in_process::<NoOp>()),
        ("native".into(), 1, native("no_op")),
    ];
    for batch in [1, 256] {
        if let Some(plugin) = module("no_op", Some(batch)) {
            let params = Params::defaults(&plugin.descriptor().params);
            let guest = Box::new(plugin.instantiate(&params).unwrap());
            carriers.push((format!("wasm, batches of {batch}"), batch, guest));
        }
    }
    let books = [LevelBook::new()];
    let mut group = criterion.benchmark_group("call");
    group.throughput(Throughput::Elements(CALLS));
    // Twice, so that what changes on the machine meanwhile is seen.
    for round in ["first", "second"] {
        for (name, batch, guest) in &mut carriers {
            let mut replies = Replies::default();
            group.bench_function(format!("{name} ({round})"), |bencher| {
                bencher.iter(|| {
                    let mut left = &messages[..];
                    while !left.is_empty() {
                        let given = &left[..left.len().min(*batch)];
                        let heard = guest.hear(given, &books, &mut replies).unwrap();
                        left = &left[heard..];
                    }
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, call);
criterion_main!(benches);
