//! What the user wants imported: files, folders, archives, and standard input.
//!
//! Takes in paths; gives out inputs that can be read as often as an importer needs. What comes by standard input (`-`)
//! is kept in a temporary file beside the tape while it is imported, since ticks and instruments must be known before
//! the first row: so every format can come that way, in memory that does not grow with it.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::part::{Part, files_below};
use crate::error::TapeError;
use crate::format::SourceFile;
use crate::partial::PartialFile;

/// What stands for standard input among paths.
pub const STANDARD_INPUT: &str = "-";
/// Bytes that are read at once.
const BLOCK_BYTES: usize = 1 << 18;

/// One input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Input {
    /// Where its bytes are.
    pub(crate) path: PathBuf,
    /// What errors call it: the path as the user gave it.
    pub(crate) shown: PathBuf,
}

impl Input {
    /// An input that is a file, a folder or an archive.
    pub(crate) fn at(path: &Path) -> Input {
        Input {
            path: path.to_path_buf(),
            shown: path.to_path_buf(),
        }
    }
}

/// All inputs of one import; there is at least one.
pub(crate) struct Inputs {
    list: Vec<Input>,
    /// What came by standard input; it goes when the import is over.
    _spooled: Option<PartialFile>,
}

impl Inputs {
    /// The inputs at some paths; `-` is read to its end and kept beside `output`.
    pub(super) fn open(paths: &[PathBuf], output: &Path) -> Result<Inputs, TapeError> {
        let request = |why: &str| TapeError::Request {
            why: why.to_owned(),
        };
        if paths.is_empty() {
            return Err(request("there is nothing to import"));
        }
        let is_standard = |path: &&PathBuf| path.as_os_str() == STANDARD_INPUT;
        if paths.iter().filter(is_standard).count() > 1 {
            return Err(request("standard input can be read only once"));
        }
        let mut spooled = None;
        let mut list = Vec::with_capacity(paths.len());
        for path in paths {
            if is_standard(&path) {
                let file = spool(output, &mut io::stdin().lock())?;
                list.push(Input {
                    path: file.path().to_path_buf(),
                    shown: path.clone(),
                });
                spooled = Some(file);
            } else {
                list.push(Input::at(path));
            }
        }
        Ok(Inputs {
            list,
            _spooled: spooled,
        })
    }

    /// The inputs as the user ordered them.
    pub(crate) fn list(&self) -> &[Input] {
        &self.list
    }

    /// The first input.
    pub(crate) fn first(&self) -> &Input {
        &self.list[0]
    }

    /// Every file of all inputs: folders are walked and archives opened, each in the order of names.
    pub(crate) fn parts(&self) -> Result<Vec<Part>, TapeError> {
        let mut parts = Vec::new();
        for input in &self.list {
            parts.extend(Part::all(input)?);
        }
        Ok(parts)
    }

    /// Name, digest and length of each file that was given, those of folders one by one.
    pub(crate) fn describe(&self) -> Result<Vec<SourceFile>, TapeError> {
        let mut described = Vec::new();
        for input in &self.list {
            if input.path.is_dir() {
                for file in files_below(input)? {
                    described.push(describe(&file)?);
                }
            } else {
                described.push(describe(input)?);
            }
        }
        Ok(described)
    }
}

/// Every file at some paths, in their order.
pub(crate) fn parts_at(paths: &[PathBuf]) -> Result<Vec<Part>, TapeError> {
    let mut parts = Vec::new();
    for path in paths {
        parts.extend(Part::all(&Input::at(path))?);
    }
    Ok(parts)
}

/// Keeps all of a stream in a temporary file beside the output.
fn spool(output: &Path, stream: &mut impl Read) -> Result<PartialFile, TapeError> {
    let file = PartialFile::beside(output)?;
    io::copy(stream, &mut file.as_file())
        .map_err(|error| TapeError::io("keeping standard input beside", output, error))?;
    Ok(file)
}

/// The digest and length of a file.
pub(crate) fn describe(input: &Input) -> Result<SourceFile, TapeError> {
    let io = |error| TapeError::io("reading", &input.shown, error);
    let mut file = File::open(&input.path).map_err(io)?;
    let mut hasher = blake3::Hasher::new();
    let mut bytes: u64 = 0;
    let mut buffer = vec![0; BLOCK_BYTES];
    loop {
        let count = file.read(&mut buffer).map_err(io)?;
        if count == 0 {
            break;
        }
        hasher.update(buffer.get(..count).unwrap_or_default());
        bytes = bytes.saturating_add(count as u64);
    }
    let name = input.shown.file_name().unwrap_or(input.shown.as_os_str());
    Ok(SourceFile {
        name: name.to_string_lossy().into_owned(),
        blake3: hasher.finalize().to_hex().to_string(),
        bytes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_kept_until_the_import_is_over() {
        let folder = tempfile::tempdir().unwrap();
        let file = spool(&folder.path().join("x.tape"), &mut &b"abc"[..]).unwrap();
        assert_eq!(std::fs::read(file.path()).unwrap(), b"abc");
        drop(file);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn standard_input_is_taken_once() {
        let paths = [PathBuf::from("-"), PathBuf::from("-")];
        assert!(Inputs::open(&paths, Path::new("x")).is_err());
        assert!(Inputs::open(&[], Path::new("x")).is_err());
    }
}
