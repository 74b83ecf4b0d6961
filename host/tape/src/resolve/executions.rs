//! Which fills of a source that announces them are followed by what takes them out of the book.
//!
//! Takes in whole events; gives out, for each order of an event, how much of its fills may leave the book at the fill,
//! and how much of the cancel that follows is left to do.

use backplane_sdk::types::Action;

use super::event::EventQueue;
use crate::hash::{Lookup, lookup};

/// What an event holds for one order that it fills.
#[derive(Clone, Copy, Debug, Default)]
struct Budget {
    /// What its cancels take out in all.
    cancelled: u32,
    /// Whether it is modified, which may take out all of it.
    is_modified: bool,
    /// What fills took out already, in the cancels' stead.
    taken: u32,
    /// Whether the order is gone by its fills.
    is_exhausted: bool,
}

/// The budgets of the events that are being resolved, by event and order.
#[derive(Debug)]
pub(super) struct Executions {
    budgets: Lookup<(usize, u64), Budget>,
}

impl Default for Executions {
    fn default() -> Executions {
        Executions { budgets: lookup() }
    }
}

impl Executions {
    /// Looks at all cancels and modifications of events with fills.
    pub(super) fn prepare(&mut self, queue: &EventQueue) {
        self.budgets.clear();
        for (message, number) in queue.messages() {
            if !queue
                .events()
                .get(*number)
                .is_some_and(|event| event.has_fill)
            {
                continue;
            }
            match message.action {
                Action::Cancel => {
                    let budget = self.budgets.entry((*number, message.order_id)).or_default();
                    budget.cancelled = budget.cancelled.saturating_add(message.size);
                }
                Action::Modify => {
                    self.budgets
                        .entry((*number, message.order_id))
                        .or_default()
                        .is_modified = true;
                }
                _ => {}
            }
        }
    }

    /// How much of a fill of `size` leaves an order of which `remaining` rests.
    pub(super) fn fill(&mut self, event: usize, order_id: u64, size: u32, remaining: u32) -> u32 {
        let Some(budget) = self.budgets.get_mut(&(event, order_id)) else {
            return 0;
        };
        let available = match budget.is_modified {
            true => remaining,
            false => budget.cancelled.saturating_sub(budget.taken).min(remaining),
        };
        let effect = size.min(available);
        budget.taken = budget.taken.saturating_add(effect);
        budget.is_exhausted |= effect == remaining;
        effect
    }

    /// What is left to cancel of `size` after what fills took out in its stead.
    pub(super) fn cancel(&mut self, event: usize, order_id: u64, size: u32) -> u32 {
        let Some(budget) = self.budgets.get_mut(&(event, order_id)) else {
            return size;
        };
        let done = budget.taken.min(size);
        budget.taken -= done;
        size - done
    }

    /// Whether fills of the event took something out of the order.
    pub(super) fn took_from(&self, event: usize, order_id: u64) -> bool {
        self.budgets
            .get(&(event, order_id))
            .is_some_and(|budget| budget.taken > 0)
    }

    /// Whether fills of the event took the order out of the book.
    pub(super) fn exhausted(&self, event: usize, order_id: u64) -> bool {
        self.budgets
            .get(&(event, order_id))
            .is_some_and(|budget| budget.is_exhausted)
    }
}
