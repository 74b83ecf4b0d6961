//! The queue models that are held against a recording, and their fates.
//!
//! Takes in what concerns one ghost; gives out what each model would have filled of it.

use backplane_engine::contract::Contract;
use backplane_engine::exchange::{LevelModel, QueueRules, View};
use backplane_engine::random::{Random, key};
use backplane_sdk::types::{Price, Quantity};

use crate::ghost::Ghost;
use crate::history::{Execution, RealOrder};
use crate::level_tape::Part;
use crate::recording::Recording;

/// What an instrument is worth: of no account here.
const MULTIPLIER: i64 = 1_000_000_000;
/// One, in units of 1e-9.
const ONE: i64 = 1_000_000_000;
/// Units of 1e-3 in which places in the queue are drawn.
const PARTS: u64 = 1_000;

/// How a ghost is simulated.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The model.
    pub model: LevelModel,
    /// Whether its first place in the queue is drawn: a placebo.
    pub draws_place: bool,
}

const fn candidate(model: LevelModel) -> Candidate {
    Candidate {
        model,
        draws_place: false,
    }
}

/// The exponents that are tried, in units of 1e-9.
const EXPONENTS: [i64; 6] = [ONE / 2, ONE, 3 * ONE / 2, 2 * ONE, 3 * ONE, 5 * ONE];

/// The models among which one is chosen, the most careful one first.
pub fn candidates() -> Vec<Candidate> {
    let mut all = vec![candidate(LevelModel::RiskAverse)];
    all.extend(EXPONENTS.map(|n| candidate(LevelModel::PowerProb { n })));
    all.extend(EXPONENTS.map(|n| candidate(LevelModel::PowerProb2 { n })));
    all.extend(EXPONENTS.map(|n| candidate(LevelModel::PowerProb3 { n })));
    all.push(candidate(LevelModel::LogProb));
    all.push(candidate(LevelModel::LogProb2));
    all.push(candidate(LevelModel::SizeMatch));
    all.extend([ONE / 10, ONE / 2].map(|x| {
        candidate(LevelModel::Touch {
            probability: x as u64,
        })
    }));
    all
}

/// The bound on the other side of the careful model: every cancellation comes from ahead.
pub const ALL_AHEAD: Candidate = candidate(LevelModel::AllAhead);

/// Models that know nothing of the queue: only what trades through fills; or the place is drawn.
pub const PLACEBOS: [Candidate; 2] = [
    candidate(LevelModel::Touch { probability: 0 }),
    Candidate {
        model: LevelModel::RiskAverse,
        draws_place: true,
    },
];

impl Candidate {
    /// What the ghost of an order is filled; its number is of what is drawn.
    pub fn fills(
        &self,
        recording: &Recording,
        order: &RealOrder,
        part: &Part,
        (seed, number): (u64, usize),
    ) -> Vec<Execution> {
        if !part.may_fill {
            return Vec::new();
        }
        let contracts = vec![Contract::linear(MULTIPLIER); recording.instruments.len()];
        let seed = key(&[seed, number as u64]);
        let mut books = part.books.clone();
        if self.draws_place {
            let book = &mut books[usize::from(order.instrument)];
            let price = Price(order.price);
            let shown = book.size_at(order.side, price).0;
            let share = Random::new(seed).below(PARTS + 1) as i64;
            let ahead = shown * share / PARTS as i64;
            book.set(order.side, price, Quantity(ahead));
        }
        let view = View {
            rows: part.batch.rows(),
            first: 0,
            heard: 0,
            books: &books,
            grids: &recording.grids,
            contracts: &contracts,
            last_trades: &[],
        };
        let queue = QueueRules {
            model: self.model.clone(),
            seed,
            ..QueueRules::default()
        };
        let mut ghost = Ghost::new(queue, true, order.instrument, order.side);
        ghost.enter(&view, 0, order.entered, order.price, order.size);
        for step in &part.steps {
            ghost.follow(&view, step.row, step.at, step.deed);
        }
        if ghost.is_open() {
            ghost.advance(&view, part.batch.rows().len() as u64);
        }
        ghost.fills
    }

    /// The model as the run file names it.
    pub fn name(&self) -> String {
        if self.draws_place {
            return "random place".to_owned();
        }
        match self.model {
            LevelModel::RiskAverse => "RiskAverse".to_owned(),
            LevelModel::PowerProb { .. } => "PowerProb".to_owned(),
            LevelModel::PowerProb2 { .. } => "PowerProb2".to_owned(),
            LevelModel::PowerProb3 { .. } => "PowerProb3".to_owned(),
            LevelModel::LogProb => "LogProb".to_owned(),
            LevelModel::LogProb2 => "LogProb2".to_owned(),
            LevelModel::SizeMatch => "SizeMatch".to_owned(),
            LevelModel::AllAhead => "all ahead".to_owned(),
            LevelModel::Touch { probability: 0 } => "trade-through only".to_owned(),
            LevelModel::Touch { .. } => "FillAtTouch".to_owned(),
            LevelModel::Own(_) => format!("{:?}", self.model),
        }
    }

    /// The model's parameter, with the name that the run file gives it; none where it has none.
    pub fn parameter(&self) -> Option<(&'static str, f64)> {
        match self.model {
            LevelModel::PowerProb { n }
            | LevelModel::PowerProb2 { n }
            | LevelModel::PowerProb3 { n } => Some(("n", n as f64 / ONE as f64)),
            LevelModel::Touch { probability } if probability > 0 => {
                Some(("fill_probability_at_touch", probability as f64 / ONE as f64))
            }
            _ => None,
        }
    }
}
