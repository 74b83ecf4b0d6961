//! What the rows of an order-level tape say, told as messages again.
//!
//! Takes in rows; gives out [`SourceMessage`]s. What the resolver tells in two rows is one message here: a C row of all
//! of an order and the A row of the same order right behind it are a modification. So is a C row that leaves something of
//! its order, which is how a tape tells that an order became smaller.

use backplane_sdk::types::{Action, Flags, Price, Side, Timestamp};

use crate::message::SourceMessage;
use crate::row::Row;

/// Tells rows as messages, one row behind.
#[derive(Debug, Default)]
pub(super) struct Retelling {
    /// A C row of all of an order, which may be the first half of a modification.
    cancel: Option<Row>,
}

impl Retelling {
    /// Takes in the next row; tells the message that it ends, and the one before it where that waited for it.
    pub(super) fn push(&mut self, row: &Row, tell: &mut impl FnMut(&SourceMessage)) {
        if let Some(cancel) = self.cancel.take() {
            let same = |row: &Row| (row.instrument, row.order_id, row.sequence);
            if row.action == Action::Add.code() && same(row) == same(&cancel) {
                return tell(&message(row, Action::Modify, row.size));
            }
            tell(&message(&cancel, Action::Cancel, cancel.size));
        }
        let Some(action) = Action::from_code(row.action) else {
            return;
        };
        match action {
            Action::Cancel if row.remaining > 0 => {
                tell(&message(row, Action::Modify, row.remaining));
            }
            Action::Cancel if row.order_id != 0 && !row.is_last() => self.cancel = Some(*row),
            _ => tell(&message(row, action, row.size)),
        }
    }

    /// Tells what still waits.
    pub(super) fn finish(&mut self, tell: &mut impl FnMut(&SourceMessage)) {
        if let Some(cancel) = self.cancel.take() {
            tell(&message(&cancel, Action::Cancel, cancel.size));
        }
    }
}

fn message(row: &Row, action: Action, size: u32) -> SourceMessage {
    SourceMessage {
        ts_event: Timestamp(row.ts_event),
        ts_recv: Timestamp(row.ts_recv),
        order_id: row.order_id,
        price: Price(row.price),
        size,
        sequence: row.sequence,
        instrument: row.instrument,
        action,
        side: Side::from_code(row.side),
        flags: Flags(row.flags),
    }
}
