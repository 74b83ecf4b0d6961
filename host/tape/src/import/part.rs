//! One file of an input: a file on disk, or a file within an archive; and its bytes, uncompressed.
//!
//! Takes in an input; gives out its files in the order of their names, and a stream of each whose compression (gzip,
//! Zstandard, zip) is taken off. What is compressed is told by its first bytes, never by its name. Memory does not grow
//! with the file, whatever it unpacks to.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use super::archive::{self, EntryReader};
use super::inputs::Input;
use super::lines::Lines;
use crate::error::{Place, TapeError};

/// The first bytes of a gzip member.
const GZIP_MAGIC: [u8; 2] = [0x1F, 0x8B];
/// The first bytes of a Zstandard frame.
const ZSTANDARD_MAGIC: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];
/// The first bytes of a zip archive, and of one that holds nothing.
const ZIP_MAGICS: [[u8; 4]; 2] = [*b"PK\x03\x04", *b"PK\x05\x06"];
/// The most bytes of a Zstandard window, as a power of two (128 MiB: what its command line tool agrees to).
const ZSTANDARD_WINDOW_LOG_MAX: u32 = 27;
/// Bytes that are read at once.
const BLOCK_BYTES: usize = 1 << 17;
/// Folders within folders that are walked.
const FOLDERS_DEEP_MAX: usize = 16;
/// Files of one folder or archive that are looked at.
pub(super) const FILES_MAX: usize = 100_000;

/// A stream of uncompressed bytes.
pub(crate) type Stream = Box<dyn BufRead>;
/// A stream of lines.
pub(crate) type Text = Lines<Stream>;

/// A file of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// Where its bytes are.
    path: PathBuf,
    /// What errors call it.
    shown: PathBuf,
    /// Its number and name within the archive, where it is in one.
    entry: Option<(usize, String)>,
    /// The name without folders and without `.gz` and `.zst`.
    name: String,
}

impl Part {
    /// The files of an input: itself, or all files in the archive or folder and in the archives of the folder.
    pub(crate) fn all(input: &Input) -> Result<Vec<Part>, TapeError> {
        if !input.path.is_dir() {
            return Part::of_file(input);
        }
        let mut parts = Vec::new();
        for file in files_below(input)? {
            parts.extend(Part::of_file(&file)?);
        }
        match parts.is_empty() {
            true => Err(TapeError::input(
                &input.shown,
                "there are no files in the folder",
            )),
            false => Ok(parts),
        }
    }

    fn of_file(input: &Input) -> Result<Vec<Part>, TapeError> {
        let mut head = Vec::new();
        let file = open(&input.path, &input.shown)?;
        file.take(4)
            .read_to_end(&mut head)
            .map_err(|error| TapeError::io("reading", &input.shown, error))?;
        if head.is_empty() {
            return Err(TapeError::input(&input.shown, "it is empty"));
        }
        let part = |entry: Option<(usize, String)>| {
            let shown = input.shown.to_string_lossy();
            let name = bare_name(entry.as_ref().map_or(&*shown, |(_, name)| name)).to_owned();
            Part {
                path: input.path.clone(),
                shown: input.shown.clone(),
                entry,
                name,
            }
        };
        if !ZIP_MAGICS.iter().any(|magic| head == *magic) {
            return Ok(vec![part(None)]);
        }
        let mut entries = archive::entries(input)?;
        entries.sort_by(|one, other| one.1.cmp(&other.1));
        Ok(entries.into_iter().map(|entry| part(Some(entry))).collect())
    }

    /// The name without folders and without `.gz` and `.zst`.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What errors call the file: the path as the user gave it, the archive's where the file is in one.
    pub(crate) fn shown(&self) -> &Path {
        &self.shown
    }

    /// What errors call it.
    pub(crate) fn place(&self) -> Place {
        Place {
            path: self.shown.clone(),
            entry: self.entry.as_ref().map(|(_, name)| name.clone()),
        }
    }

    /// Its bytes, uncompressed.
    pub(crate) fn open(&self) -> Result<Stream, TapeError> {
        let input = Input {
            path: self.path.clone(),
            shown: self.shown.clone(),
        };
        let raw: Box<dyn Read> = match &self.entry {
            None => Box::new(open(&self.path, &self.shown)?),
            Some((number, _)) => Box::new(EntryReader::open(&input, *number)?),
        };
        uncompressed(raw).map_err(|error| TapeError::io("reading", &self.shown, error))
    }

    /// Its lines.
    pub(crate) fn lines(&self) -> Result<Text, TapeError> {
        Ok(Lines::new(self.open()?, self.place()))
    }

    /// Its first bytes, uncompressed: fewer where the file is shorter or cannot be read so far.
    pub(crate) fn head(&self, bytes: usize) -> Result<Vec<u8>, TapeError> {
        let mut stream = self.open()?;
        let mut head = vec![0; bytes];
        let mut filled = 0;
        // A damaged file is told of when it is read for good.
        while let Ok(count) = stream.read(head.get_mut(filled..).unwrap_or_default()) {
            if count == 0 {
                break;
            }
            filled += count;
        }
        head.truncate(filled);
        Ok(head)
    }
}

