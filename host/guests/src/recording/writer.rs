//! Writing a recording.
//!
//! Takes in messages just before they are heard, and the commands that were given on them; gives out the file. It is
//! whole once it is finished; what a process that died had written until then can be played too.

use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use backplane_engine::journal::Journal;
use backplane_sdk::abi::{Command, Message};

use super::{BLOCK, MAGIC, RECORDING_VERSION, RecordedStrategy, RecordingError, UNFINISHED};

/// Writes a recording.
pub struct RecordingWriter {
    path: PathBuf,
    file: BufWriter<File>,
    /// Whether each message must be in the file before it is heard, because the strategy may end the process.
    at_once: bool,
    header_bytes: u32,
    messages: u64,
    commands: u64,
    journal: Journal,
    now: i64,
    failed: Option<std::io::Error>,
}

impl RecordingWriter {
    /// Begins a recording in a new file, or in place of an old one.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn create(
        path: &Path,
        strategy: &RecordedStrategy,
        at_once: bool,
    ) -> Result<RecordingWriter, RecordingError> {
        let failed = |cause| RecordingError::file("creating", path, cause);
        let file = File::create(path).map_err(failed)?;
        let mut text = serde_json::to_vec(strategy).map_err(|error| failed(error.into()))?;
        // Spaces, which JSON allows at its end, up to the first message.
        text.resize(text.len().next_multiple_of(BLOCK), b' ');
        let mut writer = RecordingWriter {
            path: path.to_owned(),
            file: BufWriter::new(file),
            at_once,
            header_bytes: (BLOCK + text.len()) as u32,
            messages: 0,
            commands: 0,
            journal: Journal::default(),
            now: i64::MIN,
            failed: None,
        };
        let fixed = writer.fixed(UNFINISHED, [0; 32]);
        let written = writer.file.write_all(&fixed);
        let written = written.and_then(|()| writer.file.write_all(&text));
        written.map_err(failed)?;
        Ok(writer)
    }

    /// The fixed part of the header.
    fn fixed(&self, messages: u64, digest: [u8; 32]) -> [u8; BLOCK] {
        let mut bytes = [0; BLOCK];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&RECORDING_VERSION.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.header_bytes.to_le_bytes());
        bytes[16..24].copy_from_slice(&messages.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.commands.to_le_bytes());
        bytes[32..].copy_from_slice(&digest);
        bytes
    }

    /// A message is about to be heard. What cannot be written is told at the end.
    pub fn hears(&mut self, message: &Message) {
        self.messages += 1;
        self.now = self.now.max(message.ts_recv);
        let written = self.file.write_all(&message.to_bytes());
        let written = written.and_then(|()| match self.at_once {
            true => self.file.flush(),
            false => Ok(()),
        });
        if let Err(cause) = written {
            self.failed.get_or_insert(cause);
        }
    }

    /// A command was given on the message that was heard last.
    pub fn gives(&mut self, command: &Command) {
        self.commands += 1;
        self.journal.command(self.now, command);
    }

    /// The messages so far.
    pub const fn messages(&self) -> u64 {
        self.messages
    }

    /// Ends the recording.
    ///
    /// # Errors
    /// Something could not be written, now or earlier.
    pub fn finish(&mut self) -> Result<(), RecordingError> {
        let digest = self.journal.digest();
        let fixed = self.fixed(self.messages, digest);
        let failed = self.failed.take().map_or(Ok(()), Err);
        let written = failed.and_then(|()| {
            self.file.flush()?;
            self.file.seek(SeekFrom::Start(0))?;
            self.file.write_all(&fixed)?;
            self.file.flush()
        });
        written.map_err(|cause| RecordingError::file("writing", &self.path, cause))
    }
}
