//! One row of a tape as the engine replays it, and the columns from which rows are made.
//!
//! Takes in a tape's columns as slices, whoever reads them; gives out rows. What a replay would have to look up
//! was resolved when the tape was imported: the size of the level afterwards, its place in the book, and the priority of
//! the order that the row touches. So a row costs arithmetic, never a search for an order.

/// Bits of [`Row::signals`]: what a row means to those who listen. They are part of the tape's format; the last is
/// added by the replay.
pub mod signal {
    /// The row is a trade print.
    pub const TRADE: u8 = 1 << 0;
    /// The exchange simulation must look at the row: an execution, a new best level, a hidden trade.
    pub const MATCH: u8 = 1 << 1;
    /// The row changes a price level.
    pub const BOOK: u8 = 1 << 2;
    /// A best price differs from that after the instrument's last event. Only where [`LAST`] is.
    pub const BBO_PRICE: u8 = 1 << 3;
    /// A best price or size differs from that after the instrument's last event. Only where [`LAST`] is.
    pub const BBO: u8 = 1 << 4;
    /// A trade that no visible order accounts for.
    pub const HIDDEN: u8 = 1 << 5;
    /// The row ends an atomic event.
    pub const LAST: u8 = 1 << 6;
    /// The row begins an atomic event.
    pub const START: u8 = LAST << 1;
}

/// One row of a tape.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// The exchange's time in nanoseconds: never less than that of the row before.
    pub ts_event: i64,
    /// When the strategies hear of it: never less than that of the row before, nor than `ts_event`.
    pub ts_recv: i64,
    /// The price in units of 1e-9.
    pub price: i64,
    /// The quantity added, cancelled, executed or traded; for a modification the order's new size.
    pub size: u32,
    /// What rests at the price and side after the row.
    pub level_size: u32,
    /// The number of the tape row, from 1, at which the touched order took its place in the queue; 0 where it is older
    /// than the tape.
    pub priority: u32,
    /// The number of the instrument.
    pub instrument: u16,
    /// Databento's letter.
    pub action: u8,
    /// `B`, `A` or `N`.
    pub side: u8,
    /// Databento's flags.
    pub flags: u8,
    /// Bits of [`signal`].
    pub signals: u8,
    /// The place of the level in its side, best first; 255 stands for that and everything behind it.
    pub rank: u8,
}

impl Row {
    /// When the strategies hear of the row.
    #[inline]
    pub const fn local(&self) -> i64 {
        self.ts_recv
    }

    /// Whether any of these bits of [`signal`] is set.
    #[inline]
    pub const fn has(&self, signals: u8) -> bool {
        self.signals & signals != 0
    }
}

/// What only subscribers of single orders need of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Detail {
    /// The exchange's number of the order; 0 where it is not known.
    pub order_id: u64,
    /// The source's sequence number.
    pub sequence: u32,
}

/// The columns of a batch of a tape, all of one length. Their meaning and units are those of the tape's format.
#[derive(Clone, Copy, Debug, Default)]
pub struct Columns<'a> {
    /// The exchange's time, nanoseconds.
    pub ts_event: &'a [i64],
    /// The recorder's time, nanoseconds.
    pub ts_recv: &'a [i64],
    /// See [`Row::price`].
    pub price: &'a [i64],
    /// See [`Row::size`].
    pub size: &'a [u32],
    /// See [`Row::level_size`].
    pub level_size: &'a [u32],
    /// See [`Row::priority`].
    pub priority: &'a [u32],
    /// See [`Row::instrument`].
    pub instrument: &'a [u16],
    /// See [`Row::action`].
    pub action: &'a [u8],
    /// See [`Row::side`].
    pub side: &'a [u8],
    /// See [`Row::flags`].
    pub flags: &'a [u8],
    /// Bits of [`signal`].
    pub signals: &'a [u8],
    /// See [`Row::rank`].
    pub rank: &'a [u8],
    /// See [`Detail::order_id`]; empty where nobody asked for details.
    pub order_id: &'a [u64],
    /// See [`Detail::sequence`]; empty where nobody asked for details.
    pub sequence: &'a [u32],
}

impl<'a> Columns<'a> {
    /// The first so many rows.
    #[must_use]
    pub fn first(&self, count: usize) -> Columns<'a> {
        fn cut<T>(column: &[T], count: usize) -> &[T] {
            &column[..count.min(column.len())]
        }
        Columns {
            ts_event: cut(self.ts_event, count),
            ts_recv: cut(self.ts_recv, count),
            price: cut(self.price, count),
            size: cut(self.size, count),
            level_size: cut(self.level_size, count),
            priority: cut(self.priority, count),
            instrument: cut(self.instrument, count),
            action: cut(self.action, count),
            side: cut(self.side, count),
            flags: cut(self.flags, count),
            signals: cut(self.signals, count),
            rank: cut(self.rank, count),
            order_id: cut(self.order_id, count),
            sequence: cut(self.sequence, count),
        }
    }

    /// The number of rows: that of the shortest column.
    pub fn len(&self) -> usize {
        let longs = [self.ts_event, self.ts_recv, self.price].map(<[i64]>::len);
        let words = [self.size, self.level_size, self.priority].map(<[u32]>::len);
        let bytes = [self.action, self.side, self.flags, self.signals, self.rank].map(<[u8]>::len);
        let lengths = longs.into_iter().chain(words).chain(bytes);
        lengths.min().unwrap_or(0).min(self.instrument.len())
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
