//! What a verification tells its user.
//!
//! Takes in failures; gives out a report that reads well in a terminal and as JSON.

use std::fmt;
use std::path::PathBuf;

use backplane_sdk::types::Timestamp;
use serde::Serialize;

use super::against::Comparison;
use super::rebuild::Expected;
use crate::format::{InstrumentDefinition, TapeSchema};
use crate::import::write_instruments;
use crate::row::Row;
use crate::statistics::{Crossed, Resolution, RowStatistics, Statistics};

/// One thing that was checked on every row, or on the whole tape.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was checked.
    pub name: &'static str,
    /// How often it was wrong.
    pub wrong: u64,
    /// The first time it was wrong.
    pub first: Option<String>,
}

impl Check {
    /// Counts a failure; `row` is 0 where it is about the whole tape.
    pub(super) fn fail(&mut self, row: u64, why: impl FnOnce() -> String) {
        self.wrong = self.wrong.saturating_add(1);
        if self.first.is_none() {
            self.first = Some(match row {
                0 => why(),
                _ => format!("row {row}: {}", why()),
            });
        }
    }

    /// Counts a failure where the two differ.
    pub(super) fn equal<T: PartialEq + fmt::Display>(&mut self, row: u64, expected: T, found: T) {
        if expected != found {
            self.fail(row, || format!("is {found}, must be {expected}"));
        }
    }
}

/// All checks.
#[derive(Debug, Default)]
pub(super) struct Checks {
    pub(super) level_size: Check,
    pub(super) rank: Check,
    pub(super) priority: Check,
    pub(super) remaining: Check,
    pub(super) signals: Check,
    pub(super) over_cancels: Check,
    pub(super) duplicate_adds: Check,
    pub(super) events: Check,
    pub(super) levels: Check,
    pub(super) digest: Check,
    pub(super) statistics: Check,
}

impl Checks {
    /// Compares all of a row that its book says, save the signals.
    pub(super) fn compare(&mut self, number: u64, expected: &Expected, row: &Row) {
        self.level_size
            .equal(number, expected.level_size, row.level_size);
        self.rank.equal(number, expected.rank, row.rank);
        self.priority.equal(number, expected.priority, row.priority);
        self.remaining
            .equal(number, expected.remaining, row.remaining);
        if expected.is_over {
            self.over_cancels
                .fail(number, || "takes out more than is there".to_owned());
        }
        if expected.is_duplicate {
            self.duplicate_adds
                .fail(number, || "adds an order that is there".to_owned());
        }
    }

    /// The checks that apply to a schema, with their names.
    pub(super) fn list(self, schema: TapeSchema) -> Vec<Check> {
        let named = |name, check: Check| Check { name, ..check };
        let levels = match schema {
            TapeSchema::Mbo => None,
            TapeSchema::Mbp => Some(named("levels of events", self.levels)),
        };
        let checks = vec![
            named("level_size", self.level_size),
            named("rank", self.rank),
            named("priority", self.priority),
            named("remaining", self.remaining),
            named("signals", self.signals),
            named("over-cancels", self.over_cancels),
            named("duplicate adds", self.duplicate_adds),
            named("whole events", self.events),
            named("digest", self.digest),
            named("statistics", self.statistics),
        ];
        checks.into_iter().chain(levels).collect()
    }
}

/// What a verification found.
#[derive(Clone, Debug, Serialize)]
pub struct VerifyReport {
    /// The tape.
    pub tape: PathBuf,
    /// What its rows are.
    pub schema: TapeSchema,
    /// Its instruments.
    pub instruments: Vec<InstrumentDefinition>,
    /// What its rows show.
    pub rows: RowStatistics,
    /// The digest that its columns give.
    pub digest: String,
    /// The checks. That receive times are sorted, letters and instruments known, is checked by reading.
    pub checks: Vec<Check>,
    /// Live events that end with a crossed book; before an opening auction that is no mistake.
    pub crossed: Crossed,
    /// Snapshots that end with a crossed book.
    pub crossed_in_snapshots: Crossed,
    /// What the import noticed, as the footer says it.
    pub resolution: Resolution,
    /// How the book compares with the source's.
    pub against: Option<Comparison>,
    /// What could not be checked.
    pub notes: Vec<String>,
}

impl VerifyReport {
    /// Whether every check passed and the source's book, where there is one, is equal on every line.
    pub fn is_sound(&self) -> bool {
        self.checks.iter().all(|check| check.wrong == 0)
            && self.against.as_ref().is_none_or(Comparison::is_equal)
    }
}

impl fmt::Display for VerifyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: schema {}", self.tape.display(), self.schema)?;
        write_instruments(f, &self.instruments)?;
        let statistics = Statistics {
            rows: self.rows.clone(),
            crossed: self.crossed,
            resolution: self.resolution.clone(),
            published: Vec::new(),
        };
        write!(f, "{statistics}")?;
        if let Some(last) = self.crossed_in_snapshots.last {
            let events = self.crossed_in_snapshots.events;
            writeln!(
                f,
                "  {events} snapshots end with a crossed book, the last at {}",
                Timestamp(last)
            )?;
        }
        for check in &self.checks {
            match &check.first {
                None => writeln!(f, "  ok     {}", check.name)?,
                Some(first) => writeln!(
                    f,
                    "  wrong  {}: {} times; first {first}",
                    check.name, check.wrong
                )?,
            }
        }
        if let Some(against) = &self.against {
            writeln!(f, "  against {}:", against.file.display())?;
            for (level, equal) in (1..).zip(&against.equal) {
                writeln!(
                    f,
                    "  level {level:>3}  {equal} of {} rows equal",
                    against.rows
                )?;
            }
            if let Some(line) = against.first_difference {
                writeln!(f, "  the first difference is on line {line}")?;
            }
        }
        for note in &self.notes {
            writeln!(f, "note: {note}")?;
        }
        writeln!(
            f,
            "{}",
            if self.is_sound() {
                "the tape is sound"
            } else {
                "the tape is NOT sound"
            }
        )
    }
}
