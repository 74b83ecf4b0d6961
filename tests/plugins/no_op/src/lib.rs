//! The `no_op` plugin: a library made of `strategy::NoOp`.

mod strategy;

backplane_sdk::export_strategy!(strategy::NoOp);
