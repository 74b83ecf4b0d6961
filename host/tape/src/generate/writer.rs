//! Where the messages of an event are written down.
//!
//! Takes in what happens to orders in whole ticks; gives out finished messages with prices, times, sequence numbers and
//! the flag that ends the event.

use backplane_sdk::types::{Action, Flags, Price, Side, Timestamp};

use super::ladder::BID;
use crate::message::SourceMessage;

/// The messages that are not handed over yet.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    messages: Vec<SourceMessage>,
    taken: usize,
    sequence: u32,
    instrument: u16,
    ts_event: Timestamp,
    ts_recv: Timestamp,
    flags: Flags,
    tick: i64,
    /// What sizes are multiples of.
    unit: u32,
}

/// The side that an index stands for.
#[inline]
pub(super) const fn side_of(index: usize) -> Side {
    if index == BID { Side::Buy } else { Side::Sell }
}

impl Writer {
    /// A writer of prices in steps of `tick`, in units of 1e-9, and of sizes in multiples of `unit`.
    pub(super) fn new(tick: Price, unit: u32) -> Writer {
        Writer {
            messages: Vec::new(),
            taken: 0,
            sequence: 0,
            instrument: 0,
            ts_event: Timestamp::MIN,
            ts_recv: Timestamp::MIN,
            flags: Flags(0),
            tick: tick.0,
            unit,
        }
    }

    /// Begins an event of an instrument that was received `latency_nanos` after it happened, and never before the
    /// event that was written last.
    pub(super) fn begin(&mut self, instrument: u16, ts_event: Timestamp, latency_nanos: i64) {
        if self.taken == self.messages.len() {
            self.messages.clear();
            self.taken = 0;
        }
        self.instrument = instrument;
        self.ts_event = ts_event;
        self.ts_recv = Timestamp(self.ts_recv.0.max(ts_event.0 + latency_nanos));
        self.flags = Flags(0);
    }

    /// Marks the messages of the event as parts of a snapshot.
    pub(super) fn mark_snapshot(&mut self) {
        self.flags = Flags(Flags::SNAPSHOT);
    }

    /// Writes that the book is emptied.
    pub(super) fn clear(&mut self) {
        self.write(Action::Clear, None, 0, Price::UNDEFINED, 0);
    }

    /// Writes what happens to an order. `side` is an index, `price_ticks` a price in whole ticks.
    #[inline]
    pub(super) fn push(
        &mut self,
        action: Action,
        side: usize,
        order_id: u64,
        price_ticks: i32,
        size: u32,
    ) {
        let price = Price(i64::from(price_ticks) * self.tick);
        self.write(action, Some(side_of(side)), order_id, price, size);
    }

    #[inline]
    fn write(
        &mut self,
        action: Action,
        side: Option<Side>,
        order_id: u64,
        price: Price,
        size: u32,
    ) {
        self.sequence += 1;
        self.messages.push(SourceMessage {
            ts_event: self.ts_event,
            ts_recv: self.ts_recv,
            order_id,
            price,
            size: size.saturating_mul(self.unit),
            sequence: self.sequence,
            instrument: self.instrument,
            action,
            side,
            flags: self.flags,
        });
    }

    /// Ends the event.
    pub(super) fn finish(&mut self) {
        if let Some(last) = self.messages.last_mut() {
            last.flags = Flags(last.flags.0 | Flags::LAST);
        }
    }

    /// The next message that is not handed over yet.
    #[inline]
    pub(super) fn take(&mut self) -> Option<SourceMessage> {
        let message = self.messages.get(self.taken).copied()?;
        self.taken += 1;
        Some(message)
    }
}
