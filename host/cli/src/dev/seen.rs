//! What the watched files are at one moment.
//!
//! Takes in what is watched; gives out the state of each file, and the directories in which something may appear. Two
//! looks that are equal saw the same files; an event that was missed shows at the next look.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use backplane_guests::{Carrier, directory};

use crate::files::FileState;

/// How deep a tree of sources is walked.
const DEPTH_MAX: usize = 32;

/// What is watched.
#[derive(Clone, Debug, Default)]
pub struct Watched {
    /// Single files: run file, tape, sources outside of the tree.
    pub files: Vec<PathBuf>,
    /// A directory of plugins, and the strategies that are wanted from it.
    pub plugins: Option<(PathBuf, BTreeSet<String>)>,
    /// The root of a tree of sources.
    pub sources: Option<PathBuf>,
    /// A folder in that tree into which sources are built.
    pub built: Option<PathBuf>,
}

/// The files that were seen, and their states.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    files: BTreeMap<PathBuf, FileState>,
    /// The directories that were looked into.
    pub directories: BTreeSet<PathBuf>,
}

impl Watched {
    /// Looks at everything that is watched.
    pub fn look(&self) -> Seen {
        let mut seen = Seen::default();
        for path in &self.files {
            seen.note(path.clone());
            let parent = path.parent().filter(|x| !x.as_os_str().is_empty());
            let parent = parent.unwrap_or(Path::new("."));
            seen.directories.insert(parent.to_owned());
        }
        if let Some((folder, names)) = &self.plugins {
            seen.directories.insert(folder.clone());
            for path in entries(folder) {
                let name = Carrier::of(&path).map(|x| directory::plugin_name(&path, x));
                if name.is_some_and(|name| names.contains(&name)) {
                    // A module beside a Python program may lie in a folder of its own.
                    for file in directory::files_of(&path) {
                        seen.directories.extend(file.parent().map(PathBuf::from));
                        seen.note(file);
                    }
                }
            }
        }
        if let Some(root) = &self.sources {
            // A link to a directory is followed within the tree, and no directory is looked into twice.
            if let Ok(real) = root.canonicalize() {
                let mut tree = Tree {
                    root: real,
                    visited: BTreeSet::new(),
                };
                self.walk(root, DEPTH_MAX, &mut tree, &mut seen);
            }
        }
        seen
    }

    fn walk(&self, directory: &Path, depth: usize, tree: &mut Tree, seen: &mut Seen) {
        if !tree.enter(directory) {
            return;
        }
        seen.directories.insert(directory.to_owned());
        for path in entries(directory) {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            // What editors leave beside a file, what hides, and what is built.
            if name.starts_with(['.', '#']) || name.ends_with(['~', '#']) {
                continue;
            }
            if path.is_dir() {
                let is_built = path.join("CACHEDIR.TAG").exists()
                    || name == "node_modules"
                    || self.built.as_ref() == Some(&path);
                if depth > 0 && !is_built {
                    self.walk(&path, depth - 1, tree, seen);
                }
            } else {
                seen.note(path);
            }
        }
    }
}

/// A tree of sources being walked, by the real paths of its directories.
struct Tree {
    root: PathBuf,
    visited: BTreeSet<PathBuf>,
}

impl Tree {
    /// Whether a directory is to be looked into: it is in the tree, and was not looked into yet.
    fn enter(&mut self, directory: &Path) -> bool {
        let real = directory.canonicalize();
        real.is_ok_and(|real| real.starts_with(&self.root) && self.visited.insert(real))
    }
}

impl Seen {
    fn note(&mut self, path: PathBuf) {
        if let Some(state) = FileState::of(&path) {
            self.files.insert(path, state);
        }
    }

    /// When the latest of the files changed that are not as they were at an earlier look, nanoseconds since the Unix
    /// epoch; none where only files went away.
    pub fn changed_since(&self, before: &Seen) -> Option<i128> {
        let is_other = |x: &(&PathBuf, &FileState)| before.files.get(x.0) != Some(x.1);
        let others = self.files.iter().filter(is_other);
        others.map(|x| x.1.changed).max()
    }

