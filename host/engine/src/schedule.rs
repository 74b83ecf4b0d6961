//! What happens to positions at set times: funding, borrowing, dividends, splits, expiry.
//!
//! Takes in events and intervals from a run's settings; gives out what is due, in the order of time. All times are the
//! exchange's.

use backplane_sdk::types::{InstrumentId, Nanos, Price, Timestamp};

/// What happens to a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// A long position pays this share of its value to a short one, in units of 1e-9; negative rates the other way.
    Funding {
        /// The share.
        rate: i64,
    },
    /// A short position pays a day's interest on its value, in units of 1e-9 a year of 360 days.
    Borrow {
        /// The rate of a year.
        rate: i64,
    },
    /// A long position gets this for each unit, a short one pays it; in the price's units.
    Dividend {
        /// The amount.
        amount: Price,
    },
    /// So many old units become so many new ones; open orders are cancelled.
    Split {
        /// New units, above zero.
        new: u32,
        /// Old units, above zero.
        old: u32,
    },
    /// Trading ends for good: open orders expire, and the position is settled in cash.
    Expiry {
        /// At this price; at the last trade where there is none.
        price: Option<Price>,
    },
}

impl Occasion {
    /// Every name, in the order of [`Occasion::number`].
    pub const TEXTS: [&'static str; 5] = ["funding", "borrow", "dividend", "split", "expiry"];

    /// The number by which tables and digests know the occasion.
    pub const fn number(&self) -> u8 {
        match self {
            Occasion::Funding { .. } => 0,
            Occasion::Borrow { .. } => 1,
            Occasion::Dividend { .. } => 2,
            Occasion::Split { .. } => 3,
            Occasion::Expiry { .. } => 4,
        }
    }

    /// The occasion in one word.
    pub const fn text(&self) -> &'static str {
        Self::TEXTS[self.number() as usize]
    }
}

/// Something that happens once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// To which instrument.
    pub instrument: InstrumentId,
    /// What.
    pub occasion: Occasion,
}

/// Something that happens again and again, at `first` and every multiple of `every` before and after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recurring {
    /// One of its times.
    pub first: Timestamp,
    /// The time between two; above zero.
    pub every: Nanos,
    /// To which instrument.
    pub instrument: InstrumentId,
    /// What.
    pub occasion: Occasion,
}

impl Recurring {
    /// The first of its times from `at` on; `i64::MAX` where the clock ends before.
    fn from(&self, at: i64) -> i64 {
        let (first, at) = (i128::from(self.first.0), i128::from(at));
        let every = i128::from(self.every.0.max(1));
        let passed = (at - first).div_euclid(every) * every;
        let next = first
            + passed
            + if (at - first).rem_euclid(every) > 0 {
                every
            } else {
                0
            };
        i64::try_from(next).unwrap_or(i64::MAX)
    }
}

/// What happens in a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schedule {
    events: Vec<Event>,
    recurring: Vec<Recurring>,
}

impl Schedule {
    /// A schedule of events in any order. At one time, those that happen once come first, in the order given.
    pub fn new(mut events: Vec<Event>, recurring: Vec<Recurring>) -> Schedule {
        events.sort_by_key(|x| x.at);
        Schedule { events, recurring }
    }
}

/// A schedule and how much of it has happened.
#[derive(Clone, Debug)]
pub struct Calendar {
    schedule: Schedule,
    place: usize,
    /// The next time of each that recurs.
    recurs: Vec<i64>,
    next: i64,
}

impl Calendar {
    /// A calendar that has not begun: nothing is due.
    pub const fn new(schedule: Schedule) -> Calendar {
        Calendar {
            schedule,
            place: 0,
            recurs: Vec::new(),
            next: i64::MAX,
        }
    }

    /// Begins at exchange time `at`. What happened to positions before is over; an instrument that expired before is
    /// expired.
    pub fn begin(&mut self, at: i64) {
        let is_over = |x: &Event| x.at.0 < at && !matches!(x.occasion, Occasion::Expiry { .. });
        self.schedule.events.retain(|x| !is_over(x));
        let recurring = self.schedule.recurring.iter();
        self.recurs = recurring.map(|x| x.from(at)).collect();
        self.find_next();
    }

    /// When something happens next; `i64::MAX` where nothing does.
    #[inline]
    pub const fn next(&self) -> i64 {
        self.next
    }

    /// Takes what happens next.
    pub fn take(&mut self) -> Option<Event> {
        let at = self.next;
        if at == i64::MAX {
            return None;
        }
        let once = self.schedule.events.get(self.place).copied();
        if let Some(event) = once.filter(|x| x.at.0 <= at) {
            self.place += 1;
            self.find_next();
            return Some(event);
        }
        let place = self.recurs.iter().position(|x| *x == at)?;
        let recurring = &self.schedule.recurring[place];
        self.recurs[place] = recurring.from(at.saturating_add(1));
        let event = Event {
            at: Timestamp(at),
            instrument: recurring.instrument,
            occasion: recurring.occasion,
        };
        self.find_next();
        Some(event)
    }

    fn find_next(&mut self) {
        let once = self.schedule.events.get(self.place);
        let recurs = self.recurs.iter().copied().min();
        self.next = once
            .map_or(i64::MAX, |x| x.at.0)
            .min(recurs.unwrap_or(i64::MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FUNDING: Occasion = Occasion::Funding { rate: 5 };
    const EXPIRY: Occasion = Occasion::Expiry { price: None };

    fn event(at: i64, occasion: Occasion) -> Event {
        Event {
            at: Timestamp(at),
            instrument: InstrumentId(0),
            occasion,
        }
    }

    #[test]
    fn what_happens_once_and_what_recurs_come_in_the_order_of_time() {
        let recurring = Recurring {
            first: Timestamp(100),
            every: Nanos(8),
            instrument: InstrumentId(0),
            occasion: FUNDING,
        };
        let dividend = Occasion::Dividend { amount: Price(3) };
        let events = vec![
            event(50, EXPIRY),
            event(20, EXPIRY),
            event(20, dividend),
            event(44, dividend),
        ];
        let mut calendar = Calendar::new(Schedule::new(events, vec![recurring]));
        assert_eq!((calendar.next(), calendar.take()), (i64::MAX, None));
        calendar.begin(36);
        let mut found = Vec::new();
        while calendar.next() < 60 {
            assert_eq!(
                calendar.take().map(|x| found.push((x.at.0, x.occasion))),
                Some(())
            );
        }
        let expected = [
            (20, EXPIRY),
            (36, FUNDING),
            (44, dividend),
            (44, FUNDING),
            (50, EXPIRY),
            (52, FUNDING),
        ];
        assert_eq!(found, expected);
    }
}
