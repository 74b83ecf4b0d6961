//! The worst drawdowns of a series of daily returns.
//!
//! Takes in returns with their days; gives out when equity fell below its highest value, how deep, and when it was back.

use serde::Serialize;

/// A fall of equity below its highest value so far. Days are counted from 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Drawdown {
    /// The day of the highest value before it; that before the first day where it began with the first.
    pub peak_day: i64,
    /// The day of the lowest value.
    pub trough_day: i64,
    /// The day on which the highest value was reached again; none where it was not.
    pub recovered_day: Option<i64>,
    /// The deepest fall as a share of the highest value; below zero.
    pub depth: f64,
}

/// The deepest drawdowns, at most so many.
pub(super) fn worst(returns: &[f64], days: &[i64], count: usize) -> Vec<Drawdown> {
    let mut all: Vec<Drawdown> = Vec::new();
    let (mut equity, mut peak) = (1.0_f64, 1.0_f64);
    let mut peak_day = days.first().map_or(0, |x| x - 1);
    let mut open: Option<Drawdown> = None;
    for (value, day) in returns.iter().zip(days) {
        equity *= 1.0 + value;
        if equity >= peak {
            if let Some(mut drawdown) = open.take() {
                drawdown.recovered_day = Some(*day);
                all.push(drawdown);
            }
            (peak, peak_day) = (equity, *day);
            continue;
        }
        let depth = equity / peak - 1.0;
        let drawdown = open.get_or_insert(Drawdown {
            peak_day,
            trough_day: *day,
            recovered_day: None,
            depth,
        });
        if depth < drawdown.depth {
            (drawdown.depth, drawdown.trough_day) = (depth, *day);
        }
    }
    all.extend(open);
    all.sort_by(|a, b| a.depth.total_cmp(&b.depth));
    all.truncate(count);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fall_has_its_peak_its_trough_and_its_end() {
        let returns = [-0.1, 0.2, 0.0, -0.05, -0.05, 0.2, -0.5];
        let days = [10, 11, 14, 15, 16, 17, 18];
        let found = worst(&returns, &days, 2);
        assert_eq!(found.len(), 2);
        assert_eq!(
            (
                found[0].peak_day,
                found[0].trough_day,
                found[0].recovered_day
            ),
            (17, 18, None)
        );
        assert!((found[0].depth + 0.5).abs() < 1e-12);
        assert_eq!((found[1].peak_day, found[1].trough_day), (9, 10));
        assert_eq!(found[1].recovered_day, Some(11));
        assert!(worst(&[0.1, 0.1], &days, 5).is_empty());
    }
}
