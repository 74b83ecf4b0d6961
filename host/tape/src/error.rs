//! What can go wrong with a tape or with the data it is made of.
//!
//! Takes in what the other modules noticed; gives out one error that says what was being done, to which file, where in
//! it, why it failed, and what to do next.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// A failure of reading, writing, importing or verifying.
#[derive(Debug, Error)]
pub enum TapeError {
    /// The operating system refused an operation.
    #[error("{doing} {}: {source}", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The output is there already and may not be replaced.
    #[error("writing {}: the file exists", path.display())]
    Exists {
        /// The output.
        path: PathBuf,
    },
    /// The file is no whole Arrow IPC file, or its metadata contradicts itself.
    #[error("reading tape {}: {why}", path.display())]
    Damaged {
        /// The tape.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The file is a sound Arrow IPC file in a shape that a tape may not have.
    #[error("reading tape {}: {why}", path.display())]
    Unsupported {
        /// The tape.
        path: PathBuf,
        /// What is not supported.
        why: String,
    },
    /// A row holds a value that a tape may not hold.
    #[error("reading tape {}: row {row}: {why}", path.display())]
    Row {
        /// The tape.
        path: PathBuf,
        /// The row, counted from 1.
        row: u64,
        /// What is wrong with it.
        why: String,
    },
    /// The input is not of a kind that this import understands.
    #[error("importing {}: {why}", path.display())]
    Input {
        /// The input.
        path: PathBuf,
        /// Why it cannot be imported.
        why: String,
    },
    /// A line of a text input is wrong.
    #[error("importing {place}: line {line}: {why}")]
    Line {
        /// The file, or the archive and the file in it.
        place: Place,
        /// The line, counted from 1.
        line: u64,
        /// What is wrong with it.
        why: String,
    },
    /// A record of a binary input is wrong or cut off.
    #[error("importing {}: record {record}{}: {why}", path.display(), AtByte(*byte))]
    Record {
        /// The input.
        path: PathBuf,
        /// The record, counted from 1.
        record: u64,
        /// Where it begins in the uncompressed bytes, where that is known.
        byte: Option<u64>,
        /// What is wrong with it.
        why: String,
    },
    /// A message cannot be resolved.
    #[error("resolving message {message}: {why}")]
    Message {
        /// The message, counted from 1 over all inputs.
        message: u64,
        /// What is wrong with it.
        why: String,
    },
    /// What was asked for contradicts itself.
    #[error("{why}")]
    Request {
        /// The contradiction.
        why: String,
    },
}

/// Where a line of text stands: in a file, or in a file within an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file on disk.
    pub path: PathBuf,
    /// The name within the archive, where the file is one.
    pub entry: Option<String>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.entry {
            Some(entry) => write!(f, "{} ({entry})", self.path.display()),
            None => self.path.display().fmt(f),
        }
    }
}

/// Writes ` at byte 17`, or nothing where the byte is not known.
struct AtByte(Option<u64>);

impl fmt::Display for AtByte {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(byte) => write!(f, " at byte {byte}"),
            None => Ok(()),
        }
    }
}

impl TapeError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            TapeError::Io { .. } => {
                "check that the path exists, that you may use it and that the disk is not full"
            }
            TapeError::Exists { .. } => "name another output, or replace it with `--force`",
            TapeError::Damaged { .. } => {
                "the file is cut off or changed; import the tape again from its source"
            }
            TapeError::Unsupported { .. } => {
                "import the tape again with this version, or rewrite it with pyarrow.ipc.new_file(..) without \
                 compression, dictionaries and nulls, keeping the schema's metadata"
            }
            TapeError::Row { .. } => {
                "run `backplane tape verify` on it, or import the tape again from its source"
            }
            TapeError::Input { .. } => {
                "see `backplane tape import --help` for the formats; `--from` names one"
            }
            TapeError::Line { .. } => "look at that line; if the file is cut off, fetch it again",
            TapeError::Record { .. } => "the file is probably cut off; fetch it again",
            TapeError::Message { .. } => {
                "split the input by instrument or by day, or check its event flags"
            }
            TapeError::Request { .. } => {
                "`backplane help tape` lists the commands, `--help` after each of them its options"
            }
        }
    }

    /// An error of the operating system.
    pub(crate) fn io(doing: &'static str, path: &Path, source: io::Error) -> TapeError {
        TapeError::Io {
            doing,
            path: path.to_path_buf(),
            source,
        }
    }

    /// A damaged tape.
    pub(crate) fn damaged(path: &Path, why: impl Into<String>) -> TapeError {
        TapeError::Damaged {
            path: path.to_path_buf(),
            why: why.into(),
        }
    }

    /// A tape in a shape that is not supported.
    pub(crate) fn unsupported(path: &Path, why: impl Into<String>) -> TapeError {
        TapeError::Unsupported {
            path: path.to_path_buf(),
            why: why.into(),
        }
    }

    /// An input of the wrong kind.
    pub(crate) fn input(path: &Path, why: impl Into<String>) -> TapeError {
        TapeError::Input {
            path: path.to_path_buf(),
            why: why.into(),
        }
    }
}
