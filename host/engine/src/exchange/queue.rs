//! How the queue at a price is kept: the rules by which resting orders are matched.
//!
//! Takes in a run's settings; gives out those of which [`super::Rules`] are made. A model of somebody's own is a
//! [`QueueModel`].

use std::fmt::Debug;
use std::sync::Arc;

/// Who of a level's orders a trade fills, on a tape of orders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Matching {
    /// Price, then time, told by the tape's executions: one of an order that stands behind ours reached ours first.
    #[default]
    Fifo,
    /// Price, then time, told by what the tape prints: what stands ahead is counted, and a print fills what it leaves.
    /// Which of the tape's orders were executed is not looked at.
    FifoByPrints,
    /// By size: each gets the share of a trade that it has of all that rests at the price; on a tape of price levels too.
    /// A part of the trade may go first in, first out before that.
    ProRata {
        /// That part, in units of 1e-9.
        first: u64,
    },
}

/// A law of where cancellations come from on a tape of price levels.
pub trait QueueModel: Debug + Send + Sync {
    /// The probability that what left a level without a trade stood behind an order: `front` stands ahead of it and `back`
    /// behind it, in quantity units, before it left. Must depend on its arguments alone. What is no number, and what is
    /// above one, counts as one; what is below zero as zero.
    fn behind(&self, front: f64, back: f64) -> f64;
}

/// What is assumed of cancellations on a tape of price levels, where nothing tells which order of a level left. The names are
/// hftbacktest's where the formulas are (0.9.4; see `probability.rs`). Reals are in units of 1e-9.
#[derive(Clone, Debug, Default)]
pub enum LevelModel {
    /// Every cancellation comes from behind as long as anything can stand there.
    #[default]
    RiskAverse,
    /// From behind with probability `back^n / (back^n + front^n)`.
    PowerProb {
        /// The exponent.
        n: i64,
    },
    /// From behind with probability `back^n / (back + front)^n`.
    PowerProb2 {
        /// The exponent.
        n: i64,
    },
    /// From behind with probability `1 - (front / (front + back))^n`.
    PowerProb3 {
        /// The exponent.
        n: i64,
    },
    /// From behind with probability `ln(1 + back) / (ln(1 + back) + ln(1 + front))`.
    LogProb,
    /// From behind with probability `ln(1 + back) / ln(1 + back + front)`.
    LogProb2,
    /// From behind where the level once grew by just so much after the order came, the latest time first; else from
    /// ahead. For feeds that do not conflate.
    SizeMatch,
    /// Every cancellation that the level shows comes from ahead: the other bound, as far as levels tell.
    AllAhead,
    /// No queue: a trade at the price fills with a probability, drawn for each order and trade apart.
    Touch {
        /// The probability.
        probability: u64,
    },
    /// As a model of somebody's own says.
    Own(Arc<dyn QueueModel>),
}

impl LevelModel {
    /// Whether what stands ahead is estimated, and not only bounded.
    #[inline]
    pub(super) const fn estimates(&self) -> bool {
        !matches!(self, LevelModel::RiskAverse)
    }
}

/// A mistake, made on purpose: a proof that does not find it proves nothing. No run has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// An order of which some is cancelled goes to the end of the queue.
    DecreaseLosesPlace,
    /// An order that grows stays where it is.
    IncreaseKeepsPlace,
    /// What a print takes from the queue is not seen by the prints of the same match event.
    NoConsumptionWithinEvent,
}

/// The rules of the queue.
#[derive(Clone, Debug, Default)]
pub struct QueueRules {
    /// On a tape of orders.
    pub matching: Matching,
    /// On a tape of price levels.
    pub model: LevelModel,
    /// The seed of what the model draws.
    pub seed: u64,
    /// The mistake that is made.
    pub defect: Option<Defect>,
}

impl QueueRules {
    /// First in, first out on a tape of orders, and a model of somebody's own on one of price levels.
    pub fn own(model: impl QueueModel + 'static) -> QueueRules {
        QueueRules {
            model: LevelModel::Own(Arc::new(model)),
            ..QueueRules::default()
        }
    }

    /// Whether what stands ahead of each order must be counted, so that every change of its level is looked at.
    pub(crate) const fn counts(&self, shows_levels: bool) -> bool {
        shows_levels || !matches!(self.matching, Matching::Fifo)
    }

    /// What is wrong with the rules for a tape of a kind; `None` where nothing is.
    pub(crate) fn unsuitable(&self, shows_levels: bool) -> Option<(String, &'static str)> {
        (self.model.estimates() && !shows_levels).then(|| {
            let allowed = "left out, `ProRata` or `FifoProRata` on a tape of orders, which says itself where an order \
                           stands; other queue models are for tapes of price levels";
            (format!("{:?}", self.model), allowed)
        })
    }
}
