//! The tests of the whole, in one binary.
#![allow(clippy::unwrap_used, missing_docs)]

/// The built command line, from outside.
mod cli;

/// The pages of reports and comparisons, in a browser.
mod browser;

/// The worked examples over tables of results, with the libraries that they use.
mod examples;

/// Native plugins: what is loaded, what is refused, what a fault costs.
mod native;

/// Sandboxed plugins: what is compiled, what is refused, what a fault costs.
mod sandbox;

/// The exchange simulation against an independent matching engine.
mod oracle;

/// The exchange simulation on tapes of price levels, against rules applied row by row and against tapes of orders.
mod price_levels;

/// Small markets told message by message.
mod by_hand;

/// A strategy that does what a test planned.
mod planned;

/// Mistakes that simulators are known to make.
mod defects;

/// What must hold of every run.
mod properties;

/// Nothing depends on what is later.
mod look_ahead;

/// Strategies side by side: none may change what another does or meets.
mod company;

/// Features against a naive reckoning.
mod features;

/// The ghost study.
mod ghosts;

/// Guests that hear many messages in one call: the size of a batch changes nothing.
mod batches;

/// `backplane dev`, from outside.
mod dev;

/// README and docs, held against the program.
mod documents;

/// The SDK for other languages: its numbers and books are those of the Rust SDK.
mod languages;

/// Where two crates that do not know each other must mean the same.
mod joints;

/// What a strategy hears of each schema, and that nothing later is in it.
mod subscriptions;

/// What a strategy can do wrong, and what comes of it.
mod safe;
