//! What a user gets: a tape on disk, read on the same thread, through a market maker that is a native plugin.
//!
//! Takes in a synthetic market's tape; gives out times, elements are rows.

use backplane_benches::market::Market;
use backplane_benches::strategies::{native, replay};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn end_to_end(criterion: &mut Criterion) {
    let market = Market::standard();
    let mut group = criterion.benchmark_group("end to end");
    group.throughput(Throughput::Elements(market.rows));
    group.bench_function("market maker, native", |bencher| {
        bencher.iter(|| replay(&market, native("market_maker")));
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10);
    targets = end_to_end
}
criterion_main!(benches);
