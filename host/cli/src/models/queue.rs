//! The queue models that come with the program.
//!
//! Takes in their settings; gives out the engine's rules of the queue. `docs/fills.md` describes each.

use backplane_engine::exchange::{LevelModel, Matching, QueueRules};

use super::QueueBuilder;
use super::arguments::{ModelArguments, missing};

type Built = Result<QueueRules, String>;

/// One, in units of 1e-9.
const ONE: i64 = 1_000_000_000;
/// The largest exponent.
const EXPONENT_MAX: i64 = 100;

/// The models by their names.
pub(super) const BUILDERS: &[(&str, QueueBuilder)] = &[
    ("RiskAverse", |_| Ok(QueueRules::default())),
    ("PowerProb", |x| {
        Ok(of(LevelModel::PowerProb { n: exponent(x)? }))
    }),
    ("PowerProb2", |x| {
        Ok(of(LevelModel::PowerProb2 { n: exponent(x)? }))
    }),
    ("PowerProb3", |x| {
        Ok(of(LevelModel::PowerProb3 { n: exponent(x)? }))
    }),
    ("LogProb", |_| Ok(of(LevelModel::LogProb))),
    ("LogProb2", |_| Ok(of(LevelModel::LogProb2))),
    ("SizeMatch", |_| Ok(of(LevelModel::SizeMatch))),
    ("FillAtTouch", fill_at_touch),
    ("ProRata", |_| Ok(by_size(0))),
    ("FifoProRata", fifo_pro_rata),
];

fn of(model: LevelModel) -> QueueRules {
    QueueRules {
        model,
        ..QueueRules::default()
    }
}

fn by_size(first: u64) -> QueueRules {
    QueueRules {
        matching: Matching::ProRata { first },
        ..QueueRules::default()
    }
}

fn exponent(arguments: &ModelArguments<'_>) -> Result<i64, String> {
    let n = arguments.decimal("n")?.ok_or_else(|| missing("n"))?;
    if n <= 0 || n > EXPONENT_MAX * ONE {
        return Err(format!(
            "`n` must be more than 0 and at most {EXPONENT_MAX}"
        ));
    }
    Ok(n)
}

/// A share from 0 to 1.
fn share(arguments: &ModelArguments<'_>, name: &str) -> Result<u64, String> {
    let share = arguments.decimal(name)?.ok_or_else(|| missing(name))?;
    let within = u64::try_from(share).ok().filter(|_| share <= ONE);
    within.ok_or_else(|| format!("`{name}` must be from 0 to 1"))
}

fn fill_at_touch(arguments: &ModelArguments<'_>) -> Built {
    Ok(of(LevelModel::Touch {
        probability: share(arguments, "fill_probability_at_touch")?,
    }))
}

fn fifo_pro_rata(arguments: &ModelArguments<'_>) -> Built {
    Ok(by_size(share(arguments, "fifo_share")?))
}
