//! The `market_maker` plugin: a library made of `strategy::MarketMaker`, which quotes anew when a best price moves.

mod strategy;

backplane_sdk::export_strategy!(strategy::MarketMaker<false>);
