//! The highest and the lowest mid since any earlier time.
//!
//! Takes in mids in the order of their times; gives out extremes over the time since. Of each side only those mids are
//! kept that no later one has passed, so that there are never more than different mids.

use std::collections::VecDeque;

/// A mid with the time from which it was one.
pub(super) type Mid = (i64, i64);

/// Mids from which extremes follow.
#[derive(Clone, Debug, Default)]
pub(super) struct Excursions {
    falling: VecDeque<Mid>,
    rising: VecDeque<Mid>,
}

impl Excursions {
    /// The mid is `mid` from `at` on.
    pub(super) fn add(&mut self, at: i64, mid: i64) {
        while self.falling.back().is_some_and(|x| x.1 <= mid) {
            self.falling.pop_back();
        }
        self.falling.push_back((at, mid));
        while self.rising.back().is_some_and(|x| x.1 >= mid) {
            self.rising.pop_back();
        }
        self.rising.push_back((at, mid));
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.falling.clear();
        self.rising.clear();
    }

    /// The lowest and the highest mid that came after `after`; none where none did.
    pub(super) fn since(&self, after: i64) -> Option<[i64; 2]> {
        let first = |all: &VecDeque<Mid>| {
            let place = all.partition_point(|x| x.0 <= after);
            all.get(place).map(|x| x.1)
        };
        Some([first(&self.rising)?, first(&self.falling)?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn extremes_are_those_of_all_mids_since(
            mids in prop::collection::vec(-50_i64..50, 1..80),
            after in -2_i64..90,
        ) {
            let mut excursions = Excursions::default();
            for (at, mid) in mids.iter().enumerate() {
                excursions.add(at as i64, *mid);
            }
            let since: Vec<i64> = mids.iter().copied().enumerate()
                .filter(|x| x.0 as i64 > after).map(|x| x.1).collect();
            let expected = since.iter().min().zip(since.iter().max());
            let found = excursions.since(after).map(|[low, high]| (low, high));
            prop_assert_eq!(found, expected.map(|(low, high)| (*low, *high)));
        }
    }
}
