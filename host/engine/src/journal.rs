//! The digest of what a strategy did and met.
//!
//! Takes in effects in the order in which they happen: commands as given, order news and executions as delivered; gives
//! out a BLAKE3 digest. Two runs are the same exactly if their digests are.
//!
//! A record is a row of 64-bit little-endian words. The first is its head, from the lowest byte: the kind of record (1
//! command, 2 news, 3 execution, 4 settlement), then letters and numbers of the plugin contract (`docs/abi.md`). Hashing costs more
//! than all else that a command does, so a record leaves out what follows from others: a cancellation says no price, and
//! news that an order is open or cancelled says only which and when.
//!
//! | record | head | words |
//! |---|---|---|
//! | submit | 1, kind, side, type, time in force, 1 if the last four words are there | time, id, instrument and flags (32 bits each), price, quantity; where one of them is set: stop price, trail, displayed, expiry |
//! | modify | 1, kind, 0, 0, 0, 1 if the last word is there | time, id, price, quantity; where it is set: stop price |
//! | other command | 1, kind | time, id, and what else the kind uses: timer and metric the price, cancel-all the instrument |
//! | open, cancelled | 2, status, side, 0, reason (16 bits) | id, exchange time, local time |
//! | other news | 2, status, side, 1, reason (16 bits) | id, exchange time, local time, instrument, price, quantity, leaves |
//! | execution | 3, liquidity, side | id, exchange time, local time, instrument, price, quantity, leaves, fee |
//! | settlement | 4, occasion | exchange time, local time, instrument, price, position before and after, amount (128 bits) |

use backplane_sdk::abi::{Command, Message, v1::command_kind};
use backplane_sdk::types::{OrderStatus, Price, Timestamp};

use crate::record::SettlementRecord;

/// Bytes gathered before they are hashed; many at once are hashed several times faster than one by one, and as fast as
/// can be where every chunk of BLAKE3 begins at a multiple of its size.
const GATHERED_BYTES: usize = 16 * 1024;
/// The most bytes of one record.
const RECORD_BYTES_MAX: usize = 128;
const COMMAND: u8 = 1;
const NEWS: u8 = 2;
const EXECUTION: u8 = 3;
const SETTLEMENT: u8 = 4;

/// The digest of one strategy instance.
pub struct Journal {
    /// Apart, because it is 2 KB of what is rarely touched.
    hasher: Box<blake3::Hasher>,
    gathered: Box<[u8]>,
    length: usize,
}

impl Default for Journal {
    fn default() -> Journal {
        Journal {
            hasher: Box::default(),
            gathered: vec![0; GATHERED_BYTES + RECORD_BYTES_MAX].into(),
            length: 0,
        }
    }
}

impl Journal {
    /// A command was given at local time `at`.
    #[inline]
    pub fn command(&mut self, at: i64, command: &Command) {
        let (at, id, kind) = (at as u64, command.id, command.kind);
        let price = command.price as u64;
        let head = u64::from_le_bytes([COMMAND, kind, 0, 0, 0, 0, 0, 0]);
        match kind {
            command_kind::SUBMIT => self.submit(at, command),
            command_kind::MODIFY => self.modify(at, command),
            command_kind::CANCEL | command_kind::CANCEL_TIMER => self.put([head, at, id]),
            command_kind::CANCEL_ALL => self.put([head, at, id, command.instrument.into()]),
            _ => self.put([head, at, id, price]),
        }
    }

    #[inline]
    fn submit(&mut self, at: u64, command: &Command) {
        let x = command;
        let is_wide = x.stop_price != Price::UNDEFINED.0
            || x.trail != Price::UNDEFINED.0
            || x.displayed != 0
            || x.expire_at != Timestamp::MAX.0;
        let (kind, wide) = (x.order_type, u8::from(is_wide));
        let head = [COMMAND, x.kind, x.side, kind, x.time_in_force, wide, 0, 0];
        let head = u64::from_le_bytes(head);
        let whose = u64::from(x.instrument) | u64::from(x.flags) << 32;
        self.put([head, at, x.id, whose, x.price as u64, x.quantity as u64]);
        if is_wide {
            let further = [x.stop_price, x.trail, x.displayed, x.expire_at];
            self.put(further.map(|x| x as u64));
        }
    }

