//! Checks in markets that are not like the author's tape.
//!
//! Takes in a plugin; gives out whether it hears each market to its end.

use super::market::Market;
use super::subject::{Play, Subject};
use super::{Check, Miss, loaded};

pub(super) const CHECKS: &[Check] = &[
    loaded("runs", "it hears a market to the end", runs),
    loaded("seeds", "it hears five other markets to the end", seeds),
    loaded(
        "instruments",
        "it hears five instruments at once",
        instruments,
    ),
    loaded(
        "no-market",
        "it bears a run in which nothing happens",
        no_market,
    ),
    loaded(
        "no-instruments",
        "it bears a run without instruments",
        no_instruments,
    ),
    loaded("gaps", "it bears lost messages and hours of silence", gaps),
    loaded("crossed-books", "it bears bids above asks", crossed),
    loaded("empty-books", "it bears books without bids or asks", empty),
    loaded(
        "extreme-prices",
        "it bears prices and sizes at the ends of what there is",
        extreme,
    ),
    loaded(
        "no-latency",
        "it bears answers that come at once",
        no_latency,
    ),
    loaded(
        "high-latency",
        "it bears answers that take three seconds",
        high_latency,
    ),
];

const LATENCY: i64 = 100_000;

fn hears(subject: &Subject, market: &Market, latency: i64) -> Result<String, Miss> {
    let summary = subject.alone(market, &Play::delayed(subject.seed, latency))?;
    Ok(format!(
        "{} messages, {} orders, {} fills",
        summary.messages, summary.orders, summary.fills
    ))
}

fn runs(subject: &Subject) -> Result<String, Miss> {
    hears(
        subject,
        &Market::generated(subject.seed, 1, 50_000)?,
        LATENCY,
    )
}

fn seeds(subject: &Subject) -> Result<String, Miss> {
    let mut messages = 0;
    for other in 1..=5 {
        let seed = subject.seed.wrapping_add(other);
        let market = Market::generated(seed, 1, 20_000)?;
        let summary = subject.alone(&market, &Play::delayed(seed, LATENCY));
        let named = |miss| match miss {
            Miss::Failed(why) => Miss::Failed(format!("seed {seed}: {why}")),
            skipped => skipped,
        };
        messages += summary.map_err(named)?.messages;
    }
    Ok(format!("{messages} messages"))
}

fn instruments(subject: &Subject) -> Result<String, Miss> {
    hears(
        subject,
        &Market::generated(subject.seed, 5, 50_000)?,
        LATENCY,
    )
}

fn no_market(subject: &Subject) -> Result<String, Miss> {
    hears(subject, &Market::silent(), LATENCY)
}

fn no_instruments(subject: &Subject) -> Result<String, Miss> {
    let market = Market {
        instruments: Vec::new(),
        rows: Vec::new(),
    };
    hears(subject, &market, LATENCY)
}

fn gaps(subject: &Subject) -> Result<String, Miss> {
    hears(subject, &Market::with_gaps(subject.seed)?, LATENCY)
}

fn crossed(subject: &Subject) -> Result<String, Miss> {
    hears(subject, &Market::crossed(subject.seed)?, LATENCY)
}

fn empty(subject: &Subject) -> Result<String, Miss> {
    hears(subject, &Market::empty(subject.seed)?, LATENCY)
}

fn extreme(subject: &Subject) -> Result<String, Miss> {
    hears(subject, &Market::extreme(subject.seed)?, LATENCY)
}

fn no_latency(subject: &Subject) -> Result<String, Miss> {
    hears(subject, &Market::generated(subject.seed, 1, 20_000)?, 0)
}

fn high_latency(subject: &Subject) -> Result<String, Miss> {
    let market = Market::generated(subject.seed, 1, 20_000)?;
    hears(subject, &market, 3_000_000_000)
}
