//! Sandboxed plugins: strategies as WebAssembly core modules.
//!
//! Takes in `.wasm` files of strangers; gives out guests that can harm nothing: a module has its own memory, one import
//! (`backplane.log`), and only as much fuel, memory and stack as its [`Limits`] say. What it exports is told in
//! `docs/wasm.md`.
//!
//! In reading order: [`limits`], what a module may use; [`check`], what is refused before anything of it is compiled;
//! [`sandbox`], the engine that compiles; [`plugin`] and [`guest`], a module and its instances; `calls`, one call into an
//! instance; `host`, what the host keeps of an instance; `fault`, why one ended.
//!
//! Limits are given to a plugin, and hold for every instance that is made of it from then on:
//!
//! ```no_run
//! use backplane_guests::wasm::{Limits, Sandbox, Settings};
//! use backplane_sdk::params::Params;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let sandbox = Sandbox::new(&Settings::default())?;
//! let limits = Limits { memory_bytes: 16 << 20, ..Limits::default() };
//! let plugin = sandbox.load("strategies/momentum.wasm".as_ref(), &limits)?;
//! let guest = plugin.instantiate(&Params::defaults(&plugin.descriptor().params))?;
//! # let _ = guest;
//! # Ok(())
//! # }
//! ```

pub mod limits;

pub mod check;
pub mod code;

mod cache;
pub mod sandbox;

pub mod guest;
pub mod plugin;

mod calls;
mod fault;
mod host;

pub use guest::WasmGuest;
pub use limits::Limits;
pub use plugin::WasmPlugin;
pub use sandbox::{Sandbox, Settings};
