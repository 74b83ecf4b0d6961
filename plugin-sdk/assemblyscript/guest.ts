// A strategy in AssemblyScript as a WebAssembly module.
//
// Takes in the host's calls (exports.ts); gives out calls of the author's Strategy, and what it asked for. An author's
// file names one strategy and exports what the host calls:
//
//     import { Strategy, use } from "backplane/guest";
//     export * from "backplane/exports";
//     class Mine extends Strategy { ... }
//     use(new Mine());
//
// and is compiled with `--exportStart _initialize --use abort=.../guest/abort`, so that nothing runs before the host asks
// for it, and the host hears why a strategy aborts.

import {
  ALL_INSTRUMENTS,
  BATCH_MAX,
  CANCEL,
  CANCEL_ALL,
  CANCEL_TIMER,
  Command,
  GTC,
  IOC,
  LAST_WORDS,
  LIMIT,
  MARKET,
  METRIC,
  MODIFY,
  Message,
  NEVER,
  NO_PRICE,
  Param,
  SET_TIMER,
  SUBMIT,
} from "./messages";

@external("backplane", "log")
declare function backplane_log(level: u32, address: usize, len: u32): void;

const MESSAGE_BYTES: u32 = 64;
const COMMAND_BYTES: u32 = 80;
const PARAM_BYTES: u32 = 16;
const PARAMS_MAX: u32 = 256;
const STATE_BYTES_MAX: u32 = 256 * 1024 * 1024;

/** The parameters in the order of their declaration. */
export class Params {
  constructor(private first: usize, public count: u32) {}

  at(place: u32): Param {
    assert(place < this.count, "there is no such parameter");
    return changetype<Param>(this.first + place * PARAM_BYTES);
  }
}

/** What an author writes. */
export abstract class Strategy {
  /** The descriptor: JSON, see docs/abi.md. */
  abstract describe(): string;
  /** Takes over the parameters; gives null, or why they make no sense together. */
  abstract create(params: Params): string | null;
  /** Hears one message. It is good until the call returns. */
  abstract hear(message: Message): void;
  /** The version of the bytes that `save` gives. */
  stateVersion(): u32 {
    return 0;
  }
  /** The strategy's state as bytes, so that a later version can take over, and a run that was killed can be taken up. */
  save(): ArrayBuffer {
    return new ArrayBuffer(0);
  }
  /** Takes over saved bytes; gives null, or why they cannot be used. Without this method no version can take over. */
  load(version: u32, bytes: ArrayBuffer): string | null {
    return "the strategy does not implement `load`";
  }
}

// Before all that may abort, which logs.
let asked: bool = false;
let strategy: Strategy | null = null;
let messages: usize = 0;
let params: usize = 0;
let paramCount: u32 = 0;
let text: ArrayBuffer = new ArrayBuffer(0);
let state: ArrayBuffer = new ArrayBuffer(0);
let commands: usize = 0;
let commandCount: u32 = 0;
let commandRoom: u32 = 0;
let place: u32 = 0;
let lastOrderId: u64 = 0;

/** Names the strategy of this module. */
export function use(mine: Strategy): void {
  strategy = mine;
}

/** Writes a line to the run's log. */
export function log(level: u32, line: string): void {
  const bytes = String.UTF8.encode(line);
  // The line belongs to this message: the batch ends here.
  asked = true;
  backplane_log(level, changetype<usize>(bytes), bytes.byteLength);
}

/** What the compiler calls where a strategy aborts: `--use abort=.../guest/abort`. */
export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  const where = file === null ? "" : file + ":" + line.toString();
  log(LAST_WORDS, where + "\n" + (message === null ? "it aborted" : message));
  unreachable();
}

/** A blank command of a kind, which is sent. */
function send(kind: u8): Command {
  if (commandCount == commandRoom) {
    commandRoom = commandRoom == 0 ? 64 : commandRoom * 2;
    commands = heap.realloc(commands == 0 ? heap.alloc(COMMAND_BYTES) : commands, commandRoom * COMMAND_BYTES);
  }
  const address = commands + commandCount * COMMAND_BYTES;
  commandCount++;
  memory.fill(address, 0, COMMAND_BYTES);
  const command = changetype<Command>(address);
  command.kind = kind;
  command.instrument = ALL_INSTRUMENTS;
  if (kind != METRIC) asked = true;
  return command;
}

