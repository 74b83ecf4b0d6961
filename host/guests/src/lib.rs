//! What carries strategies into the engine.
//!
//! Takes in files that hold strategies; gives out guests that the engine drives ([`backplane_engine::guest::Guest`]).
//! Nothing here knows the market. A native library is trusted code once it is loaded, so everything that can be checked
//! before is checked before, on the very bytes that are then loaded:
//!
//! ```no_run
//! use backplane_guests::{Loader, find};
//! use backplane_sdk::params::Params;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let candidate = find("strategies".as_ref(), "momentum")?;
//! let mut loader = Loader::new()?;
//! let plugin = loader.load(&candidate.path)?;
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

pub mod directory;

mod text;

pub use directory::{Candidate, CandidateKind, find, scan};
pub use error::{GuestError, Refusal};
pub use loader::Loader;
pub use native::{NativeGuest, NativePlugin};
