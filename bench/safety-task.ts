// One measurement of bench/safety.ts, in a process of its own. Prints one JSON line.
//   safety-task.js write FORMAT DURABILITY ROOT FRAMES     frames a second, from the first write to the closed store
//   safety-task.js file ROOT FRAMES                         the same bytes, one plain file, written one after another
//   safety-task.js synced ROOT FRAMES                       as `file`, synced once a second and at the end
//   safety-task.js files ROOT FRAMES                        the same bytes, a plain file for each frame
//   safety-task.js live FORMAT ROOT SECONDS                 four cameras of 60 frames/s into four stores of short chunks
import { closeSync, fdatasyncSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Frame } from "../src/core/frame.js";
import type { ImageInfo } from "../src/core/image.js";
import { createStore, pipeTo } from "../src/index.js";

const [task, ...args] = process.argv.slice(2);
const large: ImageInfo = { width: 1280, height: 1024, channels: 1, dtype: "uint8", color: "gray" };
const small: ImageInfo = { ...large, width: 640, height: 480 };

/** A texture that stays, an animal that moves, and noise that lossy codecs cannot throw away. */
function frames(info: ImageInfo, count: number): Frame[] {
  const { width, height } = info;
  const few = Array.from({ length: 8 }, (_, at) => {
    const data = new Uint8Array(width * height);
    let noise = at + 1;
    for (let i = 0; i < data.length; i++) {
      noise = (Math.imul(noise, 1664525) + 1013904223) >>> 0;
      const [x, y] = [i % width, Math.floor(i / width)];
      const animal = (x - 100 - at * 9) ** 2 + (y - 200) ** 2 < 900 ? -60 : 0;
      data[i] = 120 + ((x ^ y) & 31) + animal + (noise >>> 30);
    }
    return data;
  });
  return Array.from({ length: count }, (_, i) => ({
    image: { ...info, data: few[i % few.length]! },
    number: i,
    time: i / 60,
  }));
}

async function* stream(all: readonly Frame[]): AsyncGenerator<Frame> {
  yield* all;
}

if (task === "write") {
  const [format, durability, root, count] = args as [string, "flush" | "second" | "frame", string, string];
  rmSync(root, { recursive: true, force: true });
  const all = frames(large, Number(count));
  const start = performance.now();
  const store = await createStore(root, { info: large, format, durability, minFree: 0 });
  await pipeTo(stream(all), store);
  await store.close();
  const seconds = (performance.now() - start) / 1000;
  rmSync(root, { recursive: true, force: true });
  console.log(JSON.stringify({ fps: all.length / seconds }));
} else if (task === "file" || task === "synced") {
  const [root, count] = args as [string, string];
  const all = frames(large, Number(count));
  const start = performance.now();
  const fd = openSync(`${root}.bytes`, "w");
  let synced = start;
  for (const { image } of all) {
    await new Promise((resolve) => setImmediate(resolve));
    writeSync(fd, image.data as Uint8Array);
    if (task === "file" || performance.now() - synced < 1000) continue;
    fdatasyncSync(fd);
    synced = performance.now();
  }
  if (task === "synced") fdatasyncSync(fd);
  closeSync(fd);
  const seconds = (performance.now() - start) / 1000;
  rmSync(`${root}.bytes`);
  console.log(JSON.stringify({ fps: all.length / seconds }));
} else if (task === "files") {
  const [root, count] = args as [string, string];
  const all = frames(large, Number(count));
  mkdirSync(`${root}.files`);
  const start = performance.now();
  for (const { image, number } of all) {
    await new Promise((resolve) => setImmediate(resolve));
    const fd = openSync(`${root}.files/${number}`, "wx");
    writeSync(fd, image.data as Uint8Array);
    closeSync(fd);
  }
  const seconds = (performance.now() - start) / 1000;
  rmSync(`${root}.files`, { recursive: true });
  console.log(JSON.stringify({ fps: all.length / seconds }));
} else {
  const [format, root, duration] = args as [string, string, string];
  const rate = 60;
  const all = frames(small, 16);
  const count = Number(duration) * rate;
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const waits: number[] = [];
  const cameras = [0, 1, 2, 3].map(async (camera) => {
    const path = `${root}-${camera}`;
    rmSync(path, { recursive: true, force: true });
    const store = await createStore(path, { info: small, format, chunkSize: 90, minFree: 0 });
    const begin = performance.now();
    const pending: Promise<void>[] = [];
    for (let i = 0; i < count; i++) {
      const due = begin + (i * 1000) / rate + camera * 4;
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
      const offered = performance.now();
      pending.push(
        store
          .write({ ...all[i % all.length]!, number: i })
          .then(() => void waits.push(performance.now() - offered)),
      );
    }
    await Promise.all(pending);
    await store.close();
    rmSync(path, { recursive: true, force: true });
  });
  setTimeout(() => delay.enable(), 1000);
  await Promise.all(cameras);
  delay.disable();
  waits.sort((a, b) => a - b);
  const at = (share: number): number => waits[Math.floor(share * (waits.length - 1))]!;
  console.log(
    JSON.stringify({
      p50: at(0.5),
      p99: at(0.99),
      max: at(1),
      loopP99: delay.percentile(99) / 1e6,
      loopMax: delay.max / 1e6,
    }),
  );
}
