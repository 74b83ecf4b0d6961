//! A tape beside another tape of the same market.
//!
//! Takes in both, row by row in the order of exchange time; gives out, where both tell it, how many of the other tape's
//! best prices, trades or bars are those of this one:
//! - where the other tape has a book, best prices and sizes of both sides whenever it says something ("mbp from mbo");
//! - where it has prints alone, its trades: what was traded at each price at one time;
//! - where its prints are those of bars, its bars: open, high, low, close and volume of the trades in each interval.
//!
//! Only what lies within the time of both tapes is compared. Sizes are compared as quantities, whatever the lots are.

use std::collections::BTreeMap;
use std::path::Path;

use backplane_sdk::types::Flags;

use super::super::Instrument;
use super::super::rebuild::{Best, Rebuild};
use super::Comparison;
use crate::error::TapeError;
use crate::format::Header;
use crate::reader::TapeReader;
use crate::row::Row;
use crate::signals::Signals;

/// Prints by which it is told whether a tape is one of bars.
const PRINTS_LOOKED_AT: usize = 1_000;
/// How near to the end of a second the prints of bars stand, in nanoseconds.
const BAR_END: i64 = 8;
/// Nanoseconds in a second.
const SECOND: i64 = 1_000_000_000;

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subject {
    Best,
    Trades,
    /// Bars of so many nanoseconds.
    Bars(i64),
}

/// What was traded in an interval or at a time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Traded {
    /// Quantity in units of 1e-9 by price; for trades.
    prices: BTreeMap<i64, i128>,
    prints: u64,
    /// Open, high, low and close; for bars.
    bar: Option<[i64; 4]>,
    quantity: i128,
}

impl Traded {
    fn add(&mut self, row: &Row, lot: i64) {
        let quantity = i128::from(row.size) * i128::from(lot);
        *self.prices.entry(row.price).or_default() += quantity;
        self.prints = self.prints.saturating_add(1);
        self.quantity += quantity;
        let [open, high, low, _] = self.bar.unwrap_or([row.price; 4]);
        self.bar = Some([open, high.max(row.price), low.min(row.price), row.price]);
    }

    fn is_like(&self, other: &Traded, subject: Subject) -> bool {
        match subject {
            Subject::Bars(_) => (self.bar, self.quantity) == (other.bar, other.quantity),
            _ => self.prices == other.prices,
        }
    }
}

/// One instrument of both tapes.
struct Pair {
    /// Its place in this tape and in the other one.
    places: [usize; 2],
    lots: [i64; 2],
    /// What was traded since the interval began, on this tape and on the other.
    traded: [BTreeMap<i64, Traded>; 2],
    book: Rebuild,
}

/// A comparison that is running.
pub(in crate::verify) struct TapeTruth {
    reader: TapeReader,
    /// The other tape's rows that were read, the next one last.
    rows: Vec<Row>,
    /// Its highest exchange time.
    latest: i64,
    /// Its best prices that were not compared yet: the pair, the time, the best levels.
    pending: Vec<(usize, i64)>,
    subject: Subject,
    pairs: Vec<Pair>,
    /// The times of both tapes.
    from: i64,
    until: i64,
    /// This tape's highest exchange time.
    now: i64,
    comparison: Comparison,
}

impl TapeTruth {
    /// Opens the other tape, which errors and report call `shown`; this one has `header` and these times.
    pub(super) fn open(
        path: &Path,
        shown: &Path,
        header: &Header,
        (first, last): (i64, i64),
    ) -> Result<TapeTruth, TapeError> {
        let (subject, times) = survey(path)?;
        let reader = TapeReader::open(path)?.with_details(true);
        let mut pairs = Vec::new();
        for (other, theirs) in reader.header().instruments.iter().enumerate() {
            let mine = header.instruments.iter().enumerate();
            let mut mine = mine.filter(|(_, x)| x.symbol == theirs.symbol);
            if let Some((place, definition)) = mine.next() {
                pairs.push(Pair {
                    places: [place, other],
                    lots: [definition.lot, theirs.lot],
                    traded: Default::default(),
                    book: Rebuild::default(),
                });
            }
        }
        if pairs.is_empty() {
            let why = "it has no instrument of the tape's".to_owned();
            return Err(TapeError::input(shown, why));
        }
        let begins = |first| covered_from(subject, first);
        let (from, until) = (begins(first).max(begins(times.0)), last.min(times.1));
        if from > until {
            let why = "it is of another time than the tape: there is nothing to compare".to_owned();
            return Err(TapeError::input(shown, why));
        }
        let what = match subject {
            Subject::Best => "best prices of the other tape are",
            Subject::Trades => "trades of the other tape are",
            Subject::Bars(_) => "bars of the other tape are",
        };
        Ok(TapeTruth {
            reader,
            rows: Vec::new(),
            latest: i64::MIN,
            pending: Vec::new(),
            subject,
            pairs,
            from,
            until,
            now: i64::MIN,
            comparison: Comparison::of(shown, what),
        })
    }

