//! The study of a tape: which orders are shadowed, and what comes of it.
//!
//! Takes in a recording and options; gives out a [`Report`].

use backplane_engine::exchange::{Defect, Matching, QueueRules};
use backplane_engine::random::key;

use crate::agreement::{Agreement, Pair};
use crate::classes::{Class, Standing, assign};
use crate::history::{History, RealOrder};
use crate::level_report::PriceLevel;
use crate::level_study::{self, Subject};
use crate::order_level::{Shadows, Slot};
use crate::recording::Recording;
use crate::report::{Behind, ClassLine, Group, OrderLevel, OrderLevelAt, Report};

/// Orders of which something is true, and what.
type Kind = (&'static str, fn(&RealOrder) -> bool);

/// A second, in nanoseconds.
const SECOND: i64 = 1_000_000_000;
/// The horizons in seconds.
pub const HORIZONS: [i64; 3] = [1, 10, 60];

/// On which tapes ghosts are simulated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Levels {
    /// On the tape of orders.
    Orders,
    /// On the tape of price levels that shows the same market.
    Prices,
    /// On both.
    #[default]
    Both,
}

/// What is studied.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// On which tapes.
    pub levels: Levels,
    /// The most orders that are shadowed; all where it is not said.
    pub sample: Option<usize>,
    /// The seed of what is drawn: the sample and the blocks of the bootstrap.
    pub seed: u64,
    /// A mistake that is made on purpose.
    pub defect: Option<Defect>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            levels: Levels::default(),
            sample: None,
            seed: 1,
            defect: None,
        }
    }
}

/// A recording with the orders that are shadowed.
pub struct Study<'a> {
    recording: &'a Recording,
    history: History,
    standings: Vec<Standing>,
    /// The orders that are shadowed, in the order of their entry.
    chosen: Vec<usize>,
    options: Options,
}

