//! Reading a recording.
//!
//! Takes in a file; gives out whose messages it holds, and the messages one by one. Nothing is believed that the file says
//! of itself.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use backplane_sdk::abi::Message;
use backplane_sdk::abi::v1::kind;

use super::{
    BLOCK, HEADER_BYTES_MAX, MAGIC, RECORDING_VERSION, RecordedStrategy, RecordingError, UNFINISHED,
};

/// The most instruments, as many as a tape may have.
const INSTRUMENTS_MAX: u32 = 1 << 16;
/// What a message says that is about no instrument.
const NO_INSTRUMENT: u32 = u32::MAX;

/// What a recording says of the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Whole {
    pub(super) messages: u64,
    pub(super) commands: u64,
    pub(super) digest: [u8; 32],
}

/// A recording that is being read.
pub struct Recording {
    path: PathBuf,
    file: BufReader<File>,
    strategy: RecordedStrategy,
    whole: Option<Whole>,
    read: u64,
    /// How many instruments were defined.
    instruments: u32,
}

impl Recording {
    /// Opens a recording and reads whose it is.
    ///
    /// # Errors
    /// The file cannot be read, is no recording, or is one of another version.
    pub fn open(path: &Path) -> Result<Recording, RecordingError> {
        let failed = |cause| RecordingError::file("reading", path, cause);
        let damaged = |reason: String| RecordingError::damaged(path, reason);
        // A pipe would be waited for.
        let metadata = std::fs::metadata(path).map_err(failed)?;
        if !metadata.is_file() {
            return Err(damaged("it is not a file".into()));
        }
        let file = File::open(path).map_err(failed)?;
        let bytes = file.metadata().map_err(failed)?.len();
        let mut file = BufReader::new(file);
        let mut fixed = [0; BLOCK];
        file.read_exact(&mut fixed)
            .map_err(|_| damaged(format!("it ends at byte {bytes}, within its header")))?;
        if fixed[..8] != MAGIC {
            return Err(damaged("it does not begin as one".into()));
        }
        let version = word(&fixed, 8) as u32;
        if version != RECORDING_VERSION {
            return Err(damaged(format!(
                "it has layout {version}, but this program reads layout {RECORDING_VERSION}"
            )));
        }
        let length = (word(&fixed, 8) >> 32) as usize;
        if !length.is_multiple_of(BLOCK) || !(2 * BLOCK..=HEADER_BYTES_MAX).contains(&length) {
            return Err(damaged(format!(
                "its header says that it has {length} bytes"
            )));
        }
        let mut text = vec![0; length - BLOCK];
        file.read_exact(&mut text)
            .map_err(|_| damaged(format!("it ends at byte {bytes}, within its header")))?;
        let strategy = serde_json::from_slice(&text)
            .map_err(|error| damaged(format!("its header: {error}")))?;
        let whole = (word(&fixed, 16) != UNFINISHED).then(|| Whole {
            messages: word(&fixed, 16),
            commands: word(&fixed, 24),
            digest: fixed[32..].try_into().unwrap_or_default(),
        });
        let held = bytes.saturating_sub(length as u64) / BLOCK as u64;
        if let Some(whole) = whole.filter(|x| {
            let messages = x.messages.checked_mul(BLOCK as u64);
            messages.and_then(|x| x.checked_add(length as u64)) != Some(bytes)
        }) {
            let told = whole.messages;
            return Err(damaged(format!(
                "it tells of {told} messages, but holds {held}"
            )));
        }
        Ok(Recording {
            path: path.to_owned(),
            file,
            strategy,
            whole,
            read: 0,
            instruments: 0,
        })
    }

    /// Whose messages it holds.
    pub const fn strategy(&self) -> &RecordedStrategy {
        &self.strategy
    }

    pub(super) const fn whole(&self) -> Option<&Whole> {
        self.whole.as_ref()
    }

    /// The next message; none at the end. Of a recording whose process died, a last message that is not whole is left.
    ///
    /// # Errors
    /// The file cannot be read further.
    pub fn next_message(&mut self) -> Result<Option<Message>, RecordingError> {
        let mut bytes = [0; BLOCK];
        match self.file.read_exact(&mut bytes) {
            Ok(()) => {
                self.read += 1;
                let message = Message::from_bytes(&bytes);
                self.check(&message).map_err(|reason| {
                    let number = self.read;
                    RecordingError::damaged(&self.path, format!("message {number} {reason}"))
                })?;
                Ok(Some(message))
            }
            Err(cause) if cause.kind() == std::io::ErrorKind::UnexpectedEof => Ok(None),
            Err(cause) => Err(RecordingError::file("reading", &self.path, cause)),
        }
    }
}

impl Recording {
    /// Instruments are defined in the order of their numbers, before anything is heard of them. Guests keep something for
    /// each, so that a number that nobody defined must not reach them.
    fn check(&mut self, message: &Message) -> Result<(), String> {
        let (number, defined) = (message.instrument, self.instruments);
        let is_new = message.kind == kind::DEFINITION && message.detail == 0;
        if is_new && number == defined && number < INSTRUMENTS_MAX {
            self.instruments += 1;
            return Ok(());
        }
        if is_new {
            return Err(format!(
                "defines instrument {number}, but instruments are defined in order and are {INSTRUMENTS_MAX} at most"
            ));
        }
        if number >= defined && number != NO_INSTRUMENT {
            return Err(format!(
                "is about instrument {number}, of which it did not tell before"
            ));
        }
        Ok(())
    }
}

fn word(bytes: &[u8; BLOCK], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(word)
}
