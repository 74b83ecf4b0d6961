//! Two markets' figures side by side.
//!
//! Takes in the statistics of a generated market and of a recorded one; gives out a report that says how near each
//! figure is, which reads well in a terminal and as JSON.

use std::fmt;

use serde::Serialize;

use super::statistics::MarketStatistics;

/// How far apart two figures may lie to count as near: a fifth of the recorded one.
pub const NEAR: f64 = 0.2;

/// A generated market beside a recorded one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MarketComparison {
    /// Messages counted of the generated market.
    pub generated_messages: u64,
    /// Messages counted of the recorded market.
    pub recorded_messages: u64,
    /// The figures, in the order in which they are shown.
    pub figures: Vec<Figure>,
}

/// One figure of both markets.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// What is counted, with its unit.
    pub name: &'static str,
    /// The generated market's.
    pub generated: f64,
    /// The recorded market's.
    pub recorded: f64,
    /// The first divided by the second; none where the second is zero.
    pub ratio: Option<f64>,
    /// Whether they differ by no more than [`NEAR`] of the recorded one.
    pub is_near: bool,
}

impl MarketComparison {
    /// Compares two markets.
    pub fn new(generated: &MarketStatistics, recorded: &MarketStatistics) -> MarketComparison {
        let pairs = generated.rows().into_iter().zip(recorded.rows());
        MarketComparison {
            generated_messages: generated.messages,
            recorded_messages: recorded.messages,
            figures: pairs
                .map(|((name, generated), (_, recorded))| Figure::new(name, generated, recorded))
                .collect(),
        }
    }

    /// How many figures are near.
    pub fn near(&self) -> usize {
        self.figures.iter().filter(|figure| figure.is_near).count()
    }
}

impl Figure {
    fn new(name: &'static str, generated: f64, recorded: f64) -> Figure {
        Figure {
            name,
            generated,
            recorded,
            ratio: (recorded != 0.0).then(|| generated / recorded),
            is_near: (generated - recorded).abs() <= NEAR * recorded.abs(),
        }
    }
}

impl fmt::Display for MarketComparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (own, other) = ("generated", "recorded");
        writeln!(f, "{:<34} {own:>12} {other:>12} {:>8}", "", "ratio")?;
        let counts = [self.generated_messages, self.recorded_messages];
        writeln!(f, "{:<34} {:>12} {:>12}", "messages", counts[0], counts[1])?;
        for figure in &self.figures {
            let ratio = figure
                .ratio
                .map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.3}"));
            let mark = if figure.is_near { "" } else { "  far" };
            writeln!(
                f,
                "{:<34} {:>12.4} {:>12.4} {ratio:>8}{mark}",
                figure.name, figure.generated, figure.recorded
            )?;
        }
        writeln!(
            f,
            "{} of {} figures within {:.0} % of the recorded ones",
            self.near(),
            self.figures.len(),
            NEAR * 100.0
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_shows_both_markets_their_ratio_and_what_is_far() {
        let mut one = MarketStatistics::of(&Default::default());
        let mut other = one;
        (one.add_share, other.add_share) = (0.45, 0.5);
        (one.mean_best_size, other.mean_best_size) = (3.0, 2.0);
        one.trade_share = 0.1;
        let comparison = MarketComparison::new(&one, &other);
        let text = comparison.to_string();
        let has = |line: &str| text.lines().any(|found| found == line);
        assert!(
            has("add share                                0.4500       0.5000    0.900"),
            "{text}"
        );
        assert!(
            has("size at a best price, mean               3.0000       2.0000    1.500  far"),
            "{text}"
        );
        assert!(
            has("trade share                              0.1000       0.0000        -  far"),
            "{text}"
        );
        assert!(
            has("12 of 14 figures within 20 % of the recorded ones"),
            "{text}"
        );
    }
}