impl<'a> Study<'a> {
    /// Reads the histories of a recording's orders, tells their classes and chooses those that are shadowed.
    pub fn new(recording: &'a Recording, options: Options) -> Study<'a> {
        let history = History::read(recording);
        let standings = assign(recording, &history);
        let mut chosen: Vec<usize> = (0..history.orders.len()).collect();
        if let Some(sample) = options.sample.filter(|x| *x < chosen.len()) {
            chosen.sort_unstable_by_key(|x| key(&[options.seed, *x as u64]));
            chosen.truncate(sample);
            chosen.sort_unstable();
        }
        Study {
            recording,
            history,
            standings,
            chosen,
            options,
        }
    }

    /// How many ghosts are simulated until the study is made. On the tape of orders: one of each order within the longest
    /// horizon, one for its life, and at most one behind it. On price levels those of all models count as one.
    pub const fn ghosts(&self) -> u64 {
        let each = match self.options.levels {
            Levels::Orders => 3,
            Levels::Prices => 1,
            Levels::Both => 4,
        };
        each * self.chosen.len() as u64
    }

    /// Makes the study. `progress` hears how many of [`Study::ghosts`] are done.
    pub fn run(&self, progress: &mut dyn FnMut(u64)) -> Report {
        let mut count = 0;
        let mut done = || {
            count += 1;
            progress(count);
        };
        let levels = self.options.levels;
        Report {
            tape: self.recording.name.clone(),
            rows: self.recording.rows.len() as u64,
            orders: self.history.orders.len() as u64,
            orders_older: self.history.older,
            quantity_unattributed: self.history.unattributed,
            ghosts: self.chosen.len() as u64,
            seed: self.options.seed,
            order_level: (levels != Levels::Prices).then(|| self.order_level(&mut done)),
            price_level: (levels != Levels::Orders).then(|| self.price_level(&mut done)),
        }
    }

    fn price_level(&self, done: &mut dyn FnMut()) -> PriceLevel {
        let subject = |number: &usize| Subject {
            number: *number,
            order: &self.history.orders[*number],
            censored: self.standings[*number].censored,
        };
        let subjects: Vec<Subject<'_>> = self.chosen.iter().map(subject).collect();
        level_study::study(self.recording, &subjects, self.options.seed, done)
    }

    /// The pairs of the chosen orders on the tape of orders, their ghosts in a slot, up to a time after their entry.
    fn pairs(
        &self,
        slot: Slot,
        horizon: Option<i64>,
        wanted: impl Fn(usize) -> bool,
        done: &mut dyn FnMut(),
    ) -> Vec<Pair> {
        let queue = QueueRules {
            matching: Matching::FifoByPrints,
            defect: self.options.defect,
            ..QueueRules::default()
        };
        let mut shadows = Shadows::new(self.recording);
        let pair = |number: &usize| {
            done();
            let order = &self.history.orders[*number];
            if !wanted(*number) {
                return Pair::default();
            }
            let censored = self.standings[*number].censored;
            let until = horizon.map(|x| order.entered.saturating_add(x));
            let until = match (until, censored) {
                (Some(until), Some(censored)) => Some(until.min(censored)),
                (until, censored) => until.or(censored),
            };
            let fate = shadows.shadow(order, slot, &queue, until);
            Pair {
                entered: order.entered,
                censored,
                ahead: fate.ahead,
                truth: order.executions.clone(),
                simulated: fate.fills,
            }
        };
        self.chosen.iter().map(pair).collect()
    }

    fn order_level(&self, mut done: &mut dyn FnMut()) -> OrderLevel {
        let longest = HORIZONS[HORIZONS.len() - 1] * SECOND;
        let pairs = self.pairs(Slot::Instead, Some(longest), |_| true, &mut done);
        let at = HORIZONS.map(|seconds| self.order_level_at(&pairs, seconds));
        let is_executed = |number: usize| !self.history.orders[number].executions.is_empty();
        let natural = self.pairs(Slot::Instead, None, |_| true, &mut done);
        let seed = self.options.seed;
        OrderLevel {
            classes: self.classes(&pairs, longest),
            at: at.into(),
            natural: Agreement::of(natural.iter(), None, seed),
            behind: self.behind(is_executed, &mut done),
        }
    }

    fn order_level_at(&self, pairs: &[Pair], seconds: i64) -> OrderLevelAt {
        let (seed, horizon) = (self.options.seed, Some(seconds * SECOND));
        let explained = |place: &usize| {
            let class = self.standings[self.chosen[*place]].class;
            matches!(class, None | Some(Class::LeftWindow))
        };
        let of = |places: &mut dyn Iterator<Item = usize>| {
            Agreement::of(places.map(|x| &pairs[x]), horizon, seed)
        };
        let all = || 0..pairs.len();
        let marked = |place: &usize| &self.history.orders[self.chosen[*place]];
        let kinds: [Kind; 4] = [
            ("never changed", |x| {
                !x.marks.is_decreased && !x.marks.is_increased && !x.marks.is_moved
            }),
            ("made smaller", |x| x.marks.is_decreased),
            ("made larger", |x| x.marks.is_increased),
            ("moved", |x| x.marks.is_moved),
        ];
        let by_kind = kinds.map(|(name, is)| Group {
            name: name.to_owned(),
            agreement: of(&mut all().filter(explained).filter(|x| is(marked(x)))),
        });
        let bounds = ahead_bounds(all().filter(explained).map(|x| &pairs[x]));
        let by_ahead = bounds.iter().map(|(name, least, most)| Group {
            name: name.clone(),
            agreement: of(&mut all()
                .filter(explained)
                .filter(|x| (*least..=*most).contains(&pairs[*x].ahead))),
        });
        OrderLevelAt {
            seconds,
            everything: of(&mut all()),
            after_classes: of(&mut all().filter(explained)),
            by_kind: by_kind.into(),
            by_ahead: by_ahead.collect(),
        }
    }

    fn classes(&self, pairs: &[Pair], horizon: i64) -> Vec<ClassLine> {
        let line = |class: Class| {
            let members = self.chosen.iter().zip(pairs);
            let members = members.filter(|x| self.standings[*x.0].class == Some(class));
            let agreement = Agreement::of(members.map(|x| x.1), Some(horizon), self.options.seed);
            ClassLine { class, agreement }
        };
        Class::ALL.map(line).into()
    }

    /// Ghosts just behind real orders of which something was executed.
    fn behind(&self, is_executed: impl Fn(usize) -> bool, done: &mut dyn FnMut()) -> Behind {
        let horizon = 10 * SECOND;
        let wanted = |x: usize| is_executed(x) && self.standings[x].class.is_none();
        let pairs = self.pairs(Slot::Behind, Some(60 * SECOND), wanted, done);
        let ghosts = self.chosen.iter().zip(&pairs).filter(|x| wanted(*x.0));
        let is_early = |number: usize, pair: &Pair| {
            let order = &self.history.orders[number];
            let mut fills = pair.simulated.iter();
            fills.any(|fill| self.open_after(order, fill.at) > 0)
        };
        let violations = ghosts.clone().filter(|x| is_early(*x.0, x.1)).count();
        let cuts: Vec<_> = ghosts.map(|x| x.1.cut(Some(horizon))).collect();
        let truth: i64 = cuts.iter().map(|x| x.truth).sum();
        let filled: i64 = cuts.iter().map(|x| x.simulated).sum();
        Behind {
            ghosts: cuts.len() as u64,
            violations: violations as u64,
            ratio: (truth > 0).then(|| filled as f64 / truth as f64),
        }
    }

    /// What was open of an order when all had happened that did up to a time.
    fn open_after(&self, order: &RealOrder, at: i64) -> i64 {
        let ended = order
            .ended
            .is_some_and(|row| self.recording.times[row] <= at);
        let executed = order.executions.iter().filter(|x| x.at <= at);
        let executed: i64 = executed.map(|x| x.quantity).sum();
        let steps = order.steps.iter();
        let changed: i64 = steps
            .filter(|x| self.recording.times[x.row.min(self.recording.times.len() - 1)] <= at)
            .map(|x| x.deed.change())
            .sum();
        if ended {
            0
        } else {
            order.size + changed - executed
        }
    }
}

/// Groups of what stands ahead: nothing, and three parts of the rest of about as many executed orders each.
fn ahead_bounds<'a>(pairs: impl Iterator<Item = &'a Pair>) -> Vec<(String, i64, i64)> {
    let executed = pairs.filter(|x| x.ahead > 0 && !x.truth.is_empty());
    let mut ahead: Vec<i64> = executed.map(|x| x.ahead).collect();
    ahead.sort_unstable();
    let mut bounds = vec![("0".to_owned(), 0, 0)];
    let mut least = 1;
    for part in 1..=3 {
        let Some(place) = (ahead.len() * part / 3).checked_sub(1) else {
            continue;
        };
        let most = if part == 3 { i64::MAX } else { ahead[place] };
        if most < least {
            continue;
        }
        let name = match part {
            3 => format!("{least} and more"),
            _ => format!("{least} to {most}"),
        };
        bounds.push((name, least, most));
        least = most.saturating_add(1);
    }
    bounds
}
