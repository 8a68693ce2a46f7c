import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { MareyError } from "../core/errors.js";
import type { FrameNumber, Stamp } from "../core/frame.js";
import type { ImageInfo } from "../core/image.js";
import type { NpyArray } from "../core/npy.js";
import type { ChunkFormat, MendedChunk } from "./chunk-format.js";
import { encodeChunkIndex } from "./chunk-index.js";
import { type ChunkPaths, paddedNumber } from "./layout.js";
import { nodeFiles } from "./node-files.js";
import { partName, writeInPlace } from "./store-files.js";
import type { StoreAtWork } from "./unfinished-chunk.js";

/** What can be said of the frames of a chunk whose index is lost. */
export interface EstimatedChunk {
  readonly stamps: readonly Stamp[];
  /** Pictures at its end that cannot be read: they were being written. */
  readonly torn: readonly string[];
  /** A video that was never closed. */
  readonly isOpenEnded: boolean;
}

/** Seconds between two frames where nothing is known: imgstore's videos say so. */
const usualInterval = 1 / 25;

/**
 * Counts the frames of a chunk without an index, and guesses their numbers and times: numbers go on after the chunk
 * before. Pictures are as old as their files say; frames of a video are evenly spaced.
 * @throws {MareyError} if it is a video that cannot be opened.
 */
export async function estimateChunk(
  root: string,
  paths: ChunkPaths,
  format: ChunkFormat,
  info: ImageInfo,
  before: { readonly last: Stamp | undefined; readonly interval: number | undefined },
): Promise<EstimatedChunk> {
  const next = (rank: number): FrameNumber => {
    const number = before.last?.number ?? -1;
    return typeof number === "bigint" ? number + BigInt(rank + 1) : number + rank + 1;
  };
  const reader = await format.openChunk({ root, path: paths.chunk }, info);
  try {
    if (format.layout === "directory") {
      const names = await picturesOf(paths.chunk, format.extension);
      let count = names.length;
      // Only the last ones may be torn.
      while (count > 0 && !(await isReadable(() => reader.read(count - 1)))) count--;
      const times = await Promise.all(
        names.slice(0, count).map(async (name) => (await stat(join(paths.chunk, name))).mtimeMs / 1000),
      );
      const stamps = times.map((time, rank) => ({ number: next(rank), time }));
      return { stamps, torn: names.slice(count), isOpenEnded: false };
    }
    let count = reader.length ?? 0;
    while (count > 0 && !(await isReadable(() => reader.read(count - 1)))) count--;
    const interval = before.interval ?? usualInterval;
    const end = (await stat(paths.chunk)).mtimeMs / 1000;
    const start = before.last === undefined ? end - count * interval : before.last.time + interval;
    const stamps = Array.from({ length: count }, (_, rank) => ({
      number: next(rank),
      time: start + rank * interval,
    }));
    return { stamps, torn: [], isOpenEnded: true };
  } finally {
    await reader.close();
  }
}

/** Pictures 0, 1, 2 … as far as none is missing. */
async function picturesOf(folder: string, extension: string): Promise<string[]> {
  const there = new Set(await nodeFiles.list(folder));
  const names: string[] = [];
  for (
    let name = paddedNumber(0) + extension;
    there.has(name);
    name = paddedNumber(names.length) + extension
  ) {
    names.push(name);
  }
  return names;
}

async function isReadable(read: () => Promise<unknown>): Promise<boolean> {
  try {
    await read();
    return true;
  } catch (error) {
    if (error instanceof MareyError) return false;
    throw error;
  }
}

/** Writes the index of such a chunk; its entry `estimated` says that it is a guess. */
export async function indexEstimated(
  { files, root }: StoreAtWork,
  paths: ChunkPaths,
  format: ChunkFormat,
  { stamps, torn, isOpenEnded }: EstimatedChunk,
  storeFacts: Readonly<Record<string, NpyArray | string>>,
): Promise<void> {
  for (const name of torn) await files.rename(join(paths.chunk, name), join(paths.chunk, `${name}.damaged`));
  if (stamps.length === 0) return;
  let mended: MendedChunk | undefined;
  if (isOpenEnded && format.mendChunk) {
    const temporary = partName(paths.chunk);
    await files.remove(temporary);
    mended = await format.mendChunk(paths.chunk, temporary, stamps.length);
    await files.rename(temporary, paths.chunk);
  }
  const index = encodeChunkIndex({
    numbers: stamps.map(({ number }) => number),
    times: stamps.map(({ time }) => time),
    ...(mended?.pictures.length === stamps.length && mended),
    store: { ...storeFacts, estimated: { dtype: "int64", shape: [], data: BigInt64Array.of(1n) } },
  });
  await writeInPlace(files, paths.indexNpz, [index]);
  await files.syncFolder(dirname(paths.indexNpz));
  await files.syncFolder(root);
}
