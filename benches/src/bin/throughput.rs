//! Prints what each stage of a run costs, nanoseconds of processor time a message.
//!
//! Takes in `[--rounds N] [--messages N] [--only TEXT] [--hard]`; gives out a table. In each round every variant runs once, one after
//! the other, so that a busy machine slows all alike; a figure is the median of the rounds. `--hard` adds a market of
//! 250 instruments, `--only` leaves out the variants whose name does not hold a text.
#![allow(clippy::unwrap_used)] // A measurement that cannot be made has nothing else to do than to stop.

use std::hint::black_box;

use backplane_benches::market::{Market, scan};
use backplane_benches::strategies::{MarketMaker, in_process, narrowed, native, replay};
use backplane_benches::time::{median, timed};
use backplane_engine::market::Market as Books;
use backplane_engine::replay::Window;
use backplane_engine::summary::RunSummary;
use backplane_sdk::descriptor::Schema;

/// What is asked for.
struct Request {
    rounds: usize,
    messages: u64,
    hard: bool,
    only: String,
}

/// One line of the table.
struct Variant {
    name: &'static str,
    work: fn(&Market, &Window) -> Option<RunSummary>,
}

const VARIANTS: [Variant; 8] = [
    Variant {
        name: "rows in memory, scanned",
        work: |_, window| {
            black_box(scan(window.rows()));
            None
        },
    },
    Variant {
        name: "rows in memory + market book",
        work: |market, window| {
            let mut books = Books::new(market.instruments.len());
            window.rows().iter().for_each(|row| books.apply(row));
            black_box(books.books());
            None
        },
    },
    Variant {
        name: "tape decoded",
        work: |market, _| {
            market.decode(|rows| {
                black_box(rows);
            });
            None
        },
    },
    Variant {
        name: "run, no-op on best prices, native",
        work: |market, _| {
            let guest = narrowed(native("no_op"), Schema::BboPrice);
            Some(replay(market, guest))
        },
    },
    Variant {
        name: "run, no-op on every message, native",
        work: |market, _| Some(replay(market, native("no_op"))),
    },
    Variant {
        name: "run, market maker, in process",
        work: |market, _| Some(replay(market, in_process::<MarketMaker<false>>())),
    },
    Variant {
        name: "run, market maker, native",
        work: |market, _| Some(replay(market, native("market_maker"))),
    },
    Variant {
        name: "run, market maker on price or size, in process",
        work: |market, _| Some(replay(market, in_process::<MarketMaker<true>>())),
    },
];

fn main() {
    let request = request();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let threads = std::thread::available_parallelism().unwrap();
    println!("command: throughput {}", arguments.join(" "));
    println!("machine: {}, {threads} threads", processor());
    println!(
        "figures: processor time of one thread, medians of {} rounds",
        request.rounds
    );
    print_table(
        "4 instruments",
        &Market::generate(4, request.messages),
        &request,
    );
    if request.hard {
        print_table(
            "250 instruments",
            &Market::generate(250, request.messages),
            &request,
        );
    }
}

/// What the arguments ask for.
fn request() -> Request {
    let mut request = Request {
        rounds: 7,
        messages: 3_000_000,
        hard: false,
        only: String::new(),
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--only" => request.only = arguments.next().unwrap(),
            "--hard" => request.hard = true,
            "--rounds" => request.rounds = number(arguments.next()).max(1) as usize,
            "--messages" => request.messages = number(arguments.next()),
            other => {
                panic!("`{other}` is not known: [--rounds N] [--messages N] [--only TEXT] [--hard]")
            }
        }
    }
    request
}

/// A number among the arguments.
fn number(argument: Option<String>) -> u64 {
    argument.and_then(|x| x.parse().ok()).unwrap()
}

/// The processor's name.
fn processor() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let named = text.lines().find_map(|x| x.strip_prefix("model name"));
    named.map_or("unknown".into(), |x| {
        x.trim_matches([' ', '\t', ':']).into()
    })
}

/// Runs every variant in every round and prints one line for each.
fn print_table(title: &str, market: &Market, request: &Request) {
    let window = market.window();
    let wanted = VARIANTS.iter().filter(|x| x.name.contains(&request.only));
    let variants: Vec<&Variant> = wanted.collect();
    let mut nanos = vec![Vec::new(); variants.len()];
    let mut summaries = vec![None; variants.len()];
    for _ in 0..request.rounds {
        for (place, variant) in variants.iter().enumerate() {
            let (took, summary) = timed(|| (variant.work)(market, &window));
            nanos[place].push(took);
            summaries[place] = summary;
        }
    }
    println!("\n{title}, {} rows", market.rows);
    println!(
        "{:47} {:>6} {:>6} {:>9} {:>9} {:>6}  digest",
        "", "ns/row", "M/s", "heard", "commands", "fills"
    );
    for ((variant, nanos), summary) in variants.iter().zip(&mut nanos).zip(&summaries) {
        let each = median(nanos) as f64 / market.rows as f64;
        let name = variant.name;
        print!("{name:47} {each:6.2} {:6.1}", 1_000.0 / each);
        if let Some(summary) = summary {
            let seat = &summary.instances[0];
            let digest: String = summary.digest[..4]
                .iter()
                .map(|x| format!("{x:02x}"))
                .collect();
            print!(
                " {:9} {:9} {:6}  {digest}",
                seat.messages, seat.commands, seat.fills
            );
        }
        println!();
    }
}
