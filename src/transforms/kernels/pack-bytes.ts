// Bytes handled as words of four, where they lie so; on little-endian machines, which are all that Node runs on.

/** The bytes as words, as many as there are whole ones; undefined if they do not begin at a word. */
function words(bytes: Uint8Array, perRun: number): Uint32Array {
  const runs = bytes.byteOffset % 4 === 0 ? Math.floor(bytes.length / perRun) : 0;
  return new Uint32Array(bytes.buffer, runs === 0 ? 0 : bytes.byteOffset, (runs * perRun) / 4);
}

/** The first and third byte of every three change places: bgr and rgb. */
export function exchangeTriples(from: Uint8Array): Uint8Array {
  const to = new Uint8Array(from.length);
  const source = words(from, 12);
  const target = new Uint32Array(to.buffer, 0, source.length);
  for (let i = 0; i < source.length; i += 3) {
    const a = source[i]!; //     b0 g0 r0 b1, from the lowest byte
    const b = source[i + 1]!; // g1 r1 b2 g2
    const c = source[i + 2]!; // r2 b3 g3 r3
    target[i] = ((a >>> 16) & 0xff) | (a & 0xff00) | ((a & 0xff) << 16) | ((b << 16) & 0xff000000);
    target[i + 1] = (b & 0xff) | ((a >>> 16) & 0xff00) | ((c & 0xff) << 16) | (b & 0xff000000);
    target[i + 2] = ((b >>> 16) & 0xff) | ((c >>> 16) & 0xff00) | (c & 0xff0000) | ((c & 0xff00) << 16);
  }
  for (let i = source.length * 4; i < from.length; i += 3) {
    to[i] = from[i + 2]!;
    to[i + 1] = from[i + 1]!;
    to[i + 2] = from[i]!;
  }
  return to;
}

/** 255 after every three bytes: alpha. */
export function spreadTriples(from: Uint8Array): Uint8Array {
  const to = new Uint8Array((from.length / 3) * 4);
  const source = words(from, 12);
  const target = new Uint32Array(to.buffer);
  let k = 0;
  for (let i = 0; i < source.length; i += 3, k += 4) {
    const a = source[i]!;
    const b = source[i + 1]!;
    const c = source[i + 2]!;
    target[k] = a | 0xff000000;
    target[k + 1] = (a >>> 24) | (b << 8) | 0xff000000;
    target[k + 2] = (b >>> 16) | (c << 16) | 0xff000000;
    target[k + 3] = (c >>> 8) | 0xff000000;
  }
  for (let i = source.length * 4; i < from.length; i += 3, k++) {
    target[k] = from[i]! | (from[i + 1]! << 8) | (from[i + 2]! << 16) | 0xff000000;
  }
  return to;
}

/** 255 less every byte. */
export function negateBytes(from: Uint8Array): Uint8Array {
  const to = new Uint8Array(from.length);
  const source = words(from, 4);
  const target = new Uint32Array(to.buffer, 0, source.length);
  for (let i = 0; i < source.length; i++) target[i] = ~source[i]!;
  for (let i = source.length * 4; i < from.length; i++) to[i] = 255 - from[i]!;
  return to;
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
