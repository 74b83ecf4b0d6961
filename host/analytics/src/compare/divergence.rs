//! Where two runs begin to differ.
//!
//! Takes in the tables of two directories; gives out for each instance of one name the first row in which they differ: the
//! command and the message on which it was given, or, where all commands are the same, the first news or execution.

use std::path::Path;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::DataType;
use backplane_sdk::types::Timestamp;
use serde::Serialize;

use crate::error::AnalyticsError;
use crate::run_file::RunFile;
use crate::tables::reader::TableReader;
use crate::tables::schema::{FILLS, JOURNAL, ORDERS, Table};

/// The most instances that are looked at.
const INSTANCES_MAX: usize = 12;

/// The first difference of an instance between the first run and another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Divergence {
    /// The other run.
    pub run: String,
    /// The instance.
    pub instance: String,
    /// The table in which they differ first: `journal`, `orders`, `fills`; none where all rows are equal.
    pub table: Option<&'static str>,
    /// The number of the message on which the differing command was given, counted from 1; of the journal alone.
    pub message: Option<u64>,
    /// When, nanoseconds since the Unix epoch: the earlier of both rows.
    pub at: Option<i64>,
    /// What differs: column, in the first run, in the other.
    pub differences: Vec<(String, String, String)>,
}

/// The rows of one instance in one table, one by one.
struct Rows {
    table: TableReader,
    names: Vec<&'static str>,
    columns: Vec<ArrayRef>,
    instances: ArrayRef,
    instance: String,
    row: usize,
    rows: usize,
}

impl Rows {
    fn open(
        directory: &Path,
        run: &RunFile,
        table: &Table,
        instance: &str,
    ) -> Result<Rows, AnalyticsError> {
        let columns = table.columns.iter();
        let names = columns.map(|x| x.name).filter(|x| *x != "instance");
        Ok(Rows {
            names: names.collect(),
            table: TableReader::open(
                directory,
                table,
                run.tables.get(table.name).copied(),
                run.format,
            )?,
            columns: Vec::new(),
            instances: arrow::array::new_empty_array(&DataType::Utf8),
            instance: instance.to_owned(),
            row: 0,
            rows: 0,
        })
    }

    /// The cells of the next row, as text; those that only newer formats have may be missing.
    fn next(&mut self) -> Result<Option<Vec<String>>, AnalyticsError> {
        loop {
            while self.row < self.rows {
                let row = self.row;
                self.row += 1;
                if self.instances.as_string::<i32>().value(row) == self.instance {
                    let cells = self.columns.iter().map(|x| text(x, row));
                    return Ok(Some(cells.collect()));
                }
            }
            let Some(batch) = self.table.next()? else {
                return Ok(None);
            };
            let names = std::iter::once(&"instance").chain(&self.names);
            let mut columns = Vec::new();
            for name in names {
                columns.push(match batch.column_or_none(name) {
                    Some(_) => batch.plain(name)?,
                    None => arrow::array::new_null_array(&DataType::Utf8, batch.rows()),
                });
            }
            self.instances = columns.remove(0);
            self.columns = columns;
            (self.row, self.rows) = (0, batch.rows());
        }
    }
}

fn text(column: &ArrayRef, row: usize) -> String {
    if column.is_null(row) {
        return "none".into();
    }
    column.as_string::<i32>().value(row).to_owned()
}

/// The first differences of instances of the same name: those whose digests differ, at most so many.
pub(super) fn find(
    name: &str,
    first: (&Path, &RunFile),
    other: (&Path, &RunFile),
) -> Result<Vec<Divergence>, AnalyticsError> {
    let digests = |run: &RunFile| -> Vec<(String, String)> {
        let instances = run.description.instances.iter().map(|x| x.name.clone());
        let outcomes = run.summary.instances.iter().map(|x| x.digest.clone());
        instances.zip(outcomes).collect()
    };
    let others = digests(other.1);
    let mut found = Vec::new();
    for (instance, digest) in digests(first.1) {
        let same = others.iter().find(|x| x.0 == instance);
        if found.len() >= INSTANCES_MAX || same.is_none_or(|x| x.1 == digest) {
            continue;
        }
        let mut divergence = Divergence {
            run: name.to_owned(),
            instance: instance.clone(),
            table: None,
            message: None,
            at: None,
            differences: Vec::new(),
        };
        for table in [JOURNAL, ORDERS, FILLS] {
            if compare(&table, first, other, &mut divergence)? {
                break;
            }
        }
        found.push(divergence);
    }
    Ok(found)
}

/// Looks for the first difference in a table; whether there is one.
fn compare(
    table: &Table,
    first: (&Path, &RunFile),
    other: (&Path, &RunFile),
    divergence: &mut Divergence,
) -> Result<bool, AnalyticsError> {
    let mut a = Rows::open(first.0, first.1, table, &divergence.instance)?;
    let mut b = Rows::open(other.0, other.1, table, &divergence.instance)?;
    loop {
        let (x, y) = (a.next()?, b.next()?);
        let pair = match (x, y) {
            (None, None) => return Ok(false),
            (Some(x), Some(y)) if x == y => continue,
            pair => pair,
        };
        let known = pair.0.as_ref().or(pair.1.as_ref());
        let cell = |name: &str, row: &Vec<String>| -> Option<i64> {
            let place = a.names.iter().position(|x| *x == name)?;
            row.get(place)?.parse().ok()
        };
        let time = |row: &Vec<String>| cell("at", row).or_else(|| cell("ts_recv", row));
        divergence.table = Some(table.name);
        divergence.message = known.and_then(|x| cell("message", x)).map(|x| x as u64);
        let times = [&pair.0, &pair.1].map(|x| x.as_ref().and_then(time));
        divergence.at = times.into_iter().flatten().min();
        divergence.differences = differences(&a.names, &pair);
        return Ok(true);
    }
}

/// The columns in which two rows differ; a row that is missing is one difference.
fn differences(
    names: &[&str],
    pair: &(Option<Vec<String>>, Option<Vec<String>>),
) -> Vec<(String, String, String)> {
    let told = |row: &Vec<String>| -> String {
        let cells = names.iter().zip(row).filter(|x| x.1 != "none");
        let cells: Vec<String> = cells
            .map(|(name, x)| format!("{name} {}", shown(name, x)))
            .collect();
        cells.join(", ")
    };
    match pair {
        (Some(x), Some(y)) => {
            let columns = names
                .iter()
                .zip(x.iter().zip(y))
                .filter(|(_, (x, y))| x != y);
            columns
                .map(|(name, (x, y))| ((*name).to_owned(), shown(name, x), shown(name, y)))
                .collect()
        }
        (Some(x), None) => vec![("row".into(), told(x), "nothing".into())],
        (None, Some(y)) => vec![("row".into(), "nothing".into(), told(y))],
        (None, None) => Vec::new(),
    }
}

/// A cell as a reader wants it: prices with their point, times as times.
fn shown(name: &str, cell: &str) -> String {
    let column = [JOURNAL, ORDERS, FILLS]
        .iter()
        .flat_map(|x| x.columns)
        .find(|x| x.name == name);
    let number: Option<i64> = cell.parse().ok();
    match (column.map(|x| x.kind), number) {
        (Some(crate::tables::schema::Kind::Price), Some(price)) => {
            backplane_sdk::types::Price(price).to_string()
        }
        (Some(crate::tables::schema::Kind::Time), Some(at)) => Timestamp(at).to_string(),
        _ => cell.to_owned(),
    }
}
