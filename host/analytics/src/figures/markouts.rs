//! What executions were worth some time afterwards.
//!
//! Takes in executions with the mids that followed them; gives out for each group and horizon their number, the mean
//! markout with its confidence interval, and the sum in money.

use std::collections::BTreeMap;

use backplane_sdk::types::Money;
use serde::Serialize;

use crate::exact;
use crate::metrics::Figure;
use crate::tables::schema::HORIZONS;

/// The 97.5 per cent quantile of the standard normal distribution: 95 per cent lie within so many deviations.
const NORMAL_QUANTILE: f64 = 1.959_963_984_540_054;

/// Executions of one group at one horizon.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Markout {
    /// `all`, `maker`, `taker`, or a reason of fills.
    pub group: String,
    /// How long after the execution, in words.
    pub horizon: &'static str,
    /// The same in nanoseconds.
    pub horizon_ns: i64,
    /// The executions at whose horizon there was a mid.
    pub count: u64,
    /// The mean of `side * (mid - price) / price`, in units of 1e-4; above zero the market went the execution's way.
    pub mean_basis_points: Figure,
    /// The lower end of the mean's 95 per cent confidence interval, `mean - 1.96 * sd / sqrt(count)`.
    pub low_basis_points: Figure,
    /// The upper end.
    pub high_basis_points: Figure,
    /// What all of them together earned from their prices to the mids, before fees.
    #[serde(with = "exact::money")]
    pub money: Money,
}

/// Sums over executions of one group at one horizon.
#[derive(Clone, Copy, Debug, Default)]
struct Moments {
    count: u64,
    mean: f64,
    squares: f64,
    money: Money,
}

impl Moments {
    /// Adds a value (Welford 1962).
    fn add(&mut self, value: f64, money: Money) {
        self.count += 1;
        let step = value - self.mean;
        self.mean += step / self.count as f64;
        self.squares += step * (value - self.mean);
        self.money += money;
    }

    fn markout(&self, group: &str, horizon: usize) -> Markout {
        let (horizon_ns, horizon, _) = HORIZONS[horizon];
        let mean = match self.count {
            0 => Figure::Undefined("no fills with a mid so long afterwards"),
            _ => Figure::of(self.mean),
        };
        let count = self.count as f64;
        let error = (self.squares / (count - 1.0)).max(0.0).sqrt() / count.sqrt();
        let bound = |sign: f64| match self.count {
            0 | 1 => Figure::Undefined("fewer than two fills"),
            _ => mean.map(|x| x + sign * NORMAL_QUANTILE * error),
        };
        Markout {
            group: group.to_owned(),
            horizon,
            horizon_ns,
            count: self.count,
            mean_basis_points: mean,
            low_basis_points: bound(-1.0),
            high_basis_points: bound(1.0),
            money: self.money,
        }
    }
}

/// Markouts being gathered.
#[derive(Clone, Debug, Default)]
pub(super) struct Markouts {
    all: [Moments; HORIZONS.len()],
    groups: BTreeMap<String, [Moments; HORIZONS.len()]>,
}

impl Markouts {
    /// Adds an execution at a horizon: its groups, its markout in units of 1e-4 and in money.
    pub(super) fn add(&mut self, horizon: usize, groups: [&str; 2], value: f64, money: Money) {
        self.all[horizon].add(value, money);
        let [first, second] = groups;
        self.group(first)[horizon].add(value, money);
        if first != second {
            self.group(second)[horizon].add(value, money);
        }
    }

    fn group(&mut self, name: &str) -> &mut [Moments; HORIZONS.len()] {
        if !self.groups.contains_key(name) {
            self.groups.insert(name.to_owned(), Default::default());
        }
        // Just made where it was not there.
        self.groups.entry(name.to_owned()).or_default()
    }

    /// All groups at all horizons: all executions first.
    pub(super) fn figures(&self) -> Vec<Markout> {
        let groups = self.groups.iter().map(|(name, x)| (name.as_str(), x));
        let groups = std::iter::once(("all", &self.all)).chain(groups);
        let of_group = |(name, moments): (&str, &[Moments; HORIZONS.len()])| {
            let all = moments.iter().enumerate();
            all.map(|(horizon, x)| x.markout(name, horizon))
                .collect::<Vec<_>>()
        };
        groups.flat_map(of_group).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_that_of_the_mean() {
        let mut markouts = Markouts::default();
        for value in [1.0, 2.0, 3.0, 6.0] {
            markouts.add(3, ["maker", "queue_reached"], value, Money::from_units(2));
        }
        let found = markouts.figures();
        let find = |group: &str| {
            found
                .iter()
                .find(|x| x.group == group && x.horizon == "1 s")
        };
        let maker = find("maker").unwrap();
        assert_eq!((maker.count, maker.money), (4, Money::from_units(8)));
        assert_eq!(maker.mean_basis_points, Figure::Value(3.0));
        // The deviations -2, -1, 0, 3 have the sum of squares 14.
        let half = 1.959_963_984_540_054 * (14.0_f64 / 3.0).sqrt() / 2.0;
        let high = maker.high_basis_points.value().unwrap();
        assert!((high - 3.0 - half).abs() < 1e-12);
        assert_eq!(find("all").unwrap().count, 4);
        assert_eq!(find("queue_reached").unwrap().count, 4);
        let early = found.iter().find(|x| x.horizon == "1 ms").unwrap();
        assert_eq!(early.mean_basis_points.value(), None);
    }
}
