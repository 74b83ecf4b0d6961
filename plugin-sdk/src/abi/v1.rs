//! ABI version 1: the frozen layouts.
//!
//! Takes in and gives out plain `repr(C)` little-endian data: every offset is asserted at compile time below, and every
//! reserved byte is zero. What the fields mean is in `docs/abi.md`; what they hold is set and read in `message.rs` and
//! `command.rs`.

use core::ffi::c_void;
use core::mem::{offset_of, size_of};

use crate::book::Level;

/// Kinds of [`Message`].
pub mod kind {
    /// A trade print.
    pub const TRADE: u8 = 1;
    /// An order-level message.
    pub const MBO: u8 = 2;
    /// A change of a price level.
    pub const LEVEL: u8 = 3;
    /// A new best bid or ask, prices and sizes.
    pub const BBO: u8 = 4;
    /// A finished bar.
    pub const BAR: u8 = 5;
    /// A change of trading status.
    pub const STATUS: u8 = 6;
    /// The definition of an instrument, or a part of its symbol.
    pub const DEFINITION: u8 = 7;
    /// News of an own order.
    pub const ORDER_UPDATE: u8 = 16;
    /// An execution of an own order.
    pub const FILL: u8 = 17;
    /// A timer is due.
    pub const TIMER: u8 = 32;
    /// The run starts.
    pub const START: u8 = 33;
    /// The run ends.
    pub const STOP: u8 = 34;
}

/// Kinds of [`Command`].
pub mod command_kind {
    /// A new order.
    pub const SUBMIT: u8 = 1;
    /// A new price and quantity for an open order.
    pub const MODIFY: u8 = 2;
    /// The end of an open order.
    pub const CANCEL: u8 = 3;
    /// The end of all open orders, of one instrument or of all.
    pub const CANCEL_ALL: u8 = 4;
    /// A timer.
    pub const SET_TIMER: u8 = 5;
    /// The end of a timer.
    pub const CANCEL_TIMER: u8 = 6;
    /// A value of a series that the strategy records.
    pub const METRIC: u8 = 7;
}

/// Bits of [`Command::flags`].
pub mod command_flag {
    /// Reject the order rather than let it take liquidity.
    pub const POST_ONLY: u32 = 1;
}

/// What the host tells a strategy: 64 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    all(feature = "native", not(target_family = "wasm")),
    derive(abi_stable::StableAbi)
)]
#[repr(C)]
pub struct Message {
    /// What the message is: one of [`kind`]. Unknown kinds are skipped.
    pub kind: u8,
    /// Databento's flag bits.
    pub flags: u8,
    /// `B`, `A` or `N`.
    pub side: u8,
    /// What the kind needs: an action, a status, an interval, a liquidity, a part number.
    pub detail: u8,
    /// The instrument's number.
    pub instrument: u32,
    /// The exchange's time in nanoseconds.
    pub ts_event: i64,
    /// The strategy's time in nanoseconds.
    pub ts_recv: i64,
    /// What the kind needs, see `docs/abi.md`.
    pub words: [u64; 5],
}

/// What a strategy asks of the host: 80 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    all(feature = "native", not(target_family = "wasm")),
    derive(abi_stable::StableAbi)
)]
#[repr(C)]
pub struct Command {
    /// What is asked: one of [`command_kind`]. Unknown kinds are a fault of the strategy.
    pub kind: u8,
    /// `B` or `A`; zero where no side is needed.
    pub side: u8,
    /// FIX `OrdType`.
    pub order_type: u8,
    /// FIX `TimeInForce`.
    pub time_in_force: u8,
    /// The instrument's number; `u32::MAX` for all.
    pub instrument: u32,
    /// The order's number; the timer's; the metric's place in the descriptor.
    pub id: u64,
    /// The limit price; a timer's time; the bits of a metric's `f64`.
    pub price: i64,
    /// The quantity.
    pub quantity: i64,
    /// The stop price.
    pub stop_price: i64,
    /// The distance of a trailing stop.
    pub trail: i64,
    /// The displayed quantity.
    pub displayed: i64,
    /// When a good-till-date order ends.
    pub expire_at: i64,
    /// Bits of [`command_flag`].
    pub flags: u32,
    /// Zero.
    pub reserved: u32,
    /// Zero.
    pub reserved_2: u64,
}

/// The value of a declared parameter: 16 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    all(feature = "native", not(target_family = "wasm")),
    derive(abi_stable::StableAbi)
)]
#[repr(C)]
pub struct ParamValue {
    /// 1 integer, 2 float, 3 boolean.
    pub kind: u32,
    /// Zero.
    pub reserved: u32,
    /// An `i64`, the bits of an `f64`, or 0 and 1.
    pub bits: u64,
}

