// Fetch single frames out of anything that Marey opens: by rank, by the camera's number, by time.
//   node any-frame.js [store, video, pictures or array]
import { createStore, open, readPaintedNumber, syntheticCamera } from "marey";

const path = process.argv[2] ?? (await smallStore());

await using source = await open(path);
const { index } = source;
const last = await source.frame({ index: -1 });
const middle = await source.frame({ index: Math.floor(index.length / 2) });
const same = await source.frame({ number: middle.number });
const { min, max } = index.timeRange!;
const nearest = await source.frame({ time: (min + max) / 2, match: "nearest" });

console.log(`${index.length} frames; the last has number ${last.number} and time ${last.time}`);
console.log(`the middle one has index ${middle.index}, and is found by its number as ${same.index}`);
console.log(`nearest to half time is ${nearest.index}`);
if (process.argv[2] === undefined) console.log(`painted into it: ${readPaintedNumber(nearest.image)}`);

/** A camera's numbers may start anywhere. */
async function smallStore(): Promise<string> {
  const camera = syntheticCamera({ width: 64, height: 48, frames: 101, firstNumber: 5000, pace: "free" });
  await using store = await createStore("numbered", { info: camera.info, format: "npy", overwrite: true });
  for await (const frame of camera) await store.write(frame);
  return "numbered";
}
