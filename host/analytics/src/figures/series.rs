//! Series that strategies recorded themselves.
//!
//! Takes in the table `metrics`; gives out for each series of each instance how its values are, and reduced curves of those
//! that are drawn.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Source;
use crate::error::AnalyticsError;
use crate::m4::{M4, Point};
use crate::metrics::Figure;
use crate::tables::schema::METRICS;

/// The buckets of a drawn series.
const BUCKETS: usize = 4_000;
/// The most series of one instance that are drawn.
const DRAWN_MAX: usize = 6;

/// How the values of a recorded series are. Values that are not finite are counted and left out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SeriesStatistics {
    /// The name of the series.
    pub name: String,
    /// The finite values.
    pub count: u64,
    /// The values that are infinite or not a number.
    pub not_finite: u64,
    /// Their mean.
    pub mean: Figure,
    /// The lowest.
    pub min: Figure,
    /// The highest.
    pub max: Figure,
    /// The last.
    pub last: Figure,
}

#[derive(Clone, Debug)]
struct Values {
    count: u64,
    not_finite: u64,
    mean: f64,
    min: f64,
    max: f64,
    last: f64,
    drawn: Option<M4>,
}

impl Values {
    fn add(&mut self, at: i64, value: f64) {
        if !value.is_finite() {
            self.not_finite += 1;
            return;
        }
        self.count += 1;
        self.mean += (value - self.mean) / self.count as f64;
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        self.last = value;
        if let Some(drawn) = &mut self.drawn {
            drawn.push(at, value);
        }
    }

    fn statistics(&self, name: &str) -> SeriesStatistics {
        let of = |value: f64| match self.count {
            0 => Figure::Undefined("no finite values"),
            _ => Figure::of(value),
        };
        SeriesStatistics {
            name: name.to_owned(),
            count: self.count,
            not_finite: self.not_finite,
            mean: of(self.mean),
            min: of(self.min),
            max: of(self.max),
            last: of(self.last),
        }
    }
}

/// The recorded series of each instance, and the curves of those of drawn instances.
pub(super) struct Recorded {
    pub(super) statistics: Vec<Vec<SeriesStatistics>>,
    pub(super) curves: BTreeMap<usize, Vec<(String, Vec<Point>)>>,
}

/// Reads the recorded series; `drawn` are the numbers of the instances that are drawn.
pub(super) fn read(source: &Source<'_>, drawn: &[usize]) -> Result<Recorded, AnalyticsError> {
    let instances = &source.run.description.instances;
    let (first, last) = (source.run.summary.first, source.run.summary.last);
    let mut all: Vec<BTreeMap<String, Values>> = vec![BTreeMap::new(); instances.len()];
    let mut table = source.open(&METRICS)?;
    while let Some(batch) = table.next()? {
        let instance = batch.places("instance", &source.instances)?;
        let (at, series) = (batch.integers("at")?, batch.words("series")?);
        let values = batch.floats("value")?;
        for (row, number) in instance.iter().enumerate() {
            let Some(number) = *number else {
                continue;
            };
            let name = series.at(row);
            let known = &mut all[number];
            if !known.contains_key(name) {
                let draws = drawn.contains(&number) && known.len() < DRAWN_MAX;
                let empty = Values {
                    count: 0,
                    not_finite: 0,
                    mean: 0.0,
                    min: f64::INFINITY,
                    max: f64::NEG_INFINITY,
                    last: 0.0,
                    drawn: draws.then(|| M4::new(first, last, BUCKETS)),
                };
                known.insert(name.to_owned(), empty);
            }
            if let Some(series) = known.get_mut(name) {
                series.add(at.at(row), values.value(row));
            }
        }
    }
    let statistics = |x: &BTreeMap<String, Values>| -> Vec<SeriesStatistics> {
        x.iter().map(|(name, x)| x.statistics(name)).collect()
    };
    let curves = |number: &usize| {
        let drawn = all[*number].iter();
        let drawn = drawn.filter_map(|(name, x)| Some((name.clone(), x.drawn.as_ref()?.points())));
        (*number, drawn.collect())
    };
    Ok(Recorded {
        curves: drawn.iter().map(curves).collect(),
        statistics: all.iter().map(statistics).collect(),
    })
}
