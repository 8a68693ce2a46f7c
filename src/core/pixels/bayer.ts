import { type PixelDecoder, pixelDecoder } from "./pixel-decoder.js";

/** Where red stands in each square of 2 x 2 sensor pixels; blue stands opposite, green on the other two. */
export interface RedSite {
  readonly row: 0 | 1;
  readonly column: 0 | 1;
}

type Samples = Uint8Array | Uint16Array;

/** Colour filter arrays: the two missing colours of a pixel are means of its neighbours, rounded half up. */
export function bayer(red: RedSite): PixelDecoder {
  return pixelDecoder({
    takes: ["1 channel of uint8 or uint16"],
    channels: [1],
    dtypes: ["uint8", "uint16"],
    keepsBits: true,
    fill: ({ data, width, height }, out) => demosaic(data as Samples, width, height, red, out as Samples),
  });
}

/**
 * As OpenCV's bilinear demosaicing, to the bit: pixels of the outermost rows and columns are those beside them, and a
 * picture without pixels that have eight neighbours is black.
 */
function demosaic(source: Samples, width: number, height: number, red: RedSite, out: Samples): void {
  if (width < 3 || height < 3) return;
  for (let row = 1; row < height - 1; row++) {
    const isRed = (row & 1) === red.row;
    // Blue stands in the columns where red does not.
    const column = isRed ? red.column : red.column ^ 1;
    demosaicRow(source, row * width, width, column, isRed ? 2 : 0, out);
    out.copyWithin(row * width * 3, row * width * 3 + 3, row * width * 3 + 6);
    const end = (row + 1) * width * 3;
    out.copyWithin(end - 3, end - 6, end - 3);
  }
  const line = width * 3;
  out.copyWithin(0, line, 2 * line);
  out.copyWithin((height - 1) * line, (height - 2) * line, (height - 1) * line);
}

/**
 * One row without its first and last pixel.
 * @param start of the row in `source`.
 * @param column parity of the columns where the row's own colour (red or blue) stands.
 * @param own channel of that colour in BGR: 0 or 2.
 */
function demosaicRow(
  source: Samples,
  start: number,
  width: number,
  column: number,
  own: number,
  out: Samples,
): void {
  const other = 2 - own;
  const last = start + width - 2;
  let at = start + 1;
  let to = at * 3;
  if (column !== 1) {
    out[to + own] = (source[at - 1]! + source[at + 1]! + 1) >> 1;
    out[to + 1] = source[at]!;
    out[to + other] = (source[at - width]! + source[at + width]! + 1) >> 1;
    at++;
    to += 3;
  }
  // Columns a b c d; b is a pixel of the row's own colour, c a green one.
  let above = source[at - width - 1]!;
  let left = source[at - 1]!;
  let below = source[at + width - 1]!;
  for (; at < last; at += 2, to += 6) {
    const aboveB = source[at - width]!;
    const b = source[at]!;
    const belowB = source[at + width]!;
    const aboveC = source[at - width + 1]!;
    const c = source[at + 1]!;
    const belowC = source[at + width + 1]!;
    const d = source[at + 2]!;
    out[to + own] = b;
    out[to + 1] = (aboveB + belowB + left + c + 2) >> 2;
    out[to + other] = (above + below + aboveC + belowC + 2) >> 2;
    out[to + 3 + own] = (b + d + 1) >> 1;
    out[to + 4] = c;
    out[to + 3 + other] = (aboveC + belowC + 1) >> 1;
    above = aboveC;
    left = c;
    below = belowC;
  }
  if (at === last) {
    out[to + own] = source[at]!;
    out[to + 1] = (source[at - width]! + source[at + width]! + left + source[at + 1]! + 2) >> 2;
    out[to + other] = (above + below + source[at - width + 1]! + source[at + width + 1]! + 2) >> 2;
  }
}
