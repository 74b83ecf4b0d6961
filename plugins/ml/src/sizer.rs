//! From a prediction to a position.
//!
//! Takes in the return that is expected; gives out the position to hold.

use backplane_sdk::prelude::*;

/// Holds `size` in the direction of a prediction that is worth its costs, keeps it while the prediction agrees, and has
/// nothing otherwise.
pub(crate) struct PositionSizer {
    /// The expected return from which on a position is entered, in 1e-4.
    pub(crate) entry: f64,
    /// The expected return against it at which it is left.
    pub(crate) exit: f64,
    /// How much is held.
    pub(crate) size: Quantity,
}

impl PositionSizer {
    /// The position to hold, where `held` is what will be held.
    pub(crate) fn target(&self, prediction: f64, held: Quantity) -> Quantity {
        if prediction > self.entry {
            self.size
        } else if prediction < -self.entry {
            -self.size
        } else if held.0 > 0 && prediction < -self.exit || held.0 < 0 && prediction > self.exit {
            Quantity::ZERO
        } else {
            held
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_entered_for_its_worth_kept_and_left_when_the_prediction_turns() {
        let sizer = PositionSizer {
            entry: 1.0,
            exit: 0.2,
            size: Quantity(3),
        };
        let target = |prediction, held| sizer.target(prediction, Quantity(held)).0;
        assert_eq!(target(1.5, 0), 3);
        assert_eq!(target(-1.5, 3), -3);
        assert_eq!(target(0.5, 0), 0);
        assert_eq!(target(-0.1, 3), 3);
        assert_eq!(target(-0.5, 3), 0);
        assert_eq!(target(0.5, -3), 0);
        assert_eq!(target(f64::NAN, 3), 3);
    }
}
