//! A tape that is one Arrow IPC file.
//!
//! Takes in a path; gives out its batches, read into buffers that are reused. The file is not mapped into memory, so that
//! cutting it off while it is read is an error too.

use std::fs::File;
use std::path::Path;

use super::buffer::AlignedBuffer;
use super::layout::Layout;
use super::{Buffers, Opened};
use crate::error::TapeError;
use crate::format::COLUMNS;

/// An open file.
#[derive(Debug)]
pub(super) struct ArrowFile {
    file: File,
    layout: Layout,
    next_block: usize,
    metadata: AlignedBuffer,
}

impl ArrowFile {
    /// Opens a file and checks its footer and the metadata of all its batches.
    pub(super) fn open(path: &Path) -> Result<(ArrowFile, Opened), TapeError> {
        let file = File::open(path).map_err(|error| TapeError::io("opening", path, error))?;
        let layout = Layout::read(&file, path)?;
        let mut metadata = AlignedBuffer::default();
        let mut rows: u64 = 0;
        for block in &layout.blocks {
            let batch = layout.batch(&file, path, *block, &mut metadata)?;
            rows = rows.saturating_add(batch.rows as u64);
        }
        let statistics =
            match &layout.statistics {
                None => None,
                Some(text) => Some(serde_json::from_str(text).map_err(|error| {
                    TapeError::damaged(path, format!("its statistics: {error}"))
                })?),
            };
        let opened = Opened {
            header: layout.header.clone(),
            schema: layout.schema,
            statistics,
            digest: layout.digest.clone(),
            rows,
        };
        let file = ArrowFile {
            file,
            layout,
            next_block: 0,
            metadata,
        };
        Ok((file, opened))
    }

    /// Reads the first `wanted` columns of the next batch; gives its number of rows, and none after the last batch.
    pub(super) fn next(
        &mut self,
        path: &Path,
        columns: &mut Buffers,
        wanted: usize,
    ) -> Result<Option<usize>, TapeError> {
        let Some(block) = self.layout.blocks.get(self.next_block) else {
            return Ok(None);
        };
        let batch = self
            .layout
            .batch(&self.file, path, *block, &mut self.metadata)?;
        for (place, (buffer, offset)) in columns
            .iter_mut()
            .zip(batch.offsets)
            .take(wanted)
            .enumerate()
        {
            let width = COLUMNS.get(place).map_or(0, |(_, kind)| kind.width());
            buffer
                .read(&self.file, offset, batch.rows.saturating_mul(width))
                .map_err(|error| TapeError::io("reading a batch of", path, error))?;
        }
        self.next_block = self.next_block.saturating_add(1);
        Ok(Some(batch.rows))
    }
}
