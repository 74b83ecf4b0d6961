//! What it costs to make a tape: of messages that are generated, and of Databento's order-level files.
//!
//! Takes in a synthetic market, and recorded ones where they are at hand; gives out times, elements are messages. The
//! files are read from disk as they are; what is compressed costs its decompression twice, since files are read twice.
#![allow(clippy::unwrap_used)] // A bench whose messages cannot be resolved has nothing to measure.

use backplane_benches::databento::mbo_file;
use backplane_benches::market::{CONVENTIONS, write_tape};
use backplane_tape::generate::{Generator, GeneratorConfig};
use backplane_tape::import::{ImportOptions, import as import_files};
use backplane_tape::resolve::Resolver;
use backplane_tape::{Overwrite, SourceMessage, TapeSchema};
use backplane_tests::market_data;
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

/// Imports files of schema `mbo`, from reading them to the named tape.
fn databento(criterion: &mut Criterion) {
    let directory = tempfile::tempdir().unwrap();
    let mut group = criterion.benchmark_group("import");
    let mut inputs = Vec::new();
    for (name, instruments) in [("one instrument", 1), ("100 instruments", 100)] {
        let config = GeneratorConfig {
            messages: 1_000_000,
            instruments,
            ..GeneratorConfig::default()
        };
        let (bytes, records) = mbo_file(config).unwrap();
        let path = directory.path().join(format!("{instruments}.dbn"));
        std::fs::write(&path, bytes).unwrap();
        inputs.push((format!("DBN mbo, {name}"), vec![path], records));
    }
    if let Some(data) = market_data().map(|x| x.join("databento_dbn")) {
        let days =
            ["24", "25"].map(|day| data.join(format!("esh4-glbx-mdp3-202312{day}.mbo.dbn.zst")));
        inputs.push((
            "DBN mbo, recorded ES, compressed".to_owned(),
            days.to_vec(),
            77_517,
        ));
    }
    for (name, paths, records) in inputs {
        let options = ImportOptions {
            output: directory.path().join("out.tape"),
            overwrite: Overwrite::Replace,
            ..ImportOptions::default()
        };
        group.throughput(Throughput::Elements(records));
        group.bench_function(name, |bencher| {
            bencher.iter(|| import_files(&paths, &options, &mut |_, _| {}).unwrap());
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10);
    targets = import, databento
}
criterion_main!(benches);
