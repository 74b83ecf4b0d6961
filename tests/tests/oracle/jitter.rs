//! The latencies of the oracle: each leg drawn anew, nothing overtaking.
//!
//! It shares no code with the engine, save that the engine is told to draw by a law of this file: the oracle computes the
//! same draws from the definition in `docs/latency.md`.

use backplane_engine::delay::{Delay, LatencyModel};
use backplane_engine::latency::{EntryLatency, FeedLatency, Latency};
use backplane_engine::random::Random;
use backplane_sdk::types::{Nanos, Timestamp};
use backplane_tape::SourceMessage;

use super::Delays;
use super::scripted::Deed;

/// From `minimum` to `minimum + spread - 1`, each as likely.
#[derive(Clone, Copy, Debug)]
struct Even {
    minimum: i64,
    spread: i64,
}

impl LatencyModel for Even {
    fn minimum(&self) -> Nanos {
        Nanos(self.minimum)
    }

    fn draw(&self, _: Timestamp, random: &mut Random) -> Nanos {
        Nanos(self.minimum + random.below(self.spread as u64) as i64)
    }
}

fn mix(mut x: u64) -> u64 {
    x ^= x >> 30;
    x = x.wrapping_mul(13_787_848_793_156_543_929);
    x ^= x >> 27;
    x = x.wrapping_mul(10_723_151_780_598_845_931);
    x ^ x >> 31
}

const GOLDEN: u64 = 11_400_714_819_323_198_485;

fn key(parts: [u64; 2]) -> u64 {
    let join = |key: u64, part: u64| mix(key ^ part).wrapping_add(GOLDEN);
    parts.into_iter().fold(0, join)
}

/// The number that draw `count` of a leg spreads from 0 to `spread` - 1.
fn draw(seed: u64, leg: u64, count: u64, spread: i64) -> i64 {
    let first = mix(key([key([seed, leg]), count]).wrapping_add(GOLDEN));
    ((u128::from(first) * spread as u128) >> 64) as i64
}

/// One leg: how many things were sent on it and when the last arrives.
#[derive(Default)]
struct Track {
    count: u64,
    last: i64,
}

impl Track {
    fn arrives(&mut self, at: i64, delay: impl FnOnce(u64) -> i64) -> i64 {
        self.count += 1;
        self.last = self.last.max(at + delay(self.count));
        self.last
    }
}

/// The latencies of a case, and what travels.
pub(crate) struct Travel {
    delays: Delays,
    spread: i64,
    /// The seed of the strategy's draws.
    seed: u64,
    entry: Track,
    response: Track,
}

/// The run's seed, the engine's default.
const SEED: u64 = 1;

impl Travel {
    /// Latencies of at least so much, that are less than `spread` longer; with a spread of zero they are fixed.
    pub(crate) fn new(delays: Delays, spread: i64) -> Travel {
        let name = b"scripted";
        let digest = blake3::hash(&[&SEED.to_le_bytes()[..], name].concat());
        Travel {
            delays,
            spread,
            seed: u64::from_le_bytes(*digest.as_bytes().first_chunk().unwrap()),
            entry: Track::default(),
            response: Track::default(),
        }
    }

    /// The latencies in the engine's words.
    pub(crate) fn latency(&self) -> Latency {
        let spread = self.spread;
        let even = |minimum: i64| Delay::drawn(Even { minimum, spread });
        Latency {
            feed: FeedLatency::Delayed(even(self.delays.feed)),
            entry: EntryLatency {
                new: even(self.delays.entry),
                modify: Delay::Fixed(Nanos(self.delays.entry + spread)),
                cancel: even(self.delays.entry / 2),
            },
            response: even(self.delays.response),
        }
    }

    fn drawn(&self, leg: u64, count: u64) -> i64 {
        match self.spread {
            0 => 0,
            spread => draw(self.seed, leg, count, spread),
        }
    }

    /// When the first and the last message are heard.
    pub(crate) fn heard(&self, messages: &[SourceMessage]) -> [i64; 2] {
        let mut track = Track::default();
        let mut heard = Vec::new();
        let mut begins = true;
        for message in messages {
            if begins {
                let delay = |count| match self.spread {
                    0 => self.delays.feed,
                    spread => self.delays.feed + draw(SEED, 1, count, spread),
                };
                heard.push(track.arrives(message.ts_event.0, delay));
            }
            begins = message.flags.is_last();
        }
        [heard[0], heard[heard.len() - 1]]
    }

    /// When a request lands that is sent at `now`.
    pub(crate) fn lands(&mut self, now: i64, deed: &Deed) -> i64 {
        let next = self.drawn(2, self.entry.count + 1);
        let minimum = self.delays.entry;
        let delay = match deed {
            Deed::Submit(_) => minimum + next,
            Deed::Modify { .. } | Deed::ModifyStop { .. } => minimum + self.spread,
            Deed::Cancel { .. } | Deed::CancelAll if self.spread == 0 => minimum,
            Deed::Cancel { .. } | Deed::CancelAll => minimum / 2 + next,
        };
        self.entry.arrives(now, |_| delay)
    }

    /// When an answer is heard that is given at `at`.
    pub(crate) fn answered(&mut self, at: i64) -> i64 {
        let next = self.drawn(3, self.response.count + 1);
        let delay = self.delays.response + next;
        self.response.arrives(at, |_| delay)
    }
}
