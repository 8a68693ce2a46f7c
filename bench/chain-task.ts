// Several transforms one after the other, measured; one JSON line of frames a second, by the clock and of processor time.
// usage: chain-task.js "TRANSFORM;TRANSFORM" COLOR JOBS
import { ParallelPictures } from "../src/convert/parallel-pictures.js";
import { ColumnIndex, numberColumn } from "../src/core/column-index.js";
import { keepFreedMemory } from "../src/core/freed-memory.js";
import { blankImage } from "../src/core/image.js";
import { frameByFrame } from "../src/core/seen-through.js";
import type { SeekableSource } from "../src/core/stream.js";
import { builtInTransforms, parseTransform } from "../src/transforms/index.js";

const [chain, color, jobs] = process.argv.slice(2) as [string, "gray" | "bgr", string];
const frames = 2000;
const image = blankImage({
  ...{ width: 1280, height: 720, channels: color === "bgr" ? 3 : 1, dtype: "uint8", color },
});
const data = image.data as Uint8Array;
for (let i = 0, state = 1; i < data.length; i++) {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  // A slope with some noise, as pictures are.
  data[i] = (0.75 * ((Math.floor(i / image.channels) % 1280) / 1280) + 0.25 * (state / 2 ** 32)) * 256;
}
const ranks = Array.from({ length: frames }, (_, rank) => rank);
const index = new ColumnIndex({ numbers: numberColumn(ranks), times: Float64Array.from(ranks) });
const frame = (rank: number) => ({ index: rank, number: rank, time: rank, image });
const source: SeekableSource = frameByFrame(
  {
    ...{ info: image, index, describe: () => ({}), close: async () => {} },
    frame: async (address) => frame(index.locate(address)),
    async *frames() {
      for (const rank of ranks) yield frame(rank);
    },
    [Symbol.asyncIterator]() {
      return this.frames()[Symbol.asyncIterator]() as never;
    },
    [Symbol.asyncDispose]: async () => {},
  },
  (same) => same,
);
keepFreedMemory();
const transforms = chain.split(";").map((text) => parseTransform(text, builtInTransforms));
const bent = new ParallelPictures(source, transforms, { jobs: Number(jobs) });
const spent = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};
let [count, began, before] = [0, 0, 0];
for await (const _ of bent.frames()) {
  if (count++ === 300) [began, before] = [performance.now(), spent()];
  if (count > 300 && performance.now() - began > 1500) break;
}
const fps = (count - 300) / ((performance.now() - began) / 1000);
console.log(JSON.stringify({ fps, spent: (count - 300) / (spent() - before) }));
await bent.close();
