//! The `momentum` plugin: a library made of `strategy::Momentum`.

mod strategy;

backplane_sdk::export_strategy!(strategy::Momentum);
