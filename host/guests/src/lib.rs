//! What carries strategies into the engine.
//!
//! Takes in files that hold strategies; gives out guests that the engine drives ([`backplane_engine::guest::Guest`]).
//! Nothing here knows the market. A native library is trusted code once it is loaded, so everything that can be checked
//! before is checked before, on the very bytes that are then loaded. A WebAssembly module can harm nothing ([`wasm`]); it
//! is checked so that compiling it does not either:
//!
//! ```no_run
//! use backplane_guests::wasm::Settings;
//! use backplane_guests::{Carriers, Policy, find};
//! use backplane_sdk::params::Params;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let policy = Policy::read("policy.toml".as_ref())?;
//! let found = find("strategies".as_ref(), "momentum", &policy)?;
//! let mut carriers = Carriers::new(Settings::default())?;
//! let plugin = carriers.load(&found.path, &policy.grant(&found.name))?;
//! let params = Params::defaults(&plugin.descriptor().params);
//! let guest = plugin.instantiate(&params)?;
//! # let _ = guest;
//! # Ok(())
//! # }
//! ```
#![deny(unsafe_code)]

pub mod carrier;
pub mod content;
pub mod error;
pub mod guard;

pub mod anatomy;

pub mod descriptor;
pub mod native;
pub mod python;

pub mod policy;

pub mod wasm;

pub mod carriers;
pub mod directory;
pub mod loader;

pub mod governed;

pub mod recording;

pub mod succession;

pub mod checkpoint;

mod text;

pub use anatomy::{Anatomy, anatomy};
pub use carrier::Carrier;
pub use carriers::{Carriers, Plugin};
pub use content::Content;
pub use directory::{Candidate, CandidateKind, find, scan};
pub use error::{GuestError, Refusal};
pub use governed::Governed;
pub use loader::Loader;
pub use native::{NativeGuest, NativePlugin};
pub use policy::{Allowance, Grant, Limits, Policy};
pub use recording::{RecordedGuest, RecordedStrategy, Recording, RecordingError, RecordingWriter};