    /// The files that are others than at an earlier look.
    pub fn others_than(&self, before: &Seen) -> BTreeSet<PathBuf> {
        let is_other = |x: &(&PathBuf, &FileState)| before.files.get(x.0) != Some(x.1);
        let others = self.files.iter().filter(is_other);
        others.map(|x| x.0.clone()).collect()
    }

    /// Sees a file as it is at another look.
    pub fn take_over(&mut self, path: &Path, other: &Seen) {
        match other.files.get(path) {
            Some(state) => self.files.insert(path.to_owned(), *state),
            None => self.files.remove(path),
        };
    }

    /// The same, of the files below a root and of these others alone.
    pub fn part(&self, root: &Path, others: &[PathBuf]) -> Seen {
        self.filtered(|path| path.starts_with(root) || others.contains(path))
    }

    /// The same, of these files alone.
    pub fn only(&self, files: &[PathBuf]) -> Seen {
        let is_part = |path: &PathBuf| files.contains(path);
        self.filtered(is_part)
    }

    fn filtered(&self, is_part: impl Fn(&PathBuf) -> bool) -> Seen {
        let files = self.files.iter().filter(|x| is_part(x.0));
        Seen {
            files: files.map(|(path, state)| (path.clone(), *state)).collect(),
            directories: BTreeSet::new(),
        }
    }
}

/// What lies in a directory; nothing where it cannot be read.
fn entries(directory: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = directory.read_dir().into_iter().flatten();
    entries.filter_map(|x| x.ok().map(|x| x.path()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_change_a_run_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let write = |name: &str| {
            let path = root.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, name).unwrap();
        };
        for name in [
            "plugins/libmine.so",
            "plugins/libother.so",
            "plugins/.libmine.so.swp",
            "plugins/libmine.so~",
            "crate/src/lib.rs",
            "crate/src/.lib.rs.swp",
            "crate/src/lib.rs~",
            "crate/target/CACHEDIR.TAG",
            "crate/target/release/libmine.so",
            "crate/build/libmine.so",
        ] {
            write(name);
        }
        let watched = Watched {
            files: vec![root.join("run.toml")],
            plugins: Some((root.join("plugins"), BTreeSet::from(["mine".to_owned()]))),
            sources: Some(root.join("crate")),
            built: Some(root.join("crate/build")),
        };
        let first = watched.look();
        let names: Vec<&Path> = first
            .files
            .keys()
            .map(|x| x.strip_prefix(root).unwrap())
            .collect();
        let expected = ["crate/src/lib.rs", "plugins/libmine.so"];
        assert_eq!(names, expected.map(Path::new));
        assert_eq!(watched.look(), first);
        write("run.toml");
        let second = watched.look();
        assert!(second.changed_since(&first).is_some());
        std::fs::remove_file(root.join("run.toml")).unwrap();
        assert_eq!(watched.look(), first);
    }

    #[test]
    fn links_that_lead_in_circles_or_out_of_the_tree_are_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("crate");
        std::fs::create_dir_all(root.join("src")).unwrap();
        std::fs::write(root.join("src/lib.rs"), "").unwrap();
        std::fs::write(folder.path().join("other.rs"), "").unwrap();
        for name in ["a", "b", "c"] {
            std::os::unix::fs::symlink(&root, root.join("src").join(name)).unwrap();
        }
        std::os::unix::fs::symlink(folder.path(), root.join("out")).unwrap();
        let watched = Watched {
            sources: Some(root.clone()),
            ..Watched::default()
        };
        let seen = watched.look();
        assert_eq!(
            seen.files.into_keys().collect::<Vec<_>>(),
            [root.join("src/lib.rs")]
        );
        assert_eq!(
            seen.directories,
            BTreeSet::from([root.clone(), root.join("src")])
        );
    }
}
