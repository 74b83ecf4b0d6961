//! What a study found.
//!
//! Takes in figures; gives out a plain value that is written as JSON, and a text for a person.

use std::fmt::{self, Display, Formatter};

use serde::Serialize;

use crate::agreement::Agreement;
use crate::classes::Class;
use crate::level_report::PriceLevel;

/// What a study found.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The tape's name.
    pub tape: String,
    /// Its rows.
    pub rows: u64,
    /// The orders that were added while it ran.
    pub orders: u64,
    /// Orders that were there before, which have no ghosts.
    pub orders_older: u64,
    /// What was executed of hidden rests and is nobody's in the study.
    pub quantity_unattributed: i64,
    /// The orders that were shadowed.
    pub ghosts: u64,
    /// The seed.
    pub seed: u64,
    /// Ghosts on the tape of orders; none where they were not asked for.
    pub order_level: Option<OrderLevel>,
    /// Ghosts on the tape of price levels; none where they were not asked for.
    pub price_level: Option<PriceLevel>,
}

/// Ghosts on the tape of orders.
#[derive(Clone, Debug, Serialize)]
pub struct OrderLevel {
    /// At each horizon.
    pub at: Vec<OrderLevelAt>,
    /// Orders whose fate is not the queue's alone, at the longest horizon.
    pub classes: Vec<ClassLine>,
    /// As long as the orders lived. A real order that is filled is never cancelled, so its
    /// ghost waits for ever and is filled in the end: this flatters.
    pub natural: Agreement,
    /// Ghosts just behind real orders.
    pub behind: Behind,
}

/// Ghosts on the tape of orders, at one horizon.
#[derive(Clone, Debug, Serialize)]
pub struct OrderLevelAt {
    /// The horizon.
    pub seconds: i64,
    /// All ghosts.
    pub everything: Agreement,
    /// Without those of a class; those whose level left sight count until then.
    pub after_classes: Agreement,
    /// The same by what owners did with their orders.
    pub by_kind: Vec<Group>,
    /// The same by what stood ahead.
    pub by_ahead: Vec<Group>,
}

/// Some ghosts.
#[derive(Clone, Debug, Serialize)]
pub struct Group {
    /// Which.
    pub name: String,
    /// How far they agree.
    pub agreement: Agreement,
}

/// The ghosts of a class.
#[derive(Clone, Debug, Serialize)]
pub struct ClassLine {
    /// Which.
    pub class: Class,
    /// How far they agree.
    pub agreement: Agreement,
}

/// Ghosts just behind real orders of which something was executed.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Behind {
    /// How many.
    pub ghosts: u64,
    /// Those that were filled while the real order before them was open.
    pub violations: u64,
    /// What was filled of them within 10 s, as a share of what was executed of the real orders.
    pub ratio: Option<f64>,
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}: {} rows, {} orders ({} older than the tape), {} ghosts, seed {}",
            self.tape, self.rows, self.orders, self.orders_older, self.ghosts, self.seed
        )?;
        if let Some(order_level) = &self.order_level {
            order_level.fmt(f)?;
        }
        match &self.price_level {
            Some(price_level) => price_level.fmt(f),
            None => Ok(()),
        }
    }
}

/// The heading of lines of figures.
fn heading(f: &mut Formatter<'_>, what: &str) -> fmt::Result {
    writeln!(
        f,
        "{what:<34} {:>8} {:>7} {:>10} {:>7} {:>7} {:>7} {:>8} {:>6} {:>7} {:>7}",
        "ghosts",
        "filled",
        "quantity",
        "ratio",
        "F1",
        "Jaccard",
        "differ",
        "2 SE",
        "2 boot",
        "p99 s"
    )
}

/// A figure of so many decimals.
pub(crate) fn figure(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(|| "-".to_owned(), |x| format!("{x:.decimals$}"))
}

/// One line of figures.
fn line(f: &mut Formatter<'_>, name: &str, x: &Agreement) -> fmt::Result {
    writeln!(
        f,
        "{name:<34} {:>8} {:>7} {:>10} {:>7} {:>7} {:>7} {:>8} {:>6} {:>7} {:>7}",
        x.ghosts,
        x.filled,
        x.quantity,
        figure(x.ratio, 4),
        figure(x.f1, 4),
        figure(x.jaccard, 4),
        x.differing,
        figure(x.standard_error.map(|x| 2.0 * x), 4),
        figure(x.bootstrap_error.map(|x| 2.0 * x), 4),
        figure(x.time_error.map(|x| x.p99), 3),
    )
}

impl Display for OrderLevel {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\nfirst in, first out on the tape of orders, told by its prints alone"
        )?;
        for at in &self.at {
            heading(f, &format!("within {} s", at.seconds))?;
            line(f, "  nothing excluded", &at.everything)?;
            line(f, "  after classes", &at.after_classes)?;
            let groups = at.by_kind.iter().map(|x| ("  ", x));
            for (before, group) in groups.chain(at.by_ahead.iter().map(|x| ("  ahead ", x))) {
                line(f, &format!("  {before}{}", group.name), &group.agreement)?;
            }
        }
        heading(f, "classes, within the longest horizon")?;
        for class in &self.classes {
            line(f, &format!("  {}", class.class.text()), &class.agreement)?;
        }
        heading(f, "as long as the orders lived")?;
        line(f, "  nothing excluded", &self.natural)?;
        writeln!(
            f,
            "just behind a real order: {} ghosts, {} filled before it, {} of its quantity within 10 s",
            self.behind.ghosts,
            self.behind.violations,
            figure(self.behind.ratio, 3)
        )
    }
}
