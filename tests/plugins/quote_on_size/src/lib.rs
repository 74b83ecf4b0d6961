//! The `quote_on_size` plugin: a library made of `strategy::QuoteOnSize`.

mod strategy;

backplane_sdk::export_strategy!(strategy::QuoteOnSize);
