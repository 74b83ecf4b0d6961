//! The columns of one batch of a tape, held in memory.
//!
//! Takes in what a reader lends; gives out the same as the engine reads it, for as long as it is needed.

use backplane_engine::row::Columns;

/// The columns of one batch.
#[derive(Debug, Default)]
pub struct OwnedColumns {
    ts_event: Vec<i64>,
    ts_recv: Vec<i64>,
    price: Vec<i64>,
    size: Vec<u32>,
    level_size: Vec<u32>,
    priority: Vec<u32>,
    instrument: Vec<u16>,
    action: Vec<u8>,
    side: Vec<u8>,
    flags: Vec<u8>,
    signals: Vec<u8>,
    rank: Vec<u8>,
    order_id: Vec<u64>,
    sequence: Vec<u32>,
}

impl OwnedColumns {
    /// Takes over what a reader lends, instead of what was there; room is kept.
    pub fn fill(&mut self, columns: &backplane_tape::Columns<'_>) {
        refill(&mut self.ts_event, columns.ts_event);
        refill(&mut self.ts_recv, columns.ts_recv);
        refill(&mut self.price, columns.price);
        refill(&mut self.size, columns.size);
        refill(&mut self.level_size, columns.level_size);
        refill(&mut self.priority, columns.priority);
        refill(&mut self.instrument, columns.instrument);
        refill(&mut self.action, columns.action);
        refill(&mut self.side, columns.side);
        refill(&mut self.flags, columns.flags);
        refill(&mut self.signals, columns.signals);
        refill(&mut self.rank, columns.rank);
        if let Some(details) = &columns.details {
            refill(&mut self.order_id, details.order_id);
            refill(&mut self.sequence, details.sequence);
        }
    }

    /// The columns as the engine reads them.
    pub fn columns(&self) -> Columns<'_> {
        Columns {
            ts_event: &self.ts_event,
            ts_recv: &self.ts_recv,
            price: &self.price,
            size: &self.size,
            level_size: &self.level_size,
            priority: &self.priority,
            instrument: &self.instrument,
            action: &self.action,
            side: &self.side,
            flags: &self.flags,
            signals: &self.signals,
            rank: &self.rank,
            order_id: &self.order_id,
            sequence: &self.sequence,
        }
    }
}

fn refill<T: Copy>(column: &mut Vec<T>, values: &[T]) {
    column.clear();
    column.extend_from_slice(values);
}
