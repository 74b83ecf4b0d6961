//! Rows of features, the same that `backplane features` writes to train on.
//!
//! Takes in market events and books; gives out rows.

use std::path::Path;

use backplane_sdk::features::{FeatureRow, FeatureSpec, Features};
use backplane_sdk::prelude::*;

/// Makes rows of the features that a model was trained on.
pub(crate) struct FeatureExtractor {
    features: Features,
}

impl FeatureExtractor {
    /// The features of a trained model: a file whose first line is the sampling, and each line after it a name.
    pub(crate) fn read(path: &Path) -> Result<FeatureExtractor, String> {
        let text = std::fs::read_to_string(path);
        let text = text.map_err(|error| format!("reading {}: {error}", path.display()))?;
        let mut lines = text.lines();
        let sampling = lines.next().unwrap_or_default();
        let columns: Vec<&str> = lines.collect();
        let spec = FeatureSpec::parse(&columns, sampling);
        Ok(FeatureExtractor {
            features: Features::new(spec.map_err(|x| format!("{}: {x}", path.display()))?),
        })
    }

    /// How many values a row has.
    pub(crate) fn width(&self) -> usize {
        self.features.spec().columns().len()
    }

    /// Hears an event; gives a row where one is due.
    pub(crate) fn hear(&mut self, event: &MarketEvent, ctx: &Context) -> Option<FeatureRow<'_>> {
        self.features.hear(event, ctx.book(event.instrument()))
    }
}
