import { type Digest, loadDigest } from "../core/digest.js";
import { NotFoundError } from "../core/errors.js";
import { mostFramesInChunk } from "./chunk-index.js";
import { readContainedFile } from "./contained-file.js";
import { chunkPaths } from "./layout.js";
import type { StoreReader } from "./store-reader.js";

/** What a finished chunk is, to the bit. */
export interface ChunkSeal {
  readonly number: number;
  readonly frames: number;
  /**
   * XXH64 of the chunk's index file, in hexadecimal. The index has the digests of all pictures and of what lies between
   * them, so another bit anywhere in the chunk is another seal, or is found by `verifyStore`. Absent where there is no index.
   */
  readonly seal?: string;
}

/** Longest index of a chunk that is read, in bytes: five columns, and a little. */
export const longestIndex = 48 * mostFramesInChunk;

/** Of the bytes of an index. */
export function sealOf(bytes: Uint8Array, digest: Digest): string {
  return digest([bytes]).toString(16).padStart(16, "0");
}

/**
 * The seals of all chunks of a store, which is cheap: no picture is read.
 * @throws {MareyError} if an index cannot be read.
 */
export async function chunkSeals(store: StoreReader): Promise<ChunkSeal[]> {
  const digest = await loadDigest();
  const { layout, extension } = store.metadata;
  const seals: ChunkSeal[] = [];
  for (const { number, count: frames } of store.chunks) {
    const { indexNpz } = chunkPaths(store.path, layout, extension, number);
    const bytes = await readContainedFile(store.path, indexNpz, longestIndex).catch((error: unknown) => {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    });
    seals.push({ number, frames, ...(bytes && { seal: sealOf(bytes, digest) }) });
  }
  return seals;
}
