//! The quotes of Avellaneda and Stoikov, "High-frequency trading in a limit order book", Quantitative Finance 8 (2008),
//! section 3: a dealer with constant absolute risk aversion, a mid that moves as a Brownian motion, and orders that fill
//! the more rarely the farther from the mid they rest.
//!
//! Takes in mids with their times, and an inventory; gives out the prices at which to quote. All prices are in ticks,
//! times in seconds, the inventory in quotes.

use backplane_sdk::math;

/// What the dealer is like, and the market.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Model {
    /// Risk aversion (gamma), per tick and quote.
    pub(crate) gamma: f64,
    /// How fast fills get rarer with the distance from the mid (k in the intensity `A exp(-k delta)`), per tick.
    pub(crate) kappa: f64,
    /// The time that is left (T - t), in seconds. It does not run down: the strategy trades as if the end were always
    /// as far away.
    pub(crate) horizon: f64,
}

impl Model {
    /// The reservation price: `r = s - q gamma sigma^2 (T - t)`.
    pub(crate) fn reservation(&self, mid: f64, inventory: f64, variance: f64) -> f64 {
        mid - inventory * self.gamma * variance * self.horizon
    }

    /// Ask minus bid: `gamma sigma^2 (T - t) + (2 / gamma) ln(1 + gamma / k)`.
    pub(crate) fn spread(&self, variance: f64) -> f64 {
        let risk = self.gamma * variance * self.horizon;
        risk + 2.0 / self.gamma * math::ln_1p(self.gamma / self.kappa)
    }

    /// Bid and ask, before they are rounded to ticks.
    pub(crate) fn quotes(&self, mid: f64, inventory: f64, variance: f64) -> (f64, f64) {
        let reservation = self.reservation(mid, inventory, variance);
        let half = self.spread(variance) / 2.0;
        (reservation - half, reservation + half)
    }
}

/// The variance of the mid a second, as an average that forgets: each change counts half as much when `half_life` has
/// passed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Variance {
    half_life: f64,
    /// The mid and the time of the last change.
    last: Option<(f64, f64)>,
    /// Squared changes and seconds, both weighted.
    squares: f64,
    seconds: f64,
}

impl Variance {
    pub(crate) const fn new(half_life: f64) -> Variance {
        Variance {
            half_life,
            last: None,
            squares: 0.0,
            seconds: 0.0,
        }
    }

    /// Everything that it is made of, as [`Variance::of`] takes it: NaN where no mid is known.
    pub(crate) fn numbers(&self) -> [f64; 5] {
        let (mid, at) = self.last.unwrap_or((f64::NAN, f64::NAN));
        [self.half_life, mid, at, self.squares, self.seconds]
    }

    /// What [`Variance::numbers`] was made of.
    pub(crate) fn of(numbers: [f64; 5]) -> Variance {
        let [half_life, mid, at, squares, seconds] = numbers;
        Variance {
            half_life,
            last: (!mid.is_nan()).then_some((mid, at)),
            squares,
            seconds,
        }
    }

    /// Takes over a mid at a time.
    pub(crate) fn note(&mut self, mid: f64, at: f64) {
        if let Some((before, then)) = self.last {
            let (change, passed) = (mid - before, at - then);
            let kept = math::exp(-core::f64::consts::LN_2 * passed / self.half_life);
            self.squares = self.squares * kept + change * change;
            self.seconds = self.seconds * kept + passed;
        }
        self.last = Some((mid, at));
    }

    /// The variance a second; 0 while nothing is known.
    pub(crate) fn per_second(&self) -> f64 {
        if self.seconds > 0.0 {
            self.squares / self.seconds
        } else {
            0.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODEL: Model = Model {
        gamma: 0.1,
        kappa: 1.5,
        horizon: 1.0,
    };

    /// The paper's example: sigma 2, gamma 0.1, k 1.5, T 1 gives a spread of 1.49 for the inventory strategy at t = 0
    /// beside 1.29, which is its second term alone.
    #[test]
    fn the_spread_is_that_of_the_formula() {
        let second = 2.0 / 0.1 * (1.0f64 + 0.1 / 1.5).ln();
        assert!((second - 1.29).abs() < 0.005);
        assert!((MODEL.spread(4.0) - (0.4 + second)).abs() < 1e-12);
        assert!((MODEL.spread(0.0) - second).abs() < 1e-12);
    }

    #[test]
    fn a_dealer_with_inventory_quotes_so_as_to_get_rid_of_it() {
        let (bid, ask) = MODEL.quotes(100.0, 3.0, 4.0);
        assert!(((bid + ask) / 2.0 - (100.0 - 3.0 * 0.1 * 4.0)).abs() < 1e-9);
        let (flat_bid, flat_ask) = MODEL.quotes(100.0, 0.0, 4.0);
        assert!(bid < flat_bid && ask < flat_ask);
    }

    #[test]
    fn the_variance_of_a_walk_is_found_and_what_is_old_is_forgotten() {
        let mut variance = Variance::new(100.0);
        assert_eq!(variance.per_second(), 0.0);
        for step in 0..2_000 {
            variance.note(f64::from(step % 2) * 2.0, f64::from(step) * 0.5);
        }
        assert!(
            (variance.per_second() - 8.0).abs() < 0.1,
            "steps of 2 each half second"
        );
        for step in 0..2_000 {
            variance.note(0.0, 1_000.0 + f64::from(step));
        }
        assert!(variance.per_second() < 0.01);
    }
}
