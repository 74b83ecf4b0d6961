//! What it costs to bring rows before the strategies: reading the tape, walking the rows, keeping the books.
//!
//! Takes in a synthetic market's tape; gives out times, elements are rows.

use std::hint::black_box;

use backplane_benches::market::{Market, scan};
use backplane_engine::market::Market as Books;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn replay(criterion: &mut Criterion) {
    let market = Market::standard();
    let window = market.window();
    let mut group = criterion.benchmark_group("replay");
    group.throughput(Throughput::Elements(market.rows));
    group.bench_function("columns from disk to rows", |bencher| {
        bencher.iter(|| {
            market.decode(|rows| {
                black_box(rows);
            });
        });
    });
    group.bench_function("rows in memory, scanned", |bencher| {
        bencher.iter(|| scan(window.rows()));
    });
    group.bench_function("rows in memory + market book", |bencher| {
        bencher.iter(|| {
            let mut books = Books::new(market.instruments.len());
            window.rows().iter().for_each(|row| books.apply(row));
            books
        });
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = replay
}
criterion_main!(benches);
