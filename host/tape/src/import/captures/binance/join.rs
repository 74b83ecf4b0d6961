//! Joining depth updates to a snapshot.
//!
//! Takes in depth updates and snapshots of one symbol in the order in which they were received; gives out a book and
//! its changes. The rules are those of Binance's documentation, "How to manage a local order book correctly":
//! - Updates wait until there is a snapshot. Those that end before it are dropped (futures: before its last update;
//!   spot: at or before it). The first that is used must reach over the snapshot's last update.
//! - Each update must continue the one before: futures say the number of its end (`pu`); on spot the first number is
//!   that end and one.
//! - Where an update does not, something was lost. The book is doubtful from there until the next snapshot.

use super::super::json::Level;
use super::message::{Depth, Snapshot};

/// Levels of updates that may wait for a snapshot.
const WAITING_LEVELS_MAX: usize = 1 << 21;

/// A change of the book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// Milliseconds since the Unix epoch; for a snapshot that does not say it, that of the latest update, if any.
    pub(super) time: Option<i64>,
    /// The last update in it.
    pub(super) last: u64,
    /// Whether it is the whole book.
    pub(super) is_whole: bool,
    /// Whether something before it was lost.
    pub(super) is_doubtful: bool,
    pub(super) bids: Vec<Level>,
    pub(super) asks: Vec<Level>,
}

/// What becomes of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Joined {
    pub(super) steps: Vec<Step>,
    /// Whether it showed that something was lost.
    pub(super) gap: bool,
}

/// An update without its symbol.
#[derive(Debug)]
struct Waiting {
    time: i64,
    first: u64,
    last: u64,
    previous: Option<u64>,
    bids: Vec<Level>,
    asks: Vec<Level>,
}

/// Where the joining of one symbol stands.
#[derive(Debug, Default)]
pub(super) struct Join {
    /// Updates since the last one that is in the book.
    waiting: Vec<Waiting>,
    waiting_levels: usize,
    /// The last update in the book; none before the first snapshot.
    last: Option<u64>,
    /// The time of the latest update that was heard.
    latest: Option<i64>,
    /// Whether the book is a snapshot that no update continued yet.
    is_fresh: bool,
    is_doubtful: bool,
}

impl Join {
    /// How many updates wait, where there was no snapshot.
    pub(super) fn waiting(&self) -> Option<usize> {
        let waits = self.last.is_none() && !self.waiting.is_empty();
        waits.then_some(self.waiting.len())
    }

    /// Takes in a depth update.
    pub(super) fn depth(&mut self, depth: Depth<'_>) -> Result<Joined, String> {
        if depth.first > depth.last {
            return Err(format!(
                "its first update {} is after its last {}",
                depth.first, depth.last
            ));
        }
        self.latest = self.latest.max(Some(depth.time));
        let update = Waiting {
            time: depth.time,
            first: depth.first,
            last: depth.last,
            previous: depth.previous,
            bids: depth.bids,
            asks: depth.asks,
        };
        let mut joined = Joined::default();
        if self.last.is_some() {
            self.apply(update, &mut joined);
            return Ok(joined);
        }
        // One that changes nothing is kept too.
        self.waiting_levels += 1 + update.bids.len() + update.asks.len();
        if self.waiting_levels > WAITING_LEVELS_MAX {
            return Err(format!(
                "{WAITING_LEVELS_MAX} changes of levels wait for a snapshot, which does not come"
            ));
        }
        self.waiting.push(update);
        Ok(joined)
    }

    /// Takes in a snapshot: the book, and all that waited and continues it. One that is older than the book is passed
    /// over, unless the book is doubtful.
    pub(super) fn snapshot(&mut self, snapshot: Snapshot<'_>) -> Result<Joined, String> {
        let mut joined = Joined::default();
        if !self.is_doubtful && self.last.is_some_and(|last| snapshot.last <= last) {
            return Ok(joined);
        }
        self.last = Some(snapshot.last);
        self.is_fresh = true;
        self.is_doubtful = false;
        joined.steps.push(Step {
            time: snapshot.time.or(self.latest),
            last: snapshot.last,
            is_whole: true,
            is_doubtful: false,
            bids: snapshot.bids,
            asks: snapshot.asks,
        });
        self.waiting_levels = 0;
        for update in std::mem::take(&mut self.waiting) {
            self.apply(update, &mut joined);
        }
        Ok(joined)
    }

    fn apply(&mut self, update: Waiting, joined: &mut Joined) {
        let Some(last) = self.last else {
            return;
        };
        let is_old = match update.previous {
            Some(_) => update.last < last || !self.is_fresh && update.last <= last,
            None => update.last <= last,
        };
        if is_old {
            return;
        }
        let continues = match (self.is_fresh, update.previous) {
            (true, Some(previous)) => previous <= last,
            (true, None) => update.first <= last.saturating_add(1),
            (false, Some(previous)) => previous == last,
            (false, None) => update.first == last.saturating_add(1),
        };
        if !continues {
            joined.gap = true;
            self.is_doubtful = true;
        }
        self.is_fresh = false;
        self.last = Some(update.last);
        joined.steps.push(Step {
            time: Some(update.time),
            last: update.last,
            is_whole: false,
            is_doubtful: self.is_doubtful,
            bids: update.bids,
            asks: update.asks,
        });
    }
}
