//! Which features are computed, and when.
//!
//! Takes in names; gives out a checked specification.

use std::sync::Arc;

use super::{Feature, Sampling};
use crate::types::Nanos;

/// The most columns.
const COLUMNS_MAX: usize = 256;

/// Which features are computed, and when. Cheap to clone.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureSpec {
    columns: Arc<[(String, Feature)]>,
    sampling: Sampling,
}

impl FeatureSpec {
    /// All that it says, by which two are told apart.
    pub(super) fn text(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|x| x.0.as_str()).collect();
        format!("{} every {:?}", names.join(","), self.sampling)
    }

    /// The specification of names.
    ///
    /// # Errors
    /// Says which name is not known, given twice, or missing, and what would be allowed.
    pub fn parse<S: AsRef<str>>(columns: &[S], sampling: &str) -> Result<FeatureSpec, String> {
        if columns.is_empty() || columns.len() > COLUMNS_MAX {
            return Err(format!(
                "there are {} features, but there must be 1 to {COLUMNS_MAX}",
                columns.len()
            ));
        }
        let mut parsed: Vec<(String, Feature)> = Vec::new();
        for name in columns.iter().map(AsRef::as_ref) {
            if parsed.iter().any(|x| x.0 == name) {
                return Err(format!("the feature `{name}` is given twice"));
            }
            parsed.push((name.to_owned(), Feature::parse(name)?));
        }
        Ok(FeatureSpec {
            columns: parsed.into(),
            sampling: Sampling::parse(sampling)?,
        })
    }

    /// The columns: names and features.
    pub fn columns(&self) -> &[(String, Feature)] {
        &self.columns
    }

    /// When a row is made.
    pub const fn sampling(&self) -> Sampling {
        self.sampling
    }

    /// How many levels of a book are looked at.
    pub fn depth(&self) -> usize {
        let depths = self.columns.iter().map(|x| x.1.depth());
        depths.max().unwrap_or(1)
    }

    /// The windows, each once, shortest first.
    pub fn windows(&self) -> Vec<Nanos> {
        let mut windows: Vec<Nanos> = self.columns.iter().filter_map(|x| x.1.window()).collect();
        windows.sort_unstable();
        windows.dedup();
        windows
    }
}
