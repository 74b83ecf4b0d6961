//! How much was held, and for how long.
//!
//! Takes in positions after executions; gives out the largest and the mean size over the time of a run.

use super::InventoryFigures;
use crate::metrics::Figure;

/// A position over time, in one instrument.
#[derive(Clone, Copy, Debug)]
pub(super) struct Inventory {
    since: i64,
    position: i64,
    max: u64,
    /// The sum of size times nanoseconds.
    area: u128,
}

impl Inventory {
    /// No position at the start of the run.
    pub(super) fn new(first: i64) -> Inventory {
        Inventory {
            since: first,
            position: 0,
            max: 0,
            area: 0,
        }
    }

    /// The position is `position` from `at` on.
    pub(super) fn set(&mut self, at: i64, position: i64) {
        self.pass(at);
        self.position = position;
        self.max = self.max.max(position.unsigned_abs());
    }

    fn pass(&mut self, at: i64) {
        let span = (i128::from(at) - i128::from(self.since)).max(0) as u128;
        let area = u128::from(self.position.unsigned_abs()) * span;
        self.area = self.area.saturating_add(area);
        self.since = self.since.max(at);
    }

    /// The figures at the end of the run.
    pub(super) fn figures(mut self, instrument: &str, first: i64, last: i64) -> InventoryFigures {
        self.pass(last);
        let span = (i128::from(last) - i128::from(first)).max(0);
        InventoryFigures {
            instrument: instrument.to_owned(),
            max_position: i64::try_from(self.max).unwrap_or(i64::MAX),
            mean_absolute_position: Figure::ratio(
                self.area as f64,
                span as f64,
                "the run has no length",
            ),
            last_position: self.position,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_weighs_each_position_by_its_time() {
        let mut inventory = Inventory::new(0);
        inventory.set(10, 4);
        inventory.set(20, -6);
        inventory.set(30, 0);
        let figures = inventory.figures("X", 0, 50);
        assert_eq!(figures.max_position, 6);
        assert_eq!(figures.mean_absolute_position, Figure::Value(2.0));
        assert_eq!(figures.last_position, 0);
    }
}