/**
 * Sends a limit order, good till cancelled, and gives its number. What it gives back with `last()` may be changed until
 * the call ends: post-only, time in force.
 */
export function limit(instrument: u32, side: u8, price: i64, quantity: i64): u64 {
  const command = send(SUBMIT);
  lastOrderId++;
  command.side = side;
  command.orderType = LIMIT;
  command.timeInForce = GTC;
  command.instrument = instrument;
  command.id = lastOrderId;
  command.price = price;
  command.quantity = quantity;
  command.stopPrice = NO_PRICE;
  command.expireAt = NEVER;
  return lastOrderId;
}

/** Sends a market order and gives its number. */
export function market(instrument: u32, side: u8, quantity: i64): u64 {
  limit(instrument, side, NO_PRICE, quantity);
  last().orderType = MARKET;
  last().timeInForce = IOC;
  return lastOrderId;
}

/** The command that was sent last in this call. */
export function last(): Command {
  assert(commandCount > 0, "nothing was sent in this call");
  return changetype<Command>(commands + (commandCount - 1) * COMMAND_BYTES);
}

export function modify(orderId: u64, price: i64, quantity: i64): void {
  const command = send(MODIFY);
  command.id = orderId;
  command.price = price;
  command.quantity = quantity;
}

export function cancel(orderId: u64): void {
  send(CANCEL).id = orderId;
}

/** Ends all open orders of an instrument, or of ALL_INSTRUMENTS. */
export function cancelAll(instrument: u32): void {
  send(CANCEL_ALL).instrument = instrument;
}

export function setTimer(timer: u64, at: i64): void {
  const command = send(SET_TIMER);
  command.id = timer;
  command.price = at;
}

export function cancelTimer(timer: u64): void {
  send(CANCEL_TIMER).id = timer;
}

/** Records a value of the series at a place of the descriptor's `metrics`. */
export function metric(series: u64, value: f64): void {
  const command = send(METRIC);
  command.id = series;
  command.price = <i64>reinterpret<u64>(value);
  command.quantity = place;
}

// What exports.ts hands on.

function give(bytes: ArrayBuffer): u32 {
  text = bytes;
  return bytes.byteLength;
}

function giveReason(reason: string | null): u32 {
  return reason === null ? 0 : give(String.UTF8.encode(reason));
}

export function messageBuffer(count: u32): usize {
  if (count > BATCH_MAX) return 0;
  if (messages == 0) messages = heap.alloc(BATCH_MAX * MESSAGE_BYTES);
  return messages;
}

export function paramBuffer(count: u32): usize {
  if (count > PARAMS_MAX) return 0;
  if (params == 0) params = heap.alloc(PARAMS_MAX * PARAM_BYTES);
  paramCount = count;
  return params;
}

export function textBuffer(len: u32): usize {
  if (len > STATE_BYTES_MAX) return 0;
  state = new ArrayBuffer(len);
  return changetype<usize>(state);
}

export function commandBuffer(): usize {
  return commands;
}

export function textAddress(): usize {
  return changetype<usize>(text);
}

export function describe(): u32 {
  return give(String.UTF8.encode(strategy!.describe()));
}

export function create(): u32 {
  return giveReason(strategy!.create(new Params(params, paramCount)));
}

export function onEvents(count: u32): u64 {
  const mine = strategy!;
  commandCount = 0;
  asked = false;
  let heard: u32 = 0;
  while (heard < count && !asked) {
    place = heard;
    mine.hear(changetype<Message>(messages + heard * MESSAGE_BYTES));
    heard++;
  }
  return ((<u64>heard) << 32) | commandCount;
}

/** The number of the last order, then the strategy's own bytes. */
export function save(): u64 {
  const own = strategy!.save();
  const bytes = new ArrayBuffer(8 + own.byteLength);
  store<u64>(changetype<usize>(bytes), lastOrderId);
  memory.copy(changetype<usize>(bytes) + 8, changetype<usize>(own), own.byteLength);
  return ((<u64>strategy!.stateVersion()) << 32) | give(bytes);
}

export function restore(version: u32): u32 {
  if (state.byteLength < 8) return giveReason("the saved state is too short");
  if (version > strategy!.stateVersion()) return giveReason("the state is of a later version of the strategy");
  const reason = strategy!.load(version, state.slice(8));
  if (reason === null) lastOrderId = load<u64>(changetype<usize>(state));
  return giveReason(reason);
}
