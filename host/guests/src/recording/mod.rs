//! What a strategy heard, in a file.
//!
//! Takes in a guest; gives out a file of 64-byte messages, from which the strategy can be played alone
//! ([`Recording::play`]): without tape, exchange or the others, in this process, under a debugger. A strategy is a pure
//! function of what it hears, so it gives the same commands; the file ends up with their digest, by which that is checked.
//! The layout is written down in `docs/recordings.md`.

mod guest;
mod play;
mod reader;
mod writer;

pub use guest::RecordedGuest;
pub use play::Played;
pub use reader::Recording;
pub use writer::RecordingWriter;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// How a recording begins.
const MAGIC: [u8; 8] = *b"BPHEARD\n";
/// The version of the layout that is written and read.
pub const RECORDING_VERSION: u32 = 1;
/// The bytes of the fixed part of the header, and of each message.
const BLOCK: usize = 64;
/// The count of messages while they are still being recorded, and for ever where the process died.
const UNFINISHED: u64 = u64::MAX;
/// The most bytes of a header.
const HEADER_BYTES_MAX: usize = 1 << 20;

/// Whose messages a recording holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedStrategy {
    /// What the run called it.
    pub label: String,
    /// The strategy's name.
    pub strategy: String,
    /// Its version.
    pub version: String,
    /// The plugin's file name.
    pub plugin_file: String,
    /// The BLAKE3 digest of the plugin as hex.
    pub plugin_digest: String,
    /// Its parameters as the run set them, in words.
    pub parameters: BTreeMap<String, String>,
}

/// Why a recording cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The file could not be written or read.
    #[error("{doing} the recording `{}`: {cause}", .path.display())]
    File {
        /// What was being done.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// Why it failed.
        cause: std::io::Error,
    },
    /// It is not what the layout says.
    #[error("`{}` is no whole recording: {reason}", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where it is wrong.
        reason: String,
    },
}

impl RecordingError {
    fn file(doing: &'static str, path: &Path, cause: std::io::Error) -> RecordingError {
        RecordingError::File {
            doing,
            path: path.to_owned(),
            cause,
        }
    }

    fn damaged(path: &Path, reason: impl Into<String>) -> RecordingError {
        RecordingError::Damaged {
            path: path.to_owned(),
            reason: reason.into(),
        }
    }

    /// What to do next.
    pub const fn hint(&self) -> &'static str {
        match self {
            RecordingError::File { .. } => {
                "check that the path exists, that you may use it and that the disk is not full"
            }
            RecordingError::Damaged { .. } => {
                "name a file that `backplane run --record` of this version wrote"
            }
        }
    }
}
