//! What a change of a price level costs, with its place known from the tape and with its place searched.
//!
//! Takes in a synthetic market's changes of levels; gives out times, elements are changes.

use backplane_benches::market::Market;
use backplane_engine::row::{Row, signal};
use backplane_sdk::book::LevelBook;
use backplane_sdk::types::{Price, Quantity, Side};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

/// One change: instrument, side, place, price, new size.
type Change = (usize, Side, usize, Price, Quantity);

fn change(row: &Row) -> Option<Change> {
    let side = Side::from_code(row.side).filter(|_| row.has(signal::BOOK))?;
    let size = Quantity(row.level_size.into());
    Some((
        row.instrument.into(),
        side,
        row.rank.into(),
        Price(row.price),
        size,
    ))
}

fn book(criterion: &mut Criterion) {
    let market = Market::generate(4, 500_000);
    let window = market.window(u64::MAX);
    let changes: Vec<Change> = window
        .rows()
        .iter()
        .filter_map(|row| change(&row))
        .collect();
    let books = vec![LevelBook::new(); market.instruments.len()];
    let mut group = criterion.benchmark_group("book");
    group.throughput(Throughput::Elements(changes.len() as u64));
    group.bench_function("place known", |bencher| {
        let apply = |mut books: Vec<LevelBook>| {
            for (instrument, side, rank, price, size) in &changes {
                books[*instrument].set_at(*side, *rank, *price, *size);
            }
            books
        };
        bencher.iter_batched(|| books.clone(), apply, BatchSize::LargeInput);
    });
    group.bench_function("place searched", |bencher| {
        let apply = |mut books: Vec<LevelBook>| {
            for (instrument, side, _, price, size) in &changes {
                books[*instrument].set(*side, *price, *size);
            }
            books
        };
        bencher.iter_batched(|| books.clone(), apply, BatchSize::LargeInput);
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = book
}
criterion_main!(benches);
