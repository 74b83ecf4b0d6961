//! The end of a run.
//!
//! Takes in a run whose tape has ended; gives out its summary. The rule of the end: what reaches the exchange no later
//! than the last row is heard is matched and answered, and the answers are heard even where they arrive later; what
//! would reach it afterwards, and every order that still rests, expires. Timers that are due after the last row are
//! never heard. Last of all the strategies hear that the run stops.

use backplane_sdk::abi::Message;
use backplane_sdk::types::{OrderStatus, Reason, Timestamp};

use super::Run;
use crate::error::RunError;
use crate::journal::run_digest;
use crate::summary::{InstanceSummary, RunSummary};

impl Run<'_> {
    pub(super) fn finish(mut self) -> Result<RunSummary, RunError> {
        if self.heard > 0 {
            self.drain()?;
        }
        for place in 0..self.seats.len() {
            let at = Timestamp(self.seats[place].now.max(self.last));
            self.deliver(place, &Message::stop(at))?;
            if self.seats[place].runs() {
                self.close(place, OrderStatus::Expired, Reason::EndOfRun, at)?;
            }
        }
        let end = self.seats.iter().map(|x| x.now).max();
        self.sample(Timestamp(end.unwrap_or(self.last).max(self.last)))?;
        self.watcher.progress(self.heard, Timestamp(self.last));
        Ok(self.summary())
    }

    /// Lets the strategies hear all that is still on its way to them.
    fn drain(&mut self) -> Result<(), RunError> {
        let end = self.last;
        loop {
            let due = self.router.next_bar().min(self.next_sample);
            if due > end {
                break;
            }
            self.attend(due, i64::MIN, due)?;
            self.happen(due, end)?;
        }
        for place in 0..self.seats.len() {
            // Everything that is due with the last row, timers included; then only answers.
            let after = end.saturating_add(1);
            self.attend_seat(place, after, i64::MIN, after)?;
            self.seats[place].timers.close();
            self.attend_seat(place, i64::MAX, i64::MIN, i64::MAX)?;
        }
        Ok(())
    }

    fn summary(&mut self) -> RunSummary {
        let starting_cash = self.config.starting_cash;
        let instances = self.seats.iter_mut().map(|seat| InstanceSummary {
            outcome: seat.outcome.clone(),
            digest: seat.journal.digest(),
            messages: seat.messages,
            commands: seat.commands,
            orders: seat.orders,
            fills: seat.fills,
            equity: starting_cash + seat.account.equity(),
            fees: seat.account.fees(),
            refused: seat.risk.as_ref().map_or(Vec::new(), |x| x.refused()),
            kill: seat.risk.as_ref().and_then(|x| x.kill()),
            liquidations: seat.risk.as_ref().map_or(0, |x| x.liquidations()),
        });
        let instances: Vec<InstanceSummary> = instances.collect();
        let clock = self.window.clock();
        RunSummary {
            digest: run_digest(instances.iter().map(|x| x.digest)),
            instances,
            messages: self.heard,
            first: Timestamp(self.first),
            last: Timestamp(self.last),
            exchange_time_corrections: clock.exchange_time_corrections,
            negative_latency_corrections: clock.negative_latency_corrections,
            late_corrections: clock.late_corrections,
        }
    }
}
