import { hostIsLittle } from "./sample-order.js";

// PNG's row filters, on packed rows. The hot ones work on four bytes at a time: adding or subtracting the bytes of
// two 32-bit words without carry from one to the next is
//   a + b: ((a & 7f7f7f7f) + (b & 7f7f7f7f)) ^ ((a ^ b) & 80808080)
//   a - b: ((a | 80808080) - (b & 7f7f7f7f)) ^ ((a ^ ~b) & 80808080)

/**
 * Filters every row with "sub" (each byte minus that of the pixel on its left) or "up" (minus the one above): the two
 * that cost the least, and suit camera pictures. A sample of the rows tells which suits this one.
 * @param bpp bytes a pixel.
 * @returns the rows as PNG deflates them, each behind its filter byte.
 */
export function filterRows(rows: Uint8Array, rowBytes: number, bpp: number): Uint8Array {
  const height = rows.length / rowBytes;
  const kind = betterFilter(rows, rowBytes, bpp);
  const differences = subtractBehind(rows, kind === sub ? bpp : rowBytes);
  const out = Buffer.allocUnsafe(rows.length + height);
  for (let y = 0; y < height; y++) {
    const at = y * (rowBytes + 1);
    out[at] = kind;
    out.set(differences.subarray(y * rowBytes, (y + 1) * rowBytes), at + 1);
    // The first pixel of a row has none on its left.
    if (kind === sub) out.set(rows.subarray(y * rowBytes, y * rowBytes + bpp), at + 1);
  }
  return out;
}

const [sub, up] = [1, 2];

/** The filter with the smaller sum of differences, over every 16th row. */
function betterFilter(rows: Uint8Array, rowBytes: number, bpp: number): number {
  let [left, above] = [0, 0];
  for (let row = rowBytes; row < rows.length; row += rowBytes * 16) {
    for (let i = row + bpp; i < row + rowBytes; i++) {
      left += Math.abs(((rows[i]! - rows[i - bpp]!) << 24) >> 24);
      above += Math.abs(((rows[i]! - rows[i - rowBytes]!) << 24) >> 24);
    }
  }
  return left < above ? sub : up;
}

/** Each byte minus the one `distance` before it; the first ones as they are. */
function subtractBehind(rows: Uint8Array, distance: number): Uint8Array {
  const out = new Uint8Array(rows.length);
  const words = hostIsLittle && rows.byteOffset % 4 === 0 ? rows.length >> 2 : 0;
  const from = new Uint32Array(rows.buffer, rows.byteOffset - (rows.byteOffset % 4), words);
  const to = new Uint32Array(out.buffer, 0, words);
  // The bytes of a word that lie `distance` before it are the end of one word and the start of the next.
  const back = distance >> 2;
  const shift = (distance & 3) * 8;
  const first = Math.min(back + 1, words);
  if (shift === 0) {
    for (let i = first; i < words; i++) {
      const a = from[i]!;
      const b = from[i - back]!;
      to[i] = ((a | 0x80808080) - (b & 0x7f7f7f7f)) ^ ((a ^ ~b) & 0x80808080);
    }
  } else {
    for (let i = first; i < words; i++) {
      const a = from[i]!;
      const b = (from[i - back]! << shift) | (from[i - back - 1]! >>> (32 - shift));
      to[i] = ((a | 0x80808080) - (b & 0x7f7f7f7f)) ^ ((a ^ ~b) & 0x80808080);
    }
  }
  const start = Math.min(first * 4, rows.length);
  out.set(rows.subarray(0, Math.min(distance, rows.length)));
  for (let i = distance; i < start; i++) out[i] = rows[i]! - rows[i - distance]!;
  for (let i = Math.max(words * 4, start, distance); i < rows.length; i++)
    out[i] = rows[i]! - rows[i - distance]!;
  return out;
}

/**
 * Undoes the filters of one image (or of one Adam7 pass).
 * @param filtered rows, each behind its filter byte.
 * @param bpp bytes a pixel, at least 1.
 * @returns the rows, packed; undefined if a row names a filter that does not exist.
 */
export function unfilter(
  filtered: Uint8Array,
  rowBytes: number,
  height: number,
  bpp: number,
): Uint8Array | undefined {
  const out = new Uint8Array(rowBytes * height);
  const words = rowBytes % 4 === 0 ? new Uint32Array(out.buffer) : undefined;
  for (let y = 0; y < height; y++) {
    const start = y * (rowBytes + 1);
    const at = y * rowBytes;
    out.set(filtered.subarray(start + 1, start + 1 + rowBytes), at);
    const filter = filtered[start]!;
    if (filter === 1) undoSub(out, at, rowBytes, bpp);
    else if (filter === 2 && y > 0) undoUp(out, words, at, rowBytes);
    else if (filter === 3) undoAverage(out, at, rowBytes, bpp, y > 0);
    // In the first row everything above is 0, which makes Paeth the same as "sub".
    else if (filter === 4) (y > 0 ? undoPaeth : undoSub)(out, at, rowBytes, bpp);
    else if (filter > 4) return undefined;
  }
  return out;
}

function undoSub(out: Uint8Array, at: number, rowBytes: number, bpp: number): void {
  const end = at + rowBytes;
  if (bpp === 1) {
    let left = 0;
    for (let i = at; i < end; i++) out[i] = left = (left + out[i]!) & 255;
  } else if (bpp === 3) {
    let [red, green, blue] = [0, 0, 0];
    for (let i = at; i < end; i += 3) {
      out[i] = red += out[i]!;
      out[i + 1] = green += out[i + 1]!;
      out[i + 2] = blue += out[i + 2]!;
    }
  } else {
    for (let i = at + bpp; i < end; i++) out[i]! += out[i - bpp]!;
  }
}

function undoUp(out: Uint8Array, words: Uint32Array | undefined, at: number, rowBytes: number): void {
  if (words) {
    const stride = rowBytes / 4;
    for (let i = at / 4, end = i + stride; i < end; i++) {
      const a = words[i]!;
      const b = words[i - stride]!;
      words[i] = ((a & 0x7f7f7f7f) + (b & 0x7f7f7f7f)) ^ ((a ^ b) & 0x80808080);
    }
  } else {
    for (let i = at; i < at + rowBytes; i++) out[i]! += out[i - rowBytes]!;
  }
}

function undoAverage(out: Uint8Array, at: number, rowBytes: number, bpp: number, hasAbove: boolean): void {
  for (let i = at; i < at + rowBytes; i++) {
    const left = i - at < bpp ? 0 : out[i - bpp]!;
    const above = hasAbove ? out[i - rowBytes]! : 0;
    out[i]! += (left + above) >> 1;
  }
}

function undoPaeth(out: Uint8Array, at: number, rowBytes: number, bpp: number): void {
  for (let i = at; i < at + bpp; i++) out[i]! += out[i - rowBytes]!;
  for (let i = at + bpp; i < at + rowBytes; i++) {
    const left = out[i - bpp]!;
    const above = out[i - rowBytes]!;
    const corner = out[i - rowBytes - bpp]!;
    const toLeft = Math.abs(above - corner);
    const toAbove = Math.abs(left - corner);
    const toCorner = Math.abs(left + above - corner - corner);
    out[i]! += toLeft <= toAbove && toLeft <= toCorner ? left : toAbove <= toCorner ? above : corner;
  }
}
