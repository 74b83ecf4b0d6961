//! What trading costs: whole runs with a market maker, beside the same run with a strategy that does nothing.
//!
//! Takes in a synthetic market's tape; gives out times, elements are rows.

use backplane_benches::market::Market;
use backplane_benches::strategies::{MarketMaker, NoOp, hearing, in_process, replay};
use backplane_sdk::descriptor::Schema;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn exchange(criterion: &mut Criterion) {
    let market = Market::standard();
    let mut group = criterion.benchmark_group("exchange");
    group.throughput(Throughput::Elements(market.rows));
    group.bench_function("no-op on best prices", |bencher| {
        bencher.iter(|| replay(&market, hearing(in_process::<NoOp>(), &[Schema::BboPrice])));
    });
    group.bench_function("market maker on best prices", |bencher| {
        bencher.iter(|| replay(&market, in_process::<MarketMaker<false>>()));
    });
    group.bench_function("market maker on best prices and sizes", |bencher| {
        bencher.iter(|| replay(&market, in_process::<MarketMaker<true>>()));
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10);
    targets = exchange
}
criterion_main!(benches);
