import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { loadDigest } from "../core/digest.js";
import { MareyError, StoreFormatError } from "../core/errors.js";
import type { ImageInfo } from "../core/image.js";
import type { ChunkFormat, ChunkReader } from "./chunk-format.js";
import { chunkPaths } from "./layout.js";
import { nodeFiles } from "./node-files.js";
import { checkOwnFiles } from "./own-files.js";
import type { ChunkIndex } from "./store-index.js";
import { copyAsLeft, readUnfinishedChunk } from "./unfinished-chunk.js";

/** Longest journal that a reader looks through, in bytes: 2.5 million frames. `repair` takes any. */
const longestJournal = 2 ** 27;

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
  const { journal, chunk: pictures } = chunkPaths(root, format.layout, format.extension, number);
  const size = await nodeFiles.size(journal);
  if (size === undefined) return undefined;
  if (size > longestJournal) {
    const found = `has ${size} bytes, of which readers take ${longestJournal} at most: marey repair makes an index of it`;
    throw new StoreFormatError(journal, found);
  }
  await checkOwnFiles(root, [journal, pictures]);
  const digest = await loadDigest();
  const store = { root, uuid, format, files: nodeFiles, digest };
  const chunk = await readUnfinishedChunk(store, number, isAlive, false).catch((error: unknown) => {
    if (error instanceof MareyError) throw error;
    return undefined;
  });
  if (chunk === undefined) return undefined;
  // Its writer finished the chunk between two looks: now there is an index.
  if (chunk.frames.length === 0 && (await nodeFiles.size(journal)) === undefined) return undefined;
  const problems: string[] = [];
  if (chunk.damaged.length > 0) {
    const ranks = `${chunk.damaged.slice(0, 10).join(", ")}${chunk.damaged.length > 10 ? " ..." : ""}`;
    problems.push(`${chunk.damaged.length} frames of chunk ${number} did not reach the disk: ${ranks}`);
  }
  if (chunk.lost > 0)
    problems.push(`${chunk.lost} frames at the end of chunk ${number} did not reach the disk`);
  return { ...chunk.frames.columns(), problems };
}

/**
 * Opens a video that cannot be opened as it is, because its writer was stopped while it closed it: what the journal names
 * is copied into the system's temporary folder, as it was before. `marey repair` makes an end of that.
 * @returns undefined if there is no journal that helps.
 */
export async function openAsLeft(
  root: string,
  uuid: string | undefined,
  format: ChunkFormat,
  number: number,
  info: ImageInfo,
): Promise<ChunkReader | undefined> {
  const { journal, chunk: video } = chunkPaths(root, format.layout, format.extension, number);
  if (((await nodeFiles.size(journal)) ?? Number.POSITIVE_INFINITY) > longestJournal) return undefined;
  await checkOwnFiles(root, [journal, video]);
  const store = { root, uuid, format, files: nodeFiles, digest: await loadDigest() };
  const chunk = await readUnfinishedChunk(store, number, false, false);
  const last = chunk?.frames.at(-1);
  if (chunk?.head === undefined || last === undefined) return undefined;
  const folder = await mkdtemp(join(tmpdir(), "marey-"));
  const path = join(folder, basename(video));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    await copyAsLeft(nodeFiles, video, path, chunk.head, last.offset + last.size);
    const reader = await format.openChunk({ root: await realpath(folder), path }, info);
    return {
      ...reader,
      close: async () => {
        await reader.close();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
