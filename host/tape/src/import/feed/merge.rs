//! Several channels as one.
//!
//! Takes in channels, each in the order of its receive times; gives out their updates, the earliest first, in the order
//! of the channels among equals.

use super::update::{Channel, Update};
use crate::error::TapeError;

/// Channels that are read at once.
const CHANNELS_MAX: usize = 4_096;
/// How far the receive times of a channel may run backwards, in nanoseconds: what is less is a jitter of the recording,
/// which the tape repairs and counts; what is more are files in the wrong order.
const BACKWARDS_MAX: i64 = 1_000_000_000;

/// A channel and its next update.
struct Lane {
    channel: Box<dyn Channel>,
    update: Update,
    is_open: bool,
    /// The latest receive time.
    latest: i64,
}

/// Channels that are read in step.
pub(super) struct Merge {
    lanes: Vec<Lane>,
}

impl Merge {
    /// Reads the first update of each channel.
    pub(super) fn begin(channels: Vec<Box<dyn Channel>>) -> Result<Merge, TapeError> {
        if channels.len() > CHANNELS_MAX {
            let why = format!(
                "the inputs hold {} streams, of which {CHANNELS_MAX} can be read at once; name fewer symbols",
                channels.len()
            );
            return Err(TapeError::Request { why });
        }
        let lanes = channels.into_iter().map(|channel| Lane {
            channel,
            update: Update::default(),
            is_open: true,
            latest: i64::MIN,
        });
        let mut merge = Merge {
            lanes: lanes.collect(),
        };
        for place in 0..merge.lanes.len() {
            merge.advance(place)?;
        }
        Ok(merge)
    }

    /// The earliest update and the place of its channel; none at the end.
    pub(super) fn earliest(&self) -> Option<(&Update, usize)> {
        let open = self
            .lanes
            .iter()
            .enumerate()
            .filter(|(_, lane)| lane.is_open);
        let earliest = open.min_by_key(|(place, lane)| (lane.update.ts_recv, *place));
        earliest.map(|(place, lane)| (&lane.update, place))
    }

    /// Reads the next update of a channel.
    pub(super) fn advance(&mut self, place: usize) -> Result<(), TapeError> {
        let Some(lane) = self.lanes.get_mut(place) else {
            return Ok(());
        };
        lane.is_open = lane.channel.next(&mut lane.update)?;
        let at = lane.update.ts_recv;
        if lane.is_open && at < lane.latest.saturating_sub(BACKWARDS_MAX) {
            return Err(lane.channel.wrong(
                None,
                "it was received more than a second before what comes before it; order the files by time".to_owned(),
            ));
        }
        lane.latest = lane.latest.max(at);
        Ok(())
    }

    /// An error at the latest update of a channel, or at a level of it.
    pub(super) fn wrong(&self, place: usize, level: Option<usize>, why: String) -> TapeError {
        match self.lanes.get(place) {
            Some(lane) => {
                let record = level.and_then(|level| lane.update.records.get(level).copied());
                lane.channel.wrong(record, why)
            }
            None => TapeError::Request { why },
        }
    }

    /// The bytes read of all channels.
    pub(super) fn bytes(&self) -> u64 {
        let bytes = self.lanes.iter().map(|lane| lane.channel.bytes());
        bytes.fold(0, u64::saturating_add)
    }
}