/// The files below a folder, in the order of their paths.
pub(super) fn files_below(folder: &Input) -> Result<Vec<Input>, TapeError> {
    let mut files = Vec::new();
    let mut folders = vec![(folder.path.clone(), 0)];
    while let Some((path, depth)) = folders.pop() {
        let io = |error| TapeError::io("listing", &path, error);
        for entry in std::fs::read_dir(&path).map_err(io)? {
            let entry = entry.map_err(io)?.path();
            if entry.is_file() {
                files.push(Input::at(&entry));
            } else if entry.is_dir() && depth < FOLDERS_DEEP_MAX {
                folders.push((entry, depth + 1));
            }
            if files.len() > FILES_MAX {
                let why = format!("it holds more than {FILES_MAX} files");
                return Err(TapeError::input(&folder.shown, why));
            }
        }
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(files)
}

fn open(path: &Path, shown: &Path) -> Result<File, TapeError> {
    File::open(path).map_err(|error| TapeError::io("opening", shown, error))
}

/// The name without folders and without the endings of compression.
fn bare_name(path: &str) -> &str {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    [".gz", ".zst"]
        .iter()
        .find_map(|ending| name.strip_suffix(ending))
        .unwrap_or(name)
}

/// A stream that gives back the bytes that were looked at.
type Looked<R> = Chain<Cursor<Vec<u8>>, R>;

/// Takes the compression off a stream whose first bytes say that there is one.
fn uncompressed(mut raw: Box<dyn Read>) -> io::Result<Stream> {
    let mut magic = Vec::new();
    raw.by_ref().take(4).read_to_end(&mut magic)?;
    let is_gzip = magic.starts_with(&GZIP_MAGIC);
    let is_zstandard = magic == ZSTANDARD_MAGIC;
    let whole: Looked<Box<dyn Read>> = Cursor::new(magic).chain(raw);
    let blocks = BufReader::with_capacity(BLOCK_BYTES, whole);
    if is_gzip {
        let decoder = MultiGzDecoder::new(blocks);
        return Ok(Box::new(BufReader::with_capacity(BLOCK_BYTES, decoder)));
    }
    match is_zstandard {
        true => decompressed(Box::new(blocks)),
        false => Ok(Box::new(blocks)),
    }
}

/// Takes the Zstandard compression off a stream.
pub(super) fn decompressed(stream: Stream) -> io::Result<Stream> {
    let mut decoder = zstd::stream::read::Decoder::with_buffer(stream)?;
    decoder.window_log_max(ZSTANDARD_WINDOW_LOG_MAX)?;
    Ok(Box::new(BufReader::with_capacity(BLOCK_BYTES, decoder)))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const TEXT: &[u8] = b"a,b\n1,2\n";

    fn zip_of(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let mut archive = zip::ZipWriter::new(&mut bytes);
        for (name, content) in entries {
            archive
                .start_file(*name, zip::write::SimpleFileOptions::default())
                .unwrap();
            archive.write_all(content).unwrap();
        }
        archive.finish().unwrap();
        bytes.into_inner()
    }

    fn gzip() -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(TEXT).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn every_compression_is_taken_off_whatever_the_name_is() {
        let folder = tempfile::tempdir().unwrap();
        let zipped = [("b/one.csv.gz", gzip()), ("a/two.csv", TEXT.to_vec())];
        for (bytes, names) in [
            (TEXT.to_vec(), vec!["x.csv"]),
            (gzip(), vec!["x.csv"]),
            (zstd::encode_all(TEXT, 1).unwrap(), vec!["x.csv"]),
            (zip_of(&zipped), vec!["two.csv", "one.csv"]),
        ] {
            let path = folder.path().join("x.csv.gz");
            std::fs::write(&path, bytes).unwrap();
            let parts = Part::all(&Input::at(&path)).unwrap();
            let found: Vec<&str> = parts.iter().map(Part::name).collect();
            assert_eq!(found, names);
            for part in parts {
                assert_eq!(part.head(99).unwrap(), TEXT);
            }
        }
        let parts = Part::all(&Input::at(folder.path())).unwrap();
        assert_eq!(parts.len(), 2);
    }

    #[test]
    fn what_is_cut_off_is_an_error_and_never_an_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let long: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
        for mut bytes in [zstd::encode_all(&long[..], 1).unwrap(), {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(&long).unwrap();
            encoder.finish().unwrap()
        }] {
            bytes.truncate(bytes.len() - 9);
            std::fs::write(&path, bytes).unwrap();
            let mut stream = Part::all(&Input::at(&path)).unwrap()[0].open().unwrap();
            assert!(stream.read_to_end(&mut Vec::new()).is_err());
        }
    }
}
