// One measurement of our stores in a process of its own; prints one JSON line.
// usage: store-task.js {write|read|random} FORMAT FILE.npy STORE COUNT CHUNKSIZE
import { readFileSync, rmSync } from "node:fs";
import type { Image } from "../src/core/image.js";
import { decodeNpy } from "../src/core/npy.js";
import { createStore, openStore } from "../src/index.js";

const [task, format, path, root, ...sizes] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  ...string[],
];
const [count, chunkSize] = sizes.map(Number) as [number, number];

function pictures(): Image[] {
  const { shape, data } = decodeNpy(readFileSync(path), path);
  const [length, height, width, channels = 1] = shape as [number, number, number, number?];
  const size = height * width * channels;
  const color = channels === 1 ? "gray" : "bgr";
  return Array.from({ length }, (_, i) => {
    const samples = (data as Uint8Array).slice(i * size, (i + 1) * size);
    return { width, height, channels, dtype: "uint8", color, data: samples };
  });
}

async function write(): Promise<Record<string, number>> {
  const ring = pictures();
  const { data: _, ...info } = ring[0]!;
  rmSync(root, { recursive: true, force: true });
  const start = performance.now();
  const store = await createStore(root, { info, format, chunkSize });
  for (let i = 0; i < count; i++) {
    await store.write({ image: ring[i % ring.length]!, number: i, time: i * 0.04 });
  }
  await store.close();
  return { fps: (count / (performance.now() - start)) * 1000 };
}

async function read(): Promise<Record<string, number>> {
  await using store = await openStore(root);
  const start = performance.now();
  let read = 0;
  for await (const _ of store) read++;
  if (read !== count) throw new Error(`${read} frames read`);
  return { fps: (count / (performance.now() - start)) * 1000 };
}

async function random(): Promise<Record<string, number>> {
  await using store = await openStore(root);
  const times: number[] = [];
  let seed = 12345;
  for (let i = 0; i < 200; i++) {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    const start = performance.now();
    await store.frame({ number: seed % count });
    times.push(performance.now() - start);
  }
  return { ms: times.sort((a, b) => a - b)[100]! };
}

const tasks = { write, read, random };
console.log(JSON.stringify(await tasks[task as keyof typeof tasks]()));
