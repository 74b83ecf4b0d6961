//! The second reading of DBN files: all in step, the earliest receive time first.
//!
//! Takes in files and the places of their instruments; pushes what the records say into a session.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use backplane_sdk::types::{Flags, Side, Timestamp};

use super::super::bars::SourceBar;
use super::super::part::Part;
use super::super::session::Session;
use super::file::DatabentoFile;
use super::record::{InstrumentKey, Item, Order, Print, Says};
use super::survey::Placed;
use crate::error::TapeError;
use crate::hash::Lookup;
use crate::message::{LevelMessage, LevelSays, SourceMessage, StatusMessage};
use crate::statistics::Published;

/// A file and its next record.
struct Channel {
    file: DatabentoFile,
    next: Option<Item>,
}

/// Reads all files to their ends, in the order of the files among records of equal receive time. Gives the bytes read.
pub(super) fn merge(
    parts: &[Part],
    places: &Lookup<InstrumentKey, Placed>,
    session: &mut Session<'_, '_>,
) -> Result<u64, TapeError> {
    let mut channels = Vec::with_capacity(parts.len());
    // The receive time of each file's next record, earliest first.
    let mut agenda: BinaryHeap<Reverse<(Timestamp, usize)>> = BinaryHeap::new();
    for (place, part) in parts.iter().enumerate() {
        let mut file = DatabentoFile::open(part)?;
        let next = file.next()?;
        agenda.extend(next.iter().map(|item| Reverse((item.ts_recv, place))));
        channels.push(Channel { file, next });
    }
    let mut bytes: u64 = 0;
    while let Some(Reverse((_, place))) = agenda.pop() {
        let until = agenda.peek().map(|Reverse(next)| *next);
        let channel = &mut channels[place];
        let before = channel.file.bytes();
        // As long as this file has the earliest record, the others need not be asked.
        while let Some(item) = channel.next.take() {
            if until.is_some_and(|until| (item.ts_recv, place) > until) {
                agenda.push(Reverse((item.ts_recv, place)));
                channel.next = Some(item);
                break;
            }
            if let Some(placed) = places.get(&item.key).copied() {
                let read = bytes.saturating_add(channel.file.bytes() - before);
                tell(&item, placed, &channel.file, session, read)?;
            }
            channel.next = channel.file.next()?;
        }
        bytes = bytes.saturating_add(channel.file.bytes() - before);
    }
    Ok(bytes)
}

/// Pushes what a record says.
fn tell(
    item: &Item,
    placed: Placed,
    file: &DatabentoFile,
    session: &mut Session<'_, '_>,
    bytes: u64,
) -> Result<(), TapeError> {
    let instrument = placed.instrument;
    let mut flags = Flags(item.flags);
    if placed.ends_always {
        flags.0 |= Flags::LAST;
    }
    match &item.says {
        Says::Order(order) => session.push(&order_message(item, order, instrument, flags), bytes),
        Says::NoAction if flags.is_last() => session.end_event(instrument),
        Says::Trade(print) => session.level(&message(item, instrument, flags, trade(print)), bytes),
        Says::Book(print) => {
            if let Some(print) = print {
                let within = Flags(flags.0 & !Flags::LAST);
                session.level(&message(item, instrument, within, trade(print)), bytes)?;
            }
            book(item, instrument, flags, file, session, bytes)
        }
        Says::Bar(bar) => {
            let bar = SourceBar { instrument, ..*bar };
            if let Some(why) = bar.fault() {
                return Err(file.wrong(why));
            }
            let mut prints = bar.prints();
            prints.try_for_each(|print| session.level(&print, bytes))
        }
        Says::Status(status) => {
            let message = StatusMessage {
                ts_event: item.ts_event,
                ts_recv: item.ts_recv,
                sequence: item.sequence,
                instrument,
                status: *status,
            };
            session.status(&message, bytes)
        }
        Says::Statistic(published) => session.publish(Published {
            instrument,
            ..published.clone()
        }),
        Says::NoAction | Says::Definition(_) | Says::Nothing(_) => Ok(()),
    }
}

const fn order_message(item: &Item, order: &Order, instrument: u16, flags: Flags) -> SourceMessage {
    SourceMessage {
        ts_event: item.ts_event,
        ts_recv: item.ts_recv,
        order_id: order.order_id,
        price: order.price,
        size: order.size,
        sequence: item.sequence,
        instrument,
        action: order.action,
        side: order.side,
        flags,
    }
}

/// Pushes both sides of the book that a record shows.
fn book(
    item: &Item,
    instrument: u16,
    flags: Flags,
    file: &DatabentoFile,
    session: &mut Session<'_, '_>,
    bytes: u64,
) -> Result<(), TapeError> {
    for side in Side::BOTH {
        let levels = file.sides.levels[side.index()].as_slice();
        let flags = match side {
            Side::Buy => Flags(flags.0 & !Flags::LAST),
            Side::Sell => flags,
        };
        let says = LevelSays::Image { side, levels };
        session.level(&message(item, instrument, flags, says), bytes)?;
    }
    Ok(())
}

const fn trade(print: &Print) -> LevelSays<'static> {
    LevelSays::Trade {
        price: print.price,
        size: print.size,
        aggressor: print.aggressor,
    }
}

const fn message<'a>(
    item: &Item,
    instrument: u16,
    flags: Flags,
    says: LevelSays<'a>,
) -> LevelMessage<'a> {
    LevelMessage {
        ts_event: item.ts_event,
        ts_recv: item.ts_recv,
        sequence: item.sequence,
        instrument,
        flags,
        says,
    }
}
