// Bytes handled as words of four, where they lie so; on little-endian machines, which are all that Node runs on.

/** The bytes as words, as many as there are whole ones; undefined if they do not begin at a word. */
function words(bytes: Uint8Array, perRun: number): Uint32Array {
  const runs = bytes.byteOffset % 4 === 0 ? Math.floor(bytes.length / perRun) : 0;
  return new Uint32Array(bytes.buffer, runs === 0 ? 0 : bytes.byteOffset, (runs * perRun) / 4);
}

/** Half as many bytes a row, half as many rows: the mean of four, halves up. */
export function halveBytes(from: Uint8Array, width: number, to: Uint8Array): void {
  const half = width / 2;
  const rows = to.length / half;
  if (width % 4 !== 0 || from.byteOffset % 4 !== 0) {
    for (let y = 0, k = 0; y < rows; y++) {
      for (let x = 0, at = 2 * y * width; x < half; x++, at += 2) {
        to[k++] = (from[at]! + from[at + 1]! + from[at + width]! + from[at + width + 1]! + 2) >> 2;
      }
    }
    return;
  }
  const source = words(from, 4);
  const line = width / 4;
  const target = new Uint16Array(to.buffer, to.byteOffset, to.length / 2);
  for (let y = 0, k = 0; y < rows; y++) {
    for (let at = 2 * y * line, end = at + line; at < end; at++) {
      const a = source[at]!;
      const b = source[at + line]!;
      // Two sums of four bytes, 16 bits apart.
      const sums =
        (a & 0xff00ff) + ((a >>> 8) & 0xff00ff) + (b & 0xff00ff) + ((b >>> 8) & 0xff00ff) + 0x20002;
      const means = (sums >>> 2) & 0xff00ff;
      target[k++] = means | (means >>> 8);
    }
  }
}
