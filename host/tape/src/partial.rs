//! What is being written, under a name of its own until it is whole.
//!
//! Takes in the output's path; gives out a hidden file or folder beside it, on the same file system, that gets the output's
//! name once it is whole, and goes away where it is dropped before. A process that ends at once takes all of its own with
//! it by [`remove_all`]; what one left that could not goes away when the same output is written again.

use std::collections::BTreeSet;
use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::{NamedTempFile, TempDir};

use crate::claim::{Claim, make_in};
use crate::error::TapeError;
use crate::writer::Overwrite;

/// All that this process is writing.
static WRITTEN: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

type Paths = MutexGuard<'static, BTreeSet<PathBuf>>;

fn written() -> Paths {
    WRITTEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes all that this process is writing. Nothing more is begun or named as long as the answer is held.
pub fn remove_all() -> impl Sized {
    let paths = written();
    for path in paths.iter() {
        // One is a file or a folder; what is gone already is what is wanted.
        let _ = std::fs::remove_file(path);
        let _ = std::fs::remove_dir_all(path);
    }
    paths
}

/// Says of a path that it is being written, for as long as it lives.
#[derive(Debug)]
struct Noted(PathBuf);

impl Noted {
    fn new(paths: &mut Paths, path: &Path) -> Noted {
        paths.insert(path.to_owned());
        Noted(path.to_owned())
    }
}

impl Drop for Noted {
    fn drop(&mut self) {
        written().remove(&self.0);
    }
}

/// A file that is being written.
#[derive(Debug)]
pub struct PartialFile {
    /// Declared first, so that it is removed before it is forgotten.
    file: NamedTempFile,
    _noted: Noted,
    _claim: Claim,
}

impl PartialFile {
    /// A new file in the output's folder, with the rights that an ordinary new file would get.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub fn beside(output: &Path) -> Result<PartialFile, TapeError> {
        let name = prefix(output);
        let mut builder = tempfile::Builder::new();
        builder.prefix(&name).suffix(".partial");
        builder.permissions(Permissions::from_mode(0o666));
        let mut paths = written();
        let made = make_in(folder_of(output), is_partial(&name), || {
            let file = builder.tempfile_in(folder_of(output))?;
            let claim = Claim::on(file.path());
            Ok((file, claim))
        });
        let (file, claim) = made.map_err(|error| TapeError::io("creating", output, error))?;
        Ok(PartialFile {
            _noted: Noted::new(&mut paths, file.path()),
            file,
            _claim: claim,
        })
    }

    /// Where it is meanwhile.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// The open file.
    pub fn as_file(&self) -> &File {
        self.file.as_file()
    }

    /// Gives it its name.
    ///
    /// # Errors
    /// The name is taken and may not be, or the system refuses.
    pub fn name(self, output: &Path, overwrite: Overwrite) -> Result<(), TapeError> {
        let PartialFile {
            file,
            _noted,
            _claim,
        } = self;
        let paths = written();
        let named = match overwrite {
            Overwrite::Never => file.persist_noclobber(output),
            Overwrite::Replace => file.persist(output),
        };
        drop(paths);
        named
            .map(drop)
            .map_err(|failure| match failure.error.kind() {
                io::ErrorKind::AlreadyExists => TapeError::Exists {
                    path: output.to_path_buf(),
                },
                _ => TapeError::io("naming", output, failure.error),
            })
    }
}

/// A folder that is being written.
#[derive(Debug)]
pub(crate) struct PartialFolder {
    folder: TempDir,
    _noted: Noted,
    _claim: Claim,
}

impl PartialFolder {
    /// A new folder in the output's folder.
    pub(crate) fn beside(output: &Path) -> Result<PartialFolder, TapeError> {
        let name = prefix(output);
        let mut builder = tempfile::Builder::new();
        builder.prefix(&name).suffix(".partial");
        let mut paths = written();
        let made = make_in(folder_of(output), is_partial(&name), || {
            let folder = builder.tempdir_in(folder_of(output))?;
            let claim = Claim::on(folder.path());
            Ok((folder, claim))
        });
        let (folder, claim) = made.map_err(|error| TapeError::io("creating", output, error))?;
        Ok(PartialFolder {
            _noted: Noted::new(&mut paths, folder.path()),
            folder,
            _claim: claim,
        })
    }

    /// Where it is meanwhile.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Gives it its name; a folder that has it goes away.
    pub(crate) fn name(self, output: &Path) -> Result<(), TapeError> {
        let failed = |error| TapeError::io("naming", output, error);
        let PartialFolder {
            folder,
            _noted,
            _claim,
        } = self;
        let paths = written();
        if output.exists() {
            std::fs::remove_dir_all(output).map_err(failed)?;
        }
        std::fs::rename(folder.path(), output).map_err(failed)?;
        // There is nothing left to remove under its own name.
        let _ = folder.keep();
        drop(paths);
        Ok(())
    }
}

fn prefix(output: &Path) -> String {
    let name = output.file_name().unwrap_or_default().to_string_lossy();
    format!(".{name}.")
}

/// Tells the names of what is being written for an output.
fn is_partial(prefix: &str) -> impl Fn(&str) -> bool {
    move |name| name.starts_with(prefix) && name.ends_with(".partial")
}

/// The folder of a file.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
