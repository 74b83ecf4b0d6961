//! Checkpoints: what a strategy has asked for so far, and its state.
//!
//! Takes in a guest; gives out a file that grows by a checkpoint at a time. A run that was killed is taken up again
//! from it: the engine replays the tape and is given what the strategy asked for then, which brings every book, order and
//! account to where they were, exactly, whatever the engine is made of; from the last whole checkpoint on the strategy
//! itself goes on with the state that it saved. So nothing of the engine is in the file, and a result of a run that was
//! taken up differs in nothing from one that was not.
//!
//! Layout: `BPCHECK` and a line feed, a version (u32), then checkpoints: length (u64) of the content, the content
//! (MessagePack), the BLAKE3 digest of what stands before it in the file's chain: the digest of the checkpoint before, then
//! the content. A file that is cut at any byte, or changed, holds the checkpoints before that place and no others.

mod file;
mod guest;
mod resume;
mod scripted;

pub use file::{CheckpointFile, CheckpointWriter};
pub use guest::CheckpointedGuest;
pub use resume::{check, resume};
pub use scripted::ScriptedGuest;

use backplane_engine::guest::Guest;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

/// How a file of checkpoints begins.
const MAGIC: [u8; 8] = *b"BPCHECK\n";
/// The version of the layout that is written and read.
const VERSION: u32 = 1;

/// What a strategy gave on one message: its number, its commands of 80 bytes each, its log lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Said {
    message: u64,
    commands: ByteBuf,
    logs: Vec<(u32, String)>,
}

/// One checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Checkpoint {
    /// The messages that were heard before it.
    heard: u64,
    /// When the last of them was heard.
    at: i64,
    /// What the strategy hears and records, as [`hears`] gives it.
    hears: [u8; 32],
    /// What was said since the checkpoint before.
    said: Vec<Said>,
    state_version: u32,
    state: ByteBuf,
}

/// A digest of what a strategy hears and records: where it is another, the numbers of messages and series are too. One
/// that keeps books hears every change of a level.
fn hears(guest: &dyn Guest) -> [u8; 32] {
    let descriptor = guest.descriptor();
    let (heard, series) = (&descriptor.subscriptions, &descriptor.metrics);
    let text = format!("{heard:?}{series:?}{}", guest.keeps_books());
    blake3::hash(text.as_bytes()).into()
}
