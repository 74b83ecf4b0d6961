//! The figures of a real market that the generator follows.
//!
//! Takes in the depth of the book that is wanted; gives out the laws of sizes and distances. The figures were measured
//! on an hour of order-level data of the E-mini S&P 500 future (CME ES, 2023-12-25, 23:00 to 24:00 UTC).

use super::law::Law;

/// How many orders rest at the best price when it is as long as it usually gets.
const TOUCH_ORDERS: u32 = 20;
/// How many orders rest at each price near the best one.
const NEAR_ORDERS: u32 = 22;

/// The share in 1024 of each size from 1 on among new orders; larger ones follow a power law.
const SIZES: [f64; 20] = [
    764.0, 90.0, 55.0, 34.0, 9.4, 7.7, 4.5, 3.6, 3.1, 4.3, 2.1, 27.0, 5.5, 0.7, 0.4, 2.3, 2.0, 0.4,
    0.3, 1.0,
];
/// The share in 1000 of each size from 1 on among trades; larger ones follow a power law.
const TRADE_SIZES: [f64; 12] = [
    596.0, 155.0, 56.0, 45.0, 29.0, 14.5, 10.1, 13.8, 5.7, 11.4, 5.7, 5.4,
];
/// The largest order and the largest trade.
const SIZE_MAX: u16 = 150;

/// The laws by which orders are placed, picked and sized, shared by all instruments.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    /// How far behind its side's best price a new order is placed, in ticks.
    pub(super) place: Law,
    /// How far behind the best price cancelled orders stand.
    pub(super) cancel: Law,
    /// How far behind the best price modified orders stand.
    pub(super) modify: Law,
    /// How far behind the best price orders are moved that change their price by more than a few ticks.
    pub(super) relocate: Law,
    /// The sizes of new orders.
    pub(super) size: Law,
    /// The sizes of trades.
    pub(super) trade_size: Law,
    /// How many orders rest at each distance from the best price on average.
    pub(super) depth: Vec<u32>,
}

impl Shape {
    /// The laws of a book with `resting_orders` orders on both sides together.
    pub(super) fn new(resting_orders: u32) -> Shape {
        let depth = depth(resting_orders / 2);
        let limit = depth.len() as u16 - 1;
        Shape {
            place: Law::with_power_tail(
                &[555.0, 60.0, 22.0, 15.0, 7.0, 8.0, 6.0, 5.0, 4.0, 7.0, 32.0],
                240.0,
                1.57,
                limit,
            ),
            cancel: Law::with_power_tail(
                &[
                    595.0, 77.0, 22.0, 10.0, 10.0, 8.0, 8.0, 12.0, 10.0, 40.0, 8.0,
                ],
                200.0,
                1.57,
                limit,
            ),
            modify: Law::with_power_tail(
                &[
                    173.0, 159.0, 98.0, 101.0, 73.0, 37.0, 12.0, 5.0, 5.0, 30.0, 6.0,
                ],
                300.0,
                1.0,
                limit,
            ),
            relocate: Law::with_power_tail(
                &[
                    60.0, 90.0, 200.0, 170.0, 100.0, 60.0, 11.0, 5.0, 8.0, 5.0, 30.0,
                ],
                300.0,
                1.0,
                limit,
            ),
            size: sizes(&SIZES, 4.0),
            trade_size: sizes(&TRADE_SIZES, 28.0),
            depth,
        }
    }

    /// How many orders rest at a distance from the best price on average; one beyond the last distance.
    #[inline]
    pub(super) fn depth_at(&self, distance: u32) -> u32 {
        self.depth.get(distance as usize).copied().unwrap_or(1)
    }

    /// The farthest distance at which orders are placed.
    pub(super) fn reach(&self) -> i32 {
        self.depth.len() as i32 - 1
    }
}

/// The mean number of orders at each distance for one side with `orders` orders: constant near the best price and
/// falling like the density of a Cauchy law, whose sum is known, so the total comes out as wanted.
fn depth(orders: u32) -> Vec<u32> {
    // A tenth lies beyond the reach, at six half widths.
    let whole = f64::from(orders) * 1.1;
    let half_width = whole / (f64::from(NEAR_ORDERS) * core::f64::consts::FRAC_PI_2);
    let reach = (half_width * 6.0) as u32 + 8;
    (0..=reach)
        .map(|distance| {
            let relative = f64::from(distance) / half_width;
            let mean = f64::from(NEAR_ORDERS) / (1.0 + relative * relative);
            let limit = if distance == 0 {
                TOUCH_ORDERS
            } else {
                NEAR_ORDERS
            };
            ((mean + 0.5) as u32).clamp(1, limit)
        })
        .collect()
}

/// A law of sizes: `head` from size 1 on, `tail` spread by a power law over the larger ones.
fn sizes(head: &[f64], tail: f64) -> Law {
    let shifted: Vec<f64> = core::iter::once(0.0).chain(head.iter().copied()).collect();
    Law::with_power_tail(&shifted, tail, 2.3, SIZE_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_book_is_as_deep_as_it_was_wished() {
        for wished in [400, 4_000, 40_000] {
            let total = Shape::new(wished).depth.iter().sum::<u32>() * 2;
            let ratio = f64::from(total) / f64::from(wished);
            assert!((0.75..1.25).contains(&ratio), "{total} for {wished}");
        }
    }

    #[test]
    fn no_size_is_zero() {
        let shape = Shape::new(1_000);
        let mut random = super::super::random::Random::new(1, 0);
        for _ in 0..10_000 {
            assert!(shape.size.draw(&mut random) > 0);
            assert!(shape.trade_size.draw(&mut random) > 0);
        }
    }
}
