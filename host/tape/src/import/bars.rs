//! Bars as the prints that make them.
//!
//! Takes in the open, high, low, close and volume of an interval; gives out as many trade prints as have the same bar: a
//! tape holds no bars, whoever hears a tape makes bars of its trades. All prints stand at the last nanosecond of the
//! interval, so that nobody knows a price of a bar before the bar is over. The order is open, low, high, close where the
//! bar rose, and open, high, low, close where it fell; the volume is shared evenly, and the close bears what is left.

use backplane_sdk::types::{Flags, Nanos, Price, Timestamp};

use crate::message::{LevelMessage, LevelSays};

/// A bar of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SourceBar {
    /// The place of the instrument in the tape's list.
    pub(crate) instrument: u16,
    /// The beginning of the interval.
    pub(crate) start: Timestamp,
    /// The length of the interval.
    pub(crate) span: Nanos,
    pub(crate) open: Price,
    pub(crate) high: Price,
    pub(crate) low: Price,
    pub(crate) close: Price,
    /// The quantity traded.
    pub(crate) volume: u64,
}

impl SourceBar {
    /// What is wrong with the bar.
    pub(crate) fn fault(&self) -> Option<String> {
        let prices = [self.open, self.high, self.low, self.close];
        if !prices.iter().all(|price| price.is_defined()) {
            return Some("a price of the bar is missing".to_owned());
        }
        if self.high < self.open.max(self.close) || self.low > self.open.min(self.close) {
            return Some(format!(
                "its high {} and low {} do not hold its open {} and close {}",
                self.high, self.low, self.open, self.close
            ));
        }
        if self.volume > u64::from(u32::MAX) {
            return Some(format!("no print can say its volume {}", self.volume));
        }
        None
    }

    /// The prints, as one atomic event. A volume of less than one a print is taken as one a print.
    pub(crate) fn prints(&self) -> impl Iterator<Item = LevelMessage<'static>> + use<> {
        let path = match self.close >= self.open {
            true => [self.open, self.low, self.high, self.close],
            false => [self.open, self.high, self.low, self.close],
        };
        let mut prices = path.to_vec();
        prices.dedup();
        let count = prices.len() as u64;
        let share = (self.volume / count).max(1);
        let rest = self.volume.saturating_sub(share * (count - 1)).max(1);
        let time = Timestamp(self.start.0.saturating_add(self.span.0).saturating_sub(1));
        let instrument = self.instrument;
        (1..=count).zip(prices).map(move |(number, price)| {
            let is_last = number == count;
            let size = if is_last { rest } else { share };
            LevelMessage {
                ts_event: time,
                ts_recv: time,
                sequence: 0,
                instrument,
                flags: Flags(if is_last { Flags::LAST } else { 0 }),
                says: LevelSays::Trade {
                    price,
                    size: u32::try_from(size).unwrap_or(u32::MAX),
                    aggressor: None,
                },
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(open: i64, high: i64, low: i64, close: i64, volume: u64) -> SourceBar {
        SourceBar {
            instrument: 0,
            start: Timestamp(120),
            span: Nanos(60),
            open: Price(open),
            high: Price(high),
            low: Price(low),
            close: Price(close),
            volume,
        }
    }

    fn prints(bar: SourceBar) -> Vec<(i64, u32)> {
        let sizes = bar.prints().map(|message| match message.says {
            LevelSays::Trade { price, size, .. } => (price.0, size),
            _ => (0, 0),
        });
        sizes.collect()
    }

    #[test]
    fn a_bar_is_as_few_prints_as_have_its_prices_and_its_volume() {
        for (bar, expected) in [
            (bar(5, 9, 1, 6, 10), vec![(5, 2), (1, 2), (9, 2), (6, 4)]),
            (bar(6, 9, 1, 5, 10), vec![(6, 2), (9, 2), (1, 2), (5, 4)]),
            (bar(1, 9, 1, 9, 10), vec![(1, 5), (9, 5)]),
            (bar(5, 5, 5, 5, 3), vec![(5, 3)]),
            (bar(5, 6, 4, 5, 0), vec![(5, 1), (4, 1), (6, 1), (5, 1)]),
        ] {
            assert_eq!(prints(bar), expected);
            assert!(bar.prints().all(|print| print.ts_recv == Timestamp(179)));
            assert_eq!(
                bar.prints().filter(|print| print.flags.is_last()).count(),
                1
            );
            assert_eq!(bar.fault(), None);
        }
    }

    #[test]
    fn a_bar_that_contradicts_itself_is_refused() {
        for bar in [
            bar(5, 4, 1, 3, 1),
            bar(5, 9, 6, 7, 1),
            bar(5, i64::MAX, 1, 5, 1),
            bar(5, 9, 1, 5, u64::MAX),
        ] {
            assert!(bar.fault().is_some());
        }
    }
}
