//! Conditions under which a comparison fails.
//!
//! Takes in text such as `sharpe<1.5`, `change(net_pnl)<0` or `instances.maker.max_drawdown<-0.02`; gives out whether it
//! holds, and for which run. A figure that does not exist makes its condition hold: nothing passes for want of a number.

use serde::Serialize;

use super::measures::{Measures, resolve};

/// How a figure is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
}

impl Operator {
    /// The operators, the longer first.
    const ALL: [(&'static str, Operator); 6] = [
        ("<=", Operator::LessOrEqual),
        (">=", Operator::GreaterOrEqual),
        ("==", Operator::Equal),
        ("!=", Operator::NotEqual),
        ("<", Operator::Less),
        (">", Operator::Greater),
    ];

    fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Operator::Less => value < limit,
            Operator::LessOrEqual => value <= limit,
            Operator::Greater => value > limit,
            Operator::GreaterOrEqual => value >= limit,
            Operator::Equal => value == limit,
            Operator::NotEqual => value != limit,
        }
    }
}

/// A condition under which a comparison fails.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    text: String,
    /// Whether the step from the first run is meant, not the value.
    is_change: bool,
    name: String,
    operator: Operator,
    limit: f64,
}

/// A condition that held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The condition as it was given.
    pub condition: String,
    /// The run for which it held.
    pub run: String,
    /// What was found, in words.
    pub found: String,
}

impl Condition {
    /// Reads a condition: a figure, an operator (`<`, `<=`, `>`, `>=`, `==`, `!=`) and a number. `change(FIGURE)` means
    /// the step from the first run.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(text: &str) -> Result<Condition, String> {
        let all = Operator::ALL.iter();
        let found = all.filter_map(|x| Some((text.find(x.0)?, x)));
        // The first one counts, and of two at one place the longer.
        let found = found.min_by_key(|(place, x)| (*place, std::cmp::Reverse(x.0.len())));
        let Some((place, (sign, operator))) = found else {
            return Err("it has none of the operators <, <=, >, >=, ==, !=".into());
        };
        let (name, limit) = (text[..place].trim(), text[place + sign.len()..].trim());
        let limit: f64 = limit
            .parse()
            .map_err(|_| format!("`{limit}` is not a number"))?;
        if !limit.is_finite() {
            return Err("its number is not finite".into());
        }
        let inner = name
            .strip_prefix("change(")
            .and_then(|x| x.strip_suffix(')'));
        let (name, is_change) = match inner {
            Some(inner) => (inner.trim(), true),
            None => (name, false),
        };
        if name.is_empty() {
            return Err("it names no figure".into());
        }
        Ok(Condition {
            text: text.to_owned(),
            is_change,
            name: name.to_owned(),
            operator: *operator,
            limit,
        })
    }

    /// The condition as it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it is about the step from the first run.
    pub fn is_change(&self) -> bool {
        self.is_change
    }

    /// Whether it holds for a run; `first` is what changes are measured from.
    ///
    /// # Errors
    /// There is no figure of its name, or there are several.
    pub(super) fn check(
        &self,
        run: &str,
        measures: &Measures,
        first: &Measures,
    ) -> Result<Option<Failure>, String> {
        let paths = resolve(measures, &self.name);
        let path = match paths.as_slice() {
            [path] => *path,
            [] => {
                return Err(format!(
                    "`{}`: there is no figure `{}`",
                    self.text, self.name
                ));
            }
            [a, b, ..] => {
                return Err(format!(
                    "`{}`: `{}` may be `{a}` or `{b}`",
                    self.text, self.name
                ));
            }
        };
        let value = |x: &Measures| match x.get(path) {
            Some(Ok(value)) => Ok(*value),
            Some(Err(reason)) => Err(reason.clone()),
            None => Err("the run does not have it".to_owned()),
        };
        let mut found = value(measures);
        if self.is_change {
            found = found.and_then(|x| Ok(x - value(first)?));
        }
        let (holds, found) = match found {
            Ok(value) => (
                self.operator.holds(value, self.limit),
                format!("{path} is {value}"),
            ),
            Err(reason) => (true, format!("{path} does not exist: {reason}")),
        };
        Ok(holds.then(|| Failure {
            condition: self.text.clone(),
            run: run.to_owned(),
            found,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measures(sharpe: Result<f64, String>) -> Measures {
        Measures::from([
            ("performance.sharpe".to_owned(), sharpe),
            ("trades.count".to_owned(), Ok(3.0)),
            ("orders.count".to_owned(), Ok(4.0)),
        ])
    }

    fn holds(text: &str, sharpe: f64) -> Result<bool, String> {
        let condition = Condition::parse(text)?;
        let found = condition.check("b", &measures(Ok(sharpe)), &measures(Ok(1.0)))?;
        Ok(found.is_some())
    }

    #[test]
    fn a_condition_is_about_a_value_or_about_its_change() {
        for (text, expected) in [
            ("sharpe<1.5", true),
            ("sharpe < 1.2", false),
            ("performance.sharpe>=1.2", true),
            ("sharpe != 1.2", false),
            ("change(sharpe)>0.1", true),
            ("change(sharpe)<0", false),
            ("trades.count==3", true),
        ] {
            assert_eq!(holds(text, 1.2), Ok(expected), "{text}");
        }
    }

    #[test]
    fn a_figure_that_does_not_exist_never_passes() {
        let condition = Condition::parse("sharpe<1").unwrap();
        let none = measures(Err("no losses".into()));
        let found = condition.check("b", &none, &none).unwrap().unwrap();
        assert_eq!(found.found, "performance.sharpe does not exist: no losses");
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_a_reason() {
        for (text, reason) in [
            (
                "sharpe",
                "it has none of the operators <, <=, >, >=, ==, !=",
            ),
            ("sharpe<much", "`much` is not a number"),
            ("<3", "it names no figure"),
            ("sharpe<inf", "its number is not finite"),
            ("shape<1", "`shape<1`: there is no figure `shape`"),
            (
                "count<1",
                "`count<1`: `count` may be `orders.count` or `trades.count`",
            ),
        ] {
            assert_eq!(holds(text, 1.0).unwrap_err(), reason);
        }
    }
}
