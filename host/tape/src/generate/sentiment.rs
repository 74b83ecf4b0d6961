//! The slow mood of an instrument's traders: what makes prices trend for a while and come back in the end.
//!
//! Takes in the time and random numbers; gives out how much likelier buying is than selling. The mood is the sum of two
//! parts. The pressure is a first-order autoregression with a memory of about two thousand messages, which trend
//! followers can trade on. The pull draws the price to a fair value, itself an autoregression around the start price
//! with a memory of about a quarter of a million messages; it is what makes prices return. Everything is counted in
//! integers.

use super::random::Random;

/// How many messages come on average in a step of both autoregressions.
const STEP_MESSAGES: f64 = 15.0;
/// After a longer silence the steps that are left out no longer matter.
const STEPS_MAX: i64 = 256;
/// The fraction of the pressure that is forgotten in a step is one over this.
const PRESSURE_MEMORY_STEPS: i32 = 120;
/// The largest step of the pressure, in units of 1/1024.
const PRESSURE_STEP_MAX: u32 = 20;
/// The fraction of the fair value's distance from the start that is forgotten in a step is one over this.
const VALUE_MEMORY_STEPS: i64 = 16_384;
/// Units in which the fair value is counted, in a tick.
const VALUE_UNITS: i64 = 1_024;
/// The pull at 1/128 of the start price from the fair value, in units of 1/1024.
const PULL: i64 = 64;
/// The most that the mood moves the chance of buying, in units of 1/1024.
const MOOD_MAX: i32 = 180;

/// The mood of one instrument's traders.
#[derive(Clone, Debug)]
pub(super) struct Sentiment {
    next_step: i64,
    step_nanos: i64,
    /// In units of 1/1024.
    pressure: i32,
    start_tick: i32,
    /// The fair value less the start price, in [`VALUE_UNITS`].
    value: i64,
    /// The largest step of the fair value, in [`VALUE_UNITS`].
    value_step_max: u32,
    /// The fair value, in ticks.
    fair_tick: i32,
    /// How many ticks from the fair value the pull no longer grows.
    pull_ticks_max: i32,
    /// The pull for each tick from the fair value, in units of 2^-26.
    pull_a_tick: i64,
}

impl Sentiment {
    /// A calm mood at the time `start` (nanoseconds) with the price at `start_tick`.
    pub(super) fn new(start: i64, start_tick: i32, messages_per_second: f64) -> Sentiment {
        let step_nanos = (STEP_MESSAGES * 1e9 / messages_per_second) as i64;
        let pull_ticks = (start_tick / 128).clamp(8, 1_000);
        Sentiment {
            next_step: start + step_nanos,
            step_nanos,
            pressure: 0,
            start_tick,
            value: 0,
            value_step_max: (start_tick as u32 / 32).clamp(32, 1 << 20),
            fair_tick: start_tick,
            pull_ticks_max: pull_ticks * 4,
            pull_a_tick: (PULL << 16) / i64::from(pull_ticks),
        }
    }

    /// Lets the mood change until the time `now` (nanoseconds).
    #[inline]
    pub(super) fn advance(&mut self, now: i64, random: &mut Random) {
        if now < self.next_step {
            return;
        }
        let steps = (now - self.next_step) / self.step_nanos + 1;
        self.next_step += steps * self.step_nanos;
        for _ in 0..steps.min(STEPS_MAX) {
            self.pressure -= self.pressure / PRESSURE_MEMORY_STEPS;
            self.pressure += symmetric(PRESSURE_STEP_MAX, random);
            self.value -= self.value / VALUE_MEMORY_STEPS;
            self.value += i64::from(symmetric(self.value_step_max, random));
        }
        self.fair_tick = self.start_tick + (self.value / VALUE_UNITS) as i32;
    }

    /// How much likelier than one half buying is, in units of 1/1024, while the price is `tick`. Far from the start
    /// price the pull outweighs everything.
    #[inline]
    pub(super) fn mood(&self, tick: i32) -> i32 {
        let away = (self.fair_tick - tick).clamp(-self.pull_ticks_max, self.pull_ticks_max);
        let pull = ((i64::from(away) * self.pull_a_tick) >> 16) as i32;
        (pull + self.pressure).clamp(-MOOD_MAX, MOOD_MAX)
    }
}

/// A whole number between `-limit` and `limit`.
#[inline]
fn symmetric(limit: u32, random: &mut Random) -> i32 {
    random.below(2 * limit + 1) as i32 - limit as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mood_moves_and_stays_within_bounds() {
        let mut sentiment = Sentiment::new(0, 19_200, 15.0);
        let mut random = Random::new(2, 0);
        let (mut lowest, mut highest) = (0, 0);
        for second in 1..200_000 {
            sentiment.advance(second * 1_000_000_000, &mut random);
            let mood = sentiment.mood(19_200);
            (lowest, highest) = (lowest.min(mood), highest.max(mood));
        }
        assert!((-MOOD_MAX..-60).contains(&lowest), "{lowest}");
        assert!((60..=MOOD_MAX).contains(&highest), "{highest}");
    }

    #[test]
    fn a_price_far_away_is_drawn_back() {
        let sentiment = Sentiment::new(0, 19_200, 15.0);
        assert_eq!(sentiment.mood(9_600), MOOD_MAX);
        assert_eq!(sentiment.mood(40_000), -MOOD_MAX);
    }

    #[test]
    fn a_long_silence_costs_a_bounded_number_of_steps() {
        let mut sentiment = Sentiment::new(0, 19_200, 15.0);
        let mut random = Random::new(2, 0);
        sentiment.advance(i64::MAX / 2, &mut random);
        assert!(sentiment.next_step > i64::MAX / 2);
    }
}
