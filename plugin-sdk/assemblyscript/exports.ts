// What the host calls: the exports that docs/wasm.md asks for, handed on to guest.ts.

import * as guest from "./guest";
import { ABI_VERSION } from "./messages";

export function backplane_abi_version(): u32 {
  return ABI_VERSION;
}
export function backplane_message_buffer(count: u32): usize {
  return guest.messageBuffer(count);
}
export function backplane_param_buffer(count: u32): usize {
  return guest.paramBuffer(count);
}
export function backplane_text_buffer(len: u32): usize {
  return guest.textBuffer(len);
}
export function backplane_command_buffer(): usize {
  return guest.commandBuffer();
}
export function backplane_text(): usize {
  return guest.textAddress();
}
export function backplane_describe(): u32 {
  return guest.describe();
}
export function backplane_create(): u32 {
  return guest.create();
}
export function backplane_on_events(count: u32): u64 {
  return guest.onEvents(count);
}
export function backplane_save(): u64 {
  return guest.save();
}
export function backplane_load(version: u32): u32 {
  return guest.restore(version);
}
