//! The lines of the table: what is done with each tape in each round.
//!
//! Takes in prepared tapes; gives out pieces of work that can be done as often as wanted.

use std::hint::black_box;

use backplane_benches::market::{Market, scan};
use backplane_benches::sources::FirstRows;
use backplane_benches::strategies::{
    MarketMaker, hearing, in_process, market_maker_params, module, native, native_instances,
    replay_from, wants_details,
};
use backplane_benches::time::timed;
use backplane_cli::prefetch::PrefetchedSource;
use backplane_engine::Unwatched;
use backplane_engine::guest::Guest;
use backplane_engine::market::Market as Books;
use backplane_engine::replay::Window;
use backplane_engine::row::Row;
use backplane_sdk::descriptor::Schema;
use backplane_sdk::params::Params;

use crate::error::ProveError;
use crate::figures::{Counts, Sample};
use crate::tapes::{ORDER_LEVEL, Prepared};

/// The bare scan, beside which every other line is put.
pub const SCAN: &str = "rows in memory, scanned";
/// The rows in memory, with a book kept of them.
pub const BOOK: &str = "rows in memory + market book";
/// The tape, read and made rows of.
pub const DECODE: &str = "tape decoded";
/// A strategy that does nothing, called when a best price changes.
pub const NO_OP_BEST: &str = "run, no-op on best prices, native";
/// A strategy that does nothing, called on every message.
pub const NO_OP_ALL: &str = "run, no-op on every message, native";
/// The market maker, linked in.
pub const MAKER_IN_PROCESS: &str = "run, market maker, in process";
/// The market maker, a native plugin: what most targets are about.
pub const MAKER: &str = "run, market maker, native";
/// The market maker, a sandboxed module.
pub const MAKER_WASM: &str = "run, market maker, wasm";
/// The same, while another thread reads the tape: what is counted is the engine's thread alone.
pub const MAKER_READ_AHEAD: &str = "run, market maker, native, tape read ahead";
/// The market maker that quotes anew on every change of a best price or size.
pub const MAKER_ON_SIZE: &str = "run, market maker on price or size, native";

/// How many instances run at once in the lines on many instances.
pub const INSTANCES: [usize; 3] = [1, 64, 256];

/// The most rows that are held in memory for the lines without a tape: many times what a cache holds.
pub const MEMORY_ROWS_MAX: u64 = 4_000_000;

/// The fewest rows of the lines on many instances.
const INSTANCE_ROWS_MIN: u64 = 200_000;

/// One line: its name and what is done.
pub struct Task<'a> {
    /// The tape's name.
    pub tape: &'static str,
    /// Its own name.
    pub name: String,
    /// Messages of the source for each row of the tape.
    pub messages_per_row: f64,
    work: Box<dyn Fn() -> Result<Sample, ProveError> + 'a>,
}

impl<'a> Task<'a> {
    /// Something to do with a tape.
    pub fn new(
        tape: &Prepared,
        name: impl Into<String>,
        work: impl Fn() -> Result<Sample, ProveError> + 'a,
    ) -> Task<'a> {
        Task {
            tape: tape.name,
            name: name.into(),
            messages_per_row: tape.messages_per_row(),
            work: Box::new(work),
        }
    }

    /// Does it once.
    ///
    /// # Errors
    /// What stood in the way.
    pub fn measure(&self) -> Result<Sample, ProveError> {
        (self.work)()
    }
}

/// The name of the line of so many eighths of a tape.
pub fn eighths(count: u64) -> String {
    format!("{MAKER}, {count} of 8 parts")
}

/// The name of the line of so many instances.
pub fn instances(kind: &str, count: usize) -> String {
    format!("run, {count} x {kind}")
}

/// What many instances are made of: a name, the plugin, and what it hears instead of what it asks for.
pub const KINDS: [(&str, &str, &[Schema]); 3] = [
    ("no-op on every message", "no_op", &[Schema::Mbo]),
    (
        "market maker, called on every message",
        "market_maker",
        &[Schema::BboPrice, Schema::Mbo],
    ),
    ("market maker", "market_maker", &[Schema::BboPrice]),
];

/// The first rows of a tape in memory.
pub struct InMemory {
    /// As the engine keeps them.
    window: Window,
    /// As they are.
    rows: Vec<Row>,
}

impl InMemory {
    /// The first rows of a tape. All of it is read once, so that it lies in the system's page cache when it is measured.
    pub fn load(tape: &Prepared) -> InMemory {
        tape.market.decode(|rows| {
            black_box(rows);
        });
        let window = tape.market.window(MEMORY_ROWS_MAX);
        let rows = window.rows().iter().collect();
        InMemory { window, rows }
    }
}

