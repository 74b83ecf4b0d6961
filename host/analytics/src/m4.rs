//! Fewer points for the same picture.
//!
//! Takes in a series point by point; gives out the first, the last, the lowest and the highest point of each bucket of
//! time, which draws the same line as all points do when a bucket is one pixel wide (M4: Jugel, Jerzak, Hackenbroich,
//! Markl, "M4: A Visualization-Oriented Time Series Data Aggregation", PVLDB 7(10), 2014). Memory is bounded by the
//! number of buckets.

/// A point of a series: a time in nanoseconds since the Unix epoch and a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// When.
    pub at: i64,
    /// How much.
    pub value: f64,
    /// Whatever else belongs to it; it has no bearing on what is kept.
    pub tag: i64,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    number: usize,
    first: Point,
    lowest: Point,
    highest: Point,
    last: Point,
}

/// A series being reduced.
#[derive(Clone, Debug)]
pub struct M4 {
    start: i64,
    /// The width of a bucket in nanoseconds; at least one.
    width: u128,
    count: usize,
    buckets: Vec<Bucket>,
}

impl M4 {
    /// Reduces what lies between two times, both included, to at most four points in each of `count` buckets.
    pub fn new(start: i64, end: i64, count: usize) -> M4 {
        let count = count.max(1);
        let span = (i128::from(end) - i128::from(start)).max(0) as u128 + 1;
        M4 {
            start,
            width: span.div_ceil(count as u128).max(1),
            count,
            buckets: Vec::new(),
        }
    }

    /// Adds a point. Times must not run backwards; an earlier one counts for the bucket of the point before it, and one
    /// beyond the end for the last bucket.
    pub fn push(&mut self, at: i64, value: f64) {
        self.push_tagged(Point { at, value, tag: 0 });
    }

    /// The last point.
    pub fn last(&self) -> Option<Point> {
        self.buckets.last().map(|x| x.last)
    }

    /// Adds a point that carries something.
    pub fn push_tagged(&mut self, point: Point) {
        let Point { at, value, .. } = point;
        let offset = (i128::from(at) - i128::from(self.start)).max(0) as u128;
        let number = usize::try_from(offset / self.width).unwrap_or(usize::MAX);
        let number = number.min(self.count - 1);
        if let Some(bucket) = self.buckets.last_mut().filter(|x| x.number >= number) {
            if value < bucket.lowest.value {
                bucket.lowest = point;
            }
            if value > bucket.highest.value {
                bucket.highest = point;
            }
            bucket.last = point;
            return;
        }
        self.buckets.push(Bucket {
            number,
            first: point,
            lowest: point,
            highest: point,
            last: point,
        });
    }

    /// The reduced series in the order of its times.
    pub fn points(&self) -> Vec<Point> {
        let mut points: Vec<Point> = Vec::new();
        for bucket in &self.buckets {
            let mut middle = [bucket.lowest, bucket.highest];
            middle.sort_by_key(|x| x.at);
            let [low, high] = middle;
            for point in [bucket.first, low, high, bucket.last] {
                if points.last() != Some(&point) {
                    points.push(point);
                }
            }
        }
        points
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_series_shorter_than_the_buckets_is_kept_whole() {
        let mut m4 = M4::new(0, 9, 10);
        for at in 0..10 {
            m4.push(at, (at * at) as f64);
        }
        let kept: Vec<i64> = m4.points().iter().map(|x| x.at).collect();
        assert_eq!(kept, (0..10).collect::<Vec<_>>());
    }

    #[test]
    fn the_longest_range_of_times_does_not_overflow() {
        let mut m4 = M4::new(i64::MIN, i64::MAX, 3);
        for at in [i64::MIN, 0, i64::MAX] {
            m4.push(at, 1.0);
        }
        assert_eq!(m4.points().len(), 3);
    }

    proptest! {
        #[test]
        fn every_bucket_keeps_its_first_last_lowest_and_highest(
            steps in prop::collection::vec((0_i64..50, -1_000_i32..1_000), 1..400),
            count in 1_usize..60,
        ) {
            let mut at = 0;
            let points: Vec<Point> = steps
                .iter()
                .map(|(step, value)| {
                    at += step;
                    Point { at, value: f64::from(*value), tag: 0 }
                })
                .collect();
            let mut m4 = M4::new(0, at, count);
            points.iter().for_each(|x| m4.push(x.at, x.value));
            let kept = m4.points();
            prop_assert!(kept.len() <= 4 * count);
            prop_assert!(kept.is_sorted_by_key(|x| x.at));
            let width = (at as usize + 1).div_ceil(count) as i64;
            for number in 0..count as i64 {
                let inside = |all: &[Point]| -> Vec<Point> {
                    all.iter().copied().filter(|x| x.at / width == number).collect()
                };
                let (all, few) = (inside(&points), inside(&kept));
                prop_assert_eq!(all.first(), few.first());
                prop_assert_eq!(all.last(), few.last());
                let low = |x: &[Point]| x.iter().map(|p| p.value as i64).min();
                let high = |x: &[Point]| x.iter().map(|p| p.value as i64).max();
                prop_assert_eq!(low(&all), low(&few));
                prop_assert_eq!(high(&all), high(&few));
            }
        }
    }
}
