//! Latencies as they were recorded over time.
//!
//! Takes in measured times with the latency of each; gives out latencies at any time, by straight lines between the
//! measurements, as hftbacktest's `IntpOrderLatency` does. Nothing is drawn. All in integers.

use backplane_sdk::types::{Nanos, Timestamp};

use super::LatencyModel;
use crate::random::Random;

/// Measured latencies and straight lines between them. Before the first measurement the latency is the first, after the
/// last it is the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interpolated {
    /// Times of departure with the latency then, ascending.
    points: Vec<(Timestamp, Nanos)>,
    minimum: Nanos,
}

impl Interpolated {
    /// The latencies of some measurements.
    ///
    /// # Errors
    /// Says what is wrong, with the number of the measurement from 1, where there are none, or a time does not come after
    /// the one before.
    pub fn new(points: Vec<(Timestamp, Nanos)>) -> Result<Interpolated, String> {
        let minimum = points.iter().map(|x| x.1).min();
        let minimum = minimum.ok_or("there are no measurements")?;
        if let Some(place) = points.windows(2).position(|x| x[0].0 >= x[1].0) {
            return Err(format!(
                "measurement {} is not later than the one before",
                place + 2
            ));
        }
        Ok(Interpolated { points, minimum })
    }
}

impl LatencyModel for Interpolated {
    fn minimum(&self) -> Nanos {
        self.minimum
    }

    fn draw(&self, at: Timestamp, _: &mut Random) -> Nanos {
        let next = self.points.partition_point(|x| x.0 <= at);
        let Some(&(after, then)) = self.points.get(next) else {
            return self.points[next - 1].1;
        };
        let Some(&(before, since)) = next.checked_sub(1).and_then(|x| self.points.get(x)) else {
            return then;
        };
        let (passed, span) = (at.0 - before.0, after.0 - before.0);
        let change = i128::from(then.0 - since.0) * i128::from(passed);
        Nanos(since.0 + change.div_euclid(i128::from(span)) as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_between_measurements_lie_on_straight_lines() {
        let points = [(1_000, 50), (2_000, 150), (2_010, 20)];
        let points = points.map(|(at, latency)| (Timestamp(at), Nanos(latency)));
        let model = Interpolated::new(points.to_vec()).unwrap();
        assert_eq!(model.minimum(), Nanos(20));
        for (at, expected) in [
            (i64::MIN, 50),
            (1_000, 50),
            (1_250, 75),
            (1_999, 149),
            (2_000, 150),
            (2_003, 111),
            (2_010, 20),
            (i64::MAX, 20),
        ] {
            let found = model.draw(Timestamp(at), &mut Random::new(0));
            assert_eq!(found, Nanos(expected), "at {at}");
        }
    }

    #[test]
    fn measurements_out_of_order_are_refused() {
        let points = [(5, 1), (7, 1), (7, 1)].map(|x| (Timestamp(x.0), Nanos(x.1)));
        let error = Interpolated::new(points.to_vec()).unwrap_err();
        assert_eq!(error, "measurement 3 is not later than the one before");
        assert!(Interpolated::new(Vec::new()).is_err());
    }
}
