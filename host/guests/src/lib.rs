//! What carries strategies into the engine.
//!
//! Takes in files that hold strategies; gives out guests that the engine drives ([`backplane_engine::guest::Guest`]).
//! Nothing here knows the market. A native library is trusted code once it is loaded, so everything that can be checked
//! before is checked before, on the very bytes that are then loaded. A WebAssembly module can harm nothing ([`wasm`]); it
//! is checked so that compiling it does not either:
//!
//! ```no_run
//! use backplane_guests::wasm::{Limits, Settings};
//! use backplane_guests::{Carriers, find};
//! use backplane_sdk::params::Params;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let candidate = find("strategies".as_ref(), "momentum")?;
//! let mut carriers = Carriers::new(Settings::default())?;
//! let plugin = carriers.load(&candidate.path, &Limits::default())?;
//! let params = Params::defaults(&plugin.descriptor().params);
//! let guest = plugin.instantiate(&params)?;
//! # let _ = guest;
//! # Ok(())
//! # }
//! ```
#![deny(unsafe_code)]

pub mod error;
pub mod guard;

pub mod descriptor;
pub mod loader;
pub mod native;
pub mod python;

pub mod wasm;

pub mod carriers;
pub mod directory;

mod text;

pub use carriers::{Carrier, Carriers, Plugin};
pub use directory::{Candidate, CandidateKind, find, scan};
pub use error::{GuestError, Refusal};
pub use loader::Loader;
pub use native::{NativeGuest, NativePlugin};
