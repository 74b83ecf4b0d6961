//! What a feed of price levels says at once.
//!
//! Takes in what the sources' own modules read; gives out the one shape that becomes an atomic event of a tape.

use backplane_sdk::types::Side;

use super::decimal::Decimal;
use crate::error::TapeError;

/// What becomes of the levels that an update does not name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Others {
    /// They stay.
    #[default]
    Stay,
    /// They go: the update is the whole book.
    Go,
}

/// A price level and what rests there from now on; zero where it is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LevelSet {
    pub(crate) side: Side,
    pub(crate) price: Decimal,
    pub(crate) size: Decimal,
}

/// A trade print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Print {
    pub(crate) price: Decimal,
    pub(crate) size: Decimal,
    /// The aggressor's side, where the source says it.
    pub(crate) aggressor: Option<Side>,
}

/// One atomic event of one instrument, in the source's numbers. Its buffers are used again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Update {
    /// The venue's symbol.
    pub(crate) symbol: String,
    /// The exchange's time, nanoseconds since the Unix epoch.
    pub(crate) ts_event: i64,
    /// The local time, nanoseconds since the Unix epoch; that of the exchange where the source has none.
    pub(crate) ts_recv: i64,
    /// The source's number of the event. Tapes hold its lowest 32 bits.
    pub(crate) sequence: u64,
    /// Whether the source was seen to have lost something, so that the book may be wrong.
    pub(crate) is_doubtful: bool,
    /// Whether it says what rests, and not what changed just then.
    pub(crate) is_snapshot: bool,
    /// What becomes of the levels that are not named.
    pub(crate) others: Others,
    /// Where the print is one of several into which a bar's volume is parted: its number among how many.
    pub(crate) share: Option<(u8, u8)>,
    /// Whether the print is made of a bar.
    pub(crate) is_bar: bool,
    /// The trades, which come before the levels.
    pub(crate) prints: Vec<Print>,
    /// The levels that change.
    pub(crate) levels: Vec<LevelSet>,
    /// For each level the number of its record, where records are levels.
    pub(crate) records: Vec<u64>,
}

impl Update {
    /// Whether another update, which comes next, is of the same atomic event: same instrument and times, and it does not
    /// begin the book anew.
    pub(crate) fn is_same_event(&self, next: &Update) -> bool {
        let this = (self.ts_recv, self.ts_event, self.is_snapshot, &self.symbol);
        let that = (next.ts_recv, next.ts_event, next.is_snapshot, &next.symbol);
        this == that && next.others == Others::Stay
    }

    /// Begins a new update in the same buffers.
    pub(crate) fn begin(&mut self, symbol: &str, ts_event: i64, ts_recv: i64) {
        self.symbol.clear();
        self.symbol.push_str(symbol);
        self.ts_event = ts_event;
        self.ts_recv = ts_recv;
        self.sequence = 0;
        self.is_doubtful = false;
        self.is_snapshot = false;
        self.others = Others::Stay;
        self.share = None;
        self.is_bar = false;
        self.prints.clear();
        self.levels.clear();
        self.records.clear();
    }
}

/// Updates in the order of their local times.
pub(crate) trait Channel {
    /// Reads the next update; `false` at the end.
    fn next(&mut self, update: &mut Update) -> Result<bool, TapeError>;

    /// An error at the update that was read last, or at the record of a number within it.
    fn wrong(&self, record: Option<u64>, why: String) -> TapeError;

    /// The bytes read so far, uncompressed.
    fn bytes(&self) -> u64;

    /// What was noticed so far, in words that end in a count's noun, and how often.
    fn noticed(&self) -> Vec<(&'static str, u64)> {
        Vec::new()
    }
}