/// A book lent to a native plugin: where its levels are. The addresses are good until the call returns.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    all(feature = "native", not(target_family = "wasm")),
    derive(abi_stable::StableAbi)
)]
#[repr(C)]
pub struct LentBook {
    /// The bids, best first.
    pub bids: *const Level,
    /// The asks, best first.
    pub asks: *const Level,
    /// The number of bids.
    pub bid_count: u32,
    /// The number of asks.
    pub ask_count: u32,
}

/// All books lent for one call. The book of instrument `i` starts `i * stride` bytes after `first`.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    all(feature = "native", not(target_family = "wasm")),
    derive(abi_stable::StableAbi)
)]
#[repr(C)]
pub struct LentBooks {
    /// The book of instrument 0.
    pub first: *const LentBook,
    /// Bytes from one book to the next.
    pub stride: u64,
    /// The number of books.
    pub count: u64,
}

/// Bytes that belong to whoever gave them.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    all(feature = "native", not(target_family = "wasm")),
    derive(abi_stable::StableAbi)
)]
#[repr(C)]
pub struct Bytes {
    /// The first byte.
    pub data: *const u8,
    /// The number of bytes.
    pub len: u64,
}

/// One line that a strategy logs.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    all(feature = "native", not(target_family = "wasm")),
    derive(abi_stable::StableAbi)
)]
#[repr(C)]
pub struct LogRecord {
    /// 1 error, 2 warning, 3 information, 4 debugging.
    pub level: u32,
    /// Zero.
    pub reserved: u32,
    /// The text, UTF-8.
    pub text: Bytes,
}

/// What a plugin's function gives back. The plugin owns what it points to and keeps it until its next call.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    all(feature = "native", not(target_family = "wasm")),
    derive(abi_stable::StableAbi)
)]
#[repr(C)]
pub struct Reply {
    /// The commands, in the order in which they were given.
    pub commands: *const Command,
    /// The number of commands.
    pub command_count: u64,
    /// The lines logged.
    pub logs: *const LogRecord,
    /// The number of lines.
    pub log_count: u64,
    /// What a call that gives bytes gives: a saved state, the text of an error or of a fault.
    pub bytes: Bytes,
    /// The source file of a fault, where it is known.
    pub file: Bytes,
    /// The line of a fault, 0 where it is not known.
    pub line: u32,
    /// The version of a saved state.
    pub state_version: u32,
}

/// What a plugin's function returns.
pub mod status {
    /// It did what was asked.
    pub const OK: u32 = 0;
    /// It refused; [`super::Reply::bytes`] says why.
    pub const REFUSED: u32 = 1;
    /// It panicked; [`super::Reply::bytes`], `file` and `line` say where. The state must not be used any more.
    pub const FAULT: u32 = 2;
}

/// The functions of a native plugin. Reached through the `abi_stable` root module, or through the plain C symbol
/// `backplane_plugin_v1`, a function without arguments that returns the address of this table. The table is frozen:
/// further functions come in a table of their own, behind a new field of the root module and a new symbol.
#[derive(Clone, Copy)]
#[cfg_attr(
    all(feature = "native", not(target_family = "wasm")),
    derive(abi_stable::StableAbi)
)]
#[repr(C)]
pub struct PluginTable {
    /// The number of bytes of this table.
    pub size: u64,
    /// [`super::ABI_VERSION`].
    pub abi_version: u32,
    /// Zero.
    pub reserved: u32,
    /// Gives the descriptor as UTF-8 JSON (`docs/abi.md`) in `bytes`.
    pub describe: unsafe extern "C" fn(reply: *mut Reply) -> u32,
    /// Makes an instance from `count` parameter values in the order in which the descriptor declares them, and writes
    /// its state to `state`.
    pub create: unsafe extern "C" fn(
        params: *const ParamValue,
        count: u64,
        state: *mut *mut c_void,
        reply: *mut Reply,
    ) -> u32,
    /// Delivers one message. The message and the books are good until the call returns.
    pub hear: unsafe extern "C" fn(
        state: *mut c_void,
        message: *const Message,
        books: *const LentBooks,
        reply: *mut Reply,
    ) -> u32,
    /// Gives the instance's state as `bytes` of `state_version`.
    pub save: unsafe extern "C" fn(state: *mut c_void, reply: *mut Reply) -> u32,
    /// Replaces the instance's state by saved bytes.
    pub load: unsafe extern "C" fn(
        state: *mut c_void,
        state_version: u32,
        data: *const u8,
        len: u64,
        reply: *mut Reply,
    ) -> u32,
    /// Ends the instance. `state` must not be used afterwards.
    pub destroy: unsafe extern "C" fn(state: *mut c_void),
}

/// The section of a native library that the host reads before it loads the library.
pub const HEADER_SECTION: &str = ".backplane";

