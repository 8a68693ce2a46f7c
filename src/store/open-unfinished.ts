import { join } from "node:path";
import { loadDigest } from "../core/digest.js";
import { MareyError } from "../core/errors.js";
import type { ChunkFormat } from "./chunk-format.js";
import { containedRegularFile } from "./contained-file.js";
import { paddedNumber } from "./layout.js";
import { nodeFiles } from "./node-files.js";
import { type ChunkIndex, numberColumn } from "./store-index.js";
import { readUnfinishedChunk } from "./unfinished-chunk.js";

/** Longest journal that is read, in bytes: five million frames. */
const longestJournal = 2 ** 28;

/**
 * The frames of a chunk that is being written, or whose writer was killed.
 * @param isAlive its writer is at work.
 * @returns undefined if there is no journal.
 * @throws {MareyError} if there is one, but nothing can be made of it.
 */
export async function openUnfinished(
  root: string,
  uuid: string | undefined,
  format: ChunkFormat,
  number: number,
  isAlive: boolean,
): Promise<ChunkIndex | undefined> {
  const path = join(root, `${paddedNumber(number)}.journal`);
  const size = await nodeFiles.size(path);
  if (size === undefined || size > longestJournal) return undefined;
  if (size > 0) await containedRegularFile(root, path);
  const digest = await loadDigest();
  const store = { root, uuid, format, files: nodeFiles, digest };
  const chunk = await readUnfinishedChunk(store, number, isAlive).catch((error: unknown) => {
    if (error instanceof MareyError) throw error;
    return undefined;
  });
  if (chunk === undefined) return undefined;
  const problems = chunk.damaged.map((rank) => `frame ${rank} of chunk ${number} did not reach the disk`);
  if (chunk.lost > 0)
    problems.push(`${chunk.lost} frames at the end of chunk ${number} did not reach the disk`);
  return {
    numbers: numberColumn(chunk.frames.map((frame) => frame.number)),
    times: Float64Array.from(chunk.frames, ({ time }) => time),
    problems,
  };
}
