import { crc32 } from "node:zlib";
import { loadDigest } from "../core/digest.js";
import { MareyError, NotFoundError } from "../core/errors.js";
import { readNpz } from "../core/npz.js";
import type { ChunkFormat } from "./chunk-format.js";
import { longestColumn } from "./chunk-index.js";
import { type ClockColumns, clocksOf, emptyClocks, putClocks, sliceClocks } from "./clock-columns.js";
import { withContainedFile } from "./contained-file.js";
import { chunkPaths } from "./layout.js";
import { nodeFiles } from "./node-files.js";
import { longestIndex } from "./store-index.js";
import { readUnfinishedChunk } from "./unfinished-chunk.js";

/**
 * What the clocks around the camera said of the frames of a chunk: from its index, or from its journal where it is still
 * being written. NaN where nobody looked, as in stores of other programs.
 * @param length frames of the chunk.
 * @throws {MareyError} if the index is there, but damaged.
 */
export async function readChunkClocks(
  root: string,
  uuid: string | undefined,
  format: ChunkFormat,
  number: number,
  length: number,
): Promise<ClockColumns> {
  const { indexNpz } = chunkPaths(root, format.layout, format.extension, number);
  try {
    return withContainedFile(root, indexNpz, longestIndex, (file) => {
      const npz = readNpz(file, indexNpz, { checksum: crc32, longest: longestColumn });
      return clocksOf((name) => (npz.has(name) ? npz.array(name) : undefined), length);
    });
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
  }
  const store = { root, uuid, format, files: nodeFiles, digest: await loadDigest() };
  const left = await readUnfinishedChunk(store, number, true, false).catch((error: unknown) => {
    if (error instanceof MareyError) return undefined;
    throw error;
  });
  const clocks = left?.frames.clocks;
  if (clocks === undefined) return emptyClocks(length);
  const all = emptyClocks(length);
  putClocks(all, 0, sliceClocks(clocks, 0, length));
  return all;
}