/// The content of [`HEADER_SECTION`]: 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct PluginHeader {
    /// [`PluginHeader::MAGIC`].
    pub magic: [u8; 8],
    /// [`super::ABI_VERSION`], little-endian.
    pub abi_version: [u8; 4],
    /// 1 where panics unwind, 2 where they abort.
    pub panic_mode: u8,
    /// Zero.
    pub reserved: [u8; 3],
}

impl PluginHeader {
    /// How the section begins.
    pub const MAGIC: [u8; 8] = *b"BACKPLN\0";
    /// [`PluginHeader::panic_mode`] of a library whose panics can be caught.
    pub const UNWIND: u8 = 1;
    /// [`PluginHeader::panic_mode`] of a library whose panics end the process.
    pub const ABORT: u8 = 2;

    /// The header of a library built now, with the panic mode given.
    pub const fn new(unwinds: bool) -> PluginHeader {
        PluginHeader {
            magic: Self::MAGIC,
            abi_version: super::ABI_VERSION.to_le_bytes(),
            panic_mode: if unwinds { Self::UNWIND } else { Self::ABORT },
            reserved: [0; 3],
        }
    }
}

const _: () = {
    assert!(
        cfg!(target_endian = "little"),
        "Backplane needs a little-endian machine"
    );

    assert!(size_of::<Level>() == 16);
    assert!(offset_of!(Level, price) == 0);
    assert!(offset_of!(Level, size) == 8);

    assert!(size_of::<Message>() == 64);
    assert!(offset_of!(Message, kind) == 0);
    assert!(offset_of!(Message, flags) == 1);
    assert!(offset_of!(Message, side) == 2);
    assert!(offset_of!(Message, detail) == 3);
    assert!(offset_of!(Message, instrument) == 4);
    assert!(offset_of!(Message, ts_event) == 8);
    assert!(offset_of!(Message, ts_recv) == 16);
    assert!(offset_of!(Message, words) == 24);

    assert!(size_of::<Command>() == 80);
    assert!(offset_of!(Command, kind) == 0);
    assert!(offset_of!(Command, side) == 1);
    assert!(offset_of!(Command, order_type) == 2);
    assert!(offset_of!(Command, time_in_force) == 3);
    assert!(offset_of!(Command, instrument) == 4);
    assert!(offset_of!(Command, id) == 8);
    assert!(offset_of!(Command, price) == 16);
    assert!(offset_of!(Command, quantity) == 24);
    assert!(offset_of!(Command, stop_price) == 32);
    assert!(offset_of!(Command, trail) == 40);
    assert!(offset_of!(Command, displayed) == 48);
    assert!(offset_of!(Command, expire_at) == 56);
    assert!(offset_of!(Command, flags) == 64);
    assert!(offset_of!(Command, reserved) == 68);
    assert!(offset_of!(Command, reserved_2) == 72);

    assert!(size_of::<ParamValue>() == 16);
    assert!(offset_of!(ParamValue, kind) == 0);
    assert!(offset_of!(ParamValue, bits) == 8);

    assert!(size_of::<PluginHeader>() == 16);
    assert!(offset_of!(PluginHeader, abi_version) == 8);
    assert!(offset_of!(PluginHeader, panic_mode) == 12);
};

#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<LentBook>() == 24);
    assert!(offset_of!(LentBook, bids) == 0);
    assert!(offset_of!(LentBook, asks) == 8);
    assert!(offset_of!(LentBook, bid_count) == 16);
    assert!(offset_of!(LentBook, ask_count) == 20);
    assert!(offset_of!(crate::book::LevelBook, lent) == 0);

    assert!(size_of::<LentBooks>() == 24);
    assert!(size_of::<Bytes>() == 16);
    assert!(size_of::<LogRecord>() == 24);
    assert!(offset_of!(LogRecord, text) == 8);

    assert!(size_of::<Reply>() == 72);
    assert!(offset_of!(Reply, commands) == 0);
    assert!(offset_of!(Reply, command_count) == 8);
    assert!(offset_of!(Reply, logs) == 16);
    assert!(offset_of!(Reply, log_count) == 24);
    assert!(offset_of!(Reply, bytes) == 32);
    assert!(offset_of!(Reply, file) == 48);
    assert!(offset_of!(Reply, line) == 64);
    assert!(offset_of!(Reply, state_version) == 68);

    assert!(size_of::<PluginTable>() == 64);
    assert!(offset_of!(PluginTable, size) == 0);
    assert!(offset_of!(PluginTable, abi_version) == 8);
    assert!(offset_of!(PluginTable, describe) == 16);
    assert!(offset_of!(PluginTable, create) == 24);
    assert!(offset_of!(PluginTable, hear) == 32);
    assert!(offset_of!(PluginTable, save) == 40);
    assert!(offset_of!(PluginTable, load) == 48);
    assert!(offset_of!(PluginTable, destroy) == 56);
};
