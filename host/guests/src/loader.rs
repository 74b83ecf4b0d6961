//! Loading native plugins.
//!
//! Takes in paths; gives out [`NativePlugin`]s. What is loaded is never the file itself but a copy under a name of its
//! own, made of the bytes that were checked: a file that is overwritten while it is mapped ends the process, and the
//! system gives the old library again where a new one lies under the old name. Libraries are never unloaded; how many
//! are mapped, and how large they are, is counted.

use std::fs::{OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::error::GuestError;
use crate::guard;
use crate::native::NativePlugin;

/// Loads native plugins, and owns the private directory of their copies. Dropping it removes the copies; what was loaded
/// of them stays mapped.
#[derive(Debug)]
pub struct Loader {
    directory: TempDir,
    libraries: u64,
    bytes: u64,
}

impl Loader {
    /// A loader with an empty private directory, under `TMPDIR` or `/tmp`.
    ///
    /// # Errors
    /// Why the directory cannot be made.
    pub fn new() -> Result<Loader, GuestError> {
        let made = tempfile::Builder::new()
            .prefix("backplane-plugins-")
            .permissions(Permissions::from_mode(0o700))
            .tempdir();
        let directory = made.map_err(|cause| GuestError::Copy {
            path: std::env::temp_dir(),
            cause,
        })?;
        Ok(Loader {
            directory,
            libraries: 0,
            bytes: 0,
        })
    }

    /// Checks a file, copies it and loads the copy. Loading the same path again gives the file's new content; what was
    /// loaded before goes on unchanged.
    ///
    /// # Errors
    /// Why the file is refused, cannot be copied or loaded, or has a descriptor that cannot be used.
    pub fn load(&mut self, path: &Path) -> Result<NativePlugin, GuestError> {
        let bytes = guard::read(path)?;
        let copy = self.copy(path, &bytes).map_err(|cause| GuestError::Copy {
            path: path.to_owned(),
            cause,
        })?;
        // Counted before it is loaded: a library whose descriptor is refused stays mapped too.
        self.libraries += 1;
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        NativePlugin::open(path, &copy, *blake3::hash(&bytes).as_bytes())
    }

    /// How many libraries were loaded and are mapped.
    pub const fn libraries(&self) -> u64 {
        self.libraries
    }

    /// How many bytes the files of the mapped libraries have.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Writes a copy under a name that was not used before.
    fn copy(&self, path: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let stem: String = stem
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .take(64)
            .collect();
        let name = format!("{:06}-{stem}.so", self.libraries);
        let copy = self.directory.path().join(name);
        let mut options = OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(0o500)
            .open(&copy)?;
        file.write_all(bytes)?;
        Ok(copy)
    }
}
