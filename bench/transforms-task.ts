// Transforms, measured; one JSON line of what each manages in a second.
// usage: transforms-task.js TRANSFORM COLOR DTYPE
import { keepFreedMemory } from "../src/core/freed-memory.js";
import { blankImage, type Color, type DType } from "../src/core/image.js";
import { builtInTransforms, parseTransform } from "../src/transforms/index.js";

const [spelled, color, dtype] = process.argv.slice(2) as [string, Color, DType];
const channels = color === "bgr" ? 3 : 1;
const image = blankImage({ width: 1280, height: 720, channels, dtype, color });
const data = image.data as Uint8Array;
const full = dtype === "uint16" ? 65_536 : dtype === "float32" ? 1 : 256;
for (let i = 0, state = 1; i < data.length; i++) {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  // A slope with some noise, as pictures are.
  const slope = (Math.floor(i / channels) % 1280) / 1280;
  data[i] = (0.75 * slope + 0.25 * (state / 2 ** 32)) * full;
}
const transform = parseTransform(spelled, builtInTransforms);
const prepared = transform.pictures!(image);
const stamp = { number: 0, time: 0 };
keepFreedMemory();
// Of the processor's time, not the clock's: what else runs on the machine counts little.
const spent = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};
const run = (seconds: number): number => {
  const start = spent();
  let count = 0;
  do {
    prepared.apply(image, stamp);
    count++;
  } while (spent() - start < seconds);
  return count / (spent() - start);
};
run(0.5); // compiled
console.log(JSON.stringify({ fps: run(0.5) }));
