//! An independent oracle for the exchange simulation: a plain price-time matching engine that keeps every queue, against
//! which the engine's arithmetic is held on random markets and random orders.

mod arriving;
pub(crate) mod flow;
mod jitter;
mod matching;
pub(crate) mod scripted;
mod special;
mod waiting;

use backplane_engine::RunConfig;
use backplane_engine::error::RunError;
use backplane_engine::exchange::OrderRules;
use backplane_engine::guest::{Guest, InProcess};
use backplane_engine::latency::{FeedLatency, Latency};
use backplane_engine::record::{
    CommandRecord, EquityRecord, FillReason, FillRecord, LogRecord, MetricRecord, OrderRecord,
    RecordError, Recorder,
};
use backplane_sdk::params::Params;
use backplane_sdk::types::{Nanos, OrderStatus, Reason, Side};
use backplane_tests::rows::{Rows, play_by, resolve};
use proptest::prelude::*;

use jitter::Travel;
use scripted::Scripted;
pub(crate) use special::special;

/// What became of an order, in a form that both sides can make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Update {
        order_id: u64,
        status: OrderStatus,
        reason: Reason,
        leaves: i64,
        at: i64,
    },
    Fill {
        order_id: u64,
        price: i64,
        quantity: i64,
        leaves: i64,
        reason: FillReason,
        queue_ahead: i64,
        at: i64,
    },
}

/// The latencies of a case, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Delays {
    pub(crate) feed: i64,
    pub(crate) entry: i64,
    pub(crate) response: i64,
}

impl Delays {
    /// The same in the engine's words.
    pub(crate) fn latency(self) -> Latency {
        let feed = FeedLatency::fixed(Nanos(self.feed));
        Latency::fixed(feed, Nanos(self.entry), Nanos(self.response))
    }
}

#[derive(Default)]
pub(crate) struct Effects(Vec<Effect>);

impl Recorder for Effects {
    fn command(&mut self, _: &CommandRecord) -> Result<(), RecordError> {
        Ok(())
    }
    fn order(&mut self, record: &OrderRecord) -> Result<(), RecordError> {
        let update = &record.update;
        // The end of the run is not the oracle's business.
        if update.reason != Reason::EndOfRun {
            self.0.push(Effect::Update {
                order_id: update.order_id.0,
                status: update.status,
                reason: update.reason,
                leaves: update.leaves.0,
                at: update.ts_recv.0,
            });
        }
        Ok(())
    }
    fn fill(&mut self, record: &FillRecord) -> Result<(), RecordError> {
        self.0.push(Effect::Fill {
            order_id: record.fill.order_id.0,
            price: record.fill.price.0,
            quantity: record.fill.quantity.0,
            leaves: record.fill.leaves.0,
            reason: record.reason,
            queue_ahead: record.queue_ahead.0,
            at: record.fill.ts_recv.0,
        });
        Ok(())
    }
    fn equity(&mut self, record: &EquityRecord) -> Result<(), RecordError> {
        let value = record.price.0 as i128 * i128::from(record.position.0);
        assert_eq!(
            record.equity.0,
            record.cash.0 + value,
            "cash + value = equity"
        );
        Ok(())
    }
    fn metric(&mut self, _: &MetricRecord) -> Result<(), RecordError> {
        Ok(())
    }
    fn log(&mut self, _: &LogRecord<'_>) -> Result<(), RecordError> {
        Ok(())
    }
}

/// Every answer that a strategy gets which plays on these rows.
pub(crate) fn answers(
    source: &mut Rows,
    guest: Box<dyn Guest>,
    delays: Delays,
) -> Result<Vec<Effect>, RunError> {
    answers_after(source, guest, delays.latency(), OrderRules::default())
}

/// As [`answers`] with any latencies, where the user chose some rules.
pub(crate) fn answers_after(
    source: &mut Rows,
    guest: Box<dyn Guest>,
    latency: Latency,
    orders: OrderRules,
) -> Result<Vec<Effect>, RunError> {
    let config = RunConfig {
        latency,
        orders,
        ..RunConfig::default()
    };
    answers_by(source, guest, config)
}

/// As [`answers`] with any settings.
pub(crate) fn answers_by(
    source: &mut Rows,
    guest: Box<dyn Guest>,
    config: RunConfig,
) -> Result<Vec<Effect>, RunError> {
    let mut effects = Effects::default();
    play_by(source, vec![guest], config, Vec::new(), &mut effects)?;
    Ok(effects.0)
}

/// The strategy of a script.
pub(crate) fn scripted(seed: u64) -> Box<dyn Guest> {
    let declared = <Scripted as backplane_sdk::Strategy>::descriptor().params;
    let params = Params::defaults(&declared).with_text("seed", &seed.to_string());
    Box::new(InProcess::<Scripted>::new(&params.unwrap()).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn the_engine_agrees_with_the_oracle_on_every_answer(
        seed in 1u64..u64::from(u32::MAX),
        feed in 0i64..80,
        entry in 0i64..80,
        response in 0i64..80,
        steps in 20usize..250,
        batch in 1usize..60,
    ) {
        let delays = Delays { feed, entry, response };
        let messages = flow::random(seed, steps);
        let expected = matching::simulate(&messages, seed, &mut Travel::new(delays, 0));
        let mut source = Rows::new(resolve(&messages, 1), batch);
        let found = answers(&mut source, scripted(seed), delays).unwrap();
        for (number, (found, expected)) in found.iter().zip(&expected).enumerate() {
            prop_assert_eq!(found, expected, "answer {}", number);
        }
        prop_assert_eq!(found.len(), expected.len());
    }

    #[test]
    fn the_engine_agrees_with_the_oracle_when_every_latency_is_drawn(
        seed in 1u64..u64::from(u32::MAX),
        feed in 0i64..40,
        entry in 0i64..40,
        response in 0i64..40,
        spread in 1i64..120,
        steps in 20usize..250,
        batch in 1usize..60,
    ) {
        let delays = Delays { feed, entry, response };
        let messages = flow::random(seed, steps);
        let mut travel = Travel::new(delays, spread);
        let latency = travel.latency();
        let expected = matching::simulate(&messages, seed, &mut travel);
        let mut source = Rows::new(resolve(&messages, 1), batch);
        let found = answers_after(&mut source, scripted(seed), latency, OrderRules::default()).unwrap();
        for (number, (found, expected)) in found.iter().zip(&expected).enumerate() {
            prop_assert_eq!(found, expected, "answer {}", number);
        }
        prop_assert_eq!(found.len(), expected.len());
    }
}

/// A test whose cases fill nothing proves nothing.
#[test]
fn the_oracle_s_markets_exercise_every_way_to_be_filled() {
    let delays = Delays {
        feed: 10,
        entry: 25,
        response: 15,
    };
    let mut counts = [0usize; 4];
    let mut refusals = 0;
    for seed in 1..400 {
        let mut travel = Travel::new(delays, 0);
        for effect in matching::simulate(&flow::random(seed, 200), seed, &mut travel) {
            match effect {
                Effect::Fill { reason, .. } => counts[reason as usize] += 1,
                Effect::Update { status, .. } => {
                    refusals += usize::from(status == OrderStatus::Rejected);
                }
            }
        }
    }
    println!("queue reached, traded through, crossed, taker: {counts:?}; rejected {refusals}");
    assert!(counts.iter().all(|x| *x > 100), "{counts:?}");
    assert!(refusals > 100);
}

/// Both sides of a message, for the files of this folder.
pub(crate) fn side(code: u64) -> Side {
    if code.is_multiple_of(2) {
        Side::Buy
    } else {
        Side::Sell
    }
}
