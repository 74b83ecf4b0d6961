//! What a plugin is made of: the bytes of its file, and of a Python program those of the modules beside it.
//!
//! Takes in bytes that were read; gives out their digest, and a copy of them elsewhere. What is run is what was read,
//! whatever becomes of the files meanwhile.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// The bytes of a plugin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// Those of its file.
    pub file: Vec<u8>,
    /// Those of the modules beside it, by their paths from the folder in which it lies.
    pub beside: BTreeMap<PathBuf, Vec<u8>>,
}

impl Content {
    /// The content of a plugin that is one file.
    pub const fn of(file: Vec<u8>) -> Content {
        Content {
            file,
            beside: BTreeMap::new(),
        }
    }

    /// The BLAKE3 digest: of a plugin that is one file that of its bytes; of one with modules beside it that of the digest
    /// of its bytes, followed for each module by the length of its path (`u64`, little-endian), the path and the digest of
    /// its bytes.
    pub fn digest(&self) -> [u8; 32] {
        let file = blake3::hash(&self.file);
        if self.beside.is_empty() {
            return *file.as_bytes();
        }
        let mut hasher = blake3::Hasher::new();
        hasher.update(file.as_bytes());
        for (path, bytes) in &self.beside {
            let path = path.as_os_str().as_encoded_bytes();
            hasher.update(&(path.len() as u64).to_le_bytes());
            hasher.update(path);
            hasher.update(blake3::hash(bytes).as_bytes());
        }
        *hasher.finalize().as_bytes()
    }

    /// How many bytes it has in all.
    pub fn bytes(&self) -> u64 {
        let beside = self.beside.values().map(Vec::len).sum::<usize>();
        (self.file.len() + beside) as u64
    }

    /// Writes the file to a path, and the modules beside it.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let folder = path.parent().unwrap_or(Path::new(""));
        for (name, bytes) in &self.beside {
            let copy = folder.join(name);
            std::fs::create_dir_all(copy.parent().unwrap_or(folder))?;
            std::fs::write(copy, bytes)?;
        }
        std::fs::create_dir_all(folder)?;
        std::fs::write(path, &self.file)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_of_one_file_is_that_of_its_bytes_and_every_module_counts() {
        let one = Content::of(b"import backplane".to_vec());
        assert_eq!(one.digest(), *blake3::hash(&one.file).as_bytes());
        let with = |modules: &[(&str, &str)]| {
            let beside = modules.iter();
            let beside = beside.map(|x| (PathBuf::from(x.0), x.1.as_bytes().to_vec()));
            let file = one.file.clone();
            Content {
                file,
                beside: beside.collect(),
            }
        };
        let digests = [
            one.digest(),
            with(&[("a.py", "x")]).digest(),
            with(&[("a.py", "y")]).digest(),
            with(&[("b.py", "x")]).digest(),
            with(&[("a.py", "x"), ("b.py", "")]).digest(),
        ];
        for (place, digest) in digests.iter().enumerate() {
            assert!(!digests[place + 1..].contains(digest));
        }
        assert_eq!(with(&[("a.py", "xy")]).bytes(), 18);
    }
}
