//! What it costs to bring rows before the strategies: reading the tape, walking the rows, keeping the books.
//!
//! Takes in a synthetic market's tape; gives out times, elements are rows.

use std::hint::black_box;

use backplane_benches::market::{Market, scan};
use backplane_engine::market::Market as Books;
use backplane_engine::row::Row;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn replay(criterion: &mut Criterion) {
    let market = Market::standard();
    let window = market.window(u64::MAX);
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
        let rows: Vec<Row> = window.rows().iter().collect();
        bencher.iter(|| scan(&rows));
    });
    group.bench_function("rows in memory + market book", |bencher| {
        bencher.iter(|| {
            let mut books = Books::new(market.instruments.len());
            books.apply_all(window.rows(), 0..window.rows().len());
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
