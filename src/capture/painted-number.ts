import type { Image } from "../core/image.js";

/**
 * A number painted into a picture so that both people and programs can read it back, even after a lossy codec:
 *
 *   +----------------+  16 x 3 black and white cells: 32 bits of number, then 16 bits of checksum,
 *   |# #  ## # ### # |  in reading order from the top left corner, aligned with a codec's blocks
 *   |  ##   # ## #  #|  where the picture is big enough for cells of 8 or 16 pixels
 *   +----------------+
 *    1 2 3 4 5           and below it the same in digits, where there is room
 */
const columns = 16;
const rows = 3;

/** The smallest picture that a number fits into. */
export const smallestPainted = { width: columns, height: rows } as const;

/** The smallest mosaic whose number is there when it has been debayered: the inner half of a cell takes no colour from outside. */
export const smallestPaintedMosaic = { width: columns * 4, height: rows * 16 } as const;

/** A 3 x 5 font, one digit a number, top row in the highest three bits. */
const glyphs: { readonly [character: string]: number } = {
  "0": 0b111_101_101_101_111,
  "1": 0b010_110_010_010_111,
  "2": 0b111_001_111_100_111,
  "3": 0b111_001_111_001_111,
  "4": 0b101_101_111_001_001,
  "5": 0b111_100_111_001_111,
  "6": 0b111_100_111_101_111,
  "7": 0b111_001_010_010_010,
  "8": 0b111_101_111_101_111,
  "9": 0b111_101_111_001_111,
  "-": 0b000_000_111_000_000,
};

/**
 * Paints `number` into the picture's own data, so only for whoever has made the picture and not yet handed it on.
 * @param number -2^31 … 2^31 - 1.
 * @param white the value of a white sample; black is 0. @default 255, 65535 or 1, the highest of the dtype
 * @throws {RangeError} if the number or the picture is out of range.
 */
export function paintNumber(image: Image, number: number, white: number = whiteOf(image)): void {
  if (!Number.isInteger(number) || number !== (number | 0)) {
    throw new RangeError(`a painted number is a 32-bit integer, got ${number}`);
  }
  const cell = cellSize(image);
  if (cell === 0) {
    throw new RangeError(`a painted number needs 16x3 pixels or more, got ${image.width}x${image.height}`);
  }
  const code = [...bitsOf(number, 32), ...bitsOf(checksum(number), 16)];
  code.forEach((bit, at) => {
    const [column, row] = [at % columns, Math.floor(at / columns)];
    fill(image, column * cell, row * cell, cell, bit * white);
  });
  paintDigits(image, String(number), rows * cell, white);
}

/**
 * The number that `paintNumber` left in a picture of this size: gray or colour, any dtype, also after compression.
 * Of `native` pictures the first plane is read.
 * @returns undefined if there is none, or it is too damaged to be sure.
 */
export function readPaintedNumber(image: Image): number | undefined {
  const cell = cellSize(image);
  if (cell === 0) return undefined;
  const means = Array.from({ length: columns * rows }, (_, at) =>
    cellMean(image, (at % columns) * cell, Math.floor(at / columns) * cell, cell),
  );
  // Halfway between the darkest and the brightest cell: holds for 8 bits, for 12 in 16, and for video range.
  const middle = (Math.min(...means) + Math.max(...means)) / 2;
  const bits = means.map((mean) => (mean > middle ? 1 : 0));
  const number = integerOf(bits.slice(0, 32));
  return (integerOf(bits.slice(32)) & 0xffff) === checksum(number) ? number : undefined;
}

/** Pixels a side: 16 where the picture has room, so that a cell is a macroblock; then the code stays in a quarter of the height. */
function cellSize({ width, height }: Image): number {
  const across = Math.floor(width / columns);
  const fits = Math.min(16, across, Math.max(1, Math.floor(height / (4 * rows))));
  return height < rows ? 0 : fits >= 8 ? fits - (fits % 8) : fits;
}

function whiteOf({ dtype, bits }: Image): number {
  if (dtype === "uint8") return 255;
  if (dtype === "uint16") return 2 ** (bits ?? 16) - 1;
  return 1;
}

function bitsOf(value: number, count: number): number[] {
  return Array.from({ length: count }, (_, at) => (value >>> (count - 1 - at)) & 1);
}

function integerOf(bits: readonly number[]): number {
  return bits.reduce((value, bit) => (value << 1) | bit, 0);
}

/** CRC-16/CCITT of the four bytes. Starts at all ones, so that neither a black nor a white picture is a number. */
function checksum(number: number): number {
  let crc = 0xffff;
  for (const bit of bitsOf(number, 32)) {
    const carry = (crc >>> 15) ^ bit;
    crc = ((crc << 1) & 0xffff) ^ (carry ? 0x1021 : 0);
  }
  return crc;
}

function fill(image: Image, left: number, top: number, size: number, value: number): void {
  const { width, channels } = image;
  const data = image.data as Uint8Array;
  for (let y = top; y < top + size; y++) {
    const from = (y * width + left) * channels;
    data.fill(value, from, from + size * channels);
  }
}

/** Of the inner half of the cell, because a codec smears the edges. */
function cellMean(image: Image, left: number, top: number, cell: number): number {
  const planar = image.color === "native";
  const channels = planar ? 1 : image.channels;
  const margin = Math.floor(cell / 4);
  let sum = 0;
  let count = 0;
  for (let y = top + margin; y < top + cell - margin; y++) {
    const row = y * image.width;
    for (let i = (row + left + margin) * channels; i < (row + left + cell - margin) * channels; i++) {
      sum += Number(image.data[i]);
      count++;
    }
  }
  return sum / count;
}

/** White on a black ground, as big as fits in the width of the code. */
function paintDigits(image: Image, text: string, top: number, white: number): void {
  const [glyphWidth, glyphHeight] = [4, 7];
  const room = Math.min(Math.floor(image.width / (text.length * glyphWidth + 1)), 4 * cellSize(image));
  const scale = Math.min(room, Math.floor((image.height - top) / (2 * glyphHeight)), 6);
  if (scale < 1) return;
  const painted = (x: number, y: number): boolean => {
    const glyph = glyphs[text[Math.floor((x - 1) / glyphWidth)] ?? ""] ?? 0;
    const [column, row] = [(x - 1) % glyphWidth, y - 1];
    return x > 0 && column < 3 && row >= 0 && row < 5 && ((glyph >>> (14 - row * 3 - column)) & 1) === 1;
  };
  for (let y = 0; y < glyphHeight; y++) {
    for (let x = 0; x <= text.length * glyphWidth; x++) {
      fill(image, x * scale, top + y * scale, scale, painted(x, y) ? white : 0);
    }
  }
}
