//! Which strategy to run, as a user says it.
//!
//! Takes in `LABEL@NAME:PARAM=VALUE,...`; gives out its parts. Every instance has a label of its own, by which tables and
//! reports call it.

use std::collections::BTreeSet;

use crate::error::CliError;
use crate::exit;

/// A strategy to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StrategySpec {
    /// What the run calls it; made of the name where the user gives none.
    pub label: Option<String>,
    /// The strategy's name.
    pub name: String,
    /// Parameters as the user writes them.
    pub params: Vec<(String, String)>,
    /// The features that a strategy over features hears instead of its own; empty for its own.
    pub features: Vec<String>,
    /// When rows of features are made, instead of what the strategy says.
    pub sampling: Option<String>,
}

impl StrategySpec {
    /// Reads a strategy as it stands on the command line.
    ///
    /// # Errors
    /// Says which part cannot be read.
    pub fn parse(text: &str) -> Result<StrategySpec, CliError> {
        let (head, params) = match text.split_once(':') {
            Some((head, params)) => (head, params),
            None => (text, ""),
        };
        let (label, name) = match head.split_once('@') {
            Some((label, name)) => (Some(label.to_owned()), name),
            None => (None, head),
        };
        if name.is_empty() || label.as_deref() == Some("") {
            return Err(unreadable(text, "a name is missing"));
        }
        let mut pairs = Vec::new();
        for pair in params.split(',').filter(|x| !x.is_empty()) {
            let Some((id, value)) = pair.split_once('=') else {
                return Err(unreadable(text, &format!("`{pair}` has no `=`")));
            };
            pairs.push((id.trim().to_owned(), value.trim().to_owned()));
        }
        Ok(StrategySpec {
            label,
            name: name.to_owned(),
            params: pairs,
            features: Vec::new(),
            sampling: None,
        })
    }

    /// Gives every strategy a label of its own: its name, with a number where that is taken.
    ///
    /// # Errors
    /// Names a label that the user gave twice.
    pub fn label_all(specs: &mut [StrategySpec]) -> Result<(), CliError> {
        let mut taken = BTreeSet::new();
        for label in specs.iter().filter_map(|x| x.label.as_ref()) {
            if !taken.insert(label.clone()) {
                return Err(CliError::new(
                    exit::CONFIG,
                    format!("two strategies have the label `{label}`"),
                    "give each instance a label of its own: `LABEL@NAME:PARAM=VALUE`",
                ));
            }
        }
        for spec in specs.iter_mut().filter(|x| x.label.is_none()) {
            let numbered = (2..).map(|number| format!("{}-{number}", spec.name));
            let mut free = std::iter::once(spec.name.clone())
                .chain(numbered)
                .filter(|x| !taken.contains(x));
            let label = free.next().unwrap_or_default();
            taken.insert(label.clone());
            spec.label = Some(label);
        }
        Ok(())
    }
}

fn unreadable(text: &str, why: &str) -> CliError {
    CliError::new(
        exit::USAGE,
        format!("the strategy `{text}` cannot be read: {why}"),
        "write it as `NAME`, `NAME:PARAM=VALUE,PARAM=VALUE` or `LABEL@NAME:...`",
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_strategy_is_read_with_label_and_parameters() {
        let spec = StrategySpec::parse("fast@momentum:lookback=20,threshold=0.5").unwrap();
        assert_eq!(spec.label.as_deref(), Some("fast"));
        assert_eq!(spec.name, "momentum");
        assert_eq!(spec.params[1], ("threshold".into(), "0.5".into()));
        for text in ["", ":a=1", "@x", "x:a", "x:a=1,b"] {
            assert!(StrategySpec::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn equal_names_get_numbers_and_equal_labels_are_refused() {
        let parse = |texts: &[&str]| -> Vec<StrategySpec> {
            texts
                .iter()
                .map(|x| StrategySpec::parse(x).unwrap())
                .collect()
        };
        let mut specs = parse(&["a", "a", "a-2@b", "a"]);
        StrategySpec::label_all(&mut specs).unwrap();
        let labels: Vec<&str> = specs.iter().filter_map(|x| x.label.as_deref()).collect();
        assert_eq!(labels, ["a", "a-3", "a-2", "a-4"]);
        assert!(StrategySpec::label_all(&mut parse(&["x@a", "x@b"])).is_err());
    }
}
