//! The digest of what a strategy did and met.
//!
//! Takes in effects in the order in which they happen: commands as given, order news and executions as delivered; gives
//! out a BLAKE3 digest. Two runs are the same exactly if their digests are. Records are the little-endian bytes of the
//! plugin contract (`docs/abi.md`), each behind one byte for its kind; a command also behind its time.

use backplane_sdk::abi::{Command, Message};

/// Bytes gathered before they are hashed; many at once are hashed several times faster than one by one.
const GATHERED_BYTES: usize = 16 * 1024;
const COMMAND: u8 = 1;
const ANSWER: u8 = 2;

/// The digest of one strategy instance.
pub struct Journal {
    hasher: blake3::Hasher,
    gathered: Vec<u8>,
}

impl Default for Journal {
    fn default() -> Journal {
        Journal {
            hasher: blake3::Hasher::new(),
            gathered: Vec::with_capacity(GATHERED_BYTES),
        }
    }
}

impl Journal {
    /// A command was given at local time `at`.
    pub fn command(&mut self, at: i64, command: &Command) {
        self.gather(&[COMMAND]);
        self.gather(&at.to_le_bytes());
        self.gather(&command.to_bytes());
    }

    /// Order news or an execution was delivered.
    pub fn answer(&mut self, message: &Message) {
        self.gather(&[ANSWER]);
        self.gather(&message.to_bytes());
    }

    /// The digest of all effects so far.
    pub fn digest(&mut self) -> [u8; 32] {
        self.flush();
        self.hasher.finalize().into()
    }

    /// Adds bytes, fewer than [`GATHERED_BYTES`]. The hasher gets full buffers only: BLAKE3 hashes whole chunks side by
    /// side as long as every one of them begins at a multiple of its size.
    #[inline]
    fn gather(&mut self, bytes: &[u8]) {
        let room = GATHERED_BYTES - self.gathered.len();
        if bytes.len() < room {
            self.gathered.extend_from_slice(bytes);
            return;
        }
        let (now, later) = bytes.split_at(room);
        self.gathered.extend_from_slice(now);
        self.flush();
        self.gathered.extend_from_slice(later);
    }

    fn flush(&mut self) {
        self.hasher.update(&self.gathered);
        self.gathered.clear();
    }
}

/// The digest of a run: that of the sorted list of its instances' digests, so that their order does not matter.
pub fn run_digest(instances: impl IntoIterator<Item = [u8; 32]>) -> [u8; 32] {
    let mut digests: Vec<[u8; 32]> = instances.into_iter().collect();
    digests.sort_unstable();
    let mut hasher = blake3::Hasher::new();
    for digest in &digests {
        hasher.update(digest);
    }
    hasher.finalize().into()
}
