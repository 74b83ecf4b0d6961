//! How long the host takes for a single message.
//!
//! Takes in a tape; gives out a histogram's percentiles. The tape's rows come one at a time, and the market maker, a
//! native plugin, quotes on them.

use std::hint::black_box;

use backplane_benches::sources::OneByOne;
use backplane_benches::strategies::{native, replay_from};
use backplane_benches::time::{median, nanos_since, now};
use backplane_engine::Unwatched;

use crate::figures::Latency;
use crate::tapes::Prepared;

/// How often the clock is read to see what that takes.
const CLOCK_READINGS: usize = 10_001;

/// Times every row of a tape.
pub fn measure(tape: &Prepared) -> Latency {
    let market = &tape.market;
    let mut source = OneByOne::new(market.reader(false));
    let guests = vec![native("market_maker")];
    replay_from(&market.instruments, &mut source, guests, &mut Unwatched);
    let clock: Vec<u64> = (0..CLOCK_READINGS)
        .map(|_| nanos_since(black_box(now())))
        .collect();
    let times = &source.times;
    Latency {
        rows: times.len(),
        p50: times.quantile(0.5),
        p99: times.quantile(0.99),
        p999: times.quantile(0.999),
        max: times.max(),
        clock: median(&clock),
    }
}
