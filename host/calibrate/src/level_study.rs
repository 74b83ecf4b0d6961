//! The study of queue models on the tape of price levels that shows the same market.
//!
//! Takes in real orders and the models; gives out how far each model's fills agree with what was executed, where a model
//! is chosen by what was known before it is scored.
//!
//! The chosen orders are cut into six blocks of time of as many orders each. For each block but the first the model and
//! its parameter are those with the best Jaccard among the ghosts of all earlier blocks whose horizon had passed before
//! the block began; the block is then scored with it. What is scored are those five blocks together, for every model.
//!
//! A ghost is **contested** where the two bounds do not fill it alike in every match event: that every cancellation came
//! from behind (RiskAverse), and that every one came from ahead, as far as levels tell (an order ahead that grows and loses
//! its place is not seen to leave). With L1 the sum of what truth and ghost do not have in
//! common, over the match events of contested ghosts, `skill = 1 - L1 / min(L1 of the two bounds)`. The same with the
//! quantities of whole orders instead of match events is `skill_of_orders`.

use crate::agreement::{Agreement, Cut, Pair};
use crate::history::RealOrder;
use crate::level_models::{ALL_AHEAD, Candidate, PLACEBOS, candidates};
use crate::level_report::{Chosen, Contested, ModelLine, PriceLevel, PriceLevelAt, Recommendation};
use crate::level_tape::LevelTape;
use crate::recording::Recording;

/// A second, in nanoseconds.
const SECOND: i64 = 1_000_000_000;
/// The horizons in seconds.
pub const HORIZONS: [i64; 2] = [10, 60];
/// The horizon of the recommendation.
const RECOMMENDED: i64 = HORIZONS[0];
/// The blocks of time.
pub const BLOCKS: usize = 6;

/// An order that is shadowed: its number among the recording's orders, and when it left sight.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Its number.
    pub number: usize,
    /// The order.
    pub order: &'a RealOrder,
    /// After this nothing of it is known.
    pub censored: Option<i64>,
}

/// The pairs of all subjects, by model: the candidates, then the bound, then the placebos.
struct Pairs {
    models: Vec<Candidate>,
    /// For each model, those of all subjects.
    pairs: Vec<Vec<Pair>>,
}

