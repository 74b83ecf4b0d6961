//! The modules that lie beside a strategy and are part of it.
//!
//! Takes in the strategy's file; gives out the modules of its folder that it may import. Part of a strategy is each `.py`
//! file beside it, and each folder that holds such files, whose name is a word of its source, and so on from these. So no import
//! that is written down is missed, wherever it stands, and nothing has to be run to know them; a name that stands in a
//! comment alone does no harm. What is not part of it cannot be imported from there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::error::Refusal;

/// The most bytes of a strategy's file, and of all modules beside it.
pub(super) const SOURCE_BYTES_MAX: u64 = 16 << 20;
/// The most modules.
const MODULES_MAX: usize = 1_024;
/// How deep folders of modules are looked into.
const DEPTH_MAX: usize = 8;

/// The modules beside a strategy with this source, by their paths from its folder.
pub(super) fn modules(
    strategy: &Path,
    source: &[u8],
) -> Result<BTreeMap<PathBuf, Vec<u8>>, Refusal> {
    let folder = match strategy.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut found = Found {
        folder,
        left: SOURCE_BYTES_MAX,
        modules: BTreeMap::new(),
    };
    let mut names = importable(folder)?;
    names.retain(|_, path| strategy.file_name() != Some(path.as_os_str()));
    let mut unread = vec![source.to_vec()];
    while let Some(text) = unread.pop()
        && !names.is_empty()
    {
        for word in words(&text) {
            if let Some(path) = names.remove(word) {
                found.take(path, DEPTH_MAX, &mut unread)?;
            }
        }
    }
    Ok(found.modules)
}

/// The words of a source that may be names.
fn words(text: &[u8]) -> BTreeSet<&[u8]> {
    let is_part = |x: &u8| x.is_ascii_alphanumeric() || *x == b'_' || !x.is_ascii();
    text.split(|x| !is_part(x)).collect()
}

/// What can be imported from a folder: names, and the paths from there. Of several of a name it is the one that the
/// interpreter would take: a package, a file, a folder.
fn importable(folder: &Path) -> Result<BTreeMap<Vec<u8>, PathBuf>, Refusal> {
    let mut names: BTreeMap<Vec<u8>, (u8, PathBuf)> = BTreeMap::new();
    for entry in folder.read_dir().map_err(Refusal::Unreadable)? {
        let path = entry.map_err(Refusal::Unreadable)?.path();
        let (Some(stem), Some(name)) = (path.file_stem(), path.file_name()) else {
            continue;
        };
        let (called, rank) = match path.extension().is_some_and(|x| x == "py") {
            true => (stem, 1),
            false if path.join("__init__.py").is_file() => (name, 0),
            false if path.is_dir() => (name, 2),
            false => continue,
        };
        let found = (rank, PathBuf::from(name));
        let best = names.entry(called.as_encoded_bytes().to_vec());
        let best = best.or_insert_with(|| found.clone());
        *best = found.min(best.clone());
    }
    Ok(names.into_iter().map(|(name, x)| (name, x.1)).collect())
}

struct Found<'a> {
    folder: &'a Path,
    /// How many bytes there may be yet.
    left: u64,
    modules: BTreeMap<PathBuf, Vec<u8>>,
}

impl Found<'_> {
    /// Takes a module, or all modules of a folder.
    fn take(
        &mut self,
        path: PathBuf,
        depth: usize,
        unread: &mut Vec<Vec<u8>>,
    ) -> Result<(), Refusal> {
        let full = self.folder.join(&path);
        let about = full.metadata().map_err(Refusal::Unreadable)?;
        if about.is_dir() {
            let within = importable(&full)?;
            if !within
                .values()
                .any(|x| x.extension().is_some_and(|x| x == "py"))
            {
                // No modules, so that it need not be looked into further.
                return Ok(());
            }
            let within = within.into_values().filter(|x| !is_left_out(x));
            for name in within.filter(|_| depth > 0) {
                self.take(path.join(name), depth - 1, unread)?;
            }
            return Ok(());
        }
        if !about.is_file() {
            return Ok(());
        }
        let most = SOURCE_BYTES_MAX;
        let left = self.left.checked_sub(about.len());
        let left = left.filter(|_| self.modules.len() < MODULES_MAX);
        self.left = left.ok_or(Refusal::TooLarge { most })?;
        let bytes = std::fs::read(&full).map_err(Refusal::Unreadable)?;
        unread.push(bytes.clone());
        self.modules.insert(path, bytes);
        Ok(())
    }
}

fn is_left_out(name: &Path) -> bool {
    let name = name.as_os_str().as_encoded_bytes();
    name.starts_with(b".") || name == b"__pycache__"
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn part_of_a_strategy_is_what_it_names_and_what_that_names() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
            path
        };
        write("common.py", "import deeper");
        write("deeper.py", "import lean, common");
        write("late.py", "");
        write("unnamed.py", "import common");
        write("shapes/curve.py", "");
        write("shapes/more/line.py", "import deeper");
        write("shapes/notes.txt", "");
        write("shapes/__pycache__/curve.py", "");
        write("other/thing.py", "");
        write("data/more/thing.py", "");
        write("late/notes.txt", "");
        write("data.csv", "");
        let source = "import backplane, common\nfrom shapes import curve\n\ndef f():\n    import late as l8\n    data = others\n";
        let strategy = write("lean.py", source);
        let found = modules(&strategy, source.as_bytes()).unwrap();
        let names: Vec<&str> = found.keys().map(|x| x.to_str().unwrap()).collect();
        let expected = [
            "common.py",
            "deeper.py",
            "late.py",
            "shapes/curve.py",
            "shapes/more/line.py",
        ];
        assert_eq!(names, expected);
        assert!(modules(&strategy, b"import backplane").unwrap().is_empty());
        std::fs::write(folder.path().join("late.py"), vec![b'#'; 17 << 20]).unwrap();
        let refused = modules(&strategy, source.as_bytes());
        assert!(matches!(refused, Err(Refusal::TooLarge { .. })));
    }
}
