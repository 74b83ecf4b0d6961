//! The shares of probabilistic queue models: the only real numbers of the exchange.
//!
//! Takes in what stands ahead of an order and behind it, in quantity units; gives out what stands ahead after so much left
//! the level without a trade, in parts of a unit. The functions come from `libm`, the same bits on every machine, and the
//! result is an integer at once.
//!
//! Formulas: hftbacktest 0.9.4, `backtest/models/queue.rs`. `p` is the probability that what left stood behind.
//!
//! | name | p |
//! |---|---|
//! | PowerProb(n) | `back^n / (back^n + front^n)` |
//! | PowerProb2(n) | `back^n / (back + front)^n` |
//! | PowerProb3(n) | `1 - (front / (front + back))^n` |
//! | LogProb | `ln(1 + back) / (ln(1 + back) + ln(1 + front))` |
//! | LogProb2 | `ln(1 + back) / ln(1 + back + front)` |

use backplane_sdk::math;

use super::queue::LevelModel;

/// Parts of a quantity unit in which what stands ahead is counted.
pub(super) const PARTS: i64 = 1 << 16;

/// Units of 1e-9 in one.
const NANO: f64 = 1e9;

/// The probability that what leaves a level stood behind an order; none for a model without probabilities.
fn behind(model: &LevelModel, front: f64, back: f64) -> Option<f64> {
    let log = |x: f64| math::ln_1p(x);
    let share = match *model {
        LevelModel::Own(ref model) => model.behind(front, back),
        LevelModel::PowerProb { n } => {
            let (back, front) = (math::pow(back, real(n)), math::pow(front, real(n)));
            back / (back + front)
        }
        LevelModel::PowerProb2 { n } => math::pow(back, real(n)) / math::pow(back + front, real(n)),
        LevelModel::PowerProb3 { n } => 1.0 - math::pow(front / (front + back), real(n)),
        LevelModel::LogProb => log(back) / (log(back) + log(front)),
        LevelModel::LogProb2 => log(back) / log(back + front),
        _ => return None,
    };
    // Where nothing stands there, nothing stood ahead.
    Some(if share.is_finite() {
        share.clamp(0.0, 1.0)
    } else {
        1.0
    })
}

fn real(nano: i64) -> f64 {
    nano as f64 / NANO
}

/// What stands ahead, in parts, after `left` units left a level of `before` units without a trade; none for a model without
/// probabilities. `front - (1 - p) * left`, and what `p * left` is more than stood behind comes from ahead as well.
pub(super) fn ahead_after(model: &LevelModel, front: i64, before: i64, left: i64) -> Option<i64> {
    let front = front as f64 / PARTS as f64;
    let back = (before as f64 - front).max(0.0);
    let left = left as f64;
    let share = behind(model, front, back)?;
    let after = front - (1.0 - share) * left + (back - share * left).min(0.0);
    Some((after.max(0.0) * PARTS as f64).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const N3: i64 = 3_000_000_000;

    /// Worked by hand: 30 ahead of 40, 8 leave.
    #[test]
    fn shares_are_those_of_the_formulas() {
        let cases = [
            (LevelModel::PowerProb { n: N3 }, 1.0 / 28.0),
            (LevelModel::PowerProb2 { n: N3 }, 1.0 / 64.0),
            (LevelModel::PowerProb3 { n: N3 }, 1.0 - 27.0 / 64.0),
            (LevelModel::LogProb, 0.411_170),
            (LevelModel::LogProb2, 0.645_711),
        ];
        for (model, share) in cases {
            let found = behind(&model, 30.0, 10.0).unwrap();
            assert!((found - share).abs() < 1e-6, "{model:?}: {found}");
            let after = 30.0 - (1.0 - share) * 8.0;
            let found = ahead_after(&model, 30 * PARTS, 40, 8).unwrap() as f64 / PARTS as f64;
            assert!((found - after).abs() < 1e-4, "{model:?}: {found}");
        }
    }

    #[test]
    fn what_is_more_than_stood_behind_comes_from_ahead() {
        // Nothing behind: all of it stood ahead, whatever the model.
        for model in [
            LevelModel::PowerProb { n: N3 },
            LevelModel::PowerProb2 { n: N3 },
            LevelModel::PowerProb3 { n: N3 },
            LevelModel::LogProb,
            LevelModel::LogProb2,
        ] {
            assert_eq!(ahead_after(&model, 10 * PARTS, 10, 4), Some(6 * PARTS));
            assert_eq!(ahead_after(&model, 0, 10, 4), Some(0));
            assert_eq!(ahead_after(&model, 0, 0, 4), Some(0));
        }
    }
}
