//! The laws of hftbacktest's queue models, written down once more: where cancellations come from.
//!
//! Takes in what a level showed, shows and traded; gives out what stands ahead of an order then. In real numbers that are
//! rounded to parts of a contract, as the document says; nothing is shared with the engine.

/// The parts of a contract in which what stands ahead is counted.
const PARTS: f64 = 65_536.0;

/// Where cancellations come from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Law {
    /// From behind, as long as anything stands there.
    RiskAverse,
    /// From behind with a probability of what stands ahead and behind.
    Probability(fn(f64, f64, f64) -> f64, f64),
    /// From behind where the level grew by as much before.
    SizeMatch,
    /// From ahead.
    AllAhead,
}

/// What is known of one order's queue.
#[derive(Clone, Debug, Default)]
pub(super) struct Queue {
    front: f64,
    shown: i64,
    traded: i64,
    grown: Vec<i64>,
}

impl Queue {
    pub(super) fn new(shown: i64) -> Queue {
        Queue {
            front: shown as f64,
            shown,
            ..Queue::default()
        }
    }

    /// In contracts: halves count as less.
    pub(super) fn ahead(&self) -> i64 {
        let whole = self.front.floor();
        whole as i64 + i64::from(self.front - whole > 0.5)
    }

    /// A trade took so much of what stood ahead, and filled the order or not.
    pub(super) fn trade(&mut self, size: i64, gone: i64, filled: bool) {
        self.traded += size;
        self.front = match filled {
            true => 0.0,
            false => (self.front - gone as f64).max(0.0),
        };
    }

    pub(super) fn change(&mut self, law: Law, shown: i64) {
        let left = self.shown - shown - self.traded;
        let front = self.front;
        if left > 0 {
            let all = (front - left as f64).max(0.0);
            self.front = match law {
                Law::RiskAverse => front,
                Law::AllAhead => all,
                Law::SizeMatch => match self.grown.iter().rposition(|x| *x == left) {
                    Some(place) => {
                        self.grown.remove(place);
                        front
                    }
                    None => all,
                },
                Law::Probability(share, n) => {
                    let back = (self.shown as f64 - front).max(0.0);
                    let p = share(front, back, n);
                    let p = if p.is_finite() {
                        p.clamp(0.0, 1.0)
                    } else {
                        1.0
                    };
                    let left = left as f64;
                    let after = front - (1.0 - p) * left + (back - p * left).min(0.0);
                    (after.max(0.0) * PARTS).round() / PARTS
                }
            };
        } else if shown > self.shown {
            self.grown.push(-left);
        }
        self.front = self.front.min(shown as f64);
        (self.shown, self.traded) = (shown, 0);
    }
}

/// `back^n / (back^n + front^n)`
pub(super) fn power(front: f64, back: f64, n: f64) -> f64 {
    back.powf(n) / (back.powf(n) + front.powf(n))
}

/// `back^n / (back + front)^n`
pub(super) fn power_2(front: f64, back: f64, n: f64) -> f64 {
    back.powf(n) / (back + front).powf(n)
}

/// `1 - (front / (front + back))^n`
pub(super) fn power_3(front: f64, back: f64, n: f64) -> f64 {
    1.0 - (front / (front + back)).powf(n)
}

/// `ln(1 + back) / (ln(1 + back) + ln(1 + front))`
pub(super) fn log(front: f64, back: f64, _: f64) -> f64 {
    (1.0 + back).ln() / ((1.0 + back).ln() + (1.0 + front).ln())
}

/// `ln(1 + back) / ln(1 + back + front)`
pub(super) fn log_2(front: f64, back: f64, _: f64) -> f64 {
    (1.0 + back).ln() / (1.0 + back + front).ln()
}
