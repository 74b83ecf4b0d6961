//! A strategy that does what a test planned, whatever it hears.

use std::cell::RefCell;

use backplane_engine::guest::{Guest, InProcess};
use backplane_sdk::prelude::*;
use backplane_tape::SourceMessage;
use backplane_tests::rows::{Rows, levels, resolve};

use crate::oracle::scripted::Deed;
use crate::oracle::{Delays, Effect, answers};

thread_local! {
    static PLAN: RefCell<Vec<(i64, Deed)>> = const { RefCell::new(Vec::new()) };
}

/// The strategy; it follows the plan that its thread held when it was made.
struct Planned {
    plan: Vec<(i64, Deed)>,
}

/// The strategy that does these things at these times.
pub(crate) fn planned(plan: &[(i64, Deed)]) -> Box<dyn Guest> {
    PLAN.with(|x| *x.borrow_mut() = plan.to_vec());
    let params = Params::defaults(&Planned::descriptor().params);
    Box::new(InProcess::<Planned>::new(&params).unwrap())
}

/// The answers to a plan on a tape of orders.
pub(crate) fn on_orders(
    messages: &[SourceMessage],
    plan: &[(i64, Deed)],
    delays: Delays,
) -> Vec<Effect> {
    let mut source = Rows::new(resolve(messages, 1), 50);
    answers(&mut source, planned(plan), delays).unwrap()
}

/// The answers to a plan on the tape of price levels that shows the same market.
pub(crate) fn on_levels(
    messages: &[SourceMessage],
    plan: &[(i64, Deed)],
    delays: Delays,
) -> Vec<Effect> {
    let mut source = Rows::of_levels(levels(&resolve(messages, 1), 1), 50);
    answers(&mut source, planned(plan), delays).unwrap()
}

impl Strategy for Planned {
    fn descriptor() -> Descriptor {
        Descriptor::new("planned", "1.0.0")
    }

    fn new(_: &Params) -> Result<Self, String> {
        let plan = PLAN.with(|x| x.borrow().clone());
        Ok(Planned { plan })
    }

    fn on_start(&mut self, ctx: &mut Context) {
        for (number, (at, _)) in self.plan.iter().enumerate() {
            ctx.set_timer(TimerId(number as u64), Timestamp(*at));
        }
    }

    fn on_market(&mut self, _: &MarketEvent, _: &mut Context) {}

    fn on_timer(&mut self, timer: TimerId, ctx: &mut Context) {
        if let Deed::Submit(order) = self.plan[timer.0 as usize].1 {
            ctx.submit(order);
        }
    }
}
