//! What it costs to call a strategy that does nothing: linked in, and as a native plugin.
//!
//! Takes in one message, heard over and over; gives out times, elements are calls.
#![allow(clippy::unwrap_used)] // A bench whose strategy fails has nothing to measure.

use backplane_benches::strategies::{NoOp, in_process, native};
use backplane_engine::guest::{Guest, Replies};
use backplane_sdk::abi::Message;
use backplane_sdk::book::LevelBook;
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
    let books = [LevelBook::new()];
    let carriers: [(&str, Box<dyn Guest>); 2] = [
        ("in process", in_process::<NoOp>()),
        ("native", native("no_op")),
    ];
    let mut group = criterion.benchmark_group("call");
    group.throughput(Throughput::Elements(CALLS));
    for (name, mut guest) in carriers {
        let mut replies = Replies::default();
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                for _ in 0..CALLS {
                    let messages = std::slice::from_ref(&message);
                    guest.hear(messages, &books, &mut replies).unwrap();
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, call);
criterion_main!(benches);
