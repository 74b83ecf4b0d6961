//! An input that is read several times over, so that a short one makes a long tape.
//!
//! Takes in the times of the input's messages, as often as they are read; gives out the times at which they stand on the
//! tape, those of each repetition after the end of the one before, and the clears with which it begins.

use backplane_sdk::types::Timestamp;

use crate::error::TapeError;

/// Nanoseconds in a second.
const SECOND: i64 = 1_000_000_000;

/// Which repetition is being read, and how far.
#[derive(Debug)]
pub(super) struct Repetitions {
    instruments: usize,
    /// The receive time of the input's first message, and the latest of its times, in nanoseconds since the Unix epoch.
    span: Option<(i64, i64)>,
    /// How far the times of this repetition are moved, in nanoseconds.
    shift: i64,
    /// Bytes of this repetition, and of those before it.
    bytes: u64,
    bytes_before: u64,
}

impl Repetitions {
    /// The first repetition of an input of so many instruments.
    pub(super) fn new(instruments: usize) -> Repetitions {
        Repetitions {
            instruments,
            span: None,
            shift: 0,
            bytes: 0,
            bytes_before: 0,
        }
    }

    /// The times of a message in this repetition, of whose input so many bytes were read.
    ///
    /// # Errors
    /// Times that late cannot be said.
    pub(super) fn place(
        &mut self,
        ts_event: Timestamp,
        ts_recv: Timestamp,
        bytes: u64,
    ) -> Result<(Timestamp, Timestamp), TapeError> {
        self.read(bytes);
        let (_, last) = self.span.get_or_insert((ts_recv.0, ts_recv.0));
        *last = ts_event.0.max(ts_recv.0).max(*last);
        let moved = |time: Timestamp| time.0.checked_add(self.shift).map(Timestamp);
        match (moved(ts_event), moved(ts_recv)) {
            (Some(ts_event), Some(ts_recv)) => Ok((ts_event, ts_recv)),
            _ => Err(too_long()),
        }
    }

    /// Notes how many bytes of this repetition's input were read.
    pub(super) const fn read(&mut self, bytes: u64) {
        self.bytes = bytes;
    }

    /// The bytes read of all repetitions.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes_before.saturating_add(self.bytes)
    }

    /// Goes to the next repetition: later by the span of the input in whole seconds, rounded up, and one second more.
    ///
    /// # Errors
    /// Times that late cannot be said.
    pub(super) fn advance(&mut self) -> Result<(), TapeError> {
        self.bytes_before = self.bytes();
        self.bytes = 0;
        let Some((first, last)) = self.span else {
            return Ok(());
        };
        let span = last.checked_sub(first).ok_or_else(too_long)?;
        let seconds = span / SECOND + i64::from(span % SECOND > 0) + 1;
        let shift = seconds.checked_mul(SECOND);
        let shift = shift.and_then(|more| more.checked_add(self.shift));
        self.shift = shift.ok_or_else(too_long)?;
        Ok(())
    }

    /// Each instrument, and the input's first time: what the books held belongs to the repetition before.
    pub(super) fn clears(&self) -> impl Iterator<Item = (Timestamp, u16)> + use<> {
        let first = self.span.map(|(first, _)| Timestamp(first));
        let instruments = (0..=u16::MAX).take(self.instruments);
        first.into_iter().flat_map(move |time| {
            let instruments = instruments.clone();
            instruments.map(move |instrument| (time, instrument))
        })
    }
}

fn too_long() -> TapeError {
    TapeError::Request {
        why: "repeating the input: its times would be later than a tape can say; repeat it less often".to_owned(),
    }
}
