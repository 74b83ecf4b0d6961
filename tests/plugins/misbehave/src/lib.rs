//! A strategy that sins on request, for the host's tests.
//!
//! Takes in a run's parameters: `sin` says what to do wrong (see `sins`), `at` on which message. Gives out, with
//! `sin` 0, a well-behaved strategy that trades a little.

mod sins;
mod strategy;

backplane_sdk::export_strategy!(strategy::Misbehave);
