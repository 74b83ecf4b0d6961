//! What it costs to make a tape of messages: generating them, resolving them, and writing the rows.
//!
//! Takes in a synthetic market; gives out times, elements are messages.
#![allow(clippy::unwrap_used)] // A bench whose messages cannot be resolved has nothing to measure.

use backplane_benches::market::{CONVENTIONS, write_tape};
use backplane_tape::generate::{Generator, GeneratorConfig};
use backplane_tape::resolve::Resolver;
use backplane_tape::{SourceMessage, TapeSchema};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn import(criterion: &mut Criterion) {
    let config = GeneratorConfig {
        messages: 500_000,
        ..GeneratorConfig::default()
    };
    let generator = Generator::new(config.clone()).unwrap();
    let instruments = generator.instruments().len();
    let messages: Vec<SourceMessage> = generator.collect();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("market.tape");
    let mut group = criterion.benchmark_group("import");
    group.throughput(Throughput::Elements(messages.len() as u64));
    group.bench_function("messages generated", |bencher| {
        bencher.iter(|| Generator::new(config.clone()).unwrap().count());
    });
    group.bench_function("messages resolved", |bencher| {
        bencher.iter(|| {
            let mut resolver = Resolver::new(instruments, CONVENTIONS);
            let rows = messages.iter().map(|x| resolver.push(x).unwrap().len());
            rows.sum::<usize>()
        });
    });
    group.bench_function("messages generated, resolved and written", |bencher| {
        bencher.iter(|| write_tape(&config, TapeSchema::Mbo, &path).unwrap());
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10);
    targets = import
}
criterion_main!(benches);