/// Shadows the subjects, which are in the order of their entry, with every model.
pub fn study(
    recording: &Recording,
    subjects: &[Subject<'_>],
    seed: u64,
    done: &mut dyn FnMut(),
) -> PriceLevel {
    let pairs = Pairs::simulate(recording, subjects, seed, done);
    let at = HORIZONS.map(|seconds| pairs.at(seconds, seed));
    let recommendation = pairs.recommend(&at, seed);
    PriceLevel {
        ghosts: subjects.len() as u64,
        blocks: BLOCKS as u64,
        at: at.into(),
        recommendation,
    }
}

impl Pairs {
    fn simulate(
        recording: &Recording,
        subjects: &[Subject<'_>],
        seed: u64,
        done: &mut dyn FnMut(),
    ) -> Pairs {
        let mut models = candidates();
        models.push(ALL_AHEAD);
        models.extend(PLACEBOS);
        let longest = HORIZONS[HORIZONS.len() - 1] * SECOND;
        let mut tape = LevelTape::new(recording);
        let mut pairs = vec![Vec::with_capacity(subjects.len()); models.len()];
        for subject in subjects {
            done();
            let order = subject.order;
            let until = order.entered.saturating_add(longest);
            let until = subject.censored.map_or(until, |x| x.min(until));
            let part = tape.part(order, until);
            for (model, pairs) in models.iter().zip(&mut pairs) {
                let fills = model.fills(recording, order, &part, (seed, subject.number));
                pairs.push(Pair {
                    entered: order.entered,
                    censored: subject.censored,
                    ahead: 0,
                    truth: order.executions.clone(),
                    simulated: fills,
                });
            }
        }
        Pairs { models, pairs }
    }

    fn candidates(&self) -> usize {
        self.models.len() - 1 - PLACEBOS.len()
    }

    fn subjects(&self) -> usize {
        self.pairs.first().map_or(0, Vec::len)
    }

    /// The place at which a block begins.
    fn begins(&self, block: usize) -> usize {
        self.subjects() * block / BLOCKS
    }

    fn at(&self, seconds: i64, seed: u64) -> PriceLevelAt {
        let horizon = seconds * SECOND;
        let cuts: Vec<Vec<Cut>> = self
            .pairs
            .iter()
            .map(|pairs| pairs.iter().map(|x| x.cut(Some(horizon))).collect())
            .collect();
        let mut choices = Vec::new();
        let mut selected = Vec::new();
        for block in 1..BLOCKS {
            let places = self.begins(block)..self.begins(block + 1);
            let Some(first) = self.pairs[0].get(places.start) else {
                continue;
            };
            let known = self.pairs[0][..places.start]
                .partition_point(|x| x.entered.saturating_add(horizon) < first.entered);
            let best = self.best(&cuts, known);
            choices.push(self.chosen(best));
            selected.extend_from_slice(&cuts[best][places]);
        }
        let scored = self.begins(1);
        let careful = &cuts[0][scored..];
        let eager = &cuts[self.candidates()][scored..];
        let entered: Vec<i64> = self.pairs[0][scored..].iter().map(|x| x.entered).collect();
        let bounds = self.pairs[0].iter().zip(&self.pairs[self.candidates()]);
        let contested: Vec<bool> = bounds
            .skip(scored)
            .map(|(careful, eager)| careful.fills_until(horizon) != eager.fills_until(horizon))
            .collect();
        let scores = Scores {
            entered: &entered,
            careful,
            eager,
            contested: &contested,
            seed,
        };
        let line = |place: usize| scores.line(self.chosen(place), &cuts[place][scored..]);
        let last = self.models.len();
        PriceLevelAt {
            seconds,
            models: (0..=self.candidates()).map(line).collect(),
            selected: scores.line(Chosen::named("selected on earlier blocks"), &selected),
            choices,
            placebos: (last - PLACEBOS.len()..last).map(line).collect(),
        }
    }

    /// The candidate with the best Jaccard among the first ghosts; the first of equal ones.
    fn best(&self, cuts: &[Vec<Cut>], known: usize) -> usize {
        let share = |place: usize| {
            let sums = cuts[place][..known].iter();
            sums.fold((0i64, 0i64), |sum, x| (sum.0 + x.both, sum.1 + x.either))
        };
        let mut best = 0;
        for place in 1..self.candidates() {
            let ((both, either), (best_both, best_either)) = (share(place), share(best));
            if i128::from(both) * i128::from(best_either)
                > i128::from(best_both) * i128::from(either)
            {
                best = place;
            }
        }
        best
    }

    fn chosen(&self, place: usize) -> Chosen {
        let model = &self.models[place];
        Chosen {
            model: model.name(),
            parameter: model.parameter().map(|x| x.0.to_owned()),
            value: model.parameter().map(|x| x.1),
        }
    }

    /// The model that fits best over the whole tape, and the errors of those that were chosen before they were scored.
    fn recommend(&self, at: &[PriceLevelAt], seed: u64) -> Option<Recommendation> {
        let horizon = Some(RECOMMENDED * SECOND);
        let cuts: Vec<Vec<Cut>> = self
            .pairs
            .iter()
            .map(|pairs| pairs.iter().map(|x| x.cut(horizon)).collect())
            .collect();
        let best = self.best(&cuts, self.subjects());
        let expected = at.iter().find(|x| x.seconds == RECOMMENDED)?;
        let fitted = Agreement::of(self.pairs[best].iter(), horizon, seed);
        fitted.ratio?;
        Some(Recommendation {
            chosen: self.chosen(best),
            seconds: RECOMMENDED,
            ratio: expected.selected.agreement.ratio,
            f1: expected.selected.agreement.f1,
            skill: expected.selected.contested.skill,
            carries_claim: expected.selected.agreement.carries_claim,
        })
    }
}

/// What lines are made of: the ghosts that are scored, and the two bounds.
struct Scores<'a> {
    entered: &'a [i64],
    careful: &'a [Cut],
    eager: &'a [Cut],
    contested: &'a [bool],
    seed: u64,
}

impl Scores<'_> {
    fn line(&self, chosen: Chosen, cuts: &[Cut]) -> ModelLine {
        let entered = self.entered.iter().copied();
        let all = entered.zip(cuts.iter().copied());
        ModelLine {
            chosen,
            agreement: Agreement::of_cuts(all, self.seed),
            contested: self.contested(cuts),
        }
    }

    fn contested(&self, cuts: &[Cut]) -> Contested {
        let places = |cuts: &[Cut]| {
            let places = 0..self.contested.len().min(cuts.len());
            places.filter(|x| self.contested[*x])
        };
        let all = places(cuts).map(|x| (self.entered[x], cuts[x]));
        let skill = |error: fn(&Cut) -> i64| {
            let sum = |cuts: &[Cut]| places(cuts).map(|x| error(&cuts[x])).sum::<i64>();
            let bound = sum(self.careful).min(sum(self.eager));
            (bound > 0).then(|| 1.0 - sum(cuts) as f64 / bound as f64)
        };
        Contested {
            agreement: Agreement::of_cuts(all, self.seed),
            skill: skill(|x| x.either - x.both),
            skill_of_orders: skill(|x| (x.simulated - x.truth).abs()),
        }
    }
}
