import type { Image, ImageInfo } from "../../core/image.js";

/** Places along one side: samples (or rows) on the left and on the right, and their weights of 2048. */
interface Pairs {
  readonly left: Int32Array;
  readonly right: Int32Array;
  readonly weights: Int32Array;
}

/**
 * Bilinear resizing of bytes in the fixed point that OpenCV's `INTER_LINEAR` reckons with: weights of 2048, cut to 4 bits
 * less between the sides. Equal to it to the bit.
 */
export function linearBytesResizer(info: ImageInfo, out: ImageInfo): (image: Image) => Image {
  const { channels } = info;
  const across = pairs(info.width, out.width, channels, true);
  const down = pairs(info.height, out.height, 1, false);
  const count = out.width * channels;
  return (image) => {
    const from = image.data as Uint8Array;
    const to = new Uint8Array(out.height * count);
    let [upper, lower] = [new Int32Array(count), new Int32Array(count)];
    let [upperRow, lowerRow] = [-1, -1];
    for (let y = 0; y < out.height; y++) {
      const [above, below] = [down.left[y]!, down.right[y]!];
      if (lowerRow === above) {
        [upper, lower] = [lower, upper];
        [upperRow, lowerRow] = [lowerRow, upperRow];
      }
      if (upperRow !== above) filterRow(from, above * info.width * channels, across, upper);
      upperRow = above;
      if (lowerRow !== below) filterRow(from, below * info.width * channels, across, lower);
      lowerRow = below;
      mixRows(upper, lower, down.weights[2 * y]!, down.weights[2 * y + 1]!, to, y * count);
    }
    return { ...out, data: to };
  };
}

/** @param isClamped whether places beyond the edge are at the edge; else they are between two pixels that are the same. */
function pairs(from: number, to: number, channels: number, isClamped: boolean): Pairs {
  const [left, right] = [new Int32Array(to * channels), new Int32Array(to * channels)];
  const weights = new Int32Array(2 * to * channels);
  const scale = 1 / (to / from);
  for (let place = 0; place < to; place++) {
    // In single precision, as OpenCV finds its places.
    let share = Math.fround((place + 0.5) * scale - 0.5);
    let pixel = Math.floor(share);
    share = Math.fround(share - pixel);
    if (isClamped && (pixel < 0 || pixel >= from - 1)) share = 0;
    const next = Math.min(from - 1, Math.max(0, pixel + 1));
    pixel = Math.min(from - 1, Math.max(0, pixel));
    for (let c = 0; c < channels; c++) {
      const at = place * channels + c;
      left[at] = pixel * channels + c;
      right[at] = next * channels + c;
      weights[2 * at] = rounded(Math.fround(1 - share) * 2048);
      weights[2 * at + 1] = rounded(share * 2048);
    }
  }
  return { left, right, weights };
}

/** Halves to even. */
function rounded(value: number): number {
  const low = Math.floor(value);
  const rest = value - low;
  return rest > 0.5 || (rest === 0.5 && low % 2 === 1) ? low + 1 : low;
}

/** Kept 4 bits shorter, as it is needed next. */
function filterRow(from: Uint8Array, start: number, { left, right, weights }: Pairs, out: Int32Array): void {
  for (let i = 0; i < out.length; i++) {
    const a = from[start + left[i]!]! * weights[2 * i]!;
    out[i] = (a + from[start + right[i]!]! * weights[2 * i + 1]!) >> 4;
  }
}

function mixRows(
  upper: Int32Array,
  lower: Int32Array,
  a: number,
  b: number,
  to: Uint8Array,
  at: number,
): void {
  for (let i = 0; i < upper.length; i++) {
    to[at + i] = (((upper[i]! * a) >> 16) + ((lower[i]! * b) >> 16) + 2) >> 2;
  }
}
