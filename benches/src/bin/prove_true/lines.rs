//! What is demanded of a study, and what came of it.
//!
//! Takes in a report; gives out lines, each with its figure and a verdict.

use std::fmt::{self, Display, Formatter};

use backplane_calibrate::Report;
use backplane_calibrate::agreement::Agreement;
use backplane_calibrate::classes::Class;
use backplane_calibrate::level_report::PriceLevelAt;
use backplane_calibrate::report::OrderLevel;
use serde::Serialize;

/// What came of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// What is demanded holds.
    Met,
    /// It does not.
    Missed,
    /// Nothing is demanded.
    Shown,
}

/// One line.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// Of what.
    pub name: String,
    /// The figure; none where nothing was executed.
    pub value: Option<f64>,
    /// What is demanded, in words.
    pub demanded: String,
    /// What came of it.
    pub verdict: Verdict,
    /// More of it.
    pub note: Option<String>,
}

impl Line {
    fn new(name: String, value: Option<f64>, demanded: &str, holds: fn(f64) -> bool) -> Line {
        let is_met = value.is_some_and(holds);
        Line {
            name,
            value,
            demanded: demanded.to_owned(),
            verdict: if is_met {
                Verdict::Met
            } else {
                Verdict::Missed
            },
            note: None,
        }
    }

    fn noted(self, note: String) -> Line {
        Line {
            note: Some(note),
            ..self
        }
    }

    fn shown(self) -> Line {
        Line {
            verdict: Verdict::Shown,
            ..self
        }
    }
}

impl Display for Line {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let verdict = match self.verdict {
            Verdict::Met => "met",
            Verdict::Missed => "MISSED",
            Verdict::Shown => "",
        };
        let value = self.value.map_or("-".to_owned(), |x| format!("{x:.5}"));
        write!(
            f,
            "{verdict:>7}  {}: {value} ({})",
            self.name, self.demanded
        )?;
        match &self.note {
            Some(note) => write!(f, "; {note}"),
            None => Ok(()),
        }
    }
}

/// What is demanded of the queue models that are chosen on earlier blocks.
#[derive(Clone, Copy, Debug)]
pub struct Demands {
    /// How far the filled quantity may be from the executed one.
    pub ratio: f64,
    /// The least F1.
    pub f1: f64,
    /// The least Jaccard of contested ghosts.
    pub contested: f64,
}

/// The skill that is demanded of them.
const SKILL: f64 = 0.3;

/// The lines of a study.
pub fn of(tape: &str, demands: Demands, report: &Report) -> Vec<Line> {
    let mut lines = of_orders(tape, report);
    for at in report.price_level.iter().flat_map(|x| &x.at) {
        lines.extend(of_prices(tape, demands, at));
    }
    lines
}

/// The lines of the models that were chosen, and of the placebos.
fn of_prices(tape: &str, demands: Demands, at: &PriceLevelAt) -> Vec<Line> {
    let Demands {
        ratio,
        f1,
        contested,
    } = demands;
    let name = |what: &str| format!("{tape}, price levels, within {} s, {what}", at.seconds);
    let judged = |what: &str, value: Option<f64>, demanded: String, holds: &dyn Fn(f64) -> bool| {
        let line = Line::new(name(what), value, &demanded, |_| true);
        let verdict = match value.is_some_and(holds) {
            true => Verdict::Met,
            false => Verdict::Missed,
        };
        Line { verdict, ..line }
    };
    let (all, hard) = (&at.selected.agreement, &at.selected.contested);
    let choices: Vec<String> = at.choices.iter().map(ToString::to_string).collect();
    let errors = format!(
        "2 standard errors {:.4}, by blocks {:.4}; chosen: {}",
        2.0 * all.standard_error.unwrap_or_default(),
        2.0 * all.bootstrap_error.unwrap_or_default(),
        choices.join(", ")
    );
    let of_ratio = format!("{} to {}", 1.0 - ratio, 1.0 + ratio);
    let mut lines = vec![
        judged("ratio", all.ratio, of_ratio, &|x| (x - 1.0).abs() <= ratio).noted(errors),
        judged("F1", all.f1, format!("at least {f1}"), &|x| x >= f1),
        judged(
            "contested, Jaccard",
            hard.agreement.jaccard,
            format!("at least {contested}"),
            &|x| x >= contested,
        )
        .noted(format!("{} ghosts", hard.agreement.ghosts)),
        judged(
            "contested, skill",
            hard.skill,
            format!("more than {SKILL}"),
            &|x| x > SKILL,
        ),
    ];
    for placebo in &at.placebos {
        let what = |figure: &str| format!("placebo, {}, {figure}", placebo.chosen);
        let below = |x: f64, real: Option<f64>| real.is_some_and(|real| x < real);
        let (found, real) = (placebo.agreement.f1, all.f1);
        let demanded = "less than the chosen models'".to_owned();
        lines.push(judged(&what("F1"), found, demanded.clone(), &|x| {
            below(x, real)
        }));
        let (found, real) = (placebo.contested.agreement.jaccard, hard.agreement.jaccard);
        lines.push(judged(&what("contested, Jaccard"), found, demanded, &|x| {
            below(x, real)
        }));
    }
    lines
}

