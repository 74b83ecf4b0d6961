//! How far simulated fills agree with recorded ones.
//!
//! Takes in what was executed of real orders and filled of their ghosts; gives out the figures of a study. These are the
//! only floats of this crate, and nothing that is simulated depends on them.
//!
//! With `t` and `s` what is executed of an order and filled of its ghost within the horizon:
//!
//! | figure | formula |
//! |---|---|
//! | `ratio` | `sum s / sum t` |
//! | `precision`, `recall`, `f1` | of "something is filled", the real order being right |
//! | `jaccard` | `sum min / sum max` of the quantities of each (match event, order) |
//! | `standard_error` | `sqrt(sum (s - t)^2) / sum t` |
//! | `bootstrap_error` | the standard deviation of `ratio` where blocks of time are drawn again |

use backplane_engine::random::{Random, key};
use backplane_sdk::math;
use serde::Serialize;

use crate::history::Execution;

/// Blocks of time that are drawn again, in nanoseconds: 5 minutes.
const BLOCK: i64 = 300_000_000_000;
/// How often they are drawn.
const DRAWS: u64 = 400;
/// Two standard errors must be below this for a claim about one per cent.
const CLAIM: f64 = 0.005;

/// What became of a real order and of its ghost.
#[derive(Clone, Debug, Default)]
pub struct Pair {
    /// When the order entered.
    pub entered: i64,
    /// After this nothing of it is known, so that nothing counts.
    pub censored: Option<i64>,
    /// What stood ahead of it.
    pub ahead: i64,
    /// What was executed of the order.
    pub truth: Vec<Execution>,
    /// What was filled of the ghost.
    pub simulated: Vec<Execution>,
}

/// What counts of a pair within a horizon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cut {
    /// What was executed.
    pub truth: i64,
    /// What was filled of the ghost.
    pub simulated: i64,
    /// The sum of what both have of each match event.
    pub both: i64,
    /// The sum of what either has of each match event.
    pub either: i64,
    /// The first execution's time and the first fill's.
    first: (Option<i64>, Option<i64>),
}

impl Pair {
    /// What was filled of the ghost within a horizon in nanoseconds, as far as it counts.
    pub fn fills_until(&self, horizon: i64) -> &[Execution] {
        let end = self.entered.saturating_add(horizon);
        let end = self.censored.map_or(end, |x| end.min(x - 1));
        let known = self.simulated.partition_point(|x| x.at <= end);
        &self.simulated[..known]
    }

    /// What counts within a horizon in nanoseconds; all where there is none.
    pub fn cut(&self, horizon: Option<i64>) -> Cut {
        let end = horizon.map_or(i64::MAX, |x| self.entered.saturating_add(x));
        let end = self.censored.map_or(end, |x| end.min(x - 1));
        let known = |x: &&Execution| x.at <= end;
        let mut cut = Cut::default();
        let mut simulated = self.simulated.iter().filter(known).peekable();
        let mut lone = 0;
        for execution in self.truth.iter().filter(known) {
            while let Some(fill) = simulated.next_if(|x| x.at < execution.at) {
                lone += fill.quantity;
            }
            let fill = simulated.next_if(|x| x.at == execution.at);
            let quantity = fill.map_or(0, |x| x.quantity);
            cut.truth += execution.quantity;
            cut.both += quantity.min(execution.quantity);
            cut.either += quantity.max(execution.quantity);
        }
        lone += simulated.map(|x| x.quantity).sum::<i64>();
        cut.either += lone;
        cut.simulated = self
            .simulated
            .iter()
            .filter(known)
            .map(|x| x.quantity)
            .sum();
        let first = |list: &[Execution]| list.first().filter(known).map(|x| x.at);
        cut.first = (first(&self.truth), first(&self.simulated));
        cut
    }
}

/// How late the ghosts' first fills were, in seconds, without their sign; of those where both were filled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct TimeError {
    /// Half were no later.
    pub p50: f64,
    /// Nine of ten.
    pub p90: f64,
    /// Ninety-nine of a hundred.
    pub p99: f64,
    /// All.
    pub max: f64,
}

/// How far some pairs agree.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Agreement {
    /// Ghosts.
    pub ghosts: u64,
    /// Real orders of which something was executed.
    pub filled: u64,
    /// Ghosts of which something was filled.
    pub filled_simulated: u64,
    /// What was executed.
    pub quantity: i64,
    /// What was filled of ghosts.
    pub quantity_simulated: i64,
    /// Pairs that are not the same in every match event.
    pub differing: u64,
    /// See the module; none where nothing was executed.
    pub ratio: Option<f64>,
    /// See the module; none where no ghost was filled.
    pub precision: Option<f64>,
    /// See the module; none where nothing was executed.
    pub recall: Option<f64>,
    /// See the module; none where nothing was executed or filled.
    pub f1: Option<f64>,
    /// See the module; none where nothing was executed or filled.
    pub jaccard: Option<f64>,
    /// See the module; none where nothing was executed.
    pub standard_error: Option<f64>,
    /// See the module; none where fewer than two blocks saw executions.
    pub bootstrap_error: Option<f64>,
    /// Whether twice either error is below 0.5 %, so that one per cent may be claimed.
    pub carries_claim: bool,
    /// Of the first fills.
    pub time_error: Option<TimeError>,
    /// The sum of the differences, without their sign.
    pub absolute_error: i64,
}