    /// Compares all that is true before a row.
    pub(super) fn before(&mut self, row: &Row, books: &[Instrument]) -> Result<(), TapeError> {
        // Orders of a snapshot bear the times at which they were placed.
        if row.ts_event > self.now && row.flags & Flags::SNAPSHOT == 0 {
            self.catch_up(row.ts_event, books)?;
            self.now = row.ts_event;
        }
        if row.signals(Signals::TRADE) {
            let (subject, at) = (self.subject, row.ts_event.max(self.now));
            let place = usize::from(row.instrument);
            if let Some(pair) = self.pairs.iter_mut().find(|pair| pair.places[0] == place) {
                let lot = pair.lots[0];
                pair.traded[0]
                    .entry(interval(subject, at))
                    .or_default()
                    .add(row, lot);
            }
        }
        Ok(())
    }

    /// Compares what is left.
    pub(super) fn finish(mut self, books: &[Instrument]) -> Result<Comparison, TapeError> {
        self.catch_up(i64::MAX, books)?;
        Ok(self.comparison)
    }

    /// Takes the other tape's rows up to before a time of this one, and compares what both say until there.
    fn catch_up(&mut self, until: i64, books: &[Instrument]) -> Result<(), TapeError> {
        while let Some(row) = self.peek()? {
            let is_snapshot = row.flags & Flags::SNAPSHOT != 0;
            if !is_snapshot && row.ts_event.max(self.latest) >= until {
                break;
            }
            self.rows.pop();
            if !is_snapshot && row.ts_event > self.latest {
                self.compare_best(books);
                self.latest = row.ts_event;
            }
            self.hear(&row);
        }
        if self.latest < until {
            self.compare_best(books);
        }
        self.compare_traded(until);
        Ok(())
    }

    /// The next row of the other tape.
    fn peek(&mut self) -> Result<Option<Row>, TapeError> {
        if self.rows.is_empty() {
            let Some(columns) = self.reader.next_batch()? else {
                return Ok(None);
            };
            self.rows.extend(columns.iter());
            self.rows.reverse();
        }
        Ok(self.rows.last().copied())
    }

    fn hear(&mut self, row: &Row) {
        let place = usize::from(row.instrument);
        let Some((number, pair)) = self
            .pairs
            .iter_mut()
            .enumerate()
            .find(|(_, pair)| pair.places[1] == place)
        else {
            return;
        };
        pair.book.apply(row, 0);
        let at = row.ts_event.max(self.latest);
        if row.signals(Signals::TRADE) {
            let lot = pair.lots[1];
            pair.traded[1]
                .entry(interval(self.subject, at))
                .or_default()
                .add(row, lot);
        }
        let is_live = row.flags & Flags::SNAPSHOT == 0;
        if is_live && row.is_last() && row.signals(Signals::BBO) && self.subject == Subject::Best {
            self.pending.retain(|(other, _)| *other != number);
            self.pending.push((number, at));
        }
    }

