//! How long one thing travels, and the way on which things follow one another.
//!
//! Takes in a time of departure; gives out a time of arrival. A [`Delay`] is fixed or drawn from a [`LatencyModel`]; a
//! [`Way`] keeps the order of what travels on it: nothing overtakes.

use std::fmt;
use std::sync::Arc;

use backplane_sdk::types::{Nanos, Timestamp};

use crate::random::{Random, key};

/// The longest latency that may be set. It bounds how far the engine must read ahead of the strategies.
pub const LATENCY_MAX: Nanos = Nanos::from_secs(4);

/// A law by which latencies are drawn. A draw must depend on its arguments alone.
pub trait LatencyModel: fmt::Debug + Send + Sync {
    /// The least that is ever drawn: the simulation relies on it to run ahead, so the closer to the truth, the faster.
    /// Smaller draws are raised to it, and those beyond [`LATENCY_MAX`] lowered to that.
    fn minimum(&self) -> Nanos;

    /// The latency of what leaves at `at`.
    fn draw(&self, at: Timestamp, random: &mut Random) -> Nanos;
}

/// How long something travels.
#[derive(Clone, Debug)]
pub enum Delay {
    /// Always as long.
    Fixed(Nanos),
    /// As long as a model says.
    Drawn(Arc<dyn LatencyModel>),
}

impl Delay {
    /// A delay that a model draws.
    pub fn drawn(model: impl LatencyModel + 'static) -> Delay {
        Delay::Drawn(Arc::new(model))
    }

    /// The least that it is.
    pub fn minimum(&self) -> Nanos {
        match self {
            Delay::Fixed(fixed) => *fixed,
            Delay::Drawn(model) => model.minimum(),
        }
    }

    /// The delay of what leaves at `at`, the thing of this number under a key.
    #[inline]
    pub fn of(&self, at: i64, numbers: u64, number: u64) -> i64 {
        match self {
            Delay::Fixed(fixed) => fixed.0,
            Delay::Drawn(model) => draw(&**model, at, key(&[numbers, number])),
        }
    }
}

#[cold]
fn draw(model: &dyn LatencyModel, at: i64, key: u64) -> i64 {
    let drawn = model.draw(Timestamp(at), &mut Random::new(key));
    // A model of somebody else may break its word; the least goes first then, so that the simulation stays in order.
    drawn.0.min(LATENCY_MAX.0).max(model.minimum().0)
}

/// The legs of a journey, each with random numbers of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leg {
    /// Market data to the strategies.
    Feed = 1,
    /// Requests to the exchange.
    Entry = 2,
    /// Answers to a strategy.
    Response = 3,
}

/// A way on which things of some kinds travel one behind another.
#[derive(Clone, Debug)]
pub struct Way<const KINDS: usize> {
    delays: [Delay; KINDS],
    numbers: u64,
    /// How many things were sent.
    count: u64,
    /// When the last of them arrives.
    last: i64,
}

impl<const KINDS: usize> Way<KINDS> {
    /// A way on which nothing travels yet, with the delay of each kind. Draws follow from the seed of whose way it is,
    /// the leg, and the number of what travels.
    pub const fn new(delays: [Delay; KINDS], seed: u64, leg: Leg) -> Way<KINDS> {
        Way {
            delays,
            numbers: key(&[seed, leg as u64]),
            count: 0,
            last: i64::MIN,
        }
    }

    /// The shortest delay of all kinds.
    pub fn minimum(&self) -> i64 {
        let all = self.delays.iter().map(|x| x.minimum().0);
        all.min().unwrap_or_default()
    }

    /// When a thing of a kind arrives that leaves at `at`, which is not before the last: not before what left earlier.
    #[inline]
    pub fn arrives(&mut self, at: i64, kind: usize) -> i64 {
        self.count += 1;
        let delay = self.delays[kind].of(at, self.numbers, self.count);
        self.last = self.last.max(at.saturating_add(delay));
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Says one thing and does another.
    #[derive(Debug)]
    struct Liar;

    impl LatencyModel for Liar {
        fn minimum(&self) -> Nanos {
            Nanos(100)
        }

        fn draw(&self, _: Timestamp, random: &mut Random) -> Nanos {
            Nanos(random.bits() as i64)
        }
    }

    proptest! {
        #[test]
        fn nothing_overtakes_and_no_delay_leaves_its_bounds(
            departures in prop::collection::vec((0i64..1_000, 0usize..3), 1..50),
            seed in any::<u64>(),
        ) {
            let delays = [Delay::drawn(Liar), Delay::Fixed(Nanos(70)), Delay::drawn(Liar)];
            let mut way = Way::new(delays.clone(), seed, Leg::Entry);
            prop_assert_eq!(way.minimum(), 70);
            let (mut at, mut before) = (0, i64::MIN);
            for (step, kind) in departures {
                at += step;
                let arrives = way.arrives(at, kind);
                prop_assert!(arrives >= before);
                prop_assert!(arrives >= at + delays[kind].minimum().0);
                prop_assert!(arrives <= at + LATENCY_MAX.0);
                before = arrives;
            }
        }
    }

    #[test]
    fn a_draw_belongs_to_its_number_and_to_its_leg() {
        let way = |leg| Way::new([Delay::drawn(Spread)], 5, leg);
        let draws = |leg| {
            let mut way = way(leg);
            // Far apart, so that none waits for another.
            [0, 1, 2].map(|x| way.arrives(x * LATENCY_MAX.0, 0) - x * LATENCY_MAX.0)
        };
        assert_eq!(draws(Leg::Entry), draws(Leg::Entry));
        assert_ne!(draws(Leg::Entry), draws(Leg::Response));
        let [first, second, _] = draws(Leg::Entry);
        assert_ne!(first, second);
    }

    /// Any of a million nanoseconds.
    #[derive(Debug)]
    struct Spread;

    impl LatencyModel for Spread {
        fn minimum(&self) -> Nanos {
            Nanos::ZERO
        }

        fn draw(&self, _: Timestamp, random: &mut Random) -> Nanos {
            Nanos(random.below(1_000_000) as i64)
        }
    }
}
