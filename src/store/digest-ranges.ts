import { type Digest, startDigest } from "../core/digest.js";

/** Bytes [start, stop) of a file. */
export type ByteRange = readonly [start: number, stop: number];

/** Bytes that are in memory at once. */
const piece = 2 ** 22;

/** Longest picture that there is, in bytes: more fits in no array. */
export const longestPicture = 2 ** 31;

/**
 * The digest of parts of a file, one after another, however long they are: what a store claims is not believed with memory.
 * @param read fewer bytes than asked for, where the file ends.
 * @param digest for ranges that are short enough to be read at once.
 * @returns undefined if the file ends before.
 */
export async function digestOfRanges(
  ranges: Iterable<ByteRange>,
  read: (offset: number, size: number) => Promise<Uint8Array>,
  digest: Digest,
): Promise<bigint | undefined> {
  const all = [...ranges].filter(([start, stop]) => stop > start);
  const [first] = all;
  if (first !== undefined && all.length === 1 && first[1] - first[0] <= piece) {
    const bytes = await read(first[0], first[1] - first[0]);
    return bytes.length < first[1] - first[0] ? undefined : digest([bytes]);
  }
  const running = await startDigest();
  for (const [start, stop] of all) {
    for (let at = start; at < stop; ) {
      const bytes = await read(at, Math.min(piece, stop - at));
      if (bytes.length === 0) return undefined;
      running.add(bytes);
      at += bytes.length;
    }
  }
  return running.value();
}