    /// Compares the best prices of the time that has passed.
    fn compare_best(&mut self, books: &[Instrument]) {
        for (number, at) in std::mem::take(&mut self.pending) {
            let pair = &self.pairs[number];
            let Some(mine) = books.get(pair.places[0]) else {
                continue;
            };
            if at < self.from || at > self.until {
                continue;
            }
            let scaled = |best: Best, lot: i64| {
                best.map(|(price, size)| (price, i128::from(size) * i128::from(lot)))
            };
            let is = [mine.book.bids().next(), mine.book.asks().next()]
                .map(|best| scaled(best, pair.lots[0]));
            let expected = [pair.book.bids().next(), pair.book.asks().next()]
                .map(|best| scaled(best, pair.lots[1]));
            self.comparison.count(is == expected, || {
                format!(
                    "exchange time {at}: the best levels are {is:?}, on the other tape {expected:?}"
                )
            });
        }
    }

    /// Compares what was traded in intervals that are over on both tapes.
    fn compare_traded(&mut self, until: i64) {
        let subject = self.subject;
        let span = match subject {
            Subject::Best => {
                self.pairs
                    .iter_mut()
                    .for_each(|pair| pair.traded.iter_mut().for_each(BTreeMap::clear));
                return;
            }
            Subject::Trades => 1,
            Subject::Bars(span) => span,
        };
        let (from, to) = (self.from, self.until);
        for pair in &mut self.pairs {
            let [mine, theirs] = &mut pair.traded;
            loop {
                let first = [mine.keys().next(), theirs.keys().next()]
                    .into_iter()
                    .flatten()
                    .min()
                    .copied();
                let Some(start) = first.filter(|start| start.saturating_add(span) <= until) else {
                    break;
                };
                let (is, expected) = (mine.remove(&start), theirs.remove(&start));
                let is_within = match subject {
                    Subject::Bars(_) => {
                        start >= from
                            && start.saturating_add(span) <= to.saturating_add(BAR_END + 1)
                    }
                    _ => start >= from && start <= to,
                };
                if !is_within {
                    continue;
                }
                let (is, expected) = (is.unwrap_or_default(), expected.unwrap_or_default());
                let is_equal = is.is_like(&expected, subject);
                let count = if subject == Subject::Trades {
                    expected.prints.max(u64::from(!is_equal))
                } else {
                    1
                };
                for _ in 0..count {
                    self.comparison.count(is_equal, || {
                        format!("exchange time {start}: traded is {is:?}, on the other tape {expected:?}")
                    });
                }
            }
        }
    }
}

/// The interval of a time: the beginning of the bar, or the time itself.
const fn interval(subject: Subject, at: i64) -> i64 {
    match subject {
        Subject::Bars(span) => at.saturating_sub(at.rem_euclid(span)),
        _ => at,
    }
}

/// From when on a tape that begins at a time is whole: from the beginning of a bar of which it holds the end.
const fn covered_from(subject: Subject, first: i64) -> i64 {
    match subject {
        Subject::Bars(span) if first.saturating_add(BAR_END).rem_euclid(span) < BAR_END => {
            interval(subject, first)
        }
        _ => first,
    }
}

/// What a tape tells that can be compared, and its first and last exchange time.
fn survey(path: &Path) -> Result<(Subject, (i64, i64)), TapeError> {
    let mut reader = TapeReader::open(path)?;
    let (mut first, mut last) = (i64::MAX, i64::MIN);
    let mut prints = Vec::new();
    let mut has_book = false;
    while let Some(columns) = reader.next_batch()? {
        for row in columns.iter() {
            (first, last) = (first.min(row.ts_event), last.max(row.ts_event));
            has_book |= row.signals(Signals::BOOK);
            if row.signals(Signals::TRADE) && prints.len() < PRINTS_LOOKED_AT {
                prints.push(row.ts_event);
            }
        }
    }
    let ends: Vec<i64> = prints.iter().map(|at| at.saturating_add(BAR_END)).collect();
    let is_bars = !ends.is_empty() && ends.iter().all(|end| end.rem_euclid(SECOND) < BAR_END);
    let seconds = ends.iter().map(|end| end.div_euclid(SECOND));
    let seconds: Vec<i64> = seconds.collect();
    let steps = seconds
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .filter(|step| *step > 0);
    let subject = match (is_bars, steps.min()) {
        (true, Some(step)) => Subject::Bars(step.saturating_mul(SECOND)),
        _ if has_book => Subject::Best,
        _ => Subject::Trades,
    };
    Ok((subject, (first, last)))
}
