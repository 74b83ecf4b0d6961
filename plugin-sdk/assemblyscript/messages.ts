// The plugin contract, ABI version 1, for AssemblyScript: docs/abi.md as classes.
//
// Takes in nothing; gives out the layouts of messages, commands and parameters, laid over memory without a copy. Prices,
// money: units of 1e-9. Times: nanoseconds since the Unix epoch. Sizes: the instrument's quantity unit. The host's tests
// compare every constant and offset with the SDK's.

export const ABI_VERSION: u32 = 1;
export const BATCH_MAX: u32 = 1024;

export const NO_PRICE: i64 = i64.MAX_VALUE;
export const NEVER: i64 = i64.MAX_VALUE;
export const NO_INSTRUMENT: u32 = u32.MAX_VALUE;
export const ALL_INSTRUMENTS: u32 = u32.MAX_VALUE;

// Kinds of messages.
export const TRADE: u8 = 1;
export const MBO: u8 = 2;
export const LEVEL: u8 = 3;
export const BBO: u8 = 4;
export const BAR: u8 = 5;
export const STATUS: u8 = 6;
export const DEFINITION: u8 = 7;
export const ORDER_UPDATE: u8 = 16;
export const FILL: u8 = 17;
export const TIMER: u8 = 32;
export const START: u8 = 33;
export const STOP: u8 = 34;

// Kinds of commands.
export const SUBMIT: u8 = 1;
export const MODIFY: u8 = 2;
export const CANCEL: u8 = 3;
export const CANCEL_ALL: u8 = 4;
export const SET_TIMER: u8 = 5;
export const CANCEL_TIMER: u8 = 6;
export const METRIC: u8 = 7;

// Sides: buyers and bids, sellers and asks, none.
export const BUY: u8 = 66; // B
export const SELL: u8 = 65; // A
export const NO_SIDE: u8 = 78; // N

// Actions of MBO.
export const ADD: u8 = 65; // A
export const CANCELED: u8 = 67; // C
export const MODIFIED: u8 = 77; // M
export const CLEAR: u8 = 82; // R
export const TRADED: u8 = 84; // T
export const FILLED: u8 = 70; // F

// Order types, times in force, flags of a command.
export const MARKET: u8 = 49; // 1
export const LIMIT: u8 = 50; // 2
export const STOP_ORDER: u8 = 51; // 3
export const STOP_LIMIT: u8 = 52; // 4
export const TRAILING_STOP: u8 = 80; // P
export const DAY: u8 = 48; // 0
export const GTC: u8 = 49; // 1
export const IOC: u8 = 51; // 3
export const FOK: u8 = 52; // 4
export const GTD: u8 = 54; // 6
export const POST_ONLY: u32 = 1;

// Statuses of ORDER_UPDATE.
export const NEW: u8 = 48; // 0
export const ORDER_CANCELED: u8 = 52; // 4
export const REPLACED: u8 = 53; // 5
export const REJECTED: u8 = 56; // 8
export const CANCEL_REJECTED: u8 = 57; // 9
export const EXPIRED: u8 = 67; // C
export const REPLACE_REJECTED: u8 = 71; // G

// Liquidity of FILL.
export const MAKER: u8 = 77; // M
export const TAKER: u8 = 84; // T

// Bits of a message's flags.
export const FLAG_LAST: u8 = 0x80;
export const FLAG_SNAPSHOT: u8 = 0x20;
export const FLAG_BAD_TS_RECV: u8 = 0x08;
export const FLAG_MAYBE_BAD_BOOK: u8 = 0x04;

// Levels of the log. LAST_WORDS: why the module traps next, "FILE:LINE\nREASON".
export const LAST_WORDS: u32 = 0;
export const ERROR: u32 = 1;
export const WARNING: u32 = 2;
export const INFORMATION: u32 = 3;
export const DEBUG: u32 = 4;

/** What a strategy hears: 64 bytes. `kind` says which of the classes below it is. */
@unmanaged
export class Message {
  kind: u8;
  flags: u8;
  side: u8;
  detail: u8;
  instrument: u32;
  tsEvent: i64;
  tsRecv: i64;

  /** Whether it is the last message of an atomic event. */
  get isLast(): bool {
    return (this.flags & FLAG_LAST) != 0;
  }
}

@unmanaged
export class Trade extends Message {
  price: i64;
  size: i64;
  sequence: u32;
}

@unmanaged
export class Mbo extends Message {
  orderId: u64;
  price: i64;
  size: i64;
  levelSize: i64;
  sequence: u32;
  rank: u8;
}

@unmanaged
export class Level extends Message {
  price: i64;
  size: i64;
  sequence: u32;
}

@unmanaged
export class Bbo extends Message {
  bidPrice: i64;
  bidSize: i64;
  askPrice: i64;
  askSize: i64;
  sequence: u32;
}

@unmanaged
export class Bar extends Message {
  open: i64;
  high: i64;
  low: i64;
  close: i64;
  volume: i64;
}

/** Part 0 of an instrument's definition; the symbol follows in parts of 40 bytes. */
@unmanaged
export class Definition extends Message {
  tick: i64;
  multiplier: i64;
  expiration: i64;
  currency: u64;
}

@unmanaged
export class OrderUpdate extends Message {
  orderId: u64;
  price: i64;
  quantity: i64;
  leaves: i64;
  reason: u16;
}

@unmanaged
export class Fill extends Message {
  orderId: u64;
  price: i64;
  quantity: i64;
  leaves: i64;
  fee: i64;
}

@unmanaged
export class Timer extends Message {
  timer: u64;
}

@unmanaged
export class Start extends Message {
  seed: u64;
}

/** What a strategy asks for: 80 bytes. */
@unmanaged
export class Command {
  kind: u8;
  side: u8;
  orderType: u8;
  timeInForce: u8;
  instrument: u32;
  id: u64;
  price: i64;
  quantity: i64;
  stopPrice: i64;
  trail: i64;
  displayed: i64;
  expireAt: i64;
  flags: u32;
  reserved: u32;
  reserved2: u64;
}

/** The value of a declared parameter: 16 bytes. */
@unmanaged
export class Param {
  kind: u32;
  reserved: u32;
  bits: u64;

  get integer(): i64 {
    return <i64>this.bits;
  }
  get number(): f64 {
    return reinterpret<f64>(this.bits);
  }
  get boolean(): bool {
    return this.bits != 0;
  }
}
