//! States of files, by which one version of a file is told from another without reading it.
//!
//! Takes in paths; gives out what the file system says of them.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Tells one state of a file from another: length, times of change, number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileState {
    /// The file's length in bytes.
    pub bytes: u64,
    /// When its content was changed, nanoseconds since the Unix epoch.
    pub modified: i128,
    /// When it was changed, renamed or linked, nanoseconds since the Unix epoch.
    pub changed: i128,
    number: u64,
    device: u64,
}

impl FileState {
    /// The state of a file; none where there is no file.
    pub fn of(path: &Path) -> Option<FileState> {
        let metadata = path.metadata().ok()?;
        let nanos =
            |seconds: i64, nanos: i64| i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
        Some(FileState {
            bytes: metadata.len(),
            modified: nanos(metadata.mtime(), metadata.mtime_nsec()),
            changed: nanos(metadata.ctime(), metadata.ctime_nsec()),
            number: metadata.ino(),
            device: metadata.dev(),
        })
    }
}
