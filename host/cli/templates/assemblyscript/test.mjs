// The tests of template_name: `npm test`. Takes in best prices; fails where the module does not do what it says.
import assert from "node:assert";
import { readFileSync } from "node:fs";

const module = new WebAssembly.Module(readFileSync("build/template_name.wasm"));

/** An instance with its parameters, which knows one instrument. */
function start(length, distance, size) {
  const { exports } = new WebAssembly.Instance(module, { backplane: { log() {} } });
  exports._initialize?.();
  exports.backplane_describe();
  let view = new DataView(exports.memory.buffer);
  const params = exports.backplane_param_buffer(3);
  view = new DataView(exports.memory.buffer);
  [[1, length], [2, distance], [1, size]].forEach(([kind, value], place) => {
    view.setUint32(params + place * 16, kind, true);
    if (kind === 1) view.setBigInt64(params + place * 16 + 8, BigInt(value), true);
    else view.setFloat64(params + place * 16 + 8, value, true);
  });
  assert.equal(exports.backplane_create(), 0);
  const hear = (kind, words, side = 78, instrument = 0) => {
    const at = exports.backplane_message_buffer(1);
    view = new DataView(exports.memory.buffer);
    for (let byte = 0; byte < 64; byte++) view.setUint8(at + byte, 0);
    view.setUint8(at, kind);
    view.setUint8(at + 2, side);
    view.setUint32(at + 4, instrument, true);
    words.forEach((word, place) => view.setBigInt64(at + 24 + place * 8, BigInt(word), true));
    const count = Number(exports.backplane_on_events(1) & 0xffffffffn);
    const commands = exports.backplane_command_buffer();
    view = new DataView(exports.memory.buffer);
    const command = (place) => ({ kind: view.getUint8(commands + place * 80), side: view.getUint8(commands + place * 80 + 1) });
    return Array.from({ length: count }, (_, place) => command(place));
  };
  hear(7, [10_000_000, 1_000_000_000, 0]);
  // The start is about no instrument.
  hear(33, [1], 78, 0xffffffff);
  const best = (bid, ask) => hear(4, [bid * 10_000_000, 100, ask * 10_000_000, 100]);
  const fill = (id, quantity) => hear(17, [id, 0, quantity, 0, 0], 66);
  return { best, fill };
}

const [METRIC, CANCEL, SUBMIT] = [7, 3, 1];
const { best, fill } = start(2, 1.0, 1);
assert.deepEqual(best(10000, 10002).map((x) => x.kind), [METRIC], "it begins with a metric alone");
assert.deepEqual(best(9900, 9902)[1], { kind: SUBMIT, side: 66 }, "it buys below the average");
assert.equal(best(9800, 9802)[1].kind, CANCEL, "it cancels before it orders anew");
fill(1, 1);
assert.deepEqual(best(10100, 10102)[1], { kind: SUBMIT, side: 65 }, "it sells above the average");
console.log("passed");
