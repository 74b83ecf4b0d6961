//! The file of a strategy's checkpoints.
//!
//! Takes in checkpoints; gives out those that are whole, in their order.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

use super::{Checkpoint, MAGIC, VERSION};

const HEADER_BYTES: usize = 12;
const DIGEST_BYTES: usize = 32;

/// The whole checkpoints of a file.
#[derive(Debug, Default)]
pub struct CheckpointFile {
    pub(super) checkpoints: Vec<Checkpoint>,
    /// How many bytes of the file are whole.
    bytes: u64,
    chain: [u8; DIGEST_BYTES],
}

impl CheckpointFile {
    /// Reads a file. One that is missing, or is no file of checkpoints of this version, holds none.
    ///
    /// # Errors
    /// It is there and cannot be read.
    pub fn read(path: &Path) -> io::Result<CheckpointFile> {
        match std::fs::read(path) {
            Ok(bytes) => Ok(CheckpointFile::of_bytes(&bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(CheckpointFile::default()),
            Err(error) => Err(error),
        }
    }

    /// The whole checkpoints of a file's bytes. What follows a damaged one is not used.
    pub fn of_bytes(bytes: &[u8]) -> CheckpointFile {
        let mut file = CheckpointFile::default();
        let Some(mut rest) = bytes.strip_prefix(&header()[..]) else {
            return file;
        };
        file.bytes = HEADER_BYTES as u64;
        while let Some((checkpoint, chain, length)) = first(rest, &file.chain) {
            file.checkpoints.push(checkpoint);
            file.chain = chain;
            file.bytes += length as u64;
            rest = &rest[length..];
        }
        file
    }

    /// How many checkpoints there are.
    pub const fn len(&self) -> usize {
        self.checkpoints.len()
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.checkpoints.is_empty()
    }

    /// When the last message before the newest checkpoint was heard, nanoseconds since the Unix epoch.
    pub fn at(&self) -> Option<i64> {
        self.checkpoints.last().map(|x| x.at)
    }

    /// The number of messages before the newest checkpoint.
    pub fn heard(&self) -> u64 {
        self.checkpoints.last().map_or(0, |x| x.heard)
    }

    /// The same without the checkpoints after a time, nanoseconds since the Unix epoch.
    #[must_use]
    pub fn until(mut self, at: i64) -> CheckpointFile {
        self.checkpoints.retain(|x| x.at <= at);
        self
    }
}

fn header() -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    header[..8].copy_from_slice(&MAGIC);
    header[8..].copy_from_slice(&VERSION.to_le_bytes());
    header
}

/// The first checkpoint of some bytes, if it is whole and follows that of a digest; its own digest and its length.
fn first(
    bytes: &[u8],
    chain: &[u8; DIGEST_BYTES],
) -> Option<(Checkpoint, [u8; DIGEST_BYTES], usize)> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    let (content, rest) = rest.split_at_checked(length)?;
    let digest = rest.first_chunk::<DIGEST_BYTES>()?;
    if next_link(chain, content) != *digest {
        return None;
    }
    let checkpoint = rmp_serde::from_slice(content).ok()?;
    Some((checkpoint, *digest, 8 + length + DIGEST_BYTES))
}

fn next_link(chain: &[u8; DIGEST_BYTES], content: &[u8]) -> [u8; DIGEST_BYTES] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(chain).update(content);
    hasher.finalize().into()
}

/// Adds checkpoints to a file.
#[derive(Debug)]
pub struct CheckpointWriter {
    file: File,
    chain: [u8; DIGEST_BYTES],
}

impl CheckpointWriter {
    /// Goes on behind the checkpoints that are whole; what follows them is cut off.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn after(path: &Path, whole: &CheckpointFile) -> io::Result<CheckpointWriter> {
        let mut options = OpenOptions::new();
        let mut file = options
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)?;
        file.set_len(whole.bytes)?;
        file.seek(SeekFrom::End(0))?;
        if whole.bytes == 0 {
            file.write_all(&header())?;
        }
        Ok(CheckpointWriter {
            file,
            chain: whole.chain,
        })
    }

    /// Adds a checkpoint, which is on the disk when this returns.
    pub(super) fn add(&mut self, checkpoint: &Checkpoint) -> io::Result<()> {
        let content = rmp_serde::to_vec(checkpoint).map_err(io::Error::other)?;
        self.chain = next_link(&self.chain, &content);
        let mut bytes = (content.len() as u64).to_le_bytes().to_vec();
        bytes.extend(&content);
        bytes.extend(self.chain);
        self.file.write_all(&bytes)?;
        self.file.sync_data()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_bytes::ByteBuf;

    use super::*;
    use crate::checkpoint::Said;

    fn checkpoint(number: u64) -> Checkpoint {
        Checkpoint {
            heard: 100 * number,
            at: 1_000 * number as i64,
            hears: [7; 32],
            said: vec![Said {
                message: 100 * number - 1,
                commands: ByteBuf::from(vec![number as u8; 80]),
                logs: vec![(3, format!("line {number}"))],
            }],
            state_version: 1,
            state: ByteBuf::from(vec![number as u8; 20]),
        }
    }

    /// A file of three checkpoints, and where each of them ends.
    fn file() -> (Vec<u8>, Vec<usize>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("0.checkpoints");
        let mut ends = Vec::new();
        for number in 1..=3 {
            // As a run that was taken up does: behind what is whole.
            let before = CheckpointFile::read(&path).unwrap();
            assert_eq!(before.len() as u64, number - 1);
            let mut writer = CheckpointWriter::after(&path, &before).unwrap();
            writer.add(&checkpoint(number)).unwrap();
            ends.push(std::fs::read(&path).unwrap().len());
        }
        (std::fs::read(&path).unwrap(), ends)
    }

    #[test]
    fn a_file_that_is_cut_or_changed_at_any_byte_holds_the_checkpoints_before_that_place() {
        let (bytes, ends) = file();
        let whole = CheckpointFile::of_bytes(&bytes);
        assert_eq!(
            whole.checkpoints,
            (1..=3).map(checkpoint).collect::<Vec<_>>()
        );
        let before = |place: usize| ends.iter().filter(|x| **x <= place).count();
        for place in 0..bytes.len() {
            let cut = CheckpointFile::of_bytes(&bytes[..place]);
            assert_eq!(
                cut.checkpoints,
                whole.checkpoints[..before(place)],
                "cut at {place}"
            );
            let mut changed = bytes.clone();
            changed[place] ^= 0x10;
            let changed = CheckpointFile::of_bytes(&changed);
            let expected = if place < HEADER_BYTES {
                0
            } else {
                before(place)
            };
            assert_eq!(changed.len(), expected, "changed at {place}");
        }
    }

    #[test]
    fn what_was_cut_is_written_over() {
        let (bytes, ends) = file();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("0.checkpoints");
        std::fs::write(&path, &bytes[..ends[1] + 30]).unwrap();
        let before = CheckpointFile::read(&path).unwrap();
        assert_eq!(before.heard(), 200);
        let mut writer = CheckpointWriter::after(&path, &before).unwrap();
        writer.add(&checkpoint(3)).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
    }
}