/// The lines of ghosts on the tape of orders.
fn of_orders(tape: &str, report: &Report) -> Vec<Line> {
    let Some(orders) = &report.order_level else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    for at in &orders.at {
        let name = |what: &str| format!("{tape}, orders, within {} s, {what}", at.seconds);
        lines.extend(agreement_lines(&name, &at.everything, &at.after_classes));
        for group in &at.by_kind {
            let share = unexplained(&group.agreement);
            if share.is_some() {
                let what = format!("orders that were {}, unexplained", group.name);
                lines.push(Line::new(name(&what), share, "at most 0.001", |x| {
                    x <= 0.001
                }));
            }
        }
    }
    lines.extend(class_lines(tape, report, orders));
    let behind = &orders.behind;
    let name = format!("{tape}, orders, just behind a real order, filled before it");
    let note = format!(
        "of {}; within 10 s they got {:.3} of what the real orders got",
        behind.ghosts,
        behind.ratio.unwrap_or_default()
    );
    let violations = Some(behind.violations as f64);
    lines.push(Line::new(name, violations, "none", |x| x == 0.0).noted(note));
    lines
}

/// How many orders have a class: of all orders it is judged, of those that were executed it is shown.
fn class_lines(tape: &str, report: &Report, orders: &OrderLevel) -> [Line; 2] {
    let classes = &orders.classes;
    let members = || classes.iter().filter(|x| x.class != Class::LeftWindow);
    let sum = |of: fn(&Agreement) -> u64| members().map(|x| of(&x.agreement)).sum::<u64>();
    let (ghosts, filled) = (sum(|x| x.ghosts), sum(|x| x.filled));
    let quantity: i64 = members().map(|x| x.agreement.quantity).sum();
    let censored = classes.iter().find(|x| x.class == Class::LeftWindow);
    let censored = censored.map_or(0, |x| x.agreement.ghosts);
    let at = orders.at.last();
    let executed = at.map_or(0, |x| x.everything.filled);
    let share = |part: u64, all: u64| Some(part as f64 / all.max(1) as f64);
    let name = |of: &str| format!("{tape}, orders, classes, share of {of}");
    let of_executed = share(filled, executed);
    let note = format!("{filled} of {executed} executed orders, with {quantity} executed");
    let all = format!("{ghosts} orders; {censored} more count until their level left sight");
    let of_all = share(ghosts, report.ghosts);
    [
        Line::new(
            name("the executed orders"),
            of_executed,
            "not judged",
            |_| true,
        )
        .noted(note)
        .shown(),
        Line::new(name("all orders"), of_all, "at most 0.01", |x| x <= 0.01).noted(all),
    ]
}

fn agreement_lines(name: &dyn Fn(&str) -> String, all: &Agreement, known: &Agreement) -> Vec<Line> {
    let errors = format!(
        "2 standard errors {:.4}, by blocks {:.4}: {}",
        2.0 * all.standard_error.unwrap_or_default(),
        2.0 * all.bootstrap_error.unwrap_or_default(),
        match all.carries_claim {
            true => "carries a claim of 1 %",
            false => "does not carry a claim of 1 % alone",
        }
    );
    let note = format!("{} of {} executed orders", known.differing, known.filled);
    vec![
        Line::new(
            name("nothing excluded, ratio"),
            all.ratio,
            "0.99 to 1.01",
            |x| (x - 1.0).abs() <= 0.01,
        )
        .noted(errors),
        Line::new(
            name("nothing excluded, Jaccard"),
            all.jaccard,
            "at least 0.98",
            |x| x >= 0.98,
        ),
        Line::new(
            name("after classes, Jaccard"),
            known.jaccard,
            "at least 0.999",
            |x| x >= 0.999,
        ),
        Line::new(
            name("after classes, unexplained"),
            unexplained(known),
            "at most 0.001",
            |x| x <= 0.001,
        )
        .noted(note),
    ]
}

/// Orders that differ, as a share of those that were executed.
fn unexplained(agreement: &Agreement) -> Option<f64> {
    let filled = agreement.filled.max(agreement.filled_simulated);
    (filled > 0).then(|| agreement.differing as f64 / filled as f64)
}

/// The line of an engine with a mistake: it must miss a line that the sound engine, whose lines are `sound`, does not.
pub fn of_defect(tape: &str, what: &str, found: &[Line], sound: &[Line]) -> Line {
    let misses = |lines: &[Line], name: &str| {
        let mut named = lines.iter().filter(|x| x.name == name);
        named.any(|x| x.verdict == Verdict::Missed)
    };
    let missed = found.iter().filter(|x| x.verdict == Verdict::Missed);
    let missed: Vec<&Line> = missed.filter(|x| !misses(sound, &x.name)).collect();
    let name = format!("{tape}, broken on purpose: {what}, further lines missed");
    let count = Some(missed.len() as f64);
    let line = Line::new(name, count, "at least one", |x| x >= 1.0);
    match missed.first() {
        Some(first) => line.noted(first.to_string().trim().to_owned()),
        None => line,
    }
}
