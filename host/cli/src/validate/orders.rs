//! Checks of what a strategy asks for, and of how it bears what an exchange answers.
//!
//! Takes in a plugin; gives out whether it goes on whatever becomes of its orders, and whether what it asks for can be
//! done.

use std::collections::BTreeMap;

use backplane_engine::latency::{FeedLatency, Latency};
use backplane_engine::record::{
    CommandRecord, EquityRecord, FillRecord, LogRecord, MetricRecord, OrderRecord, RecordError,
    Recorder,
};
use backplane_engine::{Parts, RunConfig, Unwatched, run};
use backplane_sdk::types::{Nanos, OrderStatus, Reason};

use super::double::{Double, Manner};
use super::market::Market;
use super::subject::{BATCH, Play, Subject};
use super::twins::Watched;
use super::{Check, Miss, loaded};

pub(super) const CHECKS: &[Check] = &[
    loaded(
        "rejects",
        "it bears that everything is rejected, for every reason",
        rejects,
    ),
    loaded(
        "partial-fills",
        "it bears fills of one unit at a time",
        partial,
    ),
    loaded(
        "fills-at-once",
        "it bears that every order is filled at once, and ends with a position",
        fills,
    ),
    loaded(
        "no-answers",
        "it bears an exchange that never answers",
        silent,
    ),
    loaded(
        "no-cancels",
        "it bears that nothing can be changed or cancelled",
        stubborn,
    ),
    loaded("expiry", "it bears orders that expire", expires),
    loaded(
        "unknown-orders",
        "it bears news of orders that it never gave",
        mistaken,
    ),
    loaded(
        "orders",
        "its orders make sense: none is rejected for what it says",
        valid,
    ),
    loaded(
        "metrics",
        "what it records are finite numbers of declared series",
        metrics,
    ),
    loaded(
        "rates",
        "it asks for less in a call than the contract allows",
        rates,
    ),
];

fn bears(subject: &Subject, manner: Manner) -> Result<String, Miss> {
    let market = Market::generated(subject.seed, 2, 30_000)?;
    let guest = subject.instance(&subject.defaults()?)?;
    let (double, heard) = Double::new(guest, manner);
    subject.of_one(&market, Box::new(double), &Play::delayed(subject.seed, 0))?;
    match heard.get() {
        0 if manner != Manner::Silent => Err(Miss::Skipped("it gave no orders there".into())),
        answers => Ok(format!("{answers} answers")),
    }
}

fn rejects(subject: &Subject) -> Result<String, Miss> {
    bears(subject, Manner::Rejects)
}

fn partial(subject: &Subject) -> Result<String, Miss> {
    bears(subject, Manner::PartialFills)
}

fn fills(subject: &Subject) -> Result<String, Miss> {
    bears(subject, Manner::Fills)
}

fn silent(subject: &Subject) -> Result<String, Miss> {
    bears(subject, Manner::Silent)
}

fn stubborn(subject: &Subject) -> Result<String, Miss> {
    bears(subject, Manner::Stubborn)
}

fn expires(subject: &Subject) -> Result<String, Miss> {
    bears(subject, Manner::Expires)
}

fn mistaken(subject: &Subject) -> Result<String, Miss> {
    bears(subject, Manner::Mistaken)
}

/// Counts why orders are refused.
#[derive(Default)]
struct Refusals {
    counts: BTreeMap<&'static str, u64>,
}

impl Recorder for Refusals {
    fn command(&mut self, _: &CommandRecord) -> Result<(), RecordError> {
        Ok(())
    }

    fn order(&mut self, record: &OrderRecord) -> Result<(), RecordError> {
        let update = &record.update;
        let is_senseless = matches!(
            update.reason,
            Reason::UnknownInstrument
                | Reason::InvalidSide
                | Reason::InvalidPrice
                | Reason::InvalidQuantity
                | Reason::DuplicateOrder
        );
        if update.status == OrderStatus::Rejected && is_senseless {
            *self.counts.entry(update.reason.text()).or_default() += 1;
        }
        Ok(())
    }

    fn fill(&mut self, _: &FillRecord) -> Result<(), RecordError> {
        Ok(())
    }

    fn equity(&mut self, _: &EquityRecord) -> Result<(), RecordError> {
        Ok(())
    }

    fn metric(&mut self, _: &MetricRecord) -> Result<(), RecordError> {
        Ok(())
    }

    fn log(&mut self, _: &LogRecord<'_>) -> Result<(), RecordError> {
        Ok(())
    }
}

fn valid(subject: &Subject) -> Result<String, Miss> {
    let market = Market::generated(subject.seed, 2, 30_000)?;
    let guest = subject.instance(&subject.defaults()?)?;
    let mut refusals = Refusals::default();
    let delay = Nanos(100_000);
    let summary = run(Parts {
        instruments: &market.instruments,
        source: &mut market.source(BATCH),
        guests: vec![guest],
        config: RunConfig {
            latency: Latency::fixed(FeedLatency::Recorded, delay, delay),
            seed: subject.seed,
            ..RunConfig::default()
        },
        recorder: &mut refusals,
        limits: Vec::new(),
        watcher: &mut Unwatched,
    })?;
    let orders: u64 = summary.instances.iter().map(|x| x.orders).sum();
    let counts = refusals
        .counts
        .iter()
        .map(|(why, x)| format!("{x} for `{why}`"));
    match refusals.counts.is_empty() {
        true => Ok(format!("{orders} orders")),
        false => Err(format!(
            "of {orders} orders were rejected {}",
            counts.collect::<Vec<_>>().join(", ")
        )
        .into()),
    }
}

/// What a strategy does in a market.
fn conduct(subject: &Subject) -> Result<super::twins::Conduct, Miss> {
    let market = Market::generated(subject.seed, 2, 30_000)?;
    let guest = subject.instance(&subject.defaults()?)?;
    let (watched, conduct) = Watched::new(guest, usize::MAX);
    subject.of_one(
        &market,
        Box::new(watched),
        &Play::delayed(subject.seed, 100_000),
    )?;
    Ok(conduct.take())
}

fn metrics(subject: &Subject) -> Result<String, Miss> {
    let conduct = conduct(subject)?;
    match conduct.odd_metrics {
        0 => Ok(String::new()),
        odd => Err(format!("{odd} values are not finite, or of no declared series").into()),
    }
}

fn rates(subject: &Subject) -> Result<String, Miss> {
    let conduct = conduct(subject)?;
    Ok(format!(
        "at most {} commands in a call, {} orders and {} log lines in {} messages",
        conduct.commands_max, conduct.orders, conduct.lines, conduct.messages
    ))
}