/// The lines of a tape.
pub fn of<'a>(tape: &'a Prepared, memory: &'a InMemory) -> Vec<Task<'a>> {
    let market = &tape.market;
    let mut tasks = stages(tape, memory);
    let mut run = |name: &str, guest: fn() -> Box<dyn Guest>| {
        tasks.push(Task::new(tape, name, move || Ok(replayed(market, guest()))));
    };
    run(NO_OP_BEST, || hearing(native("no_op"), &[Schema::BboPrice]));
    run(MAKER, || native("market_maker"));
    tasks.extend(sandboxed(tape));
    if tape.name == ORDER_LEVEL {
        let mut run = |name: &str, guest: fn() -> Box<dyn Guest>| {
            tasks.push(Task::new(tape, name, move || Ok(replayed(market, guest()))));
        };
        run(NO_OP_ALL, || native("no_op"));
        run(MAKER_IN_PROCESS, in_process::<MarketMaker<false>>);
        run(MAKER_ON_SIZE, || native("quote_on_size"));
        tasks.push(Task::new(tape, MAKER_READ_AHEAD, move || {
            read_ahead(market)
        }));
        tasks.extend([1, 2, 4].map(|count| part(tape, count)));
        for (kind, plugin, schemas) in KINDS {
            tasks.extend(INSTANCES.map(|count| many(tape, kind, plugin, schemas, count)));
        }
    }
    tasks
}

/// The lines without a run.
fn stages<'a>(tape: &'a Prepared, memory: &'a InMemory) -> Vec<Task<'a>> {
    let market = &tape.market;
    let stage = move |rows: u64, work: &dyn Fn()| {
        let (elapsed, ()) = timed(work);
        let counts = None;
        Ok(Sample {
            elapsed,
            rows,
            counts,
        })
    };
    let held = memory.rows.len() as u64;
    vec![
        Task::new(tape, SCAN, move || {
            stage(held, &|| {
                black_box(scan(&memory.rows));
            })
        }),
        Task::new(tape, BOOK, move || {
            stage(held, &|| {
                let mut books = Books::new(market.instruments.len());
                let rows = memory.window.rows();
                books.apply_all(rows, 0..rows.len());
                black_box(books.books());
            })
        }),
        Task::new(tape, DECODE, move || {
            stage(market.rows, &|| {
                market.decode(|rows| {
                    black_box(rows);
                });
            })
        }),
    ]
}

/// A run of the whole tape with one strategy.
fn replayed(market: &Market, guest: Box<dyn Guest>) -> Sample {
    let with_details = wants_details(guest.as_ref());
    let (elapsed, summary) = timed(|| {
        let source = &mut market.source(with_details);
        replay_from(&market.instruments, source, vec![guest], &mut Unwatched)
    });
    Sample {
        elapsed,
        rows: summary.messages,
        counts: Some(Counts::from(&summary)),
    }
}

/// A run of the whole tape with the market maker as a module, where that was built.
fn sandboxed(tape: &Prepared) -> Option<Task<'_>> {
    let plugin = module("market_maker", None)?;
    let market = &tape.market;
    let params = Params::defaults(&plugin.descriptor().params);
    Some(Task::new(tape, MAKER_WASM, move || {
        let guest = plugin.instantiate(&params).unwrap();
        Ok(replayed(market, Box::new(guest)))
    }))
}

/// A run of the whole tape that a thread of its own reads.
fn read_ahead(market: &Market) -> Result<Sample, ProveError> {
    let guests = vec![native("market_maker")];
    let source = PrefetchedSource::start(market.reader(false));
    let mut source =
        source.map_err(|cause| ProveError::io("reading ahead", &market.path, &cause))?;
    let (elapsed, summary) =
        timed(|| replay_from(&market.instruments, &mut source, guests, &mut Unwatched));
    Ok(Sample {
        elapsed,
        rows: summary.messages,
        counts: Some(Counts::from(&summary)),
    })
}

/// A run of the first rows of the tape.
fn first_rows(market: &Market, rows: u64, guests: Vec<Box<dyn Guest>>) -> Sample {
    let with_details = guests.iter().any(|x| wants_details(x.as_ref()));
    let (elapsed, summary) = timed(|| {
        let source = &mut FirstRows::new(market.reader(with_details), rows);
        replay_from(&market.instruments, source, guests, &mut Unwatched)
    });
    Sample {
        elapsed,
        rows: summary.messages,
        counts: Some(Counts::from(&summary)),
    }
}

/// A run of some eighths of the tape.
fn part<'a>(tape: &'a Prepared, count: u64) -> Task<'a> {
    let market = &tape.market;
    let rows = market.rows * count / 8;
    Task::new(tape, eighths(count), move || {
        Ok(first_rows(market, rows, vec![native("market_maker")]))
    })
}

/// A run of many instances over the beginning of the tape.
fn many<'a>(
    tape: &'a Prepared,
    kind: &str,
    plugin: &'static str,
    schemas: &'static [Schema],
    count: usize,
) -> Task<'a> {
    let market = &tape.market;
    let rows = (market.rows / 40).max(INSTANCE_ROWS_MIN).min(market.rows);
    Task::new(tape, instances(kind, count), move || {
        let guests = native_instances(plugin, count, |params, number| match plugin {
            "market_maker" => market_maker_params(params, number),
            _ => params,
        });
        let guests = guests.into_iter().map(|x| hearing(x, schemas)).collect();
        Ok(first_rows(market, rows, guests))
    })
}
