//! Sums for every view of a run: each instance, each instrument, each instance in each instrument, all together.
//!
//! Takes in rows with their instance and instrument; gives each to the views that it belongs to.

use super::execution::{ExecutionStatistics, Executions};
use super::inventory::Inventory;
use super::orders::{OrderStatistics, Orders};
use super::trips::{TradeStatistics, Trips};
use backplane_sdk::types::Money;

/// The sums of one view.
#[derive(Clone, Debug, Default)]
pub(super) struct Totals {
    pub(super) executions: Executions,
    pub(super) orders: Orders,
    pub(super) trips: Trips,
    pub(super) fees: Money,
    pub(super) fills: u64,
    /// Where the view is of one account: its position over time.
    pub(super) inventory: Option<Inventory>,
}

impl Totals {
    /// Figures of executions, orders and round trips; `records` says whether the results hold what format 1 does not.
    pub(super) fn figures(
        &self,
        records: bool,
    ) -> (ExecutionStatistics, OrderStatistics, TradeStatistics) {
        let missing = if records {
            "no mid while they were open"
        } else {
            super::execution::NOT_RECORDED
        };
        (
            self.executions.figures(records),
            self.orders.figures(self.fills, records),
            self.trips.figures(missing),
        )
    }
}

/// The sums of all views. A view that is the same as another is not kept twice.
#[derive(Debug)]
pub(super) struct Board {
    instances: usize,
    instruments: usize,
    /// By instance and instrument; the last of either stands for all.
    views: Vec<Option<Box<Totals>>>,
}

impl Board {
    /// No sums of so many instances and instruments.
    pub(super) fn new(instances: usize, instruments: usize) -> Board {
        let mut views = Vec::new();
        views.resize_with((instances + 1) * (instruments + 1), || None);
        Board {
            instances,
            instruments,
            views,
        }
    }

    fn place(&self, instance: Option<usize>, instrument: Option<usize>) -> usize {
        // One instance is all instances.
        let instance = match instance {
            _ if self.instances == 1 => 0,
            Some(number) => number,
            None => self.instances,
        };
        instance * (self.instruments + 1) + instrument.unwrap_or(self.instruments)
    }

    /// Changes all views that a row of an instance belongs to.
    pub(super) fn each(
        &mut self,
        instance: usize,
        instrument: Option<usize>,
        mut change: impl FnMut(&mut Totals),
    ) {
        let keys = [
            (Some(instance), None),
            (None, None),
            (Some(instance), instrument),
            (None, instrument),
        ];
        let views = match (self.instances, instrument) {
            (1, Some(_)) => &[0, 2][..],
            (1, None) => &[0],
            (_, Some(_)) => &[0, 1, 2, 3],
            (_, None) => &[0, 1],
        };
        for view in views {
            let (instance, instrument) = keys[*view];
            let place = self.place(instance, instrument);
            change(self.views[place].get_or_insert_default());
        }
    }

    /// The sums of one account, to be changed.
    pub(super) fn account(&mut self, instance: usize, instrument: usize) -> &mut Totals {
        let place = self.place(Some(instance), Some(instrument));
        self.views[place].get_or_insert_default()
    }

    /// Adds the sums of orders and round trips of the same run that were made beside these.
    pub(super) fn join(&mut self, beside: Board) {
        for (view, beside) in self.views.iter_mut().zip(beside.views) {
            let Some(beside) = beside else {
                continue;
            };
            let own = view.get_or_insert_default();
            own.executions.take_shortfall(&beside.executions);
            own.orders = beside.orders;
            if !beside.trips.is_empty() {
                own.trips = beside.trips;
            }
        }
    }

    /// The sums of a view; none where no row belongs to it.
    pub(super) fn view(
        &self,
        instance: Option<usize>,
        instrument: Option<usize>,
    ) -> Option<&Totals> {
        self.views[self.place(instance, instrument)].as_deref()
    }
}
