//! The contract between host and strategy, and the only module of the house that may be unsafe.
//!
//! Takes in nothing but plain bytes; gives out the same bytes for every carrier. In words the contract is
//! `docs/abi.md`; here it is, in reading order:
//!
//! - [`v1`]: the frozen layouts of version 1: a 64-byte [`Message`], an 80-byte [`Command`], the lent book, the
//!   function table of a native plugin;
//! - `message`, `command`: the safe translation between those layouts and the nouns of [`crate::types`];
//! - `fields`: reading what the other side has just written;
//! - `native`: what [`crate::export_strategy!`] puts into a native library;
//! - `wasm`: what it puts into a WebAssembly module;
//! - `open`: the host's side of a native library (feature `host`).
//!
//! A version is frozen when it is released: fields are never moved or reused, additions go to reserved room or into
//! tables of their own, and a plugin of an older version keeps loading.
#![allow(unsafe_code)]

pub mod v1;

mod command;
#[cfg(all(feature = "native", not(target_family = "wasm")))]
mod fields;
pub(crate) mod lent;
mod message;

#[cfg(all(feature = "native", not(target_family = "wasm")))]
pub mod native;
#[cfg(all(feature = "host", not(target_family = "wasm")))]
pub mod open;
#[cfg(target_family = "wasm")]
pub mod wasm;

pub use command::{CommandBody, command_order};
pub use message::{MessageBody, definition_messages};
pub use v1::{Command, LentBook, Message, ParamValue};

/// The version of the contract that this SDK speaks.
pub const ABI_VERSION: u32 = 1;
