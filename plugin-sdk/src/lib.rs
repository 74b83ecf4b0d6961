//! All that an author of a Backplane strategy needs.
//!
//! Takes in nothing from outside: this crate does no input or output and knows nothing of the host. Gives out the nouns
//! of the house ([`types`]), the order books ([`book`]), the [`Strategy`] trait with its [`Context`], and the contract
//! with the host ([`abi`]).
//!
//! A strategy is a struct, one trait and one macro line; the same source becomes a native library and a WebAssembly
//! module:
//!
//! ```
//! use backplane_sdk::prelude::*;
//!
//! /// Keeps one bid at the best price.
//! struct Join {
//!     size: Quantity,
//! }
//!
//! impl Strategy for Join {
//!     fn descriptor() -> Descriptor {
//!         Descriptor::new("join", env!("CARGO_PKG_VERSION"))
//!             .subscribe(Schema::BboPrice)
//!             .param(Param::integer("size", 100, 1..=10_000, "shares to bid for"))
//!     }
//!
//!     fn new(params: &Params) -> Result<Self, String> {
//!         Ok(Join { size: Quantity(params.integer("size")) })
//!     }
//!
//!     fn on_market(&mut self, event: &MarketEvent, ctx: &mut Context) {
//!         let MarketEvent::Bbo(bbo) = event else { return };
//!         ctx.cancel_all(Some(bbo.instrument));
//!         if bbo.bid_price.is_defined() {
//!             ctx.submit(Order::limit(bbo.instrument, Side::Buy, bbo.bid_price, self.size).post_only());
//!         }
//!     }
//! }
//!
//! export_strategy!(Join);
//! # fn main() {}
//! ```

pub mod types;

pub mod book;

pub mod by_number;

pub mod descriptor;
pub mod params;

pub mod saved;
pub mod strategy;

pub mod books;
pub mod context;
pub mod linked;
pub mod state;

mod snapshot;

pub mod instance;

pub mod features;

pub mod math;

#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub mod abi;

pub use context::Context;
pub use strategy::Strategy;

/// What a strategy's source file imports.
pub mod prelude {
    pub use crate::book::{BookView, Level};
    pub use crate::context::Context;
    pub use crate::descriptor::{Descriptor, Schema};
    pub use crate::export_strategy;
    pub use crate::math;
    pub use crate::params::{Param, Params, Value};
    pub use crate::saved::{Saved, Saver};
    pub use crate::state::{LogLevel, OpenOrder, SessionStatistics};
    pub use crate::strategy::Strategy;
    pub use crate::types::*;
}

/// Makes a library of a strategy: a native plugin or a WebAssembly module, as the target is. One strategy a library.
#[macro_export]
macro_rules! export_strategy {
    ($strategy:ty) => {
        $crate::__export_strategy!($strategy);
    };
}

/// Without a carrier to export to, a strategy is only code.
#[cfg(not(any(feature = "native", target_family = "wasm")))]
#[doc(hidden)]
#[macro_export]
macro_rules! __export_strategy {
    ($strategy:ty) => {};
}