    #[inline]
    fn modify(&mut self, at: u64, command: &Command) {
        let x = command;
        let is_wide = x.stop_price != 0 && x.stop_price != Price::UNDEFINED.0;
        let wide = u8::from(is_wide);
        let head = u64::from_le_bytes([COMMAND, x.kind, 0, 0, 0, wide, 0, 0]);
        self.put([head, at, x.id, x.price as u64, x.quantity as u64]);
        if is_wide {
            self.put([x.stop_price as u64]);
        }
    }

    /// News of an order was delivered.
    #[inline]
    pub fn update(&mut self, message: &Message) {
        let [id, price, quantity, leaves, reason] = message.words;
        let status = message.detail;
        let is_short = status == OrderStatus::New as u8 || status == OrderStatus::Canceled as u8;
        let [low, high] = (reason as u16).to_le_bytes();
        let long = u8::from(!is_short);
        let head = [NEWS, status, message.side, long, low, high, 0, 0];
        let (happened, heard) = (message.ts_event as u64, message.ts_recv as u64);
        self.put([u64::from_le_bytes(head), id, happened, heard]);
        if !is_short {
            self.put([message.instrument.into(), price, quantity, leaves]);
        }
    }

    /// An execution was delivered.
    pub fn fill(&mut self, message: &Message) {
        let [id, price, quantity, leaves, fee] = message.words;
        let head = [EXECUTION, message.detail, message.side, 0, 0, 0, 0, 0];
        let (happened, heard) = (message.ts_event as u64, message.ts_recv as u64);
        self.put([u64::from_le_bytes(head), id, happened, heard]);
        self.put([message.instrument.into(), price, quantity, leaves, fee]);
    }

    /// Something happened to a position without an order.
    pub fn settlement(&mut self, record: &SettlementRecord) {
        let x = record;
        let head = u64::from_le_bytes([SETTLEMENT, x.occasion.number(), 0, 0, 0, 0, 0, 0]);
        let (happened, heard) = (x.ts_event.0 as u64, x.at.0 as u64);
        self.put([head, happened, heard, x.instrument.0.into()]);
        let positions = [x.price.0, x.before.0, x.position.0].map(|x| x as u64);
        self.put(positions);
        self.put([x.amount.0 as u64, (x.amount.0 >> 64) as u64]);
    }

    /// The digest of all effects so far.
    pub fn digest(&mut self) -> [u8; 32] {
        self.hasher.update(&self.gathered[..self.length]);
        self.length = 0;
        self.hasher.finalize().into()
    }

    /// Adds words.
    #[inline]
    fn put<const COUNT: usize>(&mut self, words: [u64; COUNT]) {
        let end = self.length + 8 * COUNT;
        let room = &mut self.gathered[self.length..end];
        for (chunk, word) in room.chunks_exact_mut(8).zip(words) {
            chunk.copy_from_slice(&word.to_le_bytes());
        }
        self.length = end;
        if end >= GATHERED_BYTES {
            self.hash();
        }
    }

    #[cold]
    fn hash(&mut self) {
        self.hasher.update(&self.gathered[..GATHERED_BYTES]);
        self.gathered.copy_within(GATHERED_BYTES..self.length, 0);
        self.length -= GATHERED_BYTES;
    }
}

/// The digest of a run: that of the sorted list of its instances' digests, so that their order does not matter.
pub fn run_digest(instances: impl IntoIterator<Item = [u8; 32]>) -> [u8; 32] {
    let mut digests: Vec<[u8; 32]> = instances.into_iter().collect();
    digests.sort_unstable();
    let mut hasher = blake3::Hasher::new();
    for digest in &digests {
        hasher.update(digest);
    }
    hasher.finalize().into()
}
