//! The lists of words that the columns of tables use.
//!
//! Takes in the description of a run; gives out the list of any column of words, so that rows hold numbers.

use std::sync::Arc;

use arrow::array::StringArray;
use backplane_engine::schedule::Occasion;

use super::rows;
use super::schema::{FILLS, Table};
use crate::description::RunDescription;

/// The lists of words that the tables' columns use.
pub(crate) struct Words {
    instances: Arc<StringArray>,
    instruments: Arc<StringArray>,
    series: Arc<StringArray>,
}

impl Words {
    /// The words of a run.
    pub(crate) fn new(description: &RunDescription) -> Words {
        let instances = description.instances.iter();
        let instruments = description.tape.instruments.iter();
        let series = instances.clone().flat_map(|x| x.metrics.iter());
        Words {
            instances: list(instances.map(|x| x.name.as_str())),
            instruments: list(instruments.map(|x| x.symbol.as_str())),
            series: list(series.map(String::as_str)),
        }
    }

    /// The words of a column.
    pub(crate) fn of(&self, table: Table, column: &str) -> Arc<StringArray> {
        match column {
            "instance" => self.instances.clone(),
            "instrument" => self.instruments.clone(),
            "series" => self.series.clone(),
            "side" => list(rows::SIDES.iter().copied()),
            "status" => list(rows::STATUSES.iter().copied()),
            "kind" => list(rows::COMMANDS.iter().copied()),
            "order_type" => list(rows::ORDER_TYPES.iter().copied()),
            "time_in_force" => list(rows::TIMES_IN_FORCE.iter().copied()),
            "liquidity" => list(rows::LIQUIDITIES.iter().copied()),
            "level" => list(rows::LOG_LEVELS.iter().copied()),
            "occasion" => list(Occasion::TEXTS.into_iter()),
            "end" => list(rows::ENDS.iter().copied()),
            _ if table == FILLS => list(rows::FILL_REASONS.iter().copied()),
            _ => list(rows::reasons().into_iter()),
        }
    }
}

fn list<'a>(words: impl Iterator<Item = &'a str>) -> Arc<StringArray> {
    Arc::new(StringArray::from(words.collect::<Vec<&str>>()))
}
