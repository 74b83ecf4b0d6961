//! Values by a number that grows: orders by their id.
//!
//! Takes in values with numbers; gives them out by number, and all of them in the order of the numbers. What is removed
//! leaves a hole, and the holes are closed together when they are more than what is left, so that with hundreds of
//! orders open the end of one does not move all others.

/// How many holes there may be beside as many as there are values.
const HOLES: usize = 32;

/// Values in the order of their numbers.
#[derive(Clone, Debug)]
pub struct ByNumber<T> {
    numbers: Vec<u64>,
    values: Vec<Option<T>>,
    count: usize,
}

impl<T> Default for ByNumber<T> {
    fn default() -> ByNumber<T> {
        ByNumber {
            numbers: Vec::new(),
            values: Vec::new(),
            count: 0,
        }
    }
}

impl<T> ByNumber<T> {
    /// How many values there are.
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The values in the order of their numbers.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.values.iter().flatten()
    }

    /// The value of the lowest number.
    pub fn first(&self) -> Option<&T> {
        self.iter().next()
    }

    /// The value of the highest number.
    pub fn last(&self) -> Option<&T> {
        self.iter().next_back()
    }

    /// The values with their numbers, in the order of the numbers.
    pub fn numbered(&self) -> impl DoubleEndedIterator<Item = (u64, &T)> {
        let pairs = self.numbers.iter().zip(&self.values);
        pairs.filter_map(|(number, value)| Some((*number, value.as_ref()?)))
    }

    /// The value of a number.
    #[inline]
    pub fn get(&self, number: u64) -> Option<&T> {
        self.values.get(self.find(number)?)?.as_ref()
    }

    /// The value of a number, to be changed.
    #[inline]
    pub fn get_mut(&mut self, number: u64) -> Option<&mut T> {
        let place = self.find(number)?;
        self.values.get_mut(place)?.as_mut()
    }

    /// Adds a value, or replaces the one of that number.
    #[inline]
    pub fn insert(&mut self, number: u64, value: T) {
        let last = self.numbers.last();
        if last.is_none_or(|x| *x < number) {
            self.numbers.push(number);
            self.values.push(Some(value));
            self.count += 1;
            return;
        }
        let place = self.numbers.partition_point(|x| *x < number);
        if self.numbers[place] == number {
            self.count += usize::from(self.values[place].is_none());
            self.values[place] = Some(value);
        } else {
            self.numbers.insert(place, number);
            self.values.insert(place, Some(value));
            self.count += 1;
        }
    }

    /// Removes the value of a number.
    #[inline]
    pub fn remove(&mut self, number: u64) -> Option<T> {
        let place = self.find(number)?;
        let value = self.values[place].take()?;
        self.removed(place);
        Some(value)
    }

    /// Removes the value of a number, if there is one. Cheaper than [`ByNumber::remove`]: nothing is moved out.
    #[inline]
    pub fn forget(&mut self, number: u64) {
        if let Some(place) = self.find(number)
            && self.values[place].is_some()
        {
            self.values[place] = None;
            self.removed(place);
        }
    }

    /// The value of a place is gone.
    #[inline]
    fn removed(&mut self, place: usize) {
        self.count -= 1;
        if place + 1 == self.values.len() {
            self.numbers.pop();
            self.values.pop();
        } else if self.values.len() > 2 * self.count + HOLES {
            self.close_holes();
        }
    }

    /// The place of a number. Numbers are mostly given one after the other, so that the distance from the last one is
    /// tried before a search.
    #[inline]
    fn find(&self, number: u64) -> Option<usize> {
        let last = *self.numbers.last()?;
        let from_end = last.checked_sub(number)?;
        let guess = (self.numbers.len() as u64 - 1).wrapping_sub(from_end) as usize;
        if self.numbers.get(guess) == Some(&number) {
            return Some(guess);
        }
        self.numbers.binary_search(&number).ok()
    }

    #[cold]
    fn close_holes(&mut self) {
        let mut values = self.values.iter();
        self.numbers
            .retain(|_| values.next().is_some_and(Option::is_some));
        self.values.retain(Option::is_some);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn equals_a_sorted_map_whatever_is_done_to_it(
            steps in prop::collection::vec((0u64..60, 0u8..5), 1..600),
        ) {
            let mut list = ByNumber::default();
            let mut map = BTreeMap::new();
            let mut grown = 0;
            for (number, kind) in steps {
                match kind {
                    0 | 1 => {
                        grown += number;
                        list.insert(grown, number);
                        map.insert(grown, number);
                    }
                    2 => {
                        let old = grown.saturating_sub(number);
                        list.insert(old, number);
                        map.insert(old, number);
                    }
                    3 => {
                        let old = grown.saturating_sub(number);
                        list.forget(old);
                        map.remove(&old);
                        prop_assert_eq!(list.get(old), None);
                    }
                    _ => {
                        let old = grown.saturating_sub(number);
                        prop_assert_eq!(list.remove(old), map.remove(&old));
                        prop_assert_eq!(list.get(old), None);
                    }
                }
                prop_assert_eq!(list.get(grown), map.get(&grown));
                prop_assert_eq!(list.len(), map.len());
                prop_assert!(list.values.len() <= 2 * list.len() + HOLES + 1);
                let pairs: Vec<(u64, u64)> = list.numbered().map(|x| (x.0, *x.1)).collect();
                let expected: Vec<(u64, u64)> = map.iter().map(|x| (*x.0, *x.1)).collect();
                prop_assert_eq!(pairs, expected);
                prop_assert!(list.iter().eq(map.values()));
            }
        }
    }
}
