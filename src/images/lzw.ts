const clear = 256;
const end = 257;
const tableSize = 4096;

/** Longest string of a table that is never cleared, over its 12 bits: LZW never packs better. */
export const lzwRatio = 2600;

/**
 * Unpacks TIFF's LZW (most significant bit first, codes widen one early) into `out`, until it is full or the data
 * ends.
 *
 * A table entry is the string of the code before, and the first byte of the code that follows. Both lie one behind
 * the other in the output, so an entry is a place there, and ends where the next entry's string starts:
 *
 *     codes   |  a  |  b  |  c  |          entry k = a and the first byte of b = out[places[k] … places[k + 1]]
 *             ^ places[k] ^ places[k + 1]
 *
 * Copying forward makes even a code that is used in the moment it is defined come out right.
 * @returns bytes unpacked; undefined if a code is used that was not defined.
 */
export function unpackLzw(packed: Uint8Array, out: Uint8Array): number | undefined {
  const places = new Int32Array(tableSize + 1);
  let next = end + 1;
  let width = 9;
  let mask = (1 << width) - 1;
  let place = -1; // of the string before; -1: none since the table was cleared
  let bits = 0;
  let count = 0;
  let to = 0;
  for (let from = 0; to < out.length; ) {
    while (count < width) {
      if (from >= packed.length) return to;
      bits = (bits << 8) | packed[from++]!;
      count += 8;
    }
    count -= width;
    const code = (bits >>> count) & mask;
    if (code === end) return to;
    if (code === clear) {
      next = end + 1;
      width = 9;
      mask = (1 << width) - 1;
      place = -1;
      continue;
    }
    if (place >= 0 && next < tableSize) {
      places[next] = place;
      places[++next] = to;
      if (next >= mask && width < 12) {
        width++;
        mask = (1 << width) - 1;
      }
    }
    place = to;
    if (code < clear) {
      out[to++] = code;
    } else {
      if (code >= next) return undefined;
      // Writes beyond the end of a typed array are dropped.
      for (let i = places[code]!, stop = places[code + 1]!; i <= stop; i++) out[to++] = out[i]!;
    }
  }
  return out.length;
}
