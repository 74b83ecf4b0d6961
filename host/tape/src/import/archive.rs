//! Zip archives: what is in them, and the bytes of one of their files.
//!
//! Takes in an archive that is not trusted; gives out names, and a stream of one file. Nothing is ever unpacked to disk.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::sync::mpsc::{Receiver, sync_channel};

use zip::ZipArchive;

use super::inputs::Input;
use super::part::FILES_MAX;
use crate::error::TapeError;

/// Blocks that are decompressed ahead.
const BLOCKS_AHEAD: usize = 4;
/// Bytes in a block.
const BLOCK_BYTES: u64 = 1 << 17;

/// The numbers and names of the files in an archive.
pub(super) fn entries(input: &Input) -> Result<Vec<(usize, String)>, TapeError> {
    let archive = open(input)?;
    if archive.len() > FILES_MAX {
        let why = format!("it holds more than {FILES_MAX} files");
        return Err(TapeError::input(&input.shown, why));
    }
    let mut entries = Vec::new();
    for (number, name) in archive.file_names().enumerate() {
        // A name that is no text is no source's.
        let Ok(name) = name else { continue };
        if !name.ends_with('/') {
            entries.push((number, name.into_owned()));
        }
    }
    if entries.is_empty() {
        return Err(TapeError::input(&input.shown, "the archive holds no files"));
    }
    Ok(entries)
}

fn open(input: &Input) -> Result<ZipArchive<BufReader<File>>, TapeError> {
    let io = |error| TapeError::io("opening", &input.shown, error);
    let file = File::open(&input.path).map_err(io)?;
    let length = file.metadata().map_err(io)?.len();
    ZipArchive::new(BufReader::new(file)).map_err(|error| {
        TapeError::input(
            &input.shown,
            format!("the archive of {length} bytes cannot be read: {error}; it may be cut off"),
        )
    })
}

/// Reads one entry of an archive. The library lends an entry's reader only as long as the archive is held, so the
/// entry is decompressed on a thread of its own, which ends with the entry or with this reader.
pub(super) struct EntryReader {
    blocks: Receiver<io::Result<Vec<u8>>>,
    block: Cursor<Vec<u8>>,
    is_ended: bool,
}

impl EntryReader {
    pub(super) fn open(input: &Input, entry: usize) -> Result<EntryReader, TapeError> {
        let mut archive = open(input)?;
        let (sender, blocks) = sync_channel(BLOCKS_AHEAD);
        std::thread::Builder::new()
            .name("unzip".to_owned())
            .spawn(move || {
                let mut file = match archive.by_index(entry) {
                    Ok(file) => file,
                    Err(error) => {
                        let _ = sender.send(Err(io::Error::other(error.to_string())));
                        return;
                    }
                };
                loop {
                    let mut block = Vec::new();
                    let result = file
                        .by_ref()
                        .take(BLOCK_BYTES)
                        .read_to_end(&mut block)
                        .map(|_| block);
                    let is_end = !matches!(&result, Ok(block) if !block.is_empty());
                    // A refused block means that the reader is gone, and so is the reason to go on.
                    if sender.send(result).is_err() || is_end {
                        return;
                    }
                }
            })
            .map_err(|error| TapeError::io("starting to unzip", &input.shown, error))?;
        Ok(EntryReader {
            blocks,
            block: Cursor::new(Vec::new()),
            is_ended: false,
        })
    }
}

impl Read for EntryReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.block.read(buffer)?;
            if count > 0 || buffer.is_empty() || self.is_ended {
                return Ok(count);
            }
            match self.blocks.recv() {
                Ok(Ok(block)) => {
                    self.is_ended = block.is_empty();
                    self.block = Cursor::new(block);
                }
                Ok(Err(error)) => return Err(error),
                Err(_) => {
                    return Err(io::Error::other(
                        "the archive's thread stopped before the end",
                    ));
                }
            }
        }
    }
}
