// One measurement of a conversion of encoded pixels in a process of its own; prints one JSON line.
// usage: pixels-task.js ENCODING WIDTH HEIGHT CHANNELS DTYPE COUNT
import { keepFreedMemory } from "../src/core/freed-memory.js";
import { arrayOver, type DType, dtypeBytes, type Image } from "../src/core/image.js";
import { decoderOf } from "../src/store/pixel-encoding.js";

const [encoding, width, height, channels, dtype, count] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  DType,
  string,
];
const bytes = Number(width) * Number(height) * Number(channels) * dtypeBytes(dtype);
const data = arrayOver(dtype, new ArrayBuffer(bytes), 0, bytes) as Uint8Array;
for (let i = 0, state = 1; i < data.length; i++) {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  data[i] = state >>> 24;
}
const info = { width: Number(width), height: Number(height), channels: Number(channels), dtype };
const image: Image = { ...info, color: "none", data };
const decoder = decoderOf(encoding);
keepFreedMemory();
for (let i = 0; i < 10; i++) decoder.decode(image); // compiled
const start = performance.now();
for (let i = 0; i < Number(count); i++) decoder.decode(image);
console.log(JSON.stringify({ fps: (Number(count) / (performance.now() - start)) * 1000 }));
