import { FileFormatError } from "../core/errors.js";

/**
 * Unpacks an LZ4 block (https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md).
 * @param size bytes that have to come out.
 * @throws {FileFormatError} if it gives fewer or more, or reaches outside itself.
 */
export function unpackLz4(block: Uint8Array, size: number, path: string): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(size);
  const damaged = (): FileFormatError => new FileFormatError(path, "its LZ4 block is damaged");
  let [at, to] = [0, 0];
  /** 15 means that more follows: bytes are added up to the first that is not 255. */
  const length = (nibble: number): number => {
    let sum = nibble;
    if (nibble < 15) return sum;
    for (;;) {
      if (at >= block.length) throw damaged();
      const more = block[at++]!;
      sum += more;
      if (more !== 255) return sum;
    }
  };
  while (at < block.length) {
    const token = block[at++]!;
    const literals = length(token >> 4);
    if (at + literals > block.length || to + literals > size) throw damaged();
    out.set(block.subarray(at, at + literals), to);
    at += literals;
    to += literals;
    // The last sequence has literals only.
    if (at === block.length) break;
    if (at + 2 > block.length) throw damaged();
    const distance = block[at]! | (block[at + 1]! << 8);
    at += 2;
    const match = length(token & 15) + 4;
    if (distance === 0 || distance > to || to + match > size) throw damaged();
    // What is copied may be what is being written.
    if (distance >= match) out.copyWithin(to, to - distance, to - distance + match);
    else for (let i = 0; i < match; i++) out[to + i] = out[to + i - distance]!;
    to += match;
  }
  if (to !== size) throw damaged();
  return out;
}
