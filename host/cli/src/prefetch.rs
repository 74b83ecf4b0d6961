//! A tape that is read ahead on a thread of its own.
//!
//! Takes in a [`TapeReader`]; gives out a [`RowSource`] whose next batch is read and checked while the engine works on
//! the one before. Buffers go round between both threads, so that nothing is allocated once they have their size. What
//! comes out is what [`crate::source::TapeSource`] gives, row by row.

use std::thread;

use backplane_engine::error::SourceError;
use backplane_engine::replay::{RowBatch, RowSource};
use backplane_tape::{TapeReader, TapeSchema};
use crossbeam_channel::{Receiver, Sender, bounded};

use crate::columns::OwnedColumns;
use crate::source::{Until, source_error};

/// How many batches are on their way at once: one is filled while another waits and a third is taken over.
const BUFFERS: usize = 3;

/// What the reading thread sends.
enum Read {
    Batch(Box<OwnedColumns>),
    End,
    Failed(SourceError),
}

/// A tape that is read ahead.
pub struct PrefetchedSource {
    shows_levels: bool,
    until: Until,
    reads: Receiver<Read>,
    empty: Sender<Box<OwnedColumns>>,
}

impl PrefetchedSource {
    /// Starts to read a tape, from where the reader stands.
    ///
    /// # Errors
    /// The system has no thread to give.
    pub fn start(reader: TapeReader) -> std::io::Result<PrefetchedSource> {
        let shows_levels = reader.schema() == TapeSchema::Mbp;
        let (send, reads) = bounded(BUFFERS);
        let (empty, buffers) = bounded(BUFFERS);
        for _ in 0..BUFFERS {
            // The channel has room for all of them.
            let _ = empty.send(Box::default());
        }
        let thread = thread::Builder::new().name("tape".into());
        thread.spawn(move || read_all(reader, &buffers, &send))?;
        Ok(PrefetchedSource {
            shows_levels,
            until: Until::new(None),
            reads,
            empty,
        })
    }

    /// The same rows, and no further.
    #[must_use]
    pub fn until(self, until: Until) -> PrefetchedSource {
        PrefetchedSource { until, ..self }
    }
}

impl RowSource for PrefetchedSource {
    fn shows_levels(&self) -> bool {
        self.shows_levels
    }

    fn next(&mut self, batch: &mut RowBatch) -> Result<bool, SourceError> {
        if self.until.is_over() {
            return Ok(false);
        }
        match self.reads.recv() {
            Ok(Read::Batch(buffer)) => {
                batch.extend(&self.until.cut(&buffer.columns()));
                // Where the reading thread is done nobody needs the buffer.
                let _ = self.empty.send(buffer);
                Ok(true)
            }
            Ok(Read::End) => Ok(false),
            Ok(Read::Failed(error)) => Err(error),
            Err(_) => Err(SourceError {
                message: "reading the tape: the thread that reads it ended before the tape".into(),
                hint: None,
            }),
        }
    }
}

/// Reads a tape to its end, or until nobody listens any more.
fn read_all(mut reader: TapeReader, buffers: &Receiver<Box<OwnedColumns>>, reads: &Sender<Read>) {
    while let Ok(mut buffer) = buffers.recv() {
        let read = match reader.next_batch() {
            Ok(Some(columns)) => {
                buffer.fill(&columns);
                Read::Batch(buffer)
            }
            Ok(None) => Read::End,
            Err(error) => Read::Failed(source_error(&error)),
        };
        let goes_on = matches!(read, Read::Batch(_));
        if reads.send(read).is_err() || !goes_on {
            return;
        }
    }
}
