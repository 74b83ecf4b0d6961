//! Backplane with three models of one's own: a program that links the library and registers them.
//!
//! Takes in what `backplane` takes in; gives out the same. `docs/models.md` explains each part.

use std::process::ExitCode;
use std::sync::Arc;

use backplane_cli::models::{ModelArguments, Models};
use backplane_engine::delay::{LatencyModel, Leg};
use backplane_engine::exchange::{Execution, FeeModel, QueueModel, QueueRules};
use backplane_engine::random::Random;
use backplane_sdk::types::{Liquidity, Money, Nanos, Timestamp};

/// A line that is slow at the beginning of each second, when everybody sends.
#[derive(Debug)]
struct Busy {
    calm: Nanos,
    busy: Nanos,
}

impl LatencyModel for Busy {
    fn minimum(&self) -> Nanos {
        self.calm.min(self.busy)
    }

    fn draw(&self, at: Timestamp, random: &mut Random) -> Nanos {
        let since = at.0.rem_euclid(1_000_000_000);
        let least = if since < 50_000_000 {
            self.busy
        } else {
            self.calm
        };
        // Up to a tenth more.
        let more = random.below(1 + least.0 as u64 / 10);
        Nanos(least.0 + more as i64)
    }
}

fn busy(_: Leg, arguments: &ModelArguments<'_>) -> Result<Arc<dyn LatencyModel>, String> {
    let time = |name: &str| arguments.time(name)?.ok_or(format!("`{name}` is not set"));
    Ok(Arc::new(Busy {
        calm: time("calm")?,
        busy: time("busy")?,
    }))
}

/// Some cancellations come from behind whatever stands there; of the rest each contract is as likely.
#[derive(Debug)]
struct Blend {
    behind: f64,
}

impl QueueModel for Blend {
    fn behind(&self, front: f64, back: f64) -> f64 {
        self.behind + (1.0 - self.behind) * back / (front + back)
    }
}

fn blend(arguments: &ModelArguments<'_>) -> Result<QueueRules, String> {
    let behind = arguments.decimal("behind")?.ok_or("`behind` is not set")?;
    if !(0..=1_000_000_000).contains(&behind) {
        return Err("`behind` must be from 0 to 1".into());
    }
    Ok(QueueRules::own(Blend {
        behind: behind as f64 / 1e9,
    }))
}

/// A broker who takes nothing for the first units that take liquidity, and an amount for each one after.
#[derive(Clone, Debug)]
struct FreeAtFirst {
    free: i64,
    per_unit: Money,
}

impl FeeModel for FreeAtFirst {
    fn fee(&mut self, execution: &Execution) -> Money {
        if execution.liquidity == Liquidity::Maker {
            return Money::ZERO;
        }
        let free = self.free.min(execution.quantity.0);
        self.free -= free;
        Money(self.per_unit.0 * i128::from(execution.quantity.0 - free))
    }

    fn boxed(&self) -> Box<dyn FeeModel> {
        Box::new(self.clone())
    }
}

fn free_at_first(arguments: &ModelArguments<'_>) -> Result<Box<dyn FeeModel>, String> {
    let number = |name: &str| {
        arguments
            .decimal(name)?
            .ok_or(format!("`{name}` is not set"))
    };
    Ok(Box::new(FreeAtFirst {
        free: number("free")? / 1_000_000_000,
        per_unit: Money(number("per_unit")?.into()),
    }))
}

fn main() -> ExitCode {
    let models = Models::default()
        .latency("busy", busy)
        .queue("Blend", blend)
        .fees("free_at_first", free_at_first);
    backplane_cli::main_with(&models)
}
