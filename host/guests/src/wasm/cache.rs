//! Where compiled modules are kept between runs.
//!
//! Takes in nothing but the user's cache folder; gives out a directory to which nobody but this user can write. Compiled
//! code that somebody else could have changed is never loaded.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

/// The directory, made where it is not there; the error says why compiled modules are not kept.
pub(super) fn directory() -> Result<PathBuf, String> {
    let named = |name| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|x| x.is_absolute())
    };
    let base = named("XDG_CACHE_HOME").or_else(|| Some(named("HOME")?.join(".cache")));
    let base = base.ok_or("neither XDG_CACHE_HOME nor HOME names a folder")?;
    private(&base.join("backplane/modules"))
}

/// Makes a directory for this user alone, or checks that it is one.
pub(super) fn private(path: &Path) -> Result<PathBuf, String> {
    let failed = |cause: io::Error| format!("{}: {cause}", path.display());
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(failed)?;
    }
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(error)),
        _ => {}
    }
    let found = path.symlink_metadata().map_err(failed)?;
    let is_mine = found.uid() == rustix::process::geteuid().as_raw();
    if !found.is_dir() || !is_mine || found.mode() & 0o022 != 0 {
        return Err(format!(
            "{} is not a directory to which this user alone can write",
            path.display()
        ));
    }
    Ok(path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn a_directory_to_which_others_can_write_keeps_no_code() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("a/b");
        assert_eq!(private(&path), Ok(path.clone()));
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o700);
        assert_eq!(private(&path), Ok(path.clone()), "a second time");
        let link = parent.path().join("link");
        symlink(&path, &link).unwrap();
        assert!(private(&link).is_err());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o770)).unwrap();
        assert!(private(&path).unwrap_err().contains("this user alone"));
    }
}
