//! The `avellaneda_stoikov` strategy: a module (or native plugin) made of `strategy::AvellanedaStoikov`.

mod model;
mod strategy;

backplane_sdk::export_strategy!(strategy::AvellanedaStoikov);
