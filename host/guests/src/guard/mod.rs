//! Everything that is checked before a native library is loaded.
//!
//! Takes in a path, or the bytes of a file; gives out the bytes, or the reason for which they are not loaded. Loading a
//! library means to map it and to follow its tables, so a file that is cut off or damaged would end the host with a
//! signal. The checks read every table that the system's loader follows: what they pass can be mapped. Whether its code
//! does what it should, no check can say.

mod dynamic;
mod elf;
mod header;
mod segments;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::error::{GuestError, Refusal};

/// The most bytes of a library that is loaded: 1 GiB.
pub const FILE_BYTES_MAX: u64 = 1 << 30;

/// Reads a file and checks it as [`check`] does.
///
/// # Errors
/// Why the file cannot be read, or is not loaded.
pub fn read(path: &Path) -> Result<Vec<u8>, GuestError> {
    let bytes =
        read_file(path, FILE_BYTES_MAX).map_err(|reason| GuestError::refused(path, reason))?;
    check(&bytes).map_err(|reason| GuestError::refused(path, reason))?;
    Ok(bytes)
}

/// Checks the bytes of a library: format and machine, that every table lies within the file, that it is a plugin of this
/// version of the contract, and that its panics unwind. Never panics, whatever the bytes are.
///
/// # Errors
/// Why the library is not loaded.
pub fn check(bytes: &[u8]) -> Result<(), Refusal> {
    let image = elf::Image::parse(bytes)?;
    header::check(&image)?;
    segments::check(&image)?;
    dynamic::check(&image)
}

/// The version of the contract that a library speaks, whether this host does or not; none where it is no plugin.
pub(crate) fn abi_version(bytes: &[u8]) -> Result<Option<u32>, Refusal> {
    header::version(&elf::Image::parse(bytes)?)
}

/// Reads a regular file of at most `most` bytes.
pub(crate) fn read_file(path: &Path, most: u64) -> Result<Vec<u8>, Refusal> {
    // What is no regular file is found out before it is opened: opening a pipe would wait.
    if !path.metadata().map_err(Refusal::Unreadable)?.is_file() {
        return Err(Refusal::NotAFile);
    }
    let file = File::open(path).map_err(Refusal::Unreadable)?;
    let metadata = file.metadata().map_err(Refusal::Unreadable)?;
    if !metadata.is_file() {
        return Err(Refusal::NotAFile);
    }
    let too_large = Refusal::TooLarge { most };
    if metadata.len() > most {
        return Err(too_large);
    }
    let mut bytes = Vec::with_capacity(metadata.len() as usize);
    let mut bounded = file.take(most + 1);
    bounded
        .read_to_end(&mut bytes)
        .map_err(Refusal::Unreadable)?;
    match bytes.len() as u64 {
        0 => Err(Refusal::Empty),
        len if len > most => Err(too_large),
        _ => Ok(bytes),
    }
}

/// A refusal for a library whose tables are not where they should be.
fn damaged(what: impl Into<String>) -> Refusal {
    Refusal::Damaged(what.into())
}

/// Whether `size` bytes from `offset` on lie within the first `whole`.
fn inside(offset: u64, size: u64, whole: u64) -> bool {
    offset.checked_add(size).is_some_and(|end| end <= whole)
}
