//! Reading messages and commands that the other side of the boundary has just written.
//!
//! Takes in an address; gives out a copy, read field by field. A processor hands what was just stored to a load of the
//! same width at once, but makes a wider one wait until all of it has reached the cache; a plain copy is made of wide
//! loads, and that wait was the dearest part of a call.

use core::ptr::read_volatile as read;

#[cfg(feature = "host")]
use super::v1::Command;
use super::v1::Message;

impl Message {
    /// The message at an address.
    ///
    /// # Safety
    /// A message lives there, which nobody changes during the call.
    #[inline]
    pub(in crate::abi) unsafe fn read(from: *const Message) -> Message {
        // SAFETY: the caller's promise; every field is of the message that lives there.
        unsafe {
            let words = &raw const (*from).words;
            let word = |place: usize| read(words.cast::<u64>().add(place));
            Message {
                kind: read(&raw const (*from).kind),
                flags: read(&raw const (*from).flags),
                side: read(&raw const (*from).side),
                detail: read(&raw const (*from).detail),
                instrument: read(&raw const (*from).instrument),
                ts_event: read(&raw const (*from).ts_event),
                ts_recv: read(&raw const (*from).ts_recv),
                words: [word(0), word(1), word(2), word(3), word(4)],
            }
        }
    }
}

#[cfg(feature = "host")]
impl Command {
    /// The command at an address.
    ///
    /// # Safety
    /// A command lives there, which nobody changes during the call.
    #[inline]
    pub(in crate::abi) unsafe fn read(from: *const Command) -> Command {
        // SAFETY: the caller's promise; every field is of the command that lives there.
        unsafe {
            Command {
                kind: read(&raw const (*from).kind),
                side: read(&raw const (*from).side),
                order_type: read(&raw const (*from).order_type),
                time_in_force: read(&raw const (*from).time_in_force),
                instrument: read(&raw const (*from).instrument),
                id: read(&raw const (*from).id),
                price: read(&raw const (*from).price),
                quantity: read(&raw const (*from).quantity),
                stop_price: read(&raw const (*from).stop_price),
                trail: read(&raw const (*from).trail),
                displayed: read(&raw const (*from).displayed),
                expire_at: read(&raw const (*from).expire_at),
                flags: read(&raw const (*from).flags),
                reserved: read(&raw const (*from).reserved),
                reserved_2: read(&raw const (*from).reserved_2),
            }
        }
    }
}
