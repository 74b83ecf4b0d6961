//! One side of a price-level book: contiguous levels, best first.
//!
//! Takes in changes of levels, with or without the place where they happen; gives out the levels as one slice. The
//! spare room is in front of the best level, so that the frequent changes near the best move few levels.

use super::Level;
use crate::types::{Price, Quantity, Side};

/// So many of the best levels are looked at one by one before a search.
const LEVELS_NEAR: usize = 4;
/// Levels of room in front of the best when the ladder grows.
const GROWTH_LEVELS: usize = 64;

/// What a change did to the ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LadderChange {
    /// The place of the level, best first, from 0: after the change where the level exists then, before it where the
    /// change removed it. Where there was nothing to remove, the place at which it would have been.
    pub rank: usize,
    /// Whether the level was made by this change.
    pub created: bool,
    /// What rested there before.
    pub previous: Quantity,
}

/// One side of a price-level book.
#[derive(Clone, Debug)]
pub struct Ladder {
    side: Side,
    /// The levels, after `start` unused ones.
    levels: Vec<Level>,
    start: usize,
}

impl Ladder {
    /// An empty ladder of a side.
    pub const fn new(side: Side) -> Ladder {
        Ladder {
            side,
            levels: Vec::new(),
            start: 0,
        }
    }

    /// The levels, best first.
    #[inline]
    pub fn levels(&self) -> &[Level] {
        &self.levels[self.start..]
    }

    /// The best level.
    #[inline]
    pub fn best(&self) -> Option<Level> {
        self.levels.get(self.start).copied()
    }

    /// Empties the ladder.
    pub fn clear(&mut self) {
        self.start = self.levels.len();
    }

    /// The place of `price`: `Ok` where the level exists, `Err` with the place where it would be.
    ///
    /// # Errors
    /// The place of insertion, where there is no such level.
    #[inline]
    pub fn find(&self, price: Price) -> Result<usize, usize> {
        let levels = self.levels();
        let is_before = |level: &Level| self.side.is_better(level.price, price);
        // Most of what is asked for is near the best.
        let near = levels.iter().take(LEVELS_NEAR);
        let place = match near.clone().position(|level| !is_before(level)) {
            Some(place) => place,
            None => near.len() + levels[near.len()..].partition_point(is_before),
        };
        match levels.get(place) {
            Some(level) if level.price == price => Ok(place),
            _ => Err(place),
        }
    }

    /// What rests at `price`.
    pub fn size_at(&self, price: Price) -> Quantity {
        match self.find(price) {
            Ok(place) => self.levels()[place].size,
            Err(_) => Quantity::ZERO,
        }
    }

    /// Sets what rests at `price`, searching for its place; zero or less removes the level.
    pub fn set(&mut self, price: Price, size: Quantity) -> LadderChange {
        let found = self.find(price);
        self.change(found, price, size)
    }

    /// Sets what rests at `price`, whose place is known to be `rank` (see [`LadderChange::rank`]). A `rank` that is
    /// wrong costs a search, never a wrong book.
    #[inline]
    pub fn set_at(&mut self, rank: usize, price: Price, size: Quantity) -> LadderChange {
        let found = self.locate(rank, price);
        self.change(found, price, size)
    }

    /// Sets what rests at the level of place `rank`, and gives what rested there before; `None`, and nothing is done,
    /// where its price is not `price` or nothing is to rest there.
    #[inline]
    pub fn resize(&mut self, rank: usize, price: Price, size: Quantity) -> Option<Quantity> {
        let level = self.levels.get_mut(self.start + rank)?;
        if level.price != price || size.0 <= 0 {
            return None;
        }
        Some(core::mem::replace(&mut level.size, size))
    }

    /// As [`Ladder::find`], trying `rank` before it searches.
    fn locate(&self, rank: usize, price: Price) -> Result<usize, usize> {
        let levels = self.levels();
        if levels.get(rank).is_some_and(|level| level.price == price) {
            return Ok(rank);
        }
        let better_before = match rank.checked_sub(1) {
            None => true,
            Some(before) => levels
                .get(before)
                .is_some_and(|level| self.side.is_better(level.price, price)),
        };
        let worse_after = levels
            .get(rank)
            .is_none_or(|level| self.side.is_better(price, level.price));
        if better_before && worse_after {
            Err(rank)
        } else {
            self.find(price)
        }
    }

