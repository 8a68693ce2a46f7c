// One measurement of our picture codecs in a process of its own; prints one JSON line.
// usage: images-task.js {write|read} EXTENSION FILE.npy FOLDER COUNT
import { readFileSync, statSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Image } from "../src/core/image.js";
import { decodeNpy } from "../src/core/npy.js";
import { bmp } from "../src/images/bmp.js";
import type { ImageCodec } from "../src/images/image-codec.js";
import { jpeg } from "../src/images/jpeg.js";
import { png } from "../src/images/png.js";
import { pgm, ppm } from "../src/images/pnm.js";
import { tiff } from "../src/images/tiff.js";

const [task, extension, path, folder, count] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
];
const codecs: { readonly [extension: string]: ImageCodec } = { png, tif: tiff, jpg: jpeg, bmp, pgm, ppm };
const codec = codecs[extension]!;

function pictures(): Image[] {
  const { dtype, shape, data } = decodeNpy(readFileSync(path), path);
  const [length, height, width, channels = 1] = shape as [number, number, number, number?];
  const size = height * width * channels;
  const color = channels === 1 ? "gray" : "bgr";
  return Array.from({ length }, (_, i) => {
    return { width, height, channels, dtype, color, data: data.slice(i * size, (i + 1) * size) };
  });
}

const ring = pictures();
const name = (i: number): string => join(folder, `${i}.${extension}`);
const write = async (i: number): Promise<void> =>
  writeFile(name(i), await codec.encode(ring[i % ring.length]!));
const read = async (i: number): Promise<void> => {
  const file = name(i % ring.length);
  await codec.decode(await readFile(file), file);
};

/** Four at once, as writers and readers of folders do. */
async function all(work: (i: number) => Promise<void>, until: number): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < until) await work(next++);
  };
  await Promise.all([lane(), lane(), lane(), lane()]);
}

// The files that are read are those of the one who wrote last: FOREIGN leaves OpenCV's where they are.
if (process.env.FOREIGN === undefined) await all(write, ring.length);
if (task === "read") await all(read, ring.length);
const start = performance.now();
await all(task === "write" ? write : read, Number(count));
const fps = (Number(count) / (performance.now() - start)) * 1000;
console.log(JSON.stringify({ fps, bytes: statSync(name(0)).size }));
