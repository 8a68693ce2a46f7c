// One lossless format measured in a process of its own; prints one JSON line: frames/s written, from the first write to
// the closed store, and read, milliseconds of processor a frame, and stored bytes to those of the pixels. Every frame is compared before reading is timed.
// usage: lossless-task.js FORMAT COLOR FILE.npy STORE COUNT
import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Frame } from "../src/core/frame.js";
import { bytesOf, type Color, type Image } from "../src/core/image.js";
import { decodeNpy } from "../src/core/npy.js";
import { createStore, openStore, pipeTo } from "../src/index.js";

const [format, color, path, root, count] = process.argv.slice(2) as [string, Color, string, string, string];
const length = Number(count);

function pictures(): Image[] {
  const { dtype, shape, data } = decodeNpy(readFileSync(path), path);
  const [pictures, height, width] = shape as [number, number, number];
  return Array.from({ length: pictures }, (_, i) => {
    const samples = data.slice(i * width * height, (i + 1) * width * height);
    return { width, height, channels: 1, dtype, color, data: samples } as Image;
  });
}

async function* frames(): AsyncGenerator<Frame> {
  for (let number = 0; number < length; number++) {
    yield { number, time: number / 100, image: ring[number % ring.length]! };
  }
}

const ring = pictures();
const { data: _, ...info } = ring[0]!;
rmSync(root, { recursive: true, force: true });
const cpu = (since?: NodeJS.CpuUsage): NodeJS.CpuUsage => process.cpuUsage(since);
const millis = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / 1000 / length;
const begun = performance.now();
const cpuBegun = cpu();
const written = await createStore(root, { info, format, durability: "flush", minFree: 0 });
await pipeTo(frames(), written);
await written.close();
const write = (length / (performance.now() - begun)) * 1000;
const writeCpu = millis(cpu(cpuBegun));

await using store = await openStore(root, { pixels: "stored" });
let compared = 0;
for await (const { index, image } of store) {
  if (Buffer.compare(bytesOf(image), bytesOf(ring[index % ring.length]!)) !== 0) {
    throw new Error(`${format}: frame ${index} is not what was written`);
  }
  compared++;
}
if (compared !== length) throw new Error(`${format}: ${compared} of ${length} frames`);
const start = performance.now();
const cpuStart = cpu();
for await (const { image } of store) compared -= image.channels;
const read = (length / (performance.now() - start)) * 1000;
const readCpu = millis(cpu(cpuStart));

const names = readdirSync(root, { recursive: true, encoding: "utf8" });
const bytes = names.reduce((sum, name) => {
  const found = statSync(join(root, name));
  return sum + (found.isFile() ? found.size : 0);
}, 0);
rmSync(root, { recursive: true, force: true });
console.log(
  JSON.stringify({ write, read, writeCpu, readCpu, size: bytes / (length * bytesOf(ring[0]!).length) }),
);
