//! What a study of queue models found.
//!
//! Takes in figures; gives out a plain value that is written as JSON, and a text for a person.

use std::fmt::{self, Display, Formatter};

use serde::Serialize;

use crate::agreement::Agreement;
use crate::report::figure;

/// Ghosts on the tape of price levels that shows the same market.
#[derive(Clone, Debug, Serialize)]
pub struct PriceLevel {
    /// The orders that were shadowed.
    pub ghosts: u64,
    /// The blocks of time; the first is only learnt from.
    pub blocks: u64,
    /// At each horizon.
    pub at: Vec<PriceLevelAt>,
    /// What to set in a run file; none where nothing was executed.
    pub recommendation: Option<Recommendation>,
}

/// Ghosts on the tape of price levels, at one horizon.
#[derive(Clone, Debug, Serialize)]
pub struct PriceLevelAt {
    /// The horizon.
    pub seconds: i64,
    /// Each model alone; the last is the bound that every cancellation came from ahead.
    pub models: Vec<ModelLine>,
    /// Each block with the model that was best before it.
    pub selected: ModelLine,
    /// Which models those were.
    pub choices: Vec<Chosen>,
    /// Models that know nothing of the queue.
    pub placebos: Vec<ModelLine>,
}

/// A model with its parameter.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Chosen {
    /// The model, as the run file names it.
    pub model: String,
    /// The name of its parameter.
    pub parameter: Option<String>,
    /// What the parameter is.
    pub value: Option<f64>,
}

/// How far a model agrees.
#[derive(Clone, Debug, Serialize)]
pub struct ModelLine {
    /// Which.
    #[serde(flatten)]
    pub chosen: Chosen,
    /// All ghosts that are scored.
    pub agreement: Agreement,
    /// Those of them that are contested.
    pub contested: Contested,
}

/// How far a model agrees where the bounds do not.
#[derive(Clone, Debug, Serialize)]
pub struct Contested {
    /// How far.
    pub agreement: Agreement,
    /// How much better than the better bound; none where a bound makes no mistake.
    pub skill: Option<f64>,
    /// The same by the quantities of whole orders.
    pub skill_of_orders: Option<f64>,
}

/// What to set in a run file.
#[derive(Clone, Debug, Serialize)]
pub struct Recommendation {
    /// The model that fits best over the whole tape.
    #[serde(flatten)]
    pub chosen: Chosen,
    /// The horizon.
    pub seconds: i64,
    /// What the models got that were chosen before they were scored.
    pub ratio: Option<f64>,
    /// The same.
    pub f1: Option<f64>,
    /// The same.
    pub skill: Option<f64>,
    /// Whether the tape is long enough for a claim about one per cent.
    pub carries_claim: bool,
}

impl Chosen {
    /// A name without a parameter.
    pub(crate) fn named(model: &str) -> Chosen {
        Chosen {
            model: model.to_owned(),
            parameter: None,
            value: None,
        }
    }

    /// As a run file says it: `model = "PowerProb2"`, `n = 3`.
    fn setting(&self) -> String {
        match (&self.parameter, self.value) {
            (Some(name), Some(value)) => {
                format!("{{ model = \"{}\", {name} = {value} }}", self.model)
            }
            _ => format!("\"{}\"", self.model),
        }
    }
}

impl Display for Chosen {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.value {
            Some(value) => write!(f, "{} ({value})", self.model),
            None => write!(f, "{}", self.model),
        }
    }
}

fn heading(f: &mut Formatter<'_>, what: &str) -> fmt::Result {
    writeln!(
        f,
        "{what:<34} {:>8} {:>7} {:>7} {:>7} {:>7} | contested {:>7} {:>7} {:>7} {:>7}",
        "ghosts", "filled", "ratio", "F1", "Jaccard", "ghosts", "ratio", "Jaccard", "skill",
    )
}

impl Display for ModelLine {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (all, contested) = (&self.agreement, &self.contested.agreement);
        writeln!(
            f,
            "  {:<32} {:>8} {:>7} {:>7} {:>7} {:>7} |           {:>7} {:>7} {:>7} {:>7}",
            self.chosen.to_string(),
            all.ghosts,
            all.filled,
            figure(all.ratio, 4),
            figure(all.f1, 4),
            figure(all.jaccard, 4),
            contested.ghosts,
            figure(contested.ratio, 3),
            figure(contested.jaccard, 3),
            figure(self.contested.skill, 3),
        )
    }
}

impl Display for PriceLevel {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\nqueue models on the tape of price levels; of {} blocks the first is learnt from",
            self.blocks
        )?;
        for at in &self.at {
            heading(f, &format!("within {} s", at.seconds))?;
            for line in &at.models {
                line.fmt(f)?;
            }
            at.selected.fmt(f)?;
            let choices: Vec<String> = at.choices.iter().map(Chosen::to_string).collect();
            writeln!(f, "    which were {}", choices.join(", "))?;
            for line in &at.placebos {
                line.fmt(f)?;
            }
        }
        match &self.recommendation {
            Some(recommendation) => recommendation.fmt(f),
            None => writeln!(f, "nothing was executed: there is no model to recommend"),
        }
    }
}

impl Display for Recommendation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let error = self.ratio.map(|x| 100.0 * (x - 1.0));
        writeln!(
            f,
            "for price levels of this tape set `queue = {}`; expect within {} s {} % of the quantity too much, F1 {}, \
             skill {}",
            self.chosen.setting(),
            self.seconds,
            figure(error, 2),
            figure(self.f1, 4),
            figure(self.skill, 2),
        )?;
        if !self.carries_claim {
            writeln!(f, "the tape is too short for a claim about one per cent")?;
        }
        Ok(())
    }
}
