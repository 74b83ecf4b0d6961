//! Result directories: made aside, and put in their place when they are whole.
//!
//! Takes in the directory that the user names; gives out one beside it to write into, and its name once all is there. A
//! run that is killed leaves nothing that looks done.

use std::path::{Path, PathBuf};

use backplane_analytics::run_file::RUN_FILE;
use backplane_tape::claim::{Claim, make_in};
use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::error::CliError;
use crate::exit;

/// Nothing is replaced unasked, and nothing but results ever.
///
/// # Errors
/// Something is there that is not to be replaced.
pub fn check(output: &Path, force: bool) -> Result<(), CliError> {
    if !output.exists() {
        return Ok(());
    }
    let is_empty = std::fs::read_dir(output).is_ok_and(|mut entries| entries.next().is_none());
    if !is_empty && !output.join(RUN_FILE).is_file() {
        return Err(CliError::new(
            exit::DATA,
            format!(
                "{} exists and is no result directory: it has no `{}`",
                output.display(),
                RUN_FILE
            ),
            "name another directory; only results are ever replaced",
        ));
    }
    if force {
        return Ok(());
    }
    Err(CliError::new(
        exit::DATA,
        format!("the result directory {} exists", output.display()),
        "name another, or replace it with `--force`",
    ))
}

/// A path that does not depend on where the process stands.
///
/// # Errors
/// The system does not say where that is.
pub fn absolute(path: &Path) -> Result<PathBuf, CliError> {
    std::path::absolute(path).map_err(|error| CliError::io("finding", path, &error))
}

/// How the names of directories begin in which results are made.
const ASIDE: &str = ".backplane-run-";

/// A directory beside the output, on the same file system, that goes away by itself; of a process that is killed, when the
/// next one stages in the same place.
#[derive(Debug)]
pub struct Staging {
    folder: tempfile::TempDir,
    _claim: Claim,
}

impl Staging {
    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Leaves it there for the user, under a name that stays; where it is then.
    pub fn keep(self) -> PathBuf {
        let folder = self.folder.keep();
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let kept = folder.with_file_name(name.replacen(ASIDE, "backplane-kept-", 1));
        match std::fs::rename(&folder, &kept) {
            Ok(()) => kept,
            Err(_) => folder,
        }
    }
}

/// Makes a directory beside the output, and takes away those that processes left which were killed.
///
/// # Errors
/// It cannot be made.
pub fn stage(output: &Path) -> Result<Staging, CliError> {
    let parent = match output.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let failed = |error| CliError::io("creating the result directory in", parent, &error);
    std::fs::create_dir_all(parent).map_err(failed)?;
    let parent = absolute(parent)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(ASIDE);
    let is_aside = |name: &str| name.starts_with(ASIDE);
    let made = make_in(&parent, is_aside, || {
        let folder = builder.tempdir_in(&parent)?;
        let claim = Claim::on(folder.path());
        Ok(Staging {
            folder,
            _claim: claim,
        })
    });
    made.map_err(|error| CliError::io("creating the result directory in", &parent, &error))
}

/// Makes an empty directory for a new worker.
///
/// # Errors
/// It cannot be emptied or made.
pub fn empty(results: &Path) -> Result<(), CliError> {
    if results.exists() {
        let removed = std::fs::remove_dir_all(results);
        removed.map_err(|error| CliError::io("emptying", results, &error))?;
    }
    let made = std::fs::create_dir(results);
    made.map_err(|error| CliError::io("creating", results, &error))
}

/// Gives whole results their name. What they replace is moved to `aside`, which must not exist.
///
/// # Errors
/// Something is there that is not to be replaced, or cannot be moved.
pub fn put_in_place(
    results: &Path,
    output: &Path,
    force: bool,
    aside: &Path,
) -> Result<(), CliError> {
    check(output, force)?;
    if output.exists() {
        let moved = std::fs::rename(output, aside);
        moved.map_err(|error| CliError::io("replacing", output, &error))?;
    }
    // A run that finished meanwhile is not replaced.
    let moved = renameat_with(CWD, results, CWD, output, RenameFlags::NOREPLACE);
    moved.map_err(|error| CliError::io("writing the result directory", output, &error.into()))
}
