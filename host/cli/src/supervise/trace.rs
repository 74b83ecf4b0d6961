//! The note of the last message that a strategy was given before its worker died.
//!
//! Takes in instance, message number, kind and time; gives them out again after the death. The note is written in place
//! into one small file, so that it survives whatever the strategy does to the process.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use backplane_engine::event_name;
use backplane_engine::record::InstanceId;
use backplane_sdk::abi::Message;

use super::job::Finding;
use crate::error::CliError;

const BYTES: usize = 24;
/// The instance of a note that no instance is being called.
const NOBODY: u32 = u32::MAX;

/// Writes notes.
pub(super) struct Trace {
    file: File,
}

impl Trace {
    pub(super) fn create(path: &Path) -> Result<Trace, CliError> {
        let file = File::create(path);
        let file = file.map_err(|error| CliError::io("creating the trace", path, &error))?;
        Ok(Trace { file })
    }

    /// Notes that an instance is about to be loaded.
    pub(super) fn loads(&self, instance: u32) {
        self.note(instance, 0, 0, 0);
    }

    /// Notes that no instance is being called: what happens now is nobody's doing.
    pub(super) fn returns(&self) {
        self.note(NOBODY, 0, 0, 0);
    }

    /// Notes that an instance is about to hear a message.
    pub(super) fn hears(&self, instance: InstanceId, number: u64, message: &Message) {
        self.note(instance.0, number, message.kind, message.ts_recv);
    }

    fn note(&self, instance: u32, number: u64, kind: u8, at: i64) {
        let mut bytes = [0; BYTES];
        bytes[..4].copy_from_slice(&instance.to_le_bytes());
        bytes[4] = kind;
        bytes[8..16].copy_from_slice(&number.to_le_bytes());
        bytes[16..].copy_from_slice(&at.to_le_bytes());
        // A lost note only means that nobody can be named; the supervisor says so.
        let _ = self.file.write_all_at(&bytes, 0);
    }
}

/// Reads the last note: the number of the instance that was being called, and what is known of its deed.
pub(super) fn last_note(path: &Path, cause: &str) -> Option<(usize, Finding)> {
    let bytes = std::fs::read(path).ok()?;
    let bytes: [u8; BYTES] = bytes.try_into().ok()?;
    let word = |at: usize| {
        let mut word = [0; 8];
        word.copy_from_slice(&bytes[at..at + 8]);
        word
    };
    let instance = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    if instance == NOBODY {
        return None;
    }
    let number = u64::from_le_bytes(word(8));
    let message = Message {
        kind: bytes[4],
        ..Message::default()
    };
    let event = match number {
        0 => "loading",
        _ => event_name(&message),
    };
    Some((
        instance as usize,
        Finding {
            cause: cause.to_owned(),
            message: number,
            event: event.to_owned(),
            at: i64::from_le_bytes(word(16)),
        },
    ))
}
