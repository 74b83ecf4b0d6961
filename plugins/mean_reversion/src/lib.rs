//! The `mean_reversion` plugin: a library made of `strategy::MeanReversion`.

mod strategy;

backplane_sdk::export_strategy!(strategy::MeanReversion);
