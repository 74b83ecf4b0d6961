//! Whose what is being written is, and what is left of processes that died.
//!
//! Takes in a folder and how names begin of what is written aside there; takes away what nobody claims any more. A claim is
//! a lock of the system's, which ends with the process that holds it, however that ends. Where the file system knows no
//! locks nothing is claimed, and nothing is taken away.

use std::fs::File;
use std::io;
use std::path::Path;

/// Says of a file or folder that its process is alive, for as long as it lives.
#[derive(Debug)]
pub struct Claim(#[expect(dead_code, reason = "the open file holds the lock")] Option<File>);

impl Claim {
    /// Claims a path.
    pub fn on(path: &Path) -> Claim {
        Claim(lock(path))
    }
}

/// Makes something in a folder, and claims it by [`Claim::on`], once what is left there of dead processes was taken away:
/// all whose names `is_aside` knows and that nobody claims.
///
/// # Errors
/// Those of `make`.
pub fn make_in<T>(
    folder: &Path,
    is_aside: impl Fn(&str) -> bool,
    make: impl FnOnce() -> io::Result<T>,
) -> io::Result<T> {
    // One process at a time, so that nothing is met that was made and is not claimed yet.
    let turn = File::open(folder).ok().filter(|x| x.lock().is_ok());
    if turn.is_some() {
        let entries = folder.read_dir()?.flatten();
        for entry in entries.filter(|x| x.file_name().to_str().is_some_and(&is_aside)) {
            let path = entry.path();
            // A link is nothing that was written aside.
            if entry.file_type().is_ok_and(|x| !x.is_symlink()) && lock(&path).is_some() {
                // What cannot be removed is met again.
                let _ = match path.is_dir() {
                    true => std::fs::remove_dir_all(&path),
                    false => std::fs::remove_file(&path),
                };
            }
        }
    }
    make()
}

fn lock(path: &Path) -> Option<File> {
    let file = File::open(path).ok()?;
    file.try_lock().is_ok().then_some(file)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_claims_goes_away_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in [".aside-1", ".aside-2", "results"] {
            std::fs::create_dir_all(path(name).join("within")).unwrap();
        }
        std::fs::write(path(".aside-3"), "x").unwrap();
        std::os::unix::fs::symlink(path("results"), path(".aside-4")).unwrap();
        let claim = Claim::on(&path(".aside-2"));
        let is_aside = |name: &str| name.starts_with(".aside-");
        let names = || {
            let entries = folder.path().read_dir().unwrap().flatten();
            let mut names: Vec<String> = entries
                .map(|x| x.file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        };
        make_in(folder.path(), is_aside, || Ok(())).unwrap();
        assert_eq!(names(), [".aside-2", ".aside-4", "results"]);
        drop(claim);
        make_in(folder.path(), is_aside, || Ok(())).unwrap();
        assert_eq!(names(), [".aside-4", "results"]);
    }
}
