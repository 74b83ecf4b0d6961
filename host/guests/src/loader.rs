//! Loading native plugins.
//!
//! Takes in paths; gives out [`NativePlugin`]s. What is loaded is never the file itself but a copy under a name of its
//! own, made of the bytes that were checked: a file that is overwritten while it is mapped ends the process, and the
//! system gives the old library again where a new one lies under the old name. Libraries are never unloaded; how many
//! are mapped, and how large they are, is counted. Bytes that are mapped already are not mapped again.

use std::collections::BTreeMap;
use std::fs::{OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::error::GuestError;
use crate::guard;
use crate::native::NativePlugin;
use crate::policy::Grant;

/// Loads native plugins, and counts them. Each copy is made in a private directory of its own, which is removed as soon as
/// the copy is mapped, so that a process that is killed leaves nothing behind; what is loaded stays mapped.
#[derive(Debug)]
pub struct Loader {
    parent: PathBuf,
    libraries: u64,
    bytes: u64,
    /// What is mapped, by the digest of its bytes.
    versions: BTreeMap<[u8; 32], NativePlugin>,
}

impl Loader {
    /// A loader whose copies are made under `TMPDIR` or `/tmp`.
    ///
    /// # Errors
    /// That this directory does not exist.
    pub fn new() -> Result<Loader, GuestError> {
        let parent = std::env::temp_dir();
        match parent.metadata() {
            Ok(_) => Ok(Loader {
                parent,
                libraries: 0,
                bytes: 0,
                versions: BTreeMap::new(),
            }),
            Err(cause) => Err(GuestError::Copy {
                path: parent,
                cause,
            }),
        }
    }

    /// Checks a native library, copies it and loads the copy. Loading the same path again gives the file's new content, and
    /// the same plugin where the content is the same; what was loaded before goes on unchanged. Whoever calls this grants
    /// it.
    ///
    /// # Errors
    /// Why the file is refused, cannot be copied or loaded, or has a descriptor that cannot be used.
    pub fn load(&mut self, path: &Path) -> Result<NativePlugin, GuestError> {
        self.load_granted(path, &Grant::default())
    }

    /// As [`Loader::load`], where the file is the one that was granted.
    pub(crate) fn load_granted(
        &mut self,
        path: &Path,
        grant: &Grant,
    ) -> Result<NativePlugin, GuestError> {
        let bytes = guard::read(path)?;
        let digest = *blake3::hash(&bytes).as_bytes();
        grant.check_digest(path, &digest)?;
        if let Some(plugin) = self.versions.get(&digest) {
            return Ok(plugin.of_file(path));
        }
        let failed = |cause| GuestError::Copy {
            path: path.to_owned(),
            cause,
        };
        let directory = self.private_directory().map_err(failed)?;
        let copy = directory.path().join(self.copy_name(path));
        write(&copy, &bytes).map_err(failed)?;
        // Counted before it is loaded: a library whose descriptor is refused stays mapped too.
        self.libraries += 1;
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        let plugin = NativePlugin::open(path, &copy, digest)?;
        self.versions.insert(digest, plugin.clone());
        Ok(plugin)
    }

    /// How many libraries were loaded and are mapped.
    pub const fn libraries(&self) -> u64 {
        self.libraries
    }

    /// How many bytes the files of the mapped libraries have.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// An empty directory that only this user may look into.
    fn private_directory(&self) -> io::Result<TempDir> {
        tempfile::Builder::new()
            .prefix("backplane-plugin-")
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(&self.parent)
    }

    /// A name that tells debuggers which library it is, and whether it is an older one.
    fn copy_name(&self, path: &Path) -> String {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let letters = stem.chars().filter(char::is_ascii_alphanumeric);
        let stem: String = letters.take(64).collect();
        format!("{stem}-{}.so", self.libraries)
    }
}

/// Writes a file that did not exist, and that is not to be written again.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o500);
    options.open(path)?.write_all(bytes)
}