    fn change(
        &mut self,
        found: Result<usize, usize>,
        price: Price,
        size: Quantity,
    ) -> LadderChange {
        match found {
            Ok(rank) if size.0 > 0 => {
                let level = &mut self.levels[self.start + rank];
                LadderChange {
                    rank,
                    created: false,
                    previous: core::mem::replace(&mut level.size, size),
                }
            }
            Ok(rank) => {
                let previous = self.levels[self.start + rank].size;
                self.remove(rank);
                LadderChange {
                    rank,
                    created: false,
                    previous,
                }
            }
            Err(rank) => {
                let created = size.0 > 0;
                if created {
                    self.insert(rank, Level { price, size });
                }
                LadderChange {
                    rank,
                    created,
                    previous: Quantity::ZERO,
                }
            }
        }
    }

    fn insert(&mut self, rank: usize, level: Level) {
        if self.start == 0 {
            self.grow();
        }
        self.start -= 1;
        let (start, place) = (self.start, self.start + rank);
        self.levels.copy_within(start + 1..=place, start);
        self.levels[place] = level;
    }

    fn remove(&mut self, rank: usize) {
        let (start, place) = (self.start, self.start + rank);
        self.levels.copy_within(start..place, start + 1);
        self.start += 1;
    }

    fn grow(&mut self) {
        let room = GROWTH_LEVELS.max(self.levels.len());
        let unused = Level {
            price: Price::UNDEFINED,
            size: Quantity::ZERO,
        };
        self.levels.splice(0..0, core::iter::repeat_n(unused, room));
        self.start = room;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_wrong_rank_never_makes_a_wrong_book() {
        let mut ladder = Ladder::new(Side::Buy);
        for (rank, price) in [(0, 10), (0, 30), (9, 20), (2, 25)] {
            ladder.set_at(rank, Price(price), Quantity(1));
        }
        let prices: Vec<i64> = ladder.levels().iter().map(|x| x.price.0).collect();
        assert_eq!(prices, [30, 25, 20, 10]);
        ladder.set_at(0, Price(20), Quantity::ZERO);
        assert_eq!(ladder.size_at(Price(20)), Quantity::ZERO);
        assert_eq!(ladder.levels().len(), 3);
    }

    proptest! {
        #[test]
        fn equals_a_sorted_map_whatever_is_done_to_it(
            sell in any::<bool>(),
            steps in prop::collection::vec((0i64..40, 0i64..4, 0usize..45, any::<bool>()), 1..400),
        ) {
            let side = if sell { Side::Sell } else { Side::Buy };
            let mut ladder = Ladder::new(side);
            let mut truth: BTreeMap<i64, i64> = BTreeMap::new();
            for (price, size, rank, use_rank) in steps {
                let previous = truth.get(&price).copied().unwrap_or(0);
                let change = if use_rank {
                    ladder.set_at(rank, Price(price), Quantity(size))
                } else {
                    ladder.set(Price(price), Quantity(size))
                };
                if size == 0 { truth.remove(&price); } else { truth.insert(price, size); }
                prop_assert_eq!(change.previous, Quantity(previous));
                prop_assert_eq!(change.created, previous == 0 && size > 0);
                if size > 0 {
                    prop_assert_eq!(ladder.levels()[change.rank].price, Price(price));
                }
                let expected: Vec<(i64, i64)> = match side {
                    Side::Sell => truth.iter().map(|(p, s)| (*p, *s)).collect(),
                    Side::Buy => truth.iter().rev().map(|(p, s)| (*p, *s)).collect(),
                };
                let found: Vec<(i64, i64)> =
                    ladder.levels().iter().map(|x| (x.price.0, x.size.0)).collect();
                prop_assert_eq!(found, expected);
            }
        }
    }
}