impl Agreement {
    /// The agreement of pairs within a horizon in nanoseconds. The seed is of the blocks that are drawn.
    pub fn of<'a>(
        pairs: impl Iterator<Item = &'a Pair>,
        horizon: Option<i64>,
        seed: u64,
    ) -> Agreement {
        Agreement::of_cuts(pairs.map(|x| (x.entered, x.cut(horizon))), seed)
    }

    /// The agreement of what counts of pairs, each with its time of entry.
    pub fn of_cuts(cuts: impl Iterator<Item = (i64, Cut)>, seed: u64) -> Agreement {
        let mut sum = Sum::default();
        cuts.for_each(|(entered, cut)| sum.add(entered, &cut));
        sum.agreement(seed)
    }
}

/// Sums over pairs.
#[derive(Default)]
struct Sum {
    result: Agreement,
    hits: u64,
    both: i64,
    either: i64,
    squares: f64,
    delays: Vec<i64>,
    /// What was executed and filled of each block of time.
    blocks: std::collections::BTreeMap<i64, (i64, i64)>,
}

impl Sum {
    fn add(&mut self, entered: i64, cut: &Cut) {
        let result = &mut self.result;
        result.ghosts += 1;
        result.filled += u64::from(cut.truth > 0);
        result.filled_simulated += u64::from(cut.simulated > 0);
        self.hits += u64::from(cut.truth > 0 && cut.simulated > 0);
        result.quantity += cut.truth;
        result.quantity_simulated += cut.simulated;
        result.differing += u64::from(cut.both != cut.either);
        let error = cut.simulated - cut.truth;
        result.absolute_error += error.abs();
        self.squares += (error as f64) * (error as f64);
        self.both += cut.both;
        self.either += cut.either;
        if let (Some(truth), Some(simulated)) = cut.first {
            self.delays.push((simulated - truth).abs());
        }
        if cut.truth > 0 || cut.simulated > 0 {
            let block = self.blocks.entry(entered.div_euclid(BLOCK)).or_default();
            block.0 += cut.truth;
            block.1 += cut.simulated;
        }
    }

    fn agreement(mut self, seed: u64) -> Agreement {
        let bootstrap_error = self.bootstrap(seed);
        let mut result = self.result;
        let share = |part: f64, whole: f64| (whole > 0.0).then(|| part / whole);
        let (truth, simulated) = (result.quantity as f64, result.quantity_simulated as f64);
        let (filled, found) = (result.filled as f64, result.filled_simulated as f64);
        result.ratio = share(simulated, truth);
        result.precision = share(self.hits as f64, found);
        result.recall = share(self.hits as f64, filled);
        result.f1 = share(2.0 * self.hits as f64, filled + found);
        result.jaccard = share(self.both as f64, self.either as f64);
        result.standard_error = share(math::sqrt(self.squares), truth);
        result.bootstrap_error = bootstrap_error;
        let is_small = |x: Option<f64>| x.is_some_and(|x| 2.0 * x < CLAIM);
        result.carries_claim = is_small(result.standard_error) && is_small(bootstrap_error);
        self.delays.sort_unstable();
        let seconds = |q: usize| {
            let place = (self.delays.len() - 1) * q / 100;
            self.delays[place] as f64 / 1e9
        };
        result.time_error = (!self.delays.is_empty()).then(|| TimeError {
            p50: seconds(50),
            p90: seconds(90),
            p99: seconds(99),
            max: seconds(100),
        });
        result
    }

    /// The standard deviation of the ratio where as many blocks are drawn as there are, with replacement.
    fn bootstrap(&self, seed: u64) -> Option<f64> {
        let blocks: Vec<(i64, i64)> = self.blocks.values().copied().collect();
        if blocks.len() < 2 {
            return None;
        }
        let mut ratios = Vec::new();
        for draw in 0..DRAWS {
            let picks = (0..blocks.len() as u64).map(|x| {
                let number = Random::new(key(&[seed, draw, x])).below(blocks.len() as u64);
                blocks[number as usize]
            });
            let (truth, simulated) = picks.fold((0, 0), |sum, x| (sum.0 + x.0, sum.1 + x.1));
            if truth > 0 {
                ratios.push(simulated as f64 / truth as f64);
            }
        }
        let mean = ratios.iter().sum::<f64>() / ratios.len().max(1) as f64;
        let squares: f64 = ratios.iter().map(|x| (x - mean) * (x - mean)).sum();
        (ratios.len() > 1).then(|| math::sqrt(squares / (ratios.len() - 1) as f64))
    }
}
